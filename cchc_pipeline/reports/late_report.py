"""Report late dossiers by cause and unit, with or without a letter of apology."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from cchc_pipeline.lake.engine import run_sql
from cchc_pipeline.lake.publish import read_published
from cchc_pipeline.reports.scope import Scope, scope

#: cause (code list late_cause) -> Vietnamese label
CAUSES = {
    "in_fact": "Trễ hạn thực tế",
    "other_authority": "Trễ hạn do chờ cơ quan ngoài tỉnh",
    "software_only": "Trễ hạn chỉ trên phần mềm (bản giấy đúng hoặc trước hạn)",
    "unknown": "Trễ hạn chưa rõ nguyên nhân",
}


@dataclass(frozen=True)
class LateReport:
    """Dossiers resolved late in a period, and those overdue on the last day of data.

    `dossiers` and `overdue` are rows of the published `late_dossiers`, in order of unit, cause and end.
    """

    scope: Scope
    dossiers: list[dict[str, Any]]
    overdue: list[dict[str, Any]]

    def by_cause(self) -> list[tuple[str, int, int]]:
        """Return (cause, dossiers resolved late, those of them with a letter of apology)."""
        return [
            (cause, len(of), sum(row["apology_on"] is not None for row in of))
            for cause in CAUSES
            for of in [[row for row in self.dossiers if row["cause"] == cause]]
        ]

    def by_unit(self) -> list[tuple[str, str, dict[str, tuple[int, int]]]]:
        """Return (unit code, name, cause -> (dossiers resolved late, with a letter)).

        Units without a late dossier are left out.
        """
        counts = Counter((row["unit_code"], row["cause"]) for row in self.dossiers)
        letters = Counter((row["unit_code"], row["cause"]) for row in self.dossiers if row["apology_on"] is not None)
        units = sorted({row["unit_code"] for row in self.dossiers})
        return [
            (unit, self.scope.names.get(unit, unit), {c: (counts[unit, c], letters[unit, c]) for c in CAUSES})
            for unit in units
        ]

    def as_dict(self) -> dict[str, Any]:
        """Return counts by cause and by unit, and every dossier, with dates as text."""
        return {
            "unit_code": self.scope.unit_code,
            "unit_name": self.scope.unit_name,
            "period_start": self.scope.first.isoformat(),
            "period_end": self.scope.last.isoformat(),
            "resolved_late": len(self.dossiers),
            "causes": {cause: {"count": n, "with_apology": letters} for cause, n, letters in self.by_cause()},
            "units": [
                {
                    "unit_code": code,
                    "unit_name": name,
                    **{cause: {"count": n, "with_apology": letters} for cause, (n, letters) in causes.items()},
                }
                for code, name, causes in self.by_unit()
            ],
            "dossiers": [_plain(row) for row in self.dossiers],
            "open_overdue": [_plain(row) for row in self.overdue],
        }


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()}


def late_report(
    published: Path, first: date | None = None, last: date | None = None, unit: str | None = None
) -> LateReport:
    """Compute the report for a unit with everything below it, as published.

    Args:
        published: the published folder.
        first: first day of the period, by day of resolution; the first day of data by default.
        last: last day of the period; the last day of data by default.
        unit: canonical unit code; the province by default.

    Raises:
        ReportError: the period is reversed or outside of the data, or the unit is unknown.
        PublishError: nothing was published.
    """
    about = scope(published, first, last, unit)
    rows = run_sql(
        "SELECT * FROM late WHERE list_contains($units, unit_code) "
        "AND (resolution = 'open_overdue' OR finished_on BETWEEN $first AND $last) "
        "ORDER BY unit_code, cause, finished_on, dossier_code, dossier_id",
        params={"units": about.below(), "first": about.first, "last": about.last},
        late=read_published(published, "late_dossiers"),
    ).to_pylist()
    return LateReport(
        about,
        [row for row in rows if row["resolution"] == "resolved_late"],
        [row for row in rows if row["resolution"] == "open_overdue"],
    )
