"""Count rows, waiting records and broken rules of each source over 30 nights."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
from sqlglot import exp

from cchc_pipeline.arrow import table_from_records
from cchc_pipeline.contracts import Contract
from cchc_pipeline.lake.engine import session, sql_file
from cchc_pipeline.site.tables import Row, grouped
from cchc_pipeline.sources.registry import SOURCES
from cchc_pipeline.validation.acceptances import suggested_fix

NIGHTS = 30


def quality_of_sources(
    contracts: Sequence[Contract], quality: pa.Table, quarantine: pa.Table, releases: pa.Table, units: pa.Table,
    last_on: date,
) -> list[Row]:  # fmt: skip
    """Compute the figures of every source, in the order of `contracts`.

    Each has the columns of `sources` in `quality.sql`, title_vi, last_on, and lists: `tables` (view `counts`), `days`
    (views `nights`; rejected and warned are None on a night on which nothing was pulled), `units`, and the broken rules
    by severity (`reject`, `warn`, `note`) with their `units` and `examples`.

    Args:
        contracts: contracts of the inbound tables.
        quality: the table `data_quality`.
        quarantine: the table `quarantine`.
        releases: the table `quarantine_releases`.
        units: the table `units`: unit_code, unit_name.
        last_on: last day of data.
    """
    nights = [last_on - timedelta(days=n) for n in reversed(range(NIGHTS))]
    inbound = [
        {"source": one.source or one.name, "table_name": one.name, "title_vi": one.title_vi, "place": place}
        for place, one in enumerate(contracts)
    ]
    rules = [
        {
            "table_name": contract.name,
            "rule_id": rule.id,
            "severity": rule.severity,
            "sentence_vi": rule.sentence_vi,
            "fix_vi": suggested_fix(rule, contract)[0],
        }
        for contract in contracts
        for rule in contract.rules
    ]
    run = [{"first_on": nights[0], "last_on": last_on}]
    made = {name: table_from_records(rows) for name, rows in (("inbound", inbound), ("rules", rules), ("run", run))}
    units = units.select(["unit_code", "unit_name"])
    with session(quality=quality, quarantine=quarantine, releases=releases, units=units, **made) as engine:
        engine.execute(sql_file("site/quality"))

        def rows(view: str, key: str) -> dict[Any, list[Row]]:
            return grouped(engine.query(exp.select("*").from_(view)).to_pylist(), key)

        tables, days, units_of = rows("counts", "source"), rows("nights", "source"), rows("units_of_sources", "source")
        broken, sources = rows("broken_rules", "source"), rows("sources", "source")
        units_of_rules, examples = rows("units_of_rules", "rule_id"), rows("examples", "rule_id")
    found = []
    for source, of_source in tables.items():
        by_day = {row["day"]: row for row in days.get(source, ())}
        absent = {"rejected": None, "warned": None}
        kept = [
            {**one, "units": units_of_rules.get(one["rule_id"], []), "examples": examples.get(one["rule_id"], [])}
            for one in broken.get(source, ())
        ]
        found.append(
            {
                **sources[source][0],
                "title_vi": SOURCES[source].title_vi if source in SOURCES else source,
                "last_on": last_on,
                "tables": of_source,
                "days": [by_day.get(day, {"day": day, **absent}) for day in nights],
                "units": units_of.get(source, []),
                **{level: [one for one in kept if one["severity"] == level] for level in ("reject", "warn", "note")},
            }
        )
    return found
