"""Releases: records that break a rule and that a person accepts as they are.

Every release and every withdrawal is one file of one row below `releases/<table>/`: nothing is ever
written over, so that a run and a person can work at the same time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from cchc_pipeline.arrow import table_from_records
from cchc_pipeline.contracts.errors import NotReleasable
from cchc_pipeline.contracts.model import Contract
from cchc_pipeline.contracts.registry import load_contract
from cchc_pipeline.contracts.rules import is_releasable
from cchc_pipeline.days import TIME_ZONE
from cchc_pipeline.lake.files import Token
from cchc_pipeline.lake.layout import Lake

_FOLDER = "releases"
_EVENT = pa.schema(
    [
        *((name, pa.string()) for name in ("kind", "release_id", "table_name", "source", "row_key", "unit_code")),
        *((name, pa.string()) for name in ("rule_ids", "reasons_vi", "reasons_en", "reason", "by")),
        ("at", pa.timestamp("us", tz=TIME_ZONE)),
        ("contract_version", pa.string()),
        ("pulled_for_on", pa.date32()),
        ("row_json", pa.string()),
    ]
)


@dataclass(frozen=True)
class Releases:
    """What was decided about the records of one table, as read at one moment.

    Attributes:
        active: key of a record -> ids of the rules whose breach is accepted.
        unjudged: decisions that no verdict has followed yet, by name -> the days they concern.
        tokens: the same decisions as the ledger notes them.
    """

    active: Mapping[str, frozenset[str]]
    unjudged: Mapping[str, frozenset[date]]
    tokens: Mapping[str, Token]

    def days(self) -> set[date]:
        """Landed days that have to be judged again."""
        return {day for days in self.unjudged.values() for day in days}


def read_releases(lake: Lake, table: str) -> Releases:
    """The decisions about a table and the days that wait for them.

    A day is judged again together with every day that was landed after it: staged files are taken
    in in the order of writing, and what came last must still win.
    """
    pending = lake.ledger(_FOLDER, table, consumer="judged").pending()
    told = _events(lake, table)
    active: dict[str, frozenset[str]] = {}
    for one in told.values():
        if one["kind"] == "release" and not _withdrawal(one, told.values()):
            rules = frozenset(one["rule_ids"].split(";"))
            active[one["row_key"]] = active.get(one["row_key"], frozenset()) | rules
    return Releases(active, {name: frozenset(_days(lake, table, told[name])) for name in pending}, pending)


def note_judged(lake: Lake, table: str, releases: Releases, judged: Iterable[date]) -> None:
    """Remember the decisions that verdicts have followed: those whose days are all among `judged`."""
    done = frozenset(judged)
    taken = {name: releases.tokens[name] for name, days in releases.unjudged.items() if days <= done}
    if taken:
        lake.ledger(_FOLDER, table, consumer="judged").note(taken)


def release(
    lake: Lake, rows: Sequence[Mapping[str, Any]], contract: Contract, *, reason: str, by: str, at: datetime,
    rules: Sequence[str] = (),
) -> str:  # fmt: skip
    """Record that a person accepts a waiting record as it is; the id of the release.

    Args:
        lake: the lake.
        rows: the record's rows of the quarantine; one, or several where its key came twice.
        contract: the contract it broke.
        reason: why, in words; masked text, it is published.
        by: who decided.
        at: when, an aware time.
        rules: ids of the accepted rules; all that the record breaks where empty.

    Raises:
        NotReleasable: the record cannot stand in the table, or a rule is not one that it breaks.
    """
    broken = list(dict.fromkeys(rule for row in rows for rule in row["rule_ids"].split(";")))
    row = rows[-1]
    for rule_id in broken:
        try:
            rule = contract.rule(rule_id)
        except KeyError:
            raise NotReleasable(
                table=contract.name,
                key=row["row_key"],
                problem=f"it was judged by an older contract, which had {rule_id}",
                fix="run the main job first, so that it is judged anew",
            ) from None
        if not is_releasable(rule, contract):
            raise NotReleasable(
                table=contract.name,
                key=row["row_key"],
                problem=f"it breaks {rule_id}: {rule.sentence_vi} / {rule.sentence_en} A table cannot hold such a row",
                fix="correct the record in the source system; it leaves quarantine when it arrives again",
            )
    unknown = [rule for rule in rules if rule not in broken]
    if unknown:
        raise NotReleasable(
            table=contract.name,
            key=row["row_key"],
            problem=f"it does not break {', '.join(unknown)}",
            fix=f"name rules among {', '.join(broken)}, or none for all of them",
        )
    release_id = f"{at:%Y%m%dT%H%M%S%fZ}-{_digest(contract.name, row['row_key'])}"
    event = {name: row.get(name) for name in _EVENT.names} | {
        "kind": "release",
        "release_id": release_id,
        "rule_ids": ";".join(rules or broken),
        "reason": reason,
        "by": by,
        "at": at,
        "contract_version": contract.version,
    }
    _append(lake, event)
    return release_id


def withdraw(lake: Lake, table: str, key: str, *, reason: str, by: str, at: datetime) -> list[str]:
    """Take back every release of a record that still holds; their ids.

    Raises:
        NotReleasable: no release of this record holds.
    """
    told = _events(lake, table).values()
    held = [e for e in told if e["kind"] == "release" and e["row_key"] == key and not _withdrawal(e, told)]
    if not held:
        raise NotReleasable(
            table=table,
            key=key,
            problem="no release of it holds",
            fix="see `cchc quarantine releases` for the records that are released",
        )
    for one in held:
        _append(lake, one | {"kind": "withdrawal", "reason": reason, "by": by, "at": at})
    return [one["release_id"] for one in held]


def releases_table(lake: Lake, tables: Iterable[str]) -> pa.Table:
    """The published table `quarantine_releases`: one row per release, ordered by its id."""
    found = []
    for table in tables:
        told = _events(lake, table).values()
        for one in told:
            if one["kind"] != "release":
                continue
            back = _withdrawal(one, told)
            found.append(
                one
                | {"release_reason": one["reason"], "released_by": one["by"], "released_at": one["at"]}
                | {"is_active": back is None, "withdrawn_by": back and back["by"]}
                | {"withdrawn_at": back and back["at"], "withdrawal_reason": back and back["reason"]}
            )
    schema = load_contract("quarantine_releases").arrow_schema()
    return table_from_records(sorted(found, key=lambda one: str(one["release_id"])), schema=schema)


def withdrawn_since(lake: Lake, table: str) -> tuple[dict[str, Token], list[str]]:
    """Decisions that the core tables have not followed yet, and the keys of the withdrawn ones."""
    pending = lake.ledger(_FOLDER, table, consumer="core-released").pending()
    told = _events(lake, table)
    return pending, sorted({told[name]["row_key"] for name in pending if told[name]["kind"] == "withdrawal"})


def note_withdrawn(lake: Lake, table: str, taken: Mapping[str, Token]) -> None:
    """Remember that the core tables have followed these decisions."""
    if taken:
        lake.ledger(_FOLDER, table, consumer="core-released").note(taken)


def _events(lake: Lake, table: str) -> dict[str, dict[str, Any]]:
    """Every decision about a table by its name, oldest first: the names sort by time."""
    decisions = f"{_FOLDER}/{table}"
    return {name: lake.store.read(decisions, name).to_pylist()[0] for name in lake.store.parts(decisions)}


def _withdrawal(one: Mapping[str, Any], told: Iterable[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    return next((e for e in told if e["kind"] == "withdrawal" and e["release_id"] == one["release_id"]), None)


def _append(lake: Lake, event: Mapping[str, Any]) -> None:
    name = f"{event['at']:%Y%m%dT%H%M%S%f}-{event['kind']}-{event['release_id']}"
    lake.store.write(table_from_records([dict(event)], schema=_EVENT), f"{_FOLDER}/{event['table_name']}", name)


def _days(lake: Lake, table: str, event: Mapping[str, Any]) -> list[date]:
    """The day that last brought the record and every day landed after it; of a withdrawal also since the release."""
    landed = {
        date.fromisoformat(part): token.written_ns for part, token in lake.store.parts(f"landing/{table}").items()
    }
    since = [landed[day] for day in (event["pulled_for_on"],) if day in landed]
    if event["kind"] == "withdrawal":
        released_at = datetime.strptime(event["release_id"].split("-")[0], "%Y%m%dT%H%M%S%f%z")
        since.append(int(released_at.timestamp()) * 10**9)
    return sorted(day for day, at in landed.items() if since and at >= min(since))


def _digest(table: str, key: str) -> str:
    return hashlib.sha256(f"{table}|{key}".encode()).hexdigest()[:8]
