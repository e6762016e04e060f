"""Procedures by who executes them, by the days the catalogue states, and what is unknown."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
from indicator_cases import AS_OF, FIRST, PARENTS, SNAPSHOTS, values

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.queries import PROCEDURE_KEY, run_table
from cchc_pipeline.core.queries import counts as counts_of
from cchc_pipeline.days import periods
from cchc_pipeline.indicators.catalogue import catalogue

DAY, OCTOBER = date(2026, 10, 5), ("month", date(2026, 10, 1))
CATALOGUE = load_contract("procedures").arrow_schema()
HELD = load_contract("one_stop__procedures").arrow_schema()
COMMUNES = ("H99.90.01", "H99.90.02")


def snapshot(*rows: tuple[str, str, str, float]) -> pa.Table:
    """Counts of one day by unit in charge, executing level and measure."""
    names = ("unit_code", "executing_level", "measure", "quantity")
    return pa.Table.from_pylist([{"event_on": DAY, **dict(zip(names, row, strict=True))} for row in rows], SNAPSHOTS)


def procedure(
    code: str, unit: str = "H99.02", level: str = "province", schema: pa.Schema = CATALOGUE, **more: object
) -> dict:
    """A procedure in force about which the system says only what is needed."""
    plain = dict.fromkeys(schema.names)
    needed = {"procedure_code": code, "procedure_name": code, "service_level": "full", "executing_level": level,
              "unit_code": unit, "has_fee": False, "is_payment_online": False, "is_citizen_data_connected": False,
              "is_content_full": True, "is_updated_on_time": True, "is_in_force": True}  # fmt: skip
    return {**plain, **needed, **more}


def table(*rows: dict) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=CATALOGUE)


def october(*names: str, period: tuple[str, date] = OCTOBER, **options: object) -> dict[tuple[str, str], tuple]:
    """(indicator, unit) -> numerator and denominator of a period."""
    only = [indicator for indicator in catalogue() if indicator.id in names]
    rows = values(only=only, **{"procedures": table(), **options}).to_pylist()
    return {
        (row["indicator_id"], row["unit_code"]): (row["numerator"], row["denominator"])
        for row in rows
        if (row["period_type"], row["period_start"]) == period
    }


def test_what_communes_execute_counts_for_each_of_them_and_once_above():
    counted = snapshot(("H99", "commune", "in_force", 7.0), ("H99.02", "province", "in_force", 5.0))
    found = october("procedures_count", "idx766_content_full", snapshots=counted)
    assert {unit: found["procedures_count", unit][0] for unit in PARENTS if ("procedures_count", unit) in found} == {
        "H99": 12.0,
        "H99.02": 5.0,
        **dict.fromkeys(COMMUNES, 7.0),
    }
    assert found["idx766_content_full", "H99.90.01"] == (0.0, 7.0)
    assert found["idx766_content_full", "H99.90"] == (0.0, 0.0)  # the district itself executes nothing


def test_what_a_commune_is_in_charge_of_counts_for_that_one_only():
    found = october("procedures_count", snapshots=snapshot(("H99.90.01", "commune", "in_force", 2.0)))
    assert found == {("procedures_count", unit): (2.0, None) for unit in ("H99", "H99.90", "H99.90.01")}


def test_what_the_system_does_not_say_is_unknown_and_not_zero():
    silent = snapshot(("H99.02", "province", "in_force", 3.0))
    assert october("procedures_paperless_count", "essential_services_rate", snapshots=silent) == {}
    said = snapshot(("H99.02", "province", "in_force", 3.0), ("H99.02", "province", "known_paperless", 3.0))
    assert october("procedures_paperless_count", snapshots=said)["procedures_paperless_count", "H99.02"] == (0.0, None)


def test_days_that_the_catalogue_states_count_in_any_past_period():
    held = table(
        procedure("1", time_cut_on=date(2020, 3, 2), integrated_on=date(2026, 10, 7)),
        procedure("2", time_cut_on=date(2026, 10, 9)),
        procedure("3", time_cut_on=date(2027, 1, 1)),  # not yet
        procedure("4", time_cut_on=date(2026, 10, 9), is_in_force=False),
    )
    free = [(date(2020, 1, 1), date(2020, 12, 31))]
    names = ("procedures_time_cut_count", "procedures_integrated_to_date_count", "procedures_synced_count")
    found = october(*names, procedures=held, periods=periods(FIRST, AS_OF, free))
    assert found["procedures_time_cut_count", "H99"] == (1.0, None)
    assert found["procedures_integrated_to_date_count", "H99.02"] == (1.0, None)
    past = october(*names, period=("custom", free[0][0]), procedures=held, periods=periods(FIRST, AS_OF, free))
    assert past["procedures_time_cut_count", "H99"] == (1.0, None)
    assert past["procedures_integrated_to_date_count", "H99"] == (0.0, None)
    assert not [key for key in found if key[0] == "procedures_synced_count"]  # no procedure has such a day


def test_internal_procedures_are_counted_apart():
    rows = [
        procedure("1", schema=HELD, is_internal=False, interlinked="none", is_paperless=True),
        procedure("2", schema=HELD, is_internal=True, is_paperless=True),
    ]
    held = pa.Table.from_pylist(rows, schema=HELD)
    counts = counts_of("procedure_items", key=PROCEDURE_KEY, held=held, run=run_table(AS_OF))
    found = {row["measure"]: row["quantity"] for row in counts.to_pylist()}
    assert (found["in_force"], found["internal"], found["known_internal"]) == (1.0, 1.0, 2.0)
    assert (found["paperless"], found["known_interlinked"]) == (1.0, 1.0)
    assert "interlinked_none" not in found


def test_units_are_counted_by_level_for_everybody_above():
    found = october("portal_communes_count", "portal_departments_count")
    assert found["portal_communes_count", "H99"] == found["portal_communes_count", "H99.90"] == (2.0, None)
    assert found["portal_communes_count", "H99.90.01"] == (1.0, None)
    assert found["portal_departments_count", "H99"] == (2.0, None)
