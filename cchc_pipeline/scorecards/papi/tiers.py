"""Group provinces in the four groups in which PAPI's publisher shows them.

The publisher prints groups and no ranks. They are quarters by the quartiles of the scores that exist, so a province
without a score is in none, and the groups are not of one size.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cchc_pipeline.reference.papi_instrument import tier_rules


def tiers(scores: pd.Series, year: int) -> pd.Series:
    """Return the quarter of every score: 1 (highest) to 4.

    Args:
        scores: one score per province, in points; NaN where there is none.
        year: year of the survey, which decides where a score on a quartile goes.

    Returns:
        Int32, same index; NA where there is no score, and everywhere where too few provinces have one.
    """
    found = pd.Series(pd.NA, index=scores.index, dtype="Int32")
    held = scores.dropna()
    if len(held) < tier_rules()["fewest_units"]:
        return found
    rule = next(item for item in tier_rules()["editions"] if item["from"] <= year <= item["to"])
    cuts = np.quantile(held.to_numpy(dtype=np.float64), [0.25, 0.5, 0.75])
    # searchsorted counts the quartiles below a score: with `right` a score on a quartile counts as above it.
    below = np.searchsorted(
        cuts, held.to_numpy(dtype=np.float64), side="right" if rule["on_quartile"] == "upper" else "left"
    )
    found.loc[held.index] = 4 - below
    return found


def tier_note_vi(year: int, grouped: int) -> str | None:
    """Return what a reader of a total has to know about its group, or None.

    Args:
        year: year of the survey.
        grouped: how many scores of the year have a group; 0 where too few provinces have one.
    """
    rules = tier_rules()
    if not grouped:
        return f"Không xếp nhóm: cần ít nhất {rules['fewest_units']} tỉnh có điểm mới chia được bốn nhóm như PAPI"
    if year in rules["checked"]:
        return None
    checked = ", ".join(map(str, rules["checked"]))
    return f"Nhóm chia theo cách PAPI làm các năm {checked}; chưa đối chiếu với bảng nhóm công bố của năm {year}"
