"""Read how every relation behind the published tables is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Literal

from sqlglot import exp

from cchc_pipeline.contracts import all_contracts, load_contract
from cchc_pipeline.core import build, units
from cchc_pipeline.core.queries import PROCEDURE_KEY, counts_query
from cchc_pipeline.indicators import compute
from cchc_pipeline.indicators.catalogue import catalogue
from cchc_pipeline.lake.engine import sql_file
from cchc_pipeline.scorecards.papi.scorecard import PAPI_SCHEMA
from cchc_pipeline.scorecards.reconciliation import build as reconciliation
from cchc_pipeline.scorecards.reconciliation.causes import causes
from cchc_pipeline.scorecards.scoring.engine import SCORECARD_SCHEMA
from cchc_pipeline.yaml_files import Strict, read_yaml

Statements = Sequence[str | exp.Expr]


class Relation(Strict):
    """How a relation is made; see `relations.yaml` for the keys."""

    sql: str | None = None
    view: str | None = None
    tables: Mapping[str, str] = {}
    copies: tuple[str, ...] = ()
    taken: tuple[str, ...] | None = None
    renamed: Mapping[str, str] = {}
    python: str | None = None
    columns: tuple[str, ...] | Literal["scorecard", "papi", "waiting"] | None = None
    reads: tuple[str, ...] | Literal["inbound"] = ()

    @property
    def made_in(self) -> str:
        """Return the file below `cchc_pipeline` that makes it; empty where it is a copy."""
        file, composed, _ = (self.sql or self.python or "").partition("#")
        if self.sql is None or composed:
            return file
        room, _, name = file.rpartition("/")
        return f"{room}/sql/{name}.sql"


@cache
def relations() -> dict[str, Relation]:
    """Return the relations by name.

    Raises:
        CchcError: the file does not fit the model.
    """
    text = resources.files(__package__).joinpath("relations.yaml").read_text(encoding="utf-8")
    return read_yaml(text, dict[str, Relation], "lineage/relations.yaml")


def computed_columns(name: str) -> tuple[str, ...]:
    """Return the columns of a relation that Python computes."""
    relation = relations()[name]
    if relation.python is None:
        return ()
    if relation.columns is None:
        return tuple(column.name for column in load_contract(name).columns)
    if isinstance(relation.columns, tuple):
        return relation.columns
    named = {
        "scorecard": SCORECARD_SCHEMA.names,
        "papi": [*PAPI_SCHEMA.names, "band_vi"],
        "waiting": list(reconciliation.WAITING),
    }
    return tuple(named[relation.columns])


def read_by_python(name: str) -> tuple[str, ...]:
    """Return the relations that Python reads for the columns that it computes."""
    reads = relations()[name].reads
    return tuple(one.name for one in all_contracts() if not one.is_published) if reads == "inbound" else tuple(reads)


def statements(sql: str) -> Statements:
    """Return the SQL of a relation: what makes views and tables, its query last.

    Args:
        sql: a file (`core/dossiers`), or a composed text (`core/units.py#used`); under the name of an inbound table
            that of its records by holder.
    """
    file, _, name = sql.partition("#")
    if not name:
        return [sql_file(file)]
    if name == "counts":
        items = Path(file).stem
        return [counts_query(items, PROCEDURE_KEY) if items == "procedure_items" else counts_query(items)]
    texts: dict[str, Callable[[], Statements]] = {
        "used": lambda: [units.USED_QUERY],
        "events": lambda: [build.EVENTS_QUERY],
        "catalogue": lambda: compute.statements(list(catalogue())),
        "causes": lambda: list(reconciliation.statements(causes())),
    }
    return texts[name]() if name in texts else [units.holders_query(load_contract(name).column_names)]
