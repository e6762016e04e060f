"""PAPI's instrument: which sub-dimensions a year has, on which scale, and where the series breaks.

Belongs here: the years as data. Not here: tables of scores (`papi.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from cchc_pipeline.scorecards.errors import PapiTableError
from cchc_pipeline.scorecards.rubric import TOTAL_CODE
from cchc_pipeline.scorecards.rubric_file import RUBRIC_FOLDER

PROVINCES = tuple(f"P{number:02d}" for number in range(1, 64))
"""The 63 provinces of before 1/7/2025, by their ordinal in the order of the statistics office's codes."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One sub-dimension of one year."""

    code: str
    dimension: str
    construct: str
    version: str
    name_vi: str
    name_en: str
    subdimensions_in_dimension: int

    @property
    def lowest(self) -> float:
        """The nominal lower bound, 1/k."""
        return 1 / self.subdimensions_in_dimension

    @property
    def highest(self) -> float:
        """The nominal upper bound, 10/k."""
        return 10 / self.subdimensions_in_dimension


@dataclass(frozen=True, slots=True)
class Break:
    """A change of scale or meaning that is not a change of performance."""

    year: int
    codes: tuple[str, ...]
    note_vi: str
    note_en: str


@dataclass(frozen=True, slots=True)
class Instrument:
    """What was asked in one year, and how it was scaled."""

    year: int
    edition: str
    tolerance: float
    name_vi: str
    name_en: str
    slots: dict[str, Slot]
    dimensions: dict[str, tuple[str, ...]]
    """Slots in force by dimension, without the dimensions that this year does not have."""
    breaks: tuple[Break, ...]
    """Breaks between the year before and this one."""

    def bounds(self, code: str) -> tuple[float, float]:
        """Nominal lower and upper bound of a sub-dimension, a dimension (1 to 10) or TOTAL."""
        if code == TOTAL_CODE:
            return float(len(self.dimensions)), 10.0 * len(self.dimensions)
        return (self.slots[code].lowest, self.slots[code].highest) if code in self.slots else (1.0, 10.0)

    def break_note_vi(self, code: str) -> str | None:
        """Why this code cannot be compared with the year before, or None."""
        notes = [item.note_vi for item in self.breaks if code in item.codes]
        return f"Đứt chuỗi so với năm {self.year - 1}: {'; '.join(notes)}" if notes else None


@cache
def instrument(year: int) -> Instrument:
    """The instrument of a year.

    Raises:
        PapiTableError: no instrument is known for that year.
    """
    data = _data()
    first, last = data["years"]
    if not first <= year <= last:
        raise PapiTableError(
            f"No PAPI instrument is known for {year}: the years are {first} to {last}. "
            "If a newer edition is out, describe its sub-dimensions in rubrics/papi.yaml first",
            year=year,
        )
    in_force = {
        code: span for code, spans in data["slots"].items() for span in spans if span["from"] <= year <= span["to"]
    }
    dimensions = {
        dimension: tuple(code for code in in_force if dimension_of(code) == dimension) for dimension in all_dimensions()
    }
    dimensions = {dimension: codes for dimension, codes in dimensions.items() if codes}
    slots = {
        code: Slot(
            code,
            dimension_of(code),
            span["construct"],
            span["version"],
            **data["constructs"][span["construct"]],
            subdimensions_in_dimension=len(dimensions[dimension_of(code)]),
        )
        for code, span in in_force.items()
    }
    return Instrument(
        year,
        next(item["label"] for item in data["editions"] if item["from"] <= year <= item["to"]),
        float(data["tolerance"]),
        data["name_vi"],
        data["name_en"],
        slots,
        dimensions,
        tuple(
            Break(item["year"], tuple(item["codes"]), item["note_vi"], item["note_en"])
            for item in data["breaks"]
            if item["year"] == year
        ),
    )


def all_slots() -> tuple[str, ...]:
    """Every sub-dimension that any year has: the columns SC11 to SC83."""
    return tuple(_data()["slots"])


def all_dimensions() -> dict[str, dict[str, str]]:
    """Names of D1 to D8."""
    return dict(_data()["dimensions"])


def province_names() -> dict[str, str]:
    """Vietnamese names of the 63 provinces of before 1/7/2025 by their PAPI code P01 to P63."""
    return {code: province["name_vi"] for code, province in _data()["provinces"].items()}


def dimension_of(slot: str) -> str:
    """The dimension that a sub-dimension belongs to: SC24 to D2."""
    return f"D{slot[2]}"


@cache
def _data() -> dict[str, Any]:
    return dict(yaml.safe_load((RUBRIC_FOLDER / "papi.yaml").read_text(encoding="utf-8")))
