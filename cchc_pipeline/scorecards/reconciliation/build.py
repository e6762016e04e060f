"""Build the tables `reconciliation` and `reconciliation_dossiers`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.arrow import table_from_frame, table_from_records, table_from_rows
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.build import run_table
from cchc_pipeline.core.units import built_history
from cchc_pipeline.lake.engine import run_sql, session, sql_file
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.reference.unit_map import lineage_table
from cchc_pipeline.scorecards.built import keep
from cchc_pipeline.scorecards.index766 import scorecard as index766
from cchc_pipeline.scorecards.reconciliation.causes import UNEXPLAINED, Causes, causes
from cchc_pipeline.scorecards.scoring.engine import score
from cchc_pipeline.scorecards.scoring.measures import PERIOD, as_frame
from cchc_pipeline.scorecards.scoring.rubric import Rubric
from cchc_pipeline.scorecards.scoring.rubric_set import RubricSet, shipped

METRICS = "national_portal__metrics"
DOSSIERS = "one_stop__dossiers"
_KEY = ", ".join((*PERIOD, "unit_code", "procedure_code"))
_WHOSE = ["unit_code", *PERIOD[:2]]
_POINTS = pa.schema(
    dict.fromkeys(("unit_code", "period_type", "cause", "figure"), pa.string())
    | {"period_start": pa.date32(), "points_lost": pa.float64()}
)
#: Columns of a record in quarantine, with their types; what cannot be read as such is null.
WAITING = {
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
    """The tables `reconciliation` (table) and `reconciliation_dossiers` (dossiers)."""

    table: pa.Table
    dossiers: pa.Table

    def unexplained(self, province_code: str) -> tuple[list[dict[str, Any]], float]:
        """Return rows of the province that no cause explains, and the largest share of the portal's figure."""
        rows = [row for row in self._rows(province_code) if row["cause"] == UNEXPLAINED and row["effect"]]
        return rows, max((abs(row["effect"]) / max(abs(row["portal_value"] or 0), 1) for row in rows), default=0.0)

    def by_cause(self, province_code: str) -> list[dict[str, Any]]:
        """Return rows of the newest month by cause, dossiers and points_lost summed up."""
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


def build_reconciliation(lake: Lake, history_from: date, rubrics: RubricSet | None = None) -> Reconciled:
    """Compare our dossiers with every figure of the portal, by unit and period.

    Args:
        lake: the lake, with `built/dossiers` and `core/national_portal__metrics`.
        history_from: first day of the one-stop system's history. A period that begins before the first day of data is
            compared only where there is nothing before it to pull: else our count would lack days.
        rubrics: rubrics by which the portal's figures are scored; the shipped ones by default.
    """
    found, span, units = causes(), lake.span(), lake.store.read("built/units")
    metrics = _comparable(lake, history_from)
    with session(
        dossiers=lake.store.source_of_parts("built/dossiers", load_contract("dossiers").arrow_schema()),
        units=units,
        procedures=lake.store.source("built/procedures"),
        metrics=metrics,
        held_back=lake.store.read(f"core/quarantine_{DOSSIERS}", schema=load_contract("quarantine").arrow_schema()),
        reads=_reads(lake),
        run=run_table(lake.dossiers_until()),
        unit_lineage=lineage_table(units, built_history(lake), span.first, span.as_of_on, "today"),
        figures=table_from_records(
            {"figure": key, **one.model_dump(include={"metric", "side", "is_distinct", "name_vi", "name_en"})}
            for key, one in found.figures.items()
        ),
        causes=table_from_records(
            {"cause": key, "cause_order": number}
            | one.model_dump(include={"name_vi", "name_en", "sentence_vi", "is_listed"})
            for number, (key, one) in enumerate(found.by_id.items())
        ),
    ) as engine:
        shape = ", ".join(f'"{name}": "{kind}"' for name, kind in WAITING.items())
        engine.execute(
            "CREATE TEMP TABLE waiting AS SELECT UNNEST(JSON_TRANSFORM(row_json, ?)) FROM held_back", [f"{{{shape}}}"]
        )
        for statement in statements(found):
            engine.execute(statement)
        given = {"unexplained": UNEXPLAINED, "last_step": len(found.applied) + 1}
        changed = engine.query(sql_file("scorecards/reconciliation/effects"), given)
        engine.add("changed", changed)
        engine.add("points", points_of_causes(metrics, changed, found, rubrics or shipped()))
        table, listed = (
            engine.query(sql_file(f"scorecards/reconciliation/{name}")) for name in ("reconciliation", "dossiers")
        )
    return Reconciled(keep(lake, "reconciliation", table), keep(lake, "reconciliation_dossiers", listed))


def statements(found: Causes) -> Iterator[str]:
    """Yield the SQL that applies the causes in order to our dossiers, over what state.sql names.

    It makes `state` and `moved`: our count as step 0, then what each cause changes.
    """
    # 1 where a dossier counts, else 0
    counts = {
        name: f"CAST(COALESCE(is_present AND ({figure.condition}), FALSE) AS INTEGER)"
        for name, figure in found.figures.items()
    }
    before = ", ".join(f"{count} AS b_{name}" for name, count in counts.items())
    own = ", ".join(f"CAST(NULLIF(SUM({count}), 0) AS INTEGER) AS f_{name}" for name, count in counts.items())
    changes = ", ".join(f"NULLIF({count} - b_{name}, 0) AS f_{name}" for name, count in counts.items())
    yield sql_file("scorecards/reconciliation/state")
    yield (
        f"CREATE TEMP TABLE moved AS SELECT 0 AS step, NULL::VARCHAR AS cause, {_KEY}, NULL::VARCHAR AS dossier_id, "
        f"{own} FROM state GROUP BY {_KEY}"
    )
    for step, cause in enumerate(found.applied, start=1):
        yield f"UPDATE state SET is_touched = COALESCE({found.condition(cause)}, FALSE)"
        held = f"SELECT *, {before} FROM state WHERE is_touched"
        after = ", ".join(f"{value} AS {column}" for column, value in cause.sets.items())
        held = f"SELECT * REPLACE ({after}) FROM ({held})" if after else held
        yield (
            f"INSERT INTO moved BY NAME SELECT {step} AS step, '{cause.id}' AS cause, {_KEY}, dossier_id, {changes} "
            f"FROM ({held})"
        )
        if cause.sets:
            sets = ", ".join(f"{column} = {value}" for column, value in cause.sets.items())
            yield f"UPDATE state SET {sets} WHERE is_touched"


def _comparable(lake: Lake, history_from: date) -> pa.Table:
    """Return what the portal shows of the periods that our data cover.

    What it showed after the last day up to which the one-stop system was read is left out: ours would lack those days.
    So is what a night reads no more, every closed period but the last month: ours goes on being corrected, and would
    differ by that.
    """
    held = lake.store.read(f"core/{METRICS}", schema=load_contract(METRICS).arrow_schema())
    own = lake.read_span("one_stop")
    if own is None:
        return held.slice(0, 0)
    covered = "period_end" if own.first <= history_from else "period_start"
    held = held.filter(pc.greater_equal(held[covered], pa.scalar(own.first, pa.date32())))
    is_month = pc.equal(held["period_type"], "month")
    last_month = pc.and_(
        is_month, pc.greater_equal(held["period_end"], own.as_of_on.replace(day=1) - timedelta(days=1))
    )
    held = held.filter(pc.or_(last_month, pc.greater_equal(held["period_end"], own.as_of_on)))
    later = "held ANTI JOIN (SELECT * FROM reads WHERE read_on > ?) USING (period_type, period_start)"
    return run_sql(f"SELECT * FROM {later}", held.schema, params=[own.as_of_on], held=held, reads=_reads(lake))


def _reads(lake: Lake) -> pa.Table:
    """Return the last day of the window in which the compared figures of each period were read last."""
    compared = pa.array(sorted({figure.metric for figure in causes().figures.values()}))
    days = lake.store.parts(f"staged/{METRICS}")
    found: dict[tuple[str, date], date] = {}
    for day in sorted(days, key=days.__getitem__):
        rows = lake.store.read(f"staged/{METRICS}", day, columns=["period_type", "period_start", "metric_code"])
        rows = rows.filter(pc.is_in(rows["metric_code"], value_set=compared))  # a pull that broke off has only some
        read = zip(rows["period_type"].to_pylist(), rows["period_start"].to_pylist(), strict=True)
        found |= dict.fromkeys(read, date.fromisoformat(day))
    schema = pa.schema([("period_type", pa.string()), ("period_start", pa.date32()), ("read_on", pa.date32())])
    return table_from_rows(((*period, day) for period, day in found.items()), schema)


def points_of_causes(portal_metrics: pa.Table, effects: pa.Table, found: Causes, rubrics: RubricSet) -> pa.Table:
    """Compute the points lost by cause under QĐ 766, by unit, period and figure.

    A criterion is scored from the portal's counts as they are, and again with what the cause changes taken out of its
    numerator and its denominator; the difference stands at the figure that is the numerator. A negative number is what
    the cause gives. Points of several causes do not add up exactly: thresholds and rounding are not linear.

    Args:
        portal_metrics: the table `national_portal__metrics`.
        effects: unit_code, period_type, period_start, figure, cause, effect.
        found: figures and causes.
        rubrics: rubrics; each period is scored by its version.

    Returns:
        unit_code, period_type, period_start, cause, figure (together the key) and points_lost; only where not 0.
    """
    changes = as_frame(effects)[[*_WHOSE, "figure", "cause", "effect"]]
    numerators = {figure.metric: name for name, figure in found.figures.items() if figure.side == "numerator"}
    denominators = {criterion: found.figures[figure].denominator for criterion, figure in numerators.items()}
    parts = []
    for rubric, rows in rubrics.by_version(index766.RUBRIC, portal_metrics):
        measures = index766.portal_measures(rubric, rows)
        base = _points(rubric, measures)
        for cause, some in changes[changes["effect"] != 0].groupby("cause"):
            taken = some.set_index([*_WHOSE, "figure"])["effect"]
            without = measures[measures["metric_code"].isin(list(numerators))].copy()
            for side, figure_of in (("numerator", numerators), ("denominator", denominators)):
                keys = pd.MultiIndex.from_frame(without[_WHOSE].assign(figure=without["metric_code"].map(figure_of)))
                change = taken.reindex(keys).fillna(0).astype(float).to_numpy()
                without[side] = (without[side].astype(float) - change).clip(lower=0)
            after = _points(rubric, without)
            lost = (after - base.reindex(after.index)).round(2)
            parts.append(lost[lost.notna() & (lost != 0)].rename("points_lost").reset_index().assign(cause=cause))
    if not parts:
        return _POINTS.empty_table()
    points = pd.concat(parts, ignore_index=True)
    points["figure"] = points["criterion_code"].map(numerators)
    return table_from_frame(points[_POINTS.names], _POINTS)


def _points(rubric: Rubric, measures: pd.DataFrame) -> pd.Series:
    """Score measures: points by unit, period and criterion."""
    card = score(rubric, measures, source="portal").to_pandas(date_as_object=False)
    card = card[card["criterion_level"] == "criterion"]
    return card.set_index([*_WHOSE, "criterion_code"])["points"]
