"""Code values never seen before: against the code list, and against what was seen in the lake so far.

What was seen is kept as one small file per table: column, code, first and last day. A column that
shows more than `MOST_CODES` values has no closed vocabulary and is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.arrow import table_from_records
from cchc_pipeline.contracts.model import Contract
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.validation.drift.daily import Break, Comparison
from cchc_pipeline.validation.drift.profiles import LAYER

SCHEMA = pa.schema(
    [
        pa.field("column_name", pa.string(), nullable=False),
        pa.field("code", pa.string()),
        pa.field("first_on", pa.date32(), nullable=False),
        pa.field("last_on", pa.date32(), nullable=False),
    ]
)
MOST_CODES = 500
#: Up to so many values, each seen on several days, a vocabulary counts as closed: one more is news.
CLOSED = 20
#: Days that a column has to be known before a new value says anything.
LEARNING = 28
#: Where a vocabulary is open, so many rows of a day, and this share, have to hold new values.
MANY_ROWS, MANY_SHARE = 20, 0.2


def seen(lake: Lake, table: str) -> pa.Table:
    """The codes of a table that were seen so far, in `SCHEMA`."""
    return lake.read_state(LAYER, f"codes_{table}", SCHEMA)


def remember(lake: Lake, table: str, profiles: pa.Table) -> None:
    """Add the codes of newly staged days; one that was seen before keeps its first day."""
    lines = profiles.filter(pc.and_(pc.equal(profiles["measure"], "code"), pc.is_valid(profiles["bucket"])))
    new = pa.table([lines["column_name"], lines["bucket"], lines["day_on"], lines["day_on"]], names=SCHEMA.names).cast(
        SCHEMA
    )
    found = (
        pa.concat_tables([seen(lake, table).cast(SCHEMA), new])
        .group_by(["column_name", "code"])
        .aggregate([("first_on", "min"), ("last_on", "max")])
    )
    known = pa.table([found[name] for name in found.column_names], names=SCHEMA.names).cast(SCHEMA)
    sizes = known.group_by("column_name").aggregate([("code", "count")])
    large = sizes.filter(pc.greater(sizes["code_count"], MOST_CODES))["column_name"].to_pylist()
    # A null code stands for «too many»: the column is not looked at again.
    open_columns = sorted({*large, *known.filter(pc.is_null(known["code"]))["column_name"].to_pylist()})
    marks = [{"column_name": name, "code": None, "first_on": date.min, "last_on": date.min} for name in open_columns]
    closed = pc.invert(pc.is_in(known["column_name"], value_set=pa.array(open_columns, pa.string())))
    kept = pa.concat_tables([known.filter(closed), table_from_records(marks, schema=SCHEMA)])
    order = [("column_name", "ascending"), ("code", "ascending")]
    lake.write_state(kept.sort_by(order).combine_chunks(), LAYER, f"codes_{table}")


def new_codes(known: pa.Table, profiles: pa.Table, days: Iterable[date], contract: Contract) -> Comparison:
    """Codes of `days` that are in no code list, or that no earlier day has shown.

    A column with a code list: any value outside it is a break; a listed value that comes for the first time is only
    told. Without a list: a new value of a small vocabulary that was known for `LEARNING` days is a break; of a large
    one only where many rows hold new values.

    Args:
        known: what was seen, with `days` already in it (`seen`).
        profiles: the profiles of `days`.
        days: the civil days that were staged.
        contract: the contract.
    """
    wanted = set(days)
    first_seen: dict[str, dict[str, tuple[date, date]]] = {}
    for row in known.to_pylist():
        first_seen.setdefault(row["column_name"], {})[row["code"]] = (row["first_on"], row["last_on"])
    rows: dict[str, dict[tuple[date, str], int]] = {}
    for line in profiles.filter(pc.equal(profiles["measure"], "code")).to_pylist():
        if line["day_on"] in wanted and line["bucket"] is not None:
            rows.setdefault(line["column_name"], {})[line["day_on"], line["bucket"]] = line["rows"]
    judged, breaks, told = 0, [], []
    for name, came in sorted(rows.items()):
        column = contract.column(name)
        held = first_seen.get(name, {})
        listed = {str(value) for value in column.valid_values} if column.valid_values is not None else None
        if None in held and listed is None:
            continue
        start = min((first for first, _ in held.values()), default=date.max)
        fresh = {
            code: sum(count for (_, one), count in came.items() if one == code)
            for code in sorted({code for _, code in came})
            if code in held and held[code][0] in wanted
        }
        outside = {code: sum(n for (_, one), n in came.items() if one == code) for _, code in came} if listed else {}
        outside = {code: n for code, n in outside.items() if listed is not None and code not in listed}
        judged += 1
        if outside:
            breaks.append(_break(column, outside, "ngoài danh mục mã", "not in the code list"))
        if listed is not None:
            told += [f"{name}={code}" for code in fresh if code in listed]
            continue
        late = {code: n for code, n in fresh.items() if held[code][0] >= start + timedelta(days=LEARNING)}
        before = {code: span for code, span in held.items() if code not in fresh}
        closed = len(before) <= CLOSED and all(first < last for first, last in before.values())
        if late and closed and before:
            breaks.append(_break(column, late, "chưa từng thấy", "never seen before"))
        elif late:
            per_day: dict[date, list[int]] = {}
            for (day, code), n in came.items():
                sums = per_day.setdefault(day, [0, 0])
                sums[0] += n
                sums[1] += n if code in late and held[code][0] == day else 0
            if any(new >= MANY_ROWS and new >= MANY_SHARE * total for total, new in per_day.values()):
                breaks.append(_break(column, late, "chưa từng thấy, trong nhiều bản ghi", "never seen, in many rows"))
            else:
                told += [f"{name}={code}" for code in late]
    return Comparison("codes", judged, tuple(breaks), about={"seen_for_the_first_time": told[:50]})


def _break(column: Any, codes: dict[str, int], vi: str, en: str) -> Break:
    top = sorted(codes.items(), key=lambda pair: (-pair[1], pair[0]))[:10]
    named = ", ".join(f"«{code}» ({n:,})" for code, n in top)
    return Break(
        column.name,
        f"«{column.label_vi}» có giá trị {vi}: {named}.",
        f"«{column.label_en}» holds values {en}: {named}.",
        {"column": column.name, "codes": dict(top), "different": len(codes), "rows": sum(codes.values())},
    )
