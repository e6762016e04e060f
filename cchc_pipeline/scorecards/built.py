"""Keep the tables of scorecards in `built`."""

from __future__ import annotations

import pyarrow as pa

from cchc_pipeline.contracts import enforce, load_contract
from cchc_pipeline.lake.layout import Lake


def keep(lake: Lake, name: str, table: pa.Table) -> pa.Table:
    """Enforce the contract of a table, order it by its key, keep it, and return it.

    Raises:
        ContractBroken: the table is not as its contract says.
    """
    contract = load_contract(name)
    order = [(column, "ascending") for column in contract.key]
    ordered = enforce(table, contract).sort_by(order).combine_chunks()
    lake.store.update(ordered, f"built/{name}")
    return ordered
