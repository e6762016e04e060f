"""Record that quarantined records are accepted as they are, and withdrawals of it.

Every decision is one new file of one row below `releases/<table>/`; none is ever overwritten, so that a run and a
person can work at the same time. In files and published columns an acceptance is called a release.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pyarrow as pa
from sqlglot import exp

from cchc_pipeline.arrow import table_from_records
from cchc_pipeline.contracts.errors import NotAcceptable
from cchc_pipeline.contracts.model import Contract, load_contract
from cchc_pipeline.contracts.parts import Rule
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
class Acceptances:
    """Decisions about the records of one table, as read at one moment.

    Attributes:
        rules_by_key: key of a record -> ids of the rules whose breach is accepted now.
        unjudged: name of a decision that no verdict has applied yet -> the days that it concerns.
        tokens: name of such a decision -> its token for the ledger.
    """

    rules_by_key: Mapping[str, frozenset[str]]
    unjudged: Mapping[str, frozenset[date]]
    tokens: Mapping[str, Token]

    @property
    def days(self) -> set[date]:
        """Return the landed days that have to be judged again."""
        return {day for days in self.unjudged.values() for day in days}


def is_acceptable(rule: Rule, contract: Contract) -> bool:
    """Return whether a person may accept a row that breaks `rule`.

    Not where the table could not hold the row: a required column is null (as it also is after an unreadable
    value), or a key comes twice.
    """
    structural = {f"{contract.name}.{column.name}_required" for column in contract.columns if column.required}
    return rule.id not in structural | {f"{contract.name}.key_unique"}


def read_acceptances(lake: Lake, table: str) -> Acceptances:
    """Read the decisions about a table and the days to judge again because of them.

    A day is judged again with every day landed after it: core tables take staged files in the order of writing,
    and what was landed last must still win.
    """
    pending = lake.ledger(_FOLDER, table, consumer="judged").pending()
    decisions = _decisions(lake, table)
    rules: dict[str, frozenset[str]] = {}
    for one in _standing(decisions):
        rules[one["row_key"]] = rules.get(one["row_key"], frozenset()) | frozenset(one["rule_ids"].split(";"))
    days = {name: frozenset(_days(lake, table, decisions[name])) for name in pending}
    return Acceptances(rules, days, pending)


def note_judged(lake: Lake, table: str, acceptances: Acceptances, judged: Iterable[date]) -> None:
    """Note the decisions in the ledger whose days are all among `judged`."""
    done = frozenset(judged)
    taken = {name: acceptances.tokens[name] for name, days in acceptances.unjudged.items() if days <= done}
    if taken:
        lake.ledger(_FOLDER, table, consumer="judged").note(taken)


def accept(
    lake: Lake, rows: Sequence[Mapping[str, Any]], contract: Contract, *, reason: str, by: str, at: datetime,
    rules: Sequence[str] = (),
) -> str:  # fmt: skip
    """Record that a person accepts a quarantined record; return the acceptance's id.

    Args:
        lake: the lake.
        rows: the record's rows of the quarantine; several where its key came twice.
        contract: the contract it broke.
        reason: why, in words; masked text, it is published.
        by: who decided.
        at: when, an aware time.
        rules: ids of the accepted rules; all that the record breaks where empty.

    Raises:
        NotAcceptable: the record cannot stand in the table, or a rule is not one that it breaks.
    """
    broken = list(dict.fromkeys(rule for row in rows for rule in row["rule_ids"].split(";")))
    row, known = rows[-1], {rule.id: rule for rule in contract.rules}
    subject = _subject(contract.name, row["row_key"])
    for rule_id in broken:
        if (rule := known.get(rule_id)) is None:
            problem = f"it was judged by an older contract, which had {rule_id}"
            raise NotAcceptable(subject, problem, "run the main job first, so that it is judged anew")
        if not is_acceptable(rule, contract):
            problem = f"it breaks {rule_id}: {rule.sentence_vi} / {rule.sentence_en} A table cannot hold such a row"
            fix = "correct the record in the source system; it leaves quarantine when it arrives again"
            raise NotAcceptable(subject, problem, fix)
    if unknown := [rule_id for rule_id in rules if rule_id not in broken]:
        fix = f"name rules among {', '.join(broken)}, or none for all of them"
        raise NotAcceptable(subject, f"it does not break {', '.join(unknown)}", fix)
    digest = hashlib.sha256(f"{contract.name}|{row['row_key']}".encode()).hexdigest()[:8]
    event = {name: row.get(name) for name in _EVENT.names} | {
        "kind": "release",
        "release_id": f"{at:%Y%m%dT%H%M%S%fZ}-{digest}",
        "rule_ids": ";".join(rules or broken),
        "reason": reason,
        "by": by,
        "at": at,
        "contract_version": contract.version,
    }
    _append(lake, event)
    return str(event["release_id"])


def withdraw(lake: Lake, table: str, key: str, *, reason: str, by: str, at: datetime) -> list[str]:
    """Withdraw every acceptance of a record that still holds; return their ids.

    Raises:
        NotAcceptable: no acceptance of this record holds.
    """
    held = [one for one in _standing(_decisions(lake, table)) if one["row_key"] == key]
    if not held:
        fix = "see `cchc quarantine releases` for the records that are released"
        raise NotAcceptable(_subject(table, key), "no release of it holds", fix)
    for one in held:
        _append(lake, one | {"kind": "withdrawal", "reason": reason, "by": by, "at": at})
    return [one["release_id"] for one in held]


def acceptances_table(lake: Lake, tables: Iterable[str]) -> pa.Table:
    """Return table `quarantine_releases`: a row per acceptance, ordered by release_id."""
    found = []
    for table in tables:
        decisions = _decisions(lake, table)
        back = _by_kind(decisions, "withdrawal")
        for name, one in _by_kind(decisions, "release").items():
            ended = back.get(name, {})
            found.append(
                one
                | {"release_reason": one["reason"], "released_by": one["by"], "released_at": one["at"]}
                | {"is_active": not ended, "withdrawn_by": ended.get("by")}
                | {"withdrawn_at": ended.get("at"), "withdrawal_reason": ended.get("reason")}
            )
    schema = load_contract("quarantine_releases").arrow_schema()
    return table_from_records(sorted(found, key=lambda one: str(one["release_id"])), schema=schema)


def pending_withdrawals(lake: Lake, table: str) -> tuple[dict[str, Token], list[str]]:
    """Return decisions that core tables have not applied yet, and the withdrawn keys."""
    pending = lake.ledger(_FOLDER, table, consumer="core-released").pending()
    decisions = _decisions(lake, table)
    return pending, sorted({decisions[name]["row_key"] for name in pending if decisions[name]["kind"] == "withdrawal"})


def note_withdrawals(lake: Lake, table: str, taken: Mapping[str, Token]) -> None:
    """Note in the ledger that the core tables have applied these decisions."""
    if taken:
        lake.ledger(_FOLDER, table, consumer="core-released").note(taken)


def _decisions(lake: Lake, table: str) -> dict[str, dict[str, Any]]:
    """Return every decision about a table by name, oldest first: names sort by time."""
    decisions = f"{_FOLDER}/{table}"
    return {name: lake.store.read(decisions, name).to_pylist()[0] for name in lake.store.parts(decisions)}


def _by_kind(decisions: Mapping[str, dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    """Return the releases or the withdrawals by the id of the release."""
    return {one["release_id"]: one for one in decisions.values() if one["kind"] == kind}


def _standing(decisions: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the releases that nobody has withdrawn."""
    back = _by_kind(decisions, "withdrawal")
    return [one for name, one in _by_kind(decisions, "release").items() if name not in back]


def _subject(table: str, key: str) -> str:
    return f"Table {table}, record {key}"


def _append(lake: Lake, event: Mapping[str, Any]) -> None:
    name = f"{event['at']:%Y%m%dT%H%M%S%f}-{event['kind']}-{event['release_id']}"
    lake.store.write(table_from_records([dict(event)], schema=_EVENT), f"{_FOLDER}/{event['table_name']}", name)


def _days(lake: Lake, table: str, event: Mapping[str, Any]) -> list[date]:
    """Return the record's day and all landed later; if withdrawn, since the release."""
    landed = {
        date.fromisoformat(part): token.written_ns for part, token in lake.store.parts(f"landing/{table}").items()
    }
    since = [landed[day] for day in (event["pulled_for_on"],) if day in landed]
    if event["kind"] == "withdrawal":
        released_at = datetime.strptime(event["release_id"].split("-")[0], "%Y%m%dT%H%M%S%f%z")
        since.append(int(released_at.timestamp()) * 10**9)
    return sorted(day for day, at in landed.items() if since and at >= min(since))


def suggested_fix(rule: Rule, contract: Contract) -> tuple[str, str]:
    """Return a sentence (vi, en) for the record's office: which fields to correct."""
    names = {column.name for column in rule.predicate.find_all(exp.Column)}
    columns = [column for column in contract.columns if column.name in names]
    vi = ", ".join(f"«{column.label_vi}»" for column in columns)
    en = ", ".join(f"«{column.label_en}»" for column in columns)
    suffix = rule.id.split(".", 1)[1]
    if suffix == "key_unique":
        return (
            f"Tìm bản ghi trùng ({vi}) trong hệ thống nguồn và xóa hoặc sửa bản ghi thừa.",
            f"Find the records with the same {en} in the source system; remove or correct the superfluous one.",
        )
    if suffix == "parse_errors_present":
        return (
            "Xem cột parse_errors: sửa giá trị nêu ở đó cho đúng định dạng trong hệ thống nguồn.",
            "See the column parse_errors: correct the value named there in the source system.",
        )
    if suffix == f"{rule.column}_required":
        return f"Nhập {vi} trong hệ thống nguồn.", f"Enter {en} in the source system."
    if rule.severity == "note":
        return "Không phải xử lý; chỉ để biết.", "Nothing to do; for information only."
    if rule.severity == "warn":
        return f"Kiểm tra {vi} và sửa nếu sai.", f"Check {en} and correct it where it is wrong."
    if not is_acceptable(rule, contract):
        return f"Sửa {vi} trong hệ thống nguồn.", f"Correct {en} in the source system."
    return (
        f"Sửa {vi} trong hệ thống nguồn; nếu bản ghi đúng như vậy, có thể chấp nhận kèm lý do.",
        f"Correct {en} in the source system; if the record is right as it is, it can be released with a reason.",
    )
