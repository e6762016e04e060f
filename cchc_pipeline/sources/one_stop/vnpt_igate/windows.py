"""Read a span of time completely from a search whose paging is unreliable.

Records with equal sort keys change places between two pages, so going from page to page loses
some and doubles others. A piece that fits into one page needs no second page. Only a single minute
that is still too full is paged through, and then as often as it takes to see as many different
records as the pages hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from cchc_pipeline.sources.errors import PageRepeated, ReplyBroken
from cchc_pipeline.sources.one_stop.vnpt_igate.api import SEARCH_PATH, OneStopApi
from cchc_pipeline.sources.timestamps import MILLISECOND, day_end, day_start, parse_instant, utc_millis

Record = dict[str, Any]
SMALLEST = timedelta(minutes=1)
_ROUNDS = 12
_FILL = 0.7  # a planned piece aims at this part of a page, so that a busier day still fits


class WindowReader:
    """Reader of all dossiers accepted (where not, applied for) in a window.

    Args:
        api: the one-stop calls.
        page_size: records per page; the source's limit is 1000.
    """

    def __init__(self, api: OneStopApi, page_size: int = 1000) -> None:
        self._api = api
        self._size = page_size
        self._cuts: list[time] = []
        self._planned_for = 0
        self._previous_ids: list[Any] = []

    def read_day(self, day: date) -> Iterator[Record]:
        """Yield all dossiers of one civil day, in pieces planned by the days before."""
        starts = [day_start(day), *(datetime.combine(day, cut, tzinfo=day_start(day).tzinfo) for cut in self._cuts)]
        ends = [start - MILLISECOND for start in starts[1:]] + [day_end(day)]
        leaves: list[tuple[datetime, int]] = []
        for start, end in zip(starts, ends, strict=True):
            yield from self._read(start, end, {}, leaves)
        self._plan(leaves)

    def read(self, start: datetime, end: datetime, filters: Mapping[str, str]) -> Iterator[Record]:
        """Yield all dossiers from `start` to `end`, both included, to the millisecond."""
        yield from self._read(start, end, filters, [])

    def _read(
        self, start: datetime, end: datetime, filters: Mapping[str, str], leaves: list[tuple[datetime, int]]
    ) -> Iterator[Record]:
        stack = [(start, end)]
        while stack:
            start, end = stack.pop()
            query = {"accepted-from": utc_millis(start), "accepted-to": utc_millis(end), **filters}
            page = self._api.search(query, 0, self._size)
            self._check(page.records, start, end)
            if page.is_last:
                records = page.records
            elif end - start >= SMALLEST:
                middle = start + (end - start) // 2
                middle -= timedelta(microseconds=middle.microsecond % 1000)
                stack += [(middle, end), (start, middle - MILLISECOND)]  # the earlier half is read first
                continue
            else:
                records = self._crowded_minute(query)
            leaves.append((start, len(records)))
            yield from records

    def _check(self, records: list[Record], start: datetime, end: datetime) -> None:
        ids = [record.get("id") for record in records]
        for record in records:
            if "acceptedDate" not in record:
                continue
            raw = record["acceptedDate"] or record.get("appliedDate")
            moment = parse_instant(raw)
            if moment is not None and not start <= moment < end + MILLISECOND:
                if ids == self._previous_ids:
                    raise self._api.http.error(
                        PageRepeated, "the records of the call before came again for another window", SEARCH_PATH
                    )
                what = "dossiers from outside the window that was asked for: the filter by time is not applied"
                raise self._api.http.error(ReplyBroken, what, SEARCH_PATH)
        self._previous_ids = ids

    def _crowded_minute(self, query: Mapping[str, str]) -> list[Record]:
        found: dict[Any, Record] = {}
        for _ in range(_ROUNDS):
            total = 0
            for records in self._pages(query):
                total += len(records)
                found.update((record.get("id"), record) for record in records)
            if len(found) >= total:
                return list(found.values())
        what = f"one minute with more than {self._size} dossiers: its pages kept repeating records"
        raise self._api.http.error(PageRepeated, what, SEARCH_PATH)

    def _pages(self, query: Mapping[str, str]) -> Iterator[list[Record]]:
        number, previous = 0, list[Any]()
        while True:
            page = self._api.search(query, number, self._size)
            ids = [record.get("id") for record in page.records]
            if (ids and ids == previous) or (not ids and not page.is_last):
                raise self._api.http.error(PageRepeated, f"page {number} does not move on", SEARCH_PATH)
            yield page.records
            if page.is_last:
                return
            number, previous = number + 1, ids

    def _plan(self, leaves: list[tuple[datetime, int]]) -> None:
        total = sum(count for _, count in leaves)
        if total * 2 < self._planned_for:
            return  # a weekend or a holiday does not predict the next working day
        cuts: list[time] = []
        filled = 0
        for start, count in leaves:
            if filled and filled + count > self._size * _FILL:
                cuts.append(start.timetz().replace(tzinfo=None))
                filled = 0
            filled += count
        self._cuts, self._planned_for = cuts, total
