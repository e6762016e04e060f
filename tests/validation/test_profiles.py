"""Profiles of days: what they hold, that they replace themselves, and that they hold nobody."""

from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc
from contract_batches import CLEAN, INBOUND, batch, dirty_batch
from hypothesis import given, settings
from hypothesis import strategies as st
from lake_of_days import DOSSIERS, FIRST, dossiers_of, land, night, remember, stage_days
from sql_verdict import without_cross_check  # noqa: F401 - a fixture of this module

from cchc_pipeline.contracts import all_contracts, load_contract
from cchc_pipeline.lake import files
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.validation.drift.profiles import SCHEMA, profile, read_profiles

CONTRACT = load_contract(DOSSIERS)
DAY, NEXT = date(2026, 3, 2), date(2026, 3, 3)


def lines(lake, day=DAY, measure=None, column=""):
    table = read_profiles(lake, DOSSIERS, day, day)
    if measure is None:
        return table
    rows = table.filter(pc.and_(pc.equal(table["measure"], measure), pc.equal(table["column_name"], column)))
    return dict(zip(rows["bucket"].to_pylist(), rows["rows"].to_pylist(), strict=True))


def everything(lake):
    return {path: files.sha256(path) for path in (lake.root / "profiles").rglob("*.parquet")}


def test_rows_of_the_day_itself_are_counted_apart(lake):
    rows = [CLEAN[DOSSIERS] | {"dossier_id": f"{n:024x}", "received_on": DAY - timedelta(days=n)} for n in range(3)]
    rows.append(rows[0] | {"dossier_id": f"{9:024x}"})
    night(lake, DOSSIERS, DAY, rows)
    assert lines(lake, measure="rows") == {None: 4}
    assert lines(lake, measure="own") == {None: 2}
    assert lines(lake, measure="bucket", column="channel") == {"online": 2}
    assert lines(lake, measure="code", column="channel") == {"online": 4}


def test_an_empty_day_has_a_profile_too(lake):
    night(lake, DOSSIERS, DAY, [])
    assert (lines(lake, measure="rows"), lines(lake, measure="own")) == ({None: 0}, {None: 0})


def test_numbers_dates_instants_and_gaps_become_buckets(lake):
    rows = [
        CLEAN[DOSSIERS]
        | {"dossier_id": f"{n:024x}", "received_on": DAY, "due_on": DAY + timedelta(days=n), "rating": None}
        for n in (1, 1, 40)
    ]
    found = profile({DAY: batch(CONTRACT, rows)}, CONTRACT, {})
    buckets = {(r["column_name"], r["bucket"]): r["rows"] for r in found.to_pylist() if r["measure"] == "bucket"}
    assert buckets["due_on", "1"] == 2
    assert buckets["due_on", "2^5.0"] == 1  # 32 to 45 days
    assert buckets["rating", None] == 3
    assert buckets["received_at", "12"] == 3  # 05:00 UTC in Vietnam
    assert buckets["has_fee", "true"] == 3


def test_a_day_staged_again_replaces_its_own_lines_only(lake):
    for day in (DAY, NEXT):
        land(lake, DOSSIERS, day, dossiers_of(day))
    stage_days(lake, DOSSIERS, [DAY, NEXT])
    kept = lines(lake, NEXT)
    night(lake, DOSSIERS, DAY, dossiers_of(DAY)[:5])
    assert lines(lake, measure="own") == {None: 5}
    assert lines(lake, NEXT).equals(kept)


def test_the_same_days_give_the_same_bytes_in_whatever_batches_they_come(lake, tmp_path):
    other = Lake(tmp_path / "other")
    days = [DAY, NEXT]
    for day in days:
        for one in (lake, other):
            land(one, DOSSIERS, day, dossiers_of(day))
    stage_days(lake, DOSSIERS, days)
    for day in reversed(days):
        stage_days(other, DOSSIERS, [day])
    before = everything(lake)
    assert sorted(before.values()) == sorted(everything(other).values())
    known = Lake(tmp_path / "known")  # what other tests begin with leaves the same
    remember(known, DOSSIERS, {day: dossiers_of(day) for day in days})
    assert sorted(before.values()) == sorted(everything(known).values())
    stage_days(lake, DOSSIERS, days)
    assert everything(lake) == before


def test_no_key_and_no_text_about_a_person_is_in_a_profile(lake):
    rows = dossiers_of(DAY)
    rows[0] = rows[0] | {"national_code": "G22.99.08-260302-000001", "parse_errors": "received_at: không đọc được «x»"}
    night(lake, DOSSIERS, DAY, rows)
    texts = {line["bucket"] for line in lines(lake).to_pylist()}
    personal = {
        row[name]
        for row in rows
        for name in ("dossier_id", "dossier_code", "national_code", "parse_errors")
        if row.get(name)
    }
    assert not texts & personal
    assert {line["bucket"] for line in lines(lake).to_pylist() if line["column_name"] == "dossier_code"} == {"present"}


def test_only_classes_that_may_be_named_are_named():
    """Of every inbound contract: a bucket of an indirectly personal or masked text says that there is one, no more."""
    for contract in (one for one in all_contracts() if not one.is_published):
        named = {
            column.name for column in contract.columns
            if column.physical_type == "VARCHAR" and column.classification in ("indirect-personal", "masked-text")
        }  # fmt: skip
        if not named:
            continue
        row = {name: f"secret of {name}" for name in named} | dict.fromkeys(contract.profile.dated_by, FIRST)
        found = profile({FIRST: pa.Table.from_pylist([row], schema=contract.arrow_schema(relaxed=True))}, contract, {})
        assert "secret" not in str(found.to_pylist()), contract.name


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([DAY, NEXT, None]), st.sampled_from(["online", "direct", None])), max_size=30)
)
def test_buckets_of_a_column_add_up_to_the_rows_of_the_day(rows):
    made = [
        CLEAN[DOSSIERS] | {"dossier_id": f"{n:024x}", "received_on": day, "applied_on": None, "channel": channel}
        for n, (day, channel) in enumerate(rows)
    ]
    found = profile({DAY: batch(CONTRACT, made)}, CONTRACT, {DAY: 0}).to_pylist()
    (own,) = [line["rows"] for line in found if line["measure"] == "own"]
    assert own == sum(day == DAY for day, _ in rows)
    sums: dict[str, int] = {}
    for line in found:
        if line["measure"] == "bucket":
            sums[line["column_name"]] = sums.get(line["column_name"], 0) + line["rows"]
    assert all(total == own for total in sums.values())
    assert profile({}, CONTRACT, {}).schema == SCHEMA


def test_the_same_listing_looks_the_same_on_every_night():
    """Dates of a listing do not count by their distance from the night: that grows by itself."""
    contract = load_contract("registers__petitions")
    rows = [{"petition_code": f"K{n}", "received_on": DAY - timedelta(days=n), "unit_code": "H34.5"} for n in range(9)]
    table = pa.Table.from_pylist(rows, schema=contract.arrow_schema(relaxed=True))
    found = profile({DAY: table, NEXT: table}, contract, {DAY: 0, NEXT: 0})
    one, other = (found.filter(pc.equal(found["day_on"], day)).drop_columns(["day_on"]) for day in (DAY, NEXT))
    assert one.equals(other)


def test_the_order_of_rows_is_in_no_profile():
    """Nor where a unit came twice with other figures."""
    for contract in map(load_contract, INBOUND):
        table = dirty_batch(contract, seed=766, rows=60)
        turned = table.take(list(range(table.num_rows))[::-1])
        assert profile({DAY: turned}, contract, {}).equals(profile({DAY: table}, contract, {})), contract.name
