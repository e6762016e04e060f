"""The figures that five documents state, and how each is read from the published tables.

Belongs here: the rows of `seed_figures.csv`, the mapping in `figures.yaml`, and what "as printed" means. Not here:
running anything (`scenario_runs.py`).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import yaml
from published_files import find
from scenario_runs import Scenario, ScenarioRun

_HERE = Path(__file__).resolve()
FILE = "acceptance/seed_figures.csv"
MAPPING = yaml.safe_load(_HERE.with_name("figures.yaml").read_text(encoding="utf-8"))
SCENARIOS = {
    prefix: Scenario(one["scenario"], one["province"], one["from"], one["to"])
    for prefix, one in MAPPING["scenarios"].items()
}


@dataclass(frozen=True)
class Figure:
    """One stated figure."""

    id: str
    first: date
    last: date
    kind: str
    value: str

    @property
    def scenario(self) -> Scenario:
        return SCENARIOS[self.id.partition(".")[0]]

    @property
    def source(self) -> dict[str, Any]:
        """Where it stands in the published tables: an indicator, or a query."""
        entry = MAPPING["figures"][self.id]
        return {"indicator": entry} if isinstance(entry, str) else entry


def figures() -> list[Figure]:
    """All stated figures; none where the file with them is not on this machine."""
    path = find(FILE)
    if path is None:
        return []
    with path.open(encoding="utf-8") as file:
        return [
            Figure(
                row["id"], *map(date.fromisoformat, (row["period_start"], row["period_end"])), row["kind"], row["value"]
            )
            for row in csv.DictReader(file)
        ]


def found(run: ScenarioRun, figure: Figure) -> str:
    """The figure as our tables have it, written as the document writes it.

    Raises:
        AssertionError: the tables hold not exactly one such value.
    """
    source = figure.source
    unit = source.get("unit", figure.scenario.province)
    if "query" in source:
        known = {"unit": unit, "first": figure.first, "last": figure.last}
        rows = run.rows(source["query"], **{name: known[name] for name in known if f"${name}" in source["query"]})
        assert len(rows) == 1, f"{figure.id}: {len(rows)} rows instead of one"
        (value,) = rows[0]
        assert value is not None, f"{figure.id}: no value"
        return value if isinstance(value, str) else as_printed(Decimal(str(value)), figure)
    rows = run.rows(
        "SELECT DISTINCT numerator, denominator, value FROM indicator_values WHERE indicator_id = $indicator "
        "AND unit_code = $unit AND period_start = $first AND period_end = $last",
        indicator=source["indicator"], unit=unit, first=figure.first, last=figure.last,
    )  # fmt: skip
    assert len(rows) == 1, f"{figure.id}: {len(rows)} values of {source['indicator']} instead of one"
    numerator, denominator, value = rows[0]
    if figure.kind in ("fraction", "rank"):
        return "/".join(f"{Decimal(str(part)):f}".removesuffix(".0") for part in (numerator, denominator))
    assert value is not None, f"{figure.id}: {source['indicator']} has no value"
    return as_printed(Decimal(str(value)), figure)


def as_printed(value: Decimal, figure: Figure) -> str:
    """Counts whole, other figures rounded half up to the decimals that the document prints."""
    if figure.kind == "count":
        assert value == value.to_integral_value(), f"{figure.id}: {value} is no count"
        return str(int(value))
    if figure.kind == "percent_at_least":
        return str(value)
    decimals = len(figure.value.partition(".")[2])
    return str(value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP))
