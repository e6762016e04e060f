"""Read the national portal's evaluation reports (QĐ 766) of a province.

A report is about a whole month, quarter or year; the portal recomputes it while the period runs and for a while after.
So a night reads the periods of its window and the month before, as they stand now, into one batch for its last day.
Numbers are carried as published, null included. On some nights pages of the catalogue take the place of the month
before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

import pyarrow.compute as pc

from cchc_pipeline.days import Period, Window, today
from cchc_pipeline.progress import Progress
from cchc_pipeline.reference.unit_codes import canonical_unit_code
from cchc_pipeline.sources.errors import FileUnusable, PageRepeated, ReplyBroken, SourceError
from cchc_pipeline.sources.evidence import Evidence
from cchc_pipeline.sources.http import HttpClient
from cchc_pipeline.sources.national_portal.catalogue import current_pass, pages_due, parse_page, read_pages
from cchc_pipeline.sources.national_portal.replies import COUNTRY, Reply, join_units, parse_reply, settle, warnings
from cchc_pipeline.sources.national_portal.requests import (
    FORMALITIES_PATH,
    METRICS,
    NIGHT_CALLS,
    PROCEDURES,
    PROVINCES,
    PageRequest,
    ReportRequest,
    night_requests,
)
from cchc_pipeline.sources.national_portal.saved import Saved, read_saved, saved_days
from cchc_pipeline.sources.national_portal.shape import identity
from cchc_pipeline.sources.protocol import Batch, KnownState, Row
from cchc_pipeline.sources.records import mapping_or_empty, text_or_none, value_at

#: How many reports that broke are named to officials.
_NAMED = 5
#: Repeats of a night altogether, of calls that got no reply; the last reports of the closed month pay for them.
_NIGHT_REPEATS = 3
#: Calls one after the other without a usable answer, after which nothing more is asked.
_IN_A_ROW = 2
#: Stands for the UUID of the province where only the number of requests matters.
_NOT_KNOWN = "-"
#: A report whose units all have codes.
_WITH_CODES = "dvc-progress-tree"
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
#: Columns of `national_portal__provinces`; what else a reply's record has is the same for all of them, or blank.
PROVINCE_COLUMNS = (
    "unit_code", "unit_name", "department_id", "period_type", "period_start", "period_end", "captured_on",
    "metric_code", "score", "ratio_pct", "score_delta", "parse_errors",
)  # fmt: skip


class NationalPortalSource:
    """Adapter for the portal's public reports; no credentials, one call at a time.

    A night is one call for the list of provinces and seven for each period: 29. On some nights seven pages of the
    catalogue take the place of the closed month (`catalogue.py`).

    Args:
        http: client of the portal.
        province_code: canonical code of the province, as in the portal's list.
        with_children: also keep the figures of the departments and communes.
        saved: folder with a folder of saved replies for each day that has them; see `saved.py`.
        today: the civil day of a pull, which is kept with its figures.

    Attributes:
        notes: table to what the last pull has to say of it: reports out of step, lists of other lengths.
        evidence: raw replies since it was last written.
        captured_on: the newest civil day that figures of the last pull are of; None where it has none.
        is_saved: whether they come from replies that a person saved.
    """

    name: ClassVar[str] = "national_portal"
    tables: ClassVar[tuple[str, ...]] = (METRICS, PROVINCES, PROCEDURES)

    def __init__(
        self,
        http: HttpClient,
        province_code: str,
        *,
        with_children: bool = True,
        saved: Path | None = None,
        today: Callable[[], date] = today,
    ) -> None:
        self._http = http
        self._province = province_code
        self._with_children = with_children
        self._saved = saved
        self._today = today
        self.notes: dict[str, str] = {}
        self.captured_on: date | None = None
        self.is_saved = False
        self.evidence = Evidence()
        http.keep = self._keep

    def _keep(self, path: str, body: Any, status: int, content: bytes) -> None:
        asked = [str(value) for key, value in (body or {}).items() if key not in ("rootDepartmentId", "pageSize")]
        name = "-".join([f"{len(self.evidence) + 1:02d}", path.rpartition("/")[2], *asked])
        request = {"url": path, "body": body, "status": status}
        self.evidence.add(re.sub(r"[^\w.-]", "_", name)[:80] + ".json", content, request, "call")

    def pull(self, window: Window, known: KnownState, progress: Progress) -> Iterator[Batch]:
        """Yield one batch of each table for the last day of the window, and for each day before that has saved replies.

        The catalogue has one on some days off only; a page of it that cannot be read is named in `notes` and due again.
        A folder of saved replies is for its own day; where the last day of the window has one with a usable report,
        nothing is asked. A report that cannot be used leaves the others: what was read is yielded before the error is
        raised. A refusal (403, 429, a web page) ends the pull, as do two calls in a row without a usable answer.
        """
        self.notes, self.captured_on, self.is_saved = {}, None, False
        faults: list[SourceError] = []
        last: Saved | None = None
        for saved_on in saved_days(self._saved, window) if self._saved else ():
            held = self._read_folder(saved_on, progress)
            if held.replies:
                self.is_saved = True
                faults += held.faults
                yield from self._batches(
                    saved_on, held.provinces, held.replies, self._saved_pages(held, known, faults), faults
                )
            elif saved_on < window.last:
                faults += held.faults
            if saved_on == window.last:
                last = held
        if last is None or not last.replies:
            yield from self._called(window, last, known, progress, faults)
        if faults:
            raise _joined(faults, is_all=self.captured_on is None)

    def _read_folder(self, day: date, progress: Progress) -> Saved:
        progress(0, None, f"portal replies saved on {day}")
        held = read_saved(self._saved or Path(), day, self._province, self._today())
        for name, content, request in held.raw:
            self.evidence.add(name, content, request, "file")
        return held

    def _called(
        self, window: Window, held: Saved | None, known: KnownState, progress: Progress, faults: list[SourceError]
    ) -> Iterator[Batch]:
        """Yield what the portal answers, beside what a folder of the day has that is no report."""
        if not self._http.has_address:
            faults += [*(held.faults if held else ()), self._nothing_saved(window.last, held)]
            if held and (held.provinces or held.pages):
                self.is_saved = True
                pages = self._saved_pages(held, known, faults)
                yield from self._batches(window.last, held.provinces, [], pages, faults)
            return
        due = pages_due(window, known)
        requests = night_requests(window, _NOT_KNOWN, with_closed=not due)
        self._http.calls_left, self._http.repeats_left = max(NIGHT_CALLS, len(requests) + len(due)), _NIGHT_REPEATS
        met: list[SourceError] = []
        listed, replies, is_over = self._asked(window, known, progress, met, with_closed=not due)
        pages = [] if is_over else self._read_catalogue(due, known, self._today(), progress)
        if held:
            told = [*held.faults, self._nothing_saved(window.last, held)]
            met += held.faults if met else ()
            self._note(METRICS, f"the portal was asked: {'; '.join(fault.message for fault in told)}")
            listed, pages = listed or held.provinces, [*pages, *self._saved_pages(held, known, faults)]
        self.is_saved = self.is_saved and not replies
        faults += met
        yield from self._batches(window.last, listed, replies, pages, faults)

    def _nothing_saved(self, day: date, held: Saved | None) -> SourceError:
        """Return the error that a folder has no usable report, with what belongs into it."""
        folder = f"{self._saved or 'drop/portal'}/{day}"
        what = "no usable reply of a report is saved for this day"
        if held and held.others:
            what += f"; {held.others[0]} ends in no .json"
        fix = (
            f"put the replies of the reports into {folder} as .json files, each with its request: `cchc portal requests"
            f" --day {day}` prints names, addresses and bodies; or set the address of the portal"
        )
        return FileUnusable(what, source=self.name, culprit=folder, day=day, fix=fix)

    def _note(self, table: str, said: str) -> None:
        self.notes[table] = "; ".join(filter(None, (self.notes.get(table), said)))

    def _batches(
        self, day: date, listed: Reply | None, replies: list[Reply], pages: list[Row], faults: list[SourceError]
    ) -> Iterator[Batch]:
        """Yield the batches of a day; replies of another month are left out, and named among `faults`."""
        replies, of_other_months = settle(replies)
        faults += of_other_months
        read_on = max((reply.captured_on or self._today() for reply in replies), default=self.captured_on)
        self.captured_on = max(filter(None, (read_on, self.captured_on)), default=None)
        self._note(METRICS, "; ".join(warnings(replies)) or "reports agree")
        # A portal that answers about something else than asked may do so in its list, too.
        is_astray = not replies and any(isinstance(fault, PageRepeated) for fault in faults)
        if listed and not is_astray:
            self._note(PROVINCES, "; ".join((f"{len(listed.children)} provinces", *listed.absent)))
            yield Batch(PROVINCES, day, _province_rows(listed, self._today()))
        if replies:
            rows = join_units([*replies, *([listed] if listed else ())], self._today())
            below = {one for reply in replies for one in reply.children if self._with_children}
            kept = below | {identity(reply.request.root_id) for reply in replies}
            own = (row for row in rows if row["unit_code"] != COUNTRY)
            yield Batch(METRICS, day, [row for row in own if row["department_id"] in kept])
        if pages:
            yield Batch(PROCEDURES, day, pages)

    def _read_catalogue(
        self, due: Sequence[PageRequest], known: KnownState, captured_on: date, progress: Progress
    ) -> list[Row]:
        """Return the records of the pages that are due; a page that cannot be used ends the reading, with a note."""
        rows: list[Row] = []
        if due and (current := current_pass(known, due[0].day or captured_on)):
            began_on = current.began_on if current.total else captured_on
            try:
                due = due[: self._http.calls_left]
                for number, some in enumerate(read_pages(due, self._ask_page, began_on, captured_on), start=1):
                    rows += some
                    progress(number, len(due), "portal's catalogue of procedures")
                self.notes[PROCEDURES] = f"{len(rows)} procedures read"
            except SourceError as fault:
                self.notes[PROCEDURES] = f"{len(rows)} procedures read, then: {fault}"
        return rows

    def _ask_page(self, request: PageRequest) -> Any:
        with self._http.reading(request.day, f"page {request.page} of the catalogue of procedures"):
            return self._http.ask("POST", request.path, json=request.body())

    def _saved_pages(self, held: Saved, known: KnownState, faults: list[SourceError]) -> list[Row]:
        current = current_pass(known, held.day)
        began_on = current.began_on if current and current.total else held.day
        rows: list[Row] = []
        for content, request, captured_on in held.pages:
            try:
                rows += parse_page(content, request, began_on, captured_on)
            except SourceError as fault:
                faults.append(fault)
        return rows

    def _asked(
        self, window: Window, known: KnownState, progress: Progress, faults: list[SourceError], *, with_closed: bool
    ) -> tuple[Reply | None, list[Reply], bool]:
        """Ask for the list of provinces, then for every report of every period, one after the other.

        Without the list, reports are asked by the identifier that the lake holds. Returns the list, the replies, and
        whether the portal may not be asked any more.
        """
        (asked,) = night_requests(window, None)
        root, listed, without_answer = known_root(known, self._province), None, 0
        try:
            listed = self._ask(asked, None)
            root = self._root(listed)
        except SourceError as fault:
            faults.append(fault)
            self._note(PROVINCES, f"no list of provinces, so this night has no ranks: {fault.details['what']}")
            if fault.is_refusal or root is None:
                return None, [], True
            without_answer = not isinstance(fault, ReplyBroken)
        _, *requests = night_requests(window, root, with_closed=with_closed)
        total = 1 + len(requests)
        progress(1, total, "portal's list of provinces")
        replies: list[Reply] = []
        for number, request in enumerate(requests, start=2):
            if self._http.calls_left == 0:
                left = f"{total - number + 1} reports, {request.report} of {request.period} first"
                self._note(METRICS, f"not asked, as repeats took their calls: {left}; the next night asks them")
                return listed, replies, True
            try:
                replies.append(self._ask(request, self._province))
                without_answer = 0
            except SourceError as fault:
                faults.append(fault)
                without_answer = 0 if isinstance(fault, ReplyBroken) else without_answer + 1
                if fault.is_refusal or without_answer == _IN_A_ROW:
                    self._note(METRICS, f"{total - number} reports were not asked any more")
                    return listed, replies, True
            progress(number, total, f"portal reports, {request.period}")
        return listed, replies, False

    def of_procedure(self, report: str, period: Period, procedure: str, root: str | None = None) -> list[Row]:
        """Ask for one report of a single procedure, of the province and all its children.

        Args:
            report: any but `service-results` and `handling-satisfaction`.
            period: month, quarter or year.
            procedure: code of the procedure, or its UUID on the portal.
            root: UUID of the province; None: it is looked up in the portal's list.

        Returns:
            Records as those of `national_portal__metrics`; they are figures of the procedure, never of the unit.

        Raises:
            ValueError: the report cannot be had for a single procedure.
            SourceError: the portal gave no usable reply, or does not know the procedure.
        """
        if root is None:
            (asked,) = night_requests(Window(period.first, period.last), None)
            root = self._root(self._ask(asked, None))
        request = ReportRequest(report, period, root, procedure)
        request.body()  # refuses a report of no procedure before anything is looked up
        if not _UUID.fullmatch(procedure):
            request = replace(request, formality_id=self._formality(procedure))
        replies = [self._ask(request, self._province)]
        if any(unit["unit_code"] is None for unit in replies[0].units.values()):
            replies.append(self._ask(replace(request, report=_WITH_CODES), self._province))
        return [row for row in join_units(replies, self._today()) if row["report"] == report]

    def _formality(self, code: str) -> str:
        """Return the UUID of a procedure; the portal may find others beside it."""
        reply = self._http.ask("POST", FORMALITIES_PATH, json={"currentPage": 1, "pageSize": 10, "q": code})
        items = value_at(reply, "data.items")
        for item in map(mapping_or_empty, items if isinstance(items, list) else ()):
            if item.get("code") == code and (found := text_or_none(item.get("id"))):
                return found
        fix = "compare the code with the national database of procedures, or give the procedure's UUID"
        raise self._http.error(
            ReplyBroken, f"the portal's catalogue has no procedure {code}", FORMALITIES_PATH, fix=fix
        )

    def _ask(self, request: ReportRequest, province_code: str | None) -> Reply:
        with self._http.reading(request.day, f"{request.report} of {request.period}"):
            return parse_reply(self._http.ask("POST", request.path, json=request.body()), request, province_code)

    def _root(self, listed: Reply) -> str:
        for root, unit in listed.units.items():
            if canonical_unit_code(unit["unit_code"]) == self._province:
                return root
        fix = "check the province code in the settings: since 1/7/2025 there are 34 provinces"
        raise listed.request.error(ReplyBroken, f"province {self._province} is not in the portal's list", fix)


def known_root(known: KnownState, province_code: str) -> str | None:
    """Return the UUID of a province that an earlier night kept; None where none did."""
    for table in (PROVINCES, METRICS):
        held = known.held(table, ("unit_code", "department_id"))
        for root in held.filter(pc.equal(held["unit_code"], province_code))["department_id"].to_pylist():
            if root:
                return str(root)
    return None


def _province_rows(listed: Reply, captured_on: date) -> list[Row]:
    """Return the figures of the provinces, and of the country, whose counts by kind are left out."""
    rows = [row for row in join_units([listed], captured_on) if not row["metric_code"].startswith("FIELD.")]
    return [{name: row[name] for name in PROVINCE_COLUMNS} for row in rows]


def _joined(faults: list[SourceError], *, is_all: bool) -> SourceError:
    """Return the only fault, or one that names all: of a refusal's kind, else of a call's without a reply."""
    lead = faults[0] if is_all else min(faults, key=lambda one: (not one.is_refusal, isinstance(one, ReplyBroken)))
    said: dict[str, Any] = {}
    if not is_all and not any(fault.is_refusal for fault in faults):
        named = [f"{fault.details['reading'] or fault.culprit}".replace(" of ", " kỳ ") for fault in faults]
        shown = "; ".join([*named[:_NAMED], *(["…"] if named[_NAMED:] else [])])
        said = {"said_vi": f"không đọc được {len(faults)} báo cáo ({shown})"}
    if len(faults) == 1:
        if not said:
            return lead
        about = {name: lead.details[name] for name in ("source", "culprit", "day", "reading", "fix")}
        return type(lead)(lead.details["what"], **about, **said)
    what = "; ".join(f"{fault.details['what']} ({fault.culprit}, {fault.details['reading']})" for fault in faults)
    fix = "; ".join(dict.fromkeys(fault.fix for fault in faults))
    return type(lead)(what, source=lead.source, culprit=lead.culprit, day=lead.day, fix=fix, **said)
