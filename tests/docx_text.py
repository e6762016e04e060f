"""Reading a report back: paragraphs and tables in order, figures with the number of their source."""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO

from docx import Document
from docx.enum.text import WD_COLOR_INDEX
from docx.table import Table
from docx.text.paragraph import Paragraph

_NOTE = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True)
class Read:
    """A document as a reader sees it."""

    paragraphs: list[Paragraph]
    tables: list[Table]

    @property
    def text(self) -> str:
        """Everything in order, without the numbers of sources; cells apart by tabs."""
        return "\n".join(plain(paragraph) for paragraph in self.paragraphs)

    @property
    def gaps(self) -> list[str]:
        """What is highlighted."""
        runs = [run for paragraph in self.paragraphs for run in paragraph.runs]
        return [run.text for run in runs if run.font.highlight_color == WD_COLOR_INDEX.YELLOW]

    def figures(self) -> list[tuple[str, int]]:
        """Each figure with the number of its source."""
        found = []
        for paragraph in self.paragraphs:
            for before, run in zip(paragraph.runs, paragraph.runs[1:], strict=False):
                if run.font.superscript and (note := _NOTE.fullmatch(run.text)):
                    found.append((before.text, int(note[1])))
        return found

    def table(self, *heads: str) -> list[list[str]]:
        """The rows of the only table with these heads, all heads given."""
        (one,) = [t for t in self.tables if [c.text for c in t.rows[0].cells] == list(heads)]
        return [[plain_cell(cell) for cell in row.cells] for row in one.rows[1:]]

    def sources(self) -> dict[int, list[str]]:
        """The rows of the table of sources by number."""
        rows = self.table("TT", "Chỉ số hoặc bảng (mã)", "Đơn vị", "Kỳ", "Tử số / mẫu số", "Giá trị")
        return {int(number): rest for number, *rest in rows}


def plain(paragraph: Paragraph) -> str:
    return "".join(run.text for run in paragraph.runs if not run.font.superscript)


def plain_cell(cell) -> str:
    return "\n".join(plain(paragraph) for paragraph in cell.paragraphs)


def read(content: bytes) -> Read:
    document = Document(BytesIO(content))
    paragraphs: list[Paragraph] = []
    for item in document.iter_inner_content():
        if isinstance(item, Table):
            seen = set()
            for row in item.rows:
                for cell in row.cells:
                    if id(cell._tc) not in seen:
                        seen.add(id(cell._tc))
                        paragraphs += cell.paragraphs
        else:
            paragraphs.append(item)
    return Read(paragraphs, list(document.tables))


def written(value: float | None) -> str:
    """Points as the report writes them."""
    return "–" if value is None else f"{value:.2f}".replace(".", ",")


def number(text: str) -> float:
    """A Vietnamese number as a number."""
    return float(text.strip().removesuffix("%").replace(".", "").replace(",", "."))
