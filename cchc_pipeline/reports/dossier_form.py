"""Compute form II.06a/VPCP/KSTT (Thông tư 01/2020/TT-VPCP) over any period."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from cchc_pipeline.lake.engine import run_sql
from cchc_pipeline.lake.publish import read_published
from cchc_pipeline.reports.scope import scope


@dataclass(frozen=True)
class DossierForm:
    """Counts of dossiers of one unit (with everything below it) over a period.

    `total` is column 3 of the form: received in the period plus carried over into it.
    """

    unit_code: str
    unit_name: str
    period_start: date
    period_end: date
    received: int
    received_online: int
    received_direct: int
    received_postal: int
    carried_over: int
    resolved: int
    resolved_early: int
    resolved_on_time: int
    resolved_late: int
    pending: int
    pending_in_time: int
    pending_overdue: int

    @property
    def total(self) -> int:
        """Return column 3: received in the period plus carried over."""
        return self.received + self.carried_over

    def rows(self) -> list[tuple[str, str, int, float | None]]:
        """Return rows of the form: code, Vietnamese label, count, % of its base or None."""

        def share(part: int, whole: int) -> float | None:
            return 100 * part / whole if whole else None

        return [
            ("total", "Tổng số hồ sơ (gồm kỳ trước chuyển sang)", self.total, None),
            ("received", "Tiếp nhận trong kỳ", self.received, None),
            ("received_online", "  - Trực tuyến", self.received_online, share(self.received_online, self.received)),
            ("received_direct", "  - Trực tiếp", self.received_direct, share(self.received_direct, self.received)),
            (
                "received_postal",
                "  - Bưu chính công ích",
                self.received_postal,
                share(self.received_postal, self.received),
            ),
            ("carried_over", "Từ kỳ trước chuyển sang", self.carried_over, None),
            ("resolved", "Đã giải quyết", self.resolved, None),
            ("resolved_early", "  - Trước hạn", self.resolved_early, share(self.resolved_early, self.resolved)),
            ("resolved_on_time", "  - Đúng hạn", self.resolved_on_time, share(self.resolved_on_time, self.resolved)),
            ("resolved_late", "  - Quá hạn", self.resolved_late, share(self.resolved_late, self.resolved)),
            ("pending", "Đang giải quyết", self.pending, None),
            ("pending_in_time", "  - Trong hạn", self.pending_in_time, share(self.pending_in_time, self.pending)),
            ("pending_overdue", "  - Quá hạn", self.pending_overdue, share(self.pending_overdue, self.pending)),
        ]

    def as_dict(self) -> dict[str, object]:
        """Return figures by English code; percentages with two decimals, dates as text."""
        found: dict[str, object] = {**asdict(self), "total": self.total}
        found |= {f"{code}_pct": round(pct, 2) for code, _, _, pct in self.rows() if pct is not None}
        return {name: value.isoformat() if isinstance(value, date) else value for name, value in found.items()}


_QUERY = """
WITH below AS (SELECT UNNEST($units) AS unit_code),
counted AS (SELECT events.* FROM events SEMI JOIN below ON below.unit_code = events.unit_code),
during AS (SELECT * FROM counted WHERE event_on BETWEEN $first AND $last),
flows AS (
    SELECT
        SUM(quantity) FILTER (measure = 'received') AS received,
        SUM(quantity) FILTER (measure = 'received' AND channel = 'online') AS received_online,
        SUM(quantity) FILTER (measure = 'received' AND channel = 'direct') AS received_direct,
        SUM(quantity) FILTER (measure = 'received' AND channel = 'postal') AS received_postal,
        SUM(quantity) FILTER (measure = 'resolved_early') AS resolved_early,
        SUM(quantity) FILTER (measure = 'resolved_on_time') AS resolved_on_time,
        SUM(quantity) FILTER (measure = 'resolved_late') AS resolved_late
    FROM during
),
stocks AS (
    SELECT
        SUM(CASE measure WHEN 'received' THEN quantity ELSE -quantity END) FILTER (
            measure IN ('received', 'resolved_early', 'resolved_on_time', 'resolved_late') AND event_on < $first
        ) AS carried_over,
        SUM(CASE measure WHEN 'received' THEN quantity ELSE -quantity END) FILTER (
            measure IN ('received', 'resolved_early', 'resolved_on_time', 'resolved_late') AND event_on <= $last
        ) AS pending,
        SUM(CASE measure WHEN 'became_overdue' THEN quantity ELSE -quantity END) FILTER (
            measure IN ('became_overdue', 'overdue_ended') AND event_on <= $last
        ) AS pending_overdue
    FROM counted
)
SELECT * FROM flows, stocks
"""


def dossier_form(published: Path, first: date, last: date, unit: str | None = None) -> DossierForm:
    """Compute the form for a period, from the current published version.

    Events are counted by the day on which they happened. Pending and carried over are what was received minus what was
    resolved until the end of the period, and before it.

    Args:
        published: the published folder.
        first: first day of the period.
        last: last day of the period.
        unit: canonical unit code; the province by default.

    Raises:
        ReportError: the period is reversed or outside of the data, or the unit is unknown.
        PublishError: nothing was published.
    """
    about = scope(published, first, last, unit)
    unit = about.unit_code
    given = {"units": about.below(), "first": first, "last": last}
    (row,) = run_sql(_QUERY, params=given, events=read_published(published, "dossier_events")).to_pylist()
    found = {name: round(value or 0) for name, value in row.items()}
    resolved = found["resolved_early"] + found["resolved_on_time"] + found["resolved_late"]
    return DossierForm(
        unit_code=unit,
        unit_name=about.unit_name,
        period_start=first,
        period_end=last,
        resolved=resolved,
        pending_in_time=found["pending"] - found["pending_overdue"],
        **found,
    )
