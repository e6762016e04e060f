"""Compare staged days with earlier ones, by the profiles kept at staging; find new code values.

What was seen of codes is kept as one small table per table: column, code, first and last day. A column that shows more
than `MOST_CODES` values has no closed vocabulary: a null code stands for them, and no new one is looked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.arrow import table_from_records
from cchc_pipeline.contracts.model import Contract
from cchc_pipeline.contracts.parts import Column
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.validation.drift.comparison import Break, Comparison
from cchc_pipeline.validation.drift.daily import (
    LOOK_BACK,
    DailyCounts,
    compare_distributions,
    compare_levels,
    compare_volumes,
)
from cchc_pipeline.validation.drift.periods import compare_periods
from cchc_pipeline.validation.drift.profiles import LAYER, keep_profiles, profile, pull_lags, read_profiles

SCHEMA = pa.schema(
    [
        pa.field("column_name", pa.string(), nullable=False),
        pa.field("code", pa.string()),
        pa.field("first_on", pa.date32(), nullable=False),
        pa.field("last_on", pa.date32(), nullable=False),
    ]
)
MOST_CODES = 500
#: Most values of a closed vocabulary, each seen on several days: a new one is a break.
CLOSED = 20
#: Days that a column has to be known before a new value is judged.
LEARNING = 28
#: Fewest rows of a day, and their share, that make new values of an open vocabulary a break.
MANY_ROWS, MANY_SHARE = 20, 0.2
_DAILY = {"volume": compare_volumes, "level": compare_levels, "distribution": compare_distributions}


def read_codes(lake: Lake, table: str) -> pa.Table:
    """Read the codes of a table that were seen so far, in `SCHEMA`."""
    return lake.store.read(f"{LAYER}/codes_{table}", schema=SCHEMA).cast(SCHEMA)


def remember_codes(lake: Lake, table: str, lines: pa.Table) -> None:
    """Add the codes in profile lines to those seen; a known code keeps its first day."""
    came = lines.filter(pc.and_(pc.equal(lines["measure"], "code"), pc.is_valid(lines["bucket"])))
    new = pa.table([came[name] for name in ("column_name", "bucket", "day_on", "day_on")], names=SCHEMA.names)
    found = (
        pa.concat_tables([read_codes(lake, table), new.cast(SCHEMA)])
        .group_by(["column_name", "code"])
        .aggregate([("first_on", "min"), ("last_on", "max")])
    )
    known = pa.table([found[name] for name in found.column_names], names=SCHEMA.names).cast(SCHEMA)
    sizes = Counter(known["column_name"].to_pylist())
    without_end = set(known.filter(pc.is_null(known["code"]))["column_name"].to_pylist())
    without_end |= {name for name, size in sizes.items() if size > MOST_CODES}
    marks = [{"column_name": name, "first_on": date.min, "last_on": date.min} for name in sorted(without_end)]
    closed = pc.invert(pc.is_in(known["column_name"], value_set=pa.array(sorted(without_end), pa.string())))
    kept = pa.concat_tables([known.filter(closed), table_from_records(marks, schema=SCHEMA)])
    order = [("column_name", "ascending"), ("code", "ascending")]
    lake.store.update(kept.sort_by(order).combine_chunks(), f"{LAYER}/codes_{table}")


def compare_codes(seen: pa.Table, lines: pa.Table, days: Sequence[date], contract: Contract) -> Comparison:
    """Find codes of `days` that are in no code list, or that no earlier day has shown.

    With a code list, any value outside it is a break; a listed value that comes for the first time is only reported.
    Without a list, a new value of a small vocabulary that was known for `LEARNING` days is a break; of a large one only
    where many rows hold new values. `seen` (see `read_codes`) includes the codes of `days`; `lines` are their profile.
    """
    staged = set(days)
    spans: dict[str, dict[str | None, tuple[date, date]]] = {}
    for row in seen.to_pylist():
        spans.setdefault(row["column_name"], {})[row["code"]] = (row["first_on"], row["last_on"])
    came: dict[str, dict[tuple[date, str], int]] = {}
    for line in lines.filter(pc.equal(lines["measure"], "code")).to_pylist():
        if line["day_on"] in staged and line["bucket"] is not None:
            came.setdefault(line["column_name"], {})[line["day_on"], line["bucket"]] = line["rows"]
    judged, breaks, first_seen = 0, [], []
    for name, counts in sorted(came.items()):
        column, held = contract.column(name), spans.get(name, {})
        rows: Counter[str] = Counter()
        for (_, code), count in sorted(counts.items(), key=lambda one: one[0][1]):
            rows[code] += count
        fresh = [code for code in rows if code in held and held[code][0] in staged]
        if column.valid_values is not None:
            judged += 1
            listed = {str(value) for value in column.valid_values}
            if outside := {code: count for code, count in rows.items() if code not in listed}:
                breaks.append(_break(column, outside, "ngoài danh mục mã", "not in the code list"))
            first_seen += [f"{name}={code}" for code in fresh if code in listed]
        elif None not in held:
            judged += 1
            start = min((first for first, _ in held.values()), default=date.max)
            late = {code: rows[code] for code in fresh if held[code][0] >= start + timedelta(days=LEARNING)}
            before = [span for code, span in held.items() if code not in fresh]
            if late and before and len(before) <= CLOSED and all(first < last for first, last in before):
                breaks.append(_break(column, late, "chưa từng thấy", "never seen before"))
            elif late and _are_many(counts, {(held[code][0], code) for code in late}):
                breaks.append(_break(column, late, "chưa từng thấy, trong nhiều bản ghi", "never seen, in many rows"))
            else:
                first_seen += [f"{name}={code}" for code in late]
    return Comparison("codes", judged, tuple(breaks), about={"seen_for_the_first_time": first_seen[:50]})


def _are_many(counts: Mapping[tuple[date, str], int], late: set[tuple[date, str]]) -> bool:
    """Return whether many rows of one day hold codes that this day showed first."""
    total, new = Counter[date](), Counter[date]()
    for (day, code), rows in counts.items():
        total[day] += rows
        new[day] += rows if (day, code) in late else 0
    return any(rows >= MANY_ROWS and rows >= MANY_SHARE * total[day] for day, rows in new.items())


def _break(column: Column, codes: Mapping[str, int], vi: str, en: str) -> Break:
    top = sorted(codes.items(), key=lambda pair: (-pair[1], pair[0]))[:10]
    named = ", ".join(f"«{code}» ({n:,})" for code, n in top)
    numbers = {"column": column.name, "codes": dict(top), "different": len(codes), "rows": sum(codes.values())}
    words = {"vi": column.label_vi, "en": column.label_en, "what_vi": vi, "what_en": en, "named": named}
    return Break.of("codes", column.name, numbers, **words)


def profile_days(lake: Lake, contract: Contract, days: Mapping[date, pa.Table]) -> None:
    """Write the profiles and codes of staged days, given as conformed rows by day."""
    if days:
        lines = profile(days, contract, pull_lags(lake, str(contract.source), days))
        keep_profiles(lake, contract.name, lines)
        remember_codes(lake, contract.name, lines)


def compare(lake: Lake, contract: Contract, days: Sequence[date]) -> list[Comparison]:
    """Run every comparison of a table for staged days, in the order of `checks_of`.

    Reads profiles and codes only, never rows.
    """
    checks = checks_of(contract)
    if not days:
        return [Comparison(check, 0) for check in checks]
    lines = read_profiles(lake, contract.name, min(days) - timedelta(days=LOOK_BACK), max(days))
    found = [compare_codes(read_codes(lake, contract.name), lines, days, contract)]
    if contract.profile.has_periods:
        found += compare_periods(lines, days, contract)
    else:
        counts = DailyCounts.of(lines, contract)
        found += [_DAILY[check](counts, days, contract) for check in checks if check in _DAILY]
    return sorted(found, key=lambda one: checks.index(one.check))


def checks_of(contract: Contract) -> tuple[str, ...]:
    """Return the names of the comparisons that a table has."""
    if contract.profile.has_periods:
        return ("codes", "volume", "level", "instrument", "copies")
    return ("codes", *(check for check in _DAILY if check != "level" or contract.profile.dated_by))
