"""Show the lineage of a table's columns: the columns of other assets that they are computed from."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg
import sqlglot

from assets.versions import code_version
from cchc_pipeline.contracts import Contract, all_contracts
from cchc_pipeline.lake import files

#: Packages that hold the SQL of the tables, or compose it.
ROOMS = (
    *("core", "core.sql", "indicators", "indicators.families", "indicators.sql", "reports.lineage", "scorecards"),
    *("scorecards.sql", "scorecards.reconciliation", "scorecards.reconciliation.sql"),
)
#: Column -> sources as pairs of table and column, and why there are none or more.
Columns = Mapping[str, tuple[Sequence[tuple[str, str]], Sequence[str]]]


def staged_lineage(contract: Contract) -> dg.TableColumnLineage:
    """Return the lineage of a staged table: what was landed, column by column."""
    raw = dg.AssetKey(f"raw_{contract.name}")
    names = [column.name for column in contract.columns]
    return dg.TableColumnLineage({name: [dg.TableColumnDep(raw, name)] for name in names})


def lineage_metadata(table: str, keys: Mapping[str, str]) -> dict[str, Any]:
    """Return the metadata of a built table: its lineage, and the columns where it has gaps.

    Args:
        table: name of the contract.
        keys: table -> key of its asset, of all built tables.
    """
    found = _traced(tuple(sorted(keys)))[table]
    sources = {
        column: [dg.TableColumnDep(dg.AssetKey(keys.get(name, f"staged_{name}")), source) for name, source in columns]
        for column, (columns, _) in found.items()
    }
    gaps = {column: whys for column, (_, whys) in found.items() if whys}
    return {"dagster/column_lineage": dg.TableColumnLineage(sources), "lineage_gaps": gaps}


@cache
def _traced(tables: tuple[str, ...]) -> dict[str, Columns]:
    """Return the lineage of all tables, from the user's cache where the same SQL was traced before."""
    contracts = "".join(contract.sha256 for contract in all_contracts())
    version = code_version(*ROOMS, more=f"{sqlglot.__version__} {tables} {contracts}")
    with suppress(OSError, ValueError, RuntimeError):
        return json.loads(_kept(version).read_text(encoding="utf-8"))
    # tracing all of it takes seconds
    from cchc_pipeline.reports.lineage.trace import back_to, columns

    known = {*tables, *(one.name for one in all_contracts() if not one.is_published)}
    found: dict[str, Columns] = {}
    for table in tables:
        ways = {column: back_to(table, column, known) for column in columns(table)}
        found[table] = {column: (sorted(sources), sorted(whys)) for column, (sources, whys) in ways.items()}
    with suppress(OSError, RuntimeError):  # a service without a home traces every night
        kept = _kept(version)
        kept.parent.mkdir(parents=True, exist_ok=True)
        files.write_json(found, kept)
    return found


def _kept(version: str) -> Path:
    """Return the file that keeps what was traced; RuntimeError where the user has no home."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cchc" / f"lineage-{version}.json"
