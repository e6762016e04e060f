"""Score QĐ 766 from a file of metrics, as an operator has it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from cchc_pipeline.reference.index_codes import TOTAL_CODE
from cchc_pipeline.scorecards.index766.published import groups_of
from cchc_pipeline.scorecards.index766.scorecard import BESIDE, CARRIED, UNSCORED, newest
from cchc_pipeline.scorecards.scoring.engine import score
from cchc_pipeline.scorecards.scoring.measures import REQUIRED, MeasureError
from cchc_pipeline.scorecards.scoring.rubric import Rubric
from cchc_pipeline.scorecards.scoring.rule import RuleKind
from cchc_pipeline.tabular.cells import CellError, read_number
from cchc_pipeline.tabular.files import TableFileError
from cchc_pipeline.tabular.sheets import read_table

#: Columns of a scored file, and those that a scorecard calls otherwise.
_SCORED = [
    "unit_code", "metric_code", "level", "group", *REQUIRED[2:], "ratio", "score", "max_score", "status", "reason",
    "published",
]  # fmt: skip
_RENAMED = {
    "criterion_code": "metric_code", "criterion_level": "level", "points": "score", "max_points": "max_score",
    "reason_vi": "reason",
}  # fmt: skip
_NOT_SCORED = "Cổng công bố nhưng không chấm điểm: giữ nguyên số liệu"
_UNKNOWN = "Không có trong bộ tiêu chí: giữ nguyên số liệu, không chấm điểm"


class Metrics(NamedTuple):
    """A checked file: measures, published points of groups and total, and rows that are not scored."""

    measures: pd.DataFrame
    published: Mapping[tuple[str, str], float]
    unscored: pd.DataFrame


def score_metrics(metrics: pd.DataFrame, *, source: str = "portal", rubric: Rubric | None = None) -> pd.DataFrame:
    """Score a table of metrics.

    Args:
        metrics: columns unit_code, metric_code, numerator, denominator (numbers, or text as read from a CSV file);
            other columns are ignored. An empty numerator and denominator is what the portal publishes for a yes/no
            metric. Published points of a group are a row GROUP.CKMB, GROUP.ONLINE (or ONLINE), GROUP.TTTT (or TTTT) …,
            of the total a row TOTAL, each over its maximum: ONLINE and TTTT count where the group's own metrics are not
            all in the file, and whatever was published is held against what is computed.
        source: `portal`, or `local` where no published group counts.
        rubric: the version to score by; the newest shipped one where not given.

    Returns:
        Per unit the total, then each group and its criteria: unit_code, metric_code (or group code, or TOTAL), level
        (total, group, criterion), group, numerator, denominator, ratio, score, max_score, status, reason, published
        (published points of a group or total). Metrics that the rubric does not score follow with level `unscored`.

    Raises:
        MeasureError: naming the row (as a line of the file, the header being line 1), the culprit and the fix.
    """
    variant = (rubric or newest()).for_source(source)
    given = check_metrics(metrics, variant)
    table = score(variant, given.measures, source=source).to_pandas()
    level = table["criterion_level"]
    table["group"] = (
        table["parent_code"].where(level == "criterion", table["criterion_code"]).where(level != "total", None)
    )
    table = table.rename(columns=_RENAMED)
    places = pd.MultiIndex.from_frame(table[["unit_code", "metric_code"]])
    table["published"] = pd.Series(given.published, dtype="float64").reindex(places).to_numpy()
    rows = pd.concat([table[_SCORED], given.unscored.reindex(columns=_SCORED)]) if len(given.unscored) else table
    order = {unit: place for place, unit in enumerate(dict.fromkeys(rows["unit_code"]))}
    rows = rows.sort_values("unit_code", key=lambda units: units.map(order), kind="stable", ignore_index=True)
    return rows[_SCORED]


def differences(scored: pd.DataFrame, metrics: pd.DataFrame, rubric: Rubric, source: str = "portal") -> pd.DataFrame:
    """Return groups and totals of a scored file that differ from what the file says was published.

    The portal adds CKMB up from rounded ratios where it publishes totals, so either of the two sums is right.

    Returns:
        unit_code, metric_code, score, published; only where a score is complete.
    """
    told = scored[scored["published"].notna() & (scored["status"] == "ok")]
    if told.empty:
        return told[["unit_code", "metric_code", "score", "published"]]
    variant = rubric.for_source(source).for_totals()
    other = score(variant, check_metrics(metrics, variant).measures, source=source).to_pandas()
    points = other.set_index(["unit_code", "criterion_code"])["points"]
    added = points.reindex(pd.MultiIndex.from_frame(told[["unit_code", "metric_code"]])).to_numpy()
    published = (told["published"] * 100).round()
    differs = ((told["score"] * 100).round() != published) & ((added * 100).round() != published)
    return told.loc[differs, ["unit_code", "metric_code", "score", "published"]]


def read_metrics(path: Path) -> pd.DataFrame:
    """Read the table of metrics as it stands there; nothing is guessed.

    Returns:
        The columns of the file; the index is the number of the line less 2.

    Raises:
        MeasureError: the file is missing, or is no table with such columns.
    """
    try:
        sheet = read_table(path, lambda text: text.strip() in REQUIRED, expected=", ".join(REQUIRED))
        sheet.require_rows_to_fit()
    except TableFileError as error:
        raise MeasureError(str(error), file=str(path)) from error
    lines = [number - 2 for number, _ in sheet.records]
    rows = [cells[: len(sheet.headers)] for _, cells in sheet.records]
    return pd.DataFrame(rows, index=lines, columns=sheet.headers, dtype=object)


def check_metrics(metrics: pd.DataFrame, rubric: Rubric) -> Metrics:
    """Check metrics, trim their codes, turn figures into numbers and drop blank rows.

    Args:
        metrics: at least unit_code, metric_code, numerator and denominator, as numbers or text.
        rubric: says which criteria, groups and maxima there are.

    Raises:
        MeasureError: naming the line, the culprit and the fix. The header is line 1.
    """
    if absent := [name for name in REQUIRED if name not in metrics.columns]:
        found = ", ".join(str(name) for name in metrics.columns) or "none"
        needs = f"it needs {', '.join(REQUIRED)}, separated by commas (found: {found})"
        raise MeasureError(f"The metrics file lacks the column {', '.join(absent)}; {needs}", columns=absent)
    most = {one.code: one.max_points if one.rule.kind is RuleKind.CARRIED else None for one in rubric.criteria()}
    sums = _published_sums(rubric)
    read: set[tuple[str, str]] = set()
    rows: list[tuple[str, str, float, float]] = []
    published: dict[tuple[str, str], float] = {}
    unscored: list[tuple[str, str, float, float, str]] = []
    for place, unit, code, counts in _filled(metrics):
        try:
            name = _carrier(code, most)
            if (unit, name) in read:
                raise ValueError("this metric of this unit is already in the file; keep one of the rows")
            read.add((unit, name))
            _require_names(unit, code)
            if name not in most and code not in sums:
                told = _NOT_SCORED if code in UNSCORED or code.startswith(BESIDE) else _UNKNOWN
                top, bottom = _readable(counts)
                unscored.append((unit, code, top, bottom, told))
                continue
            figures = _counts(counts, most[name] if name in most else sums[code][1])
            if name in most:
                rows.append((unit, name, *figures))
            if code in sums:
                published[unit, sums[code][0]] = figures[0]
        except ValueError as problem:
            where = f"Line {place + 2} (unit {unit or '?'}, metric {code or '?'})"
            raise MeasureError(f"{where}: {problem}", line=place + 2) from None
    if not rows:
        raise MeasureError(
            "The metrics file has no rows that can be scored; put one row per unit and metric below the header, with "
            f"metric codes such as {', '.join(list(most)[:3])}"
        )
    named = pd.DataFrame(unscored, columns=[*REQUIRED, "reason"])
    named = named.assign(level="unscored", status="not_applicable")
    return Metrics(pd.DataFrame(rows, columns=list(REQUIRED)), published, named)


def _filled(metrics: pd.DataFrame) -> Iterator[tuple[int, str, str, Sequence[Any]]]:
    """Yield place, unit, code and counts of the rows that are not blank."""
    for place, *cells in metrics[list(REQUIRED)].itertuples(name=None):
        unit, code, *counts = (
            None if pd.isna(cell) else cell.strip() if isinstance(cell, str) else cell for cell in cells
        )
        if any(cell not in (None, "") for cell in (unit, code, *counts)):
            yield place, str(unit or ""), str(code or ""), counts


def _published_sums(rubric: Rubric) -> dict[str, tuple[str, float]]:
    """Return, by the codes of published points in a file, the group (or TOTAL) and its maximum."""

    def most(leaves: Sequence[Any]) -> float:
        return sum(one.max_points for one in leaves if not (one.rule.is_extra or one.in_place_of))

    maxima = {group.code: most(list(group.leaves())) for group in rubric.groups}
    maxima[TOTAL_CODE] = most(rubric.criteria())
    codes = [*maxima, *(f"GROUP.{code}" for code in maxima), "GROUP.ONLINE", "ONLINE"]
    groups = {code: groups_of(code if code == TOTAL_CODE else f"GROUP.{code.removeprefix('GROUP.')}") for code in codes}
    return {code: (some[0], maxima[some[0]]) for code, some in groups.items() if len(some) == 1 and some[0] in maxima}


def _carrier(code: str, criteria: Mapping[str, Any]) -> str:
    """Return the criterion that carries a published group, where there is one; else the code."""
    group = f"GROUP.{code.removeprefix('GROUP.')}"
    return next((one for one, names in CARRIED.items() if one in criteria and group in names), code)


def _require_names(unit: str, code: str) -> None:
    for name, cell in (("unit_code", unit), ("metric_code", code)):
        if not cell:
            raise ValueError(f"{name} is empty; fill it in")


def _readable(cells: Sequence[Any]) -> list[float]:
    """Return counts of a row that is not scored, NaN where they are no numbers."""
    counts = []
    for cell in cells:
        try:
            counts.append(math.nan if cell in (None, "") else read_number(cell))
        except CellError:
            counts.append(math.nan)
    return counts


def _counts(cells: Sequence[Any], full: float | None) -> tuple[float, float]:
    """Return both counts of a row, NaN where empty; ValueError says what is wrong."""
    counts = []
    for name, cell in zip(REQUIRED[2:], cells, strict=True):
        try:
            counts.append(math.nan if cell in (None, "") else read_number(cell))
        except CellError as problem:
            raise ValueError(f"{name} {cell!r} {problem.en}") from None
        if counts[-1] < 0:
            raise ValueError(f"{name} is negative: {cell}; counts start at 0")
    numerator, denominator = counts
    if full is not None and (numerator > full or not (math.isnan(denominator) or denominator == full)):
        raise ValueError(f"write the published points as numerator (0 to {full:g}) and {full:g} as denominator")
    if numerator > denominator:
        raise ValueError(f"numerator {numerator:g} is larger than denominator {denominator:g}; check both counts")
    return numerator, denominator
