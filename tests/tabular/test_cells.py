from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.tabular.cells import (
    CellError,
    read_boolean,
    read_cell,
    read_day,
    read_instant,
    read_integer,
    read_number,
    read_text,
)

VIETNAM = timezone(timedelta(hours=7))
SCORE = load_contract("papi__subdimensions").column("score")
DAYS = st.dates(date(1980, 1, 1), date(2100, 12, 31))


@given(DAYS)
def test_every_form_of_a_day_is_that_day(day):
    forms = ("%d/%m/%Y", "%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%Y 00:00:00", "%Y-%m-%dT08:30:00")
    for form in (*forms, "%Y-%m-%d 00:00:00"):
        assert read_day(f"{day:{form}}") == day
    assert read_day(f"{day.day}/{day.month}/{day.year}") == read_day(day) == day
    assert read_day(datetime.combine(day, time(9))) == day


@given(DAYS, st.times())
def test_every_form_of_an_instant_is_that_instant(day, clock):
    moment = datetime.combine(day, clock.replace(microsecond=0), VIETNAM)
    forms = ("%d/%m/%Y %H:%M:%S", "%H:%M:%S, %d/%m/%Y", "%H:%M:%S %d/%m/%Y", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%z")
    for form in forms:
        assert read_instant(f"{moment:{form}}") == moment
    assert read_instant(moment.astimezone(UTC)) == moment
    assert read_day(moment.astimezone(UTC)) == moment.date()


@given(st.integers(-(2**63), 2**63 - 1))
def test_a_whole_number_is_read_with_and_without_groups(number):
    assert read_integer(str(number), 63) == read_integer(f"{number:,}", 63) == number
    assert read_integer(f"{number:,}".replace(",", "."), 63) == number


@given(st.decimals(-(10**12), 10**12, places=2))
def test_a_number_is_read_in_both_styles_where_the_column_or_the_groups_tell_which(number):
    english, vietnamese = f"{number:,}", f"{number:,}".translate(str.maketrans(",.", ".,"))
    for cell in (english, vietnamese, str(number), str(number).replace(".", ",")):
        assert read_cell(SCORE, cell) == float(number)
    assert read_number(english, "point") == read_number(vietnamese, "comma") == pytest.approx(float(number))
    assert read_number(str(number), "point") == pytest.approx(float(number))


@given(st.integers(1_000, 999_999), st.sampled_from([",", "."]), st.sampled_from(["", "-"]))
def test_one_separator_before_three_digits_is_never_guessed_at(number, separator, sign):
    with pytest.raises(CellError, match=f"có thể là {sign}{number} "):
        read_cell(SCORE, sign + f"{number:,}".replace(",", separator))


def test_a_number_that_could_be_two_is_none_until_somebody_says_which():
    assert read_cell(SCORE, "1.234", "comma") == read_cell(SCORE, "1,234", "point") == 1234
    assert read_cell(SCORE, "1.234", "point") == read_cell(SCORE, "1,234", "comma") == 1.234
    assert read_cell(SCORE, "1.234", "either") == read_cell(SCORE, "1,234", "either") == 1.234
    assert read_cell(SCORE, "1.234.567") == read_cell(SCORE, "1,234,567") == 1_234_567
    for cell, decimal in (("2.5", "comma"), ("2,5", "point"), ("1.234.567", "either"), ("1,234.5", "comma")):
        with pytest.raises(CellError):
            read_cell(SCORE, cell, decimal)


@pytest.mark.parametrize(
    "cell", ["31/02/2026", "2026-13-01", "1/2/26", "02/2026", "hôm qua", "45292", 45292, "1/2-2026"]
)
def test_what_is_no_day_is_not_guessed_at(cell):
    with pytest.raises(CellError):
        read_day(cell)


@pytest.mark.parametrize("cell", ["25:00 01/01/2026", "01/01/2026 02/01/2026", "08:00", "2026-01-01T25:00:00Z", True])
def test_what_is_no_instant_is_not_guessed_at(cell):
    with pytest.raises(CellError):
        read_instant(cell)


@pytest.mark.parametrize(
    "cell", ["1.5", "1,23", "12 34", "0x1f", "", "một", 1.5, True, str(2**31), "1e3", "9" * 5000, 1e30, math.nan]
)
def test_what_is_no_whole_number_is_not_guessed_at(cell):
    with pytest.raises(CellError):
        read_integer(cell, 31)


@pytest.mark.parametrize(
    "cell", ["nan", "inf", "1e", "--1", "1.2.3", "12.34.567", True, "1e999", math.nan, math.inf, 10**400]
)
def test_what_is_no_number_is_not_guessed_at(cell):
    with pytest.raises(CellError):
        read_number(cell, "auto")


def test_truth_and_text():
    assert {read_boolean(cell) for cell in ("Có", "1", True, "đúng")} == {True}
    assert {read_boolean(cell) for cell in ("KHÔNG", 0)} == {False}
    with pytest.raises(CellError):
        read_boolean("có thể")
    assert [read_text(cell) for cell in (12.0, "a", 7)] == ["12", "a", "7"]
    # A code that Excel made a date or a number of is not the code that was typed.
    for cell in ("a\x02b", "a\ud800b", 12.5, date(2026, 1, 2), datetime.fromisoformat("2026-01-02")):
        with pytest.raises(CellError):
            read_text(cell)
