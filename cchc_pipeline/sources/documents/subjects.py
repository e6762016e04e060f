"""Classify the subject line (in NFC) of a document, and read the counts in it."""

from __future__ import annotations

import re

# First match wins. Order: what is most specific comes first.
_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE | re.DOTALL))
    for kind, pattern in (
        ("apology_letter", r"\bxin\s+lỗi\b"),
        ("publication_decision", r"\bcông\s+bố\b.{0,80}?\b(?:thủ\s+tục|TTHC)\b"),
        ("reform_plan", r"\bkế\s+hoạch\b.*\b(?:cải\s+cách\s+(?:thủ\s+tục\s+)?hành\s+chính|CCHC)\b"),
        ("reform_report", r"\bbáo\s+cáo\b.*\b(?:cải\s+cách\s+(?:thủ\s+tục\s+)?hành\s+chính|CCHC)\b"),
    )
)
_COUNT = re.compile(
    r"\bcông\s+bố\s+(?:danh\s+mục\s+)?(?P<count>\d{1,4})(?:\s*\([^)]*\))?\s+(?:thủ\s+tục|TTHC)\b", re.IGNORECASE
)
_ALL_INTERNAL = re.compile(r"\b(?:thủ\s+tục\s+hành\s+chính|TTHC)\s+nội\s+bộ\b", re.IGNORECASE)
_SOME_INTERNAL = re.compile(
    r"\((?:trong\s+đó\s+)?(?:có\s+)?(?P<count>\d{1,4})\s+(?:thủ\s+tục\s+hành\s+chính|TTHC)\s+nội\s+bộ\)", re.IGNORECASE
)
# What reports on digital signatures leave out: finance, personnel and organisation. First match wins.
_FIELDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "personnel",
        re.compile(
            r"\b(?:nhân\s+sự|tổ\s+chức\s+cán\s+bộ|bổ\s+nhiệm|miễn\s+nhiệm|điều\s+động|luân\s+chuyển|biệt\s+phái"
            r"|nâng\s+(?:bậc\s+)?lương|nghỉ\s+hưu|tuyển\s+dụng|kỷ\s+luật)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "finance",
        re.compile(
            r"\b(?:tài\s+chính|ngân\s+sách|dự\s+toán|quyết\s+toán|kinh\s+phí|giải\s+ngân|thanh\s+toán|mua\s+sắm)\b",
            re.IGNORECASE,
        ),
    ),
)
_DOSSIER = re.compile(
    r"(?<![\w.])(?:\d{3}\.\d{2}\.\d{2}\.)?[GH]\d{2}(?:\.\d{1,3}){0,3}-\d{6}-\d{4,6}(?![\w-])", re.IGNORECASE
)
# A code of an older system: whatever follows the words "hồ sơ", has letters and digits and a separator.
_LEGACY_DOSSIER = re.compile(
    r"\bhồ\s+sơ\s+(?:(?:số|mã)\s+)?(?P<code>(?=[\w./-]*\d)(?=[\w./-]*[./-])[A-Z][A-Z0-9./-]{6,}[A-Z0-9])(?![\w-])"
)


def subject_kind(subject: str) -> str:
    """Return the kind of a subject: publication_decision, apology_letter, … or other.

    >>> subject_kind("Quyết định công bố 12 thủ tục hành chính lĩnh vực đất đai")
    'publication_decision'
    """
    return next((kind for kind, pattern in _KINDS if pattern.search(subject)), "other")


def procedures_count(subject: str) -> int | None:
    """Read how many procedures a decision publishes; None where it gives no number."""
    match = _COUNT.search(subject)
    return int(match["count"]) if match else None


def internal_procedures_count(subject: str) -> int | None:
    """Read how many internal procedures a decision publishes; None without a number.

    >>> internal_procedures_count("công bố 12 TTHC (trong đó có 3 TTHC nội bộ) lĩnh vực y tế")
    3
    >>> internal_procedures_count("Quyết định công bố 7 thủ tục hành chính nội bộ lĩnh vực nội vụ")
    7
    """
    total, some = procedures_count(subject), _SOME_INTERNAL.search(subject)
    if some:
        return int(some["count"])
    return total if _ALL_INTERNAL.search(subject) else None if total is None else 0


def subject_field(subject: str) -> str:
    """Classify a subject as finance, personnel or other, by its wording.

    >>> subject_field("Quyết định về việc nâng bậc lương thường xuyên"), subject_field("Giấy mời họp")
    ('personnel', 'other')
    """
    return next((field for field, pattern in _FIELDS if pattern.search(subject)), "other")


def apology_dossier_code(subject: str) -> str | None:
    """Find the dossier that an apology letter names; None for none or several."""
    codes = {match.group().upper() for match in _DOSSIER.finditer(subject)}
    codes = codes or {match["code"] for match in _LEGACY_DOSSIER.finditer(subject)}
    return codes.pop() if len(codes) == 1 else None
