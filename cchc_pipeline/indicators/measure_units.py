"""Translate the units of measure of the catalogue into Vietnamese."""

from __future__ import annotations

#: Unit of the catalogue -> as officials write it.
_VI = {
    "%": "%",
    "accounts": "tài khoản",
    "activities": "hoạt động",
    "billion VND": "tỷ đồng",
    "calls": "cuộc gọi",
    "days": "ngày",
    "decisions": "quyết định",
    "documents": "văn bản",
    "dossiers": "hồ sơ",
    "fields": "lĩnh vực",
    "inspections": "cuộc kiểm tra",
    "interactions": "lượt tương tác",
    "petitions": "phản ánh, kiến nghị",
    "places": "bậc",
    "points": "điểm",
    "procedures": "TTHC",
    "questions": "câu hỏi",
    "rank": "hạng",
    "ratings": "lượt đánh giá",
    "systems": "hệ thống",
    "tasks": "nhiệm vụ",
    "units": "đơn vị",
    "visits": "lượt",
    "visits and calls": "lượt",
    "working days": "ngày làm việc",
}


def unit_vi(unit: str) -> str:
    """Return a unit of the catalogue in Vietnamese; an unknown one as it is."""
    return _VI.get(unit, unit)
