"""Build the rules of a contract: each a SQL predicate and the equal expectation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlglot import exp
from sqlglot.errors import SqlglotError

from cchc_pipeline.contracts.parts import Column, Expectation, RowRule, Rule, Severity
from cchc_pipeline.lake.engine import parse_sql, sql_text

#: Reserved column: position of a row in its batch, from 1.
ROW_NUMBER = "batch_row_number"


def column_rules(table: str, column: Column) -> Iterator[Rule]:
    """Yield the rules required, pattern, list of values (with own severity) and range."""
    name, this = column.name, exp.column(column.name)
    vi, en = f"«{column.label_vi}»", f"«{column.label_en}»"

    def rule(
        suffix: str, predicate: exp.Expr, said: tuple[str, str], check: str, dimension: str,
        severity: Severity = "reject", **kwargs: Any,
    ) -> Rule:  # fmt: skip
        expectation = Expectation(type=f"expect_column_values_to_{check}", kwargs={"column": name, **kwargs})
        return Rule(f"{table}.{suffix}", severity, predicate, *said, name, expectation, dimension)

    if column.required:
        said = f"Thiếu {vi}.", f"{en} is missing."
        yield rule(f"{name}_required", this.is_(exp.null()), said, "not_be_null", "completeness")
    if column.pattern is not None:
        said = f"{vi} không theo mẫu quy định.", f"{en} does not have the required form."
        other = exp.Not(this=this.rlike(column.pattern))
        yield rule(f"{name}_pattern", other, said, "match_regex", "conformity", regex=column.pattern)
    if column.valid_values is not None:
        values, listed = list(column.valid_values), _listed(column.valid_values)
        said = f"{vi} phải là một trong: {listed}.", f"{en} must be one of: {listed}."
        suffix, severity = column.valid_values_id or f"{name}_values", column.valid_values_severity
        other = exp.Not(this=this.isin(*values))
        yield rule(suffix, other, said, "be_in_set", "conformity", severity, value_set=values)
    low, high = ("" if bound is None else f"{bound:g}" for bound in (column.minimum, column.maximum))
    if low or high:
        bounds = ((exp.LT, low), (exp.GT, high))
        outside = [kind(this=this.copy(), expression=exp.Literal.number(bound)) for kind, bound in bounds if bound]
        said = f"{vi} nằm ngoài khoảng cho phép [{low}; {high}].", f"{en} lies outside [{low}; {high}]."
        limits: dict[str, Any] = {"min_value": column.minimum, "max_value": column.maximum}
        yield rule(f"{name}_range", exp.or_(*outside), said, "be_between", "accuracy", **limits)


def key_rule(table: str, columns: Sequence[Column], key: Sequence[str]) -> Rule:
    """Return the rule that a key is unique in a batch: all rows but the last break it."""
    later = exp.Window(this=exp.Max(this=exp.column(ROW_NUMBER)), partition_by=[exp.column(name) for name in key])
    whole = [exp.Not(this=exp.Is(this=exp.column(name), expression=exp.Null())) for name in key]
    if len(key) > 1:
        kwargs = {"column_list": list(key), "ignore_row_if": "any_value_is_missing"}
        expectation = Expectation(type="expect_compound_columns_to_be_unique", kwargs=kwargs)
    else:
        expectation = Expectation(type="expect_column_values_to_be_unique", kwargs={"column": key[0]})
    labels = {column.name: column for column in columns}
    return Rule(
        f"{table}.key_unique",
        "reject",
        exp.and_(exp.NEQ(this=exp.column(ROW_NUMBER), expression=later), *whole),
        f"Bản ghi trùng khóa ({_listed([labels[name].label_vi for name in key])}); chỉ giữ bản ghi cuối cùng.",
        f"The key ({_listed([labels[name].label_en for name in key])}) comes again later in the batch; "
        "only the last record is kept.",
        key[0] if len(key) == 1 else None,
        expectation,
        "uniqueness",
    )


def sql_rule(table: str, rule: RowRule, columns: Sequence[str]) -> Rule:
    """Build a rule from `SELECT COUNT(*) FROM {object} WHERE <row breaks the rule>`.

    Raises:
        ValueError: the query has another form, or names a column that is not among `columns`.
    """
    form = "write SELECT COUNT(*) FROM {object} WHERE <the row breaks the rule>, over the row's own columns"
    try:
        tree = parse_sql(rule.query.replace("{object}", "__object__"))
    except SqlglotError as error:
        raise ValueError(f"unreadable SQL: {str(error).splitlines()[0]}; {form}") from None
    plain = isinstance(tree, exp.Select) and sql_text(tree).startswith("SELECT COUNT(*) FROM __object__ ")
    condition = tree.args.get("where") if plain else None
    others = [name for name in ("group", "having", "joins", "limit", "with_", "distinct") if tree.args.get(name)]
    if condition is None or others or condition.find(exp.Select, exp.Window, exp.AggFunc):
        raise ValueError(f"not a rule about single rows; {form}")
    names = list(dict.fromkeys(found.name for found in condition.find_all(exp.Column)))
    if unknown := sorted(set(names) - set(columns)):
        raise ValueError(f"no column {_listed(unknown)} in this contract; correct the name")
    return Rule(
        f"{table}.{rule.id}",
        rule.severity,
        condition.this,
        rule.sentence_vi,
        rule.sentence_en,
        names[0] if len(names) == 1 else None,
        rule.expectation,
        rule.dimension,
    )


def _listed(values: Sequence[Any]) -> str:
    return ", ".join(str(value) for value in values)
