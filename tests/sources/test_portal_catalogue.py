"""The catalogue of procedures over nights: which nights read it, what keeps it whole, and what it says of itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from captured_portal import CAPTURES, COUNTRY, CapturedPortal
from hypothesis import given
from hypothesis import strategies as st
from published_files import needs, published
from source_site import Reply, Request, site
from sql_verdict import sql_verdict_alone

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.build import build_portal
from cchc_pipeline.core.state import take_in
from cchc_pipeline.days import Window
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.progress import silent
from cchc_pipeline.sources import errors
from cchc_pipeline.sources.http import HttpClient, HttpPolicy
from cchc_pipeline.sources.landing import known_state, land
from cchc_pipeline.sources.national_portal.catalogue import Pass, is_catalogue_night, pages_due, parse_page
from cchc_pipeline.sources.national_portal.requests import METRICS, PROCEDURES, REPORTS, PageRequest, closed_month
from cchc_pipeline.sources.national_portal.source import NationalPortalSource
from cchc_pipeline.validation.staging import stage

SATURDAY = date(2026, 9, 12)
LAST_PAGE = f"{CAPTURES}/formalities/page-last.json"


def catalogue(total: int, size: int | None = None) -> Callable[[Request], Reply]:
    """A portal of which only the catalogue is asked; `size` is what it gives whatever it is asked for."""

    def answer(request: Request) -> Reply:
        assert request.path.endswith("/formalities")
        body = request.json()
        given = size or body["pageSize"]
        first = (body["currentPage"] - 1) * given + 1
        items = [
            {"id": f"id-{n}", "code": f"1.{n:06d}", "name": f"Thủ tục {n}", "state": "ACTIVE", "departmentId": "d",
             "publishingDepartmentIds": ["d", "e"], "appliedDepartmentIds": ["x"] * 3}
            for n in range(first, min(first + given, total + 1))
        ]  # fmt: skip
        paging = {"total": total, "currentPage": body["currentPage"], "pageSize": given}
        return Reply(201, {"code": "OK", "data": {"items": items, "pagination": paging}})

    return answer


class Pages(NationalPortalSource):
    """The adapter without its reports."""

    def _asked(self, *_: Any, **__: Any) -> Any:
        return None, [], []


def hold_closed_month(lake: Lake, day: date) -> None:
    """Let the lake hold the closed month, every report of it."""
    closed = closed_month(Window(day, day))
    rows = [
        {"unit_code": "H99", "period_type": "month", "period_start": closed.first, "period_end": closed.last,
         "report": report, "metric_code": f"X.{report}"}
        for report in REPORTS
    ]  # fmt: skip
    take(lake, METRICS, day - timedelta(days=1), rows)


def take(lake: Lake, table: str, day: date, rows: list[dict[str, Any]]) -> None:
    schema = load_contract(table).arrow_schema(relaxed=True)
    lake.store.write(pa.Table.from_pylist(rows, schema=schema), f"landing/{table}", day)
    with sql_verdict_alone():
        stage(lake, table, [day], day)
    take_in(lake, table)


@contextmanager
def adapter(answer: Callable[[Request], Reply], day: date) -> Iterator[tuple[Pages, list[Request]]]:
    with site(answer) as served:
        http = HttpClient("national_portal", served.url, HttpPolicy(timeout_s=30, retries=0, backoff_s=0))
        yield Pages(http, "H99", today=lambda: day), served.seen


def night(lake: Lake, answer: Callable[[Request], Reply], day: date) -> tuple[list[dict[str, Any]], int, str]:
    """One night: the published catalogue after it, how many calls it took, and what the adapter says."""
    hold_closed_month(lake, day)
    with adapter(answer, day) as (source, seen):
        land(lake, source, Window(day, day), known_state(lake, {}, None), silent)
        with sql_verdict_alone():
            stage(lake, PROCEDURES, [day] if lake.store.has(f"landing/{PROCEDURES}", day) else [], day)
        take_in(lake, PROCEDURES)
        return build_portal(lake, "portal_procedures").to_pylist(), len(seen), source.notes.get(PROCEDURES, "")


@needs(LAST_PAGE)
def test_the_captured_page_is_read() -> None:
    content = published(LAST_PAGE).read_bytes()
    (row,) = parse_page(content, PageRequest(575, 10), SATURDAY, SATURDAY)
    assert (row["procedure_code"], row["state"], row["parse_errors"]) == ("6.006776", "ACTIVE", None)
    assert (row["catalogue_position"], row["catalogue_total"], row["page_size"]) == (5741, 5741, 10)
    assert row["applied_departments_count"] == 0
    assert row["publishing_department_ids"] == row["department_id"]
    assert set(row) == set(load_contract(PROCEDURES).column_names)


def test_which_nights_read_it(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    friday, sunday = SATURDAY - timedelta(days=1), SATURDAY + timedelta(days=1)
    assert not is_catalogue_night(Window(SATURDAY, SATURDAY), known_state(lake, {}, None))  # closed month not held
    hold_closed_month(lake, SATURDAY)
    found = [is_catalogue_night(Window(day, day), known_state(lake, {}, None)) for day in (friday, SATURDAY, sunday)]
    assert found == [False, True, True]
    assert not is_catalogue_night(Window(friday, SATURDAY), known_state(lake, {}, None))  # a range is no night
    assert [one.page for one in pages_due(Window(SATURDAY, SATURDAY), known_state(lake, {}, None))] == list(range(1, 8))


def test_a_pass_over_nights_is_whole_only_at_its_end(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    answer, nights = catalogue(1530), [SATURDAY, SATURDAY + timedelta(days=1), SATURDAY + timedelta(days=7)]
    for day, held, calls in zip(nights, (700, 1400, 1530), (7, 7, 2), strict=True):
        rows, asked, _ = night(lake, answer, day)
        assert (len(rows), asked) == (held, calls)
        assert {row["is_complete"] for row in rows} == {held == 1530}
        assert {row["complete_on"] for row in rows} == {day if held == 1530 else None}
        assert {row["catalogue_total"] for row in rows} == {1530}
    assert {row["captured_on"] for row in rows} == set(nights)
    # whole and new enough: the closed month is read again on days off
    assert not is_catalogue_night(Window(nights[2], nights[2]), known_state(lake, {}, None))
    # the next pass leaves what the last one said until it is whole itself; what is gone by then is marked
    shorter, later = catalogue(1500), SATURDAY + timedelta(days=35)
    rows, _, _ = night(lake, shorter, later)
    assert {row["complete_on"] for row in rows} == {nights[2]}
    assert len(rows) == 1530
    for day in (later + timedelta(days=1), later + timedelta(days=7)):
        rows, _, _ = night(lake, shorter, day)
    assert {row["complete_on"] for row in rows} == {later + timedelta(days=7)}
    assert sum(row["is_listed"] for row in rows) == 1500
    assert len(rows) == 1530


def test_a_page_that_cannot_be_used_is_asked_for_again(tmp_path: Path) -> None:
    lake, whole = Lake(tmp_path), catalogue(450)

    def broken(request: Request) -> Reply:
        reply = whole(request)
        return Reply(201, reply.content()[:300]) if request.json()["currentPage"] == 3 else reply

    rows, _, said = night(lake, broken, SATURDAY)
    assert len(rows) == 200
    assert "200 procedures read, then: " in said
    assert "page 3 of the catalogue" in said
    assert "Fix: " in said
    rows, calls, _ = night(lake, whole, SATURDAY + timedelta(days=1))
    assert (len(rows), calls) == (450, 3)
    assert rows[0]["is_complete"]


@pytest.mark.parametrize("size", [10, 30, 250])
def test_a_portal_that_gives_pages_of_another_size(size: int, tmp_path: Path) -> None:
    lake, answer = Lake(tmp_path), catalogue(240, size)
    for n in range(4):
        rows, calls, _ = night(lake, answer, SATURDAY + timedelta(days=7 * n))
        assert calls <= 7
    assert len(rows) == 240
    assert rows[0]["is_complete"]


def test_a_portal_that_refuses_the_size_gets_the_one_that_was_seen(tmp_path: Path) -> None:
    whole = catalogue(55)

    def answer(request: Request) -> Reply:
        return Reply(400, {"code": "BAD_REQUEST"}) if request.json()["pageSize"] > 10 else whole(request)

    rows, calls, _ = night(Lake(tmp_path), answer, SATURDAY)
    assert (len(rows), calls) == (55, 7)


def test_a_refused_portal_costs_no_report_and_no_night(tmp_path: Path) -> None:
    rows, calls, said = night(Lake(tmp_path), lambda _: Reply(403, b"<html>Request Rejected"), SATURDAY)
    assert (rows, calls) == ([], 1)
    assert "HTTP 403" in said


def test_a_changed_total_makes_no_whole_catalogue(tmp_path: Path) -> None:
    """A procedure that vanishes between two nights moves the others: one is never read, and the pass is not whole."""
    lake = Lake(tmp_path)
    night(lake, catalogue(800), SATURDAY)
    rows, _, _ = night(lake, catalogue(799), SATURDAY + timedelta(days=1))
    assert not rows[0]["is_complete"]
    rows, calls, _ = night(lake, catalogue(799), SATURDAY + timedelta(days=7))  # so a new pass begins
    assert calls == 7


BAD = {
    "short": (errors.ReplyBroken, "has 1 procedures; of 200 at 100 a page it should have 100",
              {"items": [{"id": "a"}], "pagination": {"total": 200, "pageSize": 100, "currentPage": 1}}),
    "empty": (errors.ReplyBroken, "has 0 procedures",
              {"items": [], "pagination": {"total": 5, "pageSize": 100, "currentPage": 1}}),
    "no_total": (errors.FieldGone, "'pagination.total'", {"items": [{"id": "a"}]}),
    "total_as_text": (errors.FieldGone, "'pagination.total'", {"items": [{"id": "a"}], "pagination": {"total": "một"}}),
    "no_items": (errors.FieldGone, "'items'", {"pagination": {"total": 1}}),
    "no_id": (errors.FieldGone, "'id'", {"items": [{"code": "1.1"}], "pagination": {"total": 1}}),
    "other_page": (errors.PageRepeated, "page 2 came instead of page 1",
                   {"items": [{"id": "a"}], "pagination": {"total": 1, "pageSize": 100, "currentPage": 2}}),
    "nothing": (errors.FieldGone, "'items'", None),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "said", "data"), BAD.values(), ids=BAD)
def test_a_page_that_is_not_what_was_asked_for_is_named_with_its_fix(kind: type, said: str, data: Any) -> None:
    content = json.dumps({"code": "OK", "data": data}).encode()
    with pytest.raises(kind, match=said) as caught:
        parse_page(content, PageRequest(1, 100), SATURDAY, SATURDAY)
    assert type(caught.value) is kind
    assert "page 1 of the catalogue of procedures" in str(caught.value)
    assert "Fix: " in str(caught.value)


def test_what_cannot_be_read_of_a_procedure_keeps_it_with_the_reason() -> None:
    items = [{"id": "a", "code": 5, "appliedDepartmentIds": "x"}, {"code": "1.2"}]
    content = {"code": "OK", "data": {"items": items, "pagination": {"total": 2}}}
    first, second = parse_page(content, PageRequest(1, 100), SATURDAY, SATURDAY)
    assert (first["procedure_code"], first["parse_errors"]) == ("5", "applied_departments_count: not a list 'x'")
    assert second["formality_id"] is None  # waits in quarantine: it has no identity


@given(total=st.integers(1, 400), size=st.integers(1, 120), data=st.data())
def test_the_pages_left_are_those_of_places_not_held(total: int, size: int, data: st.DataObject) -> None:
    held = data.draw(st.frozensets(st.integers(1, total)))
    left = Pass(SATURDAY, size, total, held).pages_left()
    places = {place for page in left for place in range((page - 1) * size + 1, min(page * size, total) + 1)}
    assert held | places == frozenset(range(1, total + 1))
    assert all(set(range((page - 1) * size + 1, min(page * size, total) + 1)) - held for page in left)


@needs(CAPTURES)
@needs(COUNTRY)
def test_saved_pages_are_read_by_the_same_parser(tmp_path: Path) -> None:
    portal, folder = CapturedPortal(), tmp_path / f"{SATURDAY}"
    folder.mkdir()
    saved = {}
    for page in (1, 575):
        reply = portal.page({"currentPage": page, "pageSize": 10})
        (folder / f"formalities-{page}.json").write_bytes(reply.content())
        saved[f"formalities-{page}.json"] = {"url": "/api/v1/reporting/formalities",
                                             "body": {"currentPage": page, "pageSize": 10}}  # fmt: skip
    (folder / "requests.json").write_text(json.dumps(saved), encoding="utf-8")
    source, batches = NationalPortalSource(HttpClient("national_portal", ""), "H44", saved=tmp_path), []
    with pytest.raises(errors.FileUnusable, match="no usable reply of a report is saved"):
        for batch in source.pull(Window(SATURDAY, SATURDAY), known_state(Lake(tmp_path / "lake"), {}, None), silent):
            batches.append(batch)  # noqa: PERF402 - the pull raises at its end
    (rows,) = [batch.rows for batch in batches if batch.table == PROCEDURES]
    assert len(rows) == 11
    assert {row["captured_on"] for row in rows} == {SATURDAY}
    assert len(source.evidence) == 2


@needs(CAPTURES)
@needs(COUNTRY)
def test_two_saved_files_of_one_page_that_differ_are_named_and_neither_counts(tmp_path: Path) -> None:
    folder, portal = tmp_path / f"{SATURDAY}", CapturedPortal()
    folder.mkdir()
    content = portal.page({"currentPage": 1, "pageSize": 10}).content()
    request = {"url": "/api/v1/reporting/formalities", "body": {"currentPage": 1, "pageSize": 10}}
    for name, some in (("one", content), ("two", content.replace(b"1.000001", b"1.999999"))):
        (folder / f"{name}.json").write_bytes(some)
        (folder / f"{name}.request.json").write_text(json.dumps(request), encoding="utf-8")
    source = NationalPortalSource(HttpClient("national_portal", ""), "H44", saved=tmp_path)
    with pytest.raises(errors.FileUnusable, match=r"one\.json, answers the same request") as caught:
        list(source.pull(Window(SATURDAY, SATURDAY), known_state(Lake(tmp_path / "lake"), {}, None), silent))
    for part in ("two.json", "page 1 of the catalogue", "Fix: keep the file that was saved last"):
        assert part in str(caught.value)
    assert len(source.evidence) == 2
