"""Read what each indicator of the truth counts, and list the indicators."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from cchc_pipeline.sandbox.life.province_parts import SandboxError
from cchc_pipeline.yaml_files import Strict, read_yaml

FLAGS = ("documents_connected", "qr_listed")
LEVELS = ("department", "district", "commune")
INDICES = ("PAR_INDEX", "PAR_PROCEDURE_REFORM", "SIPAS", "PAPI", "PCI", "INDEX766", "INDEX766_PAYMENT")
KINDS = ("petition", "question")
Conditions = dict[str, dict[str, tuple[str | int | bool, ...]]]


class Definitions(Strict):
    """The content of `indicators.yaml`, which says what each entry means.

    A condition holds attributes of a procedure, each with the values that count.
    """

    counts: dict[str, str]
    rates: dict[str, tuple[str, str]]
    standing: Conditions
    said: Conditions
    by_day: dict[str, tuple[str, bool]]
    units: dict[str, str]
    flows: dict[str, tuple[str, ...]]
    flow_rates: dict[str, tuple[str, tuple[str, ...]]]
    stocks: dict[str, tuple[str, str | None]]


@cache
def definitions() -> Definitions:
    """Return the content of the file."""
    path = Path(__file__).with_name("indicators.yaml")
    return read_yaml(path.read_bytes(), Definitions, path.name, SandboxError)


def standing_indicators() -> list[str]:
    """List the indicators known only as of the day on which the catalogue is read."""
    rates = ("procedures_internal_count", "procedures_online_rate", "procedures_full_rate", "essential_services_rate")
    return [*definitions().standing, *definitions().said, *rates]


def register_indicators() -> list[str]:
    """List the indicators of registers."""
    asked = "received_count", "answered_count", "on_time_rate", "pending_count", "overdue_count"
    return [
        *(*definitions().flows, *definitions().flow_rates),
        *(indicator for pair in definitions().stocks.values() for indicator in pair if indicator),
        *(f"{flag}_{level}_rate" for flag in FLAGS for level in LEVELS),
        *("plan_fields_count", "plan_tasks_count", "plan_activities_count", "plan_done_rate", "plan_on_time_rate"),
        *("plan_overdue_count", "inspections_count", "inspected_units_count", "inspection_plan_done_rate"),
        *(f"{kind}s_{what}" for kind in KINDS for what in asked),
        *(
            f"external_{index.lower()}_{what}"
            for index in INDICES
            for what in ("value", "rank", "value_change", "rank_change")
        ),
    ]


def indicators() -> list[str]:
    """List all indicators, those of registers last."""
    known = definitions()
    by_day = *known.by_day, "procedures_integrated_to_date_count"
    of_procedures = *standing_indicators(), *by_day, *known.units
    return [*known.counts, *known.rates, *of_procedures, "handling_time_median_days", *register_indicators()]
