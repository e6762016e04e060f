"""Write a report as .docx, with the sizes and margins that NĐ 30/2020/NĐ-CP prescribes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from typing import Any

from docx import Document
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH as ALIGN
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from cchc_pipeline.reports.cchc_report.content import Grid, Paragraph, Piece, Runs, plain

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

#: widths of the two columns at the head and at the signature
_FRAME_MM = (68, TEXT_WIDTH_MM - 68)
_SIGNATURE_MM = (80, TEXT_WIDTH_MM - 80)
_LINES_TO_SIGN = 4
#: text of the frame -> its lines, filled
Frame = Mapping[str, Sequence[Runs]]


def write_docx(
    frame: Frame, pieces: list[Piece], appendices: list[list[Piece]], title: str, created: datetime
) -> bytes:
    """Return the document as the bytes of a .docx file.

    `frame` has the texts around the body, the fields of `template.Frame`; each appendix begins on a new page. Title and
    time stand in the properties of the file, where the writer's name is left empty.
    """
    document = Document()
    _prepare(document, title, created)
    _write_head(document, frame)
    _write(document, pieces)
    _write_end(document, frame)
    for appendix in appendices:
        document.add_page_break()
        _write(document, appendix)
    stream = BytesIO()
    document.save(stream)
    return stream.getvalue()


def _prepare(document: Any, title: str, created: datetime) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(PAGE_WIDTH_MM), Mm(PAGE_HEIGHT_MM)
    section.top_margin, section.bottom_margin = Mm(MARGIN_TOP_MM), Mm(MARGIN_BOTTOM_MM)
    section.left_margin, section.right_margin = Mm(MARGIN_LEFT_MM), Mm(MARGIN_RIGHT_MM)
    section.header_distance = Mm(10)
    section.different_first_page_header_footer = True
    _page_number(section.header.paragraphs[0])
    for name, size, bold, italic in (
        ("Normal", BODY_PT, False, False),
        ("Heading 1", BODY_PT, True, False),
        ("Heading 2", BODY_PT, True, False),
        ("Heading 3", BODY_PT, True, True),
        ("Caption", TABLE_PT, False, True),
    ):
        style = document.styles[name]
        style.font.size, style.font.bold, style.font.italic = Pt(size), bold, italic
        style.font.color.rgb = RGBColor(*BLACK)
        _set_font(style.element.get_or_add_rPr())
        spacing = style.paragraph_format
        spacing.space_before, spacing.space_after = Pt(BETWEEN_PT if name != "Normal" else 0), Pt(BETWEEN_PT)
        spacing.line_spacing = LINE_SPACING
        spacing.keep_with_next = name != "Normal"
    document.styles["Normal"].element.get_or_add_rPr().append(_element("lang", val="vi-VN"))
    properties = document.core_properties
    properties.title, properties.author, properties.comments, properties.language = title, "", "", "vi-VN"
    properties.last_modified_by = ""
    properties.created = properties.modified = created


def _set_font(properties: Any) -> None:
    """Set one font for all scripts; else Word falls back for Vietnamese letters."""
    fonts = properties.get_or_add_rFonts()
    for script in ("ascii", "hAnsi", "eastAsia", "cs"):
        fonts.set(qn(f"w:{script}"), FONT)
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)


def _page_number(paragraph: Any) -> None:
    paragraph.alignment = ALIGN.CENTER
    run = paragraph.add_run()
    run.font.size = Pt(PAGE_NUMBER_PT)
    instruction = _element("instrText")
    instruction.text = "PAGE"
    run._r.extend([_element("fldChar", fldCharType="begin"), instruction, _element("fldChar", fldCharType="end")])


def _element(name: str, *children: Any, **attributes: str) -> Any:
    """Return an element of the namespace of Word documents."""
    element = OxmlElement(f"w:{name}")
    for key, value in attributes.items():
        element.set(qn(f"w:{key}"), value)
    element.extend(children)
    return element


def _add(paragraph: Any, runs: Runs, size: float | None = None, **look: bool) -> Any:
    """Append pieces of text with their marks; `look`: bold or italic for all of them."""
    for piece in runs:
        if piece.text:
            marks = [_element(name) for name, key in (("b", "bold"), ("i", "italic")) if look.get(key)]
            if piece.is_gap:
                marks = [mark for mark in marks if mark.tag != qn("w:b")]
            marks += [_size(size)] if size else []
            marks += [_element("highlight", val="yellow")] if piece.is_gap else []
            _run(paragraph, piece.text, marks)
        if piece.note is not None:
            small = NOTE_PT if size and size < TABLE_PT else NOTE_PT + 2
            plain_text = (_element(name, val="0") for name in "bi")
            _run(paragraph, f"[{piece.note}]", [*plain_text, _size(small), _element("vertAlign", val="superscript")])
    return paragraph


def _size(points: float) -> Any:
    return _element("sz", val=str(round(2 * points)))


def _run(paragraph: Any, text: str, marks: Sequence[Any]) -> None:
    """Append text with marks, in the order of the schema.

    The library would look up the place of each mark that is set by itself.
    """
    run = paragraph.add_run(text)
    if marks:
        run._r.insert(0, _element("rPr", *marks))


def _write(document: Any, pieces: list[Piece]) -> None:
    for piece in pieces:
        if isinstance(piece, Grid):
            _write_grid(document, piece)
        else:
            _write_paragraph(document, piece)


def _write_paragraph(document: Any, piece: Paragraph) -> None:
    names = {"section": "Heading 1", "heading2": "Heading 2", "heading3": "Heading 3", "caption": "Caption"}
    paragraph = document.add_paragraph(style=names.get(piece.style))  # Normal by default
    if piece.style in ("appendix", "appendix_title"):
        _add(_set(paragraph, ALIGN.CENTER), piece.runs, BODY_PT, bold=True)
    elif piece.style == "caption":
        _add(_set(paragraph, ALIGN.CENTER), piece.runs)
    elif piece.style == "small":
        _set(paragraph, ALIGN.JUSTIFY, space_before=Pt(BETWEEN_PT / 2))
        _add(paragraph, piece.runs, TABLE_PT - 1, italic=True)
    else:
        keep = True if piece.style == "closing" else None  # else a signature could stand alone
        side = ALIGN.LEFT if piece.style in names else ALIGN.JUSTIFY
        _add(_set(paragraph, side, first_line_indent=Mm(INDENT_MM), keep_with_next=keep), piece.runs)


def _set(paragraph: Any, side: Any, **form: Any) -> Any:
    """Return a paragraph aligned to a side, with properties of its format."""
    paragraph.alignment = side
    for name, value in form.items():
        setattr(paragraph.paragraph_format, name, value)
    return paragraph


def _write_grid(document: Any, grid: Grid) -> None:
    size = SMALL_TABLE_PT if grid.small else TABLE_PT
    table = document.add_table(rows=1 + len(grid.rows), cols=len(grid.heads))
    table.style, table.alignment, table.autofit = "Table Grid", WD_TABLE_ALIGNMENT.CENTER, False
    _cell_margins(table)
    scale = TEXT_WIDTH_MM / sum(grid.widths)
    widths = [Mm(width * scale) for width in grid.widths]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    head, *body = table.rows
    _mark(head, "tblHeader")
    for cell, text, width in zip(head.cells, grid.heads, widths, strict=True):
        paragraph = _cell(cell, width, ALIGN.CENTER)
        paragraph.add_run(text).bold = True
        paragraph.runs[0].font.size = Pt(size - (0 if grid.small else 1))
        cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
    above: list[Any] = [None] * len(widths)
    for number, (row, cells) in enumerate(zip(body, grid.rows, strict=True)):
        _mark(row, "cantSplit")
        for column, (cell, runs) in enumerate(zip(row.cells, cells, strict=True)):
            if runs is None and above[column] is not None:
                above[column] = above[column].merge(cell)
                continue
            above[column] = cell
            numeric = column in grid.numeric
            side = ALIGN.RIGHT if numeric else ALIGN.CENTER if column == 0 and _is_number(runs) else ALIGN.LEFT
            _add(_cell(cell, widths[column], side), runs or (), size, bold=number in grid.strong)
    after = document.add_paragraph()
    after.paragraph_format.space_after = Pt(0)
    after.paragraph_format.line_spacing = Pt(BETWEEN_PT)


def _cell_margins(table: Any) -> None:
    """Set narrow side margins in every cell, so that figures do not wrap."""
    margins = (_element(side, w=str(CELL_MARGIN_TWIPS), type="dxa") for side in ("left", "right"))
    table._tbl.tblPr.append(_element("tblCellMar", *margins))


def _is_number(runs: Runs | None) -> bool:
    return bool(runs) and all(sign.isdigit() or sign in ".- " for run in runs or () for sign in run.text)


def _cell(cell: Any, width: Any, side: Any) -> Any:
    """Return the first paragraph of a new cell, of a width and alignment, tight."""
    cell.width = width
    paragraph = cell.paragraphs[0]
    spacing = _element("spacing", before="40", after="40", line="240", lineRule="auto")
    paragraph._p.insert(0, _element("pPr", spacing, _element("jc", val=str(ALIGN.to_xml(side)))))
    return paragraph


def _mark(row: Any, name: str) -> None:
    row._tr.get_or_add_trPr().append(_element(name))


def _columns(document: Any, widths: tuple[float, float]) -> tuple[Any, Any]:
    """Add a table of two columns without lines and return its two cells."""
    table = document.add_table(rows=1, cols=2)
    table.autofit = False
    _cell_margins(table)
    cells = table.rows[0].cells
    for cell, column, width in zip(cells, table.columns, widths, strict=True):
        cell.width = column.width = Mm(width)
    return cells[0], cells[1]


def _line(cell: Any, runs: Runs, size: float, *, first: bool = False, side: Any = ALIGN.CENTER, **look: bool) -> Any:
    paragraph = cell.paragraphs[0] if first else cell.add_paragraph()
    return _add(_set(paragraph, side, space_after=Pt(0), line_spacing=1.0), runs, size, **look)


def _rule(container: Any, width_mm: float, share: float) -> None:
    """Draw a thin centred line over a share (0 to 1) of a width."""
    paragraph = container.add_paragraph()
    form = paragraph.paragraph_format
    form.left_indent = form.right_indent = Mm(width_mm * (1 - share) / 2)
    form.space_before, form.space_after, form.line_spacing = Pt(3), Pt(BETWEEN_PT), Pt(3)
    line = _element("top", val="single", sz="6", space="1", color="000000")
    paragraph._p.get_or_add_pPr().append(_element("pBdr", line))


def _upper(runs: Runs) -> Runs:
    """Return texts in capitals, with a line break after “ỦY BAN NHÂN DÂN”."""

    def capitals(text: str) -> str:
        return text.upper().replace("ỦY BAN NHÂN DÂN ", "ỦY BAN NHÂN DÂN\n")

    return tuple(run if run.is_gap else replace(run, text=capitals(run.text)) for run in runs)


def _write_head(document: Any, frame: Frame) -> None:
    left, right = _columns(document, _FRAME_MM)
    (superior,), (issuer,), (number,), (place,) = (frame[name] for name in ("superior", "issuer", "number", "place"))
    has_superior = any(run.text.strip() for run in superior)
    if has_superior:
        _line(left, _upper(superior), AUTHORITY_PT, first=True)
    _line(left, _upper(issuer), AUTHORITY_PT, first=not has_superior, bold=True)
    _rule(left, _FRAME_MM[0], 0.35)
    _line(left, number, NUMBER_PT)
    _line(right, plain(NATION), NATION_PT, first=True, bold=True)
    _line(right, plain(MOTTO), MOTTO_PT, bold=True)
    _rule(right, _FRAME_MM[1], 0.62)
    _line(right, place, PLACE_PT, italic=True)
    for name, before in (("title", 18), ("summary", 0)):
        paragraph = _set(document.add_paragraph(), ALIGN.CENTER, space_before=Pt(before), space_after=Pt(0))
        _add(paragraph, frame[name][0], TITLE_PT, bold=True)
    _rule(document, TEXT_WIDTH_MM, 0.25)
    between = Pt(2 * BETWEEN_PT)
    recipient = _set(document.add_paragraph(), ALIGN.CENTER, space_before=between, space_after=between)
    _add(recipient, frame["recipient"][0], BODY_PT)


def _write_end(document: Any, frame: Frame) -> None:
    left, right = _columns(document, _SIGNATURE_MM)
    _mark(document.tables[-1].rows[0], "cantSplit")
    _line(left, plain("Nơi nhận:"), COPIES_HEAD_PT, first=True, side=ALIGN.LEFT, bold=True, italic=True)
    for runs in frame["copies"]:
        _line(left, runs, COPIES_PT, side=ALIGN.LEFT)
    for number, runs in enumerate(frame["signature"]):
        _line(right, _upper(runs), SIGNATURE_PT, first=number == 0, bold=True)
    for _ in range(_LINES_TO_SIGN):
        _line(right, (), SIGNATURE_PT)
