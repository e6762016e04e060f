"""Read the national portal's evaluation reports (QĐ 766) of a province.

A report is about a whole month, quarter or year; the portal recomputes it while the period runs.
So a window reads every period that it touches, as it stands now, into one batch for its last day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

from cchc_pipeline.days import Period, Window, periods_of
from cchc_pipeline.progress import Progress
from cchc_pipeline.reference.unit_codes import canonical_unit_code
from cchc_pipeline.sources.errors import FieldGone, PageRepeated, ReplyBroken
from cchc_pipeline.sources.http import HttpClient
from cchc_pipeline.sources.national_portal.mapping import (
    METRIC_NEEDS,
    METRIC_REPORTS,
    SERVICE_RESULTS,
    ServiceResults,
    Unit,
    parse_service_results,
    report_rows,
    request_body,
    result_rows,
)
from cchc_pipeline.sources.protocol import Batch, KnownState, Row
from cchc_pipeline.sources.records import ColumnWatch, value_at

METRICS = "national_portal__metrics"
DISTRICT = "DISTRICT"
REPORT_PATH = "/api/v1/reporting/evaluation/"


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
                below = [child.unit for child in results.children if child.unit.department_id]
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
            listed = self._service_results(period, {"departmentType": "ADMINISTRATIVE_UNIT"}, None)
            for entry in listed.children:
                if canonical_unit_code(entry.unit.code) == self._province and entry.unit.department_id:
                    return entry.unit.department_id
            fix = "check the province code in the settings: since 1/7/2025 there are 34 provinces"
            what = f"province {self._province} is not in the portal's list"
            raise self._http.error(ReplyBroken, what, REPORT_PATH + SERVICE_RESULTS, fix=fix)

    def _unit_rows(
        self, unit: Unit, period: Period, results: ServiceResults | None, watch: ColumnWatch
    ) -> Iterator[Row]:
        request = {"departmentId": unit.department_id}
        if results is None:
            results = self._service_results(period, request, unit.code)
        unit = replace(unit, name=unit.name or results.own.unit.name)
        yield from result_rows(unit, period, results.own)
        if unit.child_group == DISTRICT:
            # Until 30/6/2025 communes stand below districts; the portal's list gives their totals.
            for below in results.children:
                if below.unit.department_id:
                    yield from result_rows(below.unit, period, below)
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
        reported = canonical_unit_code(results.own.unit.code)
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
