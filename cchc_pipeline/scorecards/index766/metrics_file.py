"""Read a file of metrics; refuse it with the line and the fix."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from cchc_pipeline.scorecards.scoring.measures import REQUIRED, MeasureError
from cchc_pipeline.scorecards.scoring.rubric import Rubric, RuleKind
from cchc_pipeline.tabular.cells import CellError, read_number
from cchc_pipeline.tabular.files import TableFileError
from cchc_pipeline.tabular.sheets import read_table


def read_metrics(path: Path) -> pd.DataFrame:
    """Read the table of metrics as it stands there; nothing is guessed.

    Returns:
        The columns of the file; the first row is line 2, also where rows of the file are blank.

    Raises:
        MeasureError: the file is missing, or is no table with such columns.
    """
    try:
        sheet = read_table(path, lambda text: text.strip() in REQUIRED, expected=", ".join(REQUIRED))
        sheet.require_rows_to_fit()
    except TableFileError as error:
        raise MeasureError(str(error), file=str(path)) from error
    width, lines = len(sheet.headers), [number - 2 for number, _ in sheet.records]
    rows = [["" if cell is None else cell for cell in cells[:width]] for _, cells in sheet.records]
    frame = pd.DataFrame(rows, index=lines, columns=sheet.headers, dtype=object)
    return frame.reindex(range(max(lines, default=-1) + 1), fill_value="").fillna("")


def check_metrics(metrics: pd.DataFrame, rubric: Rubric, groups: Mapping[str, float] | None = None) -> pd.DataFrame:
    """Check metrics, trim their codes, turn figures into numbers and drop blank rows.

    Args:
        metrics: at least unit_code, metric_code, numerator and denominator, as numbers or text.
        rubric: says which metric codes there are.
        groups: groups whose published points may stand in the file as well, with their maximum.

    Raises:
        MeasureError: naming the line, the culprit and the fix. The header is line 1.
    """
    if absent := [name for name in REQUIRED if name not in metrics.columns]:
        found = ", ".join(str(name) for name in metrics.columns) or "none"
        needs = f"it needs {', '.join(REQUIRED)}, separated by commas (found: {found})"
        raise MeasureError(f"The metrics file lacks the column {', '.join(absent)}; {needs}", columns=absent)
    most = {one.code: one.max_points if one.rule.kind is RuleKind.CARRIED else None for one in rubric.criteria()}
    most |= groups or {}
    rows: dict[tuple[str, str], tuple[float, float]] = {}
    for line, cells in enumerate(metrics[list(REQUIRED)].itertuples(index=False, name=None), start=2):
        unit, code, *counts = (
            None if pd.isna(cell) else cell.strip() if isinstance(cell, str) else cell for cell in cells
        )
        if not any(cell not in (None, "") for cell in (unit, code, *counts)):
            continue
        try:
            if (unit, code) in rows:
                raise ValueError("this metric of this unit is already in the file; keep one of the rows")
            rows[str(unit or ""), str(code or "")] = _counts(unit, code, counts, most)
        except ValueError as problem:
            where = f"Line {line} (unit {unit or '?'}, metric {code or '?'})"
            raise MeasureError(f"{where}: {problem}", line=line) from None
    if not rows:
        raise MeasureError("The metrics file has no rows; put one row per unit and metric below the header")
    return pd.DataFrame([(*place, *counts) for place, counts in rows.items()], columns=list(REQUIRED))


def _counts(unit: Any, code: Any, cells: Sequence[Any], most: Mapping[str, float | None]) -> tuple[float, float]:
    """Return both counts of a row, NaN where empty; ValueError says what is wrong."""
    for name, cell in (("unit_code", unit), ("metric_code", code)):
        if not cell:
            raise ValueError(f"{name} is empty; fill it in")
    if code not in most:
        raise ValueError(f"metric_code is unknown; leave it out or use one of: {', '.join(most)}")
    counts = []
    for name, cell in zip(REQUIRED[2:], cells, strict=True):
        try:
            counts.append(math.nan if cell in (None, "") else read_number(cell))
        except CellError as problem:
            raise ValueError(f"{name} {cell!r} {problem.en}") from None
        if counts[-1] < 0:
            raise ValueError(f"{name} is negative: {cell}; counts start at 0")
    numerator, denominator = counts
    full = most[code]
    if full is not None and (numerator > full or not (math.isnan(denominator) or denominator == full)):
        raise ValueError(f"write the published points as numerator (0 to {full:g}) and {full:g} as denominator")
    if numerator > denominator:
        raise ValueError(f"numerator {numerator:g} is larger than denominator {denominator:g}; check both counts")
    return numerator, denominator
