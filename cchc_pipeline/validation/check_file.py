"""Check a file by a contract: its shape and every row, without source or lake."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.arrow import array
from cchc_pipeline.contracts.code_lists import OWN_COLUMNS, day_measures
from cchc_pipeline.contracts.conform import conform, shape_errors, unknown_columns
from cchc_pipeline.contracts.model import Contract
from cchc_pipeline.contracts.parts import Column, Severity
from cchc_pipeline.progress import Progress, silent
from cchc_pipeline.tabular.cells import NOT_READABLE, CellError, DecimalMark, comparable, read_cell
from cchc_pipeline.tabular.files import Row, file_kind, read_parquet
from cchc_pipeline.tabular.sheets import Sheet, footer_length, read_table
from cchc_pipeline.validation.verdict import rule_breaks

#: Classes of personal data whose values may be quoted in a message.
_QUOTABLE = ("public", "internal")


class RowProblem(NamedTuple):
    """Row that breaks one rule, or holds a cell that cannot be read.

    `row` is the number of the row in the file, as a spreadsheet shows it (from 1; Parquet: the record).
    """

    row: int
    severity: Severity
    rule_id: str
    column: str | None
    sentence_vi: str
    sentence_en: str


#: Cells that cannot be read, by position of the row and name of the column.
_BadCells = dict[tuple[int, str], RowProblem]


@dataclass
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
    problems: list[RowProblem] = field(default_factory=list, repr=False)
    shape: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

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

    CURRENT_DATE in a rule is `as_of_on`. `decimal` is the mark in numbers that are text; auto never guesses what
    `1.234` means. `sheet` names one of an Excel workbook. `progress` gets a phase, the number done and the total.

    Raises:
        TableFileError: the file cannot be read as a table.
    """
    if file_kind(path) == "parquet":
        table = read_parquet(path)
        report = FileReport(contract, path.name, "Parquet", table.num_rows)
        report.shape = [str(one) for one in shape_errors(table, contract)]
        report.notes = _notes(contract, unknown_columns(table, contract), table.column_names)
        if not report.shape:
            _judge(report, conform(table, contract), range(1, table.num_rows + 1), {}, as_of_on, progress)
        return report
    names = _names(contract)
    expected = "the columns' names or Vietnamese labels, as `cchc contract show` lists them"
    found = read_table(path, lambda text: comparable(text) in names, sheet=sheet, expected=expected)
    places: dict[str, list[int]] = {}
    for place, header in enumerate(found.headers):
        places.setdefault(names.get(comparable(header), ""), []).append(place)
    unknown = [found.headers[place] for place in places.pop("", ()) if found.headers[place]]
    report = FileReport(contract, path.name, f"{found.how}, headers in row {found.header_row}")
    report.shape, report.notes = _shape(contract, places, found), _notes(contract, unknown, places)
    rows = found.records
    if found.kind != "csv":  # reports end in totals and signatures
        ends = footer_length(rows, [place for name in contract.key for place in places.get(name, [])])
        if ends and not report.shape:
            report.notes.append(f"rows without a record at the end, not judged: {rows[-ends][0]} to {rows[-1][0]}")
            rows = rows[: len(rows) - ends]
    report.rows = len(rows)
    if not report.shape:
        table, unreadable = _typed(rows, places, contract, path.name, decimal, progress)
        if not rows:
            report.notes.append("the file has no record")
        _judge(report, table, [number for number, _ in rows], unreadable, as_of_on, progress)
    return report


def _names(contract: Contract) -> dict[str, str]:
    """Return column names by header: the name itself, or a label that one column has."""
    texts: dict[str, set[str]] = {}
    for column in contract.columns:
        for text in (column.label_vi, column.label_en):
            texts.setdefault(comparable(text), set()).add(column.name)
    names = {text: next(iter(found)) for text, found in texts.items() if len(found) == 1}
    return names | {comparable(column.name): column.name for column in contract.columns}


def _named(columns: Iterable[Column]) -> str:
    return ", ".join(f"{column.name} («{column.label_vi}»)" for column in columns)


def _shape(contract: Contract, places: Mapping[str, list[int]], found: Sheet) -> list[str]:
    """Return why the rows cannot be judged: required columns missing, columns twice."""
    problems = []
    is_observation = {"measure_code", "source_row"} <= {*contract.column_names}
    filled = {*OWN_COLUMNS, *({"period_start"} if is_observation else ())}
    missing = [one for one in contract.columns if one.required and one.name not in places and one.name not in filled]
    if missing:
        problems.append(
            f"Required columns are missing: {_named(missing)}. Fix: add them, or write these names "
            f"above the columns that hold them; row {found.header_row} has: {', '.join(filter(None, found.headers))}."
        )
    for name, at in places.items():
        if len(at) > 1:
            which = ", ".join(f"«{found.headers[place]}»" for place in at)
            problems.append(f"Column {name} comes {len(at)} times ({which}). Fix: keep one of them.")
    return problems


def _notes(contract: Contract, unknown: Sequence[str], came: Container[str]) -> list[str]:
    """Return notes about unknown columns, and optional ones that did not come."""
    left_out = {*OWN_COLUMNS, *(column.name for column in contract.columns if column.required)}
    absent = [one for one in contract.columns if one.name not in came and one.name not in left_out]
    notes = [f"columns that the contract does not have: {', '.join(unknown)}"] if unknown else []
    return [*notes, f"optional columns that did not come: {_named(absent)}"] if absent else notes


def _typed(
    rows: Sequence[Row], places: Mapping[str, list[int]], contract: Contract, file: str, decimal: DecimalMark,
    progress: Progress,
) -> tuple[pa.Table, _BadCells]:  # fmt: skip
    """Return the conformed rows of a sheet, and the cells that cannot be read."""
    unreadable: _BadCells = {}
    arrays: dict[str, pa.Array] = {}
    present = [column for column in contract.columns if column.name in places]
    for done, column in enumerate(present):
        progress(done, len(present), "reading columns")
        (place,) = places[column.name]
        values: list[Any] = []
        known: dict[Any, Any] = {}
        for i, (number, cells) in enumerate(rows):
            cell = cells[place] if place < len(cells) else None
            mark = (type(cell), cell)
            if mark not in known:
                try:
                    known[mark] = read_cell(column, cell, decimal)
                except CellError as error:
                    known[mark] = error
            value = known[mark]
            if isinstance(value, CellError):
                unreadable[i, column.name] = _unreadable(number, contract, column, str(cell), value)
                value = None
            values.append(value)
        arrays[column.name] = array(values, column.arrow_type)
    if "source_row" in contract.column_names:  # what the adapter of the registers fills in
        source_rows = pa.array([f"{file}, dòng {number}" for number, _ in rows], pa.string())
        arrays.setdefault("source_row", source_rows)
        if "measure_code" in contract.column_names:
            is_day = pc.is_in(arrays["measure_code"], pa.array(day_measures()))
            starts = arrays.get("period_start", pa.nulls(len(rows), pa.date32()))
            arrays["period_start"] = pc.if_else(is_day, arrays["observed_on"], starts)
    return conform(pa.table(arrays), contract), unreadable


def _unreadable(row: int, contract: Contract, column: Column, text: str, error: CellError) -> RowProblem:
    quoted, vi, en = f" («{text[:60]}»)", error.vi, error.en
    if column.classification not in _QUOTABLE:
        quoted, (vi, en) = "", NOT_READABLE[column.physical_type]
    said = (
        f"Không đọc được «{column.label_vi}»{quoted}: {vi}.",
        f"«{column.label_en}» cannot be read{quoted}: it {en}.",
    )
    return RowProblem(row, "reject", f"{contract.name}.{column.name}_unreadable", column.name, *said)


def _judge(
    report: FileReport, table: pa.Table, numbers: Sequence[int], unreadable: _BadCells, as_of_on: date,
    progress: Progress,
) -> None:  # fmt: skip
    """Add the problems of every row to the report; `numbers` are the rows in the file."""
    rules = report.contract.rules
    breaks = rule_breaks(table, report.contract, as_of_on)
    # Sorted by row, rule and column; what cannot be read comes first.
    found = [(i, -1, name, problem) for (i, name), problem in unreadable.items()]
    for k, rule in enumerate(rules):
        progress(k, len(rules), "judging rows")
        said = rule.severity, rule.id, rule.column, rule.sentence_vi, rule.sentence_en
        found += [
            (i, k, rule.column or "", RowProblem(numbers[i], *said))
            for i in np.flatnonzero(breaks.column(k).to_numpy()).tolist()
            if (i, rule.column) not in unreadable  # else the rule saw a null that stands for an unreadable value
        ]
    progress(len(rules), len(rules), "judging rows")
    report.problems = [problem for *_, problem in sorted(found, key=lambda one: one[:3])]
    report.rejected = len({i for i, *_, problem in found if problem.severity == "reject"})


def rejected_by_rule(report: FileReport) -> list[tuple[RowProblem, list[int]]]:
    """Return per broken rule one problem and all rows, most severe and frequent first."""
    held: dict[str, list[RowProblem]] = {}
    for problem in report.problems:
        held.setdefault(problem.rule_id, []).append(problem)
    order = ("reject", "warn", "note")
    groups = sorted(held.values(), key=lambda one: (order.index(one[0].severity), -len(one), one[0].rule_id))
    return [(group[0], [problem.row for problem in group]) for group in groups]
