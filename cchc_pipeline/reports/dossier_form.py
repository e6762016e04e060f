"""Compute form II.06a/VPCP/KSTT (Thông tư 01/2020/TT-VPCP) over any period."""

from __future__ import annotations

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


def dossier_form(about: Scope) -> dict[str, int]:
    """Return the counts of a unit with everything below it by code of `ROWS`, as currently published."""
    given = {"units": about.below(), "first": about.first, "last": about.last}
    (counts,) = run_file("reports/dossier_form", params=given, events=about.read("dossier_events")).to_pylist()
    return counts


def shares(counts: dict[str, int]) -> dict[str, float]:
    """Return code -> % of the row that it is of, where that one counts something."""
    return {code: 100 * counts[code] / counts[base] for code, (_, base) in ROWS.items() if base and counts[base]}
