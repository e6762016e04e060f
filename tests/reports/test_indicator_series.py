"""One indicator on two maps: a department whose code changes in the middle of the data."""

from __future__ import annotations

import json

import pytest
from command_line import output
from small_lake import LAST, copy_of, land, october, publish

from cchc_pipeline.core import state
from cchc_pipeline.core.units import REGISTER, build_units
from cchc_pipeline.indicators.build import build_indicator_values, build_indicator_values_today
from cchc_pipeline.lake.publish import read_published
from cchc_pipeline.reports.forms import dossier_form, indicator_series
from cchc_pipeline.reports.scope import ReportError, scope

CHANGE = {
    "old_code": "H99.02", "old_name": "Sở Mẫu", "old_level": "department",
    "new_code": "H99.03", "new_name": "Sở Mẫu mới", "changed_on": october(3), "kind": "recoded",
    "legal_basis": "Quyết định mẫu", "source_row": "unit_changes.csv, dòng 2",
}  # fmt: skip


@pytest.fixture(scope="module")
def changed(published_lake, tmp_path_factory):
    """The small lake after an office put the change into its register; tests only read it."""
    lake = copy_of(published_lake, tmp_path_factory.mktemp("changed"))
    land(lake, REGISTER, [CHANGE])
    state.take_in(lake, REGISTER)
    build_units(lake, "H99", LAST)
    build_indicator_values(lake, ())
    build_indicator_values_today(lake, ())
    publish(lake, "after-the-change")
    return lake


def about(lake, unit=None, first=None, last=None):
    return scope(lake.published, first, last, unit)


def october_of(lake, unit, which, indicator="received_total"):
    _, rows = indicator_series(about(lake, unit), indicator, which, "month")
    return rows[0]["numerator"]


def test_the_department_is_whole_today_and_in_two_parts_as_it_was(changed):
    whole = dossier_form(about(changed, "H99.03", october(1), october(10)))["received"]
    before = october_of(changed, "H99.02", "as-was")
    since = october_of(changed, "H99.03", "as-was")
    assert before > 0
    assert since > 0
    assert before + since == october_of(changed, "H99.03", "today") == whole
    with pytest.raises(ReportError, match=r"it went into H99[.]03: ask for that unit"):
        indicator_series(about(changed, "H99.02"), "received_total", "today", "month")


def test_the_province_has_the_totals_it_had_before_the_change_was_known(published_lake, changed):
    for indicator in ("received_total", "resolved_total", "pending_total", "carried_over"):
        was = october_of(published_lake, "H99", "as-was", indicator)
        assert was == october_of(changed, "H99", "as-was", indicator) == october_of(changed, "H99", "today", indicator)
    first, last = october(1), october(10)
    forms = [dossier_form(about(lake, None, first, last)) for lake in (changed, published_lake)]
    assert forms[0] == forms[1]


def test_the_change_is_published(changed):
    (change,) = read_published(changed.published, "unit_changes").to_pylist()
    assert (change["old_code"], change["new_code"], change["kind"], change["is_exact"]) == (
        "H99.02", "H99.03", "recoded", True,
    )  # fmt: skip
    units = {row["unit_code"]: row for row in read_published(changed.published, "units").to_pylist()}
    assert not units["H99.02"]["is_current"]
    assert units["H99.03"]["predecessor_codes"] == "H99.02"


def test_the_command_prints_each_form(changed):
    ask = ("report", "indicators", "received_total", "--data-dir", changed.root, "--unit", "H99.03")
    table = output(*ask, "--map", "today")
    assert "theo địa giới" in table and "(hồ sơ)" in table
    found = json.loads(output(*ask, "--map", "today", "--format", "json"))
    assert found["rows"][0]["numerator"] == october_of(changed, "H99.03", "today")
    assert output(*ask, "--format", "csv").startswith("period_start,period_end,numerator")
    assert "late_rate" in output("report", "indicators", "late_rat", "--data-dir", changed.root, code=1)
