"""Read PAPI's instrument of each year: sub-dimensions, scales and series breaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

import yaml

from cchc_pipeline.errors import CchcError
from cchc_pipeline.reference.index_codes import TOTAL_CODE
from cchc_pipeline.reference.units_national import OldProvince, old_provinces

PROVINCES = tuple(f"P{number:02d}" for number in range(1, 64))
"""The 63 provinces of before 1/7/2025, by their ordinal in the order of the statistics office's codes."""


class Slot(NamedTuple):
    """Meaning of one sub-dimension in one year."""

    construct: str
    version: str
    name_vi: str
    name_en: str


class Break(NamedTuple):
    """A change of scale or meaning that is not a change of performance."""

    year: int
    codes: Sequence[str]
    note_vi: str
    note_en: str


@dataclass(frozen=True, slots=True)
class Instrument:
    """PAPI's instrument of one year: sub-dimensions, scales, breaks, weights."""

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
    weights: dict[str, float]
    """Weight of each dimension in the weighted total; empty where none is known for the year."""

    def bounds(self, code: str) -> tuple[float, float]:
        """Return nominal bounds: 1/k to 10/k of one of k sub-dimensions, 1 to 10 of D."""
        if code == TOTAL_CODE:
            return float(len(self.dimensions)), 10.0 * len(self.dimensions)
        parts = len(self.dimensions[dimension_of(code)]) if code in self.slots else 1
        return 1 / parts, 10 / parts

    def break_note_vi(self, code: str) -> str | None:
        """Return why this code cannot be compared with the year before, or None."""
        notes = [item.note_vi for item in self.breaks if code in item.codes]
        if code == TOTAL_CODE and self.year > _data()["years"][0]:
            broken = [part for part in self.dimensions if breaks_off(part, self.year)]
            if broken:
                notes.append(f"tổng điểm gồm {', '.join(broken)}, không so sánh được với năm trước")
        return f"Đứt chuỗi so với năm {self.year - 1}: {'; '.join(notes)}" if notes else None

    def has(self, code: str) -> bool:
        """Return whether this year has the sub-dimension, dimension or TOTAL."""
        return code == TOTAL_CODE or code in self.slots or code in self.dimensions


@cache
def instrument(year: int) -> Instrument:
    """Return the instrument of a year.

    Raises:
        PapiTableError: no instrument is known for that year.
    """
    data = _data()
    first, last = data["years"]
    if not first <= year <= last:
        raise PapiTableError(
            f"No PAPI instrument is known for {year}: the years are {first} to {last}. "
            "If a newer edition is out, describe its sub-dimensions in reference/papi.yaml first",
            year=year,
        )
    slots = {
        code: Slot(span["construct"], span["version"], **data["constructs"][span["construct"]])
        for code, spans in data["slots"].items()
        for span in spans
        if span["from"] <= year <= span["to"]
    }
    dimensions = {name: tuple(code for code in slots if dimension_of(code) == name) for name in all_dimensions()}
    return Instrument(
        year,
        edition=next(item["label"] for item in data["editions"] if item["from"] <= year <= item["to"]),
        slots=slots,
        dimensions={name: codes for name, codes in dimensions.items() if codes},
        breaks=tuple(Break(**item) for item in data["breaks"] if item["year"] == year),
        weights=data["weights"].get(year, {}),
        **{name: data[name] for name in ("tolerance", "name_vi", "name_en")},
    )


@cache
def breaks_off(code: str, year: int) -> bool:
    """Return whether points of `code` are not comparable with the year before `year`.

    True for a listed break, another construct, version or scale of a sub-dimension, other members of a sum, and a sum
    one of whose members breaks off: a sum is not more comparable than its parts.

    Raises:
        PapiTableError: the year or the year before it has no known instrument.
    """
    now, before = instrument(year), instrument(year - 1)
    if not now.has(code) or not before.has(code) or any(code in item.codes for item in now.breaks):
        return True
    if code in now.slots:
        new, old = now.slots[code], before.slots[code]
        return (new.construct, new.version, now.bounds(code)) != (old.construct, old.version, before.bounds(code))
    parts, old_parts = (set(one.dimensions if code == TOTAL_CODE else one.dimensions[code]) for one in (now, before))
    return parts != old_parts or any(breaks_off(part, year) for part in parts)


@cache
def comparable_since(code: str, year: int) -> int | None:
    """Return the first year of the unbroken stretch that `year` belongs to.

    None where the year does not have the code. A line over time may join points of one stretch only.
    """
    if not instrument(year).has(code):
        return None
    while year > _data()["years"][0] and not breaks_off(code, year):
        year -= 1
    return year


def all_slots() -> tuple[str, ...]:
    """Return every sub-dimension that any year has: the columns SC11 to SC83."""
    return tuple(_data()["slots"])


def all_dimensions() -> dict[str, dict[str, str]]:
    """Return D1 to D8 with their names, name_vi and name_en."""
    return dict(_data()["dimensions"])


@cache
def former_provinces() -> dict[str, OldProvince]:
    """Return PAPI code (P01 to P63) -> province of before 1/7/2025.

    The codes count the provinces in the order of their statistical codes, which have gaps: Cao Bằng has the code 04 and
    is P03. The publisher's own numbers are the statistical codes.
    """
    return dict(zip(PROVINCES, sorted(old_provinces(), key=lambda one: one.gso_code), strict=True))


def province_names() -> dict[str, str]:
    """Return PAPI code (P01 to P63) -> Vietnamese name of the former province."""
    return {code: one.name_vi for code, one in former_provinces().items()}


def parts_of_today(agency_code: str) -> dict[str, str]:
    """Return PAPI code -> name of the former provinces in a province of today.

    One where the province is as it was, in the order of the codes; none for an agency code that is none of the 34.
    """
    every = former_provinces().items()
    return {code: one.name_vi for code, one in every if one.successor_agency_code == agency_code}


def tier_rules() -> dict[str, Any]:
    """Return the publisher's tiers: `fewest_units`, `checked` years, `editions`."""
    return dict(_data()["tiers"])


def dimension_of(slot: str) -> str:
    """Return the dimension that a sub-dimension belongs to: SC24 to D2."""
    return f"D{slot[2]}"


@cache
def _data() -> dict[str, Any]:
    return dict(yaml.safe_load(resources.files(__package__).joinpath("papi.yaml").read_text("utf-8")))


class PapiTableError(CchcError):
    """A PAPI table or year that does not fit a known instrument."""
