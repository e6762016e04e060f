"""Render the reference pages of `docs/` from contracts and catalogue; check them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from cchc_pipeline.contracts import Contract, all_contracts, rule_list
from cchc_pipeline.drawing.markdown import markdown_table
from cchc_pipeline.errors import CchcError
from cchc_pipeline.indicators.catalogue import Indicator, Term, catalogue, relations
from cchc_pipeline.reports.docs.broken_cases import render_broken_records
from cchc_pipeline.scorecards.indicators_used import criteria_by_indicator

_RENDERED = "<!-- Rendered by `cchc docs`. Change the contracts or the catalogue and render again. -->"


class DocsStale(CchcError):  # noqa: N818 - says what happened
    """A rendered page on disk differs from what would be rendered now."""


def render_dictionary(contracts: Iterable[Contract] | None = None) -> str:
    """Render every table with columns and rules as Markdown, published tables first."""
    every = sorted(all_contracts() if contracts is None else contracts, key=lambda c: (not c.is_published, c.name))
    lines = [
        _RENDERED,
        "",
        "# Data dictionary",
        "",
        "What every table holds. Published tables lie in `published/current/`, one Parquet file each; inbound tables "
        "are what the sources deliver, before and after validation. Severity of a rule: `reject` sends the row to "
        "quarantine, `warn` and `note` only count it. A required column also has the rule `<table>.<column>_required` "
        "(reject), which is not repeated below. How rules work: [contracts.md](contracts.md).",
        "",
        *markdown_table(
            ["table", "", "what it is", "tiếng Việt", "rows"],
            [
                [
                    f"[`{c.name}`](#{c.name})",
                    "published" if c.is_published else "inbound",
                    c.title_en,
                    c.title_vi,
                    c.grain,
                ]
                for c in every
            ],
        ),
    ]
    for contract in every:
        lines += ["", *_contract(contract)]
    lines += ["", *_code_lists(every)]
    return "\n".join(lines) + "\n"


def render_indicators(indicators: Sequence[Indicator] | None = None) -> str:
    """Render every indicator of the catalogue as Markdown, by legal basis."""
    every = catalogue() if indicators is None else indicators
    used = criteria_by_indicator()
    lines = [
        _RENDERED,
        "",
        "# Indicators",
        "",
        f"The catalogue (`cchc_pipeline/indicators/families/`) has {len(every)} indicators. It is published as "
        "the table [`indicators`](data-dictionary.md#indicators); values are in "
        "[`indicator_values`](data-dictionary.md#indicator_values).",
        "",
        "A new indicator is one entry in a family file with one SQL expression per term. A rate in % has the value "
        "100 × numerator / denominator, a mean numerator / denominator, a count the numerator; a median and an index "
        "that others publish the numerator too (the denominator says of how many). Without a denominator (0) there is "
        "no value. Rates roll up exactly, because both terms are kept; ranks and scores do not add up.",
        "",
        "A term is one aggregate over a relation; its family declares it:",
        "",
        *markdown_table(
            ["relation", "family", "kind", "one row counts", "of a unit and period", "no row means", "made from"],
            [
                [
                    f"`{r.id}`",
                    r.family,
                    r.kind,
                    r.grain,
                    r.meaning,
                    "zero" if r.absent == "zero" else "zero where it was counted" if r.covered_by else "unknown",
                    ", ".join(f"[`{name}`](data-dictionary.md#{name})" for name in r.tables),
                ]
                for r in relations().values()
            ],
        ),
        "",
        "Measures of events are defined in `cchc_pipeline/core/sql/dossier_items.sql` and `document_items.sql`, "
        "those of registers in `data_contracts/code_lists/register_measure.yaml`. *Exact sum*: whether numerators and "
        "denominators of units below add up to those of the unit above. *Scored in* is read off the rubrics.",
    ]
    for basis in dict.fromkeys(indicator.legal_basis for indicator in every):
        rows = [
            [
                f"`{i.id}`",
                i.name_vi,
                i.name_en,
                {"dossiers": "dossiers", "days": "working days"}.get(i.unit, i.unit),
                i.kind,
                _term(i.numerator),
                _term(i.denominator) if i.denominator else "",
                "yes" if i.is_additive else "no",
                ", ".join(used.get(i.id, ())),
            ]
            for i in every
            if i.legal_basis == basis
        ]
        head = ["id", "tên", "name", "unit", "kind", "numerator", "denominator", "exact sum", "scored in"]
        lines += ["", f"## {basis}", "", *markdown_table(head, rows)]
    return "\n".join(lines) + "\n"


def pages() -> dict[str, str]:
    """Return file name below `docs/` -> text of every rendered page."""
    return {
        "data-dictionary.md": render_dictionary(),
        "indicators.md": render_indicators(),
        "broken-records.md": render_broken_records(),
    }


def write_pages(folder: Path) -> list[Path]:
    """Write every rendered page into `folder` and return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in pages()]


def check_pages(folder: Path) -> None:
    """Compare the files in `folder` with what would be rendered.

    Raises:
        DocsStale: a page is absent or differs.
    """
    stale = [
        name
        for name, text in pages().items()
        if not (folder / name).exists() or (folder / name).read_text(encoding="utf-8") != text
    ]
    if stale:
        raise DocsStale(
            f"docs: {', '.join(stale)} in {folder} is not what the contracts and the catalogue say now. "
            f"Render again: `cchc docs --out {folder}`.",
            pages=stale,
        )


def _contract(contract: Contract) -> list[str]:
    implied = {f"{contract.name}.{column.name}_required" for column in contract.columns if column.required}
    rules = [rule for rule in rule_list(contract) if rule["rule_id"] not in implied]
    columns = [
        [
            f"`{column.name}`",
            column.physical_type,
            column.unit or "",
            column.label_vi,
            column.label_en,
            "yes" if column.required else "",
            column.classification,
            f"[{column.code_list}](#{_anchor(column.code_list)})" if column.code_list else "",
            column.description_vi,
            column.description,
        ]
        for column in contract.columns
    ]
    return [
        f"## {contract.name}",
        "",
        f"**{contract.title_vi}.** {contract.purpose_vi}",
        "",
        f"**{contract.title_en}.** {contract.purpose} {contract.usage}".strip(),
        "",
        f"- Grain: {contract.grain}",
        f"- Key: {', '.join(f'`{name}`' for name in contract.key)}",
        *_promises(contract),
        "",
        *markdown_table(
            ["column", "type", "unit", "tiếng Việt", "English", "required", "class", "codes", "ý nghĩa", "meaning"],
            columns,
        ),
        "",
        *markdown_table(
            ["rule", "severity", "tiếng Việt", "English"],
            [[f"`{r['rule_id']}`", r["severity"], r["sentence_vi"], r["sentence_en"]] for r in rules],
        ),
    ]


def _promises(contract: Contract) -> list[str]:
    direction = "published" if contract.is_published else f"inbound, source `{contract.source}`"
    lines = [
        f"- Contract: `data_contracts/{contract.name}.odcs.yaml`, version {contract.version} ({direction}), "
        f"owner {contract.owner}",
        f"- Freshness: at most {_hours(contract.freshness_hours)} old. Kept: {contract.retention_days} days.",
    ]
    if contract.end_of_support:
        lines.append(f"- Published until {contract.end_of_support}.")
    if contract.drift:
        held = contract.drift
        lines.append(f"- Drift: columns {held.columns}, types {held.types}, codes {held.codes}.")
    if contract.volume:
        held_volume = contract.volume
        what = "of a working day" if held_volume.per == "day" else "of a year"
        lines.append(
            f"- Volume: at least {held_volume.min_rows} rows {what}, far off beyond factor {held_volume.factor:g}."
        )
    changes = "; ".join(f"{c.version} ({c.changed_on}) {c.text_vi} / {c.text_en}" for c in contract.changelog)
    return [*lines, f"- Changes: {changes}"]


def _hours(hours: int) -> str:
    return f"{hours} hours" if hours % 24 else f"{hours // 24} days"


def _code_lists(contracts: Sequence[Contract]) -> list[str]:
    """Return the lines of every code list that a contract names, each list once."""
    lists = {found.name: found for contract in contracts for found in contract.code_lists}
    lines = ["## Code lists", "", "Values of coded columns; they stand in `data_contracts/code_lists/`."]
    for name, found in sorted(lists.items()):
        rows = [[f"`{c.code}`", c.label_vi, c.label_en, c.valid_from or "", c.valid_to or ""] for c in found.codes]
        lines += [
            "",
            f"### Codes: {name}",
            "",
            f"**{found.label_vi}** / {found.label_en}. Source: {found.source}.",
            "",
            *markdown_table(["code", "tiếng Việt", "English", "from", "to"], rows),
        ]
    return lines


def _anchor(code_list: str) -> str:
    return f"codes-{code_list}"


def _term(term: Term) -> str:
    return f"{term.over}: `{term.sql}`"
