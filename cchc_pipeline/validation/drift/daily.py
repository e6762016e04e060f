"""Compare days with the days before: volume, level, and distribution per column.

A difference is a break where it is large enough to matter and too large for chance at these counts. So small
counts do not alarm, and neither do large ones that differ by little.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import sqrt
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.contracts.model import Contract
from cchc_pipeline.contracts.parts import Column
from cchc_pipeline.reference.calendar import is_working_day
from cchc_pipeline.validation.drift.comparison import Break, Comparison, is_other_level, usual_band

#: How far back the comparisons look, in days.
LOOK_BACK = 126
#: Most and fewest same weekdays that a day is compared with; fewest earlier listings.
WEEKDAYS, FEWEST_WEEKDAYS, FEWEST_LISTINGS = 8, 4, 2
#: Working days of a new level, and most and fewest of the level before.
NEW_LEVEL, OLD_LEVEL, FEWEST_OLD = 5, 40, 15
#: Days of the recent and the earlier window of a distribution; fewest rows in each; fewest earlier days.
WINDOW, BASE, FEWEST_ROWS, FEWEST_BASE_DAYS = 7, 28, 100, 14
#: Population stability index from which a distribution counts as another one (a common reading: 0.1 some, 0.25 much).
PSI_LIMIT = 0.25
#: Variance of counts by day relative to independent draws, which days are not.
OVERDISPERSION = 2.0
_WEEKDAYS_VI = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")


@dataclass(frozen=True)
class DailyCounts:
    """Days in order, with rows, whether the day's own night pulled it, and the lines."""

    days: tuple[date, ...]
    rows: np.ndarray
    is_nightly: np.ndarray
    lines: pa.Table = field(repr=False)

    @classmethod
    def of(cls, lines: pa.Table, contract: Contract) -> DailyCounts:
        """Build from profile lines: rows of the day itself, or all rows of full listings."""
        counted = lines.filter(pc.equal(lines["measure"], "own" if contract.profile.dated_by else "rows"))
        counted = counted.sort_by("day_on")
        nightly = np.asarray([lag == 0 for lag in counted["lag_days"].to_pylist()])
        return cls(tuple(counted["day_on"].to_pylist()), counted["rows"].to_numpy().astype(float), nightly, lines)

    def by_bucket(self, column: str) -> tuple[list[str | None], np.ndarray]:
        """Return a column's buckets and rows by day and bucket; `…` holds unnamed values."""
        lines = self.lines.filter(
            pc.and_(pc.equal(self.lines["measure"], "bucket"), pc.equal(self.lines["column_name"], column))
        )
        days, buckets, rows = (lines[name].to_pylist() for name in ("day_on", "bucket", "rows"))
        names = sorted(set(buckets), key=lambda name: (name is None, name or ""))
        places = {day: i for i, day in enumerate(self.days)}
        found = np.zeros((len(self.days), len(names) + 1))
        found[[places[day] for day in days], [names.index(name) for name in buckets]] = rows
        found[:, -1] = np.maximum(self.rows - found.sum(axis=1), 0)
        return [*names, "…"], found


def compare_volumes(counts: DailyCounts, days: Sequence[date], contract: Contract) -> Comparison:
    """Compare each day with the same weekday before it, or with earlier listings.

    A working day below the contract's `min_rows` is a break without any history.
    """
    volume, is_dated = contract.volume, bool(contract.profile.dated_by)
    if volume is None:
        return Comparison("volume", 0)
    judged, breaks = 0, []
    rows = dict(zip(counts.days, counts.rows.tolist(), strict=True))
    for day in sorted(set(days) & set(rows)):
        least = volume.min_rows if is_working_day(day) else 0
        before = _days_of_kind(day, counts.days) if is_dated else [other for other in counts.days if other < day]
        held = [rows[other] for other in before[-WEEKDAYS:]]
        low, usual, high = float(least), None, None
        if len(held) >= (FEWEST_WEEKDAYS if is_dated else FEWEST_LISTINGS):
            low, usual, high = usual_band(held, volume.factor)
            low = max(low, least)
        judged += usual is not None or rows[day] < low
        if rows[day] < low or (high is not None and rows[day] > high):
            kind, numbers = "least_volume" if usual is None else "volume", {"day": str(day), "rows": int(rows[day])}
            numbers |= {"usual": usual, "low": max(low, 0), "high": high, "days_compared": len(held)}
            breaks.append(Break.of(kind, str(day), numbers, day=day, weekday=_WEEKDAYS_VI[day.weekday()]))
    return Comparison("volume", judged, tuple(breaks))


def _days_of_kind(day: date, days: Sequence[date]) -> list[date]:
    """Return earlier days alike: worked or not, and same weekday unless `day` is odd."""
    works = is_working_day(day)
    is_odd = works != (day.weekday() < 5)  # a holiday, or a day that is worked in its stead
    return [
        other
        for other in days
        if day - timedelta(days=LOOK_BACK) <= other < day
        and is_working_day(other) == works
        and (is_odd or other.weekday() == day.weekday())
    ]


def compare_levels(counts: DailyCounts, days: Sequence[date], contract: Contract) -> Comparison:
    """Find whether the source, or else one unit, moved to another level and stayed."""
    staged = set(days)
    places = [place for place, day in enumerate(counts.days) if is_working_day(day)]
    ends = [
        end for end, place in enumerate(places) if counts.days[place] in staged and end + 1 >= NEW_LEVEL + FEWEST_OLD
    ]
    judged, breaks = len(ends), []

    def level_break(culprit: str, of_vi: str, of_en: str, medians: tuple[float, float], end: int) -> None:
        since = counts.days[places[end - NEW_LEVEL + 1]]
        numbers = {"since": str(since), "before": medians[0], "after": medians[1]}
        breaks.append(
            Break.of("level", culprit, numbers, since=since, vi=f"{of_vi} {culprit}", en=f"{of_en} {culprit}")
        )

    shifts = {end: found for end in ends if (found := level_shift(counts.rows[places[: end + 1]]))}
    for end, found in shifts.items():
        if end - 1 not in shifts:  # otherwise it is the same shift, one day later
            level_break(str(contract.source), "nguồn", "source", found, end)
    if ends and "unit_code" in contract.column_names and not shifts:
        units, rows = counts.by_bucket("unit_code")
        for unit, series in zip(units[:-1], rows.T[:-1], strict=True):
            judged += 1
            if unit is not None and (found := level_shift(series[places[: ends[-1] + 1]])):
                level_break(unit, "đơn vị", "unit", found, ends[-1])
    return Comparison("level", judged, tuple(breaks))


def level_shift(series: np.ndarray) -> tuple[float, float] | None:
    """Return the medians before and after a shift of the last five working days.

    None unless all hold, against up to 40 working days before: their median is another level, every one of them lies
    beyond the quartile of the old days, and their sum beyond five standard deviations.
    """
    new, old = series[-NEW_LEVEL:], series[-NEW_LEVEL - OLD_LEVEL : -NEW_LEVEL]
    before, after, mean = float(np.median(old)), float(np.median(new)), float(old.mean())
    spread = sqrt(NEW_LEVEL * max(float(old.var()), mean, 1.0))
    if not is_other_level(before, after) or abs(float(new.sum()) - NEW_LEVEL * mean) <= 5 * spread:
        return None
    low, high = np.quantile(old, [0.25, 0.75])
    return (before, after) if np.all(new < low if after < before else new > high) else None


def compare_distributions(counts: DailyCounts, days: Sequence[date], contract: Contract) -> Comparison:
    """Find columns whose distribution in the last week differs from the four before.

    Of listings, the newest is compared with the one before. Columns that settle later are compared between nights only.
    """
    plan, staged = contract.profile, sorted(set(days) & set(counts.days))
    windows = list(_windows(counts.days, staged, is_listing=not plan.dated_by)) if staged else []
    fewest = FEWEST_ROWS if plan.dated_by else FEWEST_ROWS // 2
    judged, breaks = 0, []
    for column in contract.columns if windows else ():
        if column.name in plan.dated_by:
            continue
        names, rows = counts.by_bucket(column.name)
        if column.name in plan.settling:
            rows = rows * counts.is_nightly[:, None]
        for recent, base in windows:
            new, old = rows[recent].sum(axis=0), rows[base].sum(axis=0)
            filled = int((rows[base].sum(axis=1) > 0).sum())
            if min(new.sum(), old.sum()) < fewest or (plan.dated_by and filled < FEWEST_BASE_DAYS // 2):
                continue
            judged += 1
            if found := distribution_shift(names, old, new):
                breaks.append(_distribution_break(column, counts.days[recent[-1]], found))
                break  # one per column is enough
    return Comparison("distribution", judged, tuple(breaks))


def _windows(
    days: Sequence[date], staged: Sequence[date], *, is_listing: bool
) -> Iterator[tuple[list[int], list[int]]]:
    """Yield positions of recent days and of days before, newest staged week first."""
    place = {day: i for i, day in enumerate(days)}
    if is_listing:
        if last := place[staged[-1]]:
            yield [last], [last - 1]
        return
    end = staged[-1]
    while end >= staged[0]:
        week = [end - timedelta(days=i) for i in reversed(range(WINDOW + BASE))]
        base, recent = ([place[day] for day in part if day in place] for part in (week[:BASE], week[BASE:]))
        if recent and len(base) >= FEWEST_BASE_DAYS:
            yield recent, base
        end -= timedelta(days=WINDOW)


def distribution_shift(names: Sequence[str | None], old: np.ndarray, new: np.ndarray) -> dict[str, Any] | None:
    """Return the population stability index and what moved most; None below the limit.

    The limit is `PSI_LIMIT`, or more where chance explains more. Buckets of few rows count together as `…`.
    """
    few = (old + new) < 10
    merged = [names[i] for i in np.flatnonzero(~few).tolist()] + ["…"]
    old, new = (np.append(part[~few], part[few].sum()) for part in (old, new))
    there = (old + new) > 0
    merged = [name for name, one in zip(merged, there, strict=True) if one]
    old, new = old[there], new[there]
    if len(old) < 2:
        return None
    n, m = float(new.sum()), float(old.sum())
    p, q = (new + 0.5) / (n + 0.5 * len(new)), (old + 0.5) / (m + 0.5 * len(old))
    parts = (p - q) * np.log(p / q)
    index = float(parts.sum())
    limit = max(PSI_LIMIT, OVERDISPERSION * (1 / n + 1 / m) * _chi_square(len(old) - 1))
    if index < limit:
        return None
    shares = [[round(100 * float(one / whole), 1) for one in part] for part, whole in ((old, m), (new, n))]
    moved = [
        {"value": merged[i], "before_pct": shares[0][i], "after_pct": shares[1][i]}
        for i in np.argsort(-parts)[:3].tolist()
    ]
    return {"psi": round(index, 3), "limit": round(limit, 3), "rows": int(n), "rows_before": int(m), "moved": moved}


def _chi_square(degrees: int, z: float = 3.7) -> float:
    """Return the chi-square quantile, 0.9999 for z = 3.7 (Wilson and Hilferty 1931)."""
    part = 2 / (9 * degrees)
    return degrees * (1 - part + z * sqrt(part)) ** 3


def _distribution_break(column: Column, last: date, found: dict[str, Any]) -> Break:
    top = found["moved"][0]
    of_vi, of_en = ("giá trị trống", "no value") if top["value"] is None else (f"«{top['value']}»",) * 2
    words = {"until": last, "vi": column.label_vi, "en": column.label_en, "value_vi": of_vi, "value_en": of_en, **top}
    return Break.of("distribution", column.name, {"column": column.name, "until": str(last), **found}, **words)
