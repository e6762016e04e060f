"""Render pages, with figures, periods, rules and evidence in words.

Pages are written in Vietnamese. Texts with an English counterpart are marked, and the script of the site swaps them by
the shared dictionary of `english`, so that no page holds both languages.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from cchc_pipeline import vietnamese
from cchc_pipeline.contracts.code_lists import load_code_list
from cchc_pipeline.drawing.templating import environment
from cchc_pipeline.errors import CchcError
from cchc_pipeline.site.tables import Row
from cchc_pipeline.vietnamese import decimal, period_label
from cchc_pipeline.yaml_files import read_yaml

if TYPE_CHECKING:
    import jinja2

NONE = "—"
_NBSP = "\u00a0"
#: family of the indicator catalogue -> Vietnamese label; other families are shown by their id
FAMILIES = {
    "core": "Tiếp nhận và giải quyết hồ sơ",
    "dossiers": "Hồ sơ theo cấp và lĩnh vực",
    "late": "Nguyên nhân trễ hạn và thư xin lỗi",
    "documents": "Văn bản và công bố thủ tục",
    "procedures": "Thủ tục và dịch vụ công trực tuyến",
    "registers": "Số liệu theo sổ của các cơ quan",
}
#: source of figures -> Vietnamese label
SOURCES = {"local": "Số liệu của tỉnh", "portal": "Số liệu trên Cổng DVCQG", "table": "Bảng PAPI"}
#: severity of a rule -> Vietnamese label
SEVERITY_VI = {"reject": "loại", "warn": "cảnh báo", "note": "ghi chú"}
#: The denominator in a reason, to be replaced where a row hides its counts.
_SMALL_DENOMINATOR = re.compile(r"Mẫu số chỉ có [\d.,]+")
#: Counts in brackets behind a computed figure beside an appraisal, which the public table may hide.
_COUNTS_BESIDE = re.compile(r"(Số liệu hệ thống: [\d.,-]+ điểm) \([^()]*\)")
_CODE = re.compile(r"\b[A-Z][A-Z0-9]*(?:[_.][A-Z0-9]+)+\b")
_PARAMETER = re.compile(r"(\w+)=([\d.]+)")
_SEPARATOR = "; "


class PhraseError(CchcError):
    """A phrase of the pages has no English counterpart."""


@cache
def phrases() -> dict[str, str]:
    """Return Vietnamese phrase of the templates -> English."""
    file = resources.files("cchc_pipeline.site").joinpath("phrases.yaml")
    return read_yaml(file.read_text("utf-8"), dict[str, str], file.name)


def phrase(text: str) -> str:
    """Return the phrase itself if it has an English counterpart.

    Raises:
        PhraseError: it has none.
    """
    if text not in phrases():
        raise PhraseError(f"site: {text!r} has no English counterpart; add it to cchc_pipeline/site/phrases.yaml")
    return text


def english(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the dictionary of the site: Vietnamese -> English.

    It holds the phrases of the templates, and `pairs` of (Vietnamese, English) names from the tables. Where one
    Vietnamese name has several English ones, the first holds.
    """
    found = dict(phrases())
    for name_vi, name_en in pairs:
        if name_vi and name_en and name_vi != name_en:
            found.setdefault(name_vi, name_en)
    return dict(sorted(found.items()))


@cache
def labels(code_list: str) -> dict[str, tuple[str, str]]:
    """Return code -> (Vietnamese label, English label) of a code list."""
    return {str(code.code): (code.label_vi, code.label_en) for code in load_code_list(code_list).codes}


def _or_dash(write: Callable[[Any], str]) -> Callable[[Any], str]:
    """Return a writer that writes a dash for None."""
    return lambda value: NONE if value is None else write(value)


#: A count or measure: 1.234 or 12,50.
number = _or_dash(lambda value: decimal(value, keep_zeros=not float(value).is_integer()))
#: Points with two decimals, as the authority publishes them.
points = _or_dash(lambda value: decimal(value, keep_zeros=True))
#: A maximum, with decimals only where it has some.
most = _or_dash(decimal)
#: A share (0 to 1) in percent with one decimal.
percent = _or_dash(lambda value: f"{decimal(100 * Decimal(str(value)), 1, keep_zeros=True)}{_NBSP}%")
#: A change with its sign (minus sign U+2212); 0 as ±0,00.
signed = _or_dash(lambda value: vietnamese.signed(value, keep_zeros=True, minus="−", zero="±0,00"))
#: A civil date, day first.
day = _or_dash(vietnamese.day)


def moved(value: float) -> str:
    """Return a signed change of a count or measure; whole numbers without decimals."""
    told = round(value, 2)
    return f"{'+' if told > 0 else '−' if told < 0 else '±'}{number(abs(told))}"


def band(first: int) -> str:
    """Return a band of five (such as 5–9) from its first number."""
    return f"{number(first)}–{number(first + 4)}"


#: kind of rule -> its words in Vietnamese and English
_RULES = {
    "linear": ("Tỷ lệ × điểm tối đa{reach}", "Share × maximum{reach}"),
    "linear_above_floor": (
        "Tỷ lệ × điểm tối đa{reach}; dưới {floor}: 0 điểm", "Share × maximum{reach}; below {floor}: 0 points"
    ),
    "all_or_nothing": ("Đủ điểm từ {full_at}, nếu không: 0 điểm", "Full points from {full_at}, otherwise 0"),
    "steps": ("Theo bậc: {steps}", "In steps: {steps}"),
    "bonus": ("Điểm cộng: {points_each} điểm mỗi lần", "Bonus: {points_each} points each"),
    "penalty": ("Điểm trừ: {points_each} điểm mỗi lần", "Penalty: {points_each} points each"),
    "flag": ("Có: đủ điểm; không: 0 điểm", "Yes: full points; no: 0"),
    "carried": ("Điểm do cơ quan khác chấm", "Points as another body gave them"),
    "not_applicable": ("Không áp dụng", "Not applicable"),
    "sum": ("Tổng các tiêu chí", "Sum of the criteria"),
    "survey": ("Điểm khảo sát người dân", "Score of the survey"),
}  # fmt: skip
#: words for what rules are made of, with writers of shares and of points
_RULE_PARTS: tuple[tuple[str, str, Callable[[float], str], Callable[[float], str]], ...] = (
    (", đủ điểm từ {}", "từ {}: {} điểm", lambda share: f"{decimal(100 * share)}{_NBSP}%", decimal),
    (", full points from {}", "from {}: {} points", lambda share: f"{100 * share:g}%", lambda value: f"{value:g}"),
)


def rule(label: str) -> tuple[str, str]:
    """Return a scorecard's `rule` in words (Vietnamese, English); unknown ones as is."""
    kind, _, rest = label.partition("(")
    known = {name: float(value) for name, value in _PARAMETER.findall(rest)}
    steps = [step.split(":") for step in rest.rstrip(")").split(", ")] if kind == "steps" else []
    found = []
    for text, (reach, step, share, worth) in zip(_RULES.get(kind, (label, label)), _RULE_PARTS, strict=True):
        parts = defaultdict(lambda: NONE, {name: share(value) for name, value in known.items()})
        parts["points_each"] = worth(known.get("points_each", 0))
        parts["reach"] = reach.format(parts["full_at"]) if known.get("full_at", 1) != 1 else ""
        parts["steps"] = "; ".join(step.format(share(float(at)), worth(float(points))) for at, points in steps)
        found.append(text.format_map(parts) if kind in _RULES else text)
    return found[0], found[1]


def reasons(row: Row, names: Mapping[str, str]) -> list[str]:
    """Return the sentences of a row's reason, with names in place of criterion codes.

    Counts that must stay hidden are removed.
    """
    if not row["reason_vi"]:
        return []
    text = row["reason_vi"] if row["has_counts"] else _SMALL_DENOMINATOR.sub("Mẫu số dưới 10", row["reason_vi"])
    text = _COUNTS_BESIDE.sub(r"\1", text)
    text = _CODE.sub(lambda found: names.get(found[0], found[0]), text)
    return text.split(_SEPARATOR)


def evidence(row: Row, indicators: Mapping[str, Row]) -> str:
    """Return where the figures of a row come from, in Vietnamese."""
    if row["indicator_id"]:
        known = indicators.get(row["indicator_id"])
        return known["name_vi"] if known else row["indicator_id"]
    if not row["evidence"]:
        return ""
    kind, colon, rest = row["evidence"].partition(":")
    told = {"national_portal": "Cổng DVCQG", "papi__subdimensions": "Bảng số liệu PAPI"}.get(kind) if colon else None
    if told is None:
        is_appraisal = row["evidence"].startswith(tuple(label for label, _ in labels("appraisal_stage").values()))
        return row["evidence"] if is_appraisal else f"Văn bản {row['evidence']}"
    report, _, said = rest.partition(_SEPARATOR)
    return f"{told}, {report}" + (f"; {said}" if said else "")


@cache
def _environment() -> jinja2.Environment:
    return environment(
        "cchc_pipeline.site",
        filters={
            "number": number,
            "points": points,
            "most": most,
            "percent": percent,
            "signed": signed,
            "moved": moved,
            "day": day,
            "severity": SEVERITY_VI.__getitem__,
            "band": band,
            "shown": lambda shown: period_label(shown.period_type, shown.first, shown.last),
            "rule": lambda label: rule(label)[0],
            "t": phrase,
        },
        names={
            "level_label": lambda code: labels("unit_level")[code][0],
            "stage_label": lambda code: labels("counted_stage")[code][0],
            "basis_label": lambda code: labels("today_basis")[code][0],
            "period": period_label,
            "source_label": SOURCES.__getitem__,
            "families": FAMILIES,
            "dash": NONE,
        },
    )


def render(template: str, **content: Any) -> bytes:
    """Return a page: a template of the folder `templates`, filled."""
    return _environment().get_template(template).render(**({"root": ""} | content)).encode()
