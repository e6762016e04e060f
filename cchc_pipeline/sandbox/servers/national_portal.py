"""Serve the seven evaluation reports of the national portal as JSON."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from cchc_pipeline.sandbox.life.province_parts import Unit
from cchc_pipeline.sandbox.life.scenario import values_of
from cchc_pipeline.sandbox.servers.portal_counts import GROUPS, Portal, rounded
from cchc_pipeline.sandbox.servers.web import World, department_id, reply

REPORTS = {
    "transparency": "CKMB",
    "dvc-progress-tree": "TDGQ",
    "provide-online-tree": "ONLINE",
    "formality-online-payment-tree": "TTTT",
    "dossier-digitized": "MDSH",
    "handling-satisfaction": "MDHL",
}
#: Groups that service-results calls by another code than the reports of groups.
RESULTS_CODES = {"ONLINE": "CLGQ"}


def period(body: dict[str, Any]) -> tuple[date, date]:
    """Return the first and the last day of the period of a request.

    Raises:
        ValueError: the period is unknown or incomplete.
    """
    kind, year = body.get("timeType"), int(body.get("year") or 0)
    number = body.get("period")
    if kind == "year":
        return date(year, 1, 1), date(year, 12, 31)
    if kind not in ("quarter", "month") or number is None:
        raise ValueError("timeType has to be year, quarter or month, with a period for the last two")
    months = 3 if kind == "quarter" else 1
    first = date(year, (int(number) - 1) * months + 1, 1)
    return first, (first + timedelta(days=31 * months)).replace(day=1) - timedelta(days=1)


class PortalRoutes:
    """The HTTP routes of the portal."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.portal = Portal(world.province)
        self._units = {department_id(unit.code): unit for unit in world.province.units}

    async def report(self, request: Request) -> Response:
        """Answer any of the seven reports."""
        name = request.path_params["report"]
        if name != "service-results" and name not in REPORTS:
            return _fail(404, "NOT_FOUND", f"no report {name}")
        try:
            body = json.loads(await request.body())
            start, end = period(body)
        except (ValueError, TypeError, AttributeError) as error:
            return _fail(400, "BAD_REQUEST", str(error))
        asked = body.get("departmentId")
        unit = self._units.get(asked) if asked else None
        if asked and unit is None:
            return _fail(404, "NOT_FOUND", f"no department {asked}")
        if unit is None and body.get("departmentType") != "ADMINISTRATIVE_UNIT":
            return _fail(400, "BAD_REQUEST", "departmentId or departmentType=ADMINISTRATIVE_UNIT")
        return await run_in_threadpool(self._answer, name, unit, start, end)

    def _answer(self, name: str, unit: Unit | None, start: date, end: date) -> Response:
        clock = self.world.clock()
        with self.world.lock:
            if name == "service-results":
                data = self._country(clock, start, end) if unit is None else self._results(unit, clock, start, end)
            else:
                data = self._group(REPORTS[name], unit or self.world.province.units[0], clock, start, end)
        return reply({"code": "OK", "message": "OK", "data": data}, 201)

    # -- service-results ----------------------------------------------------------------------------------------

    def _scored(self, unit: Unit, clock: datetime, start: date, end: date) -> dict[str, Any]:
        province = self.world.province.scenario.province_name
        name = unit.name if unit.level != "commune" else f"{unit.name} - {province[:1].lower()}{province[1:]}"
        return _row(unit.code, name, self.portal.scores(unit, clock, start, end), None)

    def _results(self, unit: Unit, clock: datetime, start: date, end: date) -> dict[str, Any]:
        counts = self.portal.counts(clock, start, end)[unit.code]
        units = self.world.province.units
        children = [u for u in units if u.parent_code == unit.code and u.exists_on(clock.date())]
        groups = {"department": "AGENCY", "commune": "COMMUNE", "district": "DISTRICT"}
        evaluation = [{**self._scored(u, clock, start, end), "childGroup": groups[u.level]} for u in children]
        for row in evaluation:
            del row["groupScores"]
        levels = [p.service_level for p in self.portal.procedures_of(unit)]
        donuts = {
            "onlineDossier": _shares(
                ("ONLINE", "Trực tuyến", counts["online"]),
                ("OTHER", "Trực tiếp, bưu chính", counts["received"] - counts["online"]),
            ),
            "onlineProvision": _shares(
                ("FULL", "Toàn trình", levels.count("full")),
                ("PARTIAL", "Một phần", levels.count("partial")),
                ("NONE", "Chưa cung cấp", levels.count("information")),
            )
            if levels
            else None,
        }
        return _overview(unit.name, unit.code, self.portal.scores(unit, clock, start, end), donuts, evaluation)

    def _country(self, clock: datetime, start: date, end: date) -> dict[str, Any]:
        """Render all 34 provinces: this one as computed, the others invented."""
        rows = [self._scored(self.world.province.units[0], clock, start, end)]
        for i in range(33):
            code = f"H{65 + i}"
            rng = self.world.province.rng("neighbour", code, start.isoformat(), end.isoformat())
            scores = {group: rounded(maximum * rng.uniform(0.35, 0.9)) for group, (_, maximum) in GROUPS.items()}
            name = f"UBND {'Thành phố' if i % 6 == 0 else 'tỉnh'} Láng Giềng {i + 1:02d}"
            rows.append(_row(code, name, scores, None if i % 11 == 0 else rounded(rng.uniform(0, 20))))
        rows.sort(key=lambda row: -row["totalScore"])
        mean = {
            group: rounded(sum(row["groupScores"][RESULTS_CODES.get(group, group)] for row in rows) / len(rows))
            for group in GROUPS
        }
        return _overview("Cả nước", None, mean, None, rows)

    # -- the reports of a group ---------------------------------------------------------------------------------

    def _group(self, group: str, unit: Unit, clock: datetime, start: date, end: date) -> dict[str, Any]:
        counts = self.portal.counts(clock, start, end)[unit.code]
        name, maximum = GROUPS[group]
        score = self.portal.scores(unit, clock, start, end)[group]
        data: dict[str, Any] = {
            "overview": {
                "departmentId": department_id(unit.code),
                "departmentName": unit.name,
                "departmentCode": unit.code,
            },
            "group": {"code": group, "name": name, "score": score, "maxScore": maximum},
            "metrics": self.portal.metrics(unit, clock, start, end)[group],
        }
        if group == "TDGQ":
            data |= {
                "totalReceived": counts["received"],
                "totalOnTime": counts["on_time"],
                "totalOverdue": counts["received"] - counts["on_time"],
                "avgProcessingDays": rounded(counts["days"] / counts["closed"]) if counts["closed"] else None,
            }
        elif group == "TTTT":
            data |= {
                "totalDossierOnlinePaymentSuccess": counts["paid"],
                "totalDossierFinancialObligation": counts["fee"],
                "totalDossierOnlineFormalityPaymentSuccess": len(values_of(counts, "paid")),
                "totalFeeFormality": len(values_of(counts, "fee")),
            }
        return data


def _row(code: str, name: str, scores: dict[str, float], change: float | None) -> dict[str, Any]:
    """Render a unit or a province among the evaluated."""
    total = rounded(sum(scores.values()))
    return {
        "departmentId": department_id(code),
        "departmentName": name,
        "departmentCode": code,
        "totalScore": total,
        "ratio": total,
        "scoreDelta": change,
        "groupScores": {RESULTS_CODES.get(group, group): score for group, score in scores.items()},
    }


def _overview(
    name: str, code: str | None, scores: dict[str, float], donuts: dict[str, Any] | None, rows: list[dict[str, Any]]
) -> dict[str, Any]:
    """Render the service results of a unit or of the country."""
    total = rounded(sum(scores.values()))
    return {
        "overview": {
            "departmentName": name,
            "departmentCode": code,
            "totalScore": total,
            "totalMaxScore": 100.0,
            "ratio": total,
        },
        "growthPercent": None,
        "radar": [_ray(group, scores) for group in ("CKMB", "TDGQ", "ONLINE_SERVICE", "MDHL", "MDSH")],
        "donuts": donuts,
        "evaluation": rows,
    }


def _ray(code: str, scores: dict[str, float]) -> dict[str, Any]:
    """Render the score of one of five groups, of which one joins ONLINE and TTTT.

    The ratio of the joined group is the mean of the two ratios, not score over maximum.
    """
    parts = ("ONLINE", "TTTT") if code == "ONLINE_SERVICE" else (code,)
    ratios = [scores[part] / GROUPS[part][1] * 100 for part in parts]
    return {
        "code": code,
        "name": "Dịch vụ trực tuyến" if code == "ONLINE_SERVICE" else GROUPS[code][0],
        "score": rounded(sum(scores[part] for part in parts)),
        "maxScore": sum(GROUPS[part][1] for part in parts),
        "ratio": rounded(sum(ratios) / len(ratios)),
    }


def _shares(*parts: tuple[str, str, int]) -> list[dict[str, Any]]:
    total = sum(value for *_, value in parts)
    return [
        {"code": code, "name": name, "value": value, "percent": rounded(100 * value / total) if total else 0}
        for code, name, value in parts
    ]


def _fail(status: int, code: str, message: str) -> Response:
    return reply({"code": code, "message": message, "data": None}, status)
