"""Check that the project's SQL keeps to what a second engine (Spark) understands.

SQL is written in DuckDB's dialect and would be transpiled by sqlglot, which warns of nothing. Constructs that do not
travel are therefore forbidden here. Those of before stand in portable_sql_debt.csv, which may only shrink:
`python .ci/portable_sql.py --write` writes it anew when something has been paid off.
"""

from __future__ import annotations

import ast
import csv
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import sqlglot
from sqlglot import exp

ROOT = Path(__file__).parents[1]
DEBT = Path(__file__).with_name("portable_sql_debt.csv")
#: Functions that sqlglot does not know and both engines have with one meaning.
KNOWN_TO_BOTH: frozenset[str] = frozenset()
#: Methods and functions whose argument is SQL.
TAKES_SQL = ("run_sql", "query", "execute", "batches")
#: Functions that sqlglot translates, and that then fail or give something else.
NO_TWIN = (exp.Format, exp.FromJson)


def constructs(tree: exp.Expr) -> Counter[str]:
    """Count the constructs of a statement that do not travel, by name."""
    found: Counter[str] = Counter()
    for node in tree.walk():
        if isinstance(node, exp.Join) and str(node.args.get("method") or "").upper() == "ASOF":
            found["ASOF join"] += 1
        elif isinstance(node, exp.Star) and any(node.args.values()):
            found["star with EXCLUDE or REPLACE"] += 1
        elif isinstance(node, exp.SetOperation) and node.args.get("by_name"):
            found["UNION BY NAME"] += 1
        elif isinstance(node, exp.With) and node.args.get("recursive"):
            found["recursive query"] += 1
        elif isinstance(node, exp.Explode):
            found["UNNEST in an expression"] += 1
        elif isinstance(node, exp.Lambda) and not isinstance(node.parent, exp.Window):
            found["lambda"] += 1
        elif isinstance(node, exp.Order) and isinstance(node.parent, exp.AggFunc):
            found["ordered aggregate"] += 1
        elif isinstance(node, exp.Grouping) and len(node.expressions) > 1:
            found["GROUPING of several columns"] += 1
        elif isinstance(node, exp.TimeToUnix) and isinstance(node.this, exp.Sub):
            found["EPOCH of an interval"] += 1
        elif isinstance(node, exp.Create) and node.kind not in ("VIEW", "TABLE"):
            found[f"CREATE {node.kind}"] += 1
        elif isinstance(node, exp.Create) and not node.find(exp.TemporaryProperty):
            found["CREATE without TEMP: it outlives its session"] += 1
        elif isinstance(node, exp.Update | exp.Insert | exp.Delete | exp.Merge):
            found["a table is changed"] += 1
        elif isinstance(node, exp.Command):
            found["a statement that sqlglot does not parse"] += 1
        elif isinstance(node, NO_TWIN):
            found[type(node).__name__.upper()] += 1
        elif isinstance(node, exp.Anonymous) and node.name.upper() not in KNOWN_TO_BOTH:
            found[f"function {node.name.upper()}"] += 1
    return found


def statements() -> Iterator[tuple[str, str]]:
    """Yield every SQL text of the project with its place: files, texts in Python, terms of indicators, rules."""
    for path in sorted(ROOT.glob("cchc_pipeline/**/*.sql")):
        # What Python fills in (`{name}`) is a value, a condition or a query: a subquery can stand for each of them.
        yield str(path.relative_to(ROOT)), re.sub(r"\{\w+\}", "(SELECT 1)", path.read_text(encoding="utf-8"))
    for path in sorted([*ROOT.glob("cchc_pipeline/**/*.py"), *ROOT.glob("assets/**/*.py")]):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _called(node.func) in TAKES_SQL and node.args:
                text = node.args[0]
                if isinstance(text, ast.Constant) and isinstance(text.value, str):
                    yield str(path.relative_to(ROOT)), text.value
    from cchc_pipeline.contracts.model import all_contracts
    from cchc_pipeline.indicators.catalogue import catalogue

    for indicator in catalogue():
        for term in indicator.terms:
            yield f"cchc_pipeline/indicators/families/{indicator.family}.yaml", term.sql
    for contract in all_contracts():
        for rule in contract.rules:
            yield f"data_contracts/{contract.name}", rule.predicate.sql(dialect="duckdb")


def _called(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def debt() -> Counter[tuple[str, str]]:
    """Count what does not travel in every place of the project."""
    found: Counter[tuple[str, str]] = Counter()
    for place, text in statements():
        try:
            trees = sqlglot.parse(text, dialect="duckdb")
        except sqlglot.errors.ParseError:
            found[place, "a statement that sqlglot does not parse"] += 1
            continue
        for tree in trees:
            if tree is not None:
                found.update({(place, name): count for name, count in constructs(tree).items()})
    return found


def held() -> Counter[tuple[str, str]]:
    """Read the debt of before."""
    with DEBT.open(encoding="utf-8", newline="") as stream:
        return Counter({(row["place"], row["construct"]): int(row["count"]) for row in csv.DictReader(stream)})


def write(found: Counter[tuple[str, str]]) -> None:
    """Write the debt file."""
    with DEBT.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["place", "construct", "count"])
        writer.writerows((*key, count) for key, count in sorted(found.items()))


def problems(found: Counter[tuple[str, str]], before: Counter[tuple[str, str]]) -> list[str]:
    """Say what is new, and what has been paid off and still stands in the debt file."""
    new = [
        f"{place}: {name}: {count}, and {before[place, name]} in the debt file. It does not travel: write it otherwise."
        for (place, name), count in sorted(found.items())
        if count > before[place, name]
    ]
    paid = [
        f"{place}: {name}: {found[place, name]} of {count} are left. Run `python .ci/portable_sql.py --write`."
        for (place, name), count in sorted(before.items())
        if found[place, name] < count
    ]
    return new + paid


def totals(found: Counter[tuple[str, str]]) -> Counter[str]:
    """Count each construct over all places: a file that moves keeps its debt."""
    summed: Counter[str] = Counter()
    for (_, name), count in found.items():
        summed[name] += count
    return summed


def main() -> int:
    """Print the problems; with --write, write the debt file unless a construct has become more frequent."""
    found = debt()
    before = held() if DEBT.exists() else found
    if "--write" in sys.argv and not totals(found) - totals(before):
        write(found)
        return 0
    said = problems(found, before)
    print("\n".join(said), end="\n" if said else "")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
