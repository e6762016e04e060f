"""List one indicator of one unit over the published periods."""

from __future__ import annotations

import difflib
from datetime import date
from typing import Any

from cchc_pipeline.lake.engine import run_file
from cchc_pipeline.reference.unit_map import MapName
from cchc_pipeline.reports.scope import ReportError, Scope

_TABLES: dict[MapName, str] = {"as-was": "indicator_values", "today": "indicator_values_today"}
MAPS_VI: dict[MapName, str] = {"as-was": "theo địa giới của từng thời kỳ", "today": "theo địa giới hiện nay"}
COLUMNS = ("period_start", "period_end", "numerator", "denominator", "value", "is_exact", "note_vi")


def indicator_series(
    about: Scope, indicator: str, which: MapName, kind: str, first: date | None = None, last: date | None = None
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return an indicator by period, for the periods of a kind that touch the days from `first` to `last`.

    Args:
        about: the unit; its period is not asked.
        indicator: id of the indicator.
        which: map of units: as-was (`indicator_values`) or today (`indicator_values_today`).
        kind: period type, such as month.
        first: first day; no limit by default.
        last: last day; no limit by default.

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
