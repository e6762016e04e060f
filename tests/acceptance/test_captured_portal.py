"""Nights over the captured replies of the real portal: what is published is what it published, to the last digit."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from captured_portal import CAPTURES, COUNTRY, PROCEDURE, ROOT, CapturedPortal
from desk import Desk, Desks, Night
from published_files import needs, published
from source_site import site

PUBLISHED = "acceptance/index766_published_phu_tho_2026-08.csv"
pytestmark = [pytest.mark.acceptance, needs(CAPTURES), needs(COUNTRY), needs(PUBLISHED)]
DAY, SATURDAY = date(2026, 9, 11), date(2026, 9, 12)
AUGUST = date(2026, 8, 1)
#: Fields that an item's row carries, as numerator or denominator.
ITEMS = {
    "totalDossierOnlinePaymentSuccess": ("DOSSIER_ONLINE_PAYMENT", "numerator"),
    "totalDossierFinancialObligation": ("DOSSIER_ONLINE_PAYMENT", "denominator"),
    "totalDossierOnlineFormalityPaymentSuccess": ("FORMALITY_ONLINE_PAYMENT", "numerator"),
    "totalFeeDossierFormalityDistinct": ("FORMALITY_ONLINE_PAYMENT", "denominator"),
    "totalFeeDossierFormality": ("FORMALITY_PAYMENT_AVAILABLE", "numerator"),
    "totalFeeFormality": ("FORMALITY_PAYMENT_AVAILABLE", "denominator"),
    "authorityCount": ("ONLINE_PROCEDURES", "denominator"),
    "onlineDossierCount": ("ONLINE_PROCEDURES_USED", "numerator"),
    "onlineServiceTotal": ("ONLINE_PROCEDURES_USED", "denominator"),
    "channelOnlineSum": ("ONLINE_DOSSIERS", "numerator"),
    "channelTotalSum": ("ONLINE_DOSSIERS", "denominator"),
}


@dataclass(frozen=True)
class Nights:
    """Two nights, with the requests of each, and what `cchc portal requests` said before it."""

    desk: Desk
    first: Night
    second: Night
    asked: tuple[list[tuple[str, dict[str, Any]]], ...]
    planned: tuple[list[tuple[str, dict[str, Any]]], ...]


@pytest.fixture(scope="module")
def nights(make_desk: Desks) -> Iterator[Nights]:
    portal = CapturedPortal()
    desk = make_desk("captured", size=0.05)
    with site(portal) as served:
        desk.environment |= {"CCHC_NATIONAL_PORTAL_URL": served.url, "CCHC_PROVINCE_CODE": "H44"}
        ran, asked, planned = [], [], []
        for day in (DAY, SATURDAY):
            told = json.loads(desk.output("portal", "requests", "--day", f"{day}", "--root", ROOT))
            planned.append([(one["url"].rpartition("/")[2], one["body"]) for one in told.values()])
            desk.set_clock_after(day)
            portal.asked.clear()
            ran.append(desk.run(day))
            asked.append(list(portal.asked))
        yield Nights(desk, *ran, tuple(asked), tuple(planned))


def lines() -> list[dict[str, str]]:
    with published(PUBLISHED).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_night_ends_green_in_29_calls_with_164_units(nights: Nights) -> None:
    assert nights.first.outcome.success, nights.first.outcome.failures
    assert nights.second.outcome.success, nights.second.outcome.failures
    assert [len(asked) for asked in nights.asked] == [29, 29]
    units = {row["unit_code"] for row in nights.first.published.rows("portal_metrics")}
    assert len(units) == 164


def test_the_command_prints_what_a_night_asks_pages_of_the_catalogue_included(nights: Nights) -> None:
    assert nights.planned == nights.asked


def test_every_published_score_comes_out_of_the_published_tables(nights: Nights) -> None:
    card = {
        (row["unit_code"], row["criterion_code"]): row
        for row in nights.first.published.rows("scorecard_index766")
        if (row["source"], row["period_type"], row["period_start"]) == ("portal", "month", AUGUST)
    }
    figures = {
        (row["unit_code"], row["report"], row["metric_code"]): row
        for row in nights.first.published.rows("portal_metrics")
        if (row["period_type"], row["period_start"]) == ("month", AUGUST)
    }
    compared = Counter[str]()
    for line in lines():
        unit, report, metric = line["unit_code"], line["report"], line["metric"]
        if " formality " in report:
            continue
        row = figures[unit, report, metric]
        score = float(line["published_score"]) if line["published_score"] else None
        assert row["score"] == score
        assert row["numerator"] == (float(line["numerator"]) if line["numerator"] else None)
        assert row["denominator"] == (float(line["denominator"]) if line["denominator"] else None)
        assert row["max_score"] == float(line["published_max"])
        inputs = json.loads(line["inputs"])
        assert (row["ratio_pct"], row["data_quality_status"]) == (
            inputs.pop("ratio"), inputs.pop("dataQualityStatus", None)
        )  # fmt: skip
        for name, value in inputs.items():
            code, column = ITEMS.get(name, (f"FIELD.{name}", "numerator"))
            assert figures[unit, report, code][column] == value, (unit, name)
        if score is None:
            compared["no score, inputs carried"] += 1
            continue
        group = {"GROUP.ONLINE": "CLGQ"}.get(metric, metric.removeprefix("GROUP."))
        scored = card[unit, group]
        assert round(scored["points"], 2) == score, (unit, metric, scored["points"], score)
        is_carried = group == "CLGQ" and card[unit, "ONLINE"]["points"] is not None
        compared["carried" if is_carried else "computed"] += 1
    assert compared == {"computed": 2940 - 163, "carried": 163, "no score, inputs carried": 668}


def test_only_a_group_is_carried_and_marked(nights: Nights) -> None:
    rows = [
        row
        for row in nights.first.published.rows("scorecard_index766")
        if row["source"] == "portal" and row["unit_code"] != "H44" and row["criterion_code"].startswith("ONLINE_")
    ]
    assert rows
    assert {row["points"] for row in rows} == {None}
    assert all(row["reason_vi"] for row in rows)


def test_a_single_procedure_by_the_command(nights: Nights) -> None:
    said = nights.desk.output("portal", "procedure", PROCEDURE, "--period", "2026-08", "--format", "json")
    found = {row["unit_code"]: row for row in json.loads(said) if row["metric_code"] == "DOSSIER_ON_TIME"}
    wanted = [line for line in lines() if " formality " in line["report"]]
    assert len(wanted) == len(found) == 164
    for line in wanted:
        row = found[line["unit_code"]]
        assert (row["numerator"], row["denominator"]) == (float(line["numerator"]), float(line["denominator"]))
        assert row["score"] == float(line["published_score"])


def test_reports_out_of_step_are_a_warning_that_names_both_figures(nights: Nights) -> None:
    found = nights.desk.checks(nights.first.outcome.run_id)["scorecard_index766", "reports_in_step"]
    assert not found.passed
    assert found.severity.value == "WARN"
    said = str(found.metadata["differences"].value)
    assert "H44 month 2026-08-01, received: dossier-digitized 184503, dvc-progress-tree 184513" in said


def test_the_provinces_are_ranked_and_the_country_stands_apart(nights: Nights) -> None:
    rows = {(row["unit_code"], row["metric_code"]): row for row in nights.second.published.rows("portal_ranks")}
    assert len({unit for unit, _ in rows}) == 35
    assert (rows["H20", "TOTAL"]["rank"], rows["H20", "TOTAL"]["rank_of"]) == (1, 34)
    assert (rows["VN", "TOTAL"]["rank"], rows["VN", "TOTAL"]["score"]) == (None, 56.56)
    # that reply says of the country what its provinces do not make: both figures are named
    found = nights.desk.checks(nights.second.outcome.run_id)["portal_ranks", "country_met"]
    assert "TOTAL: computed 61.54, published 56.56" in str(found.metadata["differences"].value)


def test_pages_of_the_catalogue_take_the_place_of_the_closed_month_on_a_day_off(nights: Nights) -> None:
    first, second = (Counter(report for report, _ in asked) for asked in nights.asked)
    assert (first["formalities"], second["formalities"]) == (0, 7)
    assert nights.first.published.rows("portal_procedures") == []
    rows = nights.second.published.rows("portal_procedures")
    assert len(rows) == 700
    assert {(row["catalogue_total"], row["is_complete"], row["complete_on"]) for row in rows} == {(5741, False, None)}
    found = nights.desk.checks(nights.second.outcome.run_id)["portal_procedures", "catalogue_complete"]
    assert not found.passed


def test_every_raw_reply_is_kept_with_request_time_and_hash(nights: Nights, tmp_path: Path) -> None:
    listed = []
    for day in (DAY, SATURDAY):
        asked = ("portal", "evidence", "--day", f"{day}", "--format", "json", "--to", str(tmp_path))
        listed.append(json.loads(nights.desk.output(*asked)))
    assert [len(one) for one in listed] == [29, 29]
    for row in (row for one in listed for row in one):
        assert (row["is_whole"], row["status"], row["from"]) == (True, 201, "call")
        assert row["captured"]
    written = [path.read_bytes() for path in tmp_path.rglob("*dvc-progress-tree*.json")]
    assert {json.loads(one)["data"]["parent"]["totalReceived"] for one in written} == {184513}
