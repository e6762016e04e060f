"""Index values that were really published, as a register: contradictions come out and nothing is chosen."""

from __future__ import annotations

import csv
import re
from datetime import date
from typing import Any

import pytest
from published_files import needs, published
from test_core_registers import built

FILE = "acceptance/published_index_values.csv"
pytestmark = [pytest.mark.acceptance, needs(FILE)]
INDICES = {"PAR": "PAR_INDEX", "SIPAS": "SIPAS", "PAPI": "PAPI", "PCI": "PCI", "766": "INDEX766"}


def provinces() -> list[dict[str, Any]]:
    """The rows about provinces, each with a code of its own; regions, means and counts are about no unit."""
    with published(FILE).open(encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["index"] in INDICES and "-" not in row["year"]]
    rows = [row for row in rows if row["metric"] in ("index_pct", "pct", "of 80", "of 100")]
    rows = [row for row in rows if not re.search("mean|region|group|component", row["unit"])]
    names = sorted({row["unit"].removesuffix(" (before merger)") for row in rows})
    found = []
    for row in rows:
        rank, _, rank_of = row["rank"].partition("/")
        change = re.match(r"([+-]\d+\.\d+)(?: vs|\Z| =>)", row["note"])
        claimed = change or re.search(r"same article: ([+-]\d+\.\d+) vs", row["note"])
        if claimed and "mean" in row["note"][: claimed.end() + 6]:
            claimed = None  # against the mean of all provinces, not the year before
        found.append({
            "index_code": INDICES[row["index"]],
            "unit_code": f"K{names.index(row['unit'].removesuffix(' (before merger)')):02d}",
            "year": int(row["year"]), "as_of_on": date(int(row["year"]), 12, 31), "source": row["source"],
            "value": float(row["value"]), "rank": int(rank) if rank.isdigit() and rank_of else None,
            "rank_of": int(rank_of) if rank.isdigit() and rank_of else None,
            "claimed_value_change": float(claimed[1]) if claimed else None,
            "name": row["unit"],
        })  # fmt: skip
    return found


def test_the_published_contradiction_is_reported_and_the_rest_agrees() -> None:
    rows = provinces()
    names = {row["unit_code"]: row["name"] for row in rows}
    found = built("external_indices", [{k: v for k, v in row.items() if k != "name"} for row in rows])
    assert len(found) == len(rows) > 30
    told = {(names[row["unit_code"]], row["year"]): row["contradiction_vi"] for row in found if row["is_contradicted"]}
    # One article says that Hà Nội gained 1.32 points on 2023; the two published values are 1.14 apart.
    assert told == {("Hà Nội", 2024): "Nguồn nêu thay đổi 1,32 điểm, tính từ số liệu là 1,14"}


def test_changes_that_can_be_recomputed_are() -> None:
    rows = [row for row in provinces() if row["name"] == "Hải Phòng" and row["index_code"] == "PAR_INDEX"]
    found = built("external_indices", [{k: v for k, v in row.items() if k != "name"} for row in rows])
    assert [(row["year"], row["value_change"], row["rank_change"]) for row in found] == [
        (2023, None, None),
        (2024, 4.3, 1),
    ]
