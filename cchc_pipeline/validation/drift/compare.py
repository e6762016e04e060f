"""Compare staged days with earlier ones, by the profiles kept at staging."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import pyarrow as pa

from cchc_pipeline.contracts.model import Contract
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.validation.drift.codes import compare_codes, read_codes, remember_codes
from cchc_pipeline.validation.drift.comparison import Comparison
from cchc_pipeline.validation.drift.daily import (
    LOOK_BACK,
    DailyCounts,
    compare_distributions,
    compare_levels,
    compare_volumes,
)
from cchc_pipeline.validation.drift.periods import compare_periods
from cchc_pipeline.validation.drift.profiles import keep_profiles, profile, pull_lags, read_profiles

_DAILY = {"volume": compare_volumes, "level": compare_levels, "distribution": compare_distributions}


def profile_days(lake: Lake, contract: Contract, days: Mapping[date, pa.Table]) -> None:
    """Write the profiles and codes of staged days, given as conformed rows by day."""
    if days:
        lines = profile(days, contract, pull_lags(lake, str(contract.source), days))
        keep_profiles(lake, contract.name, lines)
        remember_codes(lake, contract.name, lines)


def compare(lake: Lake, contract: Contract, days: Sequence[date]) -> list[Comparison]:
    """Run every comparison of a table for staged days, in the order of `checks_of`.

    Reads profiles and codes only, never rows.
    """
    checks = checks_of(contract)
    if not days:
        return [Comparison(check, 0) for check in checks]
    lines = read_profiles(lake, contract.name, min(days) - timedelta(days=LOOK_BACK), max(days))
    found = [compare_codes(read_codes(lake, contract.name), lines, days, contract)]
    if contract.profile.has_periods:
        found += compare_periods(lines, days, contract)
    else:
        counts = DailyCounts.of(lines, contract)
        found += [_DAILY[check](counts, days, contract) for check in checks if check in _DAILY]
    return sorted(found, key=lambda one: checks.index(one.check))


def checks_of(contract: Contract) -> tuple[str, ...]:
    """Return the names of the comparisons that a table has."""
    if contract.profile.has_periods:
        return ("codes", "volume", "level", "instrument", "copies")
    return ("codes", *(check for check in _DAILY if check != "level" or contract.profile.dated_by))
