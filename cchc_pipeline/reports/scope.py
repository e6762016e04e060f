"""Resolve the period and the unit of a report, and the published tables it reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pyarrow as pa

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.queries import document_events
from cchc_pipeline.core.units import history_of
from cchc_pipeline.days import custom_periods
from cchc_pipeline.errors import CchcError
from cchc_pipeline.indicators.catalogue import relations
from cchc_pipeline.lake.files import Source, Store
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.lake.publish import published_version, read_manifest, read_published
from cchc_pipeline.reference.unit_map import lineage_table
from cchc_pipeline.reference.units import UnitHistory
from cchc_pipeline.sources.states import TABLE

#: Number of units listed in the message about an unknown one.
LISTED = 60
Rows = Sequence[Mapping[str, Any]]


class ReportError(CchcError):
    """A report cannot be made as asked."""


@dataclass(frozen=True)
class Scope:
    """A period, a unit, the days of the published data (begins, until), and names and history of all units."""

    published: Path
    first: date
    last: date
    begins: date
    until: date
    unit_code: str
    names: dict[str, str]
    units: pa.Table
    history: UnitHistory

    @property
    def unit_name(self) -> str:
        """Return the name of the unit."""
        return self.names[self.unit_code]

    def below(self) -> list[str]:
        """Return codes of the unit, those below it, and former units that count in these."""
        on_map = lineage_table(self.units, self.history, self.first, self.last, "today").to_pylist()
        return sorted({row["unit_code"] for row in on_map if row["ancestor_code"] == self.unit_code} | {self.unit_code})

    def read(self, table: str) -> pa.Table:
        """Return a published table."""
        return read_published(self.published, table)

    def as_dict(self) -> dict[str, Any]:
        """Return unit_code, unit_name, period_start and period_end."""
        named = {"unit_code": self.unit_code, "unit_name": self.unit_name}
        return {**named, "period_start": self.first, "period_end": self.last}


def scope(published: Path, first: date | None, last: date | None, unit: str | None, *, partly: bool = False) -> Scope:
    """Return a scope within the current published version.

    By default the period is all days of data, and the unit the province. `partly`: whether it is enough that one day of
    the period has data.

    Raises:
        ReportError: the period is reversed or outside of the data, or the unit is unknown.
        PublishError: nothing was published.
    """
    units = read_published(published, "units")
    manifest = published_manifest(published)
    begins, until = (date.fromisoformat(manifest[name]) for name in ("data_from", "data_until"))
    first, last = first or begins, last or until
    if first > last:
        raise ReportError(f"report: the period begins on {first} and ends on {last}. Exchange --from and --to.")
    if (last < begins or first > until) if partly else (last > until or first < begins):
        raise ReportError(
            f"report: {first} … {last} is not covered by the published data, which go from {begins} to {until}. "
            f"Choose days within, or pull the others: `cchc run --from {min(first, begins)} --to {max(last, until)}`."
        )
    code, _ = unit_or_error(published, unit)
    history = history_of(read_published(published, "unit_changes").to_pylist())
    return Scope(published, first, last, begins, until, code, unit_names(units), units, history)


def published_inputs(lake: Lake, begins: date, until: date, windows: Iterable[tuple[date, date]]) -> dict[str, Source]:
    """Return the tables that `indicators.compute` takes, from the current published version.

    The periods are custom ones, a window's first and last day. Events stay on the map of units of their day. The daily
    counts of the procedure catalogue are not published: they come from the lake.

    Raises:
        PublishError: nothing was published.
    """
    units, changes = (read_published(lake.published, name) for name in ("units", "unit_changes"))
    store = Store(published_version(lake.published))
    names = dict.fromkeys(["late_dossiers", *(name for one in relations().values() for name in one.tables)])
    return {
        **{name: store.source(name) for name in names if store.has(name)},
        # older versions lack the table
        "source_states": store.read(TABLE, schema=load_contract(TABLE).arrow_schema()),
        "document_events": document_events(store.source("documents"), until),
        "procedure_counts": lake.store.source("core/procedure_counts"),
        "unit_lineage": lineage_table(units, history_of(changes.to_pylist()), begins, until, "as-was"),
        "periods": custom_periods(windows),
    }


def published_manifest(published: Path) -> dict[str, Any]:
    """Return the manifest of the current version.

    Raises:
        PublishError: nothing was published.
    """
    return read_manifest(published_version(published))


def unit_names(units: pa.Table) -> dict[str, str]:
    """Return unit code -> name of a table `units`."""
    return dict(zip(units["unit_code"].to_pylist(), units["unit_name"].to_pylist(), strict=True))


def unit_or_error(published: Path, unit: str | None) -> tuple[str, str]:
    """Return code and name of a published unit; the province by default.

    Raises:
        ReportError: there is no such unit; the message names similar codes and lists the units.
        PublishError: nothing was published.
    """
    names = unit_names(read_published(published, "units"))
    code = unit or published_manifest(published)["province_code"]
    if code in names:
        return code, names[code]
    near = get_close_matches(code, names, n=3, cutoff=0.6)
    meant = f" Did you mean {', '.join(near)}?" if near else ""
    listed = "; ".join(f"{one} {name}" for one, name in list(names.items())[:LISTED])
    more = f"; and {len(names) - LISTED} more" if len(names) > LISTED else ""
    raise ReportError(f"report: no unit {code}.{meant} Units in units.parquet: {listed}{more}.")
