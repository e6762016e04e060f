from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cchc_pipeline.days import LOCAL_ZONE
from cchc_pipeline.sources.landing import to_arrow
from cchc_pipeline.sources.one_stop.vnpt_igate.mapping import dossier_row
from cchc_pipeline.sources.records import (
    ColumnWatch,
    Problems,
    bool_or_none,
    day_end,
    day_start,
    local_name,
    number_or_none,
    parse_instant,
    parse_slashed_day,
    parse_slashed_time,
    text_or_none,
    utc_millis,
)

AT = datetime(2024, 1, 31, 8, 0, tzinfo=LOCAL_ZONE)


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-31T08:00:00.000+0700",
        "2024-01-31T08:00:00+07:00",
        "2024-01-31T01:00:00.000+0000",
        "2024-01-31T01:00:00Z",
        "2024-01-31T01:00:00.000Z",
    ],
)
def test_every_iso_form_is_the_same_local_instant(text: str) -> None:
    moment = parse_instant(text)
    assert moment == AT
    assert moment.tzinfo is LOCAL_ZONE
    assert moment.date() == date(2024, 1, 31)


def test_utc_of_local_midnight_is_the_next_civil_day() -> None:
    moment = parse_instant("1989-12-31T17:00:00.000+0000")
    assert moment is not None
    assert moment.date() == date(1990, 1, 1)


@pytest.mark.parametrize(
    "text",
    ["", "2024-01-31", "2024-01-31T08:00:00", "31/01/2024 08:00", "2024-13-31T08:00:00Z", "2024-02-30T08:00:00Z",
     "2024-W05-3T08:00:00Z", "0001-01-01T00:00:00+1400", "2024-01-31T08:00:00.000+0700 ", "٢٠٢٤-01-31T08:00:00Z"],
)  # fmt: skip
def test_other_forms_are_not_guessed(text: str) -> None:
    assert parse_instant(text) is None


@given(
    st.integers(631_152_000, 4_102_444_800).map(lambda seconds: datetime.fromtimestamp(seconds + 0.125, UTC)),
    st.sampled_from([0, 7, -5]),
)
def test_parse_instant_keeps_the_instant(moment: datetime, hours: int) -> None:
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    text = moment.astimezone(timezone(timedelta(hours=hours))).isoformat(timespec="milliseconds")
    assert parse_instant(text) == parse_instant(text[:-3] + text[-2:]) == parse_instant(utc_millis(moment)) == moment


def test_days_and_times_of_edxml() -> None:
    assert parse_slashed_day("2015/09/30") == date(2015, 9, 30)
    assert parse_slashed_day("30/09/2015") is None
    assert parse_slashed_day("2015/02/30") is None
    assert parse_slashed_time("2015/10/01 08:00:00") == datetime(2015, 10, 1, 8, tzinfo=LOCAL_ZONE)
    assert parse_slashed_time("2015/10/01 25:00:00") is None
    assert parse_slashed_time("2015/10/01") is None


def test_a_day_is_covered_to_the_millisecond() -> None:
    day = date(2026, 3, 1)
    assert utc_millis(day_start(day)) == "2026-02-28T17:00:00.000Z"
    assert utc_millis(day_end(day)) == "2026-03-01T16:59:59.999Z"


def test_names_come_in_three_shapes() -> None:
    assert local_name("Đang xử lý") == "Đang xử lý"
    assert local_name({"id": 2, "name": "Đang xử lý"}) == "Đang xử lý"
    assert local_name([{"languageId": 46, "name": "Processing"}, {"languageId": 228, "name": "Xử lý"}]) == "Xử lý"
    assert local_name({"name": [{"languageId": 228, "name": "Xử lý"}]}) == "Xử lý"
    assert local_name([]) is None
    assert text_or_none("  \n") is None
    assert text_or_none("Đa\u0306ng") == "Đăng"
    assert [bool_or_none(value) for value in (True, 0, 1, "true", 2, None)] == [True, False, True, None, None, None]


def test_reasons_quote_no_personal_data() -> None:
    problems = Problems()
    problems.add("due_at", "not a time with offset", "gọi 0912345678 gặp ông Nguyễn Văn A")
    assert problems.text() == "due_at: not a time with offset 'gọi [điện thoại] gặp ông [tên]'"


@pytest.mark.parametrize("value", [math.nan, math.inf, 10**400, "1", True, None])
def test_what_a_float_cannot_hold_is_no_number(value: object) -> None:
    assert number_or_none(value) is None


def test_half_a_sign_does_not_reach_a_file() -> None:
    problems = Problems()
    problems.add("unit_code", "not an agency code", "H\ud83412")
    row = {"dossier_code": text_or_none("a\ud834b"), "parse_errors": problems.text()}
    table = to_arrow("one_stop__dossiers", [row])
    assert table["dossier_code"].to_pylist() == ["a\ufffdb"]
    assert table["parse_errors"].to_pylist() == ["unit_code: not an agency code 'H\ufffd12'"]


@pytest.mark.parametrize("value", [10**20, "năm nay"])
def test_a_value_of_another_type_keeps_its_column_as_text(value: object) -> None:
    table = to_arrow("one_stop__dossiers", [{"dossier_id": "1", "rating": value}, {"dossier_id": "2", "rating": 5}])
    assert table["rating"].to_pylist() == [str(value), "5"]


def test_a_fee_that_no_column_holds_is_missing_with_its_reason() -> None:
    row = dossier_row({"id": "1", "dossierFee": [{"amount": 1e30}, {"amount": math.nan}]})
    assert (row["fee_amount_vnd"], row["has_fee"]) == (None, None)
    assert "fee_amount_vnd: more than 64 bits hold" in row["parse_errors"]
    assert dossier_row({"id": "1", "dossierFee": [{"amount": 5000}, {"amount": math.nan}]})["fee_amount_vnd"] == 5000


def test_a_column_is_gone_only_when_no_record_has_its_fields() -> None:
    watch = ColumnWatch({"unit_code": (("agency.code",),), "paid": (("fees.paid",), ("method", "fees.method"))})
    assert watch.missing_columns() == frozenset()
    watch.add({"agency": {"name": "Sở"}, "fees": [{"amount": 1}]})
    assert watch.missing_columns() == {"unit_code", "paid"}
    assert watch.drop_missing([{"unit_code": None, "paid": None, "x": 1}]) == [{"x": 1}]
    watch.add({"agency": None, "fees": [{"paid": True}]})
    assert watch.missing_columns() == {"paid"}
    watch.add({"fees": [], "method": None})
    assert watch.missing_columns() == frozenset()
