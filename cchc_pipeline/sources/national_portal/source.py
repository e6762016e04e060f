"""Read the national portal's evaluation reports (QĐ 766) of a province.

A report is about a whole month, quarter or year; the portal recomputes it while the period runs.
So a window reads every period that it touches, as it stands now, into one batch for its last day.
Numbers are carried as published, null included: a metric can have a score without counts. Group
scores come as `GROUP.<code>`, the total as `TOTAL`; the counts of TDGQ and TTTT, which the portal
gives beside its metrics, as DOSSIER_ON_TIME, DOSSIER_ONLINE_PAYMENT and FORMALITY_ONLINE_PAYMENT.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, ClassVar

from cchc_pipeline.days import Period, Window, periods_of
from cchc_pipeline.progress import Progress
from cchc_pipeline.reference.unit_codes import canonical_unit_code
from cchc_pipeline.sources.errors import FieldGone, PageRepeated, ReplyBroken
from cchc_pipeline.sources.http import HttpClient
from cchc_pipeline.sources.protocol import Batch, KnownState, Row
from cchc_pipeline.sources.records import (
    ColumnWatch,
    Fields,
    Problems,
    mapping_or_empty,
    number_or_none,
    read_fields,
    read_unit,
    reader,
    text_or_none,
    value_at,
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
METRICS = "national_portal__metrics"
DISTRICT = "DISTRICT"
REPORT_PATH = "/api/v1/reporting/evaluation/"


def request_body(period: Period) -> dict[str, Any]:
    """Return the part of a request that names a month, quarter or year."""
    number = {"month": period.first.month, "quarter": (period.first.month + 2) // 3}.get(period.kind)
    body: dict[str, Any] = {"timeType": period.kind, "year": period.first.year}
    return body if number is None else {**body, "period": number}


@dataclass(frozen=True)
class Unit:
    """Unit of a report, with its scores where a `service-results` reply gives them.

    Attributes:
        department_id: the portal's UUID; None in the overview.
        code: code as written; None for the whole country.
        total: object with score, maxScore and ratio of the total as far as given.
        groups: group code to the object with name, score, maxScore and ratio as far as given.
    """

    department_id: str | None
    code: str | None
    name: str | None = None
    child_group: str | None = None
    total: Mapping[str, Any] = field(default_factory=dict)
    groups: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


#: Results of the unit asked for, and of those below it.
ServiceResults = tuple[Unit, list[Unit]]


def parse_service_results(data: Mapping[str, Any]) -> ServiceResults:
    """Parse the `data` object of a `service-results` reply.

    Raises:
        KeyError: `overview` or `evaluation` is missing.
    """
    radar = {str(group["code"]): group for group in data.get("radar") or () if mapping_or_empty(group).get("code")}
    children = [_unit(entry, None) for entry in data["evaluation"] or () if isinstance(entry, Mapping)]
    return _unit(mapping_or_empty(data["overview"]), radar), children


def _unit(entry: Mapping[str, Any], groups: Mapping[str, Mapping[str, Any]] | None) -> Unit:
    if groups is None:
        scores = mapping_or_empty(entry.get("groupScores"))
        groups = {code: {"code": code, "score": score} for code, score in scores.items()}
    names = ("departmentId", "departmentCode", "departmentName", "childGroup")
    identity, code, name, group = (text_or_none(entry.get(field)) for field in names)
    fields = {"score": "totalScore", "maxScore": "totalMaxScore", "ratio": "ratio"}
    total = {part: number_or_none(entry.get(path)) for part, path in fields.items()}
    return Unit(identity, code, name, group, total, groups)


def result_rows(unit: Unit, period: Period, result: Unit) -> Iterator[Row]:
    """Yield TOTAL and one row per group of `result`, for `unit`."""
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


class NationalPortalSource:
    """Adapter for the portal's public reports; no credentials, one call at a time.

    Args:
        http: client of the portal.
        province_code: canonical code of the province, as in the portal's list.
        with_children: also read the reports of the departments and communes.
        overlap_days: days before a window whose month, quarter and year are read again, so that a
            period that has just ended is not left as it was on its last night.
    """

    name: ClassVar[str] = "national_portal"
    tables: ClassVar[tuple[str, ...]] = (METRICS,)

    def __init__(
        self, http: HttpClient, province_code: str, *, with_children: bool = True, overlap_days: int = 0
    ) -> None:
        self._http = http
        self._province = province_code
        self._with_children = with_children
        self._overlap = timedelta(days=overlap_days)

    def pull(self, window: Window, known: KnownState, progress: Progress) -> Iterator[Batch]:
        """Yield one batch for the last day of the window."""
        del known
        watch = ColumnWatch(METRIC_NEEDS)
        rows: dict[Any, Row] = {}
        periods = periods_of(Window(window.first - self._overlap, window.last).days())
        province_id = self._province_id(periods[-1], window)
        done, total = 0, None
        for number, period in enumerate(periods):
            with self._http.reading(window.last, f"the portal's {period}"):
                province = Unit(province_id, self._province)
                results = self._service_results(period, {"departmentId": province_id}, self._province)
                below = [child for child in results[1] if child.department_id]
                units = [province, *(below if self._with_children else ())]
                total = len(units) * (len(periods) - number) + done
                for unit in units:
                    for row in self._unit_rows(unit, period, results if unit is province else None, watch):
                        key = (row["unit_code"], row["period_type"], row["period_start"], row["metric_code"])
                        rows.setdefault(key if None not in key else (len(rows), "no key"), row)
                    done += 1
                    progress(done, total, f"portal reports, {period}")
        yield Batch(METRICS, window.last, watch.drop_missing(rows.values()))

    def _province_id(self, period: Period, window: Window) -> str:
        with self._http.reading(window.last, "the portal's list of provinces"):
            _, listed = self._service_results(period, {"departmentType": "ADMINISTRATIVE_UNIT"}, None)
            for entry in listed:
                if canonical_unit_code(entry.code) == self._province and entry.department_id:
                    return entry.department_id
            fix = "check the province code in the settings: since 1/7/2025 there are 34 provinces"
            what = f"province {self._province} is not in the portal's list"
            raise self._http.error(ReplyBroken, what, REPORT_PATH + SERVICE_RESULTS, fix=fix)

    def _unit_rows(
        self, unit: Unit, period: Period, results: ServiceResults | None, watch: ColumnWatch
    ) -> Iterator[Row]:
        request = {"departmentId": unit.department_id}
        own, children = results or self._service_results(period, request, unit.code)
        unit = replace(unit, name=unit.name or own.name)
        yield from result_rows(unit, period, own)
        if unit.child_group == DISTRICT:
            # Until 30/6/2025 communes stand below districts; the portal's list gives their totals.
            for below in children:
                if below.department_id:
                    yield from result_rows(below, period, below)
        for report in METRIC_REPORTS:
            data = self._report(report, period, request, "metrics")
            if value_at(data, "overview.departmentId") not in (None, unit.department_id):
                raise self._http.error(PageRepeated, "the report of another unit than asked for", REPORT_PATH + report)
            for metric in data["metrics"] or ():
                watch.add(metric)
            yield from report_rows(unit, period, report, data)

    def _service_results(self, period: Period, request: Mapping[str, Any], code: str | None) -> ServiceResults:
        data = self._report(SERVICE_RESULTS, period, request, "overview", "radar", "evaluation")
        results = parse_service_results(data)
        reported = canonical_unit_code(results[0].code)
        if code and reported and reported != canonical_unit_code(code):
            path = REPORT_PATH + SERVICE_RESULTS
            raise self._http.error(PageRepeated, "the report of another unit than asked for", path)
        return results

    def _report(self, report: str, period: Period, request: Mapping[str, Any], *needed: str) -> Mapping[str, Any]:
        path = REPORT_PATH + report
        reply = self._http.ask("POST", path, json={**request_body(period), **request})
        if not isinstance(reply, dict) or not isinstance(reply.get("data"), dict):
            raise self._http.error(FieldGone, "the reply has no object 'data'", path)
        if reply.get("code", "OK") != "OK":
            raise self._http.error(ReplyBroken, "the portal answers, but not OK", path)
        for name in needed:
            if name not in reply["data"]:
                raise self._http.error(FieldGone, f"the report has no field '{name}'", path)
        return reply["data"]
