"""Map the national portal's evaluation reports (QĐ 766) to flat metric rows.

Numbers are carried as published, null included: a metric can have a score without counts. Group
scores come as `GROUP.<code>`, the total as `TOTAL`; the counts of TDGQ and TTTT, which the portal
gives beside its metrics, as DOSSIER_ON_TIME, DOSSIER_ONLINE_PAYMENT and FORMALITY_ONLINE_PAYMENT.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cchc_pipeline.days import Period
from cchc_pipeline.reference.unit_codes import canonical_unit_code
from cchc_pipeline.sources.protocol import Row
from cchc_pipeline.sources.records import Problems, mapping_or_empty, number_or_none, text_or_none

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
METRIC_NEEDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "metric_code": (("code",),),
    "numerator": (("numerator",),),
    "denominator": (("denominator",),),
    "ratio_pct": (("ratio",),),
    "score": (("score",),),
    "max_score": (("maxScore",),),
}


def request_body(period: Period) -> dict[str, Any]:
    """Return the part of a request that names a month, quarter or year."""
    number = {"month": period.first.month, "quarter": (period.first.month + 2) // 3}.get(period.kind)
    asked: dict[str, Any] = {"timeType": period.kind, "year": period.first.year}
    return asked if number is None else {**asked, "period": number}


@dataclass(frozen=True)
class UnitResult:
    """Scores of one unit in a `service-results` reply.

    Attributes:
        department_id: the portal's UUID, None in the overview.
        code: agency code as the portal writes it; None for the whole country.
        groups: group code to the object with name, score, maxScore and ratio as far as given.
    """

    department_id: str | None
    code: str | None
    name: str | None
    child_group: str | None
    total: float | None
    max_total: float | None
    ratio: float | None
    groups: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class ServiceResults:
    """Reply `service-results`: results of the unit asked for and of those below it."""

    unit: UnitResult
    children: tuple[UnitResult, ...]


@dataclass(frozen=True)
class UnitKey:
    """Unit columns of a metric row."""

    department_id: str
    code: str | None
    name: str | None
    child_group: str | None


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
    return UnitResult(
        department_id=text_or_none(entry.get("departmentId")),
        code=text_or_none(entry.get("departmentCode")),
        name=text_or_none(entry.get("departmentName")),
        child_group=text_or_none(entry.get("childGroup")),
        total=number_or_none(entry.get("totalScore")),
        max_total=number_or_none(entry.get("totalMaxScore")),
        ratio=number_or_none(entry.get("ratio")),
        groups=radar if radar is not None else {code: {"code": code, "score": score} for code, score in scores.items()},
    )


def result_rows(key: UnitKey, period: Period, result: UnitResult) -> Iterator[Row]:
    """Yield TOTAL and one row per group of a unit."""
    total = {"name": None, "score": result.total, "maxScore": result.max_total, "ratio": result.ratio}
    yield _row(key, period, SERVICE_RESULTS, "TOTAL", "TOTAL", total)
    for code, group in result.groups.items():
        yield _row(key, period, SERVICE_RESULTS, code, f"GROUP.{code}", group)


def report_rows(key: UnitKey, period: Period, report: str, data: Mapping[str, Any]) -> Iterator[Row]:
    """Yield the metrics of one report, the counts beside them, and its group."""
    group = mapping_or_empty(data.get("group"))
    group_code = text_or_none(group.get("code")) or METRIC_REPORTS[report]
    seen: set[str | None] = set()
    for metric in data.get("metrics") or ():
        if isinstance(metric, Mapping):
            code = text_or_none(metric.get("code"))
            seen.add(code)
            yield _row(key, period, report, group_code, code, metric)
    for code, numerator, denominator in _COUNTS.get(report, ()):
        if code not in seen:
            counts = {"numerator": data.get(numerator), "denominator": data.get(denominator)}
            absent = [name for name in (numerator, denominator) if name not in data]
            yield _row(key, period, report, group_code, code, counts, absent)
    if group:
        yield _row(key, period, report, group_code, f"GROUP.{group_code}", group)


def _row(
    key: UnitKey,
    period: Period,
    report: str,
    group_code: str,
    metric_code: str | None,
    source: Mapping[str, Any],
    absent: list[str] | None = None,
) -> Row:
    problems = Problems()
    unit = canonical_unit_code(key.code)
    if key.code and unit is None:
        problems.add("unit_code", "not an agency code", key.code)
    for name in absent or ():
        problems.add("numerator/denominator", f"the report has no field {name}")
    return {
        "unit_code": unit,
        "unit_name": key.name,
        "department_id": key.department_id,
        "child_group": key.child_group,
        "period_type": period.kind,
        "period_start": period.first,
        "period_end": period.last,
        "report": report,
        "group_code": group_code,
        "metric_code": metric_code,
        "metric_name": text_or_none(source.get("name")),
        "numerator": _number(source, "numerator", "numerator", problems),
        "denominator": _number(source, "denominator", "denominator", problems),
        "ratio_pct": _number(source, "ratio", "ratio_pct", problems),
        "score": _number(source, "score", "score", problems),
        "max_score": _number(source, "maxScore", "max_score", problems),
        "data_quality_status": text_or_none(source.get("dataQualityStatus")),
        "parse_errors": problems.text(),
    }


def _number(source: Mapping[str, Any], name: str, column: str, problems: Problems) -> float | None:
    raw = source.get(name)
    number = number_or_none(raw)
    if raw is not None and number is None:
        problems.add(column, "not a number", raw)
    return number
