"""Plan and word the requests to the national portal: evaluation reports, and pages of its catalogue.

The plan of a night is `night_requests`, and `pages_due` of `catalogue.py`; the adapter asks it, and
`cchc portal requests` prints it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from cchc_pipeline.days import Period, Window, period_of, periods_of
from cchc_pipeline.sources import errors

#: The portal's inbound tables: figures of our units, the list of provinces, the catalogue of procedures.
METRICS, PROVINCES, PROCEDURES = (f"national_portal__{table}" for table in ("metrics", "provinces", "procedures"))
SERVICE_RESULTS, SATISFACTION = "service-results", "handling-satisfaction"
#: Report -> the group of QĐ 766 that it explains; `service-results` has the total and five groups.
GROUP_OF = {
    "transparency": "CKMB",
    "dvc-progress-tree": "TDGQ",
    "provide-online-tree": "ONLINE",
    "formality-online-payment-tree": "TTTT",
    "dossier-digitized": "MDSH",
    SATISFACTION: "MDHL",
}
REPORTS = (SERVICE_RESULTS, *GROUP_OF)
REPORT_PATH = "/api/v1/reporting/evaluation/"
FORMALITIES_PATH = "/api/v1/reporting/formalities"
#: Calls of a night at most: seven reports of four periods, and the list of provinces.
NIGHT_CALLS = 29
#: The largest page seen; it held every child of a province, and nobody was seen to ask for a second page.
PAGE_SIZE = 300
#: Key of a procedure's UUID, by report; `service-results` and satisfaction take none.
_FORMALITY_KEY = {report: "formalityId" for report in GROUP_OF if report != SATISFACTION} | {
    "dossier-digitized": "formalityID"
}
#: Reports that can be had for a single procedure.
PROCEDURE_REPORTS = tuple(_FORMALITY_KEY)


@dataclass(frozen=True)
class ReportRequest:
    """Request for one report of a period.

    Attributes:
        report: name of the report in the address.
        period: month, quarter or year.
        root_id: UUID of the province; None asks for the 34 provinces.
        formality_id: UUID of a procedure that the report is restricted to.
        culprit: file that the reply lies in; the address where it came over HTTP.
        day: day of the pull that the reply is for.
    """

    report: str
    period: Period
    root_id: str | None = None
    formality_id: str | None = None
    culprit: str | None = None
    day: date | None = None

    @property
    def path(self) -> str:
        """Return the path of the report."""
        return REPORT_PATH + self.report

    @property
    def file_name(self) -> str:
        """Return the name under which a person saves the reply."""
        return f"{self.report}-{self.period}{'' if self.root_id else '-provinces'}.json"

    def body(self) -> dict[str, Any]:
        """Return the JSON body.

        Raises:
            ValueError: the report cannot be had for a single procedure.
        """
        period = self.period
        if self.report == SATISFACTION:
            body: dict[str, Any] = {"fromDate": f"{period.first}", "toDate": f"{period.last}"}
        else:
            body = {"timeType": period.kind, "year": period.first.year}
            number = {"month": period.first.month, "quarter": (period.first.month + 2) // 3}.get(period.kind)
            body |= {} if number is None else {period.kind: number}
        body |= {} if self.root_id is None else {"rootDepartmentId": self.root_id}
        body |= {"currentPage": 1, "pageSize": PAGE_SIZE}
        if self.formality_id is not None:
            if self.report not in _FORMALITY_KEY:
                raise ValueError(f"{self.report} cannot be asked for a single procedure")
            body[_FORMALITY_KEY[self.report]] = self.formality_id
        return body

    def error(self, kind: type[errors.SourceError], what: str, fix: str | None = None) -> errors.SourceError:
        """Build an error that names report, period and fix."""
        reading = f"{self.report} of {self.period}"
        return kind(
            what, source="national_portal", culprit=self.culprit or self.path, day=self.day, reading=reading, fix=fix
        )


@dataclass(frozen=True)
class PageRequest:
    """Request for one page of the catalogue of procedures; `culprit` and `day` as in `ReportRequest`."""

    page: int
    size: int
    culprit: str | None = None
    day: date | None = None

    path: ClassVar[str] = FORMALITIES_PATH

    @property
    def file_name(self) -> str:
        """Return the name under which a person saves the reply."""
        return f"formalities-{self.page:04d}-of-{self.size}.json"

    def body(self) -> dict[str, Any]:
        """Return the JSON body."""
        return {"currentPage": self.page, "pageSize": self.size}

    def error(self, kind: type[errors.SourceError], what: str, fix: str | None = None) -> errors.SourceError:
        """Build an error that names page and fix."""
        reading = f"page {self.page} of the catalogue of procedures"
        return kind(
            what, source="national_portal", culprit=self.culprit or self.path, day=self.day, reading=reading, fix=fix
        )


def read_request(report: str, body: Mapping[str, Any], culprit: str | None = None) -> ReportRequest:
    """Read the request that was saved beside a reply.

    Raises:
        ValueError: the report is unknown, the body names no month, quarter or year, or an identifier is no text.
    """
    if report not in REPORTS:
        raise ValueError(f"{report!r} is no report; use one of {', '.join(REPORTS)}")
    try:
        if "fromDate" in body:
            first, last = (date.fromisoformat(str(body[key])[:10]) for key in ("fromDate", "toDate"))
            kinds = [
                kind for kind in ("month", "quarter", "year") if period_of(kind, first) == Period(kind, first, last)
            ]
            kind = kinds[0]
        else:
            kind = str(body["timeType"]).lower()
            months = {"month": 1, "quarter": 3, "year": 12}[kind]
            first = date(int(body["year"]), 1 if kind == "year" else (int(body[kind]) - 1) * months + 1, 1)
    except (KeyError, IndexError, TypeError, ValueError, OverflowError):
        keys = "timeType and year with month or quarter, or fromDate and toDate"
        raise ValueError(f"the request names no month, quarter or year; it needs {keys}") from None
    root, formality = body.get("rootDepartmentId"), body.get("formalityId") or body.get("formalityID")
    for name, value in (("rootDepartmentId", root), ("formalityId", formality)):
        if value is not None and not isinstance(value, str):
            raise ValueError(f"{name} is no identifier, but {type(value).__name__}")
    return ReportRequest(report, period_of(kind, first), (root or "").strip().lower() or None, formality, culprit)


def night_requests(window: Window, root_id: str | None, *, with_closed: bool = True) -> list[ReportRequest]:
    """Return the requests of a night: the list of provinces, and every report of every period of the province.

    Without the UUID of the province, only the list. On `with_closed` see `periods_to_read`.
    """
    day = window.last
    listed = ReportRequest(SERVICE_RESULTS, period_of("year", day), day=day)
    if root_id is None:
        return [listed]
    periods = periods_to_read(window, with_closed=with_closed)
    return [listed, *(ReportRequest(report, period, root_id, day=day) for period in periods for report in REPORTS)]


def periods_to_read(window: Window, *, with_closed: bool = True) -> list[Period]:
    """Return the periods of a night: those of the window, and the month before its last.

    A closed month still moves, so it is read for a month more; without `with_closed` its calls are left to others.
    """
    found, before = periods_of(window.days()), closed_month(window)
    return found if before in found or not with_closed else [*found, before]


def closed_month(window: Window) -> Period:
    """Return the month before that of the last day of a window."""
    return period_of("month", window.last).before()
