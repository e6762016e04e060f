"""A file in hand against a contract: its shape, and a verdict for every row, without source or lake."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cchc_pipeline.arrow import array
from cchc_pipeline.contracts.conform import conform, drift, shape_problems
from cchc_pipeline.contracts.model import Column, Contract, Severity
from cchc_pipeline.tabular.cells import FORMS, Decimal, Unreadable, clean, reader
from cchc_pipeline.tabular.files import FileUnreadable, SheetRows, file_kind, footer, plain, read_rows
from cchc_pipeline.validation.verdict import rule_breaks

#: A value of these classes may be quoted in a message.
_QUOTABLE = ("public", "internal")
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class RowProblem:
    """One row that broke one rule, or holds a cell that cannot be read.

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
    """What became of a file.

    Attributes:
        contract: the contract.
        file: its name.
        how: format, encoding and place of the headers.
        rows: records in it.
        rejected: records that break a rule of severity reject or hold a cell that cannot be read.
        problems: one entry per row and rule, in the order of the rows.
        shape: why the file cannot be judged at all: a column that is missing, comes twice or has another type.
        notes: what was passed over, and which columns did not come.
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
        """Records that would be taken in."""
        return 0 if self.shape else self.rows - self.rejected


def check_file(
    path: Path,
    contract: Contract,
    as_of_on: date,
    *,
    decimal: Decimal = "auto",
    sheet: str | None = None,
    progress: Progress = lambda *_: None,
) -> FileReport:
    """Hold a Parquet, CSV, Excel or HTML file against a contract.

    Args:
        path: the file.
        contract: the contract of its table.
        as_of_on: what CURRENT_DATE means in a rule.
        decimal: what stands before decimals in text.
        sheet: name of an Excel sheet.
        progress: called with a phase, what is done and the whole.

    Raises:
        FileUnreadable: it is no table.
    """
    if file_kind(path) == "parquet":
        return _check_parquet(path, contract, as_of_on, progress)
    names = _names(contract)
    found = read_rows(path, lambda text: plain(text) in names, sheet)
    return _check_rows(path, found, contract, as_of_on, decimal, progress)


def _check_parquet(path: Path, contract: Contract, as_of_on: date, progress: Progress) -> FileReport:
    try:
        table = pq.read_table(path, partitioning=None)
    except (pa.ArrowInvalid, OSError) as error:
        problem = f"it cannot be read as Parquet ({str(error).splitlines()[0]})"
        raise FileUnreadable(file=str(path), problem=problem, fix="write or copy it again") from error
    shape = [str(one) for one in shape_problems(table, contract)]
    notes = _drift_notes(table, contract)
    if shape:
        return FileReport(contract, path.name, "Parquet", table.num_rows, shape=tuple(shape), notes=tuple(notes))
    rows = list(range(1, table.num_rows + 1))
    return _judged(path, "Parquet", conform(table, contract), rows, {}, contract, as_of_on, notes, progress)


def _names(contract: Contract) -> dict[str, str]:
    """Texts that may stand above a column -> its name: the name itself, and labels that only one column has."""
    texts: dict[str, set[str]] = {}
    for column in contract.columns:
        for text in (column.label_vi, column.label_en):
            texts.setdefault(plain(text), set()).add(column.name)
    names = {text: next(iter(found)) for text, found in texts.items() if len(found) == 1}
    return names | {plain(column.name): column.name for column in contract.columns}


def _check_rows(
    path: Path, found: SheetRows, contract: Contract, as_of_on: date, decimal: Decimal, progress: Progress
) -> FileReport:
    names = _names(contract)
    places: dict[str, list[int]] = {}
    unknown = []
    for place, header in enumerate(found.headers):
        name = names.get(plain(header))
        if name:
            places.setdefault(name, []).append(place)
        elif header:
            unknown.append(header)
    shape = _shape(contract, places, found)
    notes = [f"columns that the contract does not have: {', '.join(unknown)}"] if unknown else []
    notes += _absent(contract, places)
    rows = found.rows
    if found.kind != "csv":  # reports end in totals and signatures
        ends = footer(rows, [place for name in contract.key for place in places.get(name, [])])
        if ends and not shape:
            notes.append(f"rows without a record at the end, not judged: {rows[-ends][0]} to {rows[-1][0]}")
            rows = rows[: len(rows) - ends]
    if shape:
        return FileReport(contract, path.name, found.how, len(rows), shape=tuple(shape), notes=tuple(notes))
    numbers = [number for number, _ in rows]
    unreadable: dict[tuple[int, str], str] = {}
    arrays, present = [], [column for column in contract.columns if column.name in places]
    for done, column in enumerate(present):
        progress("reading columns", done, len(present))
        (place,) = places[column.name]
        cells = [cells[place] if place < len(cells) else None for _, cells in rows]
        arrays.append(_column(column, _codes(contract, column), cells, decimal, unreadable))
    table = pa.table(dict(zip([column.name for column in present], arrays, strict=True))) if present else None
    if table is None or not rows:
        notes.append("the file has no record")
    shaped = conform(table, contract) if table is not None else contract.arrow_schema(relaxed=True).empty_table()
    return _judged(path, found.how, shaped, numbers, unreadable, contract, as_of_on, notes, progress)


def _named(column: Column) -> str:
    return f"{column.name} («{column.label_vi}»)"


def _shape(contract: Contract, places: dict[str, list[int]], found: SheetRows) -> list[str]:
    problems = []
    missing = [_named(column) for column in contract.columns if column.required and column.name not in places]
    if missing:
        problems.append(
            f"Required columns are missing: {', '.join(missing)}. Fix: add them, or write these names above the "
            f"columns that hold them; row {found.header_row} has: {', '.join(filter(None, found.headers))}."
        )
    for name, at in places.items():
        if len(at) > 1:
            which = ", ".join(f"«{found.headers[place]}»" for place in at)
            problems.append(f"Column {name} comes {len(at)} times ({which}). Fix: keep one of them.")
    return problems


def _codes(contract: Contract, column: Column) -> dict[str, Any]:
    """Labels of a coded column -> code: people write «Trực tuyến» where the contract says online."""
    if column.code_list is None:
        return {}
    codes = contract.code_list(column.code_list).codes
    return {plain(label): code.code for code in codes for label in (code.label_en, code.label_vi)}


def _column(
    column: Column,
    codes: dict[str, Any],
    cells: Sequence[Any],
    decimal: Decimal,
    unreadable: dict[tuple[int, str], str],
) -> pa.Array:
    if codes:
        cells = [codes.get(plain(cell), cell) if isinstance(cell, str) else cell for cell in cells]
    read = reader(column, cells, decimal)
    known: dict[Any, Any] = {}
    values = []
    for i, cell in enumerate(cells):
        mark = (type(cell), cell)
        if mark not in known:
            try:
                known[mark] = read(cell)
            except Unreadable as error:
                known[mark] = error
        value = known[mark]
        if isinstance(value, Unreadable):
            unreadable[i, column.name] = str(clean(cell))
            value = None
        values.append(value)
    return array(values, column.arrow_type)


def _judged(
    path: Path,
    how: str,
    table: pa.Table,
    numbers: Sequence[int],
    unreadable: dict[tuple[int, str], str],
    contract: Contract,
    as_of_on: date,
    notes: list[str],
    progress: Progress,
) -> FileReport:
    breaks = rule_breaks(table, contract, as_of_on)
    problems: list[tuple[int, RowProblem]] = []
    rejected = np.zeros(table.num_rows, dtype=bool)
    for (i, name), text in unreadable.items():
        problems.append((i, _unreadable(numbers[i], contract, contract.column(name), text)))
        rejected[i] = True
    for k, rule in enumerate(contract.rules):
        progress("judging rows", k, len(contract.rules))
        for i in np.flatnonzero(breaks.column(k).to_numpy()).tolist():
            if (i, rule.column) in unreadable:
                continue  # a rule about this cell alone has seen an empty one: there is a value, it cannot be read
            problems.append(
                (i, RowProblem(numbers[i], rule.id, rule.severity, rule.column, rule.sentence_vi, rule.sentence_en))
            )
            rejected[i] |= rule.severity == "reject"
    progress("judging rows", len(contract.rules), len(contract.rules))
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


def _unreadable(row: int, contract: Contract, column: Column, text: str) -> RowProblem:
    vi, en = FORMS[column.physical_type]
    quoted = f": «{text[:60]}»" if column.classification in _QUOTABLE else ""
    return RowProblem(
        row,
        f"{contract.name}.{column.name}_unreadable",
        "reject",
        column.name,
        f"Không đọc được «{column.label_vi}»{quoted}; cần {vi}.",
        f"«{column.label_en}» cannot be read{quoted}; needed is {en}.",
    )


def _drift_notes(table: pa.Table, contract: Contract) -> list[str]:
    found = drift(table, contract)
    notes = [f"columns that the contract does not have: {', '.join(found.unknown)}"] if found.unknown else []
    return notes + _absent(contract, table.column_names)


def _absent(contract: Contract, came: Container[str]) -> list[str]:
    """Optional columns that are not there; `parse_errors` is written by adapters, never by people."""
    names = [
        _named(column)
        for column in contract.columns
        if not column.required and column.name not in came and column.name != "parse_errors"
    ]
    return [f"optional columns that did not come: {', '.join(names)}"] if names else []


def rejected_by_rule(report: FileReport) -> list[tuple[RowProblem, list[int]]]:
    """Per rule that was broken: one of its problems, and the rows, most severe and most frequent first."""
    held: dict[str, list[RowProblem]] = {}
    for problem in report.problems:
        held.setdefault(problem.rule_id, []).append(problem)
    order = ("reject", "warn", "note")
    groups = sorted(held.values(), key=lambda one: (order.index(one[0].severity), -len(one), one[0].rule_id))
    return [(group[0], [problem.row for problem in group]) for group in groups]


__all__ = ["FileReport", "RowProblem", "check_file", "rejected_by_rule"]
