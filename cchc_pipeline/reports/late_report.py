"""Report late dossiers by cause and unit, with or without a letter of apology."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from cchc_pipeline.lake.engine import run_sql
from cchc_pipeline.reports.scope import Scope

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

    def by_cause(self, unit: str | None = None) -> dict[str, tuple[int, int]]:
        """Return cause -> (dossiers resolved late, those with a letter of apology).

        They are those of all units, or of one.
        """
        rows = [row for row in self.dossiers if unit in (None, row["unit_code"])]
        counts = Counter(row["cause"] for row in rows)
        letters = Counter(row["cause"] for row in rows if row["apology_on"] is not None)
        return {cause: (counts[cause], letters[cause]) for cause in CAUSES}

    def by_unit(self) -> list[tuple[str, str, dict[str, tuple[int, int]]]]:
        """Return (code, name, counts as `by_cause`) of every unit with a late dossier."""
        units = sorted({row["unit_code"] for row in self.dossiers})
        return [(unit, self.scope.names.get(unit, unit), self.by_cause(unit)) for unit in units]

    def as_dict(self) -> dict[str, Any]:
        """Return counts by cause and by unit, and every dossier."""

        def named(causes: dict[str, tuple[int, int]]) -> dict[str, dict[str, int]]:
            return {cause: {"count": n, "with_apology": letters} for cause, (n, letters) in causes.items()}

        return {
            **self.scope.as_dict(),
            "resolved_late": len(self.dossiers),
            "causes": named(self.by_cause()),
            "units": [{"unit_code": code, "unit_name": name, **named(found)} for code, name, found in self.by_unit()],
            "dossiers": self.dossiers,
            "open_overdue": self.overdue,
        }


def late_report(about: Scope) -> LateReport:
    """Compute the report for a unit with everything below it, by day of resolution."""
    rows = run_sql(
        "SELECT * FROM late WHERE list_contains($units, unit_code) "
        "AND (resolution = 'open_overdue' OR finished_on BETWEEN $first AND $last) "
        "ORDER BY unit_code, cause, finished_on, dossier_code, dossier_id",
        params={"units": about.below(), "first": about.first, "last": about.last},
        late=about.read("late_dossiers"),
    ).to_pylist()
    kinds = ("resolved_late", "open_overdue")
    return LateReport(about, *([row for row in rows if row["resolution"] == kind] for kind in kinds))
