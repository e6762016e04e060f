"""Normalise words of headers and labels, so that they can be compared."""

from __future__ import annotations

import unicodedata
from typing import Any


def comparable(text: Any) -> str:
    """Return the text in NFC with single spaces, without case and stars."""
    return " ".join(unicodedata.normalize("NFC", str(text)).replace("*", " ").split()).casefold()


def without_marks(text: Any) -> str:
    """Return the text without accents and case, `đ` as `d`, with single spaces."""
    base = unicodedata.normalize("NFD", str(text).replace("Đ", "D").replace("đ", "d"))
    return " ".join("".join(sign for sign in base if unicodedata.category(sign) != "Mn").casefold().split())
