"""Replies of the real portal, as they were captured, and what a reply must not be."""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path
from typing import Any

from published_files import needs, published

from cchc_pipeline.sources.national_portal.replies import Reply, join_units, parse_reply, warnings
from cchc_pipeline.sources.national_portal.requests import REPORTS, read_request

CAPTURES = "captures/national_portal/phu_tho_2026-08"
PUBLISHED = "acceptance/index766_published_phu_tho_2026-08.csv"
PROVINCE = "H44"
DAY = date(2026, 9, 28)


def captured(kept: str = "month-all") -> list[Reply]:
    """The replies whose file is called `kept`, in the order in which a night asks for them."""
    folder = published(CAPTURES)
    requests = json.loads((folder / "requests.json").read_text("utf-8"))
    found = []
    for name, entry in requests.items():
        report = name.partition("/")[0]
        if report in REPORTS and Path(name).stem == kept:
            request = read_request(report, entry["body"], culprit=name)
            found.append(parse_reply((folder / name).read_bytes(), request, PROVINCE))
    return found


def number(text: str) -> float | None:
    return float(text) if text else None


ITEMS = {
    "DOSSIER_ONLINE_PAYMENT": ("totalDossierOnlinePaymentSuccess", "totalDossierFinancialObligation"),
    "FORMALITY_ONLINE_PAYMENT": ("totalDossierOnlineFormalityPaymentSuccess", "totalFeeDossierFormalityDistinct"),
    "FORMALITY_PAYMENT_AVAILABLE": ("totalFeeDossierFormality", "totalFeeFormality"),
    "ONLINE_PROCEDURES": ("partialCount+fullCount", "authorityCount"),
    "ONLINE_PROCEDURES_USED": ("onlineDossierCount", "onlineServiceTotal"),
    "ONLINE_DOSSIERS": ("channelOnlineSum", "channelTotalSum"),
}


def carried(rows: dict[tuple[str, str, str], dict[str, Any]]) -> dict[tuple[str, str], dict[str, float]]:
    """The portal's own fields by unit and report, out of the rows that carry them."""
    found: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for (unit, report, code), row in rows.items():
        if code.startswith("FIELD."):
            found[unit, report][code.removeprefix("FIELD.")] = row["numerator"]
        elif code in ITEMS:
            found[unit, report] |= dict(zip(ITEMS[code], (row["numerator"], row["denominator"]), strict=True))
    return found


@needs(CAPTURES)
@needs(PUBLISHED)
def test_every_published_figure_of_every_unit_comes_out_of_the_captured_replies() -> None:
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    for kept, mark in (("month-all", ""), ("month-formality", " formality 2.000815")):
        for row in join_units(captured(kept), DAY):
            assert row["parse_errors"] is None
            rows[row["unit_code"], row["report"] + mark, row["metric_code"]] = row
    held = carried(rows)
    compared = Counter[str]()
    with published(PUBLISHED).open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            unit, report = line["unit_code"], line["report"]
            row, inputs = rows[unit, report, line["metric"]], json.loads(line["inputs"])
            assert row["unit_name"] == line["unit_name"]
            assert (row["score"], row["max_score"]) == (number(line["published_score"]), number(line["published_max"]))
            assert (row["numerator"], row["denominator"]) == (number(line["numerator"]), number(line["denominator"]))
            assert (row["ratio_pct"], row["data_quality_status"]) == (
                inputs.pop("ratio"), inputs.pop("dataQualityStatus", None)
            )  # fmt: skip
            assert {name: held[unit, report].get(name) for name in inputs} == inputs
            compared["scores" if line["published_score"] else "others"] += 1
    assert sum(compared.values()) == 3772
    assert compared["scores"] == 2940 + 164  # with the report of a single procedure


@needs(CAPTURES)
def test_province_and_children_are_joined_by_identifier() -> None:
    replies = captured()
    assert len(replies) == 6
    assert {len(reply.children) for reply in replies} == {163}
    rows = join_units(replies, DAY)
    assert len({row["unit_code"] for row in rows}) == 164
    assert {row["child_group"] for row in rows if row["unit_code"] == PROVINCE} == {None}
    assert {row["child_group"] for row in rows if row["unit_code"] != PROVINCE} == {"AGENCY", "COMMUNE"}
    online = {row["unit_code"] for row in rows if row["metric_code"].startswith("ONLINE_")}
    assert online == {PROVINCE}  # of children only the group is published


@needs(CAPTURES)
def test_reports_out_of_step_are_named_with_both_figures() -> None:
    (said,) = warnings(captured())
    assert "dvc-progress-tree 184513" in said
    assert "dossier-digitized 184503" in said
    assert "2026-08" in said
