"""SQL keeps to what a second engine understands; what does not is debt that only shrinks."""

from __future__ import annotations

import importlib.util
from collections import Counter
from pathlib import Path

import pytest
import sqlglot

PATH = Path(__file__).parents[2] / ".ci" / "portable_sql.py"
spec = importlib.util.spec_from_file_location("portable_sql", PATH)
assert spec is not None and spec.loader is not None
lint = importlib.util.module_from_spec(spec)
spec.loader.exec_module(lint)


@pytest.mark.parametrize(
    "sql, construct",
    [
        ("SELECT a FROM t ASOF JOIN u ON t.k = u.k AND t.at >= u.at", "ASOF join"),
        ("SELECT * EXCLUDE (a) FROM t", "star with EXCLUDE or REPLACE"),
        ("SELECT * REPLACE (1 AS a) FROM t", "star with EXCLUDE or REPLACE"),
        ("SELECT 1 AS a UNION ALL BY NAME SELECT 2 AS a", "UNION BY NAME"),
        ("WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT n FROM r", "recursive query"),
        ("SELECT UNNEST([1, 2]) AS a", "UNNEST in an expression"),
        ("SELECT LIST_FILTER(a, LAMBDA x: x > 1) FROM t", "lambda"),
        ("SELECT STRING_AGG(a, ',' ORDER BY a) FROM t", "ordered aggregate"),
        ("SELECT GROUPING(a, b) FROM t GROUP BY ROLLUP (a, b)", "GROUPING of several columns"),
        ("SELECT EPOCH(a - b) FROM t", "EPOCH of an interval"),
        ("CREATE TEMP MACRO m(x) AS x + 1", "CREATE MACRO"),
        ("CREATE TABLE u AS SELECT 1 AS a", "CREATE without TEMP: it outlives its session"),
        ("UPDATE t SET a = 1", "a table is changed"),
        ("SELECT FORMAT('{:,}', a) FROM t", "FORMAT"),
        ("SELECT TRY_STRPTIME(a, '%Y') FROM t", "function TRY_STRPTIME"),
        ("SELECT TO_MONTHS(a) FROM t", "function TO_MONTHS"),
    ],
)
def test_what_does_not_travel_is_found(sql: str, construct: str) -> None:
    assert lint.constructs(sqlglot.parse_one(sql, dialect="duckdb"))[construct] == 1


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a, SUM(b) FILTER (WHERE c) OVER (PARTITION BY a ORDER BY d) FROM t JOIN u USING (k) GROUP BY ALL",
        "CREATE TEMP TABLE u AS SELECT a FROM t SEMI JOIN v ON v.a = t.a",
        "SELECT ARG_MAX(a, b), LIST_CONTAINS(c, 1), DATE_TRUNC('month', d)::DATE FROM t, UNNEST([1]) AS v(x)",
    ],
)
def test_what_travels_is_let_through(sql: str) -> None:
    assert not lint.constructs(sqlglot.parse_one(sql, dialect="duckdb"))


def test_the_debt_is_what_stands_in_its_file() -> None:
    found = lint.debt()
    assert any(place.endswith(".sql") for place, _ in found) and any(place.endswith(".py") for place, _ in found)
    assert lint.problems(found, lint.held()) == []


def test_more_debt_and_paid_debt_are_told() -> None:
    before = Counter({("a.sql", "lambda"): 1, ("b.sql", "ASOF join"): 2})
    more, paid = lint.problems(Counter({("a.sql", "lambda"): 2, ("b.sql", "ASOF join"): 1}), before)
    assert more.startswith("a.sql: lambda: 2, and 1 in the debt file")
    assert paid.startswith("b.sql: ASOF join: 1 of 2 are left")
    moved = Counter({("c.sql", "lambda"): 1, ("b.sql", "ASOF join"): 2})
    assert not lint.totals(moved) - lint.totals(before)
