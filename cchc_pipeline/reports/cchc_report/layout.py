"""Sizes and margins of an administrative document (NĐ 30/2020/NĐ-CP)."""

from __future__ import annotations

FONT = "Times New Roman"
#: The font may be black only.
BLACK = (0, 0, 0)

# Paper A4 and margins, mm: top and bottom 20 to 25, left 30 to 35, right 15 to 20.
PAGE_WIDTH_MM, PAGE_HEIGHT_MM = 210, 297
MARGIN_TOP_MM, MARGIN_BOTTOM_MM, MARGIN_LEFT_MM, MARGIN_RIGHT_MM = 20, 20, 30, 20
TEXT_WIDTH_MM = PAGE_WIDTH_MM - MARGIN_LEFT_MM - MARGIN_RIGHT_MM

# Sizes in points.
NATION_PT = 12  # Quốc hiệu: capitals, 12 to 13, bold
MOTTO_PT = 14  # Tiêu ngữ: 13 to 14, bold, a line of its own length below
AUTHORITY_PT = 13  # cơ quan ban hành: capitals, 12 to 13; bold, a line of a third to a half of its length below
NUMBER_PT = 13  # số, ký hiệu: 13, upright
PLACE_PT = 14  # địa danh và thời gian: 13 to 14, italic
TITLE_PT = 14  # tên loại và trích yếu: 13 to 14, bold
BODY_PT = 14  # nội dung: 13 to 14, upright, justified
COPIES_HEAD_PT = 12  # "Nơi nhận:": 12, bold italic
COPIES_PT = 11  # list of copies: 11, upright
SIGNATURE_PT = 14  # quyền hạn, chức vụ, họ tên: 13 to 14, bold
PAGE_NUMBER_PT = 14  # số trang: 13 to 14, centred in the top margin, not on the first page

# Paragraphs: indent 1 cm or 1.27 cm, at least 6 pt between them, line spacing from single to 1.5.
INDENT_MM = 12.7
BETWEEN_PT = 6
LINE_SPACING = 1.15

# Tables: the decree leaves them open.
TABLE_PT = 12
SMALL_TABLE_PT = 10
NOTE_PT = 8
CELL_MARGIN_TWIPS = 57  # 1 mm

NATION = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
MOTTO = "Độc lập - Tự do - Hạnh phúc"
