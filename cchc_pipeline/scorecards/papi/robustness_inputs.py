"""Read standard errors, groups of provinces and weights for PAPI's ranks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from cchc_pipeline.reference.papi_instrument import PROVINCES, PapiTableError
from cchc_pipeline.sources.papi.source import PROVINCE, province_rows
from cchc_pipeline.tabular.cells import CellError, read_number
from cchc_pipeline.tabular.files import TableFileError


def read_standard_errors(path: Path) -> pd.Series:
    """Read standard errors of totals; columns Province (P01 to P63) and SE.

    Blank and 0 mean unknown: published sheets write 0 where there is none.

    Raises:
        PapiTableError: not such a file; with the cell and the fix.
    """
    found: dict[str, float] = {}
    for number, province, cell in _rows(path, "SE"):
        try:
            value = read_number(cell, "either") if cell else 0.0
        except CellError as error:
            raise PapiTableError(
                f"{path.name}, line {number} ({province}): SE {cell!r} is not a number; write 0.61 or leave it blank"
            ) from error
        if value < 0:
            raise PapiTableError(
                f"{path.name}, line {number} ({province}): SE {cell} is no standard error; write a number of points "
                "of zero or more, such as 0.61"
            )
        found[province] = value if value > 0 else np.nan
    return pd.Series(found, dtype=np.float64)


def read_groups(path: Path) -> pd.Series:
    """Read the group (a region, say) of every province; columns Province and Group.

    Raises:
        PapiTableError: not such a file, or a province without a group.
    """
    found = {province: group for _, province, group in _rows(path, "Group")}
    if absent := [province for province in PROVINCES if not found.get(province)]:
        raise PapiTableError(f"{path.name}: no group for {', '.join(absent)}; give every province P01 to P63 one")
    return pd.Series(found, dtype=object)


def read_weights(text: str, dimensions: Sequence[str]) -> tuple[float, ...]:
    """Read weights as in `D1=0.5,D2=1.6`, one per dimension of the year, in any unit.

    Raises:
        PapiTableError: another form, an unknown or absent dimension, a weight below zero, or all zero.
    """
    found: dict[str, float] = {}
    for pair in text.split(","):
        code, _, number = pair.strip().partition("=")
        try:
            found[code.strip().upper()] = float(number)
        except ValueError as error:
            raise PapiTableError(f"Weights: {pair.strip()!r} is no weight; write D1=0.5,D2=1.6 and so on") from error
    if set(found) != set(dimensions) or len(text.split(",")) != len(dimensions):
        raise PapiTableError(f"Weights: this year has {', '.join(dimensions)}; give each of them once")
    if not all(0 <= weight < np.inf for weight in found.values()) or not any(found.values()):
        raise PapiTableError("Weights must be numbers of zero or more, not all zero")
    return tuple(found[code] for code in dimensions)


def _rows(path: Path, column: str) -> list[tuple[int, str, str]]:
    """Return line number, province and cell; every province at most once."""
    try:
        lines = list(province_rows(path, column, re.compile(rf"{column.upper()}\Z")))
    except TableFileError as error:
        raise PapiTableError(str(error), file=error.file) from error
    found: dict[str, tuple[int, str, str]] = {}
    for number, cells in lines:
        province = cells[PROVINCE].upper()
        if province not in PROVINCES or province in found:
            raise PapiTableError(
                f"{path.name}, line {number}: {province!r} is no province code or occurs twice; use P01 to P63 once"
            )
        found[province] = (number, province, cells[column.upper()])
    if not found:
        raise PapiTableError(f"{path.name}: has no rows below its header; give every province a row")
    return list(found.values())
