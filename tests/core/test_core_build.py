"""Which monthly parts a night rebuilds, and that this never changes what comes out."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pytest
from contract_batches import CLEAN
from dossier_lives import day, held, row, seen_on, several
from hypothesis import given, settings
from hypothesis import strategies as st
from small_lake import copy_of

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core import build
from cchc_pipeline.core.build import build_documents, build_dossiers, build_events, build_procedures
from cchc_pipeline.core.state import upsert, upsert_by_month
from cchc_pipeline.core.units import build_units
from cchc_pipeline.lake import files
from cchc_pipeline.lake.layout import Lake

DOSSIERS, EVENTS = (load_contract(name).arrow_schema() for name in ("dossiers", "dossier_events"))
DOCUMENTS = load_contract("documents__documents")
AS_OF = date(2026, 11, 30)

CLOSED = row(1, status_code=9, received_on=date(2026, 9, 3), finished_on=date(2026, 9, 9), due_on=date(2026, 9, 8))
LONG_OPEN = row(2, received_on=date(2026, 10, 5), due_on=date(2026, 12, 1))
OPEN = row(3, received_on=date(2026, 11, 20), due_on=date(2026, 11, 30))


def take_in(lake, *rows):
    return upsert_by_month(lake, "dossiers", held(rows), "dossier_id", ("received_on", "applied_on"))


def night(lake, as_of_on=AS_OF, **options):
    """Names of the parts that were rebuilt."""
    before = {
        part: lake.store.path("built/dossiers", part).stat().st_ino for part in lake.store.parts("built/dossiers")
    }
    parts, rebuilt = build_dossiers(lake, as_of_on, **options)
    after = {part: lake.store.path("built/dossiers", part).stat().st_ino for part in lake.store.parts("built/dossiers")}
    assert parts == len(after)
    touched = {part for part in after if before.get(part) != after[part]}
    assert rebuilt == len(touched)
    return touched


def content(lake):
    """Everything built, as plain rows."""
    return {
        (table, part): lake.store.read(f"built/{table}", part).to_pylist()
        for table in ("dossiers", "dossier_events")
        for part in lake.store.parts(f"built/{table}")
    }


def upsert_rows(lake, contract, *rows):
    upsert(lake, contract.name, pa.Table.from_pylist(list(rows), schema=contract.arrow_schema()), contract.key)


def apologise(lake, dossier_code, number=1):
    on = date(2026, 10, 1)
    about = {"document_id": f"H99.02,2026/10/01,{number}", "unit_code": "H99.02", "document_number": str(number)}
    about |= {"subject_kind": "apology_letter", "dossier_code": dossier_code, "due_on": None, "procedures_count": None}
    sent = {"promulgated_on": on, "sent_on": on, "sent_at": datetime.fromisoformat("2026-10-01T08:00:00+07:00")}
    upsert_rows(lake, DOCUMENTS, CLEAN[DOCUMENTS.name] | about | sent)


@pytest.fixture(scope="module")
def first_night(tmp_path_factory):
    lake = Lake(tmp_path_factory.mktemp("first_night"))
    take_in(lake, CLOSED, LONG_OPEN, OPEN)
    assert night(lake) == {"2026-09", "2026-10", "2026-11"}
    return lake


@pytest.fixture
def lake(first_night, tmp_path):
    return copy_of(first_night, tmp_path)


def test_the_same_night_again_rebuilds_nothing(lake):
    take_in(lake, CLOSED, LONG_OPEN, OPEN)
    assert night(lake) == set()


def test_the_next_night_rebuilds_what_is_open(lake):
    assert night(lake, date(2026, 12, 1)) == {"2026-10", "2026-11"}
    assert night(lake, date(2026, 12, 1)) == set()


def test_a_changed_dossier_rebuilds_its_part(lake):
    take_in(lake, CLOSED | {"finished_on": date(2026, 9, 8)})
    assert night(lake) == {"2026-09"}
    assert lake.store.read("built/dossiers", "2026-09")["outcome"].to_pylist() == ["on_time"]


def test_a_part_whose_last_dossier_is_closed_rests_from_then_on(lake):
    take_in(lake, LONG_OPEN | {"status_code": 10, "finished_on": date(2026, 12, 1)})
    assert night(lake, date(2026, 12, 1)) == {"2026-10", "2026-11"}
    assert night(lake, date(2026, 12, 2)) == {"2026-11"}


def test_an_apology_rebuilds_the_part_of_its_dossier(lake):
    apologise(lake, CLOSED["dossier_code"])
    assert night(lake) == {"2026-09"}
    found = lake.store.read("built/dossier_events", "2026-09").to_pylist()
    assert [e["event_on"] for e in found if e["measure"] == "late_with_apology"] == [date(2026, 9, 9)]
    apologise(lake, "a dossier of somebody else", 2)
    assert night(lake) == set()


def test_other_rules_rebuild_everything(lake, monkeypatch):
    monkeypatch.setattr(build, "overrides", lambda: {date(2026, 9, 4): False})
    assert night(lake) == {"2026-09", "2026-10", "2026-11"}


def test_everything_can_be_rebuilt_and_comes_out_the_same(lake):
    before = content(lake)
    assert night(lake, rebuild=True) == {"2026-09", "2026-10", "2026-11"}
    assert content(lake) == before


def test_a_part_that_vanished_vanishes(lake):
    lake.store.path("core/dossiers", "2026-09").unlink()
    assert night(lake) == set()
    assert (
        list(lake.store.parts("built/dossiers"))
        == list(lake.store.parts("built/dossier_events"))
        == ["2026-10", "2026-11"]
    )


def test_a_kill_between_two_files_of_a_part_is_mended_by_the_next_night(lake, monkeypatch):
    take_in(lake, CLOSED | {"finished_on": date(2026, 9, 8)})
    real = files.write_parquet

    def killed(table, path, schema=None):
        if path.parent.name == "dossiers":
            raise KeyboardInterrupt
        real(table, path, schema)

    monkeypatch.setattr(files, "write_parquet", killed)
    with pytest.raises(KeyboardInterrupt):
        build_dossiers(lake, AS_OF)
    monkeypatch.undo()
    assert night(lake) == {"2026-09"}
    mended = content(lake)
    night(lake, rebuild=True)
    assert content(lake) == mended


def test_no_dossiers_at_all(tmp_path):
    lake = Lake(tmp_path)
    assert build_dossiers(lake, AS_OF) == (0, 0)
    assert build_events(lake, AS_OF).num_rows == 0


@settings(max_examples=2, deadline=None)  # dossiers meet in their month alone: many in few examples say as much
@given(several(25, minimum=15), st.lists(st.integers(0, 100), min_size=3, max_size=3, unique=True).map(sorted))
def test_night_after_night_equals_a_fresh_lake(some, nights):
    with TemporaryDirectory() as one, TemporaryDirectory() as two:
        grown, fresh = Lake(Path(one)), Lake(Path(two))
        for today in nights:
            take_in(grown, *seen_on(some, today))
            build_dossiers(grown, day(today))
        take_in(fresh, *seen_on(some, nights[-1]))
        build_dossiers(fresh, day(nights[-1]))
        # a month that everybody left stays as an empty part
        assert {key: rows for key, rows in content(grown).items() if rows} == {
            key: rows for key, rows in content(fresh).items() if rows
        }
        assert build_events(grown, day(nights[-1])).equals(build_events(fresh, day(nights[-1])))


def test_events_end_with_the_last_day_and_have_one_row_per_key(lake):
    events = build_events(lake, AS_OF)
    assert max(events["event_on"].to_pylist()) <= AS_OF
    key = load_contract("dossier_events").key
    rows = [tuple(e[name] for name in key) for e in events.to_pylist()]
    assert rows == sorted(set(rows))
    later = build_events(lake, date(2026, 12, 2)).to_pylist()
    assert {e["event_on"] for e in later if e["measure"] == "became_overdue"} >= {date(2026, 12, 1), date(2026, 12, 2)}


def test_events_of_two_parts_on_one_day_are_added_up(tmp_path):
    lake = Lake(tmp_path)
    closed = {"status_code": 9, "finished_on": date(2026, 11, 9)}
    take_in(lake, *(row(n, received_on=date(2026, n, 1), **closed) for n in (9, 10, 11)))
    night(lake)
    done = [e for e in build_events(lake, AS_OF).to_pylist() if e["measure"] == "resolved_on_time"]
    assert [(e["event_on"], e["quantity"]) for e in done] == [(date(2026, 11, 9), 3.0)]


def test_a_publication_decision_is_late_after_its_legal_last_day(tmp_path):
    lake = Lake(tmp_path)
    apologise(lake, "x")
    letter = lake.store.read(f"core/{DOCUMENTS.name}").to_pylist()[0]
    dates = [(date(2026, 10, 1), date(2026, 10, 1)), (date(2026, 10, 2), date(2026, 10, 1)), (date(2026, 10, 2), None)]
    rows = [
        letter | {"document_id": f"d{n}", "subject_kind": "publication_decision", "promulgated_on": on, "due_on": due}
        for n, (on, due) in enumerate(dates)
    ]
    upsert_rows(lake, DOCUMENTS, *rows)
    table = build_documents(lake)
    late = dict(zip(table["document_id"].to_pylist(), table["is_late"].to_pylist(), strict=True))
    assert late == {letter["document_id"]: None, "d0": False, "d1": True, "d2": None}


def procedure(number, **values):
    plain = {"procedure_code": f"1.00000{number}", "executing_level": "province", "unit_code": "H99.02"}
    plain |= dict.fromkeys(("has_fee", "is_payment_online", "is_updated_on_time"), False)
    return CLEAN["one_stop__procedures"] | plain | values


def catalogue(lake, *procedures):
    contract = load_contract("one_stop__procedures")
    lake.store.update(pa.Table.from_pylist(list(procedures), schema=contract.arrow_schema()), f"core/{contract.name}")


def test_the_catalogue_is_counted_by_unit_and_day(tmp_path):
    lake = Lake(tmp_path)

    def counts():
        rows = lake.store.read("core/procedure_counts").to_pylist()
        return {(r["event_on"], r["unit_code"], r["measure"]): r["quantity"] for r in rows}

    catalogue(lake, procedure(1), procedure(2, service_level="partial"), procedure(3, is_in_force=False))
    build_procedures(lake, AS_OF)
    first = {
        (AS_OF, "H99.02", "in_force"): 2,
        (AS_OF, "H99.02", "full"): 1,
        (AS_OF, "H99.02", "partial"): 1,
        (AS_OF, "H99.02", "citizen_data_connected"): 2,
        (AS_OF, "H99.02", "content_full"): 2,
        (AS_OF, "H99.02", "level_province"): 2,
    }
    assert counts() == first
    catalogue(lake, procedure(1, unit_code="H99.03"))
    build_procedures(lake, date(2026, 12, 1))
    assert {key: n for key, n in counts().items() if key[0] == AS_OF} == first
    assert counts()[date(2026, 12, 1), "H99.03", "in_force"] == 1
    build_procedures(lake, AS_OF)  # that day again replaces its own counts
    assert (AS_OF, "H99.02", "in_force") not in counts()
    assert counts()[AS_OF, "H99.03", "in_force"] == 1


def test_units_are_those_the_portal_lists_and_those_that_data_name(tmp_path):
    lake = Lake(tmp_path)
    apologise(lake, "x")
    catalogue(lake, procedure(1, unit_code="H99.04"))
    take_in(lake, row(1, unit_code="H99.05.01"), row(2, unit_code="H99.201"))
    metrics = load_contract("national_portal__metrics")
    listed = [
        ("H99.05", "Sở Mẫu", "DEPARTMENT", date(2026, 9, 30)),
        ("H99.201", "Xã cũ", "COMMUNE", date(2026, 8, 31)),
        ("H99.201", "Xã Mẫu", "COMMUNE", date(2026, 9, 30)),
        ("H99.90", "Huyện Mẫu", "DISTRICT", date(2026, 9, 30)),
        ("H99.90.01", "Xã của huyện", "COMMUNE", date(2026, 9, 30)),
    ]
    names = ("unit_code", "unit_name", "child_group", "period_end")
    rows = [CLEAN[metrics.name] | dict(zip(names, one, strict=True)) for one in listed]
    upsert_rows(lake, metrics, *(row | {"period_start": row["period_end"].replace(day=1)} for row in rows))
    table = build_units(lake, "H99", AS_OF)
    found = {r["unit_code"]: (r["unit_name"], r["unit_level"], r["parent_code"]) for r in table.to_pylist()}
    assert found == {
        "H99": ("H99", "province", None),
        "H99.02": ("H99.02", "department", "H99"),
        "H99.04": ("H99.04", "department", "H99"),
        "H99.05": ("Sở Mẫu", "department", "H99"),
        "H99.05.01": ("H99.05.01", "department", "H99.05"),
        "H99.201": ("Xã Mẫu", "commune", "H99"),
        "H99.90": ("Huyện Mẫu", "district", "H99"),
        "H99.90.01": ("Xã của huyện", "commune", "H99.90"),
    }
