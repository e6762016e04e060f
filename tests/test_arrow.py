from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cchc_pipeline.arrow import array, table_from_frame, table_from_records, table_from_rows

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
MOMENTS = pa.timestamp("us", tz="Asia/Ho_Chi_Minh")
AT = datetime(2026, 9, 1, 23, 30, 0, 123456, tzinfo=VIETNAM)
MICROSECONDS = 1_788_280_200_123_456  # 2026-09-01 16:30:00.123456 in UTC

pytestmark = pytest.mark.usefixtures("zones_in_arrow")


@pytest.mark.parametrize("zone", [VIETNAM, UTC, timezone(timedelta(hours=7)), ZoneInfo("America/New_York")])
def test_a_moment_is_the_same_in_whatever_zone_it_is_told(zone):
    held = array([AT.astimezone(zone), None], MOMENTS)
    assert held.type == MOMENTS
    assert held.cast(pa.int64()).to_pylist() == [MICROSECONDS, None]
    assert held.to_pylist() == [AT, None]


@given(st.lists(st.none() | st.datetimes(timezones=st.timezones(), min_value=datetime(1900, 1, 1))))  # noqa: DTZ001
def test_every_moment_comes_back(moments):
    in_utc = [moment and moment.astimezone(UTC) for moment in moments]
    assert array(moments, MOMENTS).to_pylist() == in_utc


def test_records_and_rows_keep_their_moments():
    schema = pa.schema([("code", pa.string()), ("at", MOMENTS), ("on", pa.date32())])
    rows = [("a", AT, date(2026, 9, 1)), ("b", None, None)]
    records = [dict(zip(schema.names, row, strict=True)) for row in rows]
    expected = [("a", MICROSECONDS), ("b", None)]
    for table in (table_from_rows(rows, schema), table_from_records(records, schema)):
        assert table.schema == schema
        assert list(zip(table["code"].to_pylist(), table["at"].cast(pa.int64()).to_pylist(), strict=True)) == expected
    assert table_from_records([{"at": AT}])["at"].cast(pa.int64()).to_pylist() == [MICROSECONDS]


def test_what_a_record_lacks_is_null_and_what_the_schema_lacks_is_left():
    schema = pa.schema([("code", pa.string()), ("at", MOMENTS)])
    assert table_from_records([{"code": "a", "more": 1}], schema).to_pylist() == [{"code": "a", "at": None}]


def test_no_rows_give_an_empty_table():
    schema = pa.schema([("code", pa.string()), ("at", MOMENTS)])
    for table in (table_from_rows([], schema), table_from_records([], schema)):
        assert (table.schema, table.num_rows) == (schema, 0)


def test_a_moment_without_zone_is_refused_where_the_zone_counts():
    naive = AT.replace(tzinfo=None)
    with pytest.raises(pa.ArrowInvalid, match="has no zone"):
        array([naive], MOMENTS)
    assert array([naive], pa.timestamp("us")).to_pylist() == [naive]


@pytest.mark.parametrize("values, kind", [(["x"], MOMENTS), (["x"], pa.int32()), ([1, "x"], None), ([AT, "x"], None)])
def test_values_of_another_type_are_refused(values, kind):
    with pytest.raises((pa.ArrowInvalid, pa.ArrowTypeError)):
        array(values, kind)


def test_a_frame_leaves_no_trace_of_pandas():
    frame = pd.DataFrame({"code": ["a", None], "at": [AT, None]}, index=[7, 8])
    schema = pa.schema([("code", pa.string()), ("at", MOMENTS)], {"title": "t"})
    assert table_from_frame(frame, schema).schema.equals(schema, check_metadata=True)
    assert table_from_frame(frame, schema).to_pylist() == [{"code": "a", "at": AT}, {"code": None, "at": None}]
    assert table_from_frame(frame).schema.metadata is None
    assert table_from_frame(frame.astype(object), schema)["at"].cast(pa.int64())[0].as_py() == MICROSECONDS
