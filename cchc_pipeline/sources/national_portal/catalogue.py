"""Read the portal's catalogue of procedures, a few pages on some nights.

A night has 29 calls, and reports take all of them. So pages are read on nights of Saturdays and Sundays, in place of
the closed month's seven reports: offices do not work then, and the closed month was read before. Of 5,741 procedures at
100 a page that is 58 pages, 9 nights, 5 weeks; a further pass begins 28 days after the one before began.

Each row says in which pass and on which day it was read, its place in the catalogue, and how many the portal says there
are. What a pass still lacks follows from the rows held: a page that was not kept is asked for again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import pyarrow.compute as pc

from cchc_pipeline.days import Window
from cchc_pipeline.sources import errors
from cchc_pipeline.sources.national_portal.replies import decode
from cchc_pipeline.sources.national_portal.requests import METRICS, PROCEDURES, REPORTS, PageRequest, closed_month
from cchc_pipeline.sources.national_portal.shape import count_or_none
from cchc_pipeline.sources.protocol import KnownState, Row
from cchc_pipeline.sources.records import Fields, Problems, mapping_or_empty, read_fields, reader, text_or_none

#: Pages of a night: as many as reports of the closed month.
PAGES = len(REPORTS)
#: Size that is asked for, and the one that was seen; whatever the portal says it gave is taken.
PAGE_SIZE, SEEN_SIZE = 100, 10
#: Days from the beginning of a whole pass to that of the next, and after which one that gets no further is given up.
PASS_DAYS, GIVEN_UP_DAYS = 28, 90
_STATE = ("pass_on", "captured_on", "catalogue_position", "page_size", "catalogue_total")


def _joined(value: Any) -> str | None:
    return ",".join(map(str, value)) or None if isinstance(value, list) else None


_text = reader(text_or_none)
_FIELDS: Fields = {
    "formality_id": ("id", _text),
    "procedure_code": ("code", _text),
    "procedure_name": ("name", _text),
    "state": ("state", _text),
    "department_id": ("departmentId", _text),
    "publishing_department_ids": ("publishingDepartmentIds", reader(_joined, "not a list")),
    "applied_departments_count": (
        "appliedDepartmentIds",
        reader(lambda value: len(value) if isinstance(value, list) else None, "not a list"),
    ),
}


@dataclass(frozen=True)
class Pass:
    """One reading of the whole catalogue, over several nights.

    Attributes:
        began_on: day of its first page, by which its rows are known.
        size: procedures on a page.
        total: how many procedures the portal said there are; 0 before the first page.
        positions: places in the catalogue that are held, from 1.
    """

    began_on: date
    size: int = PAGE_SIZE
    total: int = 0
    positions: frozenset[int] = field(default=frozenset(), repr=False)

    def pages_left(self) -> list[int]:
        """Return the pages that are not held in full, in order; the first one before anything was read."""
        if not self.total:
            return [1]
        absent = set(range(1, self.total + 1)) - self.positions
        return sorted({(position - 1) // self.size + 1 for position in absent})


def current_pass(known: KnownState, day: date) -> Pass | None:
    """Return the pass that a night of `day` continues or begins; None while the last one is whole and new enough."""
    rows = known.held(PROCEDURES, _STATE)
    began_on = pc.max(rows["pass_on"]).as_py() if rows.num_rows else None
    if began_on is None:
        return Pass(day)
    rows = rows.filter(pc.equal(rows["pass_on"], began_on)).sort_by([("captured_on", "descending")])
    newest = rows.slice(0, 1).to_pylist()[0]
    positions = frozenset(rows["catalogue_position"].to_pylist())
    held = Pass(began_on, newest["page_size"], newest["catalogue_total"], positions)
    is_whole = len(positions) == rows.num_rows >= (pc.max(rows["catalogue_total"]).as_py() or 0)
    age = day - began_on
    if held.pages_left() and age < timedelta(GIVEN_UP_DAYS):
        return held
    return None if is_whole and age < timedelta(PASS_DAYS) else Pass(day)


def is_catalogue_night(window: Window, known: KnownState) -> bool:
    """Return whether pages are read in place of the closed month: on a day off, once its seven reports are held."""
    if window.first != window.last or window.last.weekday() < 5 or current_pass(known, window.last) is None:
        return False
    rows, closed = known.held(METRICS, ("period_type", "period_start", "report")), closed_month(window)
    of_it = pc.and_(pc.equal(rows["period_type"], closed.kind), pc.equal(rows["period_start"], closed.first))
    return set(REPORTS) <= set(rows.filter(of_it)["report"].to_pylist())


def pages_due(window: Window, known: KnownState) -> list[PageRequest]:
    """Return the pages to read in a night; none where it is no night for them."""
    held = current_pass(known, window.last) if is_catalogue_night(window, known) else None
    if held is None:
        return []
    left = held.pages_left() if held.total else range(1, PAGES + 1)
    return [PageRequest(page, held.size, day=window.last) for page in list(left)[:PAGES]]


def read_pages(
    due: Sequence[PageRequest], ask: Callable[[PageRequest], Any], began_on: date, captured_on: date
) -> Iterator[list[Row]]:
    """Yield the records of the pages that are due, page by page, with one call each.

    A portal that gives pages of another size is taken by its word, and one that refuses the size gets the one that was
    seen. Reading ends with the last page that the portal says there is.
    """
    total, size = None, due[0].size if due else PAGE_SIZE
    wanted, calls = [request.page for request in due], len(due)
    while wanted and calls:
        request, calls = replace(due[0], page=wanted.pop(0), size=size), calls - 1
        try:
            reply = ask(request)
        except errors.RequestRefused:
            if size == SEEN_SIZE or total is not None:
                raise
            wanted, size = _same_places([request.page, *wanted], size, SEEN_SIZE), SEEN_SIZE
            continue
        rows = parse_page(reply, request, began_on, captured_on)
        yield rows
        total, given = rows[0]["catalogue_total"], rows[0]["page_size"]
        if given != size:
            wanted, size = _same_places(wanted, size, given), given
        wanted = [page for page in wanted if (page - 1) * size < total]


def _same_places(pages: Sequence[int], size: int, new: int) -> list[int]:
    """Return the pages of another size that have the places from the first of `pages` on."""
    first = (pages[0] - 1) * size // new + 1 if pages else 1
    return list(range(first, first + PAGES)) if pages else []


def parse_page(content: Any, request: PageRequest, began_on: date, captured_on: date) -> list[Row]:
    """Parse a page of the catalogue, and check that it is the one that was asked for and whole.

    Args:
        content: the reply, as bytes or decoded.
        request: what was asked.
        began_on: day on which the pass began.
        captured_on: day of the reply.

    Returns:
        Records with the columns of `national_portal__procedures`, at least one.

    Raises:
        ReplyBroken: no JSON, not OK, or other than as many procedures as the page should have; `FieldGone`: without
            items, identifiers or total; `PageRepeated`: another page.
    """
    reply = decode(content, request) if isinstance(content, bytes) else content
    data = mapping_or_empty(mapping_or_empty(reply).get("data"))
    items, paging = data.get("items"), mapping_or_empty(data.get("pagination"))
    if mapping_or_empty(reply).get("code", "OK") != "OK":
        raise request.error(errors.ReplyBroken, "the portal answers, but not OK")
    total, size, page = (_count(paging.get(name)) for name in ("total", "pageSize", "currentPage"))
    if not isinstance(items, list) or total is None:
        raise request.error(errors.FieldGone, "the catalogue has no 'items' or no 'pagination.total'")
    size, page = size or request.size, page or request.page
    first = (page - 1) * size + 1
    if page != request.page:
        raise request.error(errors.PageRepeated, f"page {page} came instead of page {request.page}")
    expected = max(0, min(size, total - first + 1))
    if len(items) != expected or not items:
        what = f"the page has {len(items)} procedures; of {total} at {size} a page it should have {expected}"
        raise request.error(errors.ReplyBroken, what)
    if all(text_or_none(mapping_or_empty(item).get("id")) is None for item in items):
        raise request.error(errors.FieldGone, "no procedure of the page has an 'id'")
    return [
        _row(mapping_or_empty(item), position, total, size, began_on, captured_on)
        for position, item in enumerate(items, start=first)
    ]


def _count(value: Any) -> int | None:
    return count_or_none(value) or None


def _row(item: Any, position: int, total: int, size: int, began_on: date, captured_on: date) -> Row:
    problems = Problems()
    return {
        **read_fields(item, _FIELDS, problems),
        "pass_on": began_on,
        "captured_on": captured_on,
        "catalogue_position": position,
        "catalogue_total": total,
        "page_size": size,
        "parse_errors": problems.text(),
    }
