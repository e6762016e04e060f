"""Read measures and external indices of the office registers, and codes by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import pyarrow as pa

from cchc_pipeline.arrow import table_from_records
from cchc_pipeline.contracts import Column
from cchc_pipeline.contracts.code_lists import load_code_list

#: Columns that the adapter of the registers fills in; a file need not have them.
OWN_COLUMNS = ("source_row", "parse_errors")


@dataclass(frozen=True)
class Measure:
    """Measure of the register of observations.

    Attributes:
        code: as in `measure_code`.
        name_vi, name_en: what it counts.
        kind: flow (adds up over periods), stock (a figure of a day) or flag (1 yes, 0 no, of a day).
        unit: unit of the value.
        total: meaning of the column `total`: part (the value is a part of it), plan (compared with it), none.
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
    """Index that others publish; `series` is yearly, or running (read on a day)."""

    code: str
    name_vi: str
    name_en: str
    max_value: float
    series: str


@cache
def measures() -> tuple[Measure, ...]:
    """Return every measure of the register of observations, in list order."""
    return tuple(
        Measure(str(code.code), code.label_vi, code.label_en, **code.attributes)
        for code in load_code_list("register_measure").codes
    )


@cache
def day_measures() -> frozenset[str]:
    """Return the codes of stocks and flags: their period starts on the day observed."""
    return frozenset(measure.code for measure in measures() if measure.kind != "flow")


@cache
def external_indices() -> tuple[ExternalIndex, ...]:
    """Return every external index, in list order."""
    return tuple(
        ExternalIndex(str(code.code), code.label_vi, code.label_en, **code.attributes)
        for code in load_code_list("external_index").codes
    )


def measure_table() -> pa.Table:
    """Return rows of measure_code, measure_kind, measure_name_vi/_en, unit_of_measure."""
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
    """Return rows of index_code, index_name_vi/_en, max_value, series."""
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
    """Return codes by code and name (vi, en) without case; empty without a code list."""
    return _by_name(column.code_list) if column.code_list else {}


@cache
def _by_name(name: str) -> Mapping[str, str]:
    return {
        " ".join(str(getattr(code, key)).split()).casefold(): str(code.code)
        for key in ("label_en", "label_vi", "code")
        for code in load_code_list(name).codes
    }
