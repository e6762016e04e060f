"""The adapter of the portal: what it asks, what it keeps, and what ends it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from captured_portal import (
    CAPTURED_ON,
    CAPTURES,
    COUNTRY,
    DAY,
    PROCEDURE,
    PROCEDURE_ID,
    ROOT,
    CapturedPortal,
    Spoiled,
    pull,
    source,
)
from published_files import needs
from source_site import Reply, Request

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.days import Window, parse_period
from cchc_pipeline.sources import errors
from cchc_pipeline.sources.http import HttpPolicy
from cchc_pipeline.sources.national_portal.requests import GROUP_OF, periods_to_read
from cchc_pipeline.sources.national_portal.source import METRICS, PROVINCES
from cchc_pipeline.sources.protocol import KnownState


@needs(CAPTURES)
@needs(COUNTRY)
def test_a_night_over_the_captured_replies() -> None:
    with source(CapturedPortal()) as (adapter, served):
        batches, error = pull(adapter)
        assert error is None
        assert len(served.seen) == 29
    rows = batches[METRICS].rows
    assert batches[METRICS].day == DAY
    keys = [(r["unit_code"], r["period_type"], r["period_start"], r["metric_code"]) for r in rows]
    assert len(set(keys)) == len(keys)
    assert len({row["unit_code"] for row in rows}) == 164
    assert {(row["period_type"], row["period_start"]) for row in rows} == {
        ("month", date(2026, 7, 1)), ("month", date(2026, 8, 1)),
        ("quarter", date(2026, 7, 1)), ("year", date(2026, 1, 1)),
    }  # fmt: skip
    assert {row["captured_on"] for row in rows} == {CAPTURED_ON}
    assert all(row["parse_errors"] is None for row in rows)
    (total,) = [
        r for r in rows if r["metric_code"] == "TOTAL" and r["unit_code"] == "H44" and r["period_type"] == "year"
    ]
    assert (total["score"], total["growth_pct"]) == (59.92, 12.5)
    assert "dvc-progress-tree 184513" in adapter.notes[METRICS]
    assert "dossier-digitized 184503" in adapter.notes[METRICS]
    provinces = batches[PROVINCES].rows
    country = [row for row in provinces if row["unit_code"] == "VN"]
    assert {row["metric_code"] for row in country} == {
        "TOTAL", *(f"RADAR.{group}" for group in ("CKMB", "TDGQ", "ONLINE_SERVICE", "MDHL", "MDSH"))
    }  # fmt: skip
    provinces = [row for row in provinces if row["unit_code"] != "VN"]
    assert len(provinces) == 34 * 7
    assert {row["metric_code"] for row in provinces} == {"TOTAL", *(f"GROUP.{group}" for group in GROUP_OF.values())}
    best = next(row for row in provinces if row["unit_code"] == "H20" and row["metric_code"] == "TOTAL")
    assert (best["score"], best["score_delta"]) == (68.32, 24.71)
    assert all(re.fullmatch(r"H\d\d", row["unit_code"]) for row in provinces)
    assert all(row["parse_errors"] is None for row in (*provinces, *country))


@needs(CAPTURES)
@needs(COUNTRY)
def test_only_the_province() -> None:
    with source(CapturedPortal(), with_children=False) as (adapter, _):
        batches, _ = pull(adapter)
    assert {row["unit_code"] for row in batches[METRICS].rows} == {"H44"}


@needs(COUNTRY)
@needs(CAPTURES)
def test_a_province_that_the_portal_does_not_know() -> None:
    with source(CapturedPortal(), code="H99") as (adapter, _):
        batches, error = pull(adapter)
    assert isinstance(error, errors.ReplyBroken)
    assert "34 provinces" in str(error)
    assert not batches


def whole_country(request: Request) -> Reply:
    """A portal that answers with the whole country whatever it is asked, as one did that did not know a key."""
    overview = {
        "departmentName": "Cả nước",
        "departmentCode": None,
        "totalScore": 64.1,
        "totalMaxScore": 100,
        "ratio": 64.1,
    }
    listed = [
        {
            "departmentId": f"id-{code}",
            "departmentName": f"UBND tỉnh {code}",
            "departmentCode": code,
            "totalScore": score,
        }
        for code, score in (("H99", 60.9), ("H98", 67.3))
    ]
    data = {"overview": overview, "growthPercent": None, "radar": [], "donuts": {}, "evaluation": listed}
    return Reply(201, {"code": "OK", "data": data if request.path.endswith("service-results") else {}})


def test_the_country_is_never_taken_for_the_province() -> None:
    with source(whole_country, code="H99") as (adapter, _):
        batches, error = pull(adapter)
    assert not batches
    assert isinstance(error, errors.PageRepeated)
    assert "the report of another unit than asked for" in str(error)


def of_country(body: Any) -> Reply:
    return Reply(
        201, {**body, "data": {**body["data"], "parent": {"departmentName": "Cả nước", "departmentCode": None}}}
    )


def shorter_list(body: Any) -> Reply:
    return Reply(201, {**body, "data": {**body["data"], "evaluation": body["data"]["evaluation"][1:]}})


def of_july(body: Any) -> Reply:
    """The report of another month: other counts, and a chart that says so."""
    chart = [{**point, "onTimePct": 70 if point["month"] == "07" else 0} for point in body["data"]["monthlyChart"]]
    parent = {**body["data"]["parent"], "totalReceived": 99}
    return Reply(201, {**body, "data": {**body["data"], "parent": parent, "monthlyChart": chart}})


@needs(CAPTURES)
@needs(COUNTRY)
def test_text_for_a_number_and_an_unknown_metric_cost_nothing_but_themselves() -> None:
    def answer(body: Any) -> Reply:
        unit = body["data"]["evaluation"][0]
        metrics = [{**one, "numerator": str(one["numerator"])} for one in unit["metrics"]]
        metrics.append({"code": "BRAND_NEW", "name": "Mới", "numerator": 1, "denominator": 2, "maxScore": 0})
        unit = {**unit, "metrics": metrics}
        return Reply(201, {**body, "data": {**body["data"], "evaluation": [unit, *body["data"]["evaluation"][1:]]}})

    with source(Spoiled("dossier-digitized", answer)) as (adapter, _):
        batches, error = pull(adapter)
    assert error is None
    strange = [row for row in batches[METRICS].rows if row["parse_errors"]]
    assert {(row["report"], row["period_type"], row["period_start"]) for row in strange} == {
        ("dossier-digitized", "month", date(2026, 8, 1))
    }
    assert len({row["unit_code"] for row in strange}) == 1
    assert all(row["parse_errors"].startswith("numerator: not a number") for row in strange)
    (new,) = [row for row in batches[METRICS].rows if row["metric_code"] == "BRAND_NEW"]
    assert (new["numerator"], new["denominator"], new["max_score"], new["parse_errors"]) == (1, 2, 0, None)


@needs(CAPTURES)
@needs(COUNTRY)
@pytest.mark.parametrize(
    ("report", "answer", "said"),
    [
        ("provide-online-tree", of_country, "another unit"),
        ("provide-online-tree", lambda body: Reply(201, json.dumps(body).encode()[:500]), "not complete JSON"),
        ("provide-online-tree", lambda body: Reply(201, {**body, "data": {}}), "neither 'overview' nor 'parent'"),
        ("dossier-digitized", shorter_list, "has 162 units and says that there are 163"),
        ("dvc-progress-tree", of_july, "figures of month 07, which lies outside 2026-08"),
    ],
)
def test_a_report_that_cannot_be_used_leaves_the_others(report: str, answer: Callable[[Any], Reply], said: str) -> None:
    with source(Spoiled(report, answer)) as (adapter, _):
        batches, error = pull(adapter)
    assert isinstance(error, errors.ReplyBroken)
    assert said in str(error)
    assert f"{report} of 2026-08" in str(error)
    assert "Fix: " in str(error)
    assert error.said_vi == f"không đọc được 1 báo cáo ({report} kỳ 2026-08)", "not the whole portal"
    august = {
        row["report"]
        for row in batches[METRICS].rows
        if (row["period_type"], row["period_start"]) == ("month", date(2026, 8, 1))
    }
    assert august == {"service-results", *GROUP_OF} - {report}
    assert len({row["unit_code"] for row in batches[METRICS].rows}) == 164


@needs(CAPTURES)
@needs(COUNTRY)
@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [(403, b"<html>Request Rejected", errors.SourceForbidden), (429, b"", errors.SourceRateLimited),
     (201, b"<html>Request Rejected", errors.PageInsteadOfData)],
)  # fmt: skip
def test_a_refusal_ends_the_pull_and_what_was_read_is_kept(status: int, body: bytes, kind: type) -> None:
    with source(Spoiled("dvc-progress-tree", lambda _: Reply(status, body))) as (adapter, served):
        batches, error = pull(adapter)
        assert served.seen[-1].path.endswith("dvc-progress-tree")
    assert type(error) is kind
    assert {row["report"] for row in batches[METRICS].rows} >= {"service-results", "transparency"}


@needs(CAPTURES)
@needs(COUNTRY)
@pytest.mark.parametrize("procedure", [PROCEDURE, PROCEDURE_ID])
def test_the_report_of_a_single_procedure(procedure: str) -> None:
    with source(CapturedPortal()) as (adapter, _):
        rows = adapter.of_procedure("dvc-progress-tree", parse_period("2026-08"), procedure)
    on_time = {row["unit_code"]: row for row in rows if row["metric_code"] == "DOSSIER_ON_TIME"}
    assert len(on_time) == 164
    assert (on_time["H44"]["numerator"], on_time["H44"]["denominator"], on_time["H44"]["score"]) == (
        42318,
        44583,
        18.98,
    )


@needs(CAPTURES)
@needs(COUNTRY)
def test_a_procedure_that_the_catalogue_has_not_and_a_report_of_none() -> None:
    with source(CapturedPortal()) as (adapter, _):
        with pytest.raises(errors.ReplyBroken, match=r"no procedure 9\.999999"):
            adapter.of_procedure("dvc-progress-tree", parse_period("2026-08"), "9.999999")
        with pytest.raises(ValueError, match="single procedure"):
            adapter.of_procedure("handling-satisfaction", parse_period("2026-08"), PROCEDURE_ID)


@pytest.mark.parametrize(
    ("day", "periods"),
    [
        (date(2026, 8, 31), ["2026-08", "2026-Q3", "2026", "2026-07"]),
        (date(2026, 1, 1), ["2026-01", "2026-Q1", "2026", "2025-12"]),
    ],
)
def test_a_night_reads_four_periods(day: date, periods: list[str]) -> None:
    assert [str(period) for period in periods_to_read(Window(day, day))] == periods


# -- what a night asks when something fails --------------------------------------------------------------------------


def known(**held: list[dict[str, str]]) -> KnownState:
    """A lake that keeps the identifier of the province."""

    def rows(table: str, columns: Sequence[str]) -> pa.Table:
        schema = load_contract(table).arrow_schema(relaxed=True)
        return pa.Table.from_pylist(held.get(table, []), schema).select(list(columns))

    return KnownState(held=rows)


@needs(CAPTURES)
@needs(COUNTRY)
@pytest.mark.parametrize("reply", [Reply(201, b'{"code":'), Reply(500, {}), Reply(201, {"code": "OK", "data": {}})])
def test_without_the_list_of_provinces_reports_are_asked_by_the_identifier_that_is_held(reply: Reply) -> None:
    class Listless(CapturedPortal):
        def __call__(self, request: Request) -> Reply:
            return super().__call__(request) if "rootDepartmentId" in request.json() else reply

    held = known(national_portal__metrics=[{"unit_code": "H44", "department_id": ROOT}])
    with source(Listless()) as (adapter, served):
        batches, error = pull(adapter, held)
        assert len(served.seen) == 29
    assert PROVINCES not in batches
    assert "no ranks" in adapter.notes[PROVINCES]
    assert "service-results of 2026" in str(error)
    assert len({row["unit_code"] for row in batches[METRICS].rows}) == 164


class Failing(CapturedPortal):
    """The captured portal, some reports of which fail in every period."""

    def __init__(self, status: int, *reports: str) -> None:
        super().__init__()
        self.status, self.failing = status, reports

    def __call__(self, request: Request) -> Reply:
        reply = super().__call__(request)
        return Reply(self.status, {"code": "ERROR"}) if request.path.endswith(self.failing) else reply


@needs(CAPTURES)
@needs(COUNTRY)
@pytest.mark.parametrize("status", [400, 401, 404, 500, 503])
def test_an_error_of_one_report_leaves_the_others_and_two_in_a_row_end_the_night(status: int) -> None:
    manners = HttpPolicy(timeout_s=2, retries=3, backoff_s=0, refusal_fix="wait")
    with source(Failing(status, "provide-online-tree"), policy=manners) as (adapter, served):
        batches, error = pull(adapter)
        assert len(served.seen) == 29
    assert f"HTTP {status}" in str(error)
    assert "provide-online-tree of 2026-Q3" in str(error)
    periods = {(row["report"], row["period_start"]) for row in batches[METRICS].rows}
    assert len(periods) == 6 * 3  # the quarter and the month before begin on one day
    with source(Failing(status, "transparency", "dvc-progress-tree"), policy=manners) as (adapter, served):
        batches, error = pull(adapter)
        asked = [request.path.rpartition("/")[2] for request in served.seen]
        assert list(dict.fromkeys(asked)) == ["service-results", "transparency", "dvc-progress-tree"]
        assert len(asked) == 4 + (3 if status >= 500 else 0)  # a night repeats three times altogether
    assert "not asked any more" in adapter.notes[METRICS]
    assert {row["report"] for row in batches[METRICS].rows} == {"service-results"}


@needs(CAPTURES)
@needs(COUNTRY)
def test_a_night_never_makes_more_calls_than_it_may() -> None:
    manners = HttpPolicy(timeout_s=0.2, retries=3, backoff_s=0, refusal_fix="wait")
    times = iter(range(100))

    class Slow(CapturedPortal):
        def __call__(self, request: Request) -> Reply:
            if next(times) in (2, 3):
                time.sleep(0.4)
            return super().__call__(request)

    with source(Slow(), policy=manners) as (adapter, served):
        batches, error = pull(adapter)
        assert len(served.seen) == 29
    assert error is None
    assert "not asked, as repeats took their calls: 2 reports, dossier-digitized of 2026-07" in adapter.notes[METRICS]
    assert len({row["unit_code"] for row in batches[METRICS].rows}) == 164
