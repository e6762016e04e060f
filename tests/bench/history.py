"""Generate years of closed dossiers as core tables, without pulling them."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa

from cchc_pipeline.arrow import table_from_records
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.days import period_of
from cchc_pipeline.lake.engine import connect
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.sandbox.province import Province

SCENARIO = "two-level-2026"

_ROWS = """
WITH numbered AS (
    SELECT i, hash(i) AS h, hash(i, 1) AS g, hash(i, 2) AS f,
        $first::DATE + (hash(i, 3) % $days)::INTEGER AS received_on
    FROM range($start, $start + $count) AS generated(i)
),
placed AS (
    SELECT *, $units[1 + (h % len($units))::INTEGER] AS unit_code, (1 + g % 20)::INTEGER AS allowed,
        CASE WHEN f % 10 < 8 THEN (h >> 8) % (1 + g % 20) ELSE (h >> 8) % 30 END AS taken
    FROM numbered
),
dated AS (
    SELECT *, received_on + allowed AS due_on, received_on + taken::INTEGER AS finished_on, f % 1000 AS dirt FROM placed
)
SELECT
    printf('%024x', i) AS dossier_id,
    printf('%s-%s-%06d', unit_code, strftime(received_on, '%y%m%d'), i % 1000000) AS dossier_code,
    CASE WHEN g % 3 > 0 THEN printf('G99.99-%012d', i) END AS national_code,
    CASE WHEN g % 100 < 4 THEN 7 WHEN g % 100 = 4 THEN 8 WHEN g % 100 < 12 THEN 9 ELSE 10 END::INTEGER AS status_code,
    'Đã trả kết quả' AS status_name,
    unit_code,
    $procedures[1 + ((g >> 16) % len($procedures))::INTEGER] AS procedure_code,
    printf('G%02d-X01', h % 20) AS sector_code,
    CASE WHEN h % 100 < 80 THEN 'online' WHEN h % 100 < 97 THEN 'direct' ELSE 'postal' END AS channel,
    CASE WHEN f % 1000 BETWEEN 700 AND 700 + $defects AND $defects > 0 THEN 'information' WHEN g % 3 = 0 THEN 'partial'
        ELSE 'full' END AS service_level,
    received_on::TIMESTAMPTZ + INTERVAL 8 HOUR AS applied_at,
    received_on::TIMESTAMPTZ + to_minutes((480 + h % 500)::BIGINT) AS received_at,
    due_on::TIMESTAMPTZ + INTERVAL 17 HOUR AS due_at,
    finished_on::TIMESTAMPTZ + to_minutes((480 + g % 500)::BIGINT) AS finished_at,
    NULL::TIMESTAMPTZ AS returned_at,
    received_on AS applied_on,
    received_on,
    CASE WHEN dirt < $defects THEN received_on - 1 ELSE due_on END AS due_on,
    finished_on,
    finished_on AS returned_on,
    CASE WHEN f % 50 = 0 THEN received_on END AS suspended_on,
    CASE WHEN f % 50 = 0 THEN received_on END AS resumed_on,
    finished_on AS result_issued_on,
    NULL::VARCHAR AS current_step,
    NULL::VARCHAR AS current_step_unit_code,
    NULL::VARCHAR AS steps,
    allowed::DOUBLE AS processing_time,
    'd' AS processing_time_unit,
    h % 2 = 0 AS has_fee,
    CASE WHEN h % 2 = 0 THEN 20000 END::BIGINT AS fee_amount_vnd,
    h % 2 = 0 AND g % 5 > 0 AS is_paid_online,
    g % 4 > 0 AS is_result_electronic,
    g % 5 = 0 AS is_digitised,
    g % 7 = 0 AS is_data_reused,
    g % 60 = 0 AS is_in_personal_storage,
    g % 8 > 2 AS is_citizen_data_used,
    g % 8 > 0 AS is_synced_national,
    CASE WHEN f % 5 = 0 THEN 1 + f % 3 END::INTEGER AS rating,
    CASE WHEN f % 5 = 0 THEN finished_on END AS rated_on,
    CASE WHEN dirt BETWEEN 500 AND 500 + $defects THEN 'due_at: «31/02/2026» không phải ngày.' END AS parse_errors
FROM dated
"""


def dossiers(count: int, first: date, last: date, *, start: int = 0, defects_permille: int = 0) -> pa.Table:
    """Generate closed dossiers in the shape of the inbound contract.

    They are received evenly from `first` to `last` and numbered from `start`; `defects_permille` is the share of each
    kind of defect.
    """
    province = Province(SCENARIO)
    values = {
        "start": start,
        "count": count,
        "first": first,
        "days": (last - first).days + 1,
        "units": [unit.code for unit in province.units if unit.weight],
        "procedures": [procedure.code for procedure in province.procedures],
        "defects": defects_permille,
    }
    with connect() as connection:
        rows = connection.sql(_ROWS, params=values).to_arrow_table()
    schema = load_contract("one_stop__dossiers").arrow_schema(relaxed=True)
    return rows.select(schema.names).cast(schema)


def fill_history(lake: Lake, count: int, first: date, last: date) -> None:
    """Write core dossiers of closed months, and the pulls that would bring them."""
    months = []
    day = first
    while day <= last:
        months.append(period_of("month", day))
        day = months[-1].last + timedelta(days=1)
    schema = load_contract("one_stop__dossiers").arrow_schema()
    share = count // len(months)
    for number, month in enumerate(months):
        # what a month receives is closed within it, or within the next: nothing is open when the bench begins
        rows = dossiers(share, month.first, month.last, start=number * share)
        lake.store.write(rows.cast(schema), "core/dossiers", str(month))
    for source in ("one_stop", "documents"):
        lake.record_pull(source, first, last, {"status": "ok", "rows": {}})


def event_files(folder: Path, count: int, first: date, last: date, chunk: int = 1_000_000) -> list[Path]:
    """Write daily counts of generated dossiers in the shape of `dossier_events`.

    The same measures as `core/sql/dossier_items.sql` gives for closed dossiers, up to `last`, written plainly. A key
    may stand in several of the returned Parquet files: counts add up.
    """
    paths = []
    with connect() as connection:
        for number, start in enumerate(range(0, count, chunk)):
            connection.register("dossiers", dossiers(min(chunk, count - start), first, last, start=start))
            paths.append(folder / f"{number:03d}.parquet")
            known = connection.sql(_EVENTS).filter(f"event_on <= DATE '{last}'")
            known.order("event_on").write_parquet(str(paths[-1]), compression="zstd")
            connection.unregister("dossiers")
    return paths


_EVENTS = """
WITH classed AS (
    SELECT *, CASE WHEN status_code IN (7, 8) OR finished_on = due_on THEN 'on_time'
        WHEN finished_on < due_on THEN 'early' ELSE 'late' END AS outcome
    FROM dossiers
),
events AS (
    SELECT received_on AS event_on, unit_code, procedure_code, channel, UNNEST([
        'received',
        CASE WHEN has_fee THEN 'with_fee' END,
        CASE WHEN is_paid_online THEN 'paid_online' END,
        CASE WHEN is_digitised THEN 'digitised' END,
        CASE WHEN is_data_reused THEN 'reused' END,
        CASE WHEN is_result_electronic THEN 'result_electronic' END,
        CASE WHEN is_in_personal_storage THEN 'personal_storage' END,
        CASE WHEN is_citizen_data_used THEN 'citizen_data' END,
        CASE WHEN is_synced_national THEN 'synced_national' END,
        CASE WHEN outcome <> 'late' THEN 'not_late' END,
        CASE WHEN outcome <> 'late' AND rating IS DISTINCT FROM 1 THEN 'satisfied_not_late' END
    ]) AS measure, 1.0 AS quantity
    FROM classed
    UNION ALL
    SELECT finished_on, unit_code, procedure_code, channel, UNNEST([
        'resolved_' || outcome,
        CASE WHEN status_code IN (9, 10) THEN 'resolved_done' END,
        CASE WHEN status_code IN (9, 10) AND is_result_electronic THEN 'resolved_result_electronic' END,
        CASE status_code WHEN 7 THEN 'withdrawn' WHEN 8 THEN 'stopped' END,
        CASE rating WHEN 1 THEN 'rated_dissatisfied' WHEN 2 THEN 'rated_neutral' WHEN 3 THEN 'rated_satisfied' END
    ]), 1.0
    FROM classed
    UNION ALL
    SELECT finished_on, unit_code, procedure_code, channel, 'handled_working_days', (finished_on - received_on)::DOUBLE
    FROM classed WHERE status_code IN (9, 10)
    UNION ALL
    SELECT due_on + 1, unit_code, procedure_code, channel, 'became_overdue', 1.0 FROM classed WHERE finished_on > due_on
    UNION ALL
    SELECT finished_on, unit_code, procedure_code, channel, 'overdue_ended', 1.0 FROM classed WHERE finished_on > due_on
)
SELECT event_on, unit_code, procedure_code, channel, measure, SUM(quantity)::DOUBLE AS quantity
FROM events WHERE measure IS NOT NULL GROUP BY ALL
"""


def units() -> pa.Table:
    """Return the scenario's units in the shape of the table `units`."""
    schema = load_contract("units").arrow_schema()
    province = Province(SCENARIO)
    return table_from_records(
        [
            {
                "unit_code": unit.code, "unit_name": unit.name, "unit_level": unit.level,
                "parent_code": unit.parent_code, "province_code": province.scenario.province_code,
            }
            for unit in province.units
        ],
        schema=schema,
    )  # fmt: skip


def procedures() -> pa.Table:
    """Return the scenario's procedures, with the columns that indicators need."""
    return table_from_records(
        [
            {
                "procedure_code": procedure.code,
                "unit_code": procedure.unit_code,
                "executing_level": procedure.executing_level,
                "has_fee": procedure.fee_vnd > 0,
                "service_level": procedure.service_level,
                "is_in_force": True,
            }
            for procedure in Province(SCENARIO).procedures
        ],
        schema=load_contract("procedures").arrow_schema(),
    )
