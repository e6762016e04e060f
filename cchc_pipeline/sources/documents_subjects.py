"""What the subject line of a document tells: its kind, and the two facts counted from it.

Belongs here: patterns over the subject (`trích yếu`) before it is masked. Not here: masking
(`masking.py`), the document's envelope (`edxml.py`).
"""

from __future__ import annotations

import re
import unicodedata

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
_DOSSIER = re.compile(
    r"(?<![\w.])(?:\d{3}\.\d{2}\.\d{2}\.)?[GH]\d{2}(?:\.\d{1,3}){0,3}-\d{6}-\d{4,6}(?![\w-])", re.IGNORECASE
)
# A code of an older system: whatever follows the words "hồ sơ", has letters and digits and a separator.
_LEGACY_DOSSIER = re.compile(
    r"\bhồ\s+sơ\s+(?:(?:số|mã)\s+)?(?P<code>(?=[\w./-]*\d)(?=[\w./-]*[./-])[A-Z][A-Z0-9./-]{6,}[A-Z0-9])(?![\w-])"
)


def subject_kind(subject: str) -> str:
    """`publication_decision`, `apology_letter`, `reform_plan`, `reform_report` or `other`.

    >>> subject_kind("Quyết định công bố 12 thủ tục hành chính lĩnh vực đất đai")
    'publication_decision'
    """
    subject = unicodedata.normalize("NFC", subject)
    return next((kind for kind, pattern in _KINDS if pattern.search(subject)), "other")


def procedures_count(subject: str) -> int | None:
    """How many procedures a publication decision says it publishes; None where it gives no number."""
    match = _COUNT.search(unicodedata.normalize("NFC", subject))
    return int(match["count"]) if match else None


def apology_dossier_code(subject: str) -> str | None:
    """The dossier that an apology letter is about; None where none or several are named."""
    subject = unicodedata.normalize("NFC", subject)
    codes = {match.group().upper() for match in _DOSSIER.finditer(subject)}
    codes = codes or {match["code"] for match in _LEGACY_DOSSIER.finditer(subject)}
    return codes.pop() if len(codes) == 1 else None
