"""Check a file by a contract: its shape and every row, without source or lake."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.arrow import array
from cchc_pipeline.contracts.conform import conform, shape_errors, unknown_columns
from cchc_pipeline.contracts.model import Contract
from cchc_pipeline.contracts.parts import Column, Severity
from cchc_pipeline.contracts.register_lists import OWN_COLUMNS, day_measures
from cchc_pipeline.progress import Progress, silent
from cchc_pipeline.tabular.cells import NOT_READABLE, CellError, DecimalMark, read_cell
from cchc_pipeline.tabular.files import file_kind, read_parquet
from cchc_pipeline.tabular.sheets import Sheet, footer_length, read_table
from cchc_pipeline.tabular.words import comparable
from cchc_pipeline.validation.verdict import rule_breaks

#: Classes of personal data whose values may be quoted in a message.
_QUOTABLE = ("public", "internal")


@dataclass(frozen=True)
class RowProblem:
    """Row that breaks one rule, or holds a cell that cannot be read.

    `row` is the number of the row in the file, as a spreadsheet shows it (from 1; Parquet: the record).
    """

    row: int
    rule_id: str
    severity: Severity
    column: str | None
    sentence_vi: str
    sentence_en: str


@dataclass(frozen=True)
class FileReport:
    """Result of checking one file.

    Attributes:
        contract: the contract that it was checked by.
        file: its name.
        how: format, encoding and row of the headers.
        rows: records in it.
        rejected: records that break a rule of severity reject or hold a cell that cannot be read.
        problems: one entry per row and rule, in the order of the rows.
        shape: why the file cannot be judged at all: a column that is missing, comes twice or has another type.
        notes: columns and rows that were left out, and optional columns that did not come.
    """

    contract: Contract
    file: str
    how: str
    rows: int = 0
    rejected: int = 0
    problems: tuple[RowProblem, ...] = field(default=(), repr=False)
    shape: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def valid(self) -> int:
        """Return the number of records that would be taken in."""
        return 0 if self.shape else self.rows - self.rejected


def check_file(
    path: Path,
    contract: Contract,
    as_of_on: date,
    *,
    decimal: DecimalMark = "auto",
    sheet: str | None = None,
    progress: Progress = silent,
) -> FileReport:
    """Check a Parquet, CSV, Excel or HTML file by a contract.

    Args:
        path: the file.
        contract: the contract of its table.
        as_of_on: what CURRENT_DATE means in a rule.
        decimal: decimal mark of numbers in text; auto never guesses what `1.234` means.
        sheet: name of an Excel sheet.
        progress: called with a phase, the number done and the total.

    Raises:
        TableFileError: the file cannot be read as a table.
    """
    if file_kind(path) == "parquet":
        return _check_parquet(path, contract, as_of_on, progress)
    names = _names(contract)
    expected = "the columns' names or Vietnamese labels, as `cchc contract show` lists them"
    found = read_table(path, lambda text: comparable(text) in names, sheet=sheet, expected=expected)
    return _check_rows(path, found, contract, as_of_on, decimal, progress)


def _check_parquet(path: Path, contract: Contract, as_of_on: date, progress: Progress) -> FileReport:
    table = read_parquet(path)
    shape = [str(one) for one in shape_errors(table, contract)]
    notes = _drift_notes(table, contract)
    if shape:
        return FileReport(contract, path.name, "Parquet", table.num_rows, shape=tuple(shape), notes=tuple(notes))
    rows = list(range(1, table.num_rows + 1))
    return _judged(path, "Parquet", conform(table, contract), rows, {}, contract, as_of_on, notes, progress)


def _names(contract: Contract) -> dict[str, str]:
    """Return column names by header: the name itself, or a label that one column has."""
    texts: dict[str, set[str]] = {}
    for column in contract.columns:
        for text in (column.label_vi, column.label_en):
            texts.setdefault(comparable(text), set()).add(column.name)
    names = {text: next(iter(found)) for text, found in texts.items() if len(found) == 1}
    return names | {comparable(column.name): column.name for column in contract.columns}


def _check_rows(
    path: Path, found: Sheet, contract: Contract, as_of_on: date, decimal: DecimalMark, progress: Progress
) -> FileReport:
    names = _names(contract)
    places: dict[str, list[int]] = {}
    unknown = []
    for place, header in enumerate(found.headers):
        name = names.get(comparable(header))
        if name:
            places.setdefault(name, []).append(place)
        elif header:
            unknown.append(header)
    shape = _shape(contract, places, found)
    notes = _unknown(unknown) + _absent(contract, places)
    how = f"{found.how}, headers in row {found.header_row}"
    rows = found.records
    if found.kind != "csv":  # reports end in totals and signatures
        ends = footer_length(rows, [place for name in contract.key for place in places.get(name, [])])
        if ends and not shape:
            notes.append(f"rows without a record at the end, not judged: {rows[-ends][0]} to {rows[-1][0]}")
            rows = rows[: len(rows) - ends]
    if shape:
        return FileReport(contract, path.name, how, len(rows), shape=tuple(shape), notes=tuple(notes))
    numbers = [number for number, _ in rows]
    unreadable: dict[tuple[int, str], tuple[str, CellError]] = {}
    arrays: dict[str, pa.Array] = {}
    present = [column for column in contract.columns if column.name in places]
    for done, column in enumerate(present):
        progress(done, len(present), "reading columns")
        (place,) = places[column.name]
        cells = [cells[place] if place < len(cells) else None for _, cells in rows]
        arrays[column.name] = _column(column, cells, decimal, unreadable)
    _fill_as_the_drop_folder(arrays, contract, [f"{path.name}, dòng {number}" for number in numbers])
    if not rows:
        notes.append("the file has no record")
    shaped = conform(pa.table(arrays), contract)
    return _judged(path, how, shaped, numbers, unreadable, contract, as_of_on, notes, progress)


def _fill_as_the_drop_folder(arrays: dict[str, pa.Array], contract: Contract, source_rows: list[str]) -> None:
    """Add what the registers' adapter fills in: source_row, and a day's period_start."""
    if "source_row" not in contract.column_names:
        return
    arrays.setdefault("source_row", pa.array(source_rows, pa.string()))
    if "measure_code" in contract.column_names:
        is_day = pc.is_in(arrays["measure_code"], pa.array(day_measures()))
        starts = arrays.get("period_start", pa.nulls(len(source_rows), pa.date32()))
        arrays["period_start"] = pc.if_else(is_day, arrays["observed_on"], starts)


def _named(column: Column) -> str:
    return f"{column.name} («{column.label_vi}»)"


def _shape(contract: Contract, places: dict[str, list[int]], found: Sheet) -> list[str]:
    problems = []
    is_observation = {"measure_code", "source_row"} <= {*contract.column_names}
    filled = {*OWN_COLUMNS, *({"period_start"} if is_observation else ())}
    missing = [one for one in contract.columns if one.required and one.name not in places and one.name not in filled]
    if missing:
        problems.append(
            f"Required columns are missing: {', '.join(map(_named, missing))}. Fix: add them, or write these names "
            f"above the columns that hold them; row {found.header_row} has: {', '.join(filter(None, found.headers))}."
        )
    for name, at in places.items():
        if len(at) > 1:
            which = ", ".join(f"«{found.headers[place]}»" for place in at)
            problems.append(f"Column {name} comes {len(at)} times ({which}). Fix: keep one of them.")
    return problems


def _column(
    column: Column,
    cells: Sequence[Any],
    decimal: DecimalMark,
    unreadable: dict[tuple[int, str], tuple[str, CellError]],
) -> pa.Array:
    known: dict[Any, Any] = {}
    values = []
    for i, cell in enumerate(cells):
        mark = (type(cell), cell)
        if mark not in known:
            try:
                known[mark] = read_cell(column, cell, decimal)
            except CellError as error:
                known[mark] = error
        value = known[mark]
        if isinstance(value, CellError):
            unreadable[i, column.name] = str(cell), value
            value = None
        values.append(value)
    return array(values, column.arrow_type)


def _judged(
    path: Path,
    how: str,
    table: pa.Table,
    numbers: Sequence[int],
    unreadable: dict[tuple[int, str], tuple[str, CellError]],
    contract: Contract,
    as_of_on: date,
    notes: list[str],
    progress: Progress,
) -> FileReport:
    breaks = rule_breaks(table, contract, as_of_on)
    problems: list[tuple[int, RowProblem]] = []
    rejected = np.zeros(table.num_rows, dtype=bool)
    for (i, name), (text, error) in unreadable.items():
        problems.append((i, _unreadable(numbers[i], contract, contract.column(name), text, error)))
        rejected[i] = True
    for k, rule in enumerate(contract.rules):
        progress(k, len(contract.rules), "judging rows")
        for i in np.flatnonzero(breaks.column(k).to_numpy()).tolist():
            if (i, rule.column) in unreadable:
                continue  # a rule about this cell alone saw a null that stands for an unreadable value
            problems.append(
                (i, RowProblem(numbers[i], rule.id, rule.severity, rule.column, rule.sentence_vi, rule.sentence_en))
            )
            rejected[i] |= rule.severity == "reject"
    progress(len(contract.rules), len(contract.rules), "judging rows")
    order = {rule.id: k for k, rule in enumerate(contract.rules)}
    problems.sort(key=lambda one: (one[0], order.get(one[1].rule_id, -1), one[1].column or ""))
    return FileReport(
        contract,
        path.name,
        how,
        table.num_rows,
        int(rejected.sum()),
        tuple(problem for _, problem in problems),
        notes=tuple(notes),
    )


def _unreadable(row: int, contract: Contract, column: Column, text: str, error: CellError) -> RowProblem:
    quoted, vi, en = f" («{text[:60]}»)", error.vi, error.en
    if column.classification not in _QUOTABLE:
        quoted, (vi, en) = "", NOT_READABLE[column.physical_type]
    return RowProblem(
        row,
        f"{contract.name}.{column.name}_unreadable",
        "reject",
        column.name,
        f"Không đọc được «{column.label_vi}»{quoted}: {vi}.",
        f"«{column.label_en}» cannot be read{quoted}: it {en}.",
    )


def _drift_notes(table: pa.Table, contract: Contract) -> list[str]:
    return _unknown(unknown_columns(table, contract)) + _absent(contract, table.column_names)


def _unknown(names: Sequence[str]) -> list[str]:
    return [f"columns that the contract does not have: {', '.join(names)}"] if names else []


def _absent(contract: Contract, came: Container[str]) -> list[str]:
    """Return a note about optional columns that did not come, if any."""
    names = [
        _named(column)
        for column in contract.columns
        if not column.required and column.name not in came and column.name not in OWN_COLUMNS
    ]
    return [f"optional columns that did not come: {', '.join(names)}"] if names else []


def rejected_by_rule(report: FileReport) -> list[tuple[RowProblem, list[int]]]:
    """Return per broken rule one problem and all rows, most severe and frequent first."""
    held: dict[str, list[RowProblem]] = {}
    for problem in report.problems:
        held.setdefault(problem.rule_id, []).append(problem)
    order = ("reject", "warn", "note")
    groups = sorted(held.values(), key=lambda one: (order.index(one[0].severity), -len(one), one[0].rule_id))
    return [(group[0], [problem.row for problem in group]) for group in groups]


__all__ = ["FileReport", "RowProblem", "check_file", "rejected_by_rule"]
