"""Number the sources of a report's figures and list them in an appendix."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cchc_pipeline import vietnamese
from cchc_pipeline.days import Period
from cchc_pipeline.reports.cchc_report.content import Grid, Paragraph, Piece, plain
from cchc_pipeline.reports.cchc_report.figures import Figure

_HEADS = ("TT", "Chỉ số hoặc bảng (mã)", "Đơn vị", "Kỳ", "Tử số / mẫu số", "Giá trị")


@dataclass
class Sources:
    """The sources in the order of their first use.

    Attributes:
        names: unit code -> name as it is written.
        rows: key of a source -> its cells in the appendix; its place is its number.
    """

    names: dict[str, str]
    rows: dict[tuple[Any, ...], tuple[str, ...]] = field(default_factory=dict)

    def figure(self, figure: Figure) -> int:
        """Return the number of a figure's source."""
        key = (figure.indicator.id, figure.unit_code, figure.period.first, figure.period.last)
        terms = _number(figure.numerator)
        if figure.indicator.denominator is not None:
            terms += f" / {_number(figure.denominator)}"
        value = figure.text() if figure.value is not None else "không xác định"
        name = f"{figure.indicator.name_vi} ({figure.indicator.id})"
        origin = "; tính từ các bảng đã công bố" if figure.is_computed else ""
        origin += "; dữ liệu chưa đủ kỳ" if figure.is_partial else ""
        whose = f"{self.names.get(figure.unit_code, figure.unit_code)} ({figure.unit_code})"
        return self._number(key, (name, whose, _days(figure.period) + origin, terms, value))

    def table(self, table: str, whose: str, period: Period | str, what: str) -> int:
        """Return the number of a published table from which several figures are taken."""
        days = period if isinstance(period, str) else _days(period)
        return self._number((table, whose, days, what), (f"Bảng {table}: {what}", whose, days, "", ""))

    def _number(self, key: tuple[Any, ...], row: tuple[str, ...]) -> int:
        self.rows.setdefault(key, row)
        return list(self.rows).index(key) + 1

    def pieces(self, manifest: dict[str, Any], command: str) -> list[Piece]:
        """Return the table of sources, below a sentence that names the published version.

        Args:
            manifest: manifest of the published version.
            command: the command that lists the records behind a figure.
        """
        rows = tuple(
            (plain(str(number)), *(plain(cell) for cell in row)) for number, row in enumerate(self.rows.values(), 1)
        )
        version = (
            f"Số liệu lấy từ bản công bố {manifest['version']} (tạo lúc {manifest['created']}), dữ liệu từ ngày "
            f"{_iso(manifest['data_from'])} đến ngày {_iso(manifest['data_until'])}. "
            f"Mỗi tỷ lệ bằng 100 × tử số / mẫu số. Xem hồ sơ, văn bản đứng sau một số liệu: {command}"
        )
        grid = Grid(_HEADS, rows, (5, 36, 18, 17, 13, 11), frozenset({4, 5}), small=True)
        return [Paragraph(plain(version), "small"), grid]


def _number(value: float | None) -> str:
    return "" if value is None else vietnamese.decimal(value)


def _days(period: Period) -> str:
    return f"{vietnamese.day(period.first)} – {vietnamese.day(period.last)}"


def _iso(text: str) -> str:
    return "/".join(reversed(text[:10].split("-")))
