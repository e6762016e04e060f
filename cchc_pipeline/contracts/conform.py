"""The shape of a batch against its contract: columns and types, before any row is looked at."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.contracts.errors import ContractBroken
from cchc_pipeline.contracts.model import Column, Contract


@dataclass(frozen=True)
class Drift:
    """How a batch differs from its contract without breaking it.

    `unknown` columns came and are dropped; `absent` optional columns did not come and are filled
    with nulls.
    """

    unknown: tuple[str, ...]
    absent: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.unknown or self.absent)


def drift(table: pa.Table, contract: Contract) -> Drift:
    """Columns that are unknown to the contract, and optional ones that did not come."""
    came = set(table.column_names)
    return Drift(
        unknown=tuple(name for name in table.column_names if name not in contract.column_names),
        absent=tuple(column.name for column in contract.columns if not column.required and column.name not in came),
    )


def conform(table: pa.Table, contract: Contract) -> pa.Table:
    """`table` with the columns, order and types of `contract.arrow_schema(relaxed=True)`; same rows, same order.

    Absent optional columns become nulls, unknown columns are dropped (see `drift`), NaN becomes
    null. Only casts that cannot change a meaning are made: a timestamp without zone is refused.

    Raises:
        ContractBroken: a required column is missing, a column comes twice, or a type does not fit.
    """
    arrays = [_array(table, column, contract) for column in contract.columns]
    return pa.Table.from_arrays(arrays, schema=contract.arrow_schema(relaxed=True))


def shape_problems(table: pa.Table, contract: Contract) -> list[ContractBroken]:
    """Every reason for which `conform` would refuse `table`, not only the first."""
    found = []
    for column in contract.columns:
        try:
            _array(table, column, contract)
        except ContractBroken as error:
            found.append(error)
    return found


def _array(table: pa.Table, column: Column, contract: Contract) -> pa.ChunkedArray:
    found = table.schema.get_all_field_indices(column.name)
    if len(found) > 1:
        raise ContractBroken(
            table=contract.name,
            column=column.name,
            came=f"{len(found)} times",
            expected="once",
            fix="rename or remove the others in the adapter",
        )
    if not found and column.required:
        raise ContractBroken(
            table=contract.name,
            column=column.name,
            came=f"no such column (came: {', '.join(table.column_names) or 'none'})",
            expected=f"{column.arrow_type}, required",
            fix="see whether the source renamed the field and correct the adapter, or change the contract",
        )
    if found:
        return _cast(table.column(found[0]), column, contract.name)
    return pa.chunked_array([pa.nulls(table.num_rows, column.arrow_type)], type=column.arrow_type)


def enforce(table: pa.Table, contract: Contract) -> pa.Table:
    """`table` exactly as `contract.arrow_schema()` has it: what is written or published.

    Raises:
        ContractBroken: as `conform`, or a required column holds a null.
    """
    shaped = conform(table, contract)
    for column in contract.columns:
        nulls = shaped.column(column.name).null_count
        if column.required and nulls:
            raise ContractBroken(
                table=contract.name,
                column=column.name,
                came=f"{nulls} nulls in {shaped.num_rows} rows",
                expected="no null",
                fix="judge the batch first; of a computed table correct the query",
            )
    return pa.Table.from_arrays(shaped.columns, schema=contract.arrow_schema())


def _fits(came: pa.DataType, wanted: pa.DataType) -> bool:
    """Whether values of type `came` mean the same as `wanted` (a value may still be out of range)."""
    kinds = pa.types
    if kinds.is_dictionary(came):
        came = came.value_type
    if kinds.is_null(came) or came.equals(wanted):
        return True
    if kinds.is_string(wanted):
        return bool(kinds.is_large_string(came) or kinds.is_string_view(came))
    if kinds.is_integer(wanted) or kinds.is_floating(wanted):
        return bool(kinds.is_integer(came) or kinds.is_floating(came) or kinds.is_decimal(came))
    if kinds.is_date(wanted):
        return bool(kinds.is_date(came))
    return bool(kinds.is_timestamp(wanted) and kinds.is_timestamp(came) and came.tz is not None)


def _cast(values: pa.ChunkedArray, column: Column, table: str) -> pa.ChunkedArray:
    wanted = column.arrow_type
    came = str(values.type)
    if _fits(values.type, wanted):
        try:
            if pa.types.is_dictionary(values.type):
                values = values.cast(values.type.value_type)
            if pa.types.is_floating(values.type) and (nan := pc.is_nan(values)) and pc.any(nan).as_py():
                values = pc.if_else(nan, pa.scalar(None, values.type), values)
            return values if values.type.equals(wanted) else values.cast(wanted)
        except pa.ArrowInvalid as error:
            came = f"{came} with a value that does not fit ({str(error).splitlines()[0]})"
    raise ContractBroken(
        table=table,
        column=column.name,
        came=came,
        expected=str(wanted),
        fix="convert in the adapter and put what cannot be read into parse_errors, or change the contract",
    )
