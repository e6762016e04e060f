"""Build the whole report: load the figures, fill all parts, write the document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from cchc_pipeline import vietnamese
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.days import Period
from cchc_pipeline.lake.files import Store
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.lake.publish import published_version, read_published
from cchc_pipeline.reports.cchc_report.content import Paragraph, Piece, Run, gap, gaps, plain
from cchc_pipeline.reports.cchc_report.document import write_docx
from cchc_pipeline.reports.cchc_report.figures import Figures, Sources
from cchc_pipeline.reports.cchc_report.fill import Filler
from cchc_pipeline.reports.cchc_report.late_part import LatePart
from cchc_pipeline.reports.cchc_report.parts import parts
from cchc_pipeline.reports.cchc_report.scores import Scores
from cchc_pipeline.reports.cchc_report.template import Block, ByUnit, Comparison, Heading, Part, Table, Template, Text
from cchc_pipeline.reports.forms import late_report
from cchc_pipeline.reports.scope import ReportError, published_manifest, scope
from cchc_pipeline.sources.states import TABLE as STATES


@dataclass(frozen=True)
class Report:
    """A finished report.

    Attributes:
        docx: bytes of the .docx file.
        filled: number of figures written.
        sources: number of their sources.
        gaps: what the writer has to add, in order.
    """

    docx: bytes
    unit_code: str
    unit_name: str
    filled: int
    sources: int
    gaps: tuple[str, ...]


def make_report(lake: Lake, template: Template, period: Period, unit: str | None = None) -> Report:
    """Build a report from the current published version.

    A unit, by default the province, is reported with everything below it.

    Raises:
        ReportError: the unit is unknown, the template names an unknown one, or no day of the period has data.
        PublishError: nothing was published.
    """
    return _Making(lake, template, period, unit).report()


class _Making:
    """One report while it is built."""

    def __init__(self, lake: Lake, template: Template, period: Period, unit: str | None) -> None:
        about = scope(lake.published, period.first, period.last, unit, partly=True)
        self.lake, self.template, self.period = lake, template, period
        self.code, self.name = about.unit_code, about.unit_name
        manifest = published_manifest(lake.published)
        self.province = manifest["province_code"]
        self.figures = Figures(lake, manifest, read_published(lake.published, "unit_changes").to_pylist())
        self.units = {row["unit_code"]: row for row in about.units.to_pylist()}
        self.names = vietnamese.names_within(self.province, about.names)
        self.sources = Sources(self.names)
        self._load()
        self.filler = Filler(
            self.figures, self.sources, self.code, period, self._words(), self.names, dict(template.origins)
        )

    def _below(self) -> list[str]:
        """Return the units directly below the reported one: by level, then by code."""
        order = {"department": 0, "district": 1, "commune": 2}
        rows = [row for row in self.units.values() if row["parent_code"] == self.code and row["is_current"]]
        rows.sort(key=lambda row: (order.get(row["unit_level"], len(order)), row["unit_code"]))
        return [row["unit_code"] for row in rows]

    def _load(self) -> None:
        slots = self.template.slots()
        unknown = sorted({slot.unit for slot in slots if slot.unit} - set(self.units))
        if unknown:
            raise ReportError(
                f"report: the template names {', '.join(unknown)}, which is no unit of the published data. "
                "Correct the part after “@”; units are listed in units.parquet."
            )
        period, ids = self.period, {slot.name for slot in slots}
        units = {self.code, *(slot.unit for slot in slots if slot.unit)}
        self.figures.load(ids, units, dict.fromkeys([period, period.named, period.before(), period.year_ago()]))
        by_unit = {name for block in self.template.blocks() if isinstance(block, ByUnit) for name in block.by_unit}
        if by_unit and (below := self._below()):
            self.figures.load(by_unit, below, [period])

    def _words(self) -> dict[str, str]:
        period, until = self.period, self.figures.until
        superior = "" if self.code == self.province else _formal(self.units[self.province]["unit_name"])
        return {
            "period": period.name_vi,
            "period_days": f"từ ngày {vietnamese.day(period.first)} đến ngày {vietnamese.day(period.last)}",
            "period_before": period.before().name_vi,
            "period_year_ago": period.year_ago().name_vi,
            "year": str(period.last.year),
            "next_year": str(period.last.year + 1),
            "unit": self.names[self.code],
            "province": vietnamese.place_name(self.units[self.province]["unit_name"]),
            "issuer": _formal(self.units[self.code]["unit_name"] if not superior else self.names[self.code]),
            "superior": superior,
            "data_from": vietnamese.day(self.figures.begins),
            "data_until": vietnamese.day(until),
        }

    def report(self) -> Report:
        """Fill everything, the list of sources last, and return the report."""
        body = self._opening()
        for number, section in enumerate(self.template.sections):
            head = (Run(f"{vietnamese.ROMAN[number]}. "), *self.filler.runs(section.title))
            body += [Paragraph(head, "section"), *self._blocks(section.blocks)]
        body.append(self.filler.paragraph(self.template.frame.closing, "closing"))
        appendices = [
            [
                Paragraph(plain(f"Phụ lục {vietnamese.ROMAN[number]}"), "appendix"),
                self.filler.paragraph(section.title, "appendix_title"),
                *self._blocks(section.blocks),
            ]
            for number, section in enumerate(self.template.appendices)
        ]
        frame = {
            name: tuple(self.filler.runs(text) for text in ((texts,) if isinstance(texts, str) else texts))
            for name, texts in self.template.frame
            if name not in ("opening", "closing")
        }
        title, summary = (Paragraph(frame[name][0]).text for name in ("title", "summary"))
        created = datetime.fromisoformat(self.figures.manifest["created"])
        ends = [line for name in ("place", "recipient", "copies", "signature") for line in frame[name]]
        found = gaps([*body, *(piece for appendix in appendices for piece in appendix), *map(Paragraph, ends)])
        docx = write_docx(frame, body, appendices, f"{title.capitalize()}: {summary}", created)
        counts = (self.filler.filled, len(self.sources.rows))
        return Report(docx, self.code, self.name, *counts, tuple(found))

    def _opening(self) -> list[Piece]:
        pieces: list[Piece] = [self.filler.paragraph(text) for text in self.template.frame.opening]
        begins, until = self.figures.begins, self.figures.until
        if self.period.first < begins or self.period.last > until:
            missing = (
                f"dữ liệu chỉ có từ ngày {vietnamese.day(begins)} đến ngày {vietnamese.day(until)}; số liệu "
                "trong báo cáo tính trong phạm vi đó"
            )
            pieces.append(Paragraph((gap(f"Số liệu cả {self.period.name_vi}", missing, "chạy lại khi đủ dữ liệu"),)))
        return [*pieces, *self._states()]

    def _states(self) -> Iterator[Piece]:
        """Yield what has to be said of sources that are absent, were not read, or were saved by a person."""
        store = Store(published_version(self.lake.published))
        held = store.read(STATES, schema=load_contract(STATES).arrow_schema())  # older versions lack the table
        for row in held.to_pylist():
            if row["state"] == "saved":
                yield Paragraph(plain(row["sentence_vi"]), "small")
            elif row["state"] != "read":
                said = row["sentence_vi"].removeprefix(f"{row['title_vi']}: ").removesuffix(".")
                yield Paragraph((gap(row["title_vi"], said),))

    def _blocks(self, blocks: Sequence[Block]) -> list[Piece]:
        level = self.units[self.code]["unit_level"]
        return [piece for block in blocks if block.holds(self.period.last, level) for piece in self._block(block)]

    def _block(self, block: Block) -> list[Piece]:
        match block:
            case Heading():
                return [self.filler.paragraph(block.heading, f"heading{block.level}")]
            case Text():
                return [self.filler.nothing(block.if_any) or self.filler.paragraph(block.text)]
            case Comparison():
                return self.filler.comparison(block)
            case Table():
                return self.filler.table(block)
            case ByUnit():
                return self.filler.by_unit(block, self._below())
            case Part():
                return self._part(block.part)

    def _part(self, name: str) -> list[Piece]:
        first, last = max(self.period.first, self.figures.begins), min(self.period.last, self.figures.until)
        if name == "sources":
            command = f"cchc explain <mã chỉ số> --unit {self.code} --from {first} --to {last}"
            return self.sources.pieces(self.figures.manifest, command)
        if name not in ("late", "late_by_unit"):
            return getattr(Scores(self.filler), name)()
        procedures = read_published(self.lake.published, "procedures")
        named = dict(zip(*(procedures[one].to_pylist() for one in ("procedure_code", "procedure_name")), strict=True))
        part = parts()["late_by_unit"]
        note = self.sources.table(part.table, self.names[self.code], self.period, part.what)
        found = late_report(scope(self.lake.published, first, last, self.code))
        late = LatePart(found, self.template.late, self.names, named, note)
        return late.paragraphs() if name == "late" else late.by_unit(self.period.name_vi)


def _formal(name: str) -> str:
    """Return a name as written above a document, with “UBND” written out."""
    return name.replace("UBND ", "Ủy ban nhân dân ")
