"""Keep the quarantine: the records that wait, and the days that brought them.

A record waits while its last landed version breaks a rule. Its sightings (which day of data brought it, when
that was pulled, which rules it broke) are kept while it waits and while an acceptance of it holds; a corrected
record that arrives ends both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.arrow import array, table_from_records
from cchc_pipeline.contracts.model import Contract, load_contract
from cchc_pipeline.days import LOCAL_ZONE, TIME_ZONE
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.validation.verdict import Verdict

_SIGHTINGS = pa.schema(
    [
        ("identity", pa.string()),
        ("pulled_for_on", pa.date32()),
        ("seen_at", pa.timestamp("us", tz=TIME_ZONE)),
        ("rule_ids", pa.string()),
        ("contract_version", pa.string()),
        ("content_sha256", pa.string()),
    ]
)


class Sighting(NamedTuple):
    """Day of data that brought a waiting record: time of the pull, and broken rules."""

    seen_at: datetime
    rule_ids: str
    contract_version: str
    content_sha256: str


def update_quarantine(
    lake: Lake, contract: Contract, verdicts: Sequence[Verdict], landed_ns: Mapping[date, int]
) -> None:
    """Update the quarantine of a table with `verdicts`, in the order of landing.

    A day judged again replaces itself. Judging the same again changes no byte: the time of a sighting moves only where
    the record came with other content. `landed_ns` says when each day was landed, in nanoseconds since 1970.
    """
    schema = load_contract("quarantine").arrow_schema()
    held = read_quarantine(lake, contract.name)
    rows = pa.concat_tables([held, *(verdict.quarantined.cast(schema) for verdict in verdicts)])
    identity, texts = identities(rows), rows["row_json"].to_pylist()
    broken, days = rows["rule_ids"].to_pylist(), rows["pulled_for_on"].to_pylist()
    places = _places(identity, range(held.num_rows))
    seen = sightings(lake, contract.name)
    start = held.num_rows
    for verdict in verdicts:
        day = verdict.pulled_for_on
        came = _places(identity, range(start, start + verdict.quarantined.num_rows))
        start += verdict.quarantined.num_rows
        before = {name: seen.get(name, {}).get(day) for name in came}
        accepted = set(verdict.accepted_keys)
        corrected = set(row_keys(verdict.valid, contract)) - accepted if seen or places else set()
        for name in [name for name in seen if name in corrected or (day in seen[name] and name not in accepted)]:
            # A key that came twice, once right and once wrong, is a record that goes on waiting.
            is_over = name in corrected and name not in came
            seen[name] = {} if is_over else {on: one for on, one in seen[name].items() if on != day}
        for name in [n for n, at in places.items() if n in corrected or n in accepted or days[at[0]] == day]:
            del places[name]
        for name, at in came.items():
            content = hashlib.sha256("\n".join(texts[place] for place in at).encode()).hexdigest()
            old = before[name]
            same = old is not None and old.content_sha256 == content
            seen_at = (
                old.seen_at if old and same else datetime.fromtimestamp(landed_ns[day] // 1000 / 10**6, LOCAL_ZONE)
            )
            rules = dict.fromkeys(rule for place in at for rule in broken[place].split(";"))
            seen.setdefault(name, {})[day] = Sighting(seen_at, ";".join(rules), contract.version, content)
        places |= came
    kept = sorted(place for at in places.values() for place in at)
    table = _with_history(rows.take(pa.array(kept, pa.int64())), [seen.get(identity[place], {}) for place in kept])
    order = [(name, "ascending") for name in ("pulled_for_on", "source_row_number", "row_key")]
    known = [
        {"identity": name, "pulled_for_on": day, **one._asdict()}
        for name, by_day in sorted(seen.items())
        for day, one in sorted(by_day.items())
    ]
    lake.store.update(table_from_records(known, schema=_SIGHTINGS), f"core/sightings_{contract.name}")
    lake.store.update(table.sort_by(order).combine_chunks(), f"core/quarantine_{contract.name}")


def _places(identity: Sequence[str], among: range) -> dict[str, list[int]]:
    """Return the positions of rows by identity."""
    found: dict[str, list[int]] = {}
    for place in among:
        found.setdefault(identity[place], []).append(place)
    return found


def read_quarantine(lake: Lake, table: str) -> pa.Table:
    """Read the waiting records of a table, with the schema of the table `quarantine`."""
    schema = load_contract("quarantine").arrow_schema()
    held = lake.store.read(f"core/quarantine_{table}", schema=schema)
    seen = {"first_seen_on": held["pulled_for_on"], "last_seen_on": held["pulled_for_on"]}
    seen["times_seen"] = pa.repeat(pa.scalar(1, pa.int32()), held.num_rows)
    for name in set(schema.names) - set(held.schema.names):  # files written before records had a history lack some
        held = held.append_column(name, seen.get(name, pa.nulls(held.num_rows, schema.field(name).type)))
    return held.select(schema.names).cast(schema)


def sightings(lake: Lake, table: str) -> dict[str, dict[date, Sighting]]:
    """Read each waiting record's sightings by day, by its identity (see `identities`)."""
    found: dict[str, dict[date, Sighting]] = {}
    for row in lake.store.read(f"core/sightings_{table}", schema=_SIGHTINGS).to_pylist():
        name, day = row.pop("identity"), row.pop("pulled_for_on")
        found.setdefault(name, {})[day] = Sighting(**row)
    return found


def identities(quarantined: pa.Table) -> list[str]:
    """Return each row's identity: its key, or the whole record if the key has a gap."""
    keys, records = quarantined["row_key"].to_pylist(), quarantined["row_json"].to_pylist()
    return [key if all(key.split("|")) else record for key, record in zip(keys, records, strict=True)]


def row_keys(table: pa.Table, contract: Contract) -> list[str]:
    """Return the keys of rows in the form that the quarantine writes."""
    text = [pc.fill_null(pc.cast(table[name], pa.string()), "") for name in contract.key]
    return pc.binary_join_element_wise(*text, "|").to_pylist() if len(text) > 1 else text[0].to_pylist()


def _with_history(rows: pa.Table, history: Sequence[Mapping[date, Sighting]]) -> pa.Table:
    pairs = list(zip(history, rows["pulled_for_on"].to_pylist(), strict=True))
    columns: dict[str, list[Any]] = {
        "first_seen_on": [min(one, default=on) for one, on in pairs],
        "last_seen_on": [max(one, default=on) for one, on in pairs],
        "first_seen_at": [min((s.seen_at for s in one.values()), default=None) for one in history],
        "last_seen_at": [max((s.seen_at for s in one.values()), default=None) for one in history],
        "times_seen": [max(len(one), 1) for one in history],
    }
    for name, values in columns.items():
        place = rows.schema.get_field_index(name)
        field = rows.schema.field(place)
        rows = rows.set_column(place, field, array(values, field.type))
    return rows
