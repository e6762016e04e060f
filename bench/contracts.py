"""Contracts: a verdict for every row, against the same rules written by hand.

Belongs here: timing `judge` and the Great Expectations suite. The hand-written query is
`one_stop_rules.sql`; both must count the same.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from bench.history import dossiers
from bench.measure import Line, Report, seconds
from cchc_pipeline.contracts import judge, load_contract, validate

SIZES = (5_000, 150_000)
AS_OF = date(2026, 10, 31)
BY_HAND = "one SQL count by hand"
_HAND = Path(__file__).with_name("one_stop_rules.sql")


def bench(report: Report) -> None:
    """A day's batch and a month's."""
    contract = load_contract("one_stop__dossiers")
    statement = _HAND.read_text(encoding="utf-8")
    times: dict[int, float] = {}
    for rows in SIZES:
        batch = dossiers(rows, date(2026, 9, 1), date(2026, 9, 30), defects_permille=10)
        numbered = batch.append_column("batch_row_number", pa.array(np.arange(1, rows + 1)))
        with duckdb.connect() as connection:
            connection.register("batch", numbered)

            def by_hand(held: duckdb.DuckDBPyConnection = connection) -> tuple[int, ...]:
                return held.execute(statement, {"as_of": AS_OF}).fetchone() or ()

            verdict = judge(batch, contract, AS_OF)
            _same(contract.name, [(one.rule_id, one.rows_broken) for one in verdict.findings], connection, by_hand())
            repeats = 9 if rows < 10_000 else 5
            ours, hand = seconds(lambda b=batch: judge(b, contract, AS_OF), repeats), seconds(by_hand, repeats)
        times[rows] = ours
        report.add(
            Line(
                f"verdict per row, {rows:,} rows, {len(contract.rules)} rules", ours, hand, "one SQL count by hand", 3.0
            )
        )
        validate(batch.slice(0, 10), contract, AS_OF)  # the import is not part of it
        suite = seconds(lambda b=batch: validate(b, contract, AS_OF), 1)
        report.add(Line(f"Great Expectations suite, {rows:,} rows", suite, hand, BY_HAND))
    day, month = SIZES
    report.add(
        Line(
            f"verdict: {month // day}-fold rows",
            times[month],
            times[day] * month / day,
            "linear from the day's batch",
            1.0,
        )
    )


def _same(
    table: str,
    findings: list[tuple[str, int]],
    connection: duckdb.DuckDBPyConnection,
    counts: tuple[int, ...],
) -> None:
    names = [column[0] for column in connection.description]
    hand = dict(zip((f"{table}.{name}" for name in names), counts, strict=True))
    if hand != dict(findings):
        apart = sorted(set(hand.items()) ^ set(findings))
        raise RuntimeError(f"the hand-written rules and the contract {table} disagree: {apart}")
