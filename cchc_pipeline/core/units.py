"""Build the published tables `units` and `unit_changes` of the province.

Codes of units are reassigned: a record belongs to the holder of its code on the day when it came in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from cchc_pipeline.arrow import table_from_records, table_from_rows
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core.queries import held_source, run_table
from cchc_pipeline.core.state import take_in
from cchc_pipeline.lake.engine import run_file, run_sql, sql_file
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.reference.units import UnitChange, UnitHistory, UnitHistoryError
from cchc_pipeline.reference.units_national import province_history

FORMER = pa.schema(
    [("code", pa.string()), ("unit_code", pa.string()), ("valid_from", pa.date32()), ("valid_to", pa.date32())]
)
#: The day on which a record came in, by the first of these columns that it has.
_CAME_IN = ("received_on", "applied_on", "sent_on", "promulgated_on")
REGISTER = "registers__unit_changes"
_NEVER_WHOLE = ("split", "dissolved")
#: Units that records name, whether a list knows them or not.
USED_QUERY = (
    "SELECT unit_code FROM (FROM procedures SELECT unit_code UNION FROM documents SELECT unit_code "
    "UNION FROM dossiers SELECT unit_code) WHERE unit_code IS NOT NULL ORDER BY unit_code"
)
_REGISTERED = pa.schema(
    dict.fromkeys(("unit_code", "agency_code", "unit_name", "unit_level", "parent_code"), pa.string())
    | dict.fromkeys(("valid_from", "valid_to"), pa.date32())
    | dict.fromkeys(("predecessor_codes", "successor_codes"), pa.string())
)


def former_holders(history: UnitHistory) -> pa.Table:
    """Return former holders of codes: code, unit_code, valid_from, valid_to."""
    rows = [
        (t.code, t.unit_id, t.valid_from or date.min, t.valid_to)
        for code in sorted(history.codes)
        for t in history.tenures(code)
        if t.unit_id != code
    ]
    return table_from_rows(rows, FORMER)


def former_fingerprint(former: pa.Table | None) -> str:
    """Return a text that changes with the holders; empty where no code changed hands."""
    return str(former.to_pylist()) if former is not None and former.num_rows else ""


def with_holders(source: pa.Table | Path, former: pa.Table | None) -> pa.Table | Path:
    """Return records under the unit that held their code when they came in.

    A dossier that came in before a code changed hands stays with the old holder, whenever it is closed.
    """
    if former is None or former.num_rows == 0:
        return source
    names = source.column_names if isinstance(source, pa.Table) else pq.read_schema(source).names
    return run_sql(holders_query(names), records=source, former=former)


def holders_query(names: Sequence[str]) -> str:
    """Return the query of `with_holders`, over `records` with the columns `names`."""
    came_in = ", ".join(f"records.{column}" for column in _CAME_IN if column in names)
    unit = "COALESCE(former.unit_code, records.unit_code) AS unit_code"
    columns = ", ".join(unit if name == "unit_code" else f"records.{name}" for name in names)
    return sql_file("core/holders").format(columns=columns, came_in=came_in)


def take_in_changes(lake: Lake) -> UnitHistoryError | None:
    """Take in the register of changes; return why not, where it contradicts itself: the one held then stays."""
    try:
        take_in(lake, REGISTER, lambda rows: history_of(row for row in rows.to_pylist() if not row["is_withdrawn"]))
    except UnitHistoryError as error:
        return error
    return None


def _register(lake: Lake) -> list[dict[str, object]]:
    rows = lake.store.read(f"core/{REGISTER}", schema=load_contract(REGISTER).arrow_schema()).to_pylist()
    return [row for row in rows if not row["is_withdrawn"]]


def register_history(lake: Lake) -> UnitHistory:
    """Return the history of units in the register; empty where there is no register.

    Raises:
        UnitHistoryError: the register contradicts itself.
    """
    return history_of(_register(lake))


def history_of(rows: Iterable[dict]) -> UnitHistory:
    """Return the history in rows of the published table `unit_changes`."""
    return UnitHistory(map(_change, rows))


def _change(row: dict) -> UnitChange:
    """Return a row of the register, or of `unit_changes`, as a change.

    Who takes over a dissolved unit is no heir; the register marks a part of a unit by `is_part`.
    """
    names = ["old_code", "old_name", "changed_on", "kind", "legal_basis"]
    heir = dict.fromkeys(("new_code", "new_name")) if row["kind"] == "dissolved" else {}
    return UnitChange(
        **{name: row[name] for name in (*names, "new_code", "new_name")} | heir,
        is_exact=row["is_exact"] if "is_exact" in row else not row["is_part"] and row["kind"] not in _NEVER_WHOLE,
    )


def full_history(lake: Lake, province_code: str, codes: Iterable[str]) -> UnitHistory:
    """Return the register's history plus mergers of former provinces among `codes`.

    A merger is added where `codes`, or the register, hold units of a former province that is part of this one.
    """
    changes = list(map(_change, _register(lake)))
    told = {change.old_code for change in changes}
    named = {code.partition(".")[0] for code in (*codes, *told)}
    national = [c for c in province_history().changes if c.new_code == province_code]
    if {c.old_code for c in national} & named - {province_code}:
        changes += [c for c in national if c.old_code in named | {province_code} and c.old_code not in told]
    return UnitHistory(changes)


def built_history(lake: Lake) -> UnitHistory:
    """Return the history in the built table `unit_changes`, by unit code."""
    schema = load_contract("unit_changes").arrow_schema()
    return history_of(lake.store.read("built/unit_changes", schema=schema).to_pylist())


def build_units(lake: Lake, province_code: str, as_of_on: date) -> pa.Table:
    """Build the published tables `units` and `unit_changes`; return `units`.

    Units are those that the portal lists, those that procedures, documents, dossiers or changes name, and the province,
    by its agency code today. They are current as of `as_of_on`, the last civil day of data.

    Raises:
        UnitHistoryError: the register of changes contradicts itself.
    """
    used = run_sql(
        USED_QUERY,
        procedures=held_source(lake, "one_stop__procedures"),
        documents=held_source(lake, "documents__documents"),
        dossiers=lake.store.source_of_parts("core/dossiers", pa.schema([("unit_code", pa.string())])),
    )
    history = full_history(lake, province_code, used["unit_code"].to_pylist())
    table = run_file(
        "core/units",
        load_contract("units").arrow_schema(),
        portal=held_source(lake, "national_portal__metrics"),
        used=used,
        registered=_registered(history, _register(lake)),
        province=pa.table({"province_code": [province_code]}),
        run=run_table(as_of_on),
    )
    lake.store.update(table, "built/units")
    changes = load_contract("unit_changes").arrow_schema()
    lake.store.update(_published_changes(history, _register(lake), changes), "built/unit_changes")
    return table


def _registered(history: UnitHistory, register: list[dict]) -> pa.Table:
    """Return every unit that a change names, in the columns of `_REGISTERED`."""
    # unit -> level and parent; a successor that nothing else lists has the level of the unit it was made of.
    told = {row["new_code"]: (row["old_level"], None) for row in reversed(register)}
    for row in register:
        holder = history.holder(row["old_code"], _eve(row["changed_on"])).unit_id
        told[holder] = row["old_level"], row["old_parent_code"]
    rows = []
    for code in sorted(history.codes):
        for unit_id in dict.fromkeys(tenure.unit_id for tenure in history.tenures(code)):
            tenures = history.of_id(unit_id)
            level_and_parent = told.get(unit_id, ("province" if "." not in code else None, None))
            days = tenures[0].valid_from, tenures[-1].valid_to
            kin = (_codes(step.unit_id for step in of(unit_id)) for of in (history.predecessors, history.successors))
            rows.append((unit_id, code, tenures[-1].name, *level_and_parent, *days, *kin))
    return table_from_rows(rows, _REGISTERED)


def _eve(day: date) -> date:
    return date.fromordinal(day.toordinal() - 1)


def _codes(codes: Iterable[str]) -> str | None:
    return " ".join(sorted({code for code in codes if code})) or None


def _published_changes(history: UnitHistory, register: list[dict], schema: pa.Schema) -> pa.Table:
    """Return rows of `unit_changes`; a dissolved unit names who took its files over."""
    took_over = {(row["old_code"], row["changed_on"]): row for row in register if row["kind"] == "dissolved"}
    rows = []
    for change in history.changes:
        heir = took_over.get((change.old_code, change.changed_on)) if change.kind == "dissolved" else None
        row = asdict(change) | {"is_exact": change.is_exact and change.kind not in _NEVER_WHOLE}
        row |= {name: heir[name] for name in ("new_code", "new_name")} if heir else {}
        row["old_unit_code"] = history.holder(change.old_code, _eve(change.changed_on)).unit_id
        row["new_unit_code"] = history.holder(str(row["new_code"]), change.changed_on).unit_id
        rows.append(row)
    order = [(name, "ascending") for name in ("old_code", "changed_on", "new_code")]
    return table_from_records(rows, schema=schema).sort_by(order)
