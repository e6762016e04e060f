"""Map the national portal's evaluation reports (QĐ 766) to flat metric rows.

Numbers are carried as published, null included: a metric can have a score without counts. Group
scores come as `GROUP.<code>`, the total as `TOTAL`; the counts of TDGQ and TTTT, which the portal
gives beside its metrics, as DOSSIER_ON_TIME, DOSSIER_ONLINE_PAYMENT and FORMALITY_ONLINE_PAYMENT.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cchc_pipeline.days import Period
from cchc_pipeline.sources.protocol import Row
from cchc_pipeline.sources.records import (
    Fields,
    Problems,
    mapping_or_empty,
    number_or_none,
    read_fields,
    read_unit,
    reader,
    text_or_none,
)

SERVICE_RESULTS = "service-results"
# report -> the group that it explains
METRIC_REPORTS = {
    "transparency": "CKMB",
    "dvc-progress-tree": "TDGQ",
    "provide-online-tree": "ONLINE",
    "formality-online-payment-tree": "TTTT",
    "dossier-digitized": "MDSH",
    "handling-satisfaction": "MDHL",
}
# report -> metric code and the fields of its numerator and denominator
_COUNTS = {
    "dvc-progress-tree": (("DOSSIER_ON_TIME", "totalOnTime", "totalReceived"),),
    "formality-online-payment-tree": (
        ("DOSSIER_ONLINE_PAYMENT", "totalDossierOnlinePaymentSuccess", "totalDossierFinancialObligation"),
        ("FORMALITY_ONLINE_PAYMENT", "totalDossierOnlineFormalityPaymentSuccess", "totalFeeFormality"),
    ),
}
_number, _text = reader(number_or_none, "not a number"), reader(text_or_none)
_FIGURES: Fields = {
    "metric_name": ("name", _text),
    "numerator": ("numerator", _number),
    "denominator": ("denominator", _number),
    "ratio_pct": ("ratio", _number),
    "score": ("score", _number),
    "max_score": ("maxScore", _number),
    "data_quality_status": ("dataQualityStatus", _text),
}
METRIC_NEEDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "metric_code": (("code",),),
    **{column: ((path,),) for column, (path, read) in _FIGURES.items() if read is _number},
}


def request_body(period: Period) -> dict[str, Any]:
    """Return the part of a request that names a month, quarter or year."""
    number = {"month": period.first.month, "quarter": (period.first.month + 2) // 3}.get(period.kind)
    body: dict[str, Any] = {"timeType": period.kind, "year": period.first.year}
    return body if number is None else {**body, "period": number}


@dataclass(frozen=True)
class Unit:
    """Unit of a report: the portal's UUID, the code as written, name and group."""

    department_id: str | None
    code: str | None
    name: str | None = None
    child_group: str | None = None


@dataclass(frozen=True)
class UnitResult:
    """Scores of one unit in a `service-results` reply.

    Attributes:
        unit: the unit; without id in the overview, without code for the whole country.
        total: object with score, maxScore and ratio of the total as far as given.
        groups: group code to the object with name, score, maxScore and ratio as far as given.
    """

    unit: Unit
    total: Mapping[str, Any]
    groups: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class ServiceResults:
    """Reply `service-results`: results of the unit asked for and of those below it."""

    own: UnitResult
    children: tuple[UnitResult, ...]


def parse_service_results(data: Mapping[str, Any]) -> ServiceResults:
    """Parse the `data` object of a `service-results` reply.

    Raises:
        KeyError: `overview` or `evaluation` is missing.
    """
    radar = {str(group["code"]): group for group in data.get("radar") or () if mapping_or_empty(group).get("code")}
    children = tuple(_unit_result(entry) for entry in data["evaluation"] or () if isinstance(entry, Mapping))
    return ServiceResults(_unit_result(mapping_or_empty(data["overview"]), radar), children)


def _unit_result(entry: Mapping[str, Any], radar: Mapping[str, Mapping[str, Any]] | None = None) -> UnitResult:
    scores = mapping_or_empty(entry.get("groupScores"))
    names = ("departmentId", "departmentCode", "departmentName", "childGroup")
    fields = {"score": "totalScore", "maxScore": "totalMaxScore", "ratio": "ratio"}
    return UnitResult(
        Unit(*(text_or_none(entry.get(name)) for name in names)),
        total={name: number_or_none(entry.get(path)) for name, path in fields.items()},
        groups=radar if radar is not None else {code: {"code": code, "score": score} for code, score in scores.items()},
    )


def result_rows(unit: Unit, period: Period, result: UnitResult) -> Iterator[Row]:
    """Yield TOTAL and one row per group of a unit."""
    yield _row(unit, period, SERVICE_RESULTS, "TOTAL", "TOTAL", result.total)
    for code, group in result.groups.items():
        yield _row(unit, period, SERVICE_RESULTS, code, f"GROUP.{code}", group)


def report_rows(unit: Unit, period: Period, report: str, data: Mapping[str, Any]) -> Iterator[Row]:
    """Yield the metrics of one report, the counts beside them, and its group."""
    group = mapping_or_empty(data.get("group"))
    group_code = text_or_none(group.get("code")) or METRIC_REPORTS[report]
    seen: set[str | None] = set()
    for metric in data.get("metrics") or ():
        if isinstance(metric, Mapping):
            code = text_or_none(metric.get("code"))
            seen.add(code)
            yield _row(unit, period, report, group_code, code, metric)
    for code, numerator, denominator in _COUNTS.get(report, ()):
        if code not in seen:
            counts = {"numerator": data.get(numerator), "denominator": data.get(denominator)}
            absent = [name for name in (numerator, denominator) if name not in data]
            yield _row(unit, period, report, group_code, code, counts, absent)
    if group:
        yield _row(unit, period, report, group_code, f"GROUP.{group_code}", group)


def _row(
    unit: Unit,
    period: Period,
    report: str,
    group_code: str,
    metric_code: str | None,
    source: Mapping[str, Any],
    absent: Iterable[str] = (),
) -> Row:
    problems = Problems()
    unit_code = read_unit(unit.code, "unit_code", problems)
    for name in absent:
        problems.add("numerator/denominator", f"the report has no field {name}")
    return {
        "unit_code": unit_code,
        "unit_name": unit.name,
        "department_id": unit.department_id,
        "child_group": unit.child_group,
        "period_type": period.kind,
        "period_start": period.first,
        "period_end": period.last,
        "report": report,
        "group_code": group_code,
        "metric_code": metric_code,
        **read_fields(source, _FIGURES, problems),
        "parse_errors": problems.text(),
    }
