"""Replies of the real portal, as they were captured, and what a reply must not be."""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from published_files import needs, published

from cchc_pipeline.days import parse_period
from cchc_pipeline.sources import errors
from cchc_pipeline.sources.national_portal.replies import Reply, join_units, parse_reply, settle, warnings
from cchc_pipeline.sources.national_portal.requests import REPORTS, ReportRequest, read_request

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


# -- invented replies in the same shape ------------------------------------------------------------------------------

ROOT = "root-1"
MARCH = parse_period("2026-03")


def metric_report(report: str = "dossier-digitized", **changes: Any) -> dict[str, Any]:
    metric = {"code": "ORIGINAL_RESULT_AVAILABLE", "name": "Tên", "numerator": 9, "denominator": 10, "ratio": 90,
              "score": 5.4, "maxScore": 6}  # fmt: skip
    own = {
        "departmentId": ROOT,
        "departmentName": "UBND tỉnh Mẫu",
        "totalScore": 5.4,
        "totalMaxScore": 22,
        "ratio": 24.55,
    }
    own |= {"departmentCode": "H34"} if report == "dossier-digitized" else {}
    child = {**own, "departmentId": "u1", "departmentName": "Sở Mẫu", "departmentType": "PROVINCIAL_DEPARTMENT"}
    child |= {"departmentCode": "H34.12"} if report == "dossier-digitized" else {}
    data = {"overview": {**own, "metrics": [metric]}, "evaluation": [{**child, "metrics": [metric]}]}
    return data | {"pagination": {"total": 1, "currentPage": 1, "pageSize": 300, "totalPages": 1}} | changes


def tree(received: int = 10, month: int = 3) -> dict[str, Any]:
    chart = [{"month": f"{n:02d}", "onTimePct": 90 if n == month else 0, "overduePct": 0} for n in range(1, 13)]
    own = {"departmentId": ROOT, "departmentName": "UBND tỉnh Mẫu", "departmentCode": "H34", "ratio": 90}
    parent = {**own, "totalReceived": received, "totalOnTime": 9, "totalScore": 18, "totalMaxScore": 20}
    child = {**own, "departmentId": "u1", "departmentCode": "H34.12", "level": "PROVINCE", "score": 18, "maxScore": 20}
    return {"parent": parent, "children": [child], "monthlyChart": chart}


def parse(report: str, data: Any, **more: Any) -> Reply:
    request = ReportRequest(report, MARCH, ROOT)
    return parse_reply(json.dumps({"code": "OK", "message": "OK", "data": data, **more}).encode(), request, "H34")


def country(data: dict[str, Any]) -> dict[str, Any]:
    whole = {**data["overview"], "departmentId": None, "departmentCode": None, "departmentName": "Cả nước"}
    return {**data, "overview": whole}


REFUSED = {
    "country": (errors.PageRepeated, "another unit", country(metric_report())),
    "other_province": (errors.PageRepeated, "another unit", {**metric_report(), "overview": {
        **metric_report()["overview"], "departmentId": "p2", "departmentCode": "H35"}}),
    "no_identity": (errors.PageRepeated, "neither code nor identifier", metric_report(overview={"metrics": []})),
    "short_list": (errors.ReplyBroken, "1 units and says that there are 163", metric_report(pagination={"total": 163})),
    "no_list": (errors.FieldGone, "no field 'evaluation'", {"overview": {}}),
    "no_shape": (errors.FieldGone, "neither 'overview' nor 'parent'", {"group": {}}),
    "no_metrics": (errors.FieldGone, "no field 'metrics'", {**metric_report(), "evaluation": [], "pagination": None,
                   "overview": {"departmentId": ROOT, "departmentCode": "H34"}}),
    "no_data": (errors.FieldGone, "no object 'data'", None),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "said", "data"), REFUSED.values(), ids=REFUSED)
def test_a_reply_about_something_else_is_named_with_report_period_and_fix(kind: type, said: str, data: Any) -> None:
    with pytest.raises(kind, match=said) as caught:
        parse("dossier-digitized", data)
    assert type(caught.value) is kind
    assert "dossier-digitized of 2026-03" in str(caught.value)
    assert "Fix: " in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b'{"code":"OK","data":{"over', "not complete JSON"), (b"<!DOCTYPE html><html>", "HTML page"), (b"", "0 bytes")],
)
def test_bytes_that_are_no_reply(content: bytes, said: str) -> None:
    with pytest.raises(errors.ReplyBroken, match=said):
        parse_reply(content, ReportRequest("transparency", MARCH, ROOT), "H34")


def test_a_reply_that_is_not_ok() -> None:
    with pytest.raises(errors.ReplyBroken, match="not OK"):
        parse("dossier-digitized", metric_report(), code="ERROR")


def test_what_cannot_be_read_is_null_with_a_reason_and_leaves_the_others() -> None:
    data = metric_report()
    strange = {"code": "BRAND_NEW", "name": "Mới", "numerator": "9", "denominator": 10, "ratio": None, "maxScore": 0}
    data["evaluation"][0]["metrics"].append(strange)
    rows = {row["metric_code"]: row for row in parse("dossier-digitized", data).rows if row["department_id"] == "u1"}
    assert rows["BRAND_NEW"]["parse_errors"] == "numerator: not a number '9'"
    assert (rows["BRAND_NEW"]["numerator"], rows["BRAND_NEW"]["denominator"], rows["BRAND_NEW"]["max_score"]) == (
        None,
        10,
        0,
    )
    assert rows["ORIGINAL_RESULT_AVAILABLE"]["parse_errors"] is None


def test_a_unit_whose_code_no_report_gives_keeps_its_figures_with_the_reason() -> None:
    alone = parse("transparency", metric_report("transparency"))
    rows = {row["department_id"]: row for row in join_units([alone], DAY)}
    assert rows[ROOT]["unit_code"] == "H34"  # it was asked for
    assert rows["u1"]["unit_code"] is None
    assert "no report gives the code" in rows["u1"]["parse_errors"]
    both = join_units([alone, parse("dvc-progress-tree", tree())], DAY)
    assert {row["unit_code"] for row in both} == {"H34", "H34.12"}
    assert all(row["parse_errors"] is None for row in both)


def test_counts_that_a_tree_gives_in_part_are_carried_as_they_are() -> None:
    data = tree()
    del data["parent"]["totalReceived"]
    own = next(row for row in parse("dvc-progress-tree", data).rows if row["metric_code"] == "DOSSIER_ON_TIME")
    assert (own["numerator"], own["denominator"], own["parse_errors"]) == (9, None, None)


def test_a_report_of_another_month_is_refused_unless_another_report_bears_it_out() -> None:
    other = parse("dvc-progress-tree", tree(received=400, month=2))
    kept, faults = settle([other, parse("dossier-digitized", metric_report())])
    assert [reply.request.report for reply in kept] == ["dossier-digitized"]
    assert "figures of month 02, which lies outside 2026-03" in str(faults[0])
    same = parse("dvc-progress-tree", tree(received=10, month=2))
    kept, faults = settle([same, parse("dossier-digitized", metric_report())])
    assert (len(kept), faults) == (2, [])
    assert any("month 02" in said for said in warnings(kept))
    both = tree(month=2)
    both["monthlyChart"][2] |= {"onTimePct": 90}
    assert settle([parse("dvc-progress-tree", both)])[1] == []  # a chart of several months says nothing of the period


def test_a_list_that_is_shorter_than_that_of_another_report_is_named() -> None:
    short = parse("dvc-progress-tree", {**tree(), "children": []})
    assert "2026-03: dvc-progress-tree has 0 of 1 units" in warnings(
        [short, parse("dossier-digitized", metric_report())]
    )


@pytest.mark.parametrize("period", ["2026-08", "2026-Q3", "2026"])
@pytest.mark.parametrize("report", REPORTS)
def test_a_saved_request_is_read_back(report: str, period: str) -> None:
    request = ReportRequest(report, parse_period(period), ROOT)
    assert read_request(report, request.body()) == request


@pytest.mark.parametrize("body", [{}, {"timeType": "month", "year": 2026}, {"timeType": "week", "year": 2026},
                                  {"fromDate": "2026-08-01", "toDate": "2026-08-30"}])  # fmt: skip
def test_a_saved_request_without_a_period_is_named(body: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no month, quarter or year"):
        read_request("handling-satisfaction", body)


STRANGE = st.sampled_from([None, "x", "9", "", [], [1], {}, {"a": 1}, True, -1, 1e308, float("nan"), ...])


def paths(value: Any, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for key, one in inner for path in ((*before, key), *paths(one, (*before, key)))]


@given(
    data=st.data(), report=st.sampled_from(["dossier-digitized", "transparency", "dvc-progress-tree"]), value=STRANGE
)
def test_one_strange_value_is_named_and_costs_no_other_unit(data: st.DataObject, report: str, value: Any) -> None:
    """Whatever stands in one place: an error of the report, or every other unit as it was."""
    whole = tree() if report == "dvc-progress-tree" else metric_report(report)
    *above, last = data.draw(st.sampled_from(paths(whole)))
    spoiled = place = json.loads(json.dumps(whole))
    for key in above:
        place = place[key]
    if value is not ...:
        place[last] = value
    elif isinstance(place, dict):
        del place[last]
    try:
        rows = join_units([parse(report, spoiled)], DAY)
    except errors.SourceError as error:
        assert f"{report} of 2026-03" in str(error)
        return
    assert all(row["unit_code"] or row["parse_errors"] for row in rows)
    is_child = above[:1] in (["evaluation"], ["children"])
    if is_child:
        clean = [row for row in join_units([parse(report, whole)], DAY) if row["department_id"] == ROOT]
        assert [row for row in rows if row["department_id"] == ROOT] == clean
