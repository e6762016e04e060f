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

from cchc_pipeline.days import Period, Window, today
from cchc_pipeline.progress import Progress
from cchc_pipeline.reference.unit_codes import canonical_unit_code
from cchc_pipeline.sources.errors import FileUnusable, PageInsteadOfData, PageRepeated, ReplyBroken, SourceError
from cchc_pipeline.sources.evidence import Evidence
from cchc_pipeline.sources.http import HttpClient
from cchc_pipeline.sources.national_portal.catalogue import current_pass, pages_due, parse_page, read_pages
from cchc_pipeline.sources.national_portal.replies import COUNTRY, Reply, join_units, parse_reply, settle, warnings
from cchc_pipeline.sources.national_portal.requests import (
    FORMALITIES_PATH,
    METRICS,
    PROCEDURES,
    PROVINCES,
    PageRequest,
    ReportRequest,
    night_requests,
)
from cchc_pipeline.sources.national_portal.saved import newest_day, read_saved
from cchc_pipeline.sources.protocol import Batch, KnownState, Row
from cchc_pipeline.sources.records import mapping_or_empty, text_or_none, value_at

#: How many reports that broke are named to officials.
_NAMED = 5
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
        captured_on: the civil day that the figures of the last pull are of.
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
        """Yield one batch of each table for the last day of the window.

        The catalogue has one on some days off only; a page of it that cannot be read is named in `notes` and due again.
        Where a folder of saved replies lies for a day of the window, they are read and nothing is asked. A report that
        cannot be used leaves the others: what was read is yielded before the error is raised. A refusal (any HTTP
        status but success, or a web page) ends the pull: nothing more is asked.
        """
        day, self.notes = window.last, {}
        pages: list[Row] = []
        saved_on = newest_day(self._saved, window) if self._saved else None
        if self._saved and saved_on:
            progress(0, None, f"portal replies saved on {saved_on}")
            held = read_saved(self._saved, saved_on, self._province)
            listed, replies, faults, captured_on = held.provinces, held.replies, held.faults, held.day
            for name, content, request in held.raw:
                self.evidence.add(name, content, request, "file")
            pages = self._saved_pages(held.pages, known, captured_on, faults)
        else:
            captured_on = self._today()
            due = pages_due(window, known)
            listed, replies, faults = self._asked(window, progress, with_closed=not due)
            if not any(map(_is_refusal, faults)):
                pages = self._read_catalogue(due, known, captured_on, progress)
        self.captured_on, self.is_saved = captured_on, saved_on is not None
        replies, of_other_months = settle(replies)
        faults = [*faults, *of_other_months]
        self.notes[METRICS] = "; ".join(warnings(replies)) or "reports agree"
        # A portal that answers about something else than asked may do so in its list, too.
        is_astray = not replies and any(isinstance(fault, PageRepeated) for fault in faults)
        if listed and not is_astray:
            self.notes[PROVINCES] = f"{len(listed.children)} provinces"
            yield Batch(PROVINCES, day, _province_rows(listed, captured_on))
        if replies:
            rows = join_units([*replies, *([listed] if listed else ())], captured_on)
            below = {identity for reply in replies for identity in reply.children if self._with_children}
            kept = below | {reply.request.root_id for reply in replies}
            own = (row for row in rows if row["unit_code"] != COUNTRY)
            yield Batch(METRICS, day, [row for row in own if row["department_id"] in kept])
        if pages:
            yield Batch(PROCEDURES, day, pages)
        if faults:
            raise _joined(faults, is_all=not replies)

    def _read_catalogue(
        self, due: Sequence[PageRequest], known: KnownState, captured_on: date, progress: Progress
    ) -> list[Row]:
        """Return the records of the pages that are due; a page that cannot be used ends the reading, with a note."""
        rows: list[Row] = []
        if due and (current := current_pass(known, due[0].day or captured_on)):
            began_on = current.began_on if current.total else captured_on
            try:
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

    def _saved_pages(
        self, found: Sequence[tuple[bytes, PageRequest]], known: KnownState, saved_on: date, faults: list[SourceError]
    ) -> list[Row]:
        current = current_pass(known, saved_on)
        began_on = current.began_on if current and current.total else saved_on
        rows: list[Row] = []
        for content, request in found:
            try:
                rows += parse_page(content, request, began_on, saved_on)
            except SourceError as fault:
                faults.append(fault)
        return rows

    def _asked(
        self, window: Window, progress: Progress, *, with_closed: bool
    ) -> tuple[Reply, list[Reply], list[SourceError]]:
        """Ask for the list of provinces, then for every report of every period, one after the other."""
        (asked,) = night_requests(window, None)
        listed = self._ask(asked, None)
        _, *requests = night_requests(window, self._root(listed), with_closed=with_closed)
        total = 1 + len(requests)
        progress(1, total, "portal's list of provinces")
        replies: list[Reply] = []
        faults: list[SourceError] = []
        for number, request in enumerate(requests, start=2):
            try:
                replies.append(self._ask(request, self._province))
            except SourceError as fault:
                faults.append(fault)
                if _is_refusal(fault):
                    break
            progress(number, total, f"portal reports, {request.period}")
        return listed, replies, faults

    def of_procedure(self, report: str, period: Period, procedure: str) -> list[Row]:
        """Ask for one report of a single procedure, of the province and all its children.

        Args:
            report: any but `service-results` and `handling-satisfaction`.
            period: month, quarter or year.
            procedure: code of the procedure, or its UUID on the portal.

        Returns:
            Records as those of `national_portal__metrics`; they are figures of the procedure, never of the unit.

        Raises:
            ValueError: the report cannot be had for a single procedure.
            SourceError: the portal gave no usable reply, or does not know the procedure.
        """
        (asked,) = night_requests(Window(period.first, period.last), None)
        listed = self._ask(asked, None)
        request = ReportRequest(report, period, self._root(listed), procedure)
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
        for identity, unit in listed.units.items():
            if identity and canonical_unit_code(unit["unit_code"]) == self._province:
                return identity
        fix = "check the province code in the settings: since 1/7/2025 there are 34 provinces"
        raise listed.request.error(ReplyBroken, f"province {self._province} is not in the portal's list", fix)


def _is_refusal(fault: SourceError) -> bool:
    return not isinstance(fault, ReplyBroken) or isinstance(fault, PageInsteadOfData)


def _province_rows(listed: Reply, captured_on: date) -> list[Row]:
    """Return the figures of the provinces, and of the country, whose counts by kind are left out."""
    rows = [row for row in join_units([listed], captured_on) if not row["metric_code"].startswith("FIELD.")]
    return [{name: row[name] for name in PROVINCE_COLUMNS} for row in rows]


def _joined(faults: list[SourceError], *, is_all: bool) -> SourceError:
    """Return the only fault, or one that names all: of the kind of a refusal, else of the first."""
    refusals = (one for one in faults if not isinstance(one, ReplyBroken) or isinstance(one, PageInsteadOfData))
    lead = faults[0] if is_all else next(refusals, faults[0])
    said: dict[str, Any] = {}
    if not is_all and not any(_is_refusal(fault) and not isinstance(fault, FileUnusable) for fault in faults):
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
