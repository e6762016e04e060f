"""Mask personal data in free text.

Legal frame: Law 91/2025/QH15 on the protection of personal data. Masking prefers too much to too little: a place name
lost costs nothing, a person's name kept does. A bare name without a word that announces it cannot be found this way,
so free text is masked *and* kept out of everything published.
"""

from __future__ import annotations

import re
import unicodedata

NUMBER, PHONE, EMAIL, NAME = "[số]", "[điện thoại]", "[email]", "[tên]"

_UPPER = "A-ZÀÁÂÃÈÉÊÌÍÒÓÔÕÙÚĂĐĨŨƠƯẠẢẤẦẨẪẬẮẰẲẴẶẸẺẼỀẾỂỄỆỈỊỌỎỐỒỔỖỘỚỜỞỠỢỤỦỨỪỬỮỰỲỴÝỶỸ"
_WORD = rf"[{_UPPER}][^\W\d_]*\.?"
# Words after "ông/bà" that name an office or a place and not a person.
_NOT_A_NAME = r"(?!(?:Giám|Phó|Chủ|Trưởng|Thủ|Bộ|Cục|Chánh|Bí|Tổng|Viện|Hiệu|Sở|Ủy|UBND|HĐND|Rịa|Nà|Đen|Điểm|Chiêm)\b)"
_ANNOUNCES = (
    "Ông", "Bà", "Anh", "Chị", "Cô", "Chú", "Bác", "Em", "Cháu", "Đồng chí", "Công dân", "Người nộp", "Người mẫu",
    "Chủ hồ sơ", "Hộ gia đình", "Hộ", "Họ và tên", "Họ tên", "Người đại diện",
)  # fmt: skip

_announce = "|".join(
    sorted({form for word in _ANNOUNCES for form in (word, word.lower(), word.upper())}, key=len, reverse=True)
)
_PERSON = re.compile(
    rf"(?<!\w)(?P<who>(?:{_announce})(?:\s*[,/(]?\s*(?:{_announce})\)?)*)(?P<gap>\s*:?\s+){_NOT_A_NAME}"
    rf"{_WORD}(?:\s+{_NOT_A_NAME}{_WORD}){{0,5}}(?:\s+\d{{3,}}\b)?"
)
_INVENTED = re.compile(r"NGƯỜI MẪU(?:\s+\d+)?")
_EMAIL = re.compile(r"[^\s@<>()\[\],;:\"']+@[^\s@<>()\[\],;:\"']+")
_PHONE = re.compile(r"(?<!\w)(?:\+\s?84|0084|84|0)(?:[ .\-]?\d){8,10}(?!\d)")
_TWELVE = re.compile(r"(?<!\d)\d(?:[ .\-]?\d){11}(?![ .\-]?\d)")
_LONG_NUMBER = re.compile(r"\d(?:[ .\-]?\d){8,}")
_DIGIT_RUN = re.compile(r"\d{9,}")
# Codes that hold many digits and no person: agency code and dossier code.
_CODE = re.compile(
    r"(?<![\w.])((?:\d{3}\.\d{2}\.\d{2}\.)?[A-K]\d{2}(?:\.\d{1,3}){0,3}-\d{6}-\d{4,6}|\d{3}\.\d{2}\.\d{2}\.[A-K]\d{2})(?![\w-])"
)


def mask_text(text: str) -> str:
    """Return `text` in NFC, with personal numbers, phones, e-mails and names masked.

    A name is found by the word that announces it, such as ông or bà.

    >>> mask_text("Thư xin lỗi ông Nguyễn Văn A, CCCD 999000000123")
    'Thư xin lỗi ông [tên], CCCD [số]'
    >>> mask_text("Hồ sơ H34.12-240131-0001")
    'Hồ sơ H34.12-240131-0001'
    """
    pieces = _CODE.split(unicodedata.normalize("NFC", text))  # every second one is a code
    return "".join(piece if number % 2 else _mask_piece(piece) for number, piece in enumerate(pieces))


def _mask_piece(text: str) -> str:
    text = _EMAIL.sub(EMAIL, text)
    text = _INVENTED.sub(NAME, text)
    text = _PERSON.sub(lambda match: f"{match['who']}{match['gap']}{NAME}", text)
    text = _TWELVE.sub(NUMBER, text)
    text = _PHONE.sub(PHONE, text)
    return _LONG_NUMBER.sub(_mask_number, text)


def _mask_number(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match.group())
    # 9 or 12 digits with separators are a person's number; a date range or a sum of money rarely is.
    if _DIGIT_RUN.search(match.group()) or len(digits) in (9, 12):
        return NUMBER
    return match.group()
