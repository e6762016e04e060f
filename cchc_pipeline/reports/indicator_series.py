"""One indicator of one unit over the published periods, as it was or on today's map.

Belongs here: the series and how it is printed. Not here: computing it (`indicators`).
"""

from __future__ import annotations

import csv
import difflib
import json
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import click
import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Console
from rich.table import Table

from cchc_pipeline.indicators.measure_units import unit_vi
from cchc_pipeline.lake.publish import read_published
from cchc_pipeline.reference.unit_map import MapName
from cchc_pipeline.reports.scope import ReportError, scope

_TABLES: dict[MapName, str] = {"as-was": "indicator_values", "today": "indicator_values_today"}
_MAPS_VI: dict[MapName, str] = {"as-was": "theo địa giới của từng thời kỳ", "today": "theo địa giới hiện nay"}
_COLUMNS = ("period_start", "period_end", "numerator", "denominator", "value", "is_exact", "note_vi")


@dataclass(frozen=True)
class Series:
    """Rows by period in order, with `_COLUMNS`; `unit_of_measure` is that of the catalogue."""

    indicator_id: str
    name_vi: str
    unit_of_measure: str
    unit_code: str
    unit_name: str
    which: MapName
    rows: tuple[dict[str, Any], ...]


def indicator_series(
    published: Path,
    indicator: str,
    unit: str | None,
    which: MapName,
    kind: str,
    first: date | None = None,
    last: date | None = None,
) -> Series:
    """The periods of a kind that touch the days from `first` to `last`, from the current published version.

    Raises:
        ReportError: the indicator or the unit is unknown, or the unit has no row on this map in these periods.
        PublishError: nothing was published.
    """
    about = scope(published, None, None, unit)
    listed = {row["indicator_id"]: row for row in read_published(published, "indicators").to_pylist()}
    if indicator not in listed:
        near = difflib.get_close_matches(indicator, listed, n=5, cutoff=0.3) or sorted(listed)[:5]
        raise ReportError(f"report: no indicator {indicator}. Did you mean {', '.join(near)}? See docs/indicators.md.")
    values = read_published(published, _TABLES[which])
    asked = {"indicator_id": indicator, "unit_code": about.unit_code, "period_type": kind}
    keep = pa.array([True] * values.num_rows)
    for name, value in asked.items():
        keep = pc.and_(keep, pc.equal(values[name], value))
    rows = [
        {name: row.get(name, True if name == "is_exact" else None) for name in _COLUMNS}
        for row in values.filter(keep).sort_by("period_start").to_pylist()
        if (first is None or row["period_end"] >= first) and (last is None or row["period_start"] <= last)
    ]
    if not rows:
        heirs = " ".join(part.unit_id for part in about.history.successors(about.unit_code) if part.unit_id)
        fix = (
            f"it went into {heirs}: ask for that unit" if heirs and which == "today" else "choose other days or periods"
        )
        raise ReportError(
            f"report: {about.unit_code} {about.unit_name} has no {kind} of {indicator} there on the map '{which}'; "
            f"{fix}."
        )
    entry = listed[indicator]
    return Series(
        indicator, entry["name_vi"], entry["unit_of_measure"], about.unit_code, about.unit_name, which, tuple(rows)
    )


def print_series(series: Series, form: str) -> None:
    """Print as table, csv or json; dates in ISO form in the last two."""
    if form == "json":
        plain = [{k: v.isoformat() if isinstance(v, date) else v for k, v in row.items()} for row in series.rows]
        head = {name: getattr(series, name) for name in ("indicator_id", "name_vi", "unit_of_measure", "unit_code")}
        click.echo(json.dumps({**head, "map": series.which, "rows": plain}, ensure_ascii=False, indent=2))
        return
    if form == "csv":
        writer = csv.DictWriter(sys.stdout, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(series.rows)
        return
    title = f"{series.name_vi} ({unit_vi(series.unit_of_measure)}) — {series.unit_name}, {_MAPS_VI[series.which]}"
    table = Table("Từ ngày", "Đến ngày", title=title, title_justify="left")
    for name in ("Tử số", "Mẫu số", "Giá trị"):
        table.add_column(name, justify="right")
    table.add_column("Ghi chú")
    for row in series.rows:
        days = (f"{row[name]:%d/%m/%Y}" for name in ("period_start", "period_end"))
        numbers = ("" if row[name] is None else f"{row[name]:,.10g}" for name in ("numerator", "denominator"))
        value = "" if row["value"] is None else f"{row['value']:,.2f}"
        table.add_row(*days, *numbers, value, row["note_vi"] or "")
    Console().print(table)
