"""Measure verdicts per row against the same rules by hand in SQL and in pandera."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from bench.history import dossiers
from bench.measure import Line, Report, number, peak_mib, run, seconds
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.contracts.conform import conform
from cchc_pipeline.lake.engine import connect
from cchc_pipeline.validation.drift.profiles import profile
from cchc_pipeline.validation.expectations import validate
from cchc_pipeline.validation.verdict import judge, rule_breaks

AS_OF = date(2026, 10, 31)
DAY = date(2026, 9, 30)
BY_HAND, PANDERA = "one SQL count by hand", "pandera over polars"
_HAND = Path(__file__).with_name("one_stop_rules.sql")
CONTRACT = "one_stop__dossiers"


def batch_of(rows: int) -> pa.Table:
    """Return the batch that every engine gets; about 2% of rows are defective."""
    return dossiers(rows, date(2026, 9, 1), DAY, defects_permille=10)


def engines(batch: pa.Table) -> dict[str, Callable[[], Mapping[str, int]]]:
    """Return engine -> one run over the batch, which gives broken rule -> rows."""
    contract = load_contract(CONTRACT)
    numbered = batch.append_column("batch_row_number", pa.array(np.arange(1, batch.num_rows + 1)))
    connection = connect()
    connection.register("batch", numbered)
    statement = _HAND.read_text(encoding="utf-8")

    def by_hand() -> Mapping[str, int]:
        counts = connection.execute(statement, {"as_of": AS_OF}).fetchone() or ()
        names = [column[0] for column in connection.description]
        return {name: rows for name, rows in zip(names, counts, strict=True) if rows}

    def ours() -> Mapping[str, int]:
        found = judge(conform(batch, contract), contract, AS_OF).rows_broken
        return {rule_id.split(".", 1)[1]: rows for rule_id, rows in found.items() if rows}

    def suite() -> Mapping[str, int]:
        found = validate(batch, contract, AS_OF)
        return {one.rule_id.split(".", 1)[1]: one.unexpected_count for one in found if one.unexpected_count}

    def in_pandera() -> Mapping[str, int]:
        from bench.pandera_rules import broken_rows, schema

        return broken_rows(batch, schema(AS_OF))

    return {"hand": by_hand, "verdict": ours, "suite": suite, "pandera": in_pandera}


def bench(report: Report, sizes: tuple[int, int], weighed: tuple[str, ...]) -> None:
    """Measure a day's batch and a month's: time, its phases, and memory."""
    contract = load_contract(CONTRACT)
    verdicts: dict[int, float] = {}
    for rows in sizes:
        batch = batch_of(rows)
        every = engines(batch)
        broken = _agree({name: dict(once()) for name, once in every.items()})  # also loads what is imported late
        report.note(f"{rows:,} rows: all of {', '.join(every)} find the same {broken:,} breaks")
        repeats = 9 if rows < 10_000 else 5
        taken = {name: seconds(once, repeats if name in ("hand", "verdict") else 2) for name, once in every.items()}
        verdicts[rows] = taken["verdict"]
        rules = f"{rows:,} rows, {len(contract.rules)} rules"
        both = taken["verdict"] + taken["suite"]
        report.add(Line(f"verdict per row, {rules}", taken["verdict"], taken["hand"], BY_HAND, 3.0))
        report.add(Line(f"verdict per row, {rules}", taken["verdict"], taken["pandera"], PANDERA))
        report.add(Line(f"verdict and Great Expectations, {rules}", both, taken["hand"], BY_HAND))
        report.add(Line(f"verdict and Great Expectations, {rules}", both, taken["pandera"], PANDERA))
        report.note(f"of {rows:,} rows: " + _phases(batch, taken))
    day, month = sizes
    linear = verdicts[day] * month / day
    report.add(Line(f"verdict: {month // day}-fold rows", verdicts[month], linear, "linear from the day's batch", 1.0))
    for rows in sizes:
        peaks = {name: _peak(name, rows) for name in weighed}
        report.note(
            f"peak memory, {rows:,} rows, a process each with its imports: "
            + ", ".join(f"{name} {number(peak, 'MiB')}" for name, peak in peaks.items())
        )


def _phases(batch: pa.Table, taken: Mapping[str, float]) -> str:
    """Return seconds of shape, rules, splitting, profile and validator as text."""
    contract = load_contract(CONTRACT)
    shaped = conform(batch, contract)
    shape = seconds(lambda: conform(batch, contract), 5)
    rules = seconds(lambda: rule_breaks(shaped, contract, AS_OF), 5)
    profiled = seconds(lambda: profile({DAY: shaped}, contract, {DAY: 0}), 3)
    parts = {
        "shape": shape,
        "rules in one query": rules,
        "split, reasons, schema": max(taken["verdict"] - shape - rules, 0.0),
        "profile": profiled,
        "Great Expectations": taken["suite"],
    }
    return ", ".join(f"{name} {number(one, 's')}" for name, one in parts.items())


def _agree(found: Mapping[str, dict[str, int]]) -> int:
    """Check that all engines find the same breaks of rules; return their number."""
    if not found["hand"]:
        raise RuntimeError(f"no row breaks a rule of {CONTRACT}: the batch proves nothing")
    for name, counts in found.items():
        if counts != found["hand"]:
            apart = sorted(set(counts.items()) ^ set(found["hand"].items()))
            raise RuntimeError(f"{name} and the hand-written rules of {CONTRACT} disagree: {apart}")
    return sum(found["hand"].values())


def _peak(engine: str, rows: int) -> float:
    words = [sys.executable, "-m", "bench.contracts", engine, str(rows)]
    return float(run(words, {}, Path(__file__).parents[1]).output.split()[-1])


def main(arguments: list[str]) -> None:
    """Run one engine over one batch; print this process's own peak memory in MiB.

    The kernel's figure for a child counts what its parent held when it was started; this one does not.
    """
    engine, rows = arguments
    engines(batch_of(int(rows)))[engine]()
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="ascii").splitlines() if status.exists() else []
    own = [int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")]
    print(own[0] if own else peak_mib())


if __name__ == "__main__":
    main(sys.argv[1:])
