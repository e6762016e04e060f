"""Comparisons: the profiles of staged days, made, kept, and held against the days before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import pyarrow as pa

from cchc_pipeline.contracts.model import Contract
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.validation.drift.codes import new_codes, remember, seen
from cchc_pipeline.validation.drift.daily import LOOK_BACK, Comparison, Daily, distributions, levels, volumes
from cchc_pipeline.validation.drift.periods import compare_periods
from cchc_pipeline.validation.drift.profiles import held, keep, lags_of, profiles


def profile_days(lake: Lake, contract: Contract, days: Mapping[date, pa.Table]) -> None:
    """Make and keep the profiles of staged days, and remember their codes."""
    if days:
        made = profiles(days, contract, lags_of(lake, str(contract.source), days))
        keep(lake, contract.name, made)
        remember(lake, contract.name, made)


def compare(lake: Lake, contract: Contract, days: Sequence[date]) -> list[Comparison]:
    """Every comparison of a table for the days that were staged; reads profiles only, never rows."""
    checks = checks_of(contract)
    if not days:
        return [Comparison(check, 0) for check in checks]
    lines = held(lake, contract.name, min(days) - timedelta(days=LOOK_BACK), max(days))
    found = [new_codes(seen(lake, contract.name), lines, days, contract)]
    if contract.profile.has_periods:
        found += compare_periods(lines, days, contract)
    else:
        daily = Daily.of(lines, contract)
        found += [volumes(daily, days, contract), levels(daily, days, contract), distributions(daily, days, contract)]
    by_name = {one.check: one for one in found}
    return [by_name[check] for check in checks]


def checks_of(contract: Contract) -> tuple[str, ...]:
    """Names of the comparisons that a table has."""
    if contract.profile.has_periods:
        return ("codes", "volume", "level", "instrument", "copies")
    return (
        ("codes", "volume", "level", "distribution")
        if contract.profile.dated_by
        else ("codes", "volume", "distribution")
    )
