"""Write numbers, days, periods and names as Vietnamese documents do: 1.234,5; 47,26%; 08/11/2020; quý III năm 2026."""

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
#: The kind of province is written small, but for the one city whose name it is part of.
_KIND_OF_PROVINCE = re.compile(r"\b(Tỉnh|Thành phố(?! Hồ Chí Minh))\b")


def rounded(value: Number, places: int = 2) -> Decimal:
    """Round a number half away from zero; a float is taken as the decimal that it prints as."""
    if not isinstance(value, Fraction):
        return Decimal(str(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    units = (2 * abs(value.numerator) * 10**places + value.denominator) // (2 * value.denominator)
    return Decimal(units if value >= 0 else -units).scaleb(-places)


def percentage(numerator: float, denominator: float) -> Decimal:
    """Return 100 x numerator / denominator with two decimals, from the exact ratio. The denominator is not 0."""
    return rounded(100 * Fraction(Decimal(str(numerator))) / Fraction(Decimal(str(denominator))))


def decimal(value: Number, places: int = 2, *, keep_zeros: bool = False) -> str:
    """Write a number with a comma and dots between thousands.

    Args:
        value: the number, rounded half away from zero.
        places: most decimals written.
        keep_zeros: whether the decimals are filled up with zeros, as in a column of a table.
    """
    text = f"{rounded(value, places):,.{places}f}"
    if places and not keep_zeros:
        text = text.rstrip("0").rstrip(".")
    if not text.strip("-0.,"):
        text = text.removeprefix("-")
    return text.translate(str.maketrans(",.", ".,"))


def signed(value: Number, *, keep_zeros: bool = False, minus: str = "-", zero: str = "0") -> str:
    """Write a difference with its sign; `zero` stands for one that is written as zero."""
    shown = rounded(value)
    return f"{'+' if shown > 0 else minus}{decimal(abs(shown), keep_zeros=keep_zeros)}" if shown else zero


def count(value: float, *, in_text: bool = False) -> str:
    """Write a count; in running text one below ten has a leading zero. What is no whole number keeps two decimals."""
    if value == int(value) and in_text and 0 < value < _TWO_DIGITS:
        return f"{int(value):02d}"
    return decimal(value)


def percent(numerator: float, denominator: float, *, keep_zeros: bool = False) -> str:
    """Write a ratio as a percentage with its sign. The denominator is not 0."""
    return f"{decimal(percentage(numerator, denominator), keep_zeros=keep_zeros)}%"


def day(value: date) -> str:
    """Write a day as dd/mm/yyyy."""
    return f"{value:%d/%m/%Y}"


def days(first: date, last: date, dash: str = "–") -> str:
    """Write a stretch of days as dd/mm/yyyy–dd/mm/yyyy."""
    return f"{day(first)}{dash}{day(last)}"


def period_name(kind: str, first: date, last: date) -> str:
    """Name a period as in a sentence: "quý III năm 2026"; kinds are those of `days.Period`."""
    names = {
        "month": f"tháng {first.month} năm {first.year}",
        "quarter": f"quý {ROMAN[(first.month - 1) // 3]} năm {first.year}",
        "half": f"6 tháng {'đầu' if first.month == 1 else 'cuối'} năm {first.year}",
        "nine_months": f"9 tháng đầu năm {first.year}",
        "year": f"năm {first.year}",
    }
    return names.get(kind, f"kỳ {days(first, last)}")


def period_label(kind: str, first: date, last: date) -> str:
    """Name a period as in a table or on an axis: 10/2026, Q4/2026, 2026, or from day to day."""
    names = {
        "month": f"{first:%m/%Y}",
        "quarter": f"Q{(first.month + 2) // 3}/{first.year}",
        "year": str(first.year),
    }
    return names.get(kind, days(first, last, " – "))


def lower_first(text: str) -> str:
    """Write a text as it stands within a sentence; one that begins with an abbreviation keeps its capitals."""
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def place_name(committee: str) -> str:
    """Return the name of the place in the name of its People's Committee: "Tỉnh Mẫu"."""
    return _COMMITTEE.sub("", committee)


def names_within(province: str, names: Mapping[str, str]) -> dict[str, str]:
    """Return unit code -> name without that of the `province` (a code) behind it: "Sở Tư pháp - Tỉnh Mẫu"."""
    place = place_name(names.get(province, province))
    tail = re.compile(rf"\s*[-,–]\s*{re.escape(place)}$", re.IGNORECASE)
    return {code: tail.sub("", name) for code, name in names.items()}


def provinces_in_text(names: str) -> str:
    """Write names of provinces as within a sentence (NĐ 30/2020/NĐ-CP, Phụ lục II): tỉnh Hà Giang."""
    return _KIND_OF_PROVINCE.sub(lambda found: found[0].lower(), names)
