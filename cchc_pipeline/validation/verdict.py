"""Judge each row of a batch: valid, or quarantined with reasons; none is lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from cchc_pipeline.arrow import table_from_records
from cchc_pipeline.contracts.conform import enforce, with_strict_schema
from cchc_pipeline.contracts.errors import RowsLost, RuleCouldNotRun
from cchc_pipeline.contracts.model import Contract, load_contract
from cchc_pipeline.contracts.parts import Rule
from cchc_pipeline.contracts.rules import ROW_NUMBER
from cchc_pipeline.lake.engine import EngineError, run_sql, sql_text
from cchc_pipeline.validation.acceptances import is_acceptable

#: Key of a row, as the quarantine writes it -> ids of the rules whose breach a person accepted.
AcceptedRules = Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Verdict:
    """Valid and quarantined rows of a batch.

    Attributes:
        contract: the contract that it was judged by.
        pulled_for_on: civil day it was pulled for.
        rows_in: rows of the batch.
        valid: rows that broke no rule of severity reject, or whose breach was accepted, in the order of the batch;
            schema `contract.arrow_schema()`.
        quarantined: the others, in the order of the batch; schema of the contract `quarantine`.
        rows_broken: rows that broke a rule, accepted breaches included, by rule id in the contract's order.
        accepted_keys: keys of the valid rows whose breach was accepted.
    """

    contract: Contract
    pulled_for_on: date
    rows_in: int
    valid: pa.Table = field(repr=False)
    quarantined: pa.Table = field(repr=False)
    rows_broken: Mapping[str, int] = field(repr=False)
    accepted_keys: tuple[str, ...] = ()

    @property
    def rows_valid(self) -> int:
        """Return the number of rows in `valid`."""
        return int(self.valid.num_rows)

    @property
    def rows_quarantined(self) -> int:
        """Return the number of rows in `quarantined`."""
        return int(self.quarantined.num_rows)

    def data_quality(self) -> pa.Table:
        """Return the rows of table `data_quality`: a row TOTAL, then one per rule."""
        same = {
            "table_name": self.contract.name,
            "pulled_for_on": self.pulled_for_on,
            "rows_in": self.rows_in,
            "rows_valid": self.rows_valid,
            "rows_quarantined": self.rows_quarantined,
        }
        rows = [{**same, "rule_id": "TOTAL", "rule_severity": None, "rows_broken": None}]
        rows += [
            {**same, "rule_id": rule.id, "rule_severity": rule.severity, "rows_broken": self.rows_broken[rule.id]}
            for rule in self.contract.rules
        ]
        contract = load_contract("data_quality")
        return enforce(table_from_records(rows, schema=contract.arrow_schema()), contract)


def judge(
    batch: pa.Table, contract: Contract, as_of_on: date, day: date | None = None, accepted: AcceptedRules | None = None
) -> Verdict:
    """Split a conformed batch into valid and quarantined rows.

    A row is quarantined where it breaks a rule of severity reject whose breach nobody accepted for
    this row. Of rows with the same key the last one stays.

    Args:
        batch: a conformed batch, as `admit` or `conform` returns it.
        contract: the contract it came under.
        as_of_on: what CURRENT_DATE means in a rule: the last civil day of the data.
        day: civil day the batch was pulled for; `as_of_on` where None.
        accepted: ids of accepted rules by key of the row.

    Raises:
        RuleCouldNotRun: the engine refuses the predicate of a rule.
        RowsLost: rows valid and quarantined are not the rows of the batch, a defect of this module.
    """
    day = day or as_of_on
    breaks = rule_breaks(batch, contract, as_of_on)
    rows_broken = {rule.id: int(pc.sum(breaks.column(i)).as_py() or 0) for i, rule in enumerate(contract.rules)}
    hit = {f"r{i}": rule for i, rule in enumerate(contract.rules) if rule.severity == "reject" and rows_broken[rule.id]}
    quarantined = load_contract("quarantine").arrow_schema().empty_table()
    if hit:
        quarantined = _rejected(batch, breaks.select(list(hit)), hit, contract, day)
    stays = _are_accepted(quarantined, contract, accepted or {})
    accepted_keys = tuple(quarantined["row_key"].filter(stays).to_pylist())
    quarantined = quarantined.filter(pc.invert(stays))
    numbers = pa.array(np.arange(1, batch.num_rows + 1))
    valid = batch.filter(pc.invert(pc.is_in(numbers, quarantined["source_row_number"].combine_chunks())))
    if valid.num_rows + quarantined.num_rows != batch.num_rows:
        raise RowsLost(contract.name, batch.num_rows, valid.num_rows, quarantined.num_rows)
    valid = with_strict_schema(valid, contract)
    return Verdict(contract, day, batch.num_rows, valid, quarantined, rows_broken, accepted_keys)


def rule_breaks(batch: pa.Table, contract: Contract, as_of_on: date) -> pa.Table:
    """Return per row whether it breaks each rule: columns r0, r1, … in rule order.

    Raises:
        RuleCouldNotRun: the engine refuses the predicate of a rule; names each such rule.
    """
    statement, used, params = _statement(contract)
    batch = batch.select([name for name in batch.column_names if name in used])
    batch = batch.append_column(ROW_NUMBER, pa.array(np.arange(1, batch.num_rows + 1)))
    try:
        found = run_sql(statement, params=dict.fromkeys(params, as_of_on), batch=batch)
    except EngineError as error:
        culprits = _refused_rules(batch, contract, as_of_on) or {"verdict": _first_line(error)}
        raise RuleCouldNotRun(contract.name, contract.file, culprits) from error
    return found.drop_columns([ROW_NUMBER]).combine_chunks()


@lru_cache(maxsize=64)
def _statement(contract: Contract) -> tuple[str, frozenset[str], tuple[str, ...]]:
    """Return the query of row number and breaks r0, r1, …, the columns it reads, and its parameters."""
    flags = [
        exp.alias_(exp.func("COALESCE", exp.paren(_as_of(rule.predicate)), exp.false()), f"r{i}")
        for i, rule in enumerate(contract.rules)
    ]
    query = exp.select(ROW_NUMBER, *flags).from_("batch").order_by(ROW_NUMBER)
    return sql_text(query), frozenset(column.name for column in query.find_all(exp.Column)), _params(query)


def _as_of(predicate: exp.Expr) -> exp.Expr:
    """Return `predicate` with the parameter `as_of_on` for CURRENT_DATE, to judge past days."""
    day = exp.cast(exp.Placeholder(this="as_of_on"), "DATE")
    return predicate.transform(lambda node: day.copy() if isinstance(node, exp.CurrentDate) else node)


def _params(query: exp.Expr) -> tuple[str, ...]:
    return tuple({one.name for one in query.find_all(exp.Placeholder)})


def _refused_rules(batch: pa.Table, contract: Contract, as_of_on: date) -> dict[str, str]:
    """Return the engine's error of each rule that fails alone, without record values."""
    found = {}
    for rule in contract.rules:
        query = exp.select(_as_of(rule.predicate)).from_("batch")
        try:
            run_sql(query, params=dict.fromkeys(_params(query), as_of_on), batch=batch)
        except EngineError as error:
            found[rule.id] = _first_line(error)
    return found


def _first_line(error: EngineError) -> str:
    """Return an error's first line without quoted texts: they may be record values."""
    return re.sub(r"'[^']*'", "'…'", str(error).splitlines()[0])


def _are_accepted(quarantined: pa.Table, contract: Contract, accepted: AcceptedRules) -> pa.Array:
    """Return per rejected row whether all rules it breaks are acceptable and accepted."""
    can_be = {rule.id for rule in contract.rules if is_acceptable(rule, contract)} if accepted else set()
    keys, rules = quarantined["row_key"].to_pylist(), quarantined["rule_ids"].to_pylist()
    return pa.array(
        [set(ids.split(";")) <= can_be & accepted.get(key, set()) for key, ids in zip(keys, rules, strict=True)],
        pa.bool_(),
    )


def _rejected(batch: pa.Table, flags: pa.Table, rules: Mapping[str, Rule], contract: Contract, day: date) -> pa.Table:
    """Return the rows that break a rule, as the quarantine holds them, in order.

    `flags` says per row of the conformed batch whether it breaks each of `rules` (by column): those of severity reject
    that any row breaks.
    """
    broken = np.column_stack([column.to_numpy() for column in flags.columns])
    places = np.flatnonzero(broken.any(axis=1))
    patterns, which = np.unique(broken[places], axis=0, return_inverse=True)  # few ways to break rules, in many rows
    hit = [[rule for rule, is_broken in zip(rules.values(), one, strict=True) if is_broken] for one in patterns]
    pattern = pa.array(which.reshape(-1))

    def told(separator: str, part: Callable[[Rule], str]) -> pa.Array:
        return pa.array([separator.join(map(part, of)) for of in hit], pa.string()).take(pattern)

    statement, names = _identity(contract)
    rows = batch.select(names).take(pa.array(places))
    for i, column in enumerate(rows.schema):
        if pa.types.is_timestamp(column.type):  # an instant is told in local time
            rows = rows.set_column(i, column.name, pc.strftime(rows.column(i), format="%Y-%m-%dT%H:%M:%S%Ez"))
    numbers = pa.array(places + 1)
    identity = run_sql(statement, batch=rows.append_column(ROW_NUMBER, numbers))

    def same(value: object, kind: pa.DataType) -> pa.Array:
        return pa.repeat(pa.scalar(value, kind), rows.num_rows)

    columns = {
        "table_name": same(contract.name, pa.string()),
        "source": same(contract.source or contract.name, pa.string()),
        "row_key": identity["row_key"],
        "source_row_number": numbers,
        "rule_ids": told(";", lambda rule: rule.id),
        "reasons_vi": told(" ", lambda rule: rule.sentence_vi),
        "reasons_en": told(" ", lambda rule: rule.sentence_en),
        "row_json": identity["row_json"],
        "unit_code": rows["unit_code"].cast(pa.string()) if "unit_code" in names else same(None, pa.string()),
        # A verdict knows one batch; what came before is added by `quarantine.py`.
        **dict.fromkeys(("pulled_for_on", "first_seen_on", "last_seen_on"), same(day, pa.date32())),
        "times_seen": same(1, pa.int32()),
    }
    return enforce(pa.table(columns), load_contract("quarantine"))


@lru_cache(maxsize=64)
def _identity(contract: Contract) -> tuple[str, list[str]]:
    """Return the query of key and record of rows as text, and the columns of a record."""
    # Masking finds names by the words before them and misses others, so free text is left out.
    names = [column.name for column in contract.columns if column.classification != "masked-text"]
    key = [exp.func("COALESCE", exp.cast(exp.column(name), "VARCHAR"), exp.convert("")) for name in contract.key]
    record = exp.Struct(
        expressions=[exp.PropertyEQ(this=exp.to_identifier(name), expression=exp.column(name)) for name in names]
    )
    query = exp.select(
        exp.alias_(exp.func("CONCAT_WS", exp.convert("|"), *key), "row_key"),
        exp.alias_(exp.cast(exp.func("TO_JSON", record), "VARCHAR"), "row_json"),
    )
    return sql_text(query.from_("batch").order_by(ROW_NUMBER)), names
