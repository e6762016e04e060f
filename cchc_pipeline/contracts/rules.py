"""From the text of a contract to rules: each one a SQL predicate and the expectation equal to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import sqlglot
from sqlglot import exp

from cchc_pipeline.contracts.errors import ContractFileError
from cchc_pipeline.contracts.model import SEVERITIES, Column, Contract, Rule, Severity

#: Position of a row in its batch, from 1. Reserved: no contract may have such a column.
ROW_NUMBER = "batch_row_number"


def _text(values: Sequence[Any]) -> str:
    return ", ".join(str(value) for value in values)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def column_rules(table: str, column: Column) -> list[Rule]:
    """Rules of a column's own constraints: required, pattern, list of values, range. All reject but the list's."""
    name, vi, en = column.name, column.label_vi, column.label_en
    rules = []

    def add(
        suffix: str, predicate: exp.Expr, vi: str, en: str, kind: str, dimension: str, severity: Severity, **kwargs: Any
    ) -> None:
        expectation = {"type": kind, "kwargs": {"column": name, **kwargs}}
        rules.append(Rule(f"{table}.{suffix}", severity, predicate, vi, en, name, expectation, dimension))

    def this() -> exp.Expr:
        return exp.column(name)

    if column.required:
        add(
            f"{name}_required",
            exp.Is(this=this(), expression=exp.Null()),
            f"Thiếu «{vi}».",
            f"«{en}» is missing.",
            "expect_column_values_to_not_be_null",
            "completeness",
            "reject",
        )
    if column.pattern is not None:
        add(
            f"{name}_pattern",
            exp.Not(this=exp.RegexpLike(this=this(), expression=exp.Literal.string(column.pattern))),
            f"«{vi}» không theo mẫu quy định.",
            f"«{en}» does not have the required form.",
            "expect_column_values_to_match_regex",
            "conformity",
            "reject",
            regex=column.pattern,
        )
    if column.valid_values is not None:
        add(
            column.valid_values_id or f"{name}_values",
            exp.Not(this=this().isin(*column.valid_values)),
            f"«{vi}» phải là một trong: {_text(column.valid_values)}.",
            f"«{en}» must be one of: {_text(column.valid_values)}.",
            "expect_column_values_to_be_in_set",
            "conformity",
            column.valid_values_severity,
            value_set=list(column.valid_values),
        )
    bounds = [
        kind(this=this(), expression=exp.Literal.number(_number(bound)))
        for kind, bound in ((exp.LT, column.minimum), (exp.GT, column.maximum))
        if bound is not None
    ]
    if bounds:
        low, high = _number(column.minimum), _number(column.maximum)
        add(
            f"{name}_range",
            exp.or_(*bounds),
            f"«{vi}» nằm ngoài khoảng cho phép [{low}; {high}].",
            f"«{en}» lies outside [{low}; {high}].",
            "expect_column_values_to_be_between",
            "accuracy",
            "reject",
            min_value=column.minimum,
            max_value=column.maximum,
        )
    return rules


def key_rule(table: str, columns: Sequence[Column], key: Sequence[str]) -> Rule:
    """Rows whose key comes again later in the same batch: the last row stays, earlier ones are rejected.

    The expectation counts every row of a repeated key, the predicate all but the last.
    """
    later = exp.Window(this=exp.Max(this=exp.column(ROW_NUMBER)), partition_by=[exp.column(name) for name in key])
    whole = [exp.Not(this=exp.Is(this=exp.column(name), expression=exp.Null())) for name in key]
    predicate = exp.and_(exp.NEQ(this=exp.column(ROW_NUMBER), expression=later), *whole)
    expectation: dict[str, Any] = {"type": "expect_column_values_to_be_unique", "kwargs": {"column": key[0]}}
    if len(key) > 1:
        expectation = {
            "type": "expect_compound_columns_to_be_unique",
            "kwargs": {"column_list": list(key), "ignore_row_if": "any_value_is_missing"},
        }
    labels = {column.name: column for column in columns}
    vi, en = (_text([getattr(labels[name], f"label_{language}") for name in key]) for language in ("vi", "en"))
    return Rule(
        f"{table}.key_unique",
        "reject",
        predicate,
        f"Bản ghi trùng khóa ({vi}); chỉ giữ bản ghi cuối cùng.",
        f"The key ({en}) comes again later in the batch; only the last record is kept.",
        key[0] if len(key) == 1 else None,
        expectation,
        "uniqueness",
    )


def row_predicate(query: str, columns: Sequence[str], *, file: str, where: str) -> exp.Expr:
    """The WHERE of `SELECT COUNT(*) FROM {object} WHERE <row breaks the rule>`.

    Raises:
        ContractFileError: it is no such query, or names a column that the contract does not have.
    """
    form = "write SELECT COUNT(*) FROM {object} WHERE <the row breaks the rule>, over the row's own columns"
    try:
        tree = sqlglot.parse_one(query.replace("{object}", "__object__"), read="duckdb")
    except sqlglot.errors.SqlglotError as error:
        message = str(error).splitlines()[0]
        raise ContractFileError(file=file, where=where, problem=f"unreadable SQL: {message}", fix=form) from error
    plain = isinstance(tree, exp.Select) and tree.sql(dialect="duckdb").startswith("SELECT COUNT(*) FROM __object__ ")
    condition = tree.args.get("where") if plain else None
    others = [name for name in ("group", "having", "joins", "limit", "with_", "distinct") if tree.args.get(name)]
    if condition is None or others or condition.find(exp.Select, exp.Window, exp.AggFunc):
        raise ContractFileError(file=file, where=where, problem="not a rule about single rows", fix=form)
    unknown = sorted({found.name for found in condition.find_all(exp.Column)} - set(columns))
    if unknown:
        raise ContractFileError(
            file=file, where=where, problem=f"no column {_text(unknown)} in this contract", fix="correct the name"
        )
    return condition.this


def sql_rule(table: str, entry: Mapping[str, Any], columns: Sequence[str], *, file: str) -> Rule:
    """A `type: sql` entry of the contract's quality list as a rule."""
    where = f"rule {entry.get('id', '(without id)')}"
    custom = {item["property"]: item["value"] for item in entry.get("customProperties", [])}
    for name, found in (
        ("id", entry.get("id")),
        ("query", entry.get("query")),
        ("customProperties sentence_vi", custom.get("sentence_vi")),
        ("customProperties sentence_en", custom.get("sentence_en")),
        ("customProperties expectation.type", (custom.get("expectation") or {}).get("type")),
        ("customProperties expectation.kwargs", (custom.get("expectation") or {}).get("kwargs")),
    ):
        if not found:
            raise ContractFileError(file=file, where=where, problem=f"{name} is missing", fix="add it")
    if entry.get("mustBe") != 0:
        raise ContractFileError(file=file, where=where, problem="mustBe is not 0", fix="write mustBe: 0")
    predicate = row_predicate(entry["query"], columns, file=file, where=where)
    names = list(dict.fromkeys(found.name for found in predicate.find_all(exp.Column)))
    return Rule(
        f"{table}.{entry['id']}",
        severity(entry.get("severity"), file=file, where=where),
        predicate,
        custom["sentence_vi"],
        custom["sentence_en"],
        names[0] if len(names) == 1 else None,
        custom["expectation"],
        entry.get("dimension", "conformity"),
    )


def severity(value: Any, *, file: str, where: str) -> Severity:
    """`value` as a severity, or ContractFileError."""
    for known in SEVERITIES:
        if value == known:
            return known
    raise ContractFileError(
        file=file, where=where, problem=f"unknown severity {value!r}", fix=f"write one of {_text(SEVERITIES)}"
    )


def is_releasable(rule: Rule, contract: Contract) -> bool:
    """Whether a person may accept a row that breaks `rule`.

    Not where the row could not stand in the table at all: a required column without a value, which
    is also what an unreadable value leaves behind, or a key that comes twice.
    """
    structural = {f"{contract.name}.{column.name}_required" for column in contract.columns if column.required}
    return rule.id not in structural and rule.id != f"{contract.name}.key_unique"


def as_of(predicate: exp.Expr, as_of_on: date) -> exp.Expr:
    """`predicate` with CURRENT_DATE replaced by `as_of_on`, so that yesterday can be judged today."""
    literal = f"CAST('{as_of_on.isoformat()}' AS DATE)"

    def replace(node: exp.Expr) -> exp.Expr:
        return sqlglot.parse_one(literal, read="duckdb") if isinstance(node, exp.CurrentDate) else node

    return predicate.copy().transform(replace)
