"""Compute form II.06a/VPCP/KSTT (Thông tư 01/2020/TT-VPCP) over any period."""

from __future__ import annotations

from dataclasses import dataclass

from cchc_pipeline.lake.engine import run_file
from cchc_pipeline.reports.scope import Scope

#: code of a row of the form -> Vietnamese label, and the row that its percentage is of
ROWS: dict[str, tuple[str, str | None]] = {
    "total": ("Tổng số hồ sơ (gồm kỳ trước chuyển sang)", None),
    "received": ("Tiếp nhận trong kỳ", None),
    "received_online": ("  - Trực tuyến", "received"),
    "received_direct": ("  - Trực tiếp", "received"),
    "received_postal": ("  - Bưu chính công ích", "received"),
    "carried_over": ("Từ kỳ trước chuyển sang", None),
    "resolved": ("Đã giải quyết", None),
    "resolved_early": ("  - Trước hạn", "resolved"),
    "resolved_on_time": ("  - Đúng hạn", "resolved"),
    "resolved_late": ("  - Quá hạn", "resolved"),
    "pending": ("Đang giải quyết", None),
    "pending_in_time": ("  - Trong hạn", "pending"),
    "pending_overdue": ("  - Quá hạn", "pending"),
}


@dataclass(frozen=True)
class DossierForm:
    """Counts of dossiers of a unit with everything below it, by code of `ROWS`."""

    scope: Scope
    counts: dict[str, int]

    def rows(self) -> list[tuple[str, str, int, float | None]]:
        """Return rows of the form: code, Vietnamese label, count, % of its base or None."""
        held = self.counts
        return [
            (code, label, held[code], 100 * held[code] / held[base] if base and held[base] else None)
            for code, (label, base) in ROWS.items()
        ]

    def as_dict(self) -> dict[str, object]:
        """Return figures by English code; percentages with two decimals."""
        shares = {f"{code}_pct": round(pct, 2) for code, _, _, pct in self.rows() if pct is not None}
        return {**self.scope.as_dict(), **self.counts, **shares}


def dossier_form(about: Scope) -> DossierForm:
    """Compute the form for a period and unit, from the current published version."""
    given = {"units": about.below(), "first": about.first, "last": about.last}
    (counts,) = run_file("reports/dossier_form", params=given, events=about.read("dossier_events")).to_pylist()
    return DossierForm(about, counts)
