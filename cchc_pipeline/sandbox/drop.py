"""Write the files that the built-in province puts into the drop folder.

Belongs here: the PAPI table and the registers as offices would write them. Not here: the rows of the registers
(`scenarios`, `exact`), reading the files (`sources`, `tabular`).
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from cchc_pipeline.reference.papi_instrument import PROVINCES, all_slots, instrument

Row = dict[str, object]
Rows = Iterator[tuple[str, Row]]
Tables = Mapping[str, Sequence[Mapping[str, object]]]
#: Columns of each register that scenarios fill, in the order of its file.
COLUMNS = {
    "observations": "measure_code unit_code period_start observed_on value total system note",
    "plan_tasks": "plan_year activity_code field_code task_code name unit_code due_on finished_on",
    "inspections": "inspection_code plan_year unit_code planned_on inspected_on conclusion_number",
    "petitions": "petition_code kind unit_code received_on due_on answered_on channel",
    "unit_changes": "old_code old_name old_level old_parent_code new_code new_name changed_on kind is_part legal_basis",
    "external_indices": "index_code unit_code year as_of_on value rank rank_of band source",
}

#: First line of a file written here; a file without it was put there by a person and stays.
MARK = "# Sổ của tỉnh dựng sẵn (số liệu tự đặt); tệp này được ghi lại mỗi lần chạy"
#: Column with the day from which a row of a table is known.
_KNOWN_ON = {
    "registers__observations": "observed_on",
    "registers__petitions": "received_on",
    "registers__external_indices": "as_of_on",
    "registers__appraisals": "scored_on",
}
#: Column that is filled in later -> column with the day of it.
_FILLED_IN = {
    "finished_on": "finished_on",
    "inspected_on": "inspected_on",
    "conclusion_number": "inspected_on",
    "answered_on": "answered_on",
}


def register_row(register: str, *values: object) -> tuple[str, Row]:
    """Return the register and its row with `values` in the order of `COLUMNS`."""
    return register, dict(zip(COLUMNS[register].split(), values, strict=True))


def rows_by_table(rows: Iterable[tuple[str, Row]]) -> dict[str, list[Row]]:
    """Return the rows by inbound table, in the order of the first row of each."""
    tables: dict[str, list[Row]] = {}
    for register, row in rows:
        tables.setdefault(f"registers__{register}", []).append(row)
    return tables


def write_registers(folder: Path, tables: Tables, until: date) -> None:
    """Write `<folder>/<register>.csv` per table with rows, as an office knows them at the end of `until`.

    A file without `MARK` is left as it is.

    Args:
        folder: the drop folder of the registers.
        tables: rows by inbound table.
        until: last day of data.
    """

    def has_come(row: Mapping[str, object], column: str | None) -> bool:
        day = row[column] if column else None
        return not isinstance(day, date) or day <= until

    for table, rows in tables.items():
        known = [
            {name: value if has_come(row, _FILLED_IN.get(name)) else None for name, value in row.items()}
            for row in rows
            if has_come(row, _KNOWN_ON.get(table))
        ]
        path = folder / f"{table.removeprefix('registers__')}.csv"
        if not known or (path.exists() and not path.read_text(encoding="utf-8").startswith(MARK)):
            continue
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as stream:
            stream.write(f"{MARK}\n")
            writer = csv.DictWriter(stream, list(known[0]))
            writer.writeheader()
            writer.writerows(known)


# -- PAPI -----------------------------------------------------------------------------------------------------------

PAPI_YEAR = 2024
#: Provinces left blank, so that the sandbox has gaps as the real tables do.
PAPI_GAPS = ("P15", "P40")


def write_papi_table(folder: Path, seed: int) -> None:
    """Write `<folder>/2024.csv` unless it exists.

    Columns: `Province` and one per slot of the instrument; a row per province, blank cells for gaps.
    """
    path = folder / f"{PAPI_YEAR}.csv"
    if path.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    draw = random.Random(f"papi-{seed}")
    asked = instrument(PAPI_YEAR)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["Province", *all_slots()])
        for province in PROVINCES:
            held = () if province in PAPI_GAPS else asked.slots
            bounds = [asked.bounds(slot) if slot in held else None for slot in all_slots()]
            scores = [f"{b[0] + (b[1] - b[0]) * draw.betavariate(5, 4):.4f}" if b else "" for b in bounds]
            writer.writerow([province, *scores])
