"""Build the published table `score_days`: scores of QĐ 766 night by night, what moved them, and for how long.

A night is the last civil day of data. Every night has a part of its own, made of the scorecards of its month and of the
month before, of the night before, and of the night a week before. Earlier parts are read and not written again; a
night that is run again replaces its part. Of nights that are older than `FULL_DAYS` the totals stay, in a part per
month. Nights later than the data, as after an older copy of the lake was put back, are removed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.arrow import table_from_rows
from cchc_pipeline.contracts import enforce, load_contract
from cchc_pipeline.core import journal
from cchc_pipeline.lake.engine import run_file
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.scorecards.index766.published import groups_of
from cchc_pipeline.scorecards.index766.scorecard import CARRIED, RUBRIC
from cchc_pipeline.scorecards.score_moves import MOVES, moved_dossiers
from cchc_pipeline.scorecards.scoring.rubric_set import RubricSet, shipped

TABLE = "score_days"
#: The parts, one per night: state that no other table could give again.
NIGHTS = "core/score_days"
#: Totals of older nights, one part per month.
OLDER = "core/score_days_totals"
#: How many civil days before the newest night a night is kept in full.
FULL_DAYS = 35
_BASES = pa.schema([("kind", pa.string()), ("base_on", pa.date32())])
_NAMES = pa.schema([("metric_code", pa.string()), ("criterion_code", pa.string())])
#: Columns of a night that later ones compare with, and those that name a unit that is there no more.
_HELD = [
    "night_on", "source", "unit_code", "unit_name", "unit_level", "period_type", "period_start", "period_end",
    "criterion_level", "criterion_code", "parent_code", "criterion_name_vi", "criterion_name_en", "rubric_version",
    "is_provisional", "rule", "numerator", "denominator", "points", "max_points", "rank", "rank_of", "direction",
    "streak_nights", "is_older_figure", "figures_on", "captured_on",
]  # fmt: skip
_LANDED = ["unit_code", "period_type", "period_start", "metric_code"]


def build_score_days(lake: Lake, rubrics: RubricSet | None = None) -> pa.Table:
    """Build the newest night, and keep `score_days` of all nights in `built`.

    Args:
        lake: the lake; `scorecard_index766` was built.
        rubrics: the rubrics that it was scored by; the shipped ones by default.

    Returns:
        The rows of the newest night, in the columns and order of the contract.

    Raises:
        ContractBroken: the night is not as its contract says.
    """
    contract, night = load_contract(TABLE), lake.span().as_of_on
    schema, first = contract.arrow_schema(), night - timedelta(days=FULL_DAYS)
    _keep_totals(lake, schema, first, oldest=night - timedelta(days=contract.retention_days))
    for table in (NIGHTS, journal.TABLE):
        journal.forget(lake, table, first=first, last=night)
    bases = compared_nights(night, map(date.fromisoformat, lake.store.parts(NIGHTS)))
    parts = _compared_parts(lake, schema, {day for day in bases.values() if day})
    before, since = schema.empty_table().select(_HELD), bases["night"]
    moves = MOVES.empty_table()
    if since is not None:
        before = parts[since]
    if since is not None and lake.dossiers_until() > since:
        moves = moved_dossiers(lake, _indicators(rubrics or shipped()), since=since, until=night)
    made = run_file(
        "scorecards/score_days",
        schema,
        params={"night": night, "first": journal.scored_months(night)[1].first},
        card=lake.store.source("built/scorecard_index766"),
        portal=_portal(lake, night, before),
        held=pa.concat_tables([schema.empty_table().select(_HELD), *parts.values()]),
        bases=table_from_rows(bases.items(), _BASES),
        moves=moves,
    )
    made = enforce(made, contract).sort_by([(name, "ascending") for name in contract.key]).combine_chunks()
    lake.store.update(made, NIGHTS, night)
    every = ((table, part) for table in (OLDER, NIGHTS) for part in lake.store.parts(table))
    held = (journal.conform(lake.store.read(*one, threads=False), schema) for one in every)
    rows = (table.filter(pc.less_equal(table["night_on"], pa.scalar(night))) for table in held)
    lake.store.write(rows, f"built/{TABLE}", schema=schema)  # one part in memory at a time
    return made


def _compared_parts(lake: Lake, schema: pa.Schema, nights: set[date]) -> dict[date, pa.Table]:
    """Return night -> its rows: of `nights`, and of the nights that their older figures are of."""

    def read(days: set[date]) -> dict[date, pa.Table]:
        return {day: journal.conform(lake.store.read(NIGHTS, day), schema).select(_HELD) for day in days}

    parts, held = read(nights), set(map(date.fromisoformat, lake.store.parts(NIGHTS)))
    figures_on = {day for table in parts.values() for day in pc.unique(table["figures_on"]).to_pylist()}
    return parts | read(figures_on & held - nights)


def _keep_totals(lake: Lake, schema: pa.Schema, first: date, *, oldest: date) -> None:
    """Take the totals of nights before `first` over into the part of their month, and remove months before `oldest`."""
    for night in lake.store.parts(NIGHTS):
        if night >= str(first):
            continue
        month = night[:7]
        rows = journal.conform(lake.store.read(NIGHTS, night), schema)
        held = journal.conform(lake.store.read(OLDER, month, schema=schema), schema)
        others = held.filter(pc.not_equal(held["night_on"], pa.scalar(date.fromisoformat(night))))
        totals = rows.filter(pc.equal(rows["criterion_level"], "total"))
        order = [(name, "ascending") for name in load_contract(TABLE).key]
        lake.store.write(pa.concat_tables([others, totals]).sort_by(order).combine_chunks(), OLDER, month)
    lake.store.remove(OLDER, [month for month in lake.store.parts(OLDER) if month < str(oldest)[:7]])


def compared_nights(night: date, held: Iterable[date]) -> dict[str, date | None]:
    """Return the nights that a night is compared with, None where there is none.

    `night`: the newest before it, however far. `week`: the newest that lies at least 7 days before it, but not 14.
    """
    earlier = sorted(day for day in held if day < night)
    week = [day for day in earlier if 7 <= (night - day).days < 14]
    return {"night": earlier[-1] if earlier else None, "week": week[-1] if week else None}


def _indicators(rubrics: RubricSet) -> dict[str, str]:
    """Return criterion code -> indicator, of every version; the newest version holds."""
    variants = [rubric.for_source("local") for rubric in rubrics.versions(RUBRIC)]
    return {one.code: one.indicator for variant in variants for one in variant.criteria() if one.indicator}


def _portal(lake: Lake, night: date, before: pa.Table) -> pa.Table:
    """Return what the portal says of each unit, month and criterion, and whether it was read on this night."""
    name = "national_portal__metrics"
    every = load_contract(name).arrow_schema()
    metrics = journal.conform(lake.store.read(f"core/{name}", schema=every), every)
    codes = sorted(set(metrics["metric_code"].to_pylist()))
    carried = {metric: code for code, metrics_of in CARRIED.items() for metric in metrics_of}
    names = [(code, code) for code in codes]
    names += [(code, carried[code]) for code in codes if code in carried]
    for code in codes:
        groups = groups_of(code)
        if code.startswith("GROUP.") and len(groups) == 1 and groups[0] != code:
            names.append((code, groups[0]))
    days = [part for part in lake.store.parts(f"staged/{name}") if date.fromisoformat(part) >= night]
    landed = [lake.store.read(f"staged/{name}", part, columns=_LANDED) for part in days]
    empty = every.empty_table().select(_LANDED)
    keys = pa.concat_tables([empty, *(table.cast(empty.schema) for table in landed)]).group_by(_LANDED).aggregate([])
    tables = {"names": table_from_rows(sorted(set(names)), _NAMES), "landed": keys, "before": before}
    return run_file("scorecards/score_days_portal", params={"night": night}, metrics=metrics, **tables)
