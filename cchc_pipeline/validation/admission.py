"""Admit a batch: apply the contract's drift policy to columns, types and codes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.arrow import array
from cchc_pipeline.contracts.conform import absent_columns, conform, unknown_columns
from cchc_pipeline.contracts.errors import ContractBroken
from cchc_pipeline.contracts.model import Contract
from cchc_pipeline.contracts.parts import Column, DriftPolicy

#: Column with the reason why a row cannot be taken; the rule `parse_errors_present` rejects such rows.
REASON = "parse_errors"
_DEFAULT = DriftPolicy(columns="evolve", types="freeze", codes="evolve")


@dataclass(frozen=True)
class Admitted:
    """Batch that may be judged, and how it differed from its contract.

    Attributes:
        table: conformed; rows to be discarded carry their reason in `parse_errors`.
        unknown: columns that came though the contract has none such; they are never stored.
        absent: optional columns that did not come and are null.
        retyped: columns that came with another type and were read into the contract's, with that type.
        discarded: how many rows were marked for quarantine, by column.
    """

    table: pa.Table
    unknown: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    retyped: Mapping[str, str] = field(default_factory=dict)
    discarded: Mapping[str, int] = field(default_factory=dict)


def admit(rows: pa.Table, contract: Contract) -> Admitted:
    """Conform a batch as far as the contract's drift policy allows.

    Raises:
        ContractBroken: the policy refuses the batch, or a type does not fit. A required column that is missing, or
            a column that comes twice, refuses the batch under every policy.
    """
    policy = contract.drift or _DEFAULT
    if not rows.num_rows:  # the columns of an empty day say nothing about drift
        return Admitted(conform(rows, contract))
    unknown, absent = unknown_columns(rows, contract), absent_columns(rows, contract)
    _refuse_columns(policy, unknown, absent, contract)
    marked: dict[str, tuple[pa.Array, str]] = {}  # column -> which rows to discard, and why
    if policy.columns == "discard_row":
        for name in unknown:
            said = f"cột lạ «{name}» không có trong hợp đồng dữ liệu."
            marked[name] = pc.is_valid(rows[name]).combine_chunks(), said
    retyped: dict[str, str] = {}
    for column in contract.columns if policy.types != "freeze" else ():
        places = rows.schema.get_all_field_indices(column.name)
        if len(places) != 1 or (reader := _reader(rows.column(places[0]).type, column)) is None:
            continue
        came = str(rows.column(places[0]).type)
        values, unread = _read(rows.column(places[0]), column, reader)
        if pc.any(unread).as_py():
            if policy.types == "evolve":
                continue  # a value would be lost: `conform` refuses the batch
            said = f"{column.name}: kiểu {came} thay vì {column.arrow_type}, giá trị không đọc được."
            marked[column.name] = unread, said
        retyped[column.name] = came
        rows = rows.set_column(places[0], column.name, values)
    table = conform(rows, contract)
    if policy.codes == "freeze":
        _refuse_codes(table, contract)
    marked = {name: (mask, said) for name, (mask, said) in marked.items() if pc.any(mask).as_py()}
    if marked:
        table = _mark(table, contract, marked)
    counts = {name: int(pc.sum(mask).as_py()) for name, (mask, _) in marked.items()}
    return Admitted(table, unknown, absent, retyped, counts)


def _refuse_columns(policy: DriftPolicy, unknown: tuple[str, ...], absent: tuple[str, ...], contract: Contract) -> None:
    if unknown and policy.columns == "freeze":
        expected = "exactly the contract's columns (drift.columns is freeze)"
        fix = "correct the adapter, or add the column to the contract with a new version"
        raise ContractBroken(contract.name, unknown[0], "though the contract has no such column", expected, fix)
    if absent and policy.columns != "evolve":
        expected = f"the column in every row (drift.columns is {policy.columns})"
        fix = "see whether the source renamed the field, or take the column out of the contract"
        raise ContractBroken(contract.name, absent[0], "no such column", expected, fix)


def _refuse_codes(table: pa.Table, contract: Contract) -> None:
    for column in contract.columns:
        if column.valid_values is None:
            continue
        values = table[column.name]
        listed = pc.is_in(values, value_set=array(column.valid_values, column.arrow_type))
        outside = pc.and_(pc.is_valid(values), pc.invert(listed))
        if rows := int(pc.sum(outside).as_py() or 0):
            expected = f"only codes of the list {column.code_list or column.name} (drift.codes is freeze)"
            fix = "ask the source what the code means, and add it to the code list or correct the adapter"
            came = f"{rows} rows with a code that is in no list"
            raise ContractBroken(contract.name, column.name, came, expected, fix)


def _mark(table: pa.Table, contract: Contract, marked: dict[str, tuple[pa.Array, str]]) -> pa.Table:
    """Write the reasons into `parse_errors`, so that a rule rejects the rows."""
    rules = {rule.id for rule in contract.rules}
    if REASON not in contract.column_names or f"{contract.name}.parse_errors_present" not in rules:
        culprit, (_, said) = next(iter(marked.items()))
        expected = "rows that can be discarded one by one, for which the table needs a column parse_errors"
        fix = "write freeze or evolve for it in the contract's drift, or give the table the column and its rule"
        raise ContractBroken(contract.name, culprit, said, expected, fix)
    place = table.schema.get_field_index(REASON)
    reason = table[REASON].combine_chunks()
    for mask, said in marked.values():
        reason = pc.if_else(mask, pc.binary_join_element_wise(reason, said, " ", null_handling="skip"), reason)
    return table.set_column(place, table.schema.field(place), reason)


def _reader(came: pa.DataType, column: Column) -> Callable[[Any], Any] | None:
    """Return a lossless reader for values of another type; None where there is none."""
    if pa.types.is_string(came) or pa.types.is_large_string(came):
        return _OF_TEXT.get(column.logical_type)
    return _whole if pa.types.is_floating(came) and column.logical_type == "integer" else None


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("an instant without offset")
    return moment


def _whole(number: float) -> int:
    if number != int(number):
        raise ValueError("a fraction")
    return int(number)


#: logicalType -> reader of a text.
_OF_TEXT: dict[str, Callable[[str], Any]] = {
    "integer": int,
    "number": float,
    "date": date.fromisoformat,
    "timestamp": _instant,
    "boolean": {"true": True, "false": False}.__getitem__,
}


def _read(values: pa.ChunkedArray, column: Column, reader: Callable[[Any], Any]) -> tuple[pa.Array, pa.Array]:
    """Return values in the column's type, null where unreadable, and a mask of these."""
    found, unread = [], []
    for value in values.to_pylist():
        try:
            found.append(None if value is None else array([reader(value)], column.arrow_type)[0].as_py())
            unread.append(False)
        except (ValueError, KeyError, OverflowError, pa.ArrowInvalid):
            found.append(None)
            unread.append(True)
    return array(found, column.arrow_type), pa.array(unread, pa.bool_())
