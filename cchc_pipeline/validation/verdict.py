"""A verdict per row: valid or quarantined, with reasons, never lost."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from cchc_pipeline.arrow import table_from_records
from cchc_pipeline.contracts.conform import conform, enforce
from cchc_pipeline.contracts.errors import RowsLost, RuleCouldNotRun
from cchc_pipeline.contracts.model import Contract, Rule, Severity
from cchc_pipeline.contracts.registry import contract_names, load_contract
from cchc_pipeline.contracts.rules import ROW_NUMBER, as_of, is_releasable
from cchc_pipeline.lake.engine import connect

#: Key of a row as the quarantine writes it -> ids of the rules whose breach a person accepted.
Released = Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Finding:
    """How many rows of a batch broke a rule; 0 is a finding too."""

    rule_id: str
    severity: Severity
    column: str | None
    rows_broken: int
    sentence_vi: str
    sentence_en: str


@dataclass(frozen=True)
class Verdict:
    """What became of a batch.

    `valid` has `contract.arrow_schema()`, `quarantined` that of the contract `quarantine`; both keep
    the order of the batch. `findings` has one entry per rule, in the contract's order. `accepted` are
    the keys of the valid rows that break a rule of severity reject and were released by a person.
    """

    table_name: str
    pulled_for_on: date
    rows_in: int
    valid: pa.Table = field(repr=False)
    quarantined: pa.Table = field(repr=False)
    findings: tuple[Finding, ...] = field(repr=False)
    accepted: tuple[str, ...] = ()

    @property
    def rows_valid(self) -> int:
        """Rows that broke no rule of severity reject, or whose breach was accepted."""
        return int(self.valid.num_rows)

    @property
    def rows_quarantined(self) -> int:
        """Rows that wait because they broke a rule of severity reject."""
        return int(self.quarantined.num_rows)

    def data_quality(self) -> pa.Table:
        """The batch in the published table `data_quality`: a TOTAL row, then a row per rule."""
        same = {
            "table_name": self.table_name,
            "pulled_for_on": self.pulled_for_on,
            "rows_in": self.rows_in,
            "rows_valid": self.rows_valid,
            "rows_quarantined": self.rows_quarantined,
        }
        rows = [{**same, "rule_id": "TOTAL", "rule_severity": None, "rows_broken": None}]
        rows += [
            {**same, "rule_id": one.rule_id, "rule_severity": one.severity, "rows_broken": one.rows_broken}
            for one in self.findings
        ]
        contract = load_contract("data_quality")
        return enforce(table_from_records(rows, schema=contract.arrow_schema()), contract)


def judge(
    table: pa.Table,
    contract: Contract,
    as_of_on: date,
    day: date | None = None,
    *,
    source: str | None = None,
    released: Released | None = None,
) -> Verdict:
    """Split `table` into valid and quarantined rows.

    A row is quarantined where it breaks a rule of severity reject whose breach nobody accepted for
    this row. Of rows with the same key the last one stays. Findings count accepted breaches too.

    Args:
        table: a batch; it is conformed first.
        contract: the contract it came under.
        as_of_on: what CURRENT_DATE means in a rule: the last civil day of the data.
        day: civil day the batch was pulled for; `as_of_on` where None.
        source: source system named in the quarantine; the contract's own where None.
        released: what was accepted, by key of the row.

    Raises:
        ContractBroken: the batch breaks the contract as a whole.
        RowsLost: a defect of this module.
    """
    table = conform(table, contract)
    day = day or as_of_on
    breaks = rule_breaks(table, contract, as_of_on)
    findings = tuple(
        Finding(rule.id, rule.severity, rule.column, _count(breaks.column(i)), rule.sentence_vi, rule.sentence_en)
        for i, rule in enumerate(contract.rules)
    )
    valid, quarantined = table, load_contract("quarantine").arrow_schema().empty_table()
    accepted: tuple[str, ...] = ()
    hit = [i for i, one in enumerate(findings) if one.severity == "reject" and one.rows_broken]
    if hit:
        rules = [contract.rules[i] for i in hit]
        matrix = np.column_stack([breaks.column(i).to_numpy() for i in hit])
        places = np.flatnonzero(matrix.any(axis=1))
        described = _described(table.take(pa.array(places)), contract)
        stays = _are_accepted(described.column("row_key"), matrix[places], rules, contract, released or {})
        accepted = tuple(described.column("row_key").filter(pa.array(stays)).to_pylist())
        places, described = places[~stays], described.filter(pa.array(~stays))
        rejected = np.zeros(table.num_rows, dtype=bool)
        rejected[places] = True
        valid = table.filter(pa.array(~rejected))
        quarantined = _quarantine(described, places, matrix[places], rules, contract, source, day)
    if valid.num_rows + quarantined.num_rows != table.num_rows:
        raise RowsLost(
            table=contract.name,
            rows_in=table.num_rows,
            rows_valid=valid.num_rows,
            rows_quarantined=quarantined.num_rows,
        )
    return Verdict(contract.name, day, table.num_rows, enforce(valid, contract), quarantined, findings, accepted)


def verdict_query(contract: Contract, as_of_on: date) -> exp.Select:
    """The query behind a verdict: per row of `batch` its number and, as r0, r1, …, whether it breaks each rule."""
    flags = [
        exp.alias_(exp.func("COALESCE", exp.paren(as_of(rule.predicate, as_of_on)), exp.false()), f"r{i}")
        for i, rule in enumerate(contract.rules)
    ]
    return exp.select(ROW_NUMBER, *flags).from_("batch").order_by(ROW_NUMBER)


def rule_breaks(table: pa.Table, contract: Contract, as_of_on: date) -> pa.Table:
    """Per row of a conformed `table` and rule of `contract`, whether the row breaks it; columns in rule order.

    Raises:
        RuleCouldNotRun: DuckDB refuses the predicate of a rule; names each such rule.
    """
    statement, used = (
        _statement(contract.name, contract.sha256, as_of_on) if _is_loaded(contract) else _compile(contract, as_of_on)
    )
    batch = table.select([name for name in table.column_names if name in used])
    batch = batch.append_column(ROW_NUMBER, pa.array(np.arange(1, table.num_rows + 1)))
    try:
        found = _run(statement, batch)
    except duckdb.Error as error:
        culprits = _refused_rules(batch, contract, as_of_on) or {"verdict": _first_line(error)}
        raise RuleCouldNotRun(table=contract.name, file=contract.file, problems=culprits) from error
    return found.drop_columns([ROW_NUMBER]).combine_chunks()


def _refused_rules(batch: pa.Table, contract: Contract, as_of_on: date) -> dict[str, str]:
    """Rules that fail when they run alone, with what the engine says; values of records are left out of it."""
    found = {}
    for rule in contract.rules:
        query = exp.select(as_of(rule.predicate, as_of_on)).from_("batch").sql(dialect="duckdb")
        try:
            _run(query, batch)
        except duckdb.Error as error:
            found[rule.id] = _first_line(error)
    return found


def _first_line(error: duckdb.Error) -> str:
    """What the engine says, without the values it quotes: a message must not hold a value of a record."""
    return re.sub(r"'[^']*'", "'…'", str(error).splitlines()[0])


def _is_loaded(contract: Contract) -> bool:
    return contract.name in contract_names() and load_contract(contract.name) is contract


@lru_cache(maxsize=64)
def _statement(name: str, sha256: str, as_of_on: date) -> tuple[str, frozenset[str]]:  # noqa: ARG001 - the hash is part of the key
    """The compiled query of a contract of the project: a run asks for it once per day of its window."""
    return _compile(load_contract(name), as_of_on)


def _compile(contract: Contract, as_of_on: date) -> tuple[str, frozenset[str]]:
    query = verdict_query(contract, as_of_on)
    return query.sql(dialect="duckdb"), frozenset(column.name for column in query.find_all(exp.Column))


def _are_accepted(
    keys: pa.ChunkedArray, matrix: np.ndarray, rules: Sequence[Rule], contract: Contract, released: Released
) -> np.ndarray:
    """Per rejected row whether every rule that it breaks was accepted for its key and can be."""
    found = np.zeros(len(matrix), dtype=bool)
    if not released:
        return found
    can_be = np.array([is_releasable(rule, contract) for rule in rules])
    for place, key in enumerate(keys.to_pylist()):
        if key in released:
            covered = np.array([rule.id in released[key] for rule in rules]) & can_be
            found[place] = not (matrix[place] & ~covered).any()
    return found


def _quarantine(
    described: pa.Table,
    places: np.ndarray,
    matrix: np.ndarray,
    rules: Sequence[Rule],
    contract: Contract,
    source: str | None,
    day: date,
) -> pa.Table:
    # few combinations of broken rules, many rows: build the texts once per combination
    combinations, which = np.unique(matrix, axis=0, return_inverse=True)
    groups = [[rule for rule, broken in zip(rules, flags, strict=True) if broken] for flags in combinations]
    texts = {
        "rule_ids": [";".join(rule.id for rule in group) for group in groups],
        "reasons_vi": [" ".join(rule.sentence_vi for rule in group) for group in groups],
        "reasons_en": [" ".join(rule.sentence_en for rule in group) for group in groups],
    }
    count = described.num_rows
    columns = {
        "table_name": pa.repeat(contract.name, count),
        "source": pa.repeat(source or contract.source or contract.name, count),
        "row_key": described.column("row_key"),
        "source_row_number": pa.array(places + 1, pa.int64()),
        **{name: pa.array(text, pa.string()).take(pa.array(which.ravel())) for name, text in texts.items()},
        "row_json": described.column("row_json"),
        "pulled_for_on": pa.repeat(pa.scalar(day, pa.date32()), count),
        "unit_code": described.column("unit_code"),
        # A verdict knows one batch; what came before is added by `quarantine.py`.
        "first_seen_on": pa.repeat(pa.scalar(day, pa.date32()), count),
        "last_seen_on": pa.repeat(pa.scalar(day, pa.date32()), count),
        "times_seen": pa.repeat(pa.scalar(1, pa.int32()), count),
    }
    return enforce(pa.table(columns), load_contract("quarantine"))


def _described(rows: pa.Table, contract: Contract) -> pa.Table:
    """Key, unit and whole record of each row as text; instants in local time with their offset."""
    # Free text is masked, but a name without an announcing word cannot be: it is not published.
    rows = rows.select([column.name for column in contract.columns if column.classification != "masked-text"])
    for i, column in enumerate(rows.schema):
        if pa.types.is_timestamp(column.type):
            rows = rows.set_column(i, column.name, pc.strftime(rows.column(i), format="%Y-%m-%dT%H:%M:%S%Ez"))
    key = [exp.func("COALESCE", exp.cast(exp.column(name), "VARCHAR"), exp.Literal.string("")) for name in contract.key]
    record = exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier(name), expression=exp.column(name)) for name in rows.column_names
        ]
    )
    unit = exp.column("unit_code") if "unit_code" in rows.column_names else exp.Null()
    query = exp.select(
        exp.alias_(exp.func("CONCAT_WS", exp.Literal.string("|"), *key), "row_key"),
        exp.alias_(exp.cast(exp.func("TO_JSON", record), "VARCHAR"), "row_json"),
        exp.alias_(exp.cast(unit, "VARCHAR"), "unit_code"),
        ROW_NUMBER,
    )
    batch = rows.append_column(ROW_NUMBER, pa.array(np.arange(rows.num_rows)))
    return _run(query.from_("batch").order_by(ROW_NUMBER).sql(dialect="duckdb"), batch)


@lru_cache(maxsize=1)
def _database() -> duckdb.DuckDBPyConnection:
    """One in-memory database for all verdicts of the process: opening one costs as much as a day's verdict."""
    return connect()


def _run(statement: str, batch: pa.Table) -> pa.Table:
    with _database().cursor() as connection:
        connection.register("batch", batch)
        return connection.sql(statement).to_arrow_table()


def _count(flags: pa.ChunkedArray) -> int:
    return int(pc.sum(flags).as_py() or 0)
