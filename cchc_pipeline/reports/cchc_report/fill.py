"""Fill the template: each slot becomes a figure with its source, a word, or a gap."""

from __future__ import annotations

from dataclasses import dataclass, field

from cchc_pipeline import vietnamese
from cchc_pipeline.days import Period
from cchc_pipeline.indicators.catalogue import Indicator, catalogue, unit_vi
from cchc_pipeline.reports.cchc_report.content import NOTHING, Grid, Paragraph, Piece, Run, Runs, gap, plain
from cchc_pipeline.reports.cchc_report.figures import Figure, Figures, Sources
from cchc_pipeline.reports.cchc_report.template import WORDS, ByUnit, Comparison, Gap, Slot, Table, tokens

#: Relations of events: the origin of their figures depends on the indicator's family and not on the table.
_EVENTS = ("flow", "stock", "opening", "snapshot", "dossiers", "catalogue")


@dataclass
class Filler:
    """Values and words that fill the texts and tables of one unit and period.

    Attributes:
        words: word -> text, for every word of `template.WORDS`.
        names: unit code -> name as it is written.
        origins: family or table -> where its figures come from, in Vietnamese.
    """

    figures: Figures
    sources: Sources
    unit_code: str
    period: Period
    words: dict[str, str]
    names: dict[str, str]
    origins: dict[str, str]
    filled: int = 0
    by_id: dict[str, Indicator] = field(default_factory=lambda: {one.id: one for one in catalogue()})

    def runs(self, text: str, *, in_text: bool = True) -> Runs:
        """Return a text of the template with its slots filled.

        `in_text`: whether numbers stand in running text, and not in a column of a table.
        """
        found: list[Run] = []
        for token in tokens(text):
            if isinstance(token, Gap):
                found.append(gap(self._words(token.what), where=self._words(token.where)))
            elif isinstance(token, str):
                found.append(Run(token))
            elif token.name in WORDS:
                found.append(Run(self.words[token.name]))
            else:
                found.append(self._slot(token, in_text=in_text))
        return tuple(found)

    def _words(self, text: str) -> str:
        return "".join(self.words.get(t.name, t.name) if isinstance(t, Slot) else str(t) for t in tokens(text))

    def paragraph(self, text: str, style: str = "body") -> Paragraph:
        """Return a paragraph with its slots filled."""
        return Paragraph(self.runs(text), style)

    def nothing(self, counted: str | None) -> Paragraph | None:
        """Return a gap where what a slot counts is zero or unknown; None otherwise."""
        for slot in tokens(counted or ""):
            if isinstance(slot, Slot) and slot.name in self.by_id:
                period = self.period.named if slot.is_calendar else self.period
                figure = self.figures.get(slot.name, slot.unit or self.unit_code, period)
                if figure is None or not figure.value:
                    indicator = self.by_id[slot.name]
                    why = "không có số liệu trong kỳ" if figure is None else f"chưa ghi nhận của {self.words['unit']}"
                    return Paragraph((gap(indicator.name_vi, why, self.origin(indicator)),))
        return None

    def _slot(self, slot: Slot, *, in_text: bool) -> Run:
        indicator, unit = self.by_id[slot.name], slot.unit or self.unit_code
        if slot.part in ("change", "change_year"):
            then = self.period.before() if slot.part == "change" else self.period.year_ago()
            return self._change_in_words(indicator, unit, then)
        figure = self.figures.get(slot.name, unit, self.period.named if slot.is_calendar else self.period)
        value = getattr(figure, slot.part) if figure and slot.part else None
        if figure is not None and slot.part and value is not None:
            return self._written(figure, vietnamese.count(value, in_text=in_text))
        return self._value(figure, indicator, unit, in_text=in_text)

    def _value(self, figure: Figure | None, indicator: Indicator, unit: str, *, in_text: bool) -> Run:
        """Return the value of a figure, “không phát sinh” over nothing, or a gap."""
        if figure is not None and figure.value is not None:
            return self._written(figure, figure.text(in_text=in_text))
        if figure is not None and not figure.denominator:
            return self._written(figure, "không phát sinh")
        whose = "" if unit == self.unit_code else f" của {self.names.get(unit, unit)}"
        what = indicator.name_vi + whose
        return gap(what, "không có số liệu trong kỳ", self.origin(indicator)) if in_text else NOTHING

    def _written(self, figure: Figure, text: str) -> Run:
        self.filled += 1
        return Run(text, note=self.sources.figure(figure))

    def origin(self, indicator: Indicator) -> str:
        """Return where the figures of an indicator come from, in Vietnamese."""
        relation = indicator.relations[0]
        key = indicator.family if relation.id in _EVENTS else relation.tables[0]
        return self.origins.get(key) or self.origins.get(relation.tables[0]) or relation.tables[0]

    def _change_in_words(self, indicator: Indicator, unit: str, then: Period) -> Run:
        now, before = (self.figures.get(indicator.id, unit, period) for period in (self.period, then))
        reason = self.figures.not_comparable(indicator, unit, self.period, then)
        if reason or now is None or before is None or now.value is None or before.value is None:
            return gap(
                f"so sánh với {then.name_vi}", reason or f"không có số liệu {then.name_vi}", self.origin(indicator)
            )
        self.sources.figure(now)
        change = _change(now, before)
        word = "tăng " if change.startswith("+") else "giảm "
        said = f"{word}{change[1:]} so với" if change[0] in "+-" else "không đổi so với"
        return self._written(before, f"{said} {then.name_vi} ({before.text(in_text=True)})")

    def comparison(self, block: Comparison) -> list[Piece]:
        """Return a table of indicators: this period, the one before, the same a year ago."""
        thens = list(dict.fromkeys([self.period.before(), self.period.year_ago()]))
        rows: list[tuple[tuple[Runs, ...], dict[Period, list[Runs]]]] = []
        reasons: dict[str, list[Period]] = {}
        used: set[Period] = set()
        for name in block.compare:
            indicator, now = self.by_id[name], self.figures.get(name, self.unit_code, self.period)
            value = self._value(now, indicator, self.unit_code, in_text=False)
            pairs: dict[Period, list[Runs]] = {}
            # in brackets for indicators whose name does not contain their unit
            is_said = indicator.unit not in ("billion VND", "working days", "days")
            unit = "" if is_said else f" ({unit_vi(indicator.unit)})"
            rows.append(((plain(f"{indicator.name_vi}{unit}"), (value,)), pairs))
            for then in thens:
                reason, pairs[then] = self._beside(indicator, now, then)
                if reason is None:
                    used.add(then)
                elif then not in reasons.setdefault(reason, []):
                    reasons[reason].append(then)
        # Columns in which nothing is comparable are left out; a sentence below the table gives the reason.
        shown = [then for then in thens if then in used]
        heads = ["Chỉ tiêu", _head(self.period)]
        for then in shown:
            heads += [_head(then), "Tăng (+), giảm (-)"]
        kept = tuple((*own, *(cell for then in shown for cell in pairs[then])) for own, pairs in rows)
        widths = (38.0, 14.0) + (12.0, 12.0) * len(shown)
        grid = Grid(tuple(heads), kept, widths, frozenset(range(1, len(heads))))
        withs = {reason: " và với ".join(then.name_vi for then in periods) for reason, periods in reasons.items()}
        notes = (f"(–) Không so sánh với {whom}: {reason}." for reason, whom in withs.items())
        return [self.paragraph(block.caption, "caption"), grid, *(Paragraph(plain(note), "small") for note in notes)]

    def _beside(self, indicator: Indicator, now: Figure | None, then: Period) -> tuple[str | None, list[Runs]]:
        """Return the reason against comparing, or None; the other value and the change."""
        before = self.figures.get(indicator.id, self.unit_code, then)
        reason = self.figures.not_comparable(indicator, self.unit_code, self.period, then)
        if now is None or now.value is None:
            reason = reason or f"không có số liệu {self.period.name_vi}"
        if before is None or before.value is None:
            reason = reason or f"không có số liệu {then.name_vi}"
        if reason or now is None or before is None:
            return reason, [plain("–"), plain("–")]
        return None, [(self._written(before, before.text()),), plain(_change(now, before))]

    def table(self, block: Table) -> list[Piece]:
        """Return a table of texts with its caption."""
        rows = tuple(tuple(self.runs(cell) if cell else None for cell in row) for row in block.table)
        grid = Grid(block.columns, rows, block.widths)
        return [self.paragraph(block.caption, "caption"), grid] if block.caption else [grid]

    def by_unit(self, block: ByUnit, units: list[str]) -> list[Piece]:
        """Return a table of indicators, one row per unit; units without counts are absent."""
        rows, number = [], 0
        for unit in units:
            found = [self.figures.get(name, unit, self.period) for name in block.by_unit]
            if not any(figure and (figure.numerator or figure.denominator) for figure in found):
                continue
            number += 1
            cells = [plain(str(number)), plain(self.names.get(unit, unit))]
            cells += [self._cell(figure) for figure in found]
            rows.append(tuple(cells))
        heads = ["TT", "Đơn vị", *block.by_unit.values()]
        if not rows:
            what = gap(self.words["unit"], f"không có đơn vị trực thuộc nào có số liệu {self.period.name_vi}")
            return [self.paragraph(block.caption, "caption"), Paragraph((what,))]
        width = 64.0 / len(block.by_unit)
        columns = (5.0, 31.0) + (width,) * len(block.by_unit)
        grid = Grid(tuple(heads), tuple(rows), columns, frozenset(range(2, len(heads))), small=True)
        note = self.sources.table(
            "indicator_values", self.names.get(self.unit_code, self.unit_code), self.period, ", ".join(block.by_unit)
        )
        caption = Paragraph((*self.runs(block.caption), Run("", note=note)), "caption")
        return [caption, grid]

    def _cell(self, figure: Figure | None) -> Runs:
        """Return a figure for a table that has one source as a whole."""
        if figure is None or figure.value is None:
            return plain("–")
        self.filled += 1
        return plain(figure.text().removesuffix("%") if figure.is_rate else figure.text())


def _change(now: Figure, before: Figure) -> str:
    """Return a signed change: points of % for shares, else number and per cent."""
    if now.is_rate:
        # from the rounded values as written, so that a reader who subtracts gets the same difference
        shown, then = (vietnamese.percentage(one.numerator or 0, one.denominator or 1) for one in (now, before))
        points = vietnamese.signed(shown - then)
        return points if points == "0" else f"{points} điểm %"
    difference = (now.value or 0) - (before.value or 0)
    if before.value and now.indicator.denominator is None and difference:
        share = vietnamese.decimal(abs(100 * difference / before.value))
        return f"{vietnamese.signed(difference)} ({share}%)"
    return vietnamese.signed(difference)


def _head(period: Period) -> str:
    if period.kind == "custom" and not period.calendar:
        return f"{period.first:%d/%m/%Y} – {period.last:%d/%m/%Y}"
    return period.name_vi[0].upper() + period.name_vi[1:]
