"""What the registers that offices keep may hold: measures, external indices, kinds of petitions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import pyarrow as pa

from cchc_pipeline.arrow import table_from_records
from cchc_pipeline.contracts import Column
from cchc_pipeline.contracts.code_lists import load_code_list

#: Columns that the adapter of the registers fills itself, and people leave out.
OWN_COLUMNS = ("source_row", "parse_errors")


@dataclass(frozen=True)
class Measure:
    """A figure of the register of observations.

    Attributes:
        code: as in `measure_code`.
        name_vi, name_en: what it counts.
        kind: flow (adds up over periods), stock (a figure of a day) or flag (1 yes, 0 no, of a day).
        unit: unit of the value.
        total: what the column `total` is: part (the value is a part of it), plan (it is compared with it), none.
        basis_vi: the document that asks for it.
    """

    code: str
    name_vi: str
    name_en: str
    kind: str
    unit: str
    total: str
    basis_vi: str


@dataclass(frozen=True)
class ExternalIndex:
    """An index that others publish. `series` is yearly (one value per year) or running (it is read on a day)."""

    code: str
    name_vi: str
    name_en: str
    max_value: float
    series: str


@cache
def measures() -> tuple[Measure, ...]:
    """Every measure of the register of observations, in the order of the list."""
    return tuple(
        Measure(str(code.code), code.label_vi, code.label_en, **code.attributes)
        for code in load_code_list("register_measure").codes
    )


@cache
def day_measures() -> frozenset[str]:
    """Return the codes of measures of a single day (stocks and flags): their period starts on the day observed."""
    return frozenset(measure.code for measure in measures() if measure.kind != "flow")


@cache
def external_indices() -> tuple[ExternalIndex, ...]:
    """Every external index, in the order of the list."""
    return tuple(
        ExternalIndex(str(code.code), code.label_vi, code.label_en, **code.attributes)
        for code in load_code_list("external_index").codes
    )


def measure_table() -> pa.Table:
    """The measures as the table that SQL files join: measure_code, measure_kind, names, unit_of_measure."""
    return table_from_records(
        [
            {
                "measure_code": one.code,
                "measure_kind": one.kind,
                "measure_name_vi": one.name_vi,
                "measure_name_en": one.name_en,
                "unit_of_measure": one.unit,
            }
            for one in measures()
        ]
    )


def index_table() -> pa.Table:
    """The external indices as the table that SQL files join: index_code, names, max_value, series."""
    return table_from_records(
        [
            {
                "index_code": one.code,
                "index_name_vi": one.name_vi,
                "index_name_en": one.name_en,
                "max_value": float(one.max_value),
                "series": one.series,
            }
            for one in external_indices()
        ]
    )


def codes_by_name(column: Column) -> Mapping[str, str]:
    """Code by its own text and by its Vietnamese and English name, all without case; empty without a code list."""
    return _by_name(column.code_list) if column.code_list else {}


@cache
def _by_name(name: str) -> Mapping[str, str]:
    return {
        " ".join(str(getattr(code, key)).split()).casefold(): str(code.code)
        for key in ("label_en", "label_vi", "code")
        for code in load_code_list(name).codes
    }
