"""A lake built without any source system and without an orchestrator: a dozen dossiers, published."""

from __future__ import annotations

import shutil
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
from papi_scores import landed_rows
from sql_verdict import sql_verdict_alone

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core import at_risk, build, state
from cchc_pipeline.core.build import REGISTERS, build_register
from cchc_pipeline.core.units import REGISTER, build_units
from cchc_pipeline.indicators.build import (
    build_indicator_values,
    build_indicator_values_public,
    build_indicator_values_today,
)
from cchc_pipeline.indicators.catalogue import catalogue_table
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.lake.publish import Published
from cchc_pipeline.reference.papi_instrument import province_names
from cchc_pipeline.release.release import release
from cchc_pipeline.scorecards import build as scorecards
from cchc_pipeline.scorecards.par_index.appraisals import build_appraisals
from cchc_pipeline.scorecards.rank_intervals import build_rank_intervals
from cchc_pipeline.scorecards.reconciliation.build import build_reconciliation
from cchc_pipeline.scorecards.score_days import build_score_days
from cchc_pipeline.settings import Settings
from cchc_pipeline.validation.staging import stage

FIRST, LAST = date(2026, 10, 1), date(2026, 10, 10)
INBOUND = (
    "one_stop__dossiers",
    "one_stop__procedures",
    "documents__documents",
    "documents__statuses",
    "national_portal__metrics",
    "national_portal__procedures",
    "national_portal__provinces",
    "papi__subdimensions",
    "papi__totals",
)
SETTINGS = Settings(keep_versions=3)


def appraisal(unit: str, code: str, stage: str, points: float | None, **more: Any) -> dict[str, Any]:
    """A row of an office's file of appraisals, of the rubric of the unit's level."""
    rubric = {"H99": "par_index", "H99.02": "par_index_department"}.get(unit, "par_index_commune")
    return {
        "rubric_id": rubric, "unit_code": unit, "year": 2026, "criterion_code": code, "stage": stage, "points": points,
        "scored_by": "Hội đồng mẫu", "scored_on": LAST, "evidence": "7/KH-STP",
        "source_row": f"{unit} {code} {stage}", **more,
    }  # fmt: skip


def october(day: int) -> date:
    return date(2026, 10, day)


def dossier(number: int, received: int, **values: Any) -> dict[str, Any]:
    flags = ("has_fee", "is_paid_online", "is_result_electronic", "is_digitised", "is_data_reused")
    flags += ("is_in_personal_storage", "is_citizen_data_used", "is_synced_national")
    return {
        "dossier_id": f"{number:024x}", "dossier_code": f"H99.02-2610{received:02d}-{number:04d}", "status_code": 4,
        "status_name": "Đang xử lý", "unit_code": "H99.02", "procedure_code": "1.000001", "channel": "online",
        "applied_on": october(received), "received_on": october(received), "due_on": october(received + 3),
        **dict.fromkeys(flags, False), **values,
    }  # fmt: skip


def done(number: int, received: int, finished: int, **values: Any) -> dict[str, Any]:
    finished_values = {"status_code": 9, "status_name": "Đã có kết quả", "finished_on": october(finished)}
    return dossier(number, received, **(finished_values | values))


DOSSIERS = [
    done(1, 1, 2),  # early
    done(2, 1, 4, channel="direct"),  # on time
    done(3, 2, 8, unit_code="H99.201", channel="postal"),  # late
    done(4, 2, 3, unit_code="H99.201"),
    dossier(5, 3),  # overdue from 7/10
    dossier(6, 9, unit_code="H99.201"),  # in time
    dossier(7, 3, status_code=5, status_name="Yêu cầu bổ sung", suspended_on=october(5)),
    done(8, 5, 9, status_code=7, status_name="Đã rút"),  # withdrawn after its due date
    done(9, 6, 5),  # finished before it was received: quarantine
]
#: Form II.06a of the whole province over the ten days, counted by hand.
WHOLE = {
    "received": 8, "received_online": 6, "received_direct": 1, "received_postal": 1, "carried_over": 0, "resolved": 5,
    "resolved_early": 2, "resolved_on_time": 2, "resolved_late": 1, "pending": 3, "pending_in_time": 2,
    "pending_overdue": 1,
}  # fmt: skip


def _rows() -> dict[str, list[dict[str, Any]]]:
    noon = datetime.fromisoformat("2026-10-05T12:00:00+07:00")
    return {
        "one_stop__dossiers": DOSSIERS,
        "one_stop__procedures": [
            {
                "procedure_code": "1.000001", "procedure_name": "Cấp mới", "service_level": "full",
                "executing_level": "province", "unit_code": "H99.02",
                **dict.fromkeys(("has_fee", "is_payment_online", "is_citizen_data_connected"), True),
                **dict.fromkeys(("is_content_full", "is_updated_on_time", "is_in_force"), True),
            }
        ],
        "documents__documents": [
            {
                "document_id": "H99.02,2026/10/05,7/KH-STP", "unit_code": "H99.02", "receiver_unit_codes": "H99",
                "document_number": "7", "notation": "KH-STP", "document_type": "Kế hoạch",
                "subject_masked": "Kế hoạch cải cách hành chính năm 2026", "subject_kind": "reform_plan",
                "promulgated_on": october(5), "sent_at": noon, "sent_on": october(5), "is_paper_copy": False,
                "is_signed": True,
            }
        ],
        "documents__statuses": [],
        "national_portal__metrics": [
            {
                "unit_code": code, "unit_name": name, "child_group": group, "period_type": "month",
                "period_start": FIRST, "period_end": date(2026, 10, 31), "report": "dvc-progress-tree",
                "metric_code": "DOSSIER_ON_TIME", "numerator": 9.0, "denominator": 10.0,
            }
            for code, name, group in (
                ("H99", "UBND Tỉnh Mẫu", None),
                ("H99.02", "Sở Mẫu", "DEPARTMENT"),
                ("H99.201", "UBND Xã Mẫu", "COMMUNE"),
            )
        ],
        "national_portal__procedures": [],
        "national_portal__provinces": [],
        "papi__subdimensions": [],
        "papi__totals": [],
        "registers__observations": [
            {
                "measure_code": "guidance_counter", "unit_code": "H99", "period_start": FIRST, "observed_on": FIRST,
                "value": 7.0, "source_row": "observations.csv, dòng 2",
            }
        ],
        "registers__petitions": [
            {
                "petition_code": "PA1", "kind": "question", "unit_code": "H99.02", "received_on": FIRST,
                "source_row": "petitions.csv, dòng 2",
            }
        ],
        **{f"registers__{name}": [] for name in ("plan_tasks", "inspections", "external_indices", "appraisals")},
    }  # fmt: skip


def land(lake: Lake, table: str, rows: list[dict[str, Any]], day: date = LAST) -> None:
    schema = load_contract(table).arrow_schema(relaxed=True)
    lake.store.write(pa.Table.from_pylist(rows, schema=schema), f"landing/{table}", day)
    with sql_verdict_alone():
        stage(lake, table, [day], max(day, LAST))


def derive(lake: Lake, **free: Any) -> None:
    """Everything between the staged rows and the release, in the order of the data flow."""
    state.take_in(lake, "documents__documents")
    state.take_in_dossiers(lake)
    state.take_in(lake, REGISTER)
    build.build_dossiers(lake, LAST)
    build.build_late(lake)
    at_risk.update_counts(lake, LAST)
    at_risk.build_at_risk(lake, LAST)
    at_risk.build_calibration(lake, LAST)
    build.build_events(lake, LAST)
    state.take_in(lake, "documents__statuses")
    build.build_documents(lake)
    state.replace(lake, "one_stop__procedures")
    build.build_procedures(lake, LAST)
    for table in INBOUND[4:7]:
        state.take_in(lake, table)
    build_units(lake, "H99", LAST)
    for name in REGISTERS:
        build_register(lake, name, LAST)
    for name in ("portal_metrics", "portal_procedures"):
        build.build_portal(lake, name)
    scorecards.build_portal_ranks(lake)
    lake.store.update(catalogue_table({}), "built/indicators")
    build_indicator_values(lake, free.get("periods", ()))
    build_indicator_values_today(lake, free.get("periods", ()))
    build_indicator_values_public(lake)
    scorecards.build_index766(lake)
    build_appraisals(lake)
    scorecards.build_par_index(lake)
    scorecards.build_papi(lake)
    scorecards.build_papi_today(lake)
    build_rank_intervals(lake)
    build_score_days(lake)
    build_reconciliation(lake, FIRST)


def fill(lake: Lake, **landed: list[dict[str, Any]]) -> None:
    """Land, stage and derive everything, with other rows of some tables; nothing is published yet."""
    for source in ("one_stop", "documents", "national_portal", "papi", "registers"):
        lake.record_pull(source, FIRST, LAST, {"status": "ok", "rows": {}})
    for table, rows in {**_rows(), **landed}.items():
        land(lake, table, rows)
    derive(lake)


def next_night(lake: Lake, day: date, **landed: list[dict[str, Any]]) -> None:
    """Score the night of a later day, which brings these rows; the portal says what it said before."""
    for source in ("one_stop", "documents", "national_portal"):
        lake.record_pull(source, day, day, {"status": "ok", "rows": {}})
    for table, rows in {"national_portal__metrics": _rows()["national_portal__metrics"], **landed}.items():
        land(lake, table, rows, day)
    state.take_in_dossiers(lake)
    state.take_in(lake, "national_portal__metrics")
    build.build_dossiers(lake, day)
    build.build_events(lake, day)
    build_indicator_values(lake, ())
    scorecards.build_index766(lake)
    build_score_days(lake)


def copy_of(lake: Lake, folder: Path) -> Lake:
    """A copy of a lake, in a folder, that may be changed."""
    return Lake(Path(shutil.copytree(lake.root, folder / "lake", symlinks=True)))


def publish(lake: Lake, run_id: str = "0123456789") -> Published:
    return release(lake, SETTINGS, INBOUND, run_id)


def published(folder: Path) -> None:
    """Make a published lake in a folder."""
    lake = Lake(folder)
    fill(lake)
    publish(lake)


#: Cao Bằng is as it was; Bắc Giang and Bắc Ninh are one, and so are Lâm Đồng, Bình Thuận and Đắk Nông; what became
#: Cà Mau and Tuyên Quang was asked in part.
PAPI_PROVINCES = (
    *("Tỉnh Bắc Giang", "Tỉnh Bắc Ninh", "Tỉnh Cà Mau", "Tỉnh Hà Giang", "Tỉnh Cao Bằng"),
    *("Tỉnh Lâm Đồng", "Tỉnh Bình Thuận", "Tỉnh Đắk Nông"),
)
APPRAISALS = [
    appraisal("H99.02", "DISCIPLINE_KEPT", "self", 1.0),
    appraisal("H99.02", "DISCIPLINE_KEPT", "first", 0.5),
    appraisal("H99.02", "DOSSIERS_TIMELY", "self", 1.0),
    appraisal("H99.02", "DOSSIERS_TIMELY", "first", 0.75),
    appraisal("H99.02", "STAFFING_KEPT", "self", 0.75),
    appraisal("H99.02", "REFORM_PLAN_ISSUED", "self", 1.0),  # the plan came too late: the figure is taken
    appraisal("H99.02", "SATISFACTION_SURVEY", "survey", 0.9),
]


def scored(folder: Path) -> None:
    """Make a published lake with four years of PAPI and a department that was appraised."""
    lake = Lake(folder)
    provinces = [code for code, name in province_names().items() if name in PAPI_PROVINCES]
    papi = landed_rows(range(2021, 2025), provinces)
    fill(lake, papi__subdimensions=papi, registers__appraisals=APPRAISALS)
    publish(lake)


def days() -> list[date]:
    return [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
