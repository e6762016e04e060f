"""Format numbers, days, periods and names as in Vietnamese documents."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

Number = float | Fraction | Decimal
ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X")
#: Counts below this are written with a leading zero in running text ("03 hồ sơ"), so that no digit can be put before.
_TWO_DIGITS = 10
_COMMITTEE = re.compile(r"^(UBND|Ủy ban nhân dân|Uỷ ban nhân dân)\s+", re.IGNORECASE)
#: The kind of province is written in lower case, except in Thành phố Hồ Chí Minh, where it is part of the name.
_KIND_OF_PROVINCE = re.compile(r"\b(Tỉnh|Thành phố(?! Hồ Chí Minh))\b")


def rounded(value: Number, places: int = 2) -> Decimal:
    """Round half away from zero; a float is taken as the decimal that it prints as."""
    if not isinstance(value, Fraction):
        return Decimal(str(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    units = (2 * abs(value.numerator) * 10**places + value.denominator) // (2 * value.denominator)
    return Decimal(units if value >= 0 else -units).scaleb(-places)


def percentage(numerator: float, denominator: float) -> Decimal:
    """Return 100 x numerator / denominator (not 0), exact, rounded to two decimals."""
    return rounded(100 * Fraction(Decimal(str(numerator))) / Fraction(Decimal(str(denominator))))


def decimal(value: Number, places: int = 2, *, keep_zeros: bool = False) -> str:
    """Format a number with a decimal comma and dots between thousands.

    Args:
        value: the number, rounded half away from zero.
        places: largest number of decimals.
        keep_zeros: whether the decimals are filled up with zeros, as in a column of a table.
    """
    text = f"{rounded(value, places):,.{places}f}"
    if places and not keep_zeros:
        text = text.rstrip("0").rstrip(".")
    if not text.strip("-0.,"):
        text = text.removeprefix("-")
    return text.translate(str.maketrans(",.", ".,"))


def signed(value: Number, *, keep_zeros: bool = False, minus: str = "-", zero: str = "0") -> str:
    """Format a difference with its sign; return `zero` where it rounds to zero."""
    shown = rounded(value)
    return f"{'+' if shown > 0 else minus}{decimal(abs(shown), keep_zeros=keep_zeros)}" if shown else zero


def count(value: float, *, in_text: bool = False) -> str:
    """Format a count, `in_text` below ten with a leading zero; at most two decimals."""
    if value == int(value) and in_text and 0 < value < _TWO_DIGITS:
        return f"{int(value):02d}"
    return decimal(value)


def percent(numerator: float, denominator: float, *, keep_zeros: bool = False) -> str:
    """Format numerator / denominator (not 0) as a percentage: 47,26%."""
    return f"{decimal(percentage(numerator, denominator), keep_zeros=keep_zeros)}%"


def day(value: date) -> str:
    """Format a day as dd/mm/yyyy."""
    return f"{value:%d/%m/%Y}"


def days(first: date, last: date, dash: str = "–") -> str:
    """Format a range of days as dd/mm/yyyy–dd/mm/yyyy."""
    return f"{day(first)}{dash}{day(last)}"


def period_name(kind: str, first: date, last: date) -> str:
    """Name a period (kinds of `days.Period`) as in a sentence: quý III năm 2026."""
    names = {
        "month": f"tháng {first.month} năm {first.year}",
        "quarter": f"quý {ROMAN[(first.month - 1) // 3]} năm {first.year}",
        "half": f"6 tháng {'đầu' if first.month == 1 else 'cuối'} năm {first.year}",
        "nine_months": f"9 tháng đầu năm {first.year}",
        "year": f"năm {first.year}",
    }
    return names.get(kind, f"kỳ {days(first, last)}")


def period_label(kind: str, first: date, last: date) -> str:
    """Name a period for a table or axis: 10/2026, Q4/2026, 2026, or a day range."""
    names = {
        "month": f"{first:%m/%Y}",
        "quarter": f"Q{(first.month + 2) // 3}/{first.year}",
        "year": str(first.year),
    }
    return names.get(kind, days(first, last, " – "))


def lower_first(text: str) -> str:
    """Return a text with its first letter lower, unless it starts an abbreviation."""
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def place_name(committee: str) -> str:
    """Return the place that a People's Committee is named for: Tỉnh Mẫu."""
    return _COMMITTEE.sub("", committee)


def names_within(province: str, names: Mapping[str, str]) -> dict[str, str]:
    """Return unit code -> name without that of the province (a code) behind it."""
    place = place_name(names.get(province, province))
    tail = re.compile(rf"\s*[-,–]\s*{re.escape(place)}$", re.IGNORECASE)
    return {code: tail.sub("", name) for code, name in names.items()}


def provinces_in_text(names: str) -> str:
    """Return names in sentence case: tỉnh Hà Giang (NĐ 30/2020/NĐ-CP, Phụ lục II)."""
    return _KIND_OF_PROVINCE.sub(lambda found: found[0].lower(), names)
