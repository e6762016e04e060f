"""Compute what is asked over a scope: form II.06a, late dossiers, an indicator."""

from __future__ import annotations

import difflib
from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.lake.engine import run_file, run_sql
from cchc_pipeline.lake.files import Store
from cchc_pipeline.lake.publish import published_version
from cchc_pipeline.reference.unit_map import MapName
from cchc_pipeline.reports.scope import ReportError, Scope
from cchc_pipeline.scorecards.source_reasons import is_known
from cchc_pipeline.sources.states import TABLE as STATES

#: code of a row of form II.06a/VPCP/KSTT (Thông tư 01/2020/TT-VPCP) -> Vietnamese label, and the row that its % is of
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
    """Return the counts of form II.06a of a unit with everything below it, by code of `ROWS`."""
    given = {"units": about.below(), "first": about.first, "last": about.last}
    (counts,) = run_file("reports/dossier_form", params=given, events=about.read("dossier_events")).to_pylist()
    return counts


def shares(counts: dict[str, int]) -> dict[str, float]:
    """Return code -> % of the row that it is of, where that one counts something."""
    return {code: 100 * counts[code] / counts[base] for code, (_, base) in ROWS.items() if base and counts[base]}


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
    `letters_missing_vi` says why nobody knows of letters of apology, where the document system was not read for the
    period.
    """

    scope: Scope
    dossiers: list[dict[str, Any]]
    overdue: list[dict[str, Any]]
    letters_missing_vi: str | None = None

    def by_cause(self, unit: str | None = None) -> dict[str, tuple[int, int | None]]:
        """Return cause -> (dossiers resolved late, those with a letter of apology; None where nobody knows).

        They are those of all units, or of one.
        """
        rows = [row for row in self.dossiers if unit in (None, row["unit_code"])]
        counts = Counter(row["cause"] for row in rows)
        letters = Counter(row["cause"] for row in rows if row["apology_on"] is not None)
        return {cause: (counts[cause], None if self.letters_missing_vi else letters[cause]) for cause in CAUSES}

    def by_unit(self) -> list[tuple[str, str, dict[str, tuple[int, int | None]]]]:
        """Return (code, name, counts as `by_cause`) of every unit with a late dossier."""
        units = sorted({row["unit_code"] for row in self.dossiers})
        return [(unit, self.scope.names.get(unit, unit), self.by_cause(unit)) for unit in units]

    def as_dict(self) -> dict[str, Any]:
        """Return counts by cause and by unit, and every dossier."""

        def named(causes: dict[str, tuple[int, int | None]]) -> dict[str, dict[str, int | None]]:
            return {cause: {"count": n, "with_apology": letters} for cause, (n, letters) in causes.items()}

        return {
            **self.scope.as_dict(),
            "resolved_late": len(self.dossiers),
            "letters_missing_vi": self.letters_missing_vi,
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
    resolved, overdue = ([row for row in rows if row["resolution"] == kind] for kind in kinds)
    states = Store(published_version(about.published)).read(STATES, schema=load_contract(STATES).arrow_schema())
    told = [row for row in states.to_pylist() if row["source"] == "documents"]  # older versions lack the table
    unread = [row["sentence_vi"].removesuffix(".") for row in told if not is_known(row, about.first, about.last)]
    return LateReport(about, resolved, overdue, *unread)


_TABLES: dict[MapName, str] = {"as-was": "indicator_values", "today": "indicator_values_today"}
MAPS_VI: dict[MapName, str] = {"as-was": "theo địa giới của từng thời kỳ", "today": "theo địa giới hiện nay"}
COLUMNS = ("period_start", "period_end", "numerator", "denominator", "value", "is_exact", "note_vi")


def indicator_series(
    about: Scope, indicator: str, which: MapName, kind: str, first: date | None = None, last: date | None = None
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return an indicator by period, for the periods of a kind that touch the days from `first` to `last`.

    On the map `as-was` the rows come from `indicator_values`, on `today` from `indicator_values_today`; `kind` is the
    period type. The period of the scope is not asked; without `first` and `last` there is no limit.

    Returns:
        Its row in `indicators`, and the rows, oldest first: the columns of `COLUMNS`; key: period_start.

    Raises:
        ReportError: the indicator is unknown, or the unit has no row on this map in these periods.
    """
    listed = {row["indicator_id"]: row for row in about.read("indicators").to_pylist()}
    if indicator not in listed:
        near = difflib.get_close_matches(indicator, listed, n=5, cutoff=0.3) or sorted(listed)[:5]
        raise ReportError(f"report: no indicator {indicator}. Did you mean {', '.join(near)}? See docs/indicators.md.")
    given = {"indicator": indicator, "unit": about.unit_code, "kind": kind, "first": first, "last": last}
    held = run_file("reports/indicator_series", params=given, held=about.read(_TABLES[which]))
    exact = {"is_exact": True, "note_vi": None}
    rows = [{name: {**exact, **row}[name] for name in COLUMNS} for row in held.to_pylist()]
    if not rows:
        heirs = " ".join(part.unit_id for part in about.history.successors(about.unit_code) if part.unit_id)
        fix = (
            f"it went into {heirs}: ask for that unit" if heirs and which == "today" else "choose other days or periods"
        )
        raise ReportError(
            f"report: {about.unit_code} {about.unit_name} has no {kind} of {indicator} there on the map '{which}'; "
            f"{fix}."
        )
    return listed[indicator], rows
