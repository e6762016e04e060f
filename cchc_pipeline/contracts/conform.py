"""Convert a batch to the columns and types of its contract, before it is judged."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.contracts.errors import ContractBroken
from cchc_pipeline.contracts.model import Contract
from cchc_pipeline.contracts.parts import Column


def unknown_columns(table: pa.Table, contract: Contract) -> tuple[str, ...]:
    """Return the columns of a batch that the contract does not have."""
    return tuple(name for name in table.column_names if name not in contract.column_names)


def absent_columns(table: pa.Table, contract: Contract) -> tuple[str, ...]:
    """Return the contract's optional columns that a batch lacks."""
    return tuple(one.name for one in contract.columns if not one.required and one.name not in table.column_names)


def conform(table: pa.Table, contract: Contract) -> pa.Table:
    """Return `table` with the contract's columns, order and types; rows stay the same.

    The schema is `contract.arrow_schema(relaxed=True)`. Absent optional columns become nulls, unknown columns are
    dropped, NaN becomes null. Only casts that keep the meaning are made: a timestamp without zone is refused.

    Raises:
        ContractBroken: a required column is missing, a column comes twice, or a type does not fit.
    """
    arrays = [_array(table, column, contract) for column in contract.columns]
    return pa.Table.from_arrays(arrays, schema=contract.arrow_schema(relaxed=True))


def shape_errors(table: pa.Table, contract: Contract) -> list[ContractBroken]:
    """Return every reason for which `conform` would refuse `table`."""
    found = []
    for column in contract.columns:
        try:
            _array(table, column, contract)
        except ContractBroken as error:
            found.append(error)
    return found


def enforce(table: pa.Table, contract: Contract) -> pa.Table:
    """Return `table` under `contract.arrow_schema()`, to be written or published.

    Raises:
        ContractBroken: as `conform`, or a required column holds a null.
    """
    return with_strict_schema(conform(table, contract), contract)


def with_strict_schema(conformed: pa.Table, contract: Contract) -> pa.Table:
    """Return a conformed table under `contract.arrow_schema()`.

    Raises:
        ContractBroken: a required column holds a null.
    """
    for column in contract.columns:
        nulls = conformed[column.name].null_count
        if column.required and nulls:
            came, fix = f"{nulls} nulls in {conformed.num_rows} rows", "judge the batch first; else correct the query"
            raise ContractBroken(contract.name, column.name, came, "no null", fix)
    return pa.Table.from_arrays(conformed.columns, schema=contract.arrow_schema())


def _array(table: pa.Table, column: Column, contract: Contract) -> pa.ChunkedArray:
    found = table.schema.get_all_field_indices(column.name)
    if len(found) == 1:
        return _cast(table.column(found[0]), column, contract.name)
    if not found and not column.required:
        return pa.chunked_array([pa.nulls(table.num_rows, column.arrow_type)], type=column.arrow_type)
    if found:
        fix = "rename or remove the others in the adapter"
        raise ContractBroken(contract.name, column.name, f"{len(found)} times", "once", fix)
    came = f"no such column (came: {', '.join(table.column_names) or 'none'})"
    fix = "see whether the source renamed the field and correct the adapter, or change the contract"
    raise ContractBroken(contract.name, column.name, came, f"{column.arrow_type}, required", fix)


def _cast(values: pa.ChunkedArray, column: Column, table: str) -> pa.ChunkedArray:
    wanted, came = column.arrow_type, str(values.type)
    if _fits(values.type, wanted):
        try:
            if pa.types.is_dictionary(values.type):
                values = values.cast(values.type.value_type)
            if pa.types.is_floating(values.type) and (nan := pc.is_nan(values)) and pc.any(nan).as_py():
                values = pc.if_else(nan, pa.scalar(None, values.type), values)
            return values if values.type.equals(wanted) else values.cast(wanted)
        except pa.ArrowInvalid as error:
            came = f"{came} with a value that does not fit ({str(error).splitlines()[0]})"
    fix = "convert in the adapter and put what cannot be read into parse_errors, or change the contract"
    raise ContractBroken(table, column.name, came, str(wanted), fix)


def _fits(came: pa.DataType, wanted: pa.DataType) -> bool:
    """Return whether values of `came` mean the same in `wanted`, if they are in range."""
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
