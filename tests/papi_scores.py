"""Invented PAPI scores, as the landed table and as the wide table that an operator drops."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cchc_pipeline.reference.papi_instrument import PROVINCES, instrument

Gaps = Collection[str | tuple[str, str]]


def landed(year: int, gaps: Gaps = ()) -> pd.DataFrame:
    """Rows of year, province_code, slot and score; no score where the province, or its slot, is a gap."""
    draw, asked = np.random.default_rng(year), instrument(year)
    keys = [(province, slot) for province in PROVINCES for slot in asked.slots]
    rows = [(year, *key, round(draw.uniform(*asked.bounds(key[1])), 4)) for key in keys]
    table = pd.DataFrame(rows, columns=["year", "province_code", "slot", "score"])
    return table.assign(score=table["score"].mask([key[0] in gaps or key in gaps for key in keys]))


def landed_rows(years: Iterable[int], provinces: Collection[str]) -> list[dict[str, Any]]:
    """Rows of some provinces, by their codes, in some years."""
    table = pd.concat(landed(year) for year in years)
    return table[table["province_code"].isin(provinces)].to_dict("records")


def wide(folder: Path, year: int, gaps: Gaps = ()) -> Path:
    """Write a row per province and a column per slot."""
    path = folder / f"{year}.csv"
    table = landed(year, gaps).pivot(index="province_code", columns="slot", values="score")
    table.rename_axis("Province").to_csv(path)
    return path
