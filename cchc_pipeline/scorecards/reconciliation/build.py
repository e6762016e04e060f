"""Building the published tables `reconciliation` and `reconciliation_dossiers` from the lake."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import sqlglot

from cchc_pipeline.arrow import table_from_frame, table_from_records
from cchc_pipeline.contracts import enforce, load_contract
from cchc_pipeline.core.build import run_table
from cchc_pipeline.core.units import built_history
from cchc_pipeline.lake.engine import Engine, session, sql_file
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.reference.unit_map import lineage_table
from cchc_pipeline.scorecards.reconciliation.apply import apply_causes, effects
from cchc_pipeline.scorecards.reconciliation.causes import UNEXPLAINED, Causes, causes
from cchc_pipeline.scorecards.reconciliation.points import points_of_causes
from cchc_pipeline.scorecards.scoring.shelf import Shelf, shipped

METRICS = "national_portal__metrics"
DOSSIERS = "one_stop__dossiers"
#: Columns of a record in quarantine, with their types; what cannot be read as such is null.
_WAITING = {
    **dict.fromkeys(("dossier_id", "dossier_code", "national_code", "unit_code", "procedure_code"), "VARCHAR"),
    "status_code": "INTEGER",
    **dict.fromkeys(("received_on", "due_on", "finished_on", "suspended_on", "resumed_on", "rated_on"), "DATE"),
    "current_step": "VARCHAR",
    "rating": "INTEGER",
    **dict.fromkeys(("has_fee", "is_paid_online", "is_result_electronic", "is_digitised", "is_data_reused"), "BOOLEAN"),
    **dict.fromkeys(("is_in_personal_storage", "is_citizen_data_used", "is_synced_national"), "BOOLEAN"),
}


@dataclass(frozen=True)
class Reconciled:
    """Both tables, and how much of the province's difference has no cause.

    Attributes:
        table: the published table `reconciliation`.
        dossiers: the published table `reconciliation_dossiers`.
    """

    table: pa.Table
    dossiers: pa.Table

    def unexplained(self, province_code: str) -> list[dict[str, Any]]:
        """The figures of the province, by period, whose difference is not explained to the last dossier."""
        return [r for r in self._rows(province_code) if r["cause"] == UNEXPLAINED and r["effect"]]

    def unexplained_share(self, province_code: str) -> float:
        """The largest unexplained difference of the province relative to the portal's figure, 0 to 1 (or above)."""
        rows = self.unexplained(province_code)
        return max((abs(row["effect"]) / max(abs(row["portal_value"] or 0), 1) for row in rows), default=0.0)

    def by_cause(self, province_code: str) -> list[dict[str, Any]]:
        """The province's newest month by cause: period_start, cause_name_vi, dossiers, points_lost."""
        rows = [row for row in self._rows(province_code) if row["period_type"] == "month"]
        newest = max((row["period_start"] for row in rows), default=None)
        found: dict[str, dict[str, Any]] = {}
        for row in sorted((r for r in rows if r["period_start"] == newest), key=lambda r: r["cause_order"]):
            cause = found.setdefault(row["cause"], {**row, "dossiers": 0, "points_lost": 0.0})
            cause["dossiers"] = max(cause["dossiers"], row["dossiers"] or 0)
            cause["points_lost"] += row["points_lost"]
        return list(found.values())

    def _rows(self, unit_code: str) -> list[dict[str, Any]]:
        return self.table.filter(pc.equal(self.table["unit_code"], unit_code)).to_pylist()


def build_reconciliation(lake: Lake, history_from: date, shelf: Shelf | None = None) -> Reconciled:
    """Compare our dossiers with the portal's figures, for every unit, period and figure that the portal shows.

    Args:
        lake: the lake, with `built/dossiers` and `core/national_portal__metrics`.
        history_from: first day of the one-stop system's history. A period that begins before the first day of data is
            compared only where there is nothing before it to pull: else our count would lack days.
        shelf: rubrics by which the portal's figures are scored; the shipped ones by default.
    """
    found = causes()
    as_of_on = lake.span().as_of_on
    metrics = _comparable(lake, history_from)
    with _open(lake, metrics, as_of_on, found) as engine:
        apply_causes(engine, found)
        changed = effects(engine, found)
        dossiers = _dossiers(engine, found)
    table = _table(changed, points_of_causes(metrics, changed, found, shelf or shipped()), found)
    lake.store.update(table, "built/reconciliation")
    lake.store.update(dossiers, "built/reconciliation_dossiers")
    return Reconciled(table, dossiers)


@contextmanager
def _open(lake: Lake, metrics: pa.Table, as_of_on: date, found: Causes) -> Iterator[Engine]:
    units = lake.store.read("built/units")
    read_on = _read_on(lake)
    periods = [
        {**row, "capture_on": min(read_on.get((row["period_type"], row["period_start"]), as_of_on), as_of_on)}
        for row in metrics.select(["period_type", "period_start", "period_end"]).group_by(
            ["period_type", "period_start", "period_end"]
        ).aggregate([]).to_pylist()
    ]  # fmt: skip
    schema = pa.schema([("period_type", pa.string()), *((n, pa.date32()) for n in ("period_start", "period_end"))])
    period_table = table_from_records(periods, schema=schema.append(pa.field("capture_on", pa.date32())))
    with session(
        dossiers=lake.store.source_of_parts("built/dossiers", load_contract("dossiers").arrow_schema()),
        units=units,
        procedures=lake.store.source("built/procedures"),
        metrics=metrics,
        held_back=lake.store.read(f"core/quarantine_{DOSSIERS}", schema=load_contract("quarantine").arrow_schema()),
        periods=period_table,
        run=run_table(as_of_on),
    ) as engine:
        on_map = lineage_table(units, built_history(lake), lake.span().first, as_of_on, "today")
        engine.add("unit_lineage", on_map)
        engine.execute(_lineage())
        shape = ", ".join(f'"{name}": "{kind}"' for name, kind in _WAITING.items())
        engine.execute(
            "CREATE TEMP TABLE waiting AS SELECT UNNEST(JSON_TRANSFORM(row_json, ?)) FROM held_back", [f"{{{shape}}}"]
        )
        figures = found.figures.items()
        engine.add("sides", table_from_records([{"id": n, "metric": f.metric, "side": f.side} for n, f in figures]))
        engine.execute(
            "CREATE TEMP TABLE portal AS SELECT period_type, period_start, period_end, unit_code, id AS figure, "
            "CASE side WHEN 'numerator' THEN numerator ELSE denominator END AS portal_value "
            "FROM metrics JOIN sides ON sides.metric = metrics.metric_code SEMI JOIN units USING (unit_code)"
        )
        yield engine


def _lineage() -> str:
    """Units with those above them, as the indicators roll up."""
    statements = sqlglot.parse(sql_file("indicators/relations"), dialect="duckdb")
    return next(one.sql(dialect="duckdb") for one in statements if one and one.this.name == "lineage")


def _comparable(lake: Lake, history_from: date) -> pa.Table:
    """What the portal shows of the periods that our data cover."""
    held = lake.store.read(f"core/{METRICS}", schema=load_contract(METRICS).arrow_schema())
    first = lake.span().first
    during = pc.greater_equal(held["period_end"], pa.scalar(first, pa.date32()))
    if first <= history_from:
        return held.filter(during)
    return held.filter(pc.greater_equal(held["period_start"], pa.scalar(first, pa.date32())))


def _read_on(lake: Lake) -> dict[tuple[str, date], date]:
    """The last day of the window with which each period of the portal was read last."""
    days = lake.store.parts(f"staged/{METRICS}")
    found: dict[tuple[str, date], date] = {}
    for day in sorted(days, key=lambda day: days[day]):
        rows = lake.store.read(f"staged/{METRICS}", day, columns=["period_type", "period_start"])
        read = zip(rows["period_type"].to_pylist(), rows["period_start"].to_pylist(), strict=True)
        found |= dict.fromkeys(read, date.fromisoformat(day))
    return found


def _dossiers(engine: Engine, found: Causes) -> pa.Table:
    """The dossiers that a cause touches, by month of reception, with what it changes of each."""
    contract = load_contract("reconciliation_dossiers")
    named = {name: [getattr(c, name) for c in found.applied] for name in ("id", "name_vi", "is_listed")}
    engine.add("named", pa.table(named))
    table = engine.query(sql_file("scorecards/reconciliation/dossiers"))
    ordered = enforce(table, contract).sort_by([(name, "ascending") for name in contract.key])
    return ordered.combine_chunks()


def _table(changed: pa.Table, points: pd.DataFrame, found: Causes) -> pa.Table:
    contract = load_contract("reconciliation")
    if changed.num_rows == 0 and points.empty:
        return contract.arrow_schema().empty_table()  # no period can be compared; empty frames have no types
    key = ["unit_code", "period_type", "period_start", "cause", "figure"]
    frame = changed.to_pandas(date_as_object=False)
    joined = frame.merge(points, on=key, how="outer")
    # A criterion can lose points where only its denominator changes: its numerator then has a row with effect 0.
    facts = ["period_end", "portal_value", "local_value", "expected_value"]
    known = frame.drop_duplicates(["unit_code", "period_type", "period_start", "figure"])
    known = known.set_index(["unit_code", "period_type", "period_start", "figure"])[facts]
    looked_up = known.reindex(pd.MultiIndex.from_frame(joined[["unit_code", "period_type", "period_start", "figure"]]))
    for name in facts:
        joined[name] = joined[name].where(joined[name].notna(), pd.Series(looked_up[name].to_numpy(), joined.index))
    joined["effect"] = joined["effect"].fillna(0)
    figures, every = found.figures, found.by_id
    order = {cause: number for number, cause in enumerate(every)}
    joined = joined.assign(
        criterion_code=joined["figure"].map(lambda name: figures[name].metric),
        figure_name_vi=joined["figure"].map(lambda name: figures[name].name_vi),
        figure_name_en=joined["figure"].map(lambda name: figures[name].name_en),
        cause_order=joined["cause"].map(order),
        cause_name_vi=joined["cause"].map(lambda name: every[name].name_vi),
        cause_name_en=joined["cause"].map(lambda name: every[name].name_en),
        cause_vi=joined["cause"].map(lambda name: every[name].sentence_vi),
        points_lost=joined["points_lost"].fillna(0.0),
    )
    for name in ("period_start", "period_end"):
        joined[name] = pd.to_datetime(joined[name]).dt.date
    table = table_from_frame(joined)
    return enforce(table, contract).sort_by([(name, "ascending") for name in contract.key]).combine_chunks()
