"""Compare periods: copies, changed instruments, jumps of level, volumes.

A listing shows the same old periods every night, so a break is new on the first day that shows it and known on
later days.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations, pairwise
from math import sqrt
from statistics import median

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.contracts.model import Contract
from cchc_pipeline.days import Period, period_of
from cchc_pipeline.reference.calendar import is_working_day
from cchc_pipeline.validation.drift.comparison import FELL, ROSE, Break, Comparison, is_other_level
from cchc_pipeline.vietnamese import period_label

#: Fewest different values of an item whose repetition counts as a copy.
FEWEST_DIFFERENT = 10
#: Fewest units of a mean that is compared.
FEWEST_UNITS = 20
#: Fewest other periods that tell the usual volume; with two, a wrong one would make the other look wrong.
FEWEST_PERIODS = 3
#: Fewest working days of a period before its running total is compared; smallest difference that counts.
FEWEST_DAYS, FEWEST_COUNTED = 5, 200
_KIND_VI = {"month": "tháng", "quarter": "quý", "year": "năm"}


@dataclass(frozen=True)
class Item:
    """Figures of one item in one period, as one day's listing had them."""

    rows: int
    total: float | None
    different: int
    digest: str
    group: str | None

    @property
    def mean(self) -> float | None:
        """Return the mean over the units; None without a total or units."""
        return None if self.total is None or not self.rows else self.total / self.rows


#: period -> item -> figures. A period is its kind and first day or year: `month 2026-11-01`, `2024`.
Reading = Mapping[str, Mapping[str, Item]]


def compare_periods(lines: pa.Table, days: Sequence[date], contract: Contract) -> list[Comparison]:
    """Compare periods for the newest of `days`: copies, instrument, level and volume.

    `lines` are the profiles of these staged days and of days before.
    """
    held = _readings(lines)
    staged = sorted(set(days) & set(held))
    if not staged:
        return [Comparison(check, 0) for check in _CHECKS]
    earlier: dict[str, Mapping[str, Item]] = {}
    for day, reading in held.items():
        if day < staged[0]:
            earlier |= reading
    last = staged[-1]
    now = earlier | held[last]
    again = list(_read_again(held, staged[0], last, contract))
    judged = sum(1 for _ in _neighbours(now)) + len(earlier)
    found = []
    for check, breaks_of in _CHECKS.items():
        before = list(breaks_of(earlier, contract))
        breaks = list(breaks_of(now, contract))
        news = [one for one in breaks if one not in before] + [one for name, one in again if name == check]
        found.append(Comparison(check, judged, tuple(news), tuple(one for one in breaks if one in before)))
    return found


def _readings(lines: pa.Table) -> dict[date, dict[str, dict[str, Item]]]:
    """Return the items that each day's listing held, by day in order."""
    found: dict[date, dict[str, dict[str, Item]]] = {}
    for line in lines.filter(pc.equal(lines["measure"], "item")).to_pylist():
        item = Item(line["rows"], line["total"], line["different"] or 0, line["digest"] or "", line["group_name"])
        found.setdefault(line["day_on"], {}).setdefault(line["bucket"], {})[line["column_name"]] = item
    return dict(sorted(found.items()))


def _kind(period: str) -> str:
    return period.rpartition(" ")[0]


def _neighbours(now: Reading) -> Iterator[tuple[str, str]]:
    """Yield pairs of periods of one kind that follow each other."""
    for before, after in pairwise(sorted(now, key=lambda period: (_kind(period), period))):
        if _kind(before) == _kind(after):
            yield before, after


def _period(text: str) -> Period:
    kind, _, start = text.rpartition(" ")
    first = date.fromisoformat(start) if kind else date(int(start), 1, 1)
    return period_of(kind if kind in _KIND_VI else "year", first)


def _named(text: str) -> dict[str, str]:
    """Return the name of a period in Vietnamese and in English, as words of a break."""
    period = _period(text)
    label = period_label(period.kind, period.first, period.last).removeprefix("Q")
    return {"vi": f"{_KIND_VI[period.kind]} {label}", "en": f"{period.kind} {period}"}


def _earlier(words: Mapping[str, str]) -> dict[str, str]:
    return {f"earlier_{language}": word for language, word in words.items()}


def _copies(now: Reading, contract: Contract) -> Iterator[Break]:
    """Yield periods with the same figures in every unit: whole tables or single items."""
    for first, second in combinations(sorted(now), 2):
        one, other = now[first], now[second]
        telling = [item for item in one if item in other and one[item].different >= FEWEST_DIFFERENT]
        same = [item for item in telling if one[item].digest == other[item].digest]
        if _kind(first) != _kind(second) or not same:
            continue
        is_whole = len(same) == len(telling) and set(one) == set(other)
        if is_whole or contract.profile.single_items:
            numbers = {"first": first, "second": second, "items": same, "compared": len(telling)}
            words = {**_named(second), **_earlier(_named(first)), "named": ", ".join(same)}
            yield Break.of("copied_table" if is_whole else "copied_items", second, numbers, **words)


def _instruments(now: Reading, _: Contract) -> Iterator[Break]:
    """Yield groups whose items changed between periods: figures are not comparable."""
    for before, after in _neighbours(now):
        yield from _other_items(now[before], now[after], after, _named(after) | _earlier(_named(before)))


def _other_items(
    old: Mapping[str, Item], new: Mapping[str, Item], culprit: str, words: Mapping[str, str]
) -> Iterator[Break]:
    old_groups, new_groups = _groups(old), _groups(new)
    for group in sorted(old_groups.keys() | new_groups.keys()):
        had, has = old_groups.get(group, set()), new_groups.get(group, set())
        if had != has:
            numbers = {"group": group, "items_before": len(had), "items_after": len(has)}
            numbers |= {"new": ", ".join(sorted(has - had)) or "-", "gone": ", ".join(sorted(had - has)) or "-"}
            yield Break.of("instrument", culprit, numbers, **words)


def _groups(items: Mapping[str, Item]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, item in items.items():
        found.setdefault(item.group or name, set()).add(name)
    return found


def _levels(now: Reading, contract: Contract) -> Iterator[Break]:
    """Yield items whose mean over all units changed its level: rather a changed scale."""
    for before, after in _neighbours(now) if contract.profile.single_items else ():
        words = _named(after) | _earlier(_named(before))
        for item in sorted(now[before].keys() & now[after].keys()):
            old, new = now[before][item], now[after][item]
            if min(old.rows, new.rows) < FEWEST_UNITS or not old.mean or new.mean is None:
                continue
            if is_other_level(old.mean, new.mean):
                numbers = {"item": item, "before": round(old.mean, 4), "after": round(new.mean, 4), "units": new.rows}
                yield Break.of("mean", after, numbers, old=old.mean, mean=new.mean, **words)


def _volumes(now: Reading, contract: Contract) -> Iterator[Break]:
    """Yield periods below the contract's least count, or far from others of the kind."""
    volume = contract.volume
    if volume is None:
        return
    sizes = {period: sum(item.rows for item in items.values()) for period, items in sorted(now.items())}
    for period, rows in sizes.items():
        others = [size for other, size in sizes.items() if other != period and _kind(other) == _kind(period)]
        usual = median(others) if len(others) >= FEWEST_PERIODS else None
        low, high = float(volume.min_rows), None
        if usual is not None:
            low, high = max(low, usual / volume.factor), usual * volume.factor
        if rows < low or (high is not None and rows > high):
            numbers = {"period": period, "rows": rows, "usual": usual, "low": low, "high": high}
            words = {language: name.capitalize() for language, name in _named(period).items()}
            of_vi, of_en = (
                (f", các kỳ khác khoảng {usual:,.0f}", f", others about {usual:,.0f}")
                if usual is not None
                else ("", "")
            )
            yield Break.of("period_volume", period, numbers, others_vi=of_vi, others_en=of_en, **words)


#: Check -> function that yields its breaks, from the newest reading of every period.
_CHECKS = {"copies": _copies, "instrument": _instruments, "level": _levels, "volume": _volumes}


def _read_again(
    held: Mapping[date, Reading], first: date, last: date, contract: Contract
) -> Iterator[tuple[str, Break]]:
    """Yield (check, break) of the newest listing against the last before staged days."""
    day = max((day for day in held if day < first), default=None)
    if day is None:
        return
    read = {"earlier_vi": f"đọc ngày {day:%d/%m/%Y}", "earlier_en": f"read on {day}"}
    read |= {"later_vi": f"đọc ngày {last:%d/%m/%Y}", "later_en": f"read on {last}"}
    old, new = held[day], held[last]
    for period in sorted(old.keys() & new.keys()):
        named = _named(period)
        known = {"vi": f"{named['vi']}, {read['earlier_vi']},", "en": f"{named['en']} as {read['earlier_en']}"}
        words = {"vi": read["later_vi"], "en": f"as {read['later_en']}", **_earlier(known)}
        yield from (("instrument", one) for one in _other_items(old[period], new[period], period, words))
        passed = _working_days(period, day)
        if contract.profile.single_items or passed < FEWEST_DAYS:
            continue
        growth = max(_working_days(period, last) / passed, 1.0)
        for item in sorted(old[period].keys() & new[period].keys()):
            before, after = old[period][item].total, new[period][item].total
            if before is None or after is None:
                continue
            expected = before * growth
            is_far = abs(after - expected) > max(FEWEST_COUNTED, 5 * sqrt(expected))
            if is_far and not FELL * before <= after <= ROSE * expected:
                numbers = {"item": item, "period": period, "before": before, "after": after}
                numbers |= {"expected": round(expected)}
                yield "level", Break.of("jump", f"{item} {period}", numbers, **named, **read)


def _working_days(period: str, until: date) -> int:
    """Return the working days of a period that are over on `until`; at least 1."""
    held = _period(period)
    days = (held.first + timedelta(days=i) for i in range((min(until, held.last) - held.first).days + 1))
    return max(sum(is_working_day(day) for day in days), 1)
