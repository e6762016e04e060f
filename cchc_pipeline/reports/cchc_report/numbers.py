"""Numbers and days as Vietnamese documents write them: 1.234,5; 47,26%; 08/11/2020."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

#: Counts below this are written with a leading zero in running text ("03 hồ sơ"), so that no digit can be put before.
TWO_DIGITS = 10
PLACES = 2


def rounded(value: float | Fraction | Decimal, places: int = PLACES) -> Decimal:
    """A number rounded half away from zero; a float is taken as the decimal that it prints as."""
    exact = value if isinstance(value, Fraction) else Fraction(Decimal(str(value)))
    units = (2 * abs(exact.numerator) * 10**places + exact.denominator) // (2 * exact.denominator)
    return Decimal(units if exact >= 0 else -units).scaleb(-places)


def percentage(numerator: float, denominator: float) -> Decimal:
    """100 x numerator / denominator with two decimals, from the exact ratio. The denominator is not 0."""
    return rounded(100 * Fraction(Decimal(str(numerator))) / Fraction(Decimal(str(denominator))))


def decimal(value: float | Fraction | Decimal, places: int = PLACES, *, keep_zeros: bool = False) -> str:
    """A number with a comma and dots between thousands.

    Args:
        value: what is written, rounded half away from zero.
        places: most decimals written.
        keep_zeros: whether the decimals are filled up with zeros, as in a column of a table.
    """
    text = f"{rounded(value, places):,.{places}f}"
    if places and not keep_zeros:
        text = text.rstrip("0").rstrip(".")
    if not text.strip("-0.,"):
        text = text.removeprefix("-")
    return text.translate(str.maketrans(",.", ".,"))


def count(value: float, *, in_text: bool = False) -> str:
    """A count; in running text one below ten has a leading zero. What is no whole number keeps two decimals."""
    if value == int(value) and in_text and 0 < value < TWO_DIGITS:
        return f"{int(value):02d}"
    return decimal(value)


def percent(numerator: float, denominator: float, *, keep_zeros: bool = False) -> str:
    """A percentage with its sign. The denominator is not 0."""
    return f"{decimal(percentage(numerator, denominator), keep_zeros=keep_zeros)}%"


def day(value: date) -> str:
    """A day as dd/mm/yyyy."""
    return f"{value:%d/%m/%Y}"
