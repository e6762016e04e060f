"""Count rows, waiting records and broken rules of each source over 30 nights."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.contracts import Contract, Rule
from cchc_pipeline.sources.registry import SOURCES
from cchc_pipeline.validation.remedies import suggested_fix

NIGHTS = 30
EXAMPLES = 5
#: Columns with the code by which people find a record; preferred to its key.
_CODES = ("dossier_code", "petition_code", "task_code", "inspection_code")


@dataclass(frozen=True)
class Counts:
    """Rows of one or more nights: that came in, were valid, were rejected."""

    rows_in: int = 0
    valid: int = 0
    rejected: int = 0

    @property
    def rejected_pct(self) -> float | None:
        """Return the share of rejected rows in %; None where no rows came in."""
        return 100 * self.rejected / self.rows_in if self.rows_in else None

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.rows_in + other.rows_in, self.valid + other.valid, self.rejected + other.rejected)


@dataclass(frozen=True)
class Example:
    """A record in quarantine: code by which people find it, key, unit, first day."""

    code: str
    key: str
    unit: str
    first_seen_on: date


@dataclass(frozen=True)
class BrokenRule:
    """A rule that rows broke within 30 nights, or that waiting records break.

    Attributes:
        last_night: rows that broke it on the last day of data.
        nights: rows that broke it in 30 nights; a row that came three times counts three times.
        waiting: records now in quarantine that break it.
        first_on: first day on which the waiting records were seen, otherwise the first night.
        last_on: likewise the last.
        units: (unit name, waiting records), most first.
        examples: the records that have waited longest.
    """

    table: str
    rule: Rule
    fix_vi: str
    last_night: int
    nights: int
    waiting: int
    first_on: date | None
    last_on: date | None
    units: tuple[tuple[str, int], ...] = ()
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True)
class TableQuality:
    """Counts of one inbound table: last night, 30 nights, records now in quarantine."""

    name: str
    title_vi: str
    last_night: Counts
    nights: Counts
    waiting: int


@dataclass(frozen=True)
class SourceQuality:
    """The figures of the quality page of one source.

    Attributes:
        last_on: last day of data.
        days: (night, counts, warnings) of the trend, oldest first; warnings are rows times rules of severity warn, and
            counts is None where nothing was pulled for the day.
        units: (unit code, name, waiting records), most first.
        accepted: records that a person accepted, while that holds.
    """

    source: str
    title_vi: str
    last_on: date
    tables: tuple[TableQuality, ...]
    days: tuple[tuple[date, Counts | None, int], ...] = field(repr=False)
    rejects: tuple[BrokenRule, ...] = ()
    warns: tuple[BrokenRule, ...] = ()
    notes: tuple[BrokenRule, ...] = ()
    units: tuple[tuple[str, str, int], ...] = ()
    accepted: int = 0

    @property
    def last_night(self) -> Counts:
        """Return the counts of the last day of data, over all tables."""
        return sum((table.last_night for table in self.tables), Counts())

    @property
    def waiting(self) -> int:
        """Return the number of records now in quarantine, over all tables."""
        return sum(table.waiting for table in self.tables)

    @property
    def warned(self) -> int:
        """Return the breaches of rules of severity warn on the last day of data."""
        return sum(rule.last_night for rule in self.warns)


def quality_of_sources(
    contracts: Iterable[Contract], quality: pa.Table, quarantine: pa.Table, releases: pa.Table, units: pa.Table,
    last_on: date,
) -> list[SourceQuality]:  # fmt: skip
    """Compute the figures of every source, in the order of `contracts`.

    Args:
        contracts: contracts of the inbound tables.
        quality: the table `data_quality`.
        quarantine: the table `quarantine`.
        releases: the table `quarantine_releases`.
        units: the table `units`: unit_code, unit_name.
        last_on: last day of data.
    """
    first = last_on - timedelta(days=NIGHTS - 1)
    recent = quality.filter(
        pc.and_(
            pc.greater_equal(quality["pulled_for_on"], pa.scalar(first)),
            pc.less_equal(quality["pulled_for_on"], pa.scalar(last_on)),
        )
    )
    counts = recent.to_pylist()
    names = dict(zip(units["unit_code"].to_pylist(), units["unit_name"].to_pylist(), strict=True))
    by_source: dict[str, list[Contract]] = {}
    for contract in contracts:
        by_source.setdefault(contract.source or contract.name, []).append(contract)
    return [
        _source(name, held, counts, quarantine, releases, names, first, last_on) for name, held in by_source.items()
    ]


def _source(
    source: str, contracts: Sequence[Contract], counts: Sequence[Mapping[str, Any]], quarantine: pa.Table,
    releases: pa.Table, names: Mapping[str, str], first: date, last_on: date,
) -> SourceQuality:  # fmt: skip
    tables = [contract.name for contract in contracts]
    rows = [row for row in counts if row["table_name"] in tables]
    totals: dict[tuple[str, date], Counts] = {
        (row["table_name"], row["pulled_for_on"]): Counts(row["rows_in"], row["rows_valid"], row["rows_quarantined"])
        for row in rows
        if row["rule_id"] == "TOTAL"
    }
    warned = Counter[date]()
    for row in rows:
        if row["rule_severity"] == "warn":
            warned[row["pulled_for_on"]] += row["rows_broken"]
    by_day: dict[date, Counts] = {}
    for (_, day), found in totals.items():
        by_day[day] = by_day.get(day, Counts()) + found
    held = quarantine.filter(pc.is_in(quarantine["table_name"], value_set=pa.array(tables, pa.string())))
    waiting = Counter(held["table_name"].to_pylist())
    active = releases.filter(pc.is_in(releases["table_name"], value_set=pa.array(tables, pa.string())))
    units = Counter(held["unit_code"].to_pylist())
    rules = _rules(contracts, rows, held, names, last_on)
    return SourceQuality(
        source=source,
        title_vi=SOURCES[source].title_vi if source in SOURCES else source,
        last_on=last_on,
        tables=tuple(
            TableQuality(
                one.name,
                one.title_vi,
                totals.get((one.name, last_on), Counts()),
                sum((found for (table, _), found in totals.items() if table == one.name), Counts()),
                waiting[one.name],
            )
            for one in contracts
        ),
        days=tuple((day, by_day.get(day), warned[day]) for day in (first + timedelta(days=n) for n in range(NIGHTS))),
        rejects=tuple(one for one in rules if one.rule.severity == "reject"),
        warns=tuple(one for one in rules if one.rule.severity == "warn"),
        notes=tuple(one for one in rules if one.rule.severity == "note"),
        units=tuple(
            (code or "", _name(code, names), count)
            for code, count in sorted(units.items(), key=lambda item: (-item[1], item[0] or ""))
        ),
        accepted=int(pc.sum(active["is_active"]).as_py() or 0),
    )


def _rules(
    contracts: Sequence[Contract], rows: Sequence[Mapping[str, Any]], held: pa.Table, names: Mapping[str, str],
    last_on: date,
) -> list[BrokenRule]:  # fmt: skip
    """Return broken rules, sorted by waiting records, then broken rows, most first."""
    places: dict[str, list[int]] = {}
    for place, ids in enumerate(held["rule_ids"].to_pylist()):
        for rule_id in ids.split(";"):
            places.setdefault(rule_id, []).append(place)
    broken: dict[str, dict[date, int]] = {}
    for row in rows:
        if row["rule_id"] != "TOTAL" and row["rows_broken"]:
            broken.setdefault(row["rule_id"], {})[row["pulled_for_on"]] = row["rows_broken"]
    found = []
    for contract in contracts:
        for rule in contract.rules:
            nights, at = broken.get(rule.id, {}), places.get(rule.id, [])
            if not nights and not at:
                continue
            waits = held.take(pa.array(at, pa.int64()))
            firsts, lasts = waits["first_seen_on"].to_pylist(), waits["last_seen_on"].to_pylist()
            units = Counter(_name(code, names) for code in waits["unit_code"].to_pylist())
            found.append(
                BrokenRule(
                    contract.name,
                    rule,
                    suggested_fix(rule, contract)[0],
                    nights.get(last_on, 0),
                    sum(nights.values()),
                    len(at),
                    min(firsts or nights),
                    max(lasts or nights),
                    tuple(sorted(units.items(), key=lambda item: (-item[1], item[0]))),
                    _examples(waits, names),
                )
            )
    return sorted(found, key=lambda one: (-one.waiting, -one.nights, one.rule.id))


def _examples(waits: pa.Table, names: Mapping[str, str]) -> tuple[Example, ...]:
    """Return the records that have waited longest."""
    order = [(name, "ascending") for name in ("first_seen_on", "row_key", "source_row_number")]
    columns = ["row_key", "row_json", "unit_code", "first_seen_on", "source_row_number"]
    found = []
    for row in waits.select(columns).sort_by(order).slice(0, EXAMPLES).to_pylist():
        record = json.loads(row["row_json"])
        code = next((str(record[name]) for name in _CODES if record.get(name)), "")
        found.append(Example(code, row["row_key"], _name(row["unit_code"], names), row["first_seen_on"]))
    return tuple(found)


def _name(code: str | None, names: Mapping[str, str]) -> str:
    return names.get(code, code) if code else "Không nêu đơn vị"
