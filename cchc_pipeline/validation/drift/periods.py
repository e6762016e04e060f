"""Breaks between periods: a year that copies another, an instrument that changed, a figure whose level jumped.

A listing shows the same old periods every night, so a break is told by the first day that shows it; on
later days it is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from math import sqrt
from statistics import median

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.contracts.model import Contract
from cchc_pipeline.reference.calendar import is_working_day
from cchc_pipeline.validation.drift.daily import Break, Comparison

#: An item has to hold so many different values before its repetition means anything.
FEWEST_DIFFERENT = 10
#: Units that a mean needs, and the ratios that count as another level.
FEWEST_UNITS, FELL, ROSE = 20, 0.62, 1.6
#: Other periods of a kind that say what is usual: of two, one that is wrong would make the other look wrong.
FEWEST_PERIODS = 3
#: A running total is compared once so many working days of its period are over, and from such a difference on.
FEWEST_DAYS, FEWEST_COUNTED = 5, 200


@dataclass(frozen=True)
class Item:
    """One item in one period, as one day's listing had it."""

    rows: int
    total: float | None
    different: int
    digest: str
    group: str | None

    @property
    def mean(self) -> float | None:
        """Mean over the units."""
        return None if self.total is None or not self.rows else self.total / self.rows


#: period -> item -> figures. A period is its kind and first day or year: `month 2026-11-01`, `2024`.
Reading = Mapping[str, Mapping[str, Item]]


def readings(profiles: pa.Table) -> dict[date, dict[str, dict[str, Item]]]:
    """What each day's listing held, by day in order."""
    found: dict[date, dict[str, dict[str, Item]]] = {}
    for line in profiles.filter(pc.equal(profiles["measure"], "item")).to_pylist():
        item = Item(line["rows"], line["total"], line["different"] or 0, line["digest"] or "", line["group_name"])
        found.setdefault(line["day_on"], {}).setdefault(line["bucket"], {})[line["column_name"]] = item
    return dict(sorted(found.items()))


def compare_periods(profiles: pa.Table, days: Iterable[date], contract: Contract) -> list[Comparison]:
    """The checks `copies`, `instrument`, `level` and `volume` of a table of periods, for the newest of `days`.

    Args:
        profiles: lines of these days and of days before.
        days: the civil days that were staged.
        contract: the contract.
    """
    held = readings(profiles)
    staged = sorted(set(days) & set(held))
    if not staged:
        return [Comparison(check, 0) for check in ("copies", "instrument", "level", "volume")]
    last = staged[-1]
    earlier: dict[str, dict[str, Item]] = {}
    for day, reading in held.items():
        if day < staged[0]:
            earlier |= reading
    now = earlier | held[last]
    judged = sum(1 for _ in _neighbours(now))
    checks = (
        ("copies", _copies(now, contract), _copies(earlier, contract)),
        ("instrument", _instrument(now), _instrument(earlier)),
        ("level", _levels(now, contract), _levels(earlier, contract)),
        ("volume", _volumes(now, contract), _volumes(earlier, contract)),
    )
    found = []
    again = _read_again(held, staged[0], last, contract)
    for check, breaks, before in checks:
        told = {_identity(one) for one in before}
        news = [one for one in breaks if _identity(one) not in told]
        news += again.get(check, [])
        known = [one for one in breaks if _identity(one) in told]
        found.append(Comparison(check, judged + len(earlier), tuple(news), tuple(known)))
    return found


def _identity(one: Break) -> str:
    return f"{one.culprit}|{sorted(one.numbers.items(), key=str)}"


def _kind(period: str) -> str:
    return period.rpartition(" ")[0]


def _neighbours(now: Reading) -> Iterator[tuple[str, str]]:
    """Periods of one kind that follow each other."""
    for before, after in pairwise(sorted(now, key=lambda period: (_kind(period), period))):
        if _kind(before) == _kind(after):
            yield before, after


def _named(period: str) -> tuple[str, str]:
    """A period in Vietnamese and in English."""
    kind, _, start = period.rpartition(" ")
    if not kind:
        return f"năm {start}", f"year {start}"
    day = date.fromisoformat(start)
    if kind == "month":
        return f"tháng {day:%m/%Y}", f"month {day:%Y-%m}"
    if kind == "quarter":
        return f"quý {(day.month + 2) // 3}/{day.year}", f"quarter {(day.month + 2) // 3}/{day.year}"
    return f"năm {day.year}", f"year {day.year}"


def _copies(now: Reading, contract: Contract) -> list[Break]:
    """Two periods with the same figures for every unit: the whole table, or single items of it."""
    found = []
    periods = sorted(now)
    for i, first in enumerate(periods):
        for second in periods[i + 1 :]:
            if _kind(first) != _kind(second):
                continue
            one, other = now[first], now[second]
            telling = [item for item in one if item in other and one[item].different >= FEWEST_DIFFERENT]
            same = [item for item in telling if one[item].digest == other[item].digest]
            (vi_1, en_1), (vi_2, en_2) = _named(first), _named(second)
            numbers = {"first": first, "second": second, "items": same, "compared": len(telling)}
            if telling and len(same) == len(telling) and set(one) == set(other):
                found.append(
                    Break(
                        second,
                        f"Số liệu {vi_2} giống hệt {vi_1} ở cả {len(same)} chỉ số, mọi đơn vị: rất có thể là bản chép.",
                        f"The figures of {en_2} are those of {en_1} in all {len(same)} items and units: most likely a "
                        "copy.",
                        numbers,
                    )
                )
            elif contract.profile.single_items and same:
                found.append(
                    Break(
                        second,
                        f"{', '.join(same)} của {vi_2} giống hệt {vi_1} ở mọi đơn vị: rất có thể là cột chép lại.",
                        f"{', '.join(same)} of {en_2} is that of {en_1} for every unit: most likely a copied column.",
                        numbers,
                    )
                )
    return found


def _instrument(now: Reading) -> list[Break]:
    """Groups whose items changed from one period to the next: the figures before and after measure other things."""
    return [
        found
        for before, after in _neighbours(now)
        for found in _other_items(now[before], now[after], _named(before), _named(after), after)
    ]


def _other_items(
    old: Mapping[str, Item], new: Mapping[str, Item], before: tuple[str, str], after: tuple[str, str], culprit: str
) -> Iterator[Break]:
    old_groups, new_groups = _groups(old), _groups(new)
    for group in sorted(old_groups.keys() | new_groups.keys()):
        had, has = old_groups.get(group, set()), new_groups.get(group, set())
        if had == has:
            continue
        came, gone = ", ".join(sorted(has - had)) or "-", ", ".join(sorted(had - has)) or "-"
        yield Break(
            culprit,
            f"Nhóm {group}: {before[0]} có {len(had)} chỉ số, {after[0]} có {len(has)} (thêm {came}; bỏ {gone}); "
            "điểm hai kỳ không so sánh trực tiếp được.",
            f"Group {group}: {len(had)} items in {before[1]}, {len(has)} in {after[1]} (new {came}; gone {gone}); "
            "the two are not comparable as they stand.",
            {"group": group, "items_before": len(had), "items_after": len(has), "new": came, "gone": gone},
        )


def _groups(items: Mapping[str, Item]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, item in items.items():
        found.setdefault(item.group or name, set()).add(name)
    return found


def _levels(now: Reading, contract: Contract) -> list[Break]:
    """Items whose mean over all units moved to another level between two periods: rather the scale than the units."""
    if not contract.profile.single_items:
        return []
    found = []
    for before, after in _neighbours(now):
        (vi_1, en_1), (vi_2, en_2) = _named(before), _named(after)
        for item in sorted(now[before].keys() & now[after].keys()):
            old, new = now[before][item], now[after][item]
            if min(old.rows, new.rows) < FEWEST_UNITS or not old.mean or new.mean is None:
                continue
            if FELL < new.mean / old.mean < ROSE:
                continue
            found.append(
                Break(
                    after,
                    f"{item}: trung bình {vi_1} là {old.mean:.2f}, {vi_2} là {new.mean:.2f} ở {new.rows} đơn vị; "
                    "có thể bộ câu hỏi hoặc thang điểm đã đổi.",
                    f"{item}: mean {old.mean:.2f} in {en_1}, {new.mean:.2f} in {en_2} over {new.rows} units; the items "
                    "or the scale behind it may have changed.",
                    {"item": item, "before": round(old.mean, 4), "after": round(new.mean, 4), "units": new.rows},
                )
            )
    return found


def _volumes(now: Reading, contract: Contract) -> list[Break]:
    """Periods with fewer figures than the contract's least, or far from the other periods of their kind."""
    volume = contract.volume
    if volume is None:
        return []
    sizes = {period: sum(item.rows for item in items.values()) for period, items in now.items()}
    found = []
    for period, rows in sorted(sizes.items()):
        others = [size for other, size in sizes.items() if other != period and _kind(other) == _kind(period)]
        usual = median(others) if len(others) >= FEWEST_PERIODS else None
        low, high = float(volume.min_rows), None
        if usual is not None:
            low, high = max(low, usual / volume.factor), usual * volume.factor
        if rows < low or (high is not None and rows > high):
            vi, en = _named(period)
            of_vi, of_en = (
                ("", "") if usual is None else (f", các kỳ khác khoảng {usual:,.0f}", f", others about {usual:,.0f}")
            )
            found.append(
                Break(
                    period,
                    f"{vi.capitalize()}: {rows:,} số liệu{of_vi}; ít nhất phải {low:,.0f}.",
                    f"{en.capitalize()}: {rows:,} figures{of_en}; at least {low:,.0f} expected.",
                    {"period": period, "rows": rows, "usual": usual, "low": low, "high": high},
                )
            )
    return found


def _read_again(held: Mapping[date, Reading], first: date, last: date, contract: Contract) -> dict[str, list[Break]]:
    """The newest listing against the last one before the staged days, period by period."""
    days = [day for day in held if day < first]
    found: dict[str, list[Break]] = {"instrument": [], "level": []}
    if not days:
        return found
    old, new = held[days[-1]], held[last]
    for period in sorted(old.keys() & new.keys()):
        vi, en = _named(period)
        found["instrument"] += _other_items(
            old[period],
            new[period],
            (f"{vi}, đọc ngày {days[-1]:%d/%m/%Y},", f"{en} as read on {days[-1]}"),
            (f"đọc ngày {last:%d/%m/%Y}", f"as read on {last}"),
            period,
        )
        if contract.profile.single_items:
            continue
        passed = _worked(period, days[-1])
        if passed < FEWEST_DAYS:
            continue
        growth = _worked(period, last) / passed
        for item in sorted(old[period].keys() & new[period].keys()):
            before, after = old[period][item].total, new[period][item].total
            if before is None or after is None:
                continue
            expected = before * max(growth, 1.0)
            far = abs(after - expected) > max(FEWEST_COUNTED, 5 * sqrt(expected))
            if far and not (FELL * before <= after <= ROSE * expected):
                found["level"].append(
                    Break(
                        f"{item} {period}",
                        f"Tổng {item} của {vi} nhảy từ {before:,.0f} (đọc ngày {days[-1]:%d/%m/%Y}) đến {after:,.0f} "
                        f"(đọc ngày {last:%d/%m/%Y}).",
                        f"The total of {item} for {en} jumped from {before:,.0f} (read on {days[-1]}) to {after:,.0f} "
                        f"(read on {last}).",
                        {"item": item, "period": period, "before": before, "after": after, "expected": round(expected)},
                    )
                )
    return found


def _worked(period: str, until: date) -> int:
    """Working days of a period that are over on `until`; at least 1."""
    kind, _, start = period.rpartition(" ")
    first = date.fromisoformat(start) if kind else date(int(start), 1, 1)
    months = {"month": 1, "quarter": 3}.get(kind, 12)
    month = first.month - 1 + months
    end = date(first.year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
    last = min(until, end)
    return max(sum(is_working_day(first + timedelta(days=i)) for i in range((last - first).days + 1)), 1)
