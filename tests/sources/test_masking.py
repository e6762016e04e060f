from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cchc_pipeline.text import mask_text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("V/v giải quyết đơn của Ông NGƯỜI MẪU 000123, số định danh 999000000123",
         "V/v giải quyết đơn của Ông [tên], số định danh [số]"),
        ("V/v trả lời kiến nghị của Bà NGƯỜI MẪU 004567, điện thoại +84000004567",
         "V/v trả lời kiến nghị của Bà [tên], điện thoại [điện thoại]"),
        ("Thư xin lỗi ông Nguyễn Văn A về việc chậm", "Thư xin lỗi ông [tên] về việc chậm"),
        ("gửi ông/bà Trần Thị Bích và anh Nam", "gửi ông/bà [tên] và anh [tên]"),
        ("CMND 123456789, email mau000001@example.invalid", "CMND [số], email [email]"),
        ("số 079 123 456 789", "số [số]"),
        ("số 001 234 567 890 và 001234567890", "số [số] và [số]"),
        ("điện thoại 0912.345.678", "điện thoại [điện thoại]"),
        ("NGƯỜI MẪU 000123", "[tên]"),
    ],
)  # fmt: skip
def test_personal_data_is_replaced(text: str, masked: str) -> None:
    assert mask_text(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "Phiếu xin lỗi, hồ sơ 000.00.12.H34-240131-0001",
        "Phiếu xin lỗi, hồ sơ H34.23.09-240131-896048",
        "Quyết định công bố 12 thủ tục hành chính lĩnh vực đất đai",
        "Kế hoạch cải cách hành chính năm 2026",
        "Giấy mời Ông Giám đốc Sở Tư pháp họp ngày 01/02/2026",
        "V/v phối hợp với tỉnh Bà Rịa - Vũng Tàu",
        "Báo cáo số 123/BC-UBND ngày 30/9/2026",
        "V/v cải tạo hộ tịch, công dân số",
    ],
)
def test_what_is_not_personal_stays(text: str) -> None:
    assert mask_text(text) == text


SPACES = st.sampled_from(["", " ", ".", "-"])


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=80), st.sampled_from(["9", "12"]), st.randoms(use_true_random=False), st.text(max_size=80))
def test_no_long_number_survives_anywhere(before: str, length: str, random, after: str) -> None:
    number = "".join(random.choice("0123456789") for _ in range(int(length)))
    masked = mask_text(f"{before} {number} {after}")
    assert number not in masked
    assert not re.search(r"(?<![\w.-])\d{9,}(?![\w-])", masked)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=120))
def test_masking_twice_changes_nothing(text: str) -> None:
    once = mask_text(text)
    assert unicodedata.is_normalized("NFC", once)
    assert mask_text(once) == once


WORDS = ["Nguyễn", "Trần", "Lê", "Văn", "Thị", "Đức", "Ánh", "Bích", "Ý", "Ngọc", "Hà"]
NAMES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join)
WHO = st.sampled_from(["ông", "Bà", "ÔNG", "anh", "chị", "người nộp", "Ông/Bà", "công dân"])


@settings(max_examples=100, deadline=None)
@given(st.one_of(NAMES, NAMES.map(str.upper)), WHO, st.sampled_from(["NFC", "NFD"]))
def test_announced_names_never_survive(name: str, who: str, form: str) -> None:
    text = f"V/v trả lời đơn của {who} {name}, thôn 3"
    assert mask_text(unicodedata.normalize(form, text)) == f"V/v trả lời đơn của {who} [tên], thôn 3"
