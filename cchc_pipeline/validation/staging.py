"""Staging: landed rows are judged by their contract; the valid go on, the others wait with their reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.contracts.errors import ContractBroken, RuleCouldNotRun
from cchc_pipeline.contracts.model import Contract
from cchc_pipeline.contracts.registry import load_contract
from cchc_pipeline.lake.files import Token
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.lake.ledger import Ledger
from cchc_pipeline.validation.acceptances import note_judged, read_releases
from cchc_pipeline.validation.admission import admit
from cchc_pipeline.validation.drift.compare import profile_days
from cchc_pipeline.validation.expectations import RuleResult, validate
from cchc_pipeline.validation.quarantine import keep_waiting, row_keys, waiting
from cchc_pipeline.validation.verdict import Released, Verdict, judge

DAY = "pulled_for_on"


@dataclass
class Staged:
    """What staging the days of one table did.

    Attributes:
        contract: the contract they were judged by.
        days: civil days that were staged, in order.
        rows_in: landed rows, counted from the files.
        rows_valid: rows in the `staged` files that were written.
        rows_quarantined: rows that went to quarantine.
        rows_accepted: valid rows that break a rule of severity reject and were released by a person.
        rows_broken: rows that broke a rule, by rule id; a rule that held has 0.
        results: Great Expectations' results by rule id, added up over the batches.
        unknown_columns: columns that the contract does not know.
        absent_columns: optional columns that did not come.
        retyped_columns: columns that came with another type and were read into the contract's, with that type.
        discarded_rows: rows that went to quarantine because a column of theirs drifted, by column.
        broken: days that were refused whole, with the reason; what was staged of them before stays.
        stuck: rules that could not run, with the reason; nothing at all was written then.
    """

    contract: Contract
    days: list[date] = field(default_factory=list)
    rows_in: int = 0
    rows_valid: int = 0
    rows_quarantined: int = 0
    rows_accepted: int = 0
    rows_broken: dict[str, int] = field(default_factory=dict)
    results: dict[str, RuleResult] = field(default_factory=dict)
    unknown_columns: set[str] = field(default_factory=set)
    absent_columns: set[str] = field(default_factory=set)
    retyped_columns: dict[str, str] = field(default_factory=dict)
    discarded_rows: Counter[str] = field(default_factory=Counter)
    broken: dict[date, ContractBroken] = field(default_factory=dict)
    stuck: dict[str, str] = field(default_factory=dict)

    @property
    def is_conserved(self) -> bool:
        """Rows in = rows valid + rows quarantined."""
        return self.rows_in == self.rows_valid + self.rows_quarantined


def stage(lake: Lake, table: str, days: Sequence[date], as_of_on: date) -> Staged:
    """Judge the landed days of a table and write what is valid; a day staged again replaces itself.

    A day that breaks the contract as a whole is refused, and stays pending until it was pulled again. Where a rule
    could not run, no verdict can be trusted: nothing is written and every day stays pending until the rule is mended.

    Args:
        lake: the lake.
        table: name of an inbound table.
        days: civil days; those without a landing file are passed over.
        as_of_on: last civil day of data, what CURRENT_DATE means in a rule.
    """
    contract = load_contract(table)
    releases = read_releases(lake, table)
    staged = Staged(contract, rows_broken={rule.id: 0 for rule in contract.rules})
    verdicts: list[Verdict] = []
    taken: dict[str, Token] = {}
    admitted: dict[date, pa.Table] = {}
    for month in _months(days):
        kept: list[pa.Table] = []
        for day in month:
            landed = f"landing/{table}", day.isoformat()
            if not lake.store.has(*landed):
                continue
            token = lake.store.token(*landed)  # before reading: a day that is pulled again meanwhile stays pending
            rows = lake.store.read(*landed)
            try:
                rows = _admit(staged, rows, contract)
                verdicts.append(_judge(staged, rows, contract, as_of_on, day, releases.active))
            except ContractBroken as error:
                staged.broken[day] = error
            except RuleCouldNotRun as error:
                staged.stuck |= error.problems
            else:
                taken[day.isoformat()] = token
                admitted[day] = rows
                kept.append(rows)
        _validate(staged, [rows for rows in kept if rows.num_rows], contract, as_of_on)
    staged.stuck |= {
        one.rule_id: f"as an expectation: {one.message}" for one in staged.results.values() if one.could_not_run
    }
    if staged.stuck:
        return staged
    # In the order in which they were landed: what is staged last wins in the core tables.
    landed_at = {date.fromisoformat(part): token.written_ns for part, token in taken.items()}
    verdicts.sort(key=lambda v: (landed_at[v.pulled_for_on], v.pulled_for_on))
    for verdict in verdicts:
        lake.store.write(verdict.valid, f"staged/{table}", verdict.pulled_for_on.isoformat())
        staged.rows_valid += verdict.valid.num_rows
    staged.days = sorted(admitted)
    staged.rows_quarantined = sum(verdict.quarantined.num_rows for verdict in verdicts)
    keep_waiting(lake, contract, verdicts, landed_at)
    _keep_quality(lake, contract, verdicts)
    profile_days(lake, contract, admitted)
    _ledger(lake, contract).note(taken)
    note_judged(lake, table, releases, landed_at)
    return staged


def pending_days(lake: Lake, table: str) -> list[date]:
    """Landed days to be judged: new, pulled again, concerned by a release, or all after the contract changed."""
    new = {date.fromisoformat(part) for part in _ledger(lake, load_contract(table)).pending()}
    return sorted(new | read_releases(lake, table).days())


def _ledger(lake: Lake, contract: Contract) -> Ledger:
    return lake.ledger("landing", contract.name, consumer="staged", logic=contract.sha256)


def _months(days: Sequence[date]) -> Iterator[list[date]]:
    """Days by month: the validator gets a day or a month, never the whole history."""
    for _, group in groupby(sorted(days), key=lambda day: (day.year, day.month)):
        yield list(group)


def _admit(staged: Staged, rows: pa.Table, contract: Contract) -> pa.Table:
    found = admit(rows, contract)
    staged.unknown_columns.update(found.unknown)
    staged.absent_columns.update(found.absent)
    staged.retyped_columns |= dict(found.retyped)
    staged.discarded_rows.update(dict(found.discarded))
    return found.table


def _judge(
    staged: Staged, rows: pa.Table, contract: Contract, as_of_on: date, day: date, released: Released
) -> Verdict:
    verdict = judge(rows, contract, as_of_on, day, released=released)
    staged.rows_in += rows.num_rows
    staged.rows_accepted += len(verdict.accepted)
    for one in verdict.findings:
        staged.rows_broken[one.rule_id] += one.rows_broken
    return verdict


def _validate(staged: Staged, days: Sequence[pa.Table], contract: Contract, as_of_on: date) -> None:
    """Great Expectations over the days; results of several batches add up."""
    for batch in _batches(days, contract):
        _add_results(staged, validate(batch, contract, as_of_on))


def _batches(days: Sequence[pa.Table], contract: Contract) -> Iterator[pa.Table]:
    """The days in as few batches as can be, none with a key from two days.

    Days of one pull share no key; of several pulls each may have read the same record, which is no
    repetition: a key is unique within a day.
    """
    held: list[pa.Table] = []
    seen: set[str] = set()
    for rows in days:
        keys = set(row_keys(rows, contract))
        if held and not seen.isdisjoint(keys):
            yield pa.concat_tables(held)
            held, seen = [], set()
        held.append(rows)
        seen |= keys
    if held:
        yield pa.concat_tables(held)


def _add_results(staged: Staged, results: Sequence[RuleResult]) -> None:
    for one in results:
        before = staged.results.get(one.rule_id)
        if before is not None:
            one = RuleResult(
                one.rule_id,
                one.severity,
                one.success and before.success,
                one.unexpected_count + before.unexpected_count,
                one.could_not_run or before.could_not_run,
                one.message or before.message,
            )
        staged.results[one.rule_id] = one


def _keep_quality(lake: Lake, contract: Contract, verdicts: Sequence[Verdict]) -> None:
    """Replace the days' counts by rule."""
    held = lake.read_state("core", f"quality_{contract.name}", load_contract("data_quality").arrow_schema())
    days = pa.array([verdict.pulled_for_on for verdict in verdicts], pa.date32())
    kept = held.filter(pc.invert(pc.is_in(held[DAY], value_set=days)))
    table = pa.concat_tables([kept, *(verdict.data_quality().cast(held.schema) for verdict in verdicts)])
    lake.write_state(
        table.sort_by([(DAY, "ascending"), ("rule_id", "ascending")]).combine_chunks(),
        "core",
        f"quality_{contract.name}",
    )


def kept_of_all(lake: Lake, kind: str, contract: Contract, tables: Sequence[str]) -> pa.Table:
    """The `quarantine` or `quality` of all tables as one published table, ordered by its key."""
    schema = contract.arrow_schema()
    parts = [
        waiting(lake, table)
        if kind == "quarantine"
        else lake.read_state("core", f"{kind}_{table}", schema).cast(schema)
        for table in tables
    ]
    return pa.concat_tables(parts).sort_by([(name, "ascending") for name in contract.key]).combine_chunks()


__all__ = ["ContractBroken", "Staged", "kept_of_all", "pending_days", "stage"]
