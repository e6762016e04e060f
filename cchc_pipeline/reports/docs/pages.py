"""Render the reference pages of `docs/`, with the broken cases that tests run."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import Field

from cchc_pipeline.contracts import all_contracts, load_contract
from cchc_pipeline.contracts.describe import rule_list
from cchc_pipeline.drawing.templating import environment
from cchc_pipeline.errors import CchcError
from cchc_pipeline.indicators.catalogue import catalogue, relations
from cchc_pipeline.scorecards.indicators_used import criteria_by_indicator
from cchc_pipeline.validation.acceptances import suggested_fix
from cchc_pipeline.yaml_files import Strict, read_yaml


class BrokenRecord(Strict):
    """A record that breaks `rule` (id without the table).

    Attributes:
        verdict: severity of the rule: reject, warn or note.
        changes: column -> value that differs from the clean record.
        times: how often the record is in the batch.
        also: other rules that such a record breaks too.
    """

    rule: str
    verdict: str
    changes: dict[str, Any] = Field(default_factory=dict, alias="set")
    times: int = 1
    also: tuple[str, ...] = ()
    sentence_vi: str


class TableCases(Strict):
    """The cases of an inbound table: clean record, day of judgement, broken records."""

    table: str
    as_of_on: date
    clean: dict[str, Any]
    cases: tuple[BrokenRecord, ...]


@cache
def table_cases() -> dict[str, TableCases]:
    """Return table -> its cases, sorted by the name of the YAML file."""
    folder = resources.files("cchc_pipeline.reports.docs.broken_records")
    files = sorted((one for one in folder.iterdir() if one.name.endswith(".yaml")), key=lambda one: one.name)
    found = [read_yaml(file.read_text(encoding="utf-8"), TableCases, file.name) for file in files]
    return {one.table: one for one in found}


def broken_batches(name: str) -> Any:
    """Read the cases in `broken_batches/<name>.yaml`: `batches`, `files` or `wire`."""
    file = resources.files("cchc_pipeline.reports.docs.broken_batches").joinpath(f"{name}.yaml")
    return read_yaml(file.read_text(encoding="utf-8"), object, file.name)


def case_count() -> int:
    """Return the number of broken records, batches, files and source replies."""
    records = sum(len(found.cases) for found in table_cases().values())
    return records + len([*broken_batches("batches"), *broken_batches("files"), *broken_batches("wire")["cases"]])


class DocsStale(CchcError):  # noqa: N818 - says what happened
    """A rendered page on disk differs from what would be rendered now."""


def pages() -> dict[str, str]:
    """Return file name below `docs/` (as of its template) -> rendered page."""
    contracts = sorted(all_contracts(), key=lambda one: (not one.is_published, one.name))
    required = {f"{one.name}.{column.name}_required" for one in contracts for column in one.columns if column.required}
    content = {
        "data-dictionary.md": {
            "contracts": contracts,
            "rules": {
                one.name: [rule for rule in rule_list(one) if rule["rule_id"] not in required] for one in contracts
            },
            "code_lists": {found.name: found for one in contracts for found in one.code_lists},
        },
        "indicators.md": {
            "indicators": catalogue(),
            "relations": relations().values(),
            "scored_in": criteria_by_indicator(),
        },
        "broken-records.md": {
            "case_count": case_count(),
            "tables": [(cases, load_contract(cases.table)) for cases in table_cases().values()],
            "batches": broken_batches("batches"),
            "wire": broken_batches("wire")["cases"],
            "files": broken_batches("files"),
            "suggested_fix": suggested_fix,
        },
    }
    templates = environment(__package__, autoescape=False, keep_trailing_newline=True, finalize=_cell)
    return {name: templates.get_template(name).render(**held) for name, held in content.items()}


def _cell(value: Any) -> str:
    """Escape `|` and `<` for a cell of Markdown; line breaks become spaces."""
    return re.sub(r"\s+", " ", str(value).replace("|", "\\|").replace("<", "&lt;"))


def write_pages(folder: Path) -> list[Path]:
    """Write every rendered page into `folder` and return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    found = {folder / name: text for name, text in pages().items()}
    for path, text in found.items():
        path.write_text(text, encoding="utf-8")
    return list(found)


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
