from __future__ import annotations

from datetime import date
from importlib import resources

import pyarrow as pa
import pytest
import sqlglot
import yaml
from indicator_cases import EVENTS, values
from sqlglot import exp

from cchc_pipeline.contracts import contract_names, enforce, load_contract
from cchc_pipeline.contracts.code_lists import load_code_list
from cchc_pipeline.core.build import CAUSES
from cchc_pipeline.indicators import catalogue as catalogue_module
from cchc_pipeline.indicators.catalogue import (
    CatalogueError,
    catalogue,
    catalogue_table,
    checked,
    read_family,
    relations,
    unit_vi,
)
from cchc_pipeline.scorecards.indicators_used import criteria_by_indicator
from cchc_pipeline.scorecards.scoring.rubric_set import shipped

ENTRY = {
    "id": "x", "name_vi": "X", "name_en": "x", "legal_basis": "none", "unit": "dossiers", "direction": "none",
    "numerator": {"sql": "SUM(quantity)"},
}  # fmt: skip
RELATION = {"id": "r", "view": "v", "sql": "relations.sql", "kind": "flow", "grain": "g", "meaning": "m"}


def read(*entries, relations=()):
    """The entries as one file of the catalogue."""
    text = yaml.safe_dump({"indicators": list(entries), "relations": list(relations)}, allow_unicode=True)
    return checked(read_family(text, "mine").indicators)


TERMS = [
    pytest.param(term, id=f"{i.id}-{part}")
    for i in catalogue()
    for part, term in (("numerator", i.numerator), ("denominator", i.denominator))
    if term is not None
]


def _family_of(term):
    """Family of a parameter of `TERMS`."""
    return relations()[term.values[0].over].family


@pytest.mark.parametrize("term", TERMS)
def test_a_term_is_one_aggregate_that_can_be_written_for_spark(term):
    assert term.tree.find(exp.AggFunc) is not None
    assert term.tree.find(exp.Select, exp.Window) is None
    query = exp.select(exp.alias_(term.tree, "amount")).from_("relation")
    written = query.sql(dialect="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)
    assert sqlglot.parse_one(written, dialect="spark").find(exp.AggFunc) is not None


@pytest.mark.parametrize("term", [one for one in TERMS if _family_of(one) == "core"])
def test_measures_that_a_term_names_are_counted_somewhere(term):
    folder = resources.files("cchc_pipeline.core").joinpath("sql")
    counted = "".join(file.read_text(encoding="utf-8") for file in folder.iterdir() if file.name.endswith(".sql"))
    # composed there: 'resolved_' || outcome, and the service level of a procedure
    composed = {"resolved_early", "resolved_on_time", "resolved_late", "full", "partial", "information"}
    # and 'late_' || cause, with or without '_apology'
    composed |= {f"late_{cause}{letter}" for cause in CAUSES for letter in ("", "_apology")}
    channels = {"direct", "online", "postal"}
    for literal in term.tree.find_all(exp.Literal):
        if literal.is_string and literal.this not in composed | channels:
            assert f"'{literal.this}'" in counted


def test_rubrics_name_indicators_that_exist():
    known = {i.id for i in catalogue()}
    for name in ("index766", "par_index"):
        named = {criterion.indicator for criterion in shipped().find(name).criteria() if criterion.indicator}
        assert named
        assert named <= known


def test_every_indicator_says_what_it_is():
    for i in catalogue():
        assert i.name_vi and i.name_en and i.legal_basis
        assert i.direction in ("higher", "lower", "none")
        assert (i.unit == "%") <= (i.denominator is not None)
        assert i.id == i.id.lower() and i.id.isidentifier()


def test_the_catalogue_is_a_published_table():
    contract = load_contract("indicators")
    table = catalogue_table({})
    assert enforce(table, contract).num_rows == len(catalogue())
    by_id = {r["indicator_id"]: r for r in table.to_pylist()}
    assert by_id["pending_total"]["kind"] == by_id["carried_over"]["kind"] == "stock"
    assert by_id["handling_time_median_days"]["kind"] == "median"
    assert by_id["received_total"]["denominator_definition"] is None
    assert by_id["online_rate"]["numerator_definition"].startswith("flow: SUM(quantity)")


@pytest.mark.parametrize("missing", sorted(ENTRY))
def test_an_entry_that_lacks_something_is_named_with_its_line(missing):
    entry = {key: value for key, value in ENTRY.items() if key != missing}
    with pytest.raises(CatalogueError, match=rf"families/mine.yaml, line 2, indicators\[0\].{missing}: .* add it"):
        read(entry)


@pytest.mark.parametrize(
    "change, words",
    [
        (
            {"numerator": {"sql": "SUM(quantity", "over": "flow"}},
            r"indicators\[0\].numerator.sql: SQL does not parse.*SUM",
        ),
        ({"numerator": {"sql": "SUM(quantity)", "over": "eventz"}}, "indicator x: .*'eventz' is none of flow, stock"),
        ({"denominator": {"over": "flow"}}, "denominator.sql: this key is missing"),
        ({"numerator": {"sql": "MAX(quantity)"}}, "x: 'MAX.quantity.' is not a sum, and flow holds sums only"),
        ({"numerator": {"sql": "SUM(DISTINCT quantity)", "over": "stock"}}, "is not a sum, and stock holds sums only"),
        ({"direction": "up"}, "direction: .*'higher', 'lower' or 'none'.*'up'"),
    ],
)
def test_a_wrong_term_is_named_with_its_indicator(change, words):
    with pytest.raises(CatalogueError, match=f"(?s){words}"):
        read(ENTRY | change)


def test_an_id_stands_there_once():
    with pytest.raises(CatalogueError, match="indicator x stands in the catalogue twice"):
        read(ENTRY, ENTRY)


def test_a_new_entry_is_all_that_a_new_indicator_needs():
    (indicator,) = read(ENTRY | {"numerator": {"sql": "SUM(2 * quantity) FILTER (channel = 'direct')"}})
    same = {"event_on": date(2026, 10, 5), "unit_code": "H99.02", "measure": "received"}
    rows = [same | {"channel": channel, "quantity": n} for channel, n in (("online", 2.0), ("direct", 7.0))]
    found = values(pa.Table.from_pylist(rows, schema=EVENTS), only=[indicator]).to_pylist()
    assert {r["value"] for r in found if (r["unit_code"], r["period_type"]) == ("H99.02", "year")} == {14.0}


def test_the_file_of_every_relation_makes_its_view_and_duckdb_runs_every_term_over_it():
    whole = {name: load_contract(name).arrow_schema().empty_table() for name in ("procedures", "dossiers")}
    found = values(only=list(catalogue()), **whole)
    assert found.schema.names
    for relation in relations().values():
        assert relation.tables
        assert set(relation.tables) <= set(contract_names())
        assert relation.grain and relation.meaning


@pytest.mark.parametrize(
    "change, words",
    [
        ({"kind": "flou"}, r"relations\[0\].kind: .*'flow', 'stock', 'median' or 'index'.*'flou'"),
        ({"absent": "maybe"}, "absent: .*'zero' or 'unknown'.*'maybe'"),
        ({"cumulative": "start"}, "cumulative: .*'end' or 'opening'.*'start'"),
        ({"coverd_by": "v"}, "coverd_by: unknown key"),
    ],
)
def test_a_wrong_declaration_of_a_relation_is_named(change, words):
    with pytest.raises(CatalogueError, match=words):
        read(ENTRY, relations=[RELATION | change])


def test_a_relation_is_declared_once(monkeypatch):
    double = read_family(yaml.safe_dump({"indicators": [], "relations": [RELATION, RELATION]}), "mine")
    monkeypatch.setattr(catalogue_module, "families", lambda: (double,))
    with pytest.raises(CatalogueError, match="relation r stands in the catalogue twice"):
        relations.__wrapped__()


@pytest.mark.parametrize("term", [one for one in TERMS if _family_of(one) == "registers"])
def test_codes_that_a_term_names_are_in_a_code_list(term):
    lists = ("register_measure", "external_index", "petition_kind", "unit_level")
    codes = {str(code.code) for name in lists for code in load_code_list(name).codes}
    events = {"received", "answered_on_time", "answered_late", "answered_without_due"}
    assert {one.this for one in term.tree.find_all(exp.Literal) if one.is_string} <= codes | events


def test_every_measure_and_index_of_the_lists_is_an_indicator():
    """A figure that an office keeps and no indicator shows would be kept for nothing."""
    named = {one.this for i in catalogue() for t in i.terms for one in t.tree.find_all(exp.Literal) if one.is_string}
    lists = ("register_measure", "external_index")
    assert {code.code for name in lists for code in load_code_list(name).codes} <= named


def test_ranks_and_scores_do_not_add_up():
    for i in catalogue():
        if i.kind in ("index", "median"):
            assert not i.is_additive, i.id
        if i.kind == "index" and i.id.endswith("_rank"):
            assert (i.direction, i.unit, i.denominator is not None) == ("lower", "rank", True)


def test_the_criteria_that_use_an_indicator_are_read_off_the_rubrics():
    used = criteria_by_indicator()
    table = catalogue_table(used)
    by_id = {row["indicator_id"]: row for row in table.to_pylist()}
    assert "par_index: DOSSIERS_TIMELY" in by_id["timely_rate"]["scored_in"]
    assert by_id["zalo_followers_count"]["scored_in"] is None
    assert by_id["documents_connected_commune_rate"]["source_tables"] == "observations; units"
    assert by_id["plan_done_rate"]["grain"].startswith("activities of the plan")
    for name in ("index766", "par_index"):
        for criterion in shipped().find(name).criteria():
            assert not criterion.indicator or f"{name}: {criterion.code}" in used[criterion.indicator]


def test_every_unit_of_measure_has_a_vietnamese_word() -> None:
    units = {indicator.unit for indicator in catalogue()}
    assert {unit for unit in units - {"%"} if unit_vi(unit) == unit} == set()
    assert unit_vi("%") == "%" and unit_vi("something new") == "something new"
