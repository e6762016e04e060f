"""Map the words of the one-stop system to the canonical code lists.

Canonical dossier status 1..10: the list of the National Public Service Portal (1 Mới đăng ký,
2 Được tiếp nhận, 3 Không được tiếp nhận, 4 Đang xử lý, 5 Yêu cầu bổ sung giấy tờ, 6 Yêu cầu thực
hiện nghĩa vụ tài chính, 7 Công dân yêu cầu rút hồ sơ, 8 Dừng xử lý, 9 Đã xử lý xong, 10 Đã trả kết quả).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TypeVar

Code = TypeVar("Code", int, str)

_STATUS_NAMES: dict[int, tuple[str, ...]] = {
    1: ("mới đăng ký", "chờ tiếp nhận", "chưa tiếp nhận", "mới nộp"),
    2: ("được tiếp nhận", "đã tiếp nhận", "mới tiếp nhận", "tiếp nhận"),
    3: ("không được tiếp nhận", "không tiếp nhận", "từ chối tiếp nhận", "từ chối", "đã từ chối"),
    4: ("đang xử lý", "đang giải quyết", "chờ xử lý"),
    5: (
        "yêu cầu bổ sung", "yêu cầu bổ sung giấy tờ", "yêu cầu bổ sung hồ sơ", "yêu cầu bổ sung thông tin",
        "chờ bổ sung", "chờ bổ sung hồ sơ", "bổ sung hồ sơ", "đang bổ sung",
    ),
    6: (
        "yêu cầu nghĩa vụ tài chính", "yêu cầu thực hiện nghĩa vụ tài chính", "thực hiện nghĩa vụ tài chính",
        "chờ thực hiện nghĩa vụ tài chính", "yêu cầu thực hiện nvtc", "chờ nghĩa vụ tài chính",
    ),
    7: ("đã rút", "rút hồ sơ", "đã rút hồ sơ", "công dân rút", "công dân rút hồ sơ", "công dân yêu cầu rút hồ sơ"),
    8: ("dừng xử lý", "đã dừng xử lý"),
    9: ("đã có kết quả", "có kết quả", "đã xử lý xong", "xử lý xong", "chờ trả kết quả"),
    10: ("đã trả kết quả", "trả kết quả"),
}  # fmt: skip

_CHANNEL_NAMES: dict[str, tuple[str, ...]] = {
    "direct": ("trực tiếp", "nộp trực tiếp"),
    "online": ("trực tuyến", "nộp trực tuyến"),
    "postal": ("bưu chính công ích", "bưu chính", "qua bưu chính", "qua bưu chính công ích"),
}

ONLINE_PAYMENT_NAMES = frozenset({"trực tuyến", "thanh toán trực tuyến"})
SERVICE_LEVELS = {"1": "information", "2": "information", "3": "partial", "4": "full"}
INTERLINKED = {"NONE": "none", "SAME_LEVEL": "same_level", "CROSS_LEVEL": "cross_level"}
_SERVICE_NAMES: dict[str, tuple[str, ...]] = {
    "full": ("toàn trình", "dịch vụ công trực tuyến toàn trình", "mức độ 4"),
    "partial": ("một phần", "dịch vụ công trực tuyến một phần", "mức độ 3"),
    "information": ("cung cấp thông tin trực tuyến", "chỉ cung cấp thông tin", "mức độ 1", "mức độ 2"),
}
EXECUTING_LEVELS = {
    "TINH": "province", "SO": "province", "HUYEN": "district", "QUANHUYEN": "district",
    "XA": "commune", "XAPHUONG": "commune",
}  # fmt: skip


@lru_cache(maxsize=4096)
def fold(label: str) -> str:
    """Normalise a label for comparison: NFC, no case, single spaces, `lý` and `ký`.

    >>> fold("Đang  xử lí ")
    'đang xử lý'
    """
    label = re.sub(r"\s+", " ", unicodedata.normalize("NFC", label)).strip(" .").casefold()
    return re.sub(r"\b([lk])í\b", r"\1ý", label)


def _lookup(names: Mapping[Code, tuple[str, ...]]) -> Callable[[str | None], Code | None]:
    by_label = {name: code for code, labels in names.items() for name in labels}
    return lambda label: by_label.get(fold(label)) if label else None


#: Canonical status of a status name; None for an unknown name.
status_of = _lookup(_STATUS_NAMES)
#: Channel of an application method: direct, online or postal; None if unknown.
channel_of = _lookup(_CHANNEL_NAMES)
#: Level of an online service: full, partial or information; None if unknown.
service_level_of = _lookup(_SERVICE_NAMES)
