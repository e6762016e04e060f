"""Stage landed rows: write valid ones to `staged`, the others to the quarantine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.contracts.errors import ContractBroken, RuleCouldNotRun
from cchc_pipeline.contracts.model import Contract, load_contract
from cchc_pipeline.lake.files import Token
from cchc_pipeline.lake.layout import Lake, Ledger
from cchc_pipeline.validation.acceptances import note_judged, read_acceptances
from cchc_pipeline.validation.admission import admit
from cchc_pipeline.validation.drift.compare import profile_days
from cchc_pipeline.validation.expectations import RuleResult, validate
from cchc_pipeline.validation.quarantine import read_quarantine, row_keys, update_quarantine
from cchc_pipeline.validation.verdict import Verdict, judge

DAY = "pulled_for_on"


@dataclass
class Staged:
    """Result of staging the days of one table.

    Attributes:
        contract: the contract they were judged by.
        days: civil days that were staged, in order.
        partial: those of them whose pull broke off: what came of them is no measure for other days.
        rows_in: landed rows, counted from the files.
        rows_valid: rows in the `staged` files that were written.
        rows_quarantined: rows that went to quarantine.
        rows_accepted: valid rows that break a rule of severity reject, which a person accepted.
        rows_broken: rows that broke a rule, by rule id; a rule that held has 0.
        results: Great Expectations' results by rule id, added up over the batches.
        unknown_columns: columns that the contract does not have.
        absent_columns: optional columns that did not come.
        retyped_columns: columns that came with another type and were read into the contract's, with that type.
        discarded_rows: rows that went to quarantine because a column of theirs drifted, by column.
        broken: days that were refused whole, with the reason; what was staged of them before stays.
        stuck: rules that could not run, with the reason; if there are any, nothing was written.
    """

    contract: Contract
    days: list[date] = field(default_factory=list)
    partial: set[date] = field(default_factory=set)
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
        """Return whether rows in = rows valid + rows quarantined."""
        return self.rows_in == self.rows_valid + self.rows_quarantined


def stage(lake: Lake, table: str, days: Sequence[date], as_of_on: date) -> Staged:
    """Judge the landed days of a table, and write the valid rows and the quarantine.

    A day staged again replaces itself, one without a landing file is passed over. A day that breaks the contract as a
    whole is refused, and stays pending until it is pulled again. Where a rule could not run, nothing is written and
    every day stays pending until it is mended. CURRENT_DATE in a rule is `as_of_on`, the last civil day of data.
    """
    contract = load_contract(table)
    acceptances = read_acceptances(lake, table)
    staged = Staged(contract, rows_broken=dict.fromkeys((rule.id for rule in contract.rules), 0))
    verdicts: list[Verdict] = []
    taken: dict[str, Token] = {}
    admitted: dict[date, pa.Table] = {}
    for _, month in groupby(sorted(days), key=lambda day: (day.year, day.month)):
        batches: list[pa.Table] = []
        for day in month:
            landed = f"landing/{table}", day.isoformat()
            if not lake.store.has(*landed):
                continue
            token = lake.store.token(*landed)  # before reading: a day that is pulled again meanwhile stays pending
            try:
                found = admit(lake.store.read(*landed), contract)
                staged.unknown_columns.update(found.unknown)
                staged.absent_columns.update(found.absent)
                staged.retyped_columns |= found.retyped
                staged.discarded_rows.update(found.discarded)
                rows = found.table
                verdicts.append(judge(rows, contract, as_of_on, day, acceptances.rules_by_key))
            except ContractBroken as error:
                staged.broken[day] = error
            except RuleCouldNotRun as error:
                staged.stuck |= error.problems
            else:
                taken[day.isoformat()] = token
                admitted[day] = rows
                batches += [rows] if rows.num_rows else []
        for batch in _with_unique_keys(batches, contract):
            for result in validate(batch, contract, as_of_on):
                before = staged.results.get(result.rule_id)
                staged.results[result.rule_id] = before + result if before else result
    staged.stuck |= {one.rule_id: f"as an expectation: {one.problem}" for one in staged.results.values() if one.problem}
    for verdict in verdicts:
        staged.rows_in += verdict.rows_in
        staged.rows_accepted += len(verdict.accepted_keys)
        for rule_id, rows_broken in verdict.rows_broken.items():
            staged.rows_broken[rule_id] += rows_broken
    if staged.stuck:
        return staged
    # In the order in which they were landed: what is staged last wins in the core tables.
    landed_at = {date.fromisoformat(part): token.written_ns for part, token in taken.items()}
    verdicts.sort(key=lambda v: (landed_at[v.pulled_for_on], v.pulled_for_on))
    for verdict in verdicts:
        lake.store.write(verdict.valid, f"staged/{table}", verdict.pulled_for_on.isoformat())
        staged.rows_valid += verdict.rows_valid
    staged.days = sorted(admitted)
    pulls = lake.pulls(contract.source or "")
    staged.partial = {day for day in admitted if pulls.get(day, {}).get("status") == "failed"}
    staged.rows_quarantined = sum(verdict.quarantined.num_rows for verdict in verdicts)
    update_quarantine(lake, contract, verdicts, landed_at)
    _keep_quality(lake, contract, verdicts)
    profile_days(lake, contract, {day: rows for day, rows in admitted.items() if day not in staged.partial})
    _ledger(lake, contract).note(taken)
    note_judged(lake, table, acceptances, landed_at)
    return staged


def pending_days(lake: Lake, table: str) -> list[date]:
    """Return days to judge: new, pulled again, decided on; all of a changed contract."""
    new = {date.fromisoformat(part) for part in _ledger(lake, load_contract(table)).pending()}
    return sorted(new | read_acceptances(lake, table).days)


def published_state(lake: Lake, name: Literal["quarantine", "data_quality"], tables: Sequence[str]) -> pa.Table:
    """Return table `quarantine` or `data_quality` over `tables`, ordered by its key."""
    contract = load_contract(name)
    read = read_quarantine if name == "quarantine" else _read_quality
    parts = [read(lake, table) for table in tables]
    return pa.concat_tables(parts).sort_by([(key, "ascending") for key in contract.key]).combine_chunks()


def _ledger(lake: Lake, contract: Contract) -> Ledger:
    return lake.ledger("landing", contract.name, consumer="staged", logic=contract.sha256)


def _with_unique_keys(days: Sequence[pa.Table], contract: Contract) -> Iterator[pa.Table]:
    """Yield the days in few batches, none with a key from two days.

    Days of one pull share no key; days of several pulls may each hold the same record, which is no
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


def _read_quality(lake: Lake, table: str) -> pa.Table:
    schema = load_contract("data_quality").arrow_schema()
    return lake.store.read(f"core/quality_{table}", schema=schema).cast(schema)


def _keep_quality(lake: Lake, contract: Contract, verdicts: Sequence[Verdict]) -> None:
    """Write the counts by rule of the judged days, replacing older ones of these days."""
    held = _read_quality(lake, contract.name)
    days = pa.array([verdict.pulled_for_on for verdict in verdicts], pa.date32())
    kept = held.filter(pc.invert(pc.is_in(held[DAY], value_set=days)))
    table = pa.concat_tables([kept, *(verdict.data_quality().cast(held.schema) for verdict in verdicts)])
    lake.store.update(
        table.sort_by([(DAY, "ascending"), ("rule_id", "ascending")]).combine_chunks(), f"core/quality_{contract.name}"
    )
