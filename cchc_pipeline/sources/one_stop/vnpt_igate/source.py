"""Read dossiers and the procedure catalogue of the one-stop system VNPT iGate 2.x.

The search filters by acceptance time and status, not by time of change. So a pull reads
(a) what was accepted in the window and shortly before, (b) everything older that the source calls
open, and of late also drafts, refusals and results that wait for their owner, (c) what we hold open
and met in neither: it was closed meanwhile, and (d) a slow sweep: every `sweep_nights`-th older day,
so that late corrections are found within that many nights.

Drafts and results never fetched pile up for ever, and each of the four reads has to cost the same in
the tenth year as in the first. So both are followed for `recent_days` only: a draft that is accepted
later is met in (a), and a result that is fetched later changes no figure but its day of return.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, ClassVar

from cchc_pipeline.days import Window
from cchc_pipeline.progress import Progress
from cchc_pipeline.sources.http import HttpClient
from cchc_pipeline.sources.one_stop.vnpt_igate.api import OneStopApi, WindowReader
from cchc_pipeline.sources.one_stop.vnpt_igate.mapping import DOSSIER_NEEDS, PROCEDURE_NEEDS, dossier_row, procedure_row
from cchc_pipeline.sources.protocol import Batch, KnownState, Row
from cchc_pipeline.sources.records import MILLISECOND, ColumnWatch, day_start

DOSSIERS = "one_stop__dossiers"
PROCEDURES = "one_stop__procedures"


@dataclass(frozen=True)
class OneStopOptions:
    """Options of a pull: how much is read again, and by which statuses.

    Attributes:
        overlap_days: acceptance days before the window that are read with it.
        history_from: first day on which an open dossier can have been accepted; None: the first
            day of the history held.
        sweep_nights: an older day is read again once in so many nights; 0 switches the sweep off.
        sweep_days: days before the window that the sweep reaches back.
        page_size: records per page, at most 1000.
        open_status_ids: ids of the source's statuses of a received, unfinished dossier. Only a
            filter: a dossier that it misses is found by its code.
        recent_status_ids: ids of draft, refused, and finished but not fetched.
        recent_days: days before the window for which those are followed.
        whole_day_from: so many closed dossiers of one acceptance day are cheaper to read with the
            whole day than one by one.
    """

    overlap_days: int = 7
    history_from: date | None = None
    sweep_nights: int = 30
    sweep_days: int = 400
    page_size: int = 1000
    open_status_ids: tuple[int, ...] = (16, 2, 3, 6)
    recent_status_ids: tuple[int, ...] = (0, 4, 11)
    recent_days: int = 60
    whole_day_from: int = 20


class OneStopSource:
    """Adapter for VNPT iGate 2.x. One batch per civil day, and the catalogue.

    A row's day is its reception (application where not received), moved into the window; what is
    read again because it may have changed comes with the last day.
    """

    name: ClassVar[str] = "one_stop"
    tables: ClassVar[tuple[str, ...]] = (DOSSIERS, PROCEDURES)

    def __init__(
        self, http: HttpClient, client_id: str, client_secret: str, options: OneStopOptions | None = None
    ) -> None:
        self._http = http
        self._api = OneStopApi(http, client_id, client_secret)
        self._options = options or OneStopOptions()

    def pull(self, window: Window, known: KnownState, progress: Progress) -> Iterator[Batch]:
        """Yield the catalogue, then one batch of dossiers per day of the window."""
        yield self._catalogue(window, progress)
        pull = _DossierPull(self._http, self._api, self._options, window, known, progress)
        yield from pull.batches()

    def _catalogue(self, window: Window, progress: Progress) -> Batch:
        watch = ColumnWatch(PROCEDURE_NEEDS)
        rows: dict[Any, Row] = {}
        with self._http.reading(window.last, "the procedure catalogue"):
            for record in self._api.procedures(self._options.page_size):
                watch.add(record)
                row = procedure_row(record)
                rows[row["procedure_code"] or len(rows)] = row
        progress(len(rows), len(rows), "procedure catalogue")
        return Batch(PROCEDURES, window.last, watch.drop_missing(rows.values()))


@dataclass
class _DossierPull:
    """State of one pull of dossiers: its window, codes still missing, columns seen."""

    _http: HttpClient
    _api: OneStopApi
    _options: OneStopOptions
    _window: Window
    _known: KnownState
    _progress: Progress

    def __post_init__(self) -> None:
        window, known, options = self._window, self._known, self._options
        self._reader = WindowReader(self._api, options.page_size)
        self._watch = ColumnWatch(DOSSIER_NEEDS)
        self._first_read = window.first - timedelta(days=options.overlap_days)
        starts = [day for day in (options.history_from, known.first_day) if day is not None]
        self._history_from = min(starts, default=self._first_read)
        # Drafts held (no day of reception) are met in (a) or (b); what was received later is not asked for.
        self._missing = {
            code: day for code, day in known.open_dossiers.items() if day is not None and day <= window.last
        }
        self._done = 0

    def batches(self) -> Iterator[Batch]:
        rows: dict[Any, Row] = {}
        for day in Window(self._first_read, self._window.last).days():
            self._read_day(day, rows)
            if self._window.first <= day < self._window.last:
                yield self._batch(day, rows)
                rows = {}
        self._read_open(rows)
        swept = self._read_closed(rows)
        self._sweep(rows, swept)
        yield self._batch(self._window.last, rows)

    def _batch(self, day: date, rows: dict[Any, Row]) -> Batch:
        # The source's order within a page differs from call to call; equal states give equal batches.
        ordered = sorted(rows.values(), key=lambda row: (row["dossier_id"] or "", row["dossier_code"] or ""))
        return Batch(DOSSIERS, day, self._watch.drop_missing(ordered))

    def _take(self, record: dict[str, Any], rows: dict[Any, Row]) -> None:
        self._watch.add(record)
        row = dossier_row(record)
        key = row["dossier_id"] or (len(rows), "no id")
        rows[key] = row  # the last read wins
        self._missing.pop(row["dossier_code"], None)

    def _report(self, what: str, steps: int = 1) -> None:
        self._done += steps
        self._progress(self._done, None, what)

    def _read_day(self, day: date, rows: dict[Any, Row]) -> None:
        with self._http.reading(self._window.clamp(day), f"dossiers accepted on {day}"):
            for record in self._reader.read_day(day):
                self._take(record, rows)
        self._report(f"dossiers accepted on {day}")

    def _read_open(self, rows: dict[Any, Row]) -> None:
        options = self._options
        recent_from = max(self._history_from, self._first_read - timedelta(days=options.recent_days))
        for label, start, ids in (
            ("open dossiers", self._history_from, options.open_status_ids),
            ("drafts, refusals and results not fetched", recent_from, options.recent_status_ids),
        ):
            if start >= self._first_read or not ids:
                continue
            what = f"{label}, accepted from {start} to {self._first_read - timedelta(days=1)}"
            end = day_start(self._first_read) - MILLISECOND
            with self._http.reading(self._window.last, what):
                for record in self._reader.read(day_start(start), end, {"dossier-status": ",".join(map(str, ids))}):
                    self._take(record, rows)
            self._report(what)

    def _read_closed(self, rows: dict[Any, Row]) -> set[date]:
        by_day: defaultdict[date, int] = defaultdict(int)
        for day in self._missing.values():
            if day < self._first_read:
                by_day[day] += 1
        whole_days = {day for day, count in by_day.items() if count >= self._options.whole_day_from}
        for day in sorted(whole_days):
            self._read_day(day, rows)
        total = len(self._missing)
        not_found = 0
        for number, code in enumerate(list(self._missing), 1):
            # The code itself stays out of words that reach logs.
            with self._http.reading(self._window.last, "dossiers that are no longer open"):
                records, _ = self._api.search({"code": code}, 0, 100)
                found = [record for record in records if record.get("code") == code]
            for record in found:
                self._take(record, rows)
            not_found += not found
            if number % 100 == 0 or number == total:
                gone = f", {not_found} of them no longer in the source" if not_found else ""
                self._report(f"{number} of {total} dossiers that are no longer open{gone}")
        return whole_days

    def _sweep(self, rows: dict[Any, Row], swept: set[date]) -> None:
        nights, first = self._options.sweep_nights, self._known.first_day
        if not nights or first is None:
            return
        first = max(first, self._first_read - timedelta(days=self._options.sweep_days))
        for ordinal in range(first.toordinal(), self._first_read.toordinal()):
            day = date.fromordinal(ordinal)
            if (ordinal - self._window.last.toordinal()) % nights == 0 and day not in swept:
                self._read_day(day, rows)
