"""Breaks between days: a volume far from its weekday, a distribution that jumped, a level that shifted.

Every comparison asks two questions: is the difference large enough to matter, and is it too large for
chance at these counts. So small counts do not alarm, and neither do large ones that differ by little.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import sqrt
from statistics import median
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.contracts.model import Contract
from cchc_pipeline.reference.calendar import is_working_day

#: How far back the comparisons look, in days.
LOOK_BACK = 126
#: Same weekdays that a day is compared with, and the fewest that allow a judgement.
WEEKDAYS, FEWEST_WEEKDAYS = 8, 4
#: Working days of a new level and of the level before.
NEW_LEVEL, OLD_LEVEL, FEWEST_OLD = 5, 40, 15
#: Days of the two windows of a distribution, and the fewest rows in each.
WINDOW, BASE, FEWEST_ROWS, FEWEST_BASE_DAYS = 7, 28, 100, 14
#: Population stability index from which a distribution counts as another one (a common reading: 0.1 some, 0.25 much).
PSI_LIMIT = 0.25
#: Days are not independent draws: their counts vary about so many times more than chance alone would have it.
OVERDISPERSION = 2.0
_WEEKDAYS_VI = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")


@dataclass(frozen=True)
class Break:
    """One thing that is not as it was: who, in both languages, and the numbers behind the sentence."""

    culprit: str
    sentence_vi: str
    sentence_en: str
    numbers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Comparison:
    """What one check found.

    `judged` is how many comparisons were made; 0 means too little history: neither good nor bad.
    `known` are breaks that an earlier day has told already.
    """

    check: str
    judged: int
    breaks: tuple[Break, ...] = ()
    known: tuple[Break, ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Daily:
    """Profiles as numbers: the days in order, the rows of each, whether its own night pulled it, and the lines."""

    days: tuple[date, ...]
    counts: np.ndarray
    is_nightly: np.ndarray
    lines: pa.Table = field(repr=False)

    @classmethod
    def of(cls, profiles: pa.Table, contract: Contract) -> Daily:
        """From lines of `profile.SCHEMA`. Rows of the day itself count, all rows where batches are full listings."""
        wanted = "own" if contract.profile.dated_by else "rows"
        counted = profiles.filter(pc.equal(profiles["measure"], wanted)).sort_by("day_on")
        return cls(
            tuple(counted["day_on"].to_pylist()),
            np.asarray(counted["rows"].to_numpy(), dtype=float),
            np.asarray([lag == 0 for lag in counted["lag_days"].to_pylist()]),
            profiles,
        )

    def matrix(self, column: str) -> tuple[list[str | None], np.ndarray]:
        """Buckets of a column, and rows by day and bucket; what is not kept by name is the bucket `…`."""
        lines = self.lines.filter(
            pc.and_(pc.equal(self.lines["measure"], "bucket"), pc.equal(self.lines["column_name"], column))
        )
        place = {day: i for i, day in enumerate(self.days)}
        names = sorted(set(lines["bucket"].to_pylist()), key=lambda name: (name is None, name or ""))
        number = {name: i for i, name in enumerate(names)}
        found = np.zeros((len(self.days), len(names) + 1))
        for day, bucket, rows in zip(
            lines["day_on"].to_pylist(), lines["bucket"].to_pylist(), lines["rows"].to_pylist(), strict=True
        ):
            found[place[day], number[bucket]] = rows
        found[:, -1] = np.maximum(self.counts - found.sum(axis=1), 0)
        return [*names, "…"], found


def volumes(daily: Daily, days: Iterable[date], contract: Contract) -> Comparison:
    """Each of `days` against the same weekday before it (or against earlier listings).

    The band is the median plus or minus five robust deviations (1.4826 times the median absolute deviation, at
    least that of a Poisson count), never narrower than the contract's factor. A working day below `min_rows` is
    told without any history.
    """
    volume = contract.volume
    if volume is None or contract.profile.has_periods:
        return Comparison("volume", 0)
    judged, breaks = 0, []
    counts = dict(zip(daily.days, daily.counts, strict=True))
    for day in sorted(set(days) & set(counts)):
        came = counts[day]
        before = _like(day, daily.days) if contract.profile.dated_by else [other for other in daily.days if other < day]
        held = [counts[other] for other in before[-WEEKDAYS:]]
        enough = len(held) >= (FEWEST_WEEKDAYS if contract.profile.dated_by else 2)
        if not enough:
            if came < volume.min_rows and is_working_day(day):
                judged += 1
                breaks.append(_volume_break(day, came, None, (volume.min_rows, None), len(held)))
            continue
        judged += 1
        usual = median(held)
        deviation = max(1.4826 * median([abs(one - usual) for one in held]), sqrt(usual + 1))
        low = min(usual / volume.factor, usual - 5 * deviation)
        high = max(usual * volume.factor, usual + 5 * deviation)
        if is_working_day(day):
            low = max(low, volume.min_rows)
        if not low <= came <= high:
            breaks.append(_volume_break(day, came, usual, (max(low, 0), high), len(held)))
    return Comparison("volume", judged, tuple(breaks))


def _like(day: date, days: Sequence[date]) -> list[date]:
    """Earlier days to compare with: the same weekday, worked or not as `day` is; odd days with all of their kind."""
    works = is_working_day(day)
    kind = [
        other for other in days if day - timedelta(days=LOOK_BACK) <= other < day and is_working_day(other) == works
    ]
    same = [other for other in kind if other.weekday() == day.weekday()]
    is_odd = works != (day.weekday() < 5)  # a holiday, or a day that is worked in its stead
    return kind if is_odd else same


def _volume_break(day: date, came: float, usual: float | None, band: tuple[float, float | None], held: int) -> Break:
    low, high = band
    weekday = _WEEKDAYS_VI[day.weekday()]
    numbers = {"day": str(day), "rows": int(came), "usual": usual, "low": low, "high": high, "days_compared": held}
    if usual is None or high is None:
        return Break(
            str(day),
            f"{weekday} {day:%d/%m/%Y}: {came:,.0f} bản ghi, ít hơn mức tối thiểu {low:,.0f} của một ngày làm việc.",
            f"{day:%A} {day}: {came:,.0f} rows, fewer than the {low:,.0f} that a working day has at least.",
            numbers,
        )
    return Break(
        str(day),
        f"{weekday} {day:%d/%m/%Y}: {came:,.0f} bản ghi, bình thường khoảng {usual:,.0f} "
        f"(từ {low:,.0f} đến {high:,.0f}, theo {held} ngày tương tự).",
        f"{day:%A} {day}: {came:,.0f} rows, usually about {usual:,.0f} "
        f"(between {low:,.0f} and {high:,.0f}, by {held} days of its kind).",
        numbers,
    )


def levels(daily: Daily, days: Iterable[date], contract: Contract) -> Comparison:
    """Whether the source, or one unit of it, moved to another level and stayed there.

    The last five working days against up to forty before: the median at most 0.62 or at least 1.6 times, every one
    of the five beyond the quarter of the old days, and their sum beyond five standard deviations.
    """
    if not contract.profile.dated_by:
        return Comparison("level", 0)
    worked = np.asarray([is_working_day(day) for day in daily.days])
    places = np.flatnonzero(worked)
    staged = {day for day in days if is_working_day(day)}
    ends = [i for i, place in enumerate(places) if daily.days[place] in staged and i + 1 >= NEW_LEVEL + FEWEST_OLD]
    judged, breaks = len(ends), []
    shifts = [(i, found) for i in ends if (found := _shift(daily.counts[places[: i + 1]]))]
    for number, (i, found) in enumerate(shifts):
        if number and shifts[number - 1][0] == i - 1:
            continue  # the same shift, a day on
        breaks.append(_level_break(None, daily.days[places[i - NEW_LEVEL + 1]], found, contract))
    if ends and "unit_code" in contract.column_names and not shifts:
        names, rows = daily.matrix("unit_code")
        for name, series in zip(names[:-1], rows.T[:-1], strict=True):
            found = _shift(series[places[: ends[-1] + 1]])
            judged += 1
            if name is not None and found:
                breaks.append(_level_break(name, daily.days[places[ends[-1] - NEW_LEVEL + 1]], found, contract))
    return Comparison("level", judged, tuple(breaks))


def _shift(series: np.ndarray) -> tuple[float, float] | None:
    """Medians before and after, where the last days of a series are on another level."""
    new, old = series[-NEW_LEVEL:], series[-NEW_LEVEL - OLD_LEVEL : -NEW_LEVEL]
    before, after = float(np.median(old)), float(np.median(new))
    mean = float(old.mean())
    spread = sqrt(NEW_LEVEL * max(float(old.var()), mean, 1.0))
    if abs(float(new.sum()) - NEW_LEVEL * mean) <= 5 * spread:
        return None
    low, high = np.quantile(old, [0.25, 0.75])
    fell = after <= 0.62 * before and bool(np.all(new < low))
    rose = after >= 1.6 * before and bool(np.all(new > high))
    return (before, after) if fell or rose else None


def _level_break(unit: str | None, since: date, medians: tuple[float, float], contract: Contract) -> Break:
    before, after = medians
    who_vi = f"đơn vị {unit}" if unit else f"nguồn {contract.source}"
    who_en = f"unit {unit}" if unit else f"source {contract.source}"
    return Break(
        unit or str(contract.source),
        f"Chuỗi số liệu của {who_vi} gãy từ {since:%d/%m/%Y}: trước {before:,.0f}, nay {after:,.0f} bản ghi "
        "mỗi ngày làm việc.",
        f"The series of {who_en} breaks on {since}: {before:,.0f} rows a working day before, {after:,.0f} since.",
        {"since": str(since), "before": before, "after": after},
    )


def distributions(daily: Daily, days: Iterable[date], contract: Contract) -> Comparison:
    """Whether a column's values are spread otherwise than before: the last week against the four weeks before it.

    Measured as the population stability index over the buckets of the profile, no value being one of them. Of a
    listing, the newest against the one before. Columns that settle later are compared between nights only.
    """
    plan, staged = contract.profile, sorted(set(days) & set(daily.days))
    if plan.has_periods or not staged:
        return Comparison("distribution", 0)
    judged, breaks = 0, []
    windows = list(_windows(daily.days, staged, is_listing=not plan.dated_by))
    fewest = FEWEST_ROWS if plan.dated_by else FEWEST_ROWS // 2
    for column in contract.columns if windows else ():
        if column.name in plan.dated_by:
            continue
        names, rows = daily.matrix(column.name)
        if column.name in plan.settling:
            rows = rows * daily.is_nightly[:, None]
        for recent, base in windows:
            new, old = rows[recent].sum(axis=0), rows[base].sum(axis=0)
            filled = int((rows[base].sum(axis=1) > 0).sum())
            if min(new.sum(), old.sum()) < fewest or (plan.dated_by and filled < FEWEST_BASE_DAYS // 2):
                continue
            judged += 1
            if found := _jump(names, old, new):
                label = (column.label_vi, column.label_en)
                breaks.append(_jump_break(column.name, label, daily.days[recent[-1]], found))
                break  # one per column is enough
    return Comparison("distribution", judged, tuple(breaks))


def _windows(
    days: Sequence[date], staged: Sequence[date], *, is_listing: bool
) -> Iterable[tuple[list[int], list[int]]]:
    """(places of the recent days, of the days before), from the newest week of the staged days backwards."""
    place = {day: i for i, day in enumerate(days)}
    if is_listing:
        last = place[staged[-1]]
        if last:
            yield [last], [last - 1]
        return
    end = staged[-1]
    while end >= staged[0]:
        recent = [place[d] for i in range(WINDOW) if (d := end - timedelta(days=WINDOW - 1 - i)) in place]
        start = end - timedelta(days=WINDOW)
        base = [place[d] for i in range(BASE) if (d := start - timedelta(days=BASE - 1 - i)) in place]
        if recent and len(base) >= FEWEST_BASE_DAYS:
            yield recent, base
        end -= timedelta(days=WINDOW)


def _jump(names: Sequence[str | None], old: np.ndarray, new: np.ndarray) -> dict[str, Any] | None:
    """The index and what moved most, where it is past the limit and past chance."""
    few = (old + new) < 10
    merged = [names[i] for i in np.flatnonzero(~few).tolist()] + ["…"]
    old = np.append(old[~few], old[few].sum())
    new = np.append(new[~few], new[few].sum())
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
    order = np.argsort(-parts)[:3].tolist()
    moved = [{"value": merged[i], "before_pct": _pct(old[i] / m), "after_pct": _pct(new[i] / n)} for i in order]
    return {"psi": round(index, 3), "limit": round(limit, 3), "rows": int(n), "rows_before": int(m), "moved": moved}


def _pct(share: float) -> float:
    return round(100 * float(share), 1)


def _chi_square(degrees: int, z: float = 3.7) -> float:
    """Quantile of the chi-square distribution, 0.9999 for z = 3.7 (Wilson and Hilferty 1931)."""
    part = 2 / (9 * degrees)
    return degrees * (1 - part + z * sqrt(part)) ** 3


def _jump_break(column: str, label: tuple[str, str], last: date, found: Mapping[str, Any]) -> Break:
    vi, en = label
    top = found["moved"][0]
    of_vi, of_en = ("giá trị trống", "no value") if top["value"] is None else (f"«{top['value']}»",) * 2
    return Break(
        column,
        f"Phân bố của «{vi}» đổi trong tuần đến {last:%d/%m/%Y}: {of_vi} từ {top['before_pct']} % lên/xuống "
        f"{top['after_pct']} % (PSI {found['psi']}, ngưỡng {found['limit']}, {found['rows']:,} bản ghi).",
        f"The distribution of «{en}» changed in the week to {last}: {of_en} from {top['before_pct']} % to "
        f"{top['after_pct']} % (PSI {found['psi']}, limit {found['limit']}, {found['rows']:,} rows).",
        {"column": column, "until": str(last), **found},
    )


__all__ = ["LOOK_BACK", "Break", "Comparison", "Daily", "distributions", "levels", "volumes"]
