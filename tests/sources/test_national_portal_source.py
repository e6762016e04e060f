from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from published_files import published
from source_site import Reply, Request, Site, site

from cchc_pipeline.days import Period, Window, periods_of
from cchc_pipeline.progress import silent
from cchc_pipeline.sources import errors
from cchc_pipeline.sources.http import HttpClient, HttpPolicy
from cchc_pipeline.sources.national_portal.source import (
    METRIC_REPORTS,
    NationalPortalSource,
    Unit,
    parse_service_results,
    report_rows,
    request_body,
    result_rows,
)
from cchc_pipeline.sources.protocol import KnownState

CAPTURE = "acceptance/national_portal_service_results_2026-09-17.json"
DAY = date(2026, 3, 10)
KEY = Unit("id-1", "H34", "UBND tỉnh Mẫu", None)
MONTH = Period("month", date(2026, 3, 1), date(2026, 3, 31))


@pytest.mark.acceptance
def test_a_reply_of_the_real_portal_is_read_as_it_is() -> None:
    data = json.loads(published(CAPTURE).read_text(encoding="utf-8"))["data"]
    own, children = parse_service_results(data)
    assert (own.code, own.name, own.total["score"]) == (None, "Cả nước", 56.56)
    assert {code: group["score"] for code, group in own.groups.items()} == {
        "CKMB": 8.79, "TDGQ": 15.58, "ONLINE_SERVICE": 13.1, "MDHL": 10.49, "MDSH": 8.6,
    }  # fmt: skip
    assert len(children) == 34
    for child, raw in zip(children, data["evaluation"], strict=True):
        assert child.code is not None
        assert re.fullmatch(r"H\d\d", child.code)
        assert child.name == unicodedata.normalize("NFC", raw["departmentName"])
        assert child.total["score"] == raw["totalScore"]
        assert child.total["score"] == pytest.approx(sum(group["score"] for group in child.groups.values()), abs=0.011)
    rows = [row for child in children for row in result_rows(KEY, MONTH, child)]
    assert len(rows) == 34 * 7
    assert {row["metric_code"] for row in rows} == {
        "TOTAL", "GROUP.CKMB", "GROUP.TDGQ", "GROUP.CLGQ", "GROUP.TTTT", "GROUP.MDHL", "GROUP.MDSH"
    }  # fmt: skip


def test_periods() -> None:
    days = Window(DAY, date(2026, 4, 1)).days()
    assert [(p.kind, p.first, p.last, request_body(p).get("period")) for p in periods_of(days)] == [
        ("month", date(2026, 3, 1), date(2026, 3, 31), 3),
        ("month", date(2026, 4, 1), date(2026, 4, 30), 4),
        ("quarter", date(2026, 1, 1), date(2026, 3, 31), 1),
        ("quarter", date(2026, 4, 1), date(2026, 6, 30), 2),
        ("year", date(2026, 1, 1), date(2026, 12, 31), None),
    ]


def test_metrics_counts_and_group_of_a_report() -> None:
    data = {
        "group": {"code": "TDGQ", "name": "Tiến độ", "score": 17.7, "maxScore": 20},
        "metrics": [{"code": "X", "name": "Tên", "numerator": None, "denominator": None, "ratio": 0, "score": None,
                     "maxScore": 6, "dataQualityStatus": "NO_NATIONAL_REPORT_DATA"}],
        "totalReceived": 654, "totalOnTime": 653,
    }  # fmt: skip
    metric, counts, group = report_rows(KEY, MONTH, "dvc-progress-tree", data)
    assert (metric["metric_code"], metric["score"], metric["ratio_pct"]) == ("X", None, 0.0)
    assert metric["data_quality_status"] == "NO_NATIONAL_REPORT_DATA"
    assert (counts["metric_code"], counts["numerator"], counts["denominator"]) == ("DOSSIER_ON_TIME", 653.0, 654.0)
    assert counts["parse_errors"] is None
    assert (group["metric_code"], group["group_code"], group["score"]) == ("GROUP.TDGQ", "TDGQ", 17.7)


def test_what_cannot_be_read_is_null_with_a_reason() -> None:
    key = Unit("id-1", "SỞ", None, None)
    data = {"metrics": [{"code": "X", "score": "nhiều"}], "totalFeeFormality": 1}
    metric, paid, formality = report_rows(key, MONTH, "formality-online-payment-tree", data)
    assert metric["parse_errors"] == "unit_code: not an agency code 'SỞ'; score: not a number 'nhiều'"
    assert "no field totalDossierOnlinePaymentSuccess" in paid["parse_errors"]
    assert formality["denominator"] == 1.0


def _service_results(code: str | None, children: list[dict[str, Any]]) -> dict[str, Any]:
    overview = {"departmentName": "x", "departmentCode": code, "totalScore": 50, "totalMaxScore": 100, "ratio": 50}
    radar = [{"code": "CKMB", "name": "Công khai", "score": 9, "maxScore": 18, "ratio": 50}]
    return {"overview": overview, "radar": radar, "evaluation": children}


class FakePortal:
    children = ({"departmentId": "u1", "departmentName": "Sở Mẫu", "departmentCode": "H34.12", "childGroup": "AGENCY"},)

    def data(self, report: str, body: dict[str, Any]) -> dict[str, Any]:
        asked = body.get("departmentId")
        if report != "service-results":
            group = {"code": METRIC_REPORTS[report], "score": 1, "maxScore": 2}
            metric = group | {"code": f"M.{report}", "name": "m", "numerator": 1, "denominator": 2, "ratio": 50}
            return {"overview": {"departmentId": asked}, "group": group, "metrics": [metric]}
        if asked is None:
            assert body["departmentType"] == "ADMINISTRATIVE_UNIT"
            return _service_results(
                None, [{"departmentId": "p", "departmentName": "UBND tỉnh", "departmentCode": "H34"}]
            )
        return _service_results({"p": "H34", "u1": "H34.12"}[asked], list(self.children) if asked == "p" else [])

    def __call__(self, request: Request) -> Reply:
        assert request.method == "POST"
        report = request.path.rpartition("/")[2]
        return Reply(201, {"code": "OK", "data": self.data(report, request.json())})


@contextmanager
def source(answer: Any, code: str = "H34", **options: bool) -> Iterator[tuple[NationalPortalSource, Site]]:
    with site(answer) as served:
        http = HttpClient("national_portal", served.url, HttpPolicy(timeout_s=2, retries=0, backoff_s=0))
        yield NationalPortalSource(http, code, **options), served


def test_province_and_units_in_every_period() -> None:
    told: list[tuple[int, int | None]] = []
    with source(FakePortal()) as (adapter, served):
        (batch,) = adapter.pull(Window(DAY, DAY), KnownState(), lambda done, total, _: told.append((done, total)))
        assert len(served.seen) == 1 + 3 * (1 + 6 + 7)
    assert batch.day == DAY
    keys = [(r["unit_code"], r["period_type"], r["period_start"], r["metric_code"]) for r in batch.rows]
    assert len(set(keys)) == len(keys)
    assert {row["unit_code"] for row in batch.rows} == {"H34", "H34.12"}
    assert {row["child_group"] for row in batch.rows} == {None, "AGENCY"}
    assert told[-1] == (6, 6)
    # CKMB comes from the radar, the other groups from their own reports
    assert {r["report"] for r in batch.rows if r["metric_code"] == "GROUP.CKMB"} == {"service-results"}


def test_only_the_province() -> None:
    with source(FakePortal(), with_children=False) as (adapter, _):
        (batch,) = adapter.pull(Window(DAY, DAY), KnownState(), silent)
    assert {row["unit_code"] for row in batch.rows} == {"H34"}


def test_a_province_that_the_portal_does_not_know() -> None:
    with source(FakePortal(), code="H16") as (adapter, _), pytest.raises(errors.ReplyBroken, match="34 provinces"):
        list(adapter.pull(Window(DAY, DAY), KnownState(), silent))


@pytest.mark.parametrize(
    ("report", "change", "kind"),
    [
        ("transparency", {"overview": {"departmentId": "other"}}, errors.PageRepeated),
        ("transparency", {"metrics": ...}, errors.FieldGone),
        ("service-results", {"evaluation": ...}, errors.FieldGone),
        ("service-results", {"overview": {"departmentCode": "H99"}}, errors.PageRepeated),
    ],
)
def test_replies_about_something_else(report: str, change: dict[str, Any], kind: type[errors.SourceError]) -> None:
    class Changed(FakePortal):
        def data(self, asked_report: str, body: dict[str, Any]) -> dict[str, Any]:
            data = super().data(asked_report, body)
            if asked_report == report and "departmentId" in body:
                data |= change
            return {name: value for name, value in data.items() if value is not ...}

    with source(Changed()) as (adapter, _), pytest.raises(errors.SourceError) as caught:
        list(adapter.pull(Window(DAY, DAY), KnownState(), silent))
    assert type(caught.value) is kind


@pytest.mark.parametrize("body", [{"code": "ERROR", "data": {}}, {"code": "OK", "data": None}, []])
def test_a_reply_that_is_not_ok(body: Any) -> None:
    with source(lambda _: Reply(201, body)) as (adapter, _), pytest.raises(errors.ReplyBroken):
        list(adapter.pull(Window(DAY, DAY), KnownState(), silent))
