"""Admission: what a batch may differ in from its contract, before any row is judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.arrow import array
from cchc_pipeline.contracts.conform import conform, drift
from cchc_pipeline.contracts.errors import ContractBroken
from cchc_pipeline.contracts.model import Column, Contract
from cchc_pipeline.contracts.promises import DriftAction

#: The column that tells a reader, and the rule `parse_errors_present`, why a row cannot be taken.
REASON = "parse_errors"


@dataclass(frozen=True)
class Admitted:
    """A batch that may be judged.

    Attributes:
        table: conformed; rows to be discarded carry their reason in `parse_errors`.
        unknown: columns that came and are not stored, ever.
        absent: optional columns that did not come and are null.
        retyped: columns that came with another type and were read into the contract's, with that type.
        discarded: how many rows were marked for quarantine, by column.
    """

    table: pa.Table
    unknown: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    retyped: tuple[tuple[str, str], ...] = ()
    discarded: tuple[tuple[str, int], ...] = ()


def admit(rows: pa.Table, contract: Contract) -> Admitted:
    """Hold the columns, types and codes of a batch against the contract's drift policy.

    Raises:
        ContractBroken: the policy, or the batch itself, leaves nothing that could be judged. A required column that
            is gone, or a column that comes twice, refuses the batch under every policy.
    """
    policy = contract.drift
    columns: DriftAction = policy.columns if policy else "evolve"
    types: DriftAction = policy.types if policy else "freeze"
    if not rows.num_rows:  # an empty day has the contract's columns only by courtesy of the writer
        return Admitted(conform(rows, contract))
    found = drift(rows, contract)
    reasons: dict[str, pa.Array] = {}
    if columns == "freeze" and found:
        name = (found.unknown or found.absent)[0]
        raise ContractBroken(
            table=contract.name,
            column=name,
            came="though the contract has no such column" if found.unknown else "no such column",
            expected="exactly the contract's columns (drift.columns is freeze)",
            fix="correct the adapter, or add the column to the contract with a new version"
            if found.unknown
            else "see whether the source renamed the field, or take the column out of the contract",
        )
    if columns == "discard_row":
        for name in found.unknown:
            reasons[name] = pc.is_valid(rows[name]).combine_chunks()
        if found.absent:  # every row is concerned
            raise ContractBroken(
                table=contract.name,
                column=found.absent[0],
                came="no such column",
                expected="the column in every row (drift.columns is discard_row, and every row lacks it)",
                fix="see whether the source renamed the field, or take the column out of the contract",
            )
    texts = {name: f"cột lạ «{name}» không có trong hợp đồng dữ liệu." for name in reasons}
    retyped = []
    if types != "freeze":
        for column in contract.columns:
            places = rows.schema.get_all_field_indices(column.name)
            if len(places) != 1 or (reader := _reader(rows.column(places[0]).type, column)) is None:
                continue
            came = str(rows.column(places[0]).type)
            values, unread = _read(rows.column(places[0]), column, reader)
            if pc.any(unread).as_py():
                if types == "evolve":
                    continue  # a value would be lost: `conform` refuses the batch
                reasons[column.name] = unread
                texts[column.name] = f"{column.name}: kiểu {came} thay vì {column.arrow_type}, giá trị không đọc được."
            retyped.append((column.name, came))
            rows = rows.set_column(places[0], column.name, values)
    table = conform(rows, contract)
    _refuse_codes(table, contract)
    marked = {name: mask for name, mask in reasons.items() if pc.any(mask).as_py()}
    if marked:
        table = _mark(table, contract, marked, texts)
    counts = tuple((name, int(pc.sum(mask).as_py())) for name, mask in marked.items())
    return Admitted(table, found.unknown, found.absent, tuple(retyped), counts)


def _refuse_codes(table: pa.Table, contract: Contract) -> None:
    if contract.drift is None or contract.drift.codes != "freeze":
        return
    for column in contract.columns:
        if column.valid_values is None:
            continue
        values = table[column.name]
        listed = pc.is_in(values, value_set=array(column.valid_values, column.arrow_type))
        outside = pc.and_(pc.is_valid(values), pc.invert(listed))
        if rows := int(pc.sum(outside).as_py() or 0):
            raise ContractBroken(
                table=contract.name,
                column=column.name,
                came=f"{rows} rows with a code that is in no list",
                expected=f"only codes of the list {column.code_list or column.name} (drift.codes is freeze)",
                fix="ask the source what the code means, and add it to the code list or correct the adapter",
            )


def _mark(table: pa.Table, contract: Contract, masks: dict[str, pa.Array], texts: dict[str, str]) -> pa.Table:
    """Write the reasons into `parse_errors`, for which a rule rejects the row."""
    if REASON not in contract.column_names or f"{contract.name}.parse_errors_present" not in {
        rule.id for rule in contract.rules
    }:
        culprit = next(iter(masks))
        raise ContractBroken(
            table=contract.name,
            column=culprit,
            came=texts[culprit],
            expected="rows that can be discarded one by one, for which the table needs a column parse_errors",
            fix="write freeze or evolve for it in the contract's drift, or give the table the column and its rule",
        )
    place = table.schema.get_field_index(REASON)
    reason = table[REASON].combine_chunks()
    for name, mask in masks.items():
        joined = pc.binary_join_element_wise(reason, texts[name], " ", null_handling="skip")
        reason = pc.if_else(mask, joined, reason)
    return table.set_column(place, table.schema.field(place), reason)


def _reader(came: pa.DataType, column: Column) -> Callable[[Any], Any] | None:
    """How a value of another type is read into the column's type without loss; None where that is not wanted."""
    kinds, wanted = pa.types, column.arrow_type
    if kinds.is_string(came) or kinds.is_large_string(came):
        if kinds.is_integer(wanted):
            return int
        if kinds.is_floating(wanted):
            return float
        if kinds.is_date(wanted):
            return date.fromisoformat
        if kinds.is_timestamp(wanted):
            return _instant
        if kinds.is_boolean(wanted):
            return {"true": True, "false": False}.__getitem__
    if kinds.is_floating(came) and kinds.is_integer(wanted):
        return _whole
    return None


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("an instant without offset")
    return moment


def _whole(number: float) -> int:
    if number != int(number):
        raise ValueError("a fraction")
    return int(number)


def _read(values: pa.ChunkedArray, column: Column, reader: Callable[[Any], Any]) -> tuple[pa.Array, pa.Array]:
    """Values in the column's type, null where one cannot be read, and which those are."""
    found, unread = [], []
    for value in values.to_pylist():
        try:
            one = None if value is None else array([reader(value)], column.arrow_type)[0].as_py()
            unread.append(False)
        except (ValueError, KeyError, OverflowError, pa.ArrowInvalid):
            one = None
            unread.append(True)
        found.append(one)
    return array(found, column.arrow_type), pa.array(unread, pa.bool_())
