"""Numbers, days and periods as Vietnamese documents write them."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cchc_pipeline import vietnamese


@pytest.mark.parametrize(
    "value, written",
    [(1234.5, "1.234,5"), (28044, "28.044"), (0, "0"), (0.125, "0,13"), (-0.125, "-0,13"), (-0.001, "0"),
     (2.675, "2,68"), (1e6, "1.000.000"), (100, "100"), (Fraction(1, 3), "0,33")],
)  # fmt: skip
def test_numbers_as_documents_write_them(value, written):
    assert vietnamese.decimal(value) == written


def test_a_column_keeps_its_decimals_and_a_text_pads_small_counts():
    assert vietnamese.decimal(5, keep_zeros=True) == "5,00"
    assert [vietnamese.count(n, in_text=True) for n in (0, 3, 9, 10, 64)] == ["0", "03", "09", "10", "64"]
    assert vietnamese.count(3) == "3"
    assert vietnamese.count(332.5, in_text=True) == "332,5"


def test_percentages_come_from_the_exact_ratio():
    assert vietnamese.percent(13_253, 28_044) == "47,26%"
    assert vietnamese.percent(1, 800) == "0,13%"  # a tie: 0.125
    assert vietnamese.percent(1, 2, keep_zeros=True) == "50,00%"


@given(st.integers(-(10**9), 10**9), st.integers(0, 2))
def test_what_is_written_reads_back(units, places):
    value = Fraction(units, 10**places)
    text = vietnamese.decimal(value)
    assert Fraction(text.replace(".", "").replace(",", ".")) == value


@given(st.fractions(-(10**6), 10**6))
def test_rounding_is_off_by_half_a_unit_at_most_and_away_from_zero(value):
    rounded = Fraction(vietnamese.rounded(value))
    assert abs(rounded - value) <= Fraction(1, 200)
    if abs(rounded - value) == Fraction(1, 200):
        assert abs(rounded) > abs(value)


def test_labels_of_periods():
    first, last = date(2026, 7, 1), date(2026, 9, 30)
    kinds = ("month", "quarter", "year", "custom")
    labels = [vietnamese.period_label(kind, first, last) for kind in kinds]
    assert labels == ["07/2026", "Q3/2026", "2026", "01/07/2026 – 30/09/2026"]
    assert vietnamese.period_name("custom", first, last) == "kỳ 01/07/2026–30/09/2026"
