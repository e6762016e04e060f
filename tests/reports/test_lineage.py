"""Lineage: every column of our SQL leads to a field of a source or says why not, and the trace is the pipeline's."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import small_lake
import sqlglot
from command_line import cchc
from sqlglot import exp

from cchc_pipeline.contracts import all_contracts
from cchc_pipeline.lake import engine
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.reports.lineage import trace
from cchc_pipeline.reports.lineage.trace import (
    CONSTANT,
    COUNT,
    Field,
    back_to,
    columns,
    computed_columns,
    path,
    read_by_python,
    relations,
    statements,
)

ROOT = Path(__file__).parents[2] / "cchc_pipeline"
INBOUND = {one.name for one in all_contracts() if not one.is_published}
PUBLISHED = {one.name for one in all_contracts() if one.is_published and not one.derived_from}
#: What SQL states by itself: `quantity` counts 1.0 a dossier, documents have no procedure, and so on.
STATED = {
    **dict.fromkeys(
        ("late_counts.quantity", "procedure_counts.quantity", "document_events.procedure_code"), CONSTANT
    ),
    **dict.fromkeys(("document_events.channel", "indicator_values.indicator_id", "state.is_waiting"), CONSTANT),
    **dict.fromkeys(("moved.step", "moved.cause", "scorecard_papi_today.unit_vintage"), CONSTANT),
    **dict.fromkeys(("at_risk_observed.dossiers", "procedures_unlisted.dossiers"), COUNT),
    **dict.fromkeys(("evidence_documents.denominator", "evidence_inspections.denominator"), COUNT),
    "scorecard_papi_today.parts": COUNT,
    "portal_in_step.figure": CONSTANT,
    **dict.fromkeys(("score_days.dossiers_moved_count", "score_days.peers_count"), COUNT),
    **dict.fromkeys(("score_days.night_on", "dossiers_changed.was_held"), CONSTANT),
}  # fmt: skip


def fields() -> list[Field]:
    return [Field(name, column) for name in relations() for column in columns(name)]


def test_every_column_has_sources_that_exist_or_says_why_it_has_none():
    stated = {}
    # columns of the SQL that a contract does not promise included
    every = {Field(name, column): one for name in relations() for column, one in trace._origins(name).items()}
    for field, found in every.items():
        for source in found.sources:
            assert source.column in columns(source.relation), (field, source)
        in_python = field.column in computed_columns(field.relation)
        assert bool(found.sources) != bool(found.why), field
        assert found.why.startswith("computed in Python") == in_python, field
        if found.why and not in_python:
            stated[str(field)] = found.why
    assert stated == STATED
    assert set(fields()) <= set(every)
    assert len(every) > 1100


def test_every_way_ends_at_a_source_in_python_or_at_what_sql_states():
    for field in fields():
        ends = [step for step in path(*field) if not step.origin.sources]
        assert ends, field
        assert all(step.origin.why for step in ends), field
        assert all((step.field.relation in INBOUND) == (step.origin.why == "source field") for step in ends), field


def test_every_published_table_and_each_of_its_columns_is_traced():
    assert set(relations()) >= PUBLISHED
    assert not set(relations()) & INBOUND
    for table in PUBLISHED:
        assert set(columns(table)) <= set(trace._origins(table)), table


def test_every_sql_file_of_the_tables_is_traced():
    files = {path for room in ("core", "indicators", "scorecards") for path in (ROOT / room).rglob("*.sql")}
    texts = [engine.sql_text(one) for made in relations().values() if made.sql for one in statements(made.sql)]
    # what Python fills in stands where a file has {columns}
    fixed = {path: path.read_text("utf-8").partition("{columns}")[0] for path in files}
    assert {path.stem for path in files if not any(fixed[path] in text for text in texts)} == set()


def test_what_python_makes_and_reads_exists():
    for name, relation in relations().items():
        assert not relation.made_in or (ROOT / relation.made_in).is_file(), name
        assert set(read_by_python(name)) | set(relation.copies) | set(relation.tables.values()) <= (
            set(relations()) | INBOUND
        ), name  # fmt: skip
        assert bool(relation.sql) + bool(relation.copies) + bool(relation.python) >= 1, name


@pytest.fixture(scope="module")
def recorded(published_lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[tuple]]:
    """What the engine was asked when the tables were built: SQL, columns of every input, columns of the result."""
    lake = Lake(Path(shutil.copytree(published_lake.root, tmp_path_factory.mktemp("again") / "lake", symlinks=True)))
    shutil.rmtree(lake.root / "built")
    asked: list[tuple] = []

    class Recorder(engine.Engine):
        def __init__(self, connection: object) -> None:
            super().__init__(connection)
            self.inputs: dict[str, list[str]] = {}

        def add(self, name, source):
            super().add(name, source)
            self.inputs[name] = super().query(exp.select("*").from_(name).limit(0)).schema.names

        def query(self, sql, params=None):
            found = super().query(sql, params)
            asked.append((engine.sql_text(sql), dict(self.inputs), found.schema.names))
            return found

        def execute(self, sql, params=None):
            super().execute(sql, params)
            asked.append((engine.sql_text(sql), dict(self.inputs), None))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(engine, "Engine", Recorder)
        small_lake.derive(lake)
    yield asked


def test_the_sql_reads_what_the_trace_says(recorded):
    """Every input of every statement has the columns of the relation that it is said to be."""
    seen = set()
    for name, relation in relations().items():
        for text in map(engine.sql_text, statements(relation.sql)) if relation.sql else ():
            read = {
                table.name
                for tree in sqlglot.parse(text, dialect="duckdb")
                if tree
                for table in tree.find_all(exp.Table)
            }
            alike = [inputs for asked, inputs, _ in recorded if asked == text]
            said = {
                table: set(columns(relation.tables.get(table, table))) for table in read if _is_known(relation, table)
            }
            held = [{t: set(names) for t, names in inputs.items() if t in said} for inputs in alike]
            fits = [one for one in held if all(names == said[t] or t == "run" for t, names in one.items())]
            if alike:
                seen.add(name)
                assert fits, (name, [{t: names ^ said[t] for t, names in one.items()} for one in held])
    made_by_sql = {name for name, relation in relations().items() if relation.sql}
    assert made_by_sql - seen == NOT_RUN


#: Run where codes changed hands, by a check of the assets, and from the second night on.
NOT_RUN = {
    *("held_dossiers", "held_documents", "procedures_unlisted", "portal_in_step"),
    *("dossiers_changed", "dossiers_at", "score_moves"),
}


def _is_known(relation, table):
    name = relation.tables.get(table, table)
    return name in relations() or name in INBOUND


def test_the_columns_of_a_query_are_those_that_the_engine_returns(recorded):
    for name, relation in relations().items():
        if relation.sql and not relation.view:
            text = engine.sql_text(statements(relation.sql)[-1])
            found = [set(returned) for asked, _, returned in recorded if asked == text and returned is not None]
            assert not found or set(trace._origins(name)) in found, name


def test_known_ways():
    """Worked out by hand from the SQL."""
    ends = {
        "dossiers.finished_on": {"one_stop__dossiers.finished_on"},
        "dossiers.closed_on": {"one_stop__dossiers.finished_on", "one_stop__dossiers.status_code"},
        "documents.is_reply_late": {"documents__documents.promulgated_on", "documents__documents.due_on",
                                    "documents__documents.subject_kind"},
        "petitions.is_overdue": {"registers__petitions.due_on", "registers__petitions.answered_on"},
        "procedures.has_fee": {"one_stop__procedures.has_fee"},
    }  # fmt: skip
    for field, expected in ends.items():
        found, _ = back_to(*field.split("."), INBOUND)
        assert {str(one) for one in found} == expected, field
    # a figure of the reconciliation changes by the conditions of its causes, through an UNPIVOT
    found, _ = back_to("reconciliation_dossiers", "changes", {"dossiers"})
    assert {"is_synced_national", "status_code", "due_on"} <= {one.column for one in found}


def test_an_indicator_rests_on_what_its_terms_name():
    found, _ = back_to("indicator_values", "numerator", PUBLISHED)
    assert {Field("dossier_events", "quantity"), Field("dossier_events", "measure")} <= found
    assert Field("dossiers", "handling_working_days") in found  # the median
    assert Field("external_indices", "value") in found
    assert Field("units", "unit_name") not in found


def test_what_python_scores_is_not_guessed():
    (end,) = [step for step in path("scorecard_index766", "points") if not step.origin.sources]
    assert end.origin.why == (
        "computed in Python (scorecards/index766/scorecard.py) from indicator_values, national_portal__metrics"
    )


@pytest.fixture
def changed_sql(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The day on which a dossier was finished comes from another field."""
    before = trace.sql_file

    def changed(file: str) -> str:
        return before(file).replace("THEN finished_on END AS closed_on", "THEN returned_on END AS closed_on")

    monkeypatch.setattr(trace, "sql_file", changed)
    for cached in (trace._script, trace._origins):
        cached.cache_clear()
    yield
    for cached in (trace._script, trace._origins):
        cached.cache_clear()


@pytest.mark.usefixtures("changed_sql")
def test_lineage_moves_with_the_sql():
    found, _ = back_to("late_dossiers", "finished_on", INBOUND)
    assert {str(one) for one in found} == {"one_stop__dossiers.returned_on", "one_stop__dossiers.status_code"}


def explain(*arguments: str):
    return cchc("explain", *arguments)


def test_explain_prints_the_way_of_a_column():
    told = explain("late_dossiers.finished_on")
    assert told.exit_code == 0, told.output
    lines = [line.split("  ")[0] if not line.startswith(" ") else line for line in told.stdout.splitlines()]
    assert lines[0] == "late_dossiers.finished_on: tính từ đâu / where it comes from"
    assert any(line.startswith("      one_stop__dossiers.finished_on") for line in lines)
    assert "core/sql/late_dossiers.sql" in told.stdout
    assert "one_stop: trường của nguồn / source field; Ngày kết thúc xử lý / Finished on" in told.stdout


def test_explain_gives_a_column_to_programs():
    rows = json.loads(explain("dossiers.finished_on", "--format", "json").stdout)
    assert [(row["depth"], row["column"]) for row in rows] == [
        (0, "dossiers.finished_on"),
        (1, "held_dossiers.finished_on"),
        (2, "one_stop__dossiers.finished_on"),
    ]
    table = list(csv.DictReader(io.StringIO(explain("dossiers.finished_on", "--format", "csv").stdout)))
    assert [row["made_in"] for row in table] == ["core/sql/dossiers.sql", "core/units.py", ""]


def test_a_bare_column_is_explained_in_every_table_that_has_it():
    rows = json.loads(explain("finished_on", "--format", "json").stdout)
    assert {row["asked"] for row in rows} == {f"{t}.finished_on" for t in ("dossiers", "late_dossiers", "plan_tasks")}


def test_an_indicator_still_needs_its_days():
    for arguments in (("late_rate",), ("dossiers.no_column",), ("late_rate", "--from", "2026-09-01")):
        told = explain(*arguments)
        assert told.exit_code == 2
        assert "Missing option" in told.stderr
