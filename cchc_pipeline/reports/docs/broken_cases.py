"""Read the broken records, batches and files that tests run, with their verdicts."""

from __future__ import annotations

from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from pydantic import Field

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
