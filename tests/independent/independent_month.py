"""A month of a whole province, pulled, judged and published by real runs of the main job."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.sandbox.province import Province

FIRST, LOADED, LAST = date(2026, 9, 1), date(2026, 10, 6), date(2026, 10, 8)


@dataclass(frozen=True)
class Month:
    """What the runs left: the lake, the province that was pulled, and the last day of data."""

    lake: Lake
    province: Province
    until: date
