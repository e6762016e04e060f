"""Read a file of metrics that an operator has, and refuse it with the line and the fix."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from cchc_pipeline.scorecards.scoring.errors import MeasureError
from cchc_pipeline.scorecards.scoring.measures import REQUIRED
from cchc_pipeline.scorecards.scoring.rubric import Rubric, RuleKind
from cchc_pipeline.tabular.files import TableFileError
from cchc_pipeline.tabular.sheets import read_table

#: A count as people here write it: 1.234 is one thousand and more, and would be read as 1 and a bit.
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+")


def read_metrics(path: Path) -> pd.DataFrame:
    """Read the table of metrics as it stands there, so that nothing is guessed before it is checked.

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
        raise MeasureError(
            f"The metrics file lacks the column {', '.join(absent)} (found: {found}); "
            f"it needs {', '.join(REQUIRED)}, separated by commas",
            columns=absent,
        )
    frame = metrics.loc[:, list(REQUIRED)].reset_index(drop=True).map(_text).astype(object)
    frame = frame[(frame != "").any(axis=1)]
    if frame.empty:
        raise MeasureError("The metrics file has no rows; put one row per unit and metric below the header")
    for name in ("unit_code", "metric_code"):
        _refuse(frame, frame[name].eq(""), f"{name} is empty; fill it in")
    known = [*(criterion.code for criterion in rubric.criteria()), *(groups or ())]
    _refuse(
        frame,
        ~frame["metric_code"].isin(known),
        f"metric_code is unknown; leave it out or use one of: {', '.join(known)}",
    )
    for name in ("numerator", "denominator"):
        number = pd.to_numeric(frame[name].where(frame[name].ne("")), errors="coerce").astype("float64")
        wrong = frame[name].ne("") & ~pd.Series(np.isfinite(number), index=frame.index)
        _refuse(frame, wrong, f"{name} is not a number: {{{name}!r}}; write digits only, such as 1234 or 9.14")
        typed = metrics[name].reset_index(drop=True).reindex(frame.index)
        grouped = typed.map(lambda cell: isinstance(cell, str) and _GROUPED.fullmatch(cell.strip()) is not None)
        said = f"{name} {{{name}}} may be a thousand and more or a fraction; write 1234 without dots, or 1.2340"
        _refuse(frame, grouped.astype(bool), said)
        _refuse(frame, number < 0, f"{name} is negative: {{{name}}}; counts start at 0")
        frame = frame.assign(**{name: number})
    twice = frame.duplicated(["unit_code", "metric_code"])
    _refuse(frame, twice, "this metric of this unit is already in the file; keep one of the rows")
    _refuse(
        frame,
        frame["numerator"] > frame["denominator"],
        "numerator {numerator:g} is larger than denominator {denominator:g}; check both counts",
    )
    carried = {one.code: one.max_hundredths / 100 for one in rubric.criteria() if one.rule.kind is RuleKind.CARRIED}
    for code, most in (carried | dict(groups or {})).items():
        denominator = frame["denominator"]
        wrong = (frame["numerator"] > most) | (denominator.notna() & (denominator != most))
        wrong &= frame["metric_code"].eq(code)
        _refuse(frame, wrong, f"write the published points as numerator (0 to {most:g}) and {most:g} as denominator")
    return frame


def _text(value: object) -> str:
    return "" if value is None or value is pd.NA or value != value else str(value).strip()


def _refuse(frame: pd.DataFrame, wrong: pd.Series, problem: str) -> None:
    """Fail on the first wrong row; `problem` may hold column names in braces."""
    if not wrong.any():
        return
    line = int(wrong.index[int(np.flatnonzero(wrong)[0])]) + 2
    row = {str(name): value for name, value in frame.loc[line - 2].items()}
    where = f"Line {line} (unit {row['unit_code'] or '?'}, metric {row['metric_code'] or '?'})"
    raise MeasureError(f"{where}: {problem.format(**row)}", line=line)
