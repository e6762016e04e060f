"""List the dossiers and documents behind an indicator of a unit in any window.

The SQL files that count the figure run over `core.items`, one row per item, in place of the daily sums: the items
listed are those that were counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Any

import pyarrow as pa
from sqlglot import exp

from cchc_pipeline.core.queries import items, run_table
from cchc_pipeline.indicators.catalogue import Indicator, Term, catalogue
from cchc_pipeline.indicators.compute import compute, inputs_of, sql_files
from cchc_pipeline.lake.engine import Engine, parse_sql, run_sql, session, sql_text
from cchc_pipeline.lake.files import Source
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.reports.scope import ReportError, Scope, published_inputs, scope
from cchc_pipeline.scorecards.indicators_used import criteria_by_indicator
from cchc_pipeline.scorecards.score_days import NIGHTS
from cchc_pipeline.scorecards.score_moves import moved_dossiers

#: Column of a relation that identifies what was counted.
ITEM = "item_id"
_VALUES = ("numerator", "denominator", "value")
_UNIT_AND_PERIOD = ("unit_code", "period_type", "period_start", "period_end")
#: published table -> its key and the columns shown for an item
_SHOWN = {
    "dossiers": (
        "dossier_id",
        ("dossier_code", "unit_code", "procedure_code", "channel", "received_on", "due_on", "closed_on", "outcome"),
    ),
    "documents": (
        "document_id",
        ("document_number", "notation", "unit_code", "subject_kind", "promulgated_on", "due_on", "sent_on"),
    ),
    "procedures": ("procedure_code", ("procedure_name", "unit_code", "service_level", "executing_level")),
}


@dataclass(frozen=True)
class Behind:
    """The items behind a numerator or denominator, those that the numerator lacks, or those that moved.

    Attributes:
        side: numerator, denominator, lacking (what the denominator counts and the numerator does not), or moved (what
            counts otherwise than at the end of an earlier night; `value` is the change of the numerator).
        term: its definition; for lacking, that of the denominator.
        sql: the query that gives it, over the views that the relation's file makes.
        count: number of items.
        rows: the first items, each with what it contributes.
    """

    side: str
    term: Term
    value: float | None
    sql: str
    count: int
    rows: list[dict[str, Any]]


@dataclass(frozen=True)
class Explanation:
    """An indicator of a unit and window with the items behind it.

    Attributes:
        scope: the unit and the window.
        published: the published row of a period with exactly these days (period_type, numerator, denominator, value);
            None if there is none.
        behind: numerator, denominator and, for a rate where higher is better, what the numerator lacks.
        notes: Vietnamese remarks about the window.
    """

    indicator: Indicator
    scope: Scope
    numerator: float | None
    denominator: float | None
    value: float | None
    published: dict[str, Any] | None
    behind: list[Behind]
    notes: list[str]


def find_indicator(name: str) -> Indicator:
    """Return the indicator of this id, or the one that scores the criterion code.

    Raises:
        ReportError: no indicator or criterion has this name (the message names similar ones), or several indicators
            score criteria of this code.
    """
    known = {indicator.id: indicator for indicator in catalogue()}
    if name in known:
        return known[name]
    scored = [
        one for one, criteria in criteria_by_indicator().items() if name.upper() in {c.split()[-1] for c in criteria}
    ]
    if len(scored) > 1:
        raise ReportError(f"explain: {name} is scored from {', '.join(scored)}; name one of them.")
    if scored:
        return known[scored[0]]
    words = {getattr(one, name).casefold(): one.id for name in ("name_vi", "name_en") for one in known.values()}
    near = get_close_matches(name, known, n=4, cutoff=0.4)
    near += [words[word] for word in get_close_matches(name.casefold(), words, n=3, cutoff=0.5)]
    meant = f" Did you mean {', '.join(dict.fromkeys(near))}?" if near else ""
    raise ReportError(f"explain: no indicator {name}.{meant} All of them: docs/indicators.md, or indicators.parquet.")


def explain(
    lake: Lake,
    name: str,
    first: date,
    last: date,
    unit: str | None = None,
    limit: int = 10,
    nights: tuple[date, date | None] | None = None,
) -> Explanation:
    """Return the value of an indicator and its items, as currently published.

    `name` is the id of an indicator or the code of a criterion that it scores. Everything below the unit, by default
    the province, counts with it. Of each of numerator, denominator and lacking `limit` items are listed. With `nights`
    the dossiers come first that moved the figure after the one night and until the other (by default the newest).

    Raises:
        ReportError: the window is reversed, the indicator or unit is unknown, or no day of the window has data.
        PublishError: nothing was published.
    """
    indicator = find_indicator(name)
    about, notes = scope(lake.published, first, last, unit, partly=True), []
    code, begins, until = about.unit_code, about.begins, about.until
    if first < begins or last > until:
        notes.append(f"Dữ liệu có từ {begins} đến {until}; số liệu tính trong phạm vi đó.")
    tables = published_inputs(lake, begins, until, [(first, last)])
    values = compute(tables, begins, until, [indicator])
    row = next((one for one in values.to_pylist() if one["unit_code"] == code), None)
    if row is None:
        notes.append("Không có số liệu nào được ghi nhận cho đơn vị trong khoảng thời gian này.")
        states = tables["source_states"].to_pylist()  # type: ignore[union-attr]
        notes += [one["sentence_vi"] for one in states if one["source"] in indicator.sources and one["state"] != "read"]
        row = dict.fromkeys(_VALUES)
    with _items(tables, indicator, first, last, begins, until) as engine:
        asked = _Asked(engine, code, first, min(last, until), limit)
        sides = zip(("numerator", "denominator"), indicator.terms, strict=False)
        behind = [asked.behind(side, term, row[side]) for side, term in sides]
        lacking = asked.lacking(indicator)
        moved = asked.moved(lake, indicator, nights[0], nights[1] or until, row) if nights else None
    behind = [*([moved] if moved else []), *behind, *([lacking] if lacking else [])]
    if nights and not lake.store.has(NIGHTS, nights[0]):
        notes.append(f"Đêm {nights[0]} không còn được giữ; danh sách hồ sơ làm thay đổi có thể thiếu.")
    same_days = run_sql(
        "SELECT period_type, numerator, denominator, value FROM held WHERE indicator_id = $indicator "
        "AND unit_code = $unit AND period_start = $first AND period_end = $last ORDER BY period_type LIMIT 1",
        params={"indicator": indicator.id, "unit": code, "first": first, "last": last},
        held=about.read("indicator_values"),
    )
    published = next(iter(same_days.to_pylist()), None)
    numerator, denominator, value = (row[name] for name in _VALUES)
    return Explanation(indicator, about, numerator, denominator, value, published, behind, notes)


@contextmanager
def _items(
    tables: Mapping[str, Source], indicator: Indicator, first: date, last: date, begins: date, until: date
) -> Iterator[Engine]:
    """Open a session in which the relations of an indicator keep each row's item."""
    dossiers = items("dossier_items", dossiers=tables["dossiers"])
    causes = items("late_items", late=tables["late_dossiers"])
    documents = items("document_items", documents=tables["documents"], run=run_table(until))
    # The procedure catalogue has no history: today's procedures stand for the last day on which they were counted.
    days = run_sql(
        "SELECT MAX(event_on) AS day FROM counts WHERE event_on BETWEEN ? AND ?",
        params=[first, min(last, until)],
        counts=tables["procedure_counts"],
    )
    on = run_table(days["day"][0].as_py() or until)
    counted = {
        "dossier_events": pa.concat_tables([dossiers, causes], promote_options="permissive"),
        "document_events": documents,
        "procedure_counts": items("procedure_items", held=tables["procedures"], run=on),
        "run": pa.table({"as_of_on": pa.array([until], pa.date32()), "first_on": pa.array([begins], pa.date32())}),
    }
    with session(**inputs_of(indicator.relations, {**tables, **counted})) as engine:
        for text in sql_files(indicator.relations):
            engine.execute(re.sub(r"/\* item: (.*?) \*/", r"\1", text))
        yield engine


@dataclass(frozen=True)
class _Asked:
    """A session over items, with the unit and days that are asked for."""

    engine: Engine
    unit: str
    first: date
    last: date
    limit: int

    def behind(self, side: str, term: Term, value: float | None) -> Behind:
        """Return the items that a term counts, or its rows where they have no item."""
        source = self._from(term)
        figure = parse_sql(f"SELECT {term.sql} {source}").sql(dialect="duckdb", pretty=True)
        condition = _condition(term)
        if ITEM in self._columns(term):
            changed = "<> 0" if term.adds_up else "IS NOT NULL"
            found = self.engine.query(
                f"SELECT {ITEM}, {term.sql} AS contributes {source} GROUP BY {ITEM} HAVING contributes {changed} "
                f"ORDER BY {ITEM}"
            )
            return Behind(side, term, value, figure, found.num_rows, self._details(found))
        kept = ", ".join(name for name in self._columns(term) if name not in _UNIT_AND_PERIOD)
        found = self.engine.query(f"SELECT {kept} {source} AND {condition} ORDER BY {kept}")
        rows = found.slice(0, self.limit).to_pylist()
        return Behind(side, term, value, figure, found.num_rows, rows)

    def lacking(self, indicator: Indicator) -> Behind | None:
        """Return the items that the denominator counts and the numerator does not.

        None unless the indicator is a rate in % where higher is better (where lower is better, the numerator lists what
        costs points), and None where the two sides count different kinds of items.
        """
        term = indicator.denominator
        if term is None or indicator.unit != "%" or indicator.direction != "higher":
            return None
        counted, met = self._by_item(term), self._by_item(indicator.numerator)
        if counted is None or met is None:
            return None
        ids = [set(self.engine.query(query)[ITEM].to_pylist()) for query in (counted, met)]
        if ids[1] and not ids[0] & ids[1]:
            return None  # different kinds of items, such as procedures over dossiers
        left = "counted.contributes - COALESCE(met.contributes, 0)"
        query = (
            f"WITH counted AS ({counted}), met AS ({met}) SELECT {ITEM}, {left} AS contributes "
            f"FROM counted LEFT JOIN met USING ({ITEM}) WHERE {left} > 0 ORDER BY {ITEM}"
        )
        found = self.engine.query(query)
        value = float(sum(found["contributes"].to_pylist()))
        text = parse_sql(query).sql(dialect="duckdb", pretty=True)
        return Behind("lacking", term, value, text, found.num_rows, self._details(found))

    def moved(
        self, lake: Lake, indicator: Indicator, since: date, until: date, now: Mapping[str, float | None]
    ) -> Behind:
        """Return the dossiers that count otherwise than at the end of an earlier night.

        Those come first that moved the figure most in the direction in which all of them moved it. None but dossiers of
        the months that are scored from night to night are known; procedures and documents have no state by night.
        """
        share = (now["numerator"] or 0) / (now["denominator"] or 1)
        found = moved_dossiers(lake, {indicator.id: indicator.id}, since=since, until=until).to_pylist()
        rows = [row for row in found if row["unit_code"] == self.unit]
        rows = [row for row in rows if self.first <= row["period_start"] <= self.last]
        effect = {
            row["dossier_id"]: row["numerator"]
            - row["numerator_before"]
            - share * (row["denominator"] - row["denominator_before"])
            for row in rows
        }
        sign = -1 if sum(effect.values()) < 0 else 1
        rows.sort(key=lambda row: (-sign * effect[row["dossier_id"]], row["dossier_code"], row["dossier_id"]))
        ids = pa.table({ITEM: pa.array([row["dossier_id"] for row in rows], pa.string())})
        details = self._details(ids.append_column("contributes", pa.array([row["numerator"] for row in rows])))
        counts = ("numerator_before", "numerator", "denominator_before", "denominator")
        shown = [
            {name: value for name, value in detail.items() if name != "contributes"}
            | {"dossier_code": row["dossier_code"], **{name: row[name] for name in counts}}
            for detail, row in zip(details, rows, strict=False)
        ]
        value = sum(row["numerator"] - row["numerator_before"] for row in rows)
        return Behind("moved", indicator.numerator, value, "", len(rows), shown)

    def _by_item(self, term: Term) -> str | None:
        """Return the query of each item's part of a term; None if it does not add up."""
        source = self._from(term)
        if (distinct := term.tree.find(exp.Distinct)) is not None:
            column = distinct.expressions[0]
            if len(distinct.expressions) > 1 or not isinstance(column, exp.Column):
                return None
            return f"SELECT DISTINCT {sql_text(column)} AS {ITEM}, 1 AS contributes {source} AND {_condition(term)}"
        if not term.adds_up or ITEM not in self._columns(term):
            return None
        return f"SELECT {ITEM}, {term.sql} AS contributes {source} GROUP BY {ITEM} HAVING contributes <> 0"

    def _columns(self, term: Term) -> list[str]:
        return self.engine.query(f"SELECT * FROM {term.relation.view} LIMIT 0").column_names

    def _details(self, found: pa.Table) -> list[dict[str, Any]]:
        """Return the first items with the columns of `_SHOWN` and what they contribute."""
        rows = found.slice(0, self.limit).to_pylist()
        ids = {"ids": [row[ITEM] for row in rows]}
        known: dict[str, dict[str, Any]] = {}
        for table, (key, shown) in _SHOWN.items():
            query = f"SELECT {key}, {', '.join(shown)} FROM {table} WHERE LIST_CONTAINS($ids, {key})"
            known = {row[key]: {"item": table, **row} for row in self.engine.query(query, ids).to_pylist()} | known
        return [{**known.get(row[ITEM], {"item": "?", **row}), "contributes": row["contributes"]} for row in rows]

    def _from(self, term: Term) -> str:
        """Return the FROM and WHERE clause over a relation for the unit and window."""
        relation = term.relation
        source = f"FROM {relation.view} WHERE unit_code = {sql_text(exp.Literal.string(self.unit))}"
        if relation.cumulative:
            day, compared = (self.last, "<=") if relation.cumulative == "end" else (self.first, "<")
            source += f" AND step_end {compared} DATE '{day}' AND DATE '{day}' BETWEEN map_from AND map_until"
        return source


def _condition(term: Term) -> str:
    """Return the filter of a term's rows as SQL; TRUE if it has none."""
    found = term.tree.find(exp.Filter)
    return sql_text(found.expression.this) if found is not None else "TRUE"
