"""Read measures and external indices of the office registers, and codes by name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import pyarrow as pa

from cchc_pipeline.arrow import table_from_records
from cchc_pipeline.contracts.code_lists import load_code_list
from cchc_pipeline.contracts.parts import Column

#: Columns that the adapter of the registers fills in; a file need not have them.
OWN_COLUMNS = ("source_row", "parse_errors")


@cache
def day_measures() -> frozenset[str]:
    """Return the codes of stocks and flags: their period starts on the day observed."""
    codes = load_code_list("register_measure").codes
    return frozenset(str(one.code) for one in codes if one.attributes["kind"] != "flow")


def measure_table() -> pa.Table:
    """Return rows of measure_code, measure_kind, measure_name_vi/_en, unit_of_measure."""
    return table_from_records(
        {
            "measure_code": one.code,
            "measure_kind": one.attributes["kind"],
            "measure_name_vi": one.label_vi,
            "measure_name_en": one.label_en,
            "unit_of_measure": one.attributes["unit"],
        }
        for one in load_code_list("register_measure").codes
    )


def index_table() -> pa.Table:
    """Return rows of index_code, index_name_vi/_en, max_value, series."""
    return table_from_records(
        {
            "index_code": one.code,
            "index_name_vi": one.label_vi,
            "index_name_en": one.label_en,
            "max_value": float(one.attributes["max_value"]),
            "series": one.attributes["series"],
        }
        for one in load_code_list("external_index").codes
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
