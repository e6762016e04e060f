"""Recognise provinces, sub-dimensions, dimensions and totals in PAPI tables.

Labels are recognised by their number, never by their words: re-issued tables put today's words on old columns.
"""

from __future__ import annotations

import re
from functools import cache

from cchc_pipeline.reference.papi_instrument import former_provinces
from cchc_pipeline.tabular.words import without_marks

#: Texts of a cell without a figure.
NO_SCORE = frozenset({"", "NA", "N/A", "#N/A", "-", "–", "."})
WEIGHTED, UNWEIGHTED, STANDARD_ERROR = "TOTAL_WEIGHTED", "TOTAL_UNWEIGHTED", "TOTAL_STANDARD_ERROR"

_PREFIXES = re.compile(r"^(?:tinh|thanh pho|tp|t p|province of|city of)\s+|\s+(?:province|city)$")
#: Spellings that differ by more than marks, spaces and prefixes, as letters only.
_OTHER_NAMES = {
    "hue": "thuathienhue",
    "tthue": "thuathienhue",
    "hcm": "hochiminh",
    "hcmc": "hochiminh",
    "tphcm": "hochiminh",
    "brvt": "bariavungtau",
    "vungtau": "bariavungtau",
    "baccan": "backan",
    "daclac": "daklak",
    "dacnong": "daknong",
    "contum": "kontum",
    "dienbienphu": "dienbien",
}
#: Lines of a table that are about no single province.
_SUMMARIES = (
    "trung binh", "cao nhat", "thap nhat", "lon nhat", "nho nhat", "trung vi", "ca nuoc", "toan quoc", "do lech chuan",
    "highest", "lowest", "mean", "median", "average", "maximum", "minimum", "national", "standard deviation",
    "thang diem", "scale",
)  # fmt: skip
_SUMMARY_WORDS = frozenset({"stt", "tt", "no", "no.", "ma", "id", "code", "papi id", "max", "min", "sd", "vung", "nam"})
#: Statistics about a score that stand in lines of their own beside it.
_ABOUT_A_SCORE = re.compile(
    r"\bci\b|confidence|tin cay|sai so|standard error|\bs\.?e\.?\b|diem thap|diem cao|so nguoi tra loi|\bn ?="
)
_WEIGHTED = re.compile(r"(?<!khong )(?<!khong co )co trong so|(?<!un)weighted")
_UNWEIGHTED = re.compile(r"khong (?:co )?trong so|unweighted")
_ERROR = re.compile(r"sai so chuan|standard error")
_SLOT_WORDS = r"(?:sub-? ?dimension|(?:chi so|truc|noi dung|thanh phan)(?: (?:noi dung|thanh phan|con))*)"
_SLOT = re.compile(rf"^(?:{_SLOT_WORDS}\s*)?([1-8])\.([1-9])(?![\d.]*\d)(?![a-z])")
_SLOT_CODE = re.compile(r"^sc ?([1-8])\.?([1-9])(?!\d)")
_DIMENSION = re.compile(
    r"^(?:dimension|chi so noi dung|truc noi dung|noi dung|truc|linh vuc|d)\s*([1-8])(?!\d)(?!\.\d)"
    r"|^([1-8])\s*[:.](?!\s*\d)"
)


def province_code(text: object) -> str | None:
    """Return P01 to P63 for any spelling of a province of before 1/7/2025, or None."""
    if not isinstance(text, str):
        return None
    return _by_name().get(_letters(text))


def is_new_map(names: list[str]) -> bool:
    """Tell whether names are those of the 34 provinces since 1/7/2025."""
    today = {_letters(province.successor_name_vi) for province in former_provinces().values()}
    found = {_letters(name) for name in names}
    return bool(found) and len(found) <= len(today) and found <= today


def is_summary(text: object) -> bool:
    """Tell whether a line is a summary (mean, maximum, scale, number), no province."""
    words = without_marks(text)
    return words in _SUMMARY_WORDS or any(re.search(rf"\b{one}\b", words) for one in _SUMMARIES)


def measure_code(texts: list[object]) -> str | None:
    """Return the code of the figures labelled by these texts, the nearest text last.

    Returns:
        SC11 to SC89, D1 to D8, one of the three totals, or None where it is none of these: an indicator, a
        confidence interval, a heading.
    """
    words = [without_marks(text) for text in texts if isinstance(text, str) and text.strip()]
    whole = " | ".join(words)
    if total := _total(whole):
        return total
    if _ABOUT_A_SCORE.search(whole) or _WEIGHTED.search(whole):
        return None
    for text in reversed(words):
        if found := _SLOT_CODE.match(text) or _SLOT.match(text):
            return f"SC{found[1]}{found[2]}"
        if found := _DIMENSION.match(text):
            return f"D{found[1] or found[2]}"
    return None


def _total(words: str) -> str | None:
    if "papi" not in words:
        return None
    plain = _UNWEIGHTED.search(words)
    if _ERROR.search(words):
        return STANDARD_ERROR if plain else None
    if _ABOUT_A_SCORE.search(words):
        return None
    return UNWEIGHTED if plain else WEIGHTED if _WEIGHTED.search(words) else None


def _letters(text: str) -> str:
    words = " ".join(re.sub(r"[^a-z0-9]+", " ", without_marks(text)).split())
    shorter = _PREFIXES.sub("", _PREFIXES.sub("", words))
    letters = shorter.replace(" ", "")
    return _OTHER_NAMES.get(letters, letters)


@cache
def _by_name() -> dict[str, str]:
    """Map names in letters only, and codes, to province codes."""
    names: dict[str, str] = {}
    for code, province in former_provinces().items():
        for name in (province.name_vi, province.name_en, code):
            names[_letters(name)] = code
    return names
