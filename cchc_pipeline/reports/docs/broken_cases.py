"""Read broken records, batches and files with their verdicts; render their page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

import yaml

from cchc_pipeline.contracts import Contract, load_contract
from cchc_pipeline.drawing.markdown import markdown_table
from cchc_pipeline.validation.remedies import suggested_fix

Row = dict[str, Any]


@dataclass(frozen=True)
class BrokenRecord:
    """A record of `table` that breaks `rule`.

    Attributes:
        table: an inbound table.
        rule: id of the rule, without the table.
        verdict: severity of the rule: reject, warn or note.
        changes: column -> value that differs from the clean record.
        times: how often the record is in the batch.
        also: other rules that such a record breaks too.
        sentence_vi: Vietnamese sentence of the rule.
    """

    table: str
    rule: str
    verdict: str
    changes: Mapping[str, Any]
    times: int
    also: tuple[str, ...]
    sentence_vi: str


@dataclass(frozen=True)
class TableCases:
    """The cases of one table: clean record, day of judgement, broken records."""

    table: str
    as_of_on: date
    clean: Row
    records: tuple[BrokenRecord, ...]


@cache
def table_cases() -> dict[str, TableCases]:
    """Return table -> its cases, sorted by the name of the YAML file."""
    found = {}
    for file in sorted(
        resources.files("cchc_pipeline.reports.docs.broken_records").iterdir(), key=lambda file: file.name
    ):
        if file.name.endswith(".yaml"):
            told = yaml.safe_load(file.read_text(encoding="utf-8"))
            found[told["table"]] = TableCases(
                told["table"],
                told["as_of_on"],
                told["clean"],
                tuple(_record(told["table"], case) for case in told["cases"]),
            )
    return found


def broken_batches(name: str) -> Any:
    """Read the cases in `broken_batches/<name>.yaml`: `batches`, `files` or `wire`."""
    text = (
        resources.files("cchc_pipeline.reports.docs.broken_batches")
        .joinpath(f"{name}.yaml")
        .read_text(encoding="utf-8")
    )
    return yaml.safe_load(text)


def case_count() -> int:
    """Return the number of broken records, batches, files and source replies."""
    wire = broken_batches("wire")["cases"]
    records = sum(len(cases.records) for cases in table_cases().values())
    return records + len(broken_batches("batches")) + len(broken_batches("files")) + len(wire)


def render_broken_records() -> str:
    """Render the page `docs/broken-records.md`."""
    lines = [
        "<!-- Rendered by `cchc docs` from the cases that the tests run. Change the cases and render again. -->",
        "",
        "# Broken records and what becomes of them",
        "",
        f"{case_count()} deliberately broken records, batches and files. A test runs each through the real path and "
        "holds verdict, rule and sentence against this page. Every rule of every inbound contract has its case. "
        "`reject`: the row waits in quarantine. `warn`, `note`: the row stays and is counted. `refused`: the day or "
        "the file is refused whole, the last good table stays, the run is red. `told`: the day goes on, the "
        "difference is named in the check `shape`. How rules work: [contracts.md](contracts.md).",
    ]
    for cases in table_cases().values():
        contract = load_contract(cases.table)
        lines += [
            "",
            f"## {cases.table}",
            "",
            f"{contract.title_vi} / {contract.title_en}, as of {cases.as_of_on}.",
            "",
        ]
        lines += markdown_table(
            ["rule", "verdict", "the record", "sentence", "also breaks", "what to do"],
            [
                [
                    f"`{one.rule}`",
                    one.verdict,
                    _changes(one),
                    f"{one.sentence_vi} / {contract.rule(f'{cases.table}.{one.rule}').sentence_en}",
                    ", ".join(f"`{rule}`" for rule in one.also),
                    _fix(contract, one),
                ]
                for one in cases.records
            ],
        )
    lines += ["", "## Batches", "", "Columns and types of a whole day, before any row is looked at.", ""]
    lines += markdown_table(
        ["table", "the batch", "verdict", "says"],
        [[f"`{c['table']}`", _batch(c), c["verdict"], "; ".join(c["says"])] for c in broken_batches("batches")],
    )
    lines += ["", "## Records on the wire", "", "As the one-stop system sends them, mapped by the adapter.", ""]
    lines += markdown_table(
        ["the record", "verdict", "rules", "`parse_errors` says"],
        [
            [
                f"{c['what']}: {_values(c['set'])}",
                "reject",
                ", ".join(f"`{rule}`" for rule in c["rules"]),
                c["says"],
            ]
            for c in broken_batches("wire")["cases"]
        ],
    )
    lines += ["", "## Files", "", "PAPI files in the drop folder.", ""]
    lines += markdown_table(
        ["file", "what it is", "verdict", "says"],
        [[f"`{c['name']}`", c["what"], "refused", c["says"]] for c in broken_batches("files")],
    )
    return "\n".join(lines) + "\n"


def _record(table: str, case: Mapping[str, Any]) -> BrokenRecord:
    return BrokenRecord(
        table,
        case["rule"],
        case["verdict"],
        case.get("set", {}),
        case.get("times", 1),
        tuple(case.get("also", ())),
        case["sentence_vi"],
    )


def _changes(one: BrokenRecord) -> str:
    return _values(one.changes) if one.times == 1 else f"the same record {one.times} times"


def _values(changes: Mapping[str, Any]) -> str:
    return ", ".join(f"`{name}` = {'null' if value is None else value}" for name, value in changes.items())


def _fix(contract: Contract, one: BrokenRecord) -> str:
    return suggested_fix(contract.rule(f"{contract.name}.{one.rule}"), contract)[0]


def _batch(case: Mapping[str, Any]) -> str:
    column, value = case.get("column"), case.get("value")
    return {
        "drop": f"`{column}` does not come",
        "retype": f"`{column}` holds {value!r}",
        "double": f"`{column}` comes twice",
        "add": f"`{column}` is new",
        "empty": "no row",
    }[case["do"]]
