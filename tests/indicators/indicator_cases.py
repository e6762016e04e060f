"""A small province for tests of indicators, and every figure of the catalogue recomputed row by row.

The definitions here are written down a second time, from the forms and decisions, so that a slip in
the catalogue or in the composed SQL shows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.days import periods
from cchc_pipeline.indicators.catalogue import catalogue
from cchc_pipeline.indicators.compute import PROCEDURE_COUNTS, compute
from cchc_pipeline.reference.unit_map import lineage_table
from cchc_pipeline.reference.units import UnitHistory

VALUES = load_contract("indicator_values").arrow_schema()
EVENTS = pa.schema(
    [
        ("event_on", pa.date32()),
        ("unit_code", pa.string()),
        ("procedure_code", pa.string()),
        ("channel", pa.string()),
        ("measure", pa.string()),
        ("quantity", pa.float64()),
    ]
)
SNAPSHOTS = PROCEDURE_COUNTS
RESOLVED = pa.schema([("unit_code", pa.string()), ("closed_on", pa.date32()), ("handling_working_days", pa.float64())])
PROCEDURES = pa.table(
    {
        "procedure_code": ["1.000001", "1.000002", "1.000003", "1.000004"],
        "unit_code": ["H99.02", "H99.02", "H99", "H99.90.01"],
        "has_fee": [True, False, True, True],
        "service_level": ["full", "information", "partial", "full"],
        "executing_level": ["province", "province", "province", "commune"],
    }
)
#: The same with every column of the published table, which the families of procedures read.
PUBLISHED_PROCEDURES = pa.Table.from_pylist(PROCEDURES.to_pylist(), schema=load_contract("procedures").arrow_schema())
PARENTS = {"H99": None, "H99.02": "H99", "H99.03": "H99", "H99.90": "H99", "H99.90.01": "H99.90", "H99.90.02": "H99.90"}
LEVELS = ["province", "department", "department", "district", "commune", "commune"]
LEVEL_OF = dict(zip(PARENTS, LEVELS, strict=True))
UNITS = pa.table({"unit_code": list(PARENTS), "unit_level": LEVELS, "parent_code": list(PARENTS.values())})
LEAVES = ("H99.02", "H99.03", "H99.90.01", "H99.90.02")
FIRST, AS_OF = date(2026, 9, 20), date(2026, 11, 10)
RESOLUTIONS = ("resolved_early", "resolved_on_time", "resolved_late")
COHORT = ("result_electronic", "digitised", "reused", "personal_storage", "citizen_data", "synced_national")
MEASURES = (
    *("received", *RESOLUTIONS, "resolved_done", "handled_working_days", "resolved_result_electronic"),
    *(
        "late_with_apology",
        "withdrawn",
        "stopped",
        "refused",
        "became_overdue",
        "overdue_ended",
        "suspended",
        "resumed",
    ),
    *("rated_dissatisfied", "rated_neutral", "rated_satisfied", "with_fee", "paid_online", *COHORT),
    *("not_late", "satisfied_not_late", "received_full_online"),
)
DOCUMENT_MEASURES = (
    *("documents_sent", "documents_open", "documents_electronic", "documents_to_sign", "documents_signed"),
    *("publication_decisions", "publication_decisions_late", "publication_decisions_answering", "publication_days"),
    *("published_procedures", "published_procedures_internal", "replies", "replies_late"),
)
COUNTED = ("in_force", "full", "partial", "information", "citizen_data_connected", "content_full", "updated_on_time")

DAYS = st.integers(0, (AS_OF - FIRST).days).map(lambda n: FIRST + timedelta(days=n))
QUANTITIES = st.integers(1, 5).map(float)
DOSSIER_EVENT = st.tuples(
    DAYS,
    st.sampled_from(LEAVES),
    st.sampled_from(PROCEDURES["procedure_code"].to_pylist()),
    st.sampled_from(["direct", "online", "postal"]),
    st.sampled_from(MEASURES),
    QUANTITIES,
)
DOCUMENT_EVENT = st.tuples(
    DAYS, st.sampled_from(LEAVES), st.none(), st.none(), st.sampled_from(DOCUMENT_MEASURES), QUANTITIES
)


def table_of(rows: Iterable[tuple], schema: pa.Schema = EVENTS) -> pa.Table:
    """A table of rows whose values stand in the order of the schema."""
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema=schema)


def _added_up(rows: list[tuple]) -> list[tuple]:
    """One row per key, as the table of events has it."""
    sums: dict[tuple, float] = {}
    for *key, quantity in rows:
        sums[tuple(key)] = sums.get(tuple(key), 0.0) + quantity
    return [(*key, quantity) for key, quantity in sums.items()]


event_tables = st.lists(st.one_of(DOSSIER_EVENT, DOSSIER_EVENT, DOCUMENT_EVENT), max_size=60).map(
    lambda rows: table_of(_added_up(rows))
)
snapshot_tables = st.lists(
    st.tuples(DAYS, st.sampled_from(list(PARENTS)), st.just("province"), st.sampled_from(COUNTED), QUANTITIES),
    max_size=25,
).map(lambda rows: table_of(_added_up(rows), SNAPSHOTS))
resolved_tables = st.lists(
    st.tuples(st.sampled_from(LEAVES), st.none() | DAYS, st.none() | st.integers(0, 20).map(float)), max_size=25
).map(lambda rows: table_of(rows, RESOLVED))


def values(events=None, snapshots=None, resolved=None, *, only=None, first=FIRST, as_of_on=AS_OF, **tables) -> pa.Table:
    """`compute` over the small province, or over the tables given; on the map of its last day."""
    given = {"units": UNITS, "procedures": PROCEDURES, "dossiers": RESOLVED.empty_table()} | tables
    named = {"dossier_events": events, "procedure_counts": snapshots, "dossiers": resolved}
    given |= {name: table for name, table in named.items() if table is not None}
    given.setdefault("periods", periods(first, as_of_on))
    if "unit_lineage" not in given:
        given["unit_lineage"] = lineage_table(given["units"], UnitHistory([]), first, as_of_on, "today")
    return compute(given, first, as_of_on, only)


@lru_cache(maxsize=1)
def additive() -> tuple[str, ...]:
    """Additive indicators over events; those of late dossiers and of registers have tests of their own."""
    return tuple(i.id for i in catalogue() if i.is_additive and i.family in ("core", "documents", "dossiers"))


def below(unit: str) -> list[str]:
    """A unit and everything below it."""
    found = [unit]
    for code, parent in PARENTS.items():
        if parent in found:
            found.append(code)
    return found


#: quantities by (measure, channel)
Sums = dict[tuple[str, str | None, str | None], float]
Amount = Callable[[Sums], float]


def sums(rows: Iterable[dict[str, Any]]) -> Sums:
    """Quantities added up; `channel` is None where the relation has none."""
    found: Sums = defaultdict(float)
    for row in rows:
        found[row["measure"], row.get("channel"), LEVEL_OF[row["unit_code"]]] += row["quantity"]
    return found


#: Level of government -> levels of the units that handle its dossiers.
BY_LEVEL = {"province": ("province", "department"), "district": ("district",), "commune": ("commune",)}


def total(*measures: str, channel: str | None = None, minus: tuple[str, ...] = (), at: tuple[str, ...] = ()) -> Amount:
    def amount(found: Sums) -> float:
        signs = {**dict.fromkeys(measures, 1), **dict.fromkeys(minus, -1)}
        return float(
            sum(
                signs.get(m, 0) * n
                for (m, c, level), n in found.items()
                if channel in (None, c) and (not at or level in at)
            )
        )

    return amount


RECEIVED, RESOLVED_ALL, DONE = total("received"), total(*RESOLUTIONS), total("resolved_done")
SENT, DECISIONS = total("documents_sent"), total("publication_decisions")
REPLIES, ANSWERING = total("replies"), total("publication_decisions_answering")
RATED = total("rated_dissatisfied", "rated_neutral", "rated_satisfied")
FLOWS: dict[str, tuple[Amount, Amount | None]] = {
    "received_total": (RECEIVED, None),
    "received_online": (total("received", channel="online"), None),
    "received_direct": (total("received", channel="direct"), None),
    "received_postal": (total("received", channel="postal"), None),
    "resolved_total": (RESOLVED_ALL, None),
    **{name: (total(name), None) for name in RESOLUTIONS},
    "suspended_count": (total("suspended"), None),
    "withdrawn_count": (total("withdrawn"), None),
    "refused_count": (total("refused"), None),
    "documents_sent_count": (SENT, None),
    "publication_decisions_count": (DECISIONS, None),
    "publication_decisions_late_count": (total("publication_decisions_late"), None),
    "published_procedures_count": (total("published_procedures"), None),
    "online_rate": (total("received", channel="online"), RECEIVED),
    "early_rate": (total("resolved_early"), RESOLVED_ALL),
    "on_time_rate": (total("resolved_on_time"), RESOLVED_ALL),
    "late_rate": (total("resolved_late"), RESOLVED_ALL),
    "timely_rate": (total("resolved_early", "resolved_on_time"), RESOLVED_ALL),
    "handling_time_mean_days": (total("handled_working_days"), DONE),
    "online_payment_rate": (total("paid_online"), total("with_fee")),
    "digitised_result_rate": (total("resolved_result_electronic"), DONE),
    "data_reuse_rate": (total("reused"), RECEIVED),
    "apology_rate": (total("late_with_apology"), total("resolved_late")),
    "satisfaction_rate": (total("rated_satisfied"), RATED),
    "documents_electronic_rate": (total("documents_electronic"), total("documents_open")),
    "documents_signed_rate": (total("documents_signed"), total("documents_to_sign")),
    "published_internal_procedures_count": (total("published_procedures_internal"), None),
    "publication_days_mean": (total("publication_days"), ANSWERING),
    "replies_count": (REPLIES, None),
    "replies_late_count": (total("replies_late"), None),
    "replies_late_rate": (total("replies_late"), REPLIES),
    "full_online_rate": (total("received_full_online"), RECEIVED),
    **{
        f"digitised_result_rate_{level}_level": (
            total("resolved_result_electronic", at=at),
            total("resolved_done", at=at),
        )
        for level, at in BY_LEVEL.items()
    },
    "late_district_share": (total("resolved_late", at=BY_LEVEL["district"]), total("resolved_late")),
    "ratings_count": (RATED, None),
    "satisfied_count": (total("rated_satisfied"), None),
    "neutral_count": (total("rated_neutral"), None),
    "dissatisfied_count": (total("rated_dissatisfied"), None),
    "neutral_rate": (total("rated_neutral"), RATED),
    "dissatisfaction_rate": (total("rated_dissatisfied"), RATED),
    "idx766_on_time": (total("not_late"), RECEIVED),
    "idx766_electronic_result": (total("result_electronic"), RECEIVED),
    "idx766_digitised": (total("digitised"), RECEIVED),
    "idx766_reused": (total("reused"), RECEIVED),
    "idx766_personal_storage": (total("personal_storage"), RECEIVED),
    "idx766_citizen_data": (total("citizen_data"), RECEIVED),
    "idx766_satisfied": (total("satisfied_not_late"), RECEIVED),
    "idx766_synced": (total("synced_national"), RECEIVED),
    "idx766_publish_on_time": (total("publication_decisions", minus=("publication_decisions_late",)), DECISIONS),
}
STOCKS: dict[str, Amount] = {
    "pending_total": total("received", minus=RESOLUTIONS),
    "pending_overdue": total("became_overdue", minus=("overdue_ended",)),
    "pending_in_time": total("received", "overdue_ended", minus=(*RESOLUTIONS, "became_overdue")),
}
OPENINGS = {"carried_over": STOCKS["pending_total"]}
IN_FORCE = total("in_force")
CATALOGUE: dict[str, tuple[Amount, Amount | None]] = {
    "procedures_full_count": (total("full"), None),
    "procedures_partial_count": (total("partial"), None),
    "procedures_information_count": (total("information"), None),
    "idx766_citizen_data_procedures": (total("citizen_data_connected"), IN_FORCE),
    "idx766_online_procedures": (total("full", "partial"), IN_FORCE),
    "idx766_update_on_time": (total("updated_on_time"), IN_FORCE),
    "idx766_content_full": (total("content_full"), IN_FORCE),
}


def recomputed(
    events: pa.Table, snapshots: pa.Table, unit: str, start: date, end: date
) -> dict[str, tuple[float, float | None]]:
    """Numerator and denominator of every additive indicator of a unit and period."""
    units = below(unit)
    every = [row for row in events.to_pylist() if row["unit_code"] in units]
    during = sums(row for row in every if start <= row["event_on"] <= end)
    found: dict[str, tuple[float, float | None]] = {
        name: (numerator(during), denominator(during) if denominator else None)
        for name, (numerator, denominator) in FLOWS.items()
    }
    at_end, before = (sums(row for row in every if row["event_on"] <= day) for day in (end, start - timedelta(days=1)))
    found |= {name: (amount(at_end), None) for name, amount in STOCKS.items()}
    found |= {name: (amount(before), None) for name, amount in OPENINGS.items()}
    if counted := [row for row in snapshots.to_pylist() if start <= row["event_on"] <= end]:
        newest = max(row["event_on"] for row in counted)
        last = sums(row for row in counted if row["event_on"] == newest and row["unit_code"] in units)
        found |= {
            name: (numerator(last), denominator(last) if denominator else None)
            for name, (numerator, denominator) in CATALOGUE.items()
        }
    return found
