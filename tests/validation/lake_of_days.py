"""A lake with a history of staged days, for tests of what is compared over days."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from contract_batches import CLEAN, batch

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.reference.calendar import is_working_day
from cchc_pipeline.validation.drift.compare import compare, profile_days
from cchc_pipeline.validation.staging import stage

DOSSIERS = "one_stop__dossiers"
UNITS = ("H34.12", "H34.13", "H34.5")
FIRST = date(2026, 1, 5)

Change = Callable[[dict[str, Any], random.Random], dict[str, Any]]


def days_from(first: date, count: int) -> list[date]:
    return [first + timedelta(days=i) for i in range(count)]


def dossiers_of(
    day: date, working: int = 60, *, change: Change | None = None, seed: int = 766, units: Iterable[str] = UNITS
) -> list[dict[str, Any]]:
    """So many dossiers received on a working day, few on another; the same for the same day and seed."""
    draw = random.Random(f"{seed}-{day}")
    count = max(0, round(draw.gauss(working, working**0.5))) if is_working_day(day) else draw.randrange(4)
    rows = []
    for number in range(count):
        row = CLEAN[DOSSIERS] | {
            "dossier_id": f"{day.toordinal():012x}{number:012x}", "dossier_code": f"H34.12-{day:%y%m%d}-{number:04d}",
            "unit_code": draw.choice(list(units)),
            "channel": draw.choices(("online", "direct", "postal"), (6, 3, 1))[0],
            "procedure_code": f"1.00{draw.randrange(40):04d}", "has_fee": draw.random() < 0.5, "fee_amount_vnd": None,
            "is_paid_online": False, "applied_on": day,
            "applied_at": datetime(day.year, day.month, day.day, draw.randrange(1, 10), tzinfo=UTC),
            "received_on": day, "received_at": None, "due_on": day + timedelta(days=draw.randrange(3, 12)),
            "status_code": 4, "status_name": "Đang xử lý",
            "finished_on": None, "returned_on": None, "rating": None, "rated_on": None,
        }  # fmt: skip
        rows.append(change(row, draw) if change else row)
    return rows


def land(lake: Lake, table: str, day: date, rows: list[dict[str, Any]], pulled: date | None = None) -> None:
    """Land a day, pulled in its own night unless `pulled` says when."""
    contract = load_contract(table)
    lake.store.write(batch(contract, rows), f"landing/{table}", day)
    lake.record_pull(str(contract.source), day, pulled or day, {"status": "ok"})


def remember(lake: Lake, table: str, days: Mapping[date, list[dict[str, Any]]], pulled: date | None = None) -> None:
    """Leave of these days what staging leaves of them to compare with, without judging a row."""
    contract = load_contract(table)
    for day in days:
        lake.record_pull(str(contract.source), day, pulled or day, {"status": "ok"})
    profile_days(lake, contract, {day: batch(contract, rows) for day, rows in days.items()})


def stage_days(lake: Lake, table: str, days: list[date]) -> None:
    done = stage(lake, table, days, max(days))
    assert done.days == days, done.broken


def night(lake: Lake, table: str, day: date, rows: list[dict[str, Any]], pulled: date | None = None) -> None:
    """Land a day and stage it."""
    land(lake, table, day, rows, pulled)
    stage_days(lake, table, [day])


def found(lake: Lake, days: list[date], table: str = DOSSIERS) -> dict[str, Any]:
    """Check -> its comparison."""
    return {one.check: one for one in compare(lake, load_contract(table), days)}
