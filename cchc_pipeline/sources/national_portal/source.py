"""Read the national portal's evaluation reports (QĐ 766) of a province.

A report is about a whole month, quarter or year; the portal recomputes it while the period runs and for a while after.
So a night reads the periods of its window and the month before, as they stand now, into one batch for its last day.
Numbers are carried as published, null included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import ClassVar

from cchc_pipeline.days import Window, period_of, today
from cchc_pipeline.progress import Progress
from cchc_pipeline.reference.unit_codes import canonical_unit_code
from cchc_pipeline.sources.errors import ReplyBroken, SourceError
from cchc_pipeline.sources.http import HttpClient
from cchc_pipeline.sources.national_portal.replies import Reply, join_units, parse_reply, warnings
from cchc_pipeline.sources.national_portal.requests import REPORTS, SERVICE_RESULTS, ReportRequest, periods_to_read
from cchc_pipeline.sources.protocol import Batch, KnownState, Row

METRICS = "national_portal__metrics"
PROVINCES = "national_portal__provinces"
_OF_METRICS_ONLY = ("child_group", "report", "group_code", "metric_name", "numerator", "denominator", "max_score")
_QUALITY = ("data_quality_status", "data_quality_message")


class NationalPortalSource:
    """Adapter for the portal's public reports; no credentials, one call at a time.

    A night is one call for the list of provinces and seven for each period: 29.

    Args:
        http: client of the portal.
        province_code: canonical code of the province, as in the portal's list.
        with_children: also keep the figures of the departments and communes.
        today: the civil day of a pull, which is kept with its figures.

    Attributes:
        notes: table to what the last pull has to say of it: reports out of step, lists of other lengths.
    """

    name: ClassVar[str] = "national_portal"
    tables: ClassVar[tuple[str, ...]] = (METRICS, PROVINCES)

    def __init__(
        self,
        http: HttpClient,
        province_code: str,
        *,
        with_children: bool = True,
        today: Callable[[], date] = today,
    ) -> None:
        self._http = http
        self._province = province_code
        self._with_children = with_children
        self._today = today
        self.notes: dict[str, str] = {}

    def pull(self, window: Window, known: KnownState, progress: Progress) -> Iterator[Batch]:
        """Yield one batch of each table for the last day of the window.

        A report that cannot be used leaves the others: what was read is yielded before the error is raised. A refusal
        (any HTTP status but success, or a web page) ends the pull: nothing more is asked.
        """
        del known
        day, captured_on, periods = window.last, self._today(), periods_to_read(window)
        total = 1 + len(periods) * len(REPORTS)
        listed = self._ask(ReportRequest(SERVICE_RESULTS, period_of("year", day), day=day), None)
        progress(1, total, "portal's list of provinces")
        root = self._root(listed)
        requests = [ReportRequest(report, period, root, day=day) for period in periods for report in REPORTS]
        replies: list[Reply] = []
        faults: list[SourceError] = []
        for number, request in enumerate(requests, start=2):
            try:
                replies.append(self._ask(request, self._province))
            except SourceError as fault:
                faults.append(fault)
                if not isinstance(fault, ReplyBroken) or fault.details.get("is_page"):
                    break
            progress(number, total, f"portal reports, {request.period}")
        provinces = _province_rows(listed, captured_on)
        self.notes = {PROVINCES: f"{len(listed.children)} provinces"}
        yield Batch(PROVINCES, day, provinces)
        if replies:
            rows = join_units([*replies, listed], captured_on)
            kept = {root, *(identity for reply in replies for identity in reply.children if self._with_children)}
            rows = [row for row in rows if row["department_id"] in kept]
            self.notes[METRICS] = "; ".join(warnings(replies)) or "reports agree"
            yield Batch(METRICS, day, rows)
        if faults:
            raise _joined(faults)

    def _ask(self, request: ReportRequest, province_code: str | None) -> Reply:
        with self._http.reading(request.day, f"{request.report} of {request.period}"):
            return parse_reply(self._http.ask("POST", request.path, json=request.body()), request, province_code)

    def _root(self, listed: Reply) -> str:
        for identity, unit in listed.units.items():
            if identity and canonical_unit_code(unit["unit_code"]) == self._province:
                return identity
        fix = "check the province code in the settings: since 1/7/2025 there are 34 provinces"
        raise listed.request.error(ReplyBroken, f"province {self._province} is not in the portal's list", fix)


def _province_rows(listed: Reply, captured_on: date) -> list[Row]:
    rows = [row for row in join_units([listed], captured_on) if row["department_id"] in listed.children]
    left_out = {*_OF_METRICS_ONLY, *_QUALITY}
    return [{name: value for name, value in row.items() if name not in left_out} for row in rows]


def _joined(faults: list[SourceError]) -> SourceError:
    """Return the only fault, or one that names all of them; a refusal counts as what it is."""
    last = faults[-1]
    if len(faults) == 1:
        return last
    kind = (
        type(last) if len({type(fault) for fault in faults}) == 1 or not isinstance(last, ReplyBroken) else ReplyBroken
    )
    what = "; ".join(f"{fault.details['what']} ({fault.details['reading']})" for fault in faults)
    fix = "; ".join(dict.fromkeys(fault.fix for fault in faults))
    return kind(what, source=last.source, culprit=last.culprit, day=last.day, fix=fix)
