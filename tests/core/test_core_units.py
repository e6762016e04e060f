"""The units of a province whose register says what became of them."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.units import (
    REGISTER,
    build_units,
    built_history,
    former_holders,
    register_history,
    take_in_changes,
    with_holders,
)
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.reference.units import UnitHistoryError

UNITS = load_contract("units").arrow_schema()
AS_OF, MERGED = date(2026, 11, 21), date(2025, 7, 1)


def row(old, new, kind="merged", **more):
    return {
        "old_code": old, "old_name": f"Đơn vị {old}", "old_level": "commune", "old_parent_code": None,
        "new_code": new, "new_name": f"Đơn vị mới {new}", "changed_on": MERGED, "kind": kind,
        "is_part": kind == "split",
        "legal_basis": "Nghị quyết mẫu", "is_withdrawn": None, "source_row": "unit_changes.csv, dòng 2",
    } | more  # fmt: skip


@pytest.fixture
def lake(tmp_path):
    lake = Lake(tmp_path)
    for table, codes in (("one_stop__procedures", ["H36.02"]), ("documents__documents", ["H36", "H16.02"])):
        schema = load_contract(table).arrow_schema(relaxed=True)
        rows = [{"unit_code": code} for code in codes]
        lake.store.update(pa.Table.from_pylist(rows, schema=schema), f"core/{table}")
    portal = load_contract("national_portal__metrics").arrow_schema(relaxed=True)
    listed = [
        {"unit_code": code, "unit_name": name, "child_group": group, "period_end": date(2026, 11, 30)}
        for code, name, group in (
            ("H36", "UBND tỉnh Lâm Đồng", None), ("H36.02", "Sở Mẫu", "AGENCY"), ("H36.201", "UBND xã Mẫu", "COMMUNE"),
            ("H36.21", "UBND phường Mẫu", "COMMUNE"),
        )
    ]  # fmt: skip
    lake.store.update(pa.Table.from_pylist(listed, schema=portal), "core/national_portal__metrics")
    return lake


def register(lake, *rows):
    schema = load_contract(REGISTER).arrow_schema(relaxed=True)
    lake.store.update(pa.Table.from_pylist(list(rows), schema=schema), f"core/{REGISTER}")


def built(lake):
    return {r["unit_code"]: r for r in build_units(lake, "H36", AS_OF).to_pylist()}


def test_without_a_register_a_former_province_that_data_name_is_known_all_the_same(lake):
    units = built(lake)
    assert units["H16"]["unit_name"] == "Tỉnh Đắk Nông"
    assert (units["H16"]["unit_level"], units["H16"]["parent_code"], units["H16"]["valid_to"]) == (
        "province", "H36", date(2025, 6, 30),
    )  # fmt: skip
    assert units["H16"]["successor_codes"] == "H36"
    assert units["H16.02"]["parent_code"] == "H16"
    assert units["H36"]["predecessor_codes"] == "H16"
    assert units["H36"]["is_current"]
    assert not units["H16"]["is_current"]
    assert "H11" not in units, "no record names Bình Thuận"
    assert built_history(lake).place("H16", AS_OF).unit_ids == ("H36",)


def test_former_communes_stand_with_their_district_validity_and_successor(lake):
    register(
        lake,
        row("H16.41", "H36", "dissolved", old_level="district", old_name="UBND huyện Mẫu"),
        row("H16.41.01", "H36.201"),
        row("H16.41.02", "H36.201"),
    )
    units = built(lake)
    assert units["H16.41.01"] | {"unit_name": ""} == {
        "unit_code": "H16.41.01", "unit_name": "", "unit_level": "commune", "parent_code": "H16.41",
        "province_code": "H36", "valid_from": None, "valid_to": date(2025, 6, 30), "agency_code": "H16.41.01",
        "is_current": False, "predecessor_codes": None, "successor_codes": "H36.201",
    }  # fmt: skip
    assert (units["H16.41"]["unit_level"], units["H16.41"]["parent_code"]) == ("district", "H16")
    assert units["H36.201"]["predecessor_codes"] == "H16.41.01 H16.41.02"
    assert units["H36.201"]["valid_from"] == MERGED
    changes = {
        (r["old_code"], r["new_code"]): r
        for r in lake.store.read("built/unit_changes", schema=pa.schema([])).to_pylist()
    }
    assert changes["H16.41", "H36"]["kind"] == "dissolved"
    assert not changes["H16.41", "H36"]["is_exact"]
    assert changes["H16.41.01", "H36.201"]["is_exact"]


def test_a_code_given_to_another_commune_belongs_to_the_old_one_before(lake, tmp_path):
    """H36.21 goes into H36.201; its code goes to the ward that was H36.22."""
    register(lake, row("H36.21", "H36.201"), row("H36.22", "H36.21", "recoded"))
    units = built(lake)
    old = units["H36.21.TO25.0630"]
    assert (old["agency_code"], old["successor_codes"], old["is_current"]) == ("H36.21", "H36.201", False)
    assert old["unit_name"] == "Đơn vị H36.21"
    assert old["parent_code"] == "H36"
    assert (units["H36.21"]["unit_name"], units["H36.21"]["predecessor_codes"]) == ("UBND phường Mẫu", "H36.22")
    path = tmp_path / "records.parquet"
    days = [date(2025, 6, 30), date(2025, 7, 1), None]
    records = pa.table({"unit_code": ["H36.21"] * 3, "received_on": days, "applied_on": [date(2025, 6, 1)] * 3})
    pq.write_table(records, path)
    former = former_holders(register_history(lake))
    held = with_holders(path, former).to_pylist()
    by_day = {one["received_on"]: one["unit_code"] for one in held}
    assert by_day == dict(zip(days, ["H36.21.TO25.0630", "H36.21", "H36.21.TO25.0630"], strict=True))
    assert with_holders(path, former.slice(0, 0)) == path


def test_a_withdrawn_row_of_the_register_no_longer_counts(lake):
    register(lake, row("H36.20", "H36.201", is_withdrawn=True))
    assert "H36.20" not in built(lake)


def test_a_register_that_contradicts_itself_is_refused(lake):
    register(lake, row("H36.20", "H36.201"), row("H36.20", "H36.21", "split"))
    with pytest.raises(UnitHistoryError, match=r"H36[.]20 goes into"):
        built(lake)


def test_the_register_held_stays_where_the_new_one_contradicts_it(lake):
    """A register never stops the night: what contradicts waits in `staged`, and is taken in when it is corrected."""

    def staged(day: int, *rows):
        schema = load_contract(REGISTER).arrow_schema()
        lake.store.write(pa.Table.from_pylist(list(rows), schema=schema), f"staged/{REGISTER}", date(2026, 9, day))

    staged(1, row("H36.20", "H36.201"))
    assert take_in_changes(lake) is None
    staged(2, row("H36.20", "H36.21", "split"))
    for _ in range(2):
        assert "H36.20 goes into" in str(take_in_changes(lake))
        assert [change.new_code for change in register_history(lake).changes] == ["H36.201"]
    staged(2, row("H36.22", "H36.201"))
    assert take_in_changes(lake) is None
    assert {change.old_code for change in register_history(lake).changes} == {"H36.20", "H36.22"}
