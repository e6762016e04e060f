from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.tabular.cells import (
    Unreadable,
    as_boolean,
    as_day,
    as_instant,
    as_integer,
    as_number,
    as_text,
    decimal_mark,
    reader,
)

VIETNAM = timezone(timedelta(hours=7))
DAYS = st.dates(date(1980, 1, 1), date(2100, 12, 31))


@given(DAYS)
def test_every_form_of_a_day_is_that_day(day):
    for form in ("%d/%m/%Y", "%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%Y 00:00:00", "%Y-%m-%dT08:30:00"):
        assert as_day(f"{day:{form}}") == day
    assert as_day(f"{day.day}/{day.month}/{day.year}") == day
    assert as_day(datetime.combine(day, time(9))) == day


@given(DAYS, st.times())
def test_every_form_of_an_instant_is_that_instant(day, clock):
    moment = datetime.combine(day, clock.replace(microsecond=0), VIETNAM)
    forms = ("%d/%m/%Y %H:%M:%S", "%H:%M:%S, %d/%m/%Y", "%H:%M:%S %d/%m/%Y", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%z")
    for form in forms:
        assert as_instant(f"{moment:{form}}") == moment
    assert as_instant(moment.astimezone(UTC)) == moment
    assert as_day(moment.astimezone(UTC)) == moment.date()


@given(st.integers(-(2**63), 2**63 - 1))
def test_a_whole_number_is_read_with_and_without_groups(number):
    assert as_integer(str(number), 63) == as_integer(f"{number:,}", 63) == number
    assert as_integer(f"{number:,}".replace(",", "."), 63) == number


@given(st.decimals(-(10**9), 10**9, places=2))
def test_a_number_is_read_in_both_styles_where_the_column_tells_which(number):
    english, vietnamese = f"{number:,}", f"{number:,}".translate(str.maketrans(",.", ".,"))
    assert as_number(english, "point") == as_number(vietnamese, "comma") == pytest.approx(float(number))
    assert as_number(str(number), "point") == pytest.approx(float(number))


@pytest.mark.parametrize(
    "cells, mark",
    [
        (["1,5", "1.234"], "comma"),
        (["0.125", "1.234"], "point"),
        (["1.234.567"], "comma"),
        (["1.234,5"], "comma"),
        (["1,234.5"], "point"),
        (["1.234"], "auto"),
        (["1,5", "2.5"], "auto"),
        ([None, "", 3.5, "7"], "auto"),
    ],
)
def test_the_column_tells_what_the_mark_means(cells, mark):
    assert decimal_mark(cells) == mark


def test_a_number_that_could_be_two_is_none_until_somebody_says_which():
    score = load_contract("papi__subdimensions").column("score")
    with pytest.raises(Unreadable):
        reader(score, ["1.234"])("1.234")
    assert reader(score, ["1.234"], "comma")("1.234") == 1234
    assert reader(score, ["1.234"], "point")("1.234") == 1.234
    assert reader(score, ["1.234", "2,5"])("1.234") == 1234
    with pytest.raises(Unreadable):
        reader(score, ["1,5", "1,25"])("2.5")


@pytest.mark.parametrize(
    "cell", ["31/02/2026", "2026-13-01", "1/2/26", "02/2026", "hôm qua", "45292", 45292, "1/2-2026"]
)
def test_what_is_no_day_is_not_guessed_at(cell):
    with pytest.raises(Unreadable):
        as_day(cell)


@pytest.mark.parametrize("cell", ["25:00 01/01/2026", "01/01/2026 02/01/2026", "08:00", "2026-01-01T25:00:00Z", True])
def test_what_is_no_instant_is_not_guessed_at(cell):
    with pytest.raises(Unreadable):
        as_instant(cell)


@pytest.mark.parametrize("cell", ["1.5", "1,23", "12 34", "0x1f", "", "một", 1.5, True, str(2**31)])
def test_what_is_no_whole_number_is_not_guessed_at(cell):
    with pytest.raises(Unreadable):
        as_integer(cell, 31)


@pytest.mark.parametrize("cell", ["nan", "inf", "1e", "--1", "1.2.3", "12.34.567", True])
def test_what_is_no_number_is_not_guessed_at(cell):
    with pytest.raises(Unreadable):
        as_number(cell, "auto")


def test_truth_and_text():
    assert [as_boolean(cell) for cell in ("Có", "KHÔNG", "1", 0, True, "đúng")] == [
        True,
        False,
        True,
        False,
        True,
        True,
    ]
    with pytest.raises(Unreadable):
        as_boolean("có thể")
    assert [as_text(cell) for cell in (12.0, 12.5, "a", date(2026, 1, 2), datetime.fromisoformat("2026-01-02"))] == [
        "12",
        "12.5",
        "a",
        "2026-01-02",
        "2026-01-02",
    ]
    with pytest.raises(Unreadable):
        as_text("a\x02b")
