"""Hold published indicators against the truth of a province."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from desk import Release

from cchc_pipeline.sandbox.province import Province
from cchc_pipeline.sandbox.truth.definitions import indicators, standing_indicators
from cchc_pipeline.sandbox.truth.indicators import Truth, indicator_truth

#: Indicators over the procedure catalogue, which no source can show as it was: known for the days of a pull only.
FROM_CATALOGUE = {
    "procedures_full_count",
    "procedures_partial_count",
    "procedures_information_count",
    "idx766_citizen_data_procedures",
    "idx766_online_procedures",
    "idx766_online_procedures_used",
    "idx766_update_on_time",
    "idx766_content_full",
    *standing_indicators(),
}

Period = tuple[str, date, date]


def periods_of(first: date, last: date, days: tuple[date, ...] = ()) -> list[Period]:
    """Months, quarters and years that the days from `first` to `last` touch, and the single `days`."""
    found: set[Period] = {("day", day, day) for day in days}
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        quarter = (day.month - 1) // 3 * 3 + 1
        found.add(("month", day.replace(day=1), _before_month(day.year, day.month + 1)))
        found.add(("quarter", date(day.year, quarter, 1), _before_month(day.year, quarter + 3)))
        found.add(("year", date(day.year, 1, 1), date(day.year, 12, 31)))
    return sorted(found)


def _before_month(year: int, month: int) -> date:
    return date(year + (month > 12), (month - 1) % 12 + 1, 1) - timedelta(days=1)


def differences(release: Release, province: Province, periods: list[Period], catalogue: set[date]) -> list[str]:
    """Where `indicator_values` of a version is not the truth of the province; every indicator, unit and period.

    Args:
        release: the published version.
        province: what was pulled.
        periods: the periods to compare.
        catalogue: the days for which the procedure catalogue was pulled.
    """
    held: dict[tuple[Period, str, str], dict[str, Any]] = {}
    for row in release.rows("indicator_values"):
        period = row["period_type"], row["period_start"], row["period_end"]
        held[period, row["indicator_id"], row["unit_code"]] = row
    kinds = {row["indicator_id"]: (row["kind"], row["unit_of_measure"]) for row in release.rows("indicators")}
    found = [f"other indicators: {other}"] if (other := set(kinds) ^ set(indicators())) else []
    for period in periods:
        truth = indicator_truth(province, release.as_of_on, period[1], period[2])
        if not any(period[1] <= day <= period[2] for day in catalogue):
            truth = {key: value for key, value in truth.items() if key[0] not in FROM_CATALOGUE}
        found += _differences_of(period, truth, {k[1:]: row for k, row in held.items() if k[0] == period}, kinds)
    return found


def _differences_of(
    period: Period, truth: Truth, held: dict[tuple[str, str], dict[str, Any]], kinds: dict[str, tuple[str, str]]
) -> list[str]:
    found = [f"{period} {key}: published, but there is no such thing" for key in set(held) - set(truth)]
    for key, (numerator, denominator) in truth.items():
        row = held.get(key)
        if row is None:
            # Single days are published only where something happened.
            if period[0] != "day" or numerator or denominator:
                found.append(f"{period} {key}: not published, truth {numerator} / {denominator}")
            continue
        kind = kinds[key[0]][0]
        is_nothing = kind == "median" and not denominator
        expected = None if is_nothing else numerator
        if not _same(row["numerator"], expected) or not _same(row["denominator"], denominator):
            found.append(f"{period} {key}: {row['numerator']} / {row['denominator']}, truth {expected} / {denominator}")
        if not _same(row["value"], _value(kinds[key[0]], expected, denominator)):
            found.append(f"{period} {key}: value {row['value']} of {numerator} / {denominator}")
    return found


def _value(kind: tuple[str, str], numerator: float | None, denominator: float | None) -> float | None:
    if denominator is None or kind[0] in ("median", "index"):
        return numerator
    if not denominator or numerator is None:
        return None
    return numerator / denominator * (100 if kind[1] == "%" else 1)


def _same(one: float | None, other: float | None) -> bool:
    return one == other if one is None or other is None else abs(one - other) < 1e-9 * max(1.0, abs(other))
