"""Build the published tables of the registers, as of the last day of data."""

from __future__ import annotations

from datetime import date

import pyarrow as pa

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.contracts.code_lists import index_table, measure_table
from cchc_pipeline.core import state
from cchc_pipeline.core.queries import run_table
from cchc_pipeline.lake.engine import run_file, run_sql
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.sources.registers.source import TABLES as INBOUND

#: Published table -> the inbound table that it is made from.
TABLES = {name: table for name, table in INBOUND.items() if name not in ("unit_changes", "appraisals")}


def build_register(lake: Lake, name: str, as_of_on: date) -> pa.Table:
    """Take in the staged rows of a register and build its published table.

    Args:
        lake: the lake.
        name: a key of `TABLES`.
        as_of_on: last civil day of data: done, overdue and answered are as of that day.
    """
    inbound = TABLES[name]
    state.take_in(lake, inbound)
    held = lake.store.read(f"core/{inbound}", schema=load_contract(inbound).arrow_schema())
    schema = load_contract(name).arrow_schema()
    lists = {"measures": measure_table(), "indices": index_table()}
    table = run_file(f"core/{name}", schema, held=held, **lists, run=run_table(as_of_on))
    lake.store.update(table, f"built/{name}")
    return table


def unknown_unit_codes(lake: Lake, register: str) -> list[str]:
    """Return the unit codes of a built register that are not in `units`, sorted.

    Codes of other provinces are allowed in `external_indices`. The rows of unknown codes are published, and count in
    no indicator.
    """
    return run_sql(
        "SELECT DISTINCT unit_code FROM register ANTI JOIN units USING (unit_code) "
        "WHERE ? <> 'external_indices' OR SPLIT_PART(unit_code, '.', 1) IN (SELECT province_code FROM units) "
        "ORDER BY 1",
        params=[register],
        register=lake.store.source(f"built/{register}"),
        units=lake.store.source("built/units"),
    )["unit_code"].to_pylist()
