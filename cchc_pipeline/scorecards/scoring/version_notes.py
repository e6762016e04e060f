"""Where one version of a rubric takes over from another: what its rows say about it.

`rubric_version` on the row is what makes points comparable: over time only rows of the same version are, except for
criteria that the versions score alike.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from cchc_pipeline.reference.index_codes import TOTAL_CODE
from cchc_pipeline.scorecards.scoring.rubric import Group, Rubric
from cchc_pipeline.scorecards.scoring.shelf import Shelf, changed_criteria


def mark(card: pa.Table, rubric: Rubric, shelf: Shelf) -> pa.Table:
    """Say on the rows what a reader has to know about the version that scored them.

    * A period that ends outside of the version's validity is provisional, and says so.
    * A period that begins before it says so.
    * The first period of a version says on the total, and on every group and criterion that is scored otherwise than
      before, that the series breaks.

    Args:
        card: rows scored by `rubric`, in the columns of a scorecard.
        rubric: one version.
        shelf: all versions.
    """
    periods = card.select(["period_start", "period_end"]).to_pandas(date_as_object=True)
    first, last = periods["period_start"], periods["period_end"]
    said = pd.Series("", index=periods.index)
    outside = np.array([not rubric.is_valid_on(day) for day in last], dtype=np.bool_)
    crossing = ~outside & np.array([day < rubric.valid_from for day in first], dtype=np.bool_)
    said[outside] = f"Chấm theo phiên bản {rubric.version} ({_validity(rubric)}); kỳ này nằm ngoài hiệu lực"
    said[crossing] = f"Kỳ bắt đầu trước ngày phiên bản {rubric.version} có hiệu lực ({_day(rubric.valid_from)})"
    codes = np.array(card["criterion_code"].to_pylist(), dtype=object)
    for day in set(first[~outside].dropna()):
        old = shelf.before(rubric.id, day)
        if old != rubric:
            rows = (first == day).to_numpy() & ~outside & np.isin(codes, list(_broken(old, rubric)))
            _add(said, rows, f"Đứt chuỗi: kỳ trước chấm theo phiên bản {old.version}, không so sánh điểm")
    reasons = pd.Series(card["reason_vi"].to_pylist(), index=periods.index, dtype=object)
    told = ["; ".join(text for text in pair if text) or None for pair in zip(reasons, said, strict=True)]
    provisional = np.array(card["is_provisional"].to_pylist(), dtype=np.bool_) | outside
    for name, values in (("is_provisional", pa.array(provisional)), ("reason_vi", pa.array(told, pa.string()))):
        card = card.set_column(card.schema.get_field_index(name), card.schema.field(name), values)
    return card


def _add(said: pd.Series, rows: npt.NDArray[np.bool_], sentence: str) -> None:
    said[rows] = [f"{text}; {sentence}" if text else sentence for text in said[rows]]


def _broken(old: Rubric, new: Rubric) -> set[str]:
    """Codes of the total and of all groups and criteria that the new version scores otherwise."""
    changed = changed_criteria(old, new)
    found = {TOTAL_CODE, *changed}

    def walk(group: Group) -> None:
        if any(leaf.code in changed for leaf in group.leaves()):
            found.add(group.code)
        for child in group.groups:
            walk(child)

    for group in new.groups:
        walk(group)
    return found


def _validity(rubric: Rubric) -> str:
    until = f" đến {_day(rubric.valid_to)}" if rubric.valid_to else ""
    return f"hiệu lực từ {_day(rubric.valid_from)}{until}"


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"
