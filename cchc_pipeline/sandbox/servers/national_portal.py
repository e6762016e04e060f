"""Serve the seven evaluation reports of the national portal as JSON, in the shape of its replies of 2026.

One reply has the province and all units below it. A key that no client was seen to send is refused.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from cchc_pipeline.sandbox.life.province_parts import Unit
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
#: Groups that the country's list calls by another code than the reports of groups.
RESULTS_CODES = {"ONLINE": "CLGQ"}
_SOURCES = {
    "transparency": "reporting_766_transparency",
    "dossier-digitized": "reporting_digitized_dossiers",
    "handling-satisfaction": "reporting_766_satisfaction",
}
_KEYS = {"rootDepartmentId", "currentPage", "pageSize"}
_PERIOD_KEYS = {"year": set(), "quarter": {"quarter"}, "month": {"month"}}
_LEVELS = {"department": "PROVINCE", "district": "DISTRICT", "commune": "COMMUNE"}
_CHILD_GROUPS = {"department": "AGENCY", "district": "DISTRICT", "commune": "COMMUNE"}
_TYPES = {"province": "PROVINCE", "department": "PROVINCIAL_DEPARTMENT", "commune": "COMMUNE_PEOPLE_COMMITTEE"}
_MONTHS = tuple(f"{month:02d}" for month in range(1, 13))


def formality_id(code: str) -> str:
    """Return the portal's UUID of a procedure."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"procedure {code}"))


def period(report: str, body: Mapping[str, Any]) -> tuple[date, date]:
    """Return the first and the last day of the period of a request.

    Raises:
        ValueError: the period is unknown or incomplete, or the request has a key that the report does not take.
    """
    allowed = set(_KEYS)
    if report == "service-results":
        allowed.add("departmentType")
    elif report != "handling-satisfaction":
        allowed.add("formalityID" if report == "dossier-digitized" else "formalityId")
    if report == "handling-satisfaction" and "timeType" not in body:
        allowed |= {"fromDate", "toDate"}
        first, last = date.fromisoformat(str(body.get("fromDate"))), date.fromisoformat(str(body.get("toDate")))
    else:
        kind, year = body.get("timeType"), body.get("year")
        if kind not in _PERIOD_KEYS or not isinstance(year, int):
            raise ValueError("timeType has to be year, quarter or month, and year a number")
        allowed |= {"timeType", "year"} | _PERIOD_KEYS[kind]
        months = {"year": 12, "quarter": 3, "month": 1}[kind]
        number = 1 if kind == "year" else body.get(kind)
        if not isinstance(number, int) or not 1 <= number <= 12 // months:
            raise ValueError(f"{kind} has to be a number of a {kind}")
        first = date(year, (number - 1) * months + 1, 1)
        last = (first + timedelta(days=31 * months)).replace(day=1) - timedelta(days=1)
    if strange := sorted(set(body) - allowed):
        raise ValueError(f"property {strange[0]} should not exist")
    return first, last


class PortalRoutes:
    """The HTTP routes of the portal."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.portal = Portal(world.province)
        self._formalities = {formality_id(p.code): p.code for p in world.province.procedures}

    async def report(self, request: Request) -> Response:
        """Answer any of the seven reports."""
        name = request.path_params["report"]
        if name != "service-results" and name not in REPORTS:
            return _fail(404, "NOT_FOUND", f"no report {name}")
        try:
            body = json.loads(await request.body())
            start, end = period(name, body)
        except (ValueError, TypeError, AttributeError) as error:
            return _fail(400, "BAD_REQUEST", str(error))
        root, formality = body.get("rootDepartmentId"), body.get("formalityId") or body.get("formalityID")
        if root not in (None, department_id(self.world.province.units[0].code)):
            return _fail(404, "NOT_FOUND", f"no department {root}")
        if root is None and name != "service-results":
            return _fail(400, "BAD_REQUEST", "of the country the built-in province has the service results only")
        if formality is not None and formality not in self._formalities:
            return _fail(404, "NOT_FOUND", f"no formality {formality}")
        clock = self.world.clock() - timedelta(seconds=request.scope.get("lag_s", 0))
        procedure = self._formalities.get(formality or "")
        return await run_in_threadpool(self._answer, name, body, (clock, start, end), procedure)

    def _answer(
        self, name: str, body: Mapping[str, Any], span: tuple[datetime, date, date], procedure: str | None
    ) -> Response:
        with self.world.lock:
            asked = _Asked(self.portal, name, span, procedure)
            if body.get("rootDepartmentId") is None:
                data = asked.country()
            elif asked.name == "service-results":
                data = asked.results()
            elif asked.name in _SOURCES:
                data = asked.metrics(body)
            else:
                data = asked.tree()
        return reply({"code": "OK", "data": data, "message": "OK"}, 201)

    async def formalities(self, request: Request) -> Response:
        """Answer a page of the catalogue of procedures."""
        try:
            body = json.loads(await request.body())
            page, size = int(body.get("currentPage", 1)), int(body.get("pageSize", 10))
            if strange := sorted(set(body) - {"currentPage", "pageSize", "q"}):
                raise ValueError(f"property {strange[0]} should not exist")
        except (ValueError, TypeError, AttributeError) as error:
            return _fail(400, "BAD_REQUEST", str(error))
        province = department_id(self.world.province.units[0].code)
        listed = [p for p in self.portal.procedures_of(self.world.province.units[0]) if body.get("q", "") in p.code]
        items = [
            {
                "id": formality_id(p.code),
                "code": p.code,
                "name": p.name,
                "state": "ACTIVE",
                "departmentId": province,
                "publishingDepartmentIds": [province],
                "appliedDepartmentIds": [],
            }
            for p in listed[(page - 1) * size : page * size]
        ]
        data = {"items": items, "pagination": _pagination(len(listed), page, size)}
        return reply({"code": "OK", "data": data, "message": "OK"}, 201)


class _Asked:
    """One report of one period, as the portal shows it at an instant."""

    def __init__(self, portal: Portal, name: str, span: tuple[datetime, date, date], procedure: str | None) -> None:
        self.portal, self.name, self.span, self.procedure = portal, name, span, procedure
        self.counts = portal.counts(*self.span, procedure)
        self.province, *others = portal.province.units
        self.children = sorted((u for u in others if u.exists_on(span[0].date())), key=lambda unit: unit.code)
        title = portal.province.scenario.province_name
        self.suffix = f" - {title[:1].lower()}{title[1:]}"

    def _identity(self, unit: Unit, *, has_code: bool = True) -> dict[str, Any]:
        name = unit.name + (self.suffix if unit.level == "commune" else "")
        code = {"departmentCode": unit.code} if has_code else {}
        return {"departmentId": department_id(unit.code), "departmentName": name, **code}

    def _in_months(self, filled: Mapping[str, Any], empty: Mapping[str, Any], label: str = "month") -> list[Any]:
        _, start, end = self.span
        return [{label: month, **(filled if start.month <= int(month) <= end.month else empty)} for month in _MONTHS]

    # -- reports with metrics -----------------------------------------------------------------------------------

    def metrics(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Render one of the three reports that list metrics."""
        page, size = int(body.get("currentPage", 1)), int(body.get("pageSize", 10))
        rows = [self._measured(number, unit) for number, unit in enumerate(self.children, start=1)]
        own: dict[str, Any] = self._measured(1, self.province)
        data: dict[str, Any] = {"overview": own}
        if self.name == "transparency":
            own["averageScore"] = rounded(sum(row["totalScore"] for row in rows) / len(rows)) if rows else 0
            data["monthlyChart"] = []
        return data | {
            "evaluation": rows[(page - 1) * size : page * size],
            "pagination": _pagination(len(rows), page, size),
            "source": _SOURCES[self.name],
        }

    def _measured(self, number: int, unit: Unit) -> dict[str, Any]:
        group = REPORTS[self.name]
        metrics = self.portal.metrics(group, unit, *self.span, self.procedure)
        maximum = sum(one["maxScore"] for one in metrics)
        total = rounded(sum(one["score"] or 0 for one in metrics))
        counts = self.counts[unit.code]
        more: dict[str, Any] = {}
        if group == "MDHL":
            petitions = counts["petitions"]
            more = {"totalPetitions": petitions, "classifiedPetitions": petitions, "totalDossiers": counts["received"]}
            more["averageScore"] = None
        is_province = unit is self.province
        return {
            "stt": number,
            **self._identity(unit, has_code=group == "MDSH"),
            "departmentType": _TYPES.get(unit.level, unit.level.upper()),
            "departmentLevel": "PROVINCE" if is_province else _LEVELS[unit.level],
            "agencyLevel": "level_1" if is_province else "level_2",
            "totalScore": total,
            "totalMaxScore": maximum,
            "ratio": rounded(100 * total / maximum),
            "scoreDelta": None,
            "metrics": metrics,
            **more,
        }

    # -- trees --------------------------------------------------------------------------------------------------

    def tree(self) -> dict[str, Any]:
        """Render one of the three trees."""
        data: dict[str, Any] = {
            "parent": self._branch(self.province),
            "children": [self._branch(unit) for unit in self.children],
        }
        own = self.counts[self.province.code]
        if self.name == "dvc-progress-tree":
            share = rounded(100 * own["on_time"] / own["received"]) if own["received"] else 0
            filled = {"onTimePct": share, "overduePct": rounded(100 - share) if own["received"] else 0}
            data["monthlyChart"] = self._in_months(filled, {"onTimePct": 0, "overduePct": 0})
        elif self.name == "provide-online-tree":
            parent = data["parent"]
            used = rounded(100 * parent["onlineDossierCount"] / max(parent["onlineServiceTotal"], 1))
            data["monthlyChart"] = self._in_months({"onlineDossierPct": used}, {"onlineDossierPct": 0}, "label")
        return data

    def _branch(self, unit: Unit) -> dict[str, Any]:
        counts, group, is_province = self.counts[unit.code], REPORTS[self.name], unit is self.province
        maximum = GROUPS[group][1]
        total = self.portal.scores(unit, *self.span, self.procedure)[group]
        score: dict[str, Any] = {"totalScore": total, "totalMaxScore": maximum, "ratio": rounded(100 * total / maximum)}
        more: dict[str, Any] = {}
        if group == "TDGQ":
            received, on_time = counts["received"], counts["on_time"]
            more = {"totalReceived": received, "totalOnTime": on_time}
            more |= {"totalCompleted": counts["closed"]} if is_province else {"totalOverdue": received - on_time}
            more["avgProcessingDays"] = rounded(counts["days"] / counts["closed"]) if counts["closed"] else 0
            score["ratio"] = rounded(100 * on_time / received) if received else 0
            if not is_province:
                score = {"score": total, "maxScore": maximum, "ratio": score["ratio"]}
        elif group == "TTTT":
            more = dict(self.portal.payment(counts))
        elif is_province:
            more = dict(self.portal.online(unit, counts))
        below = {} if is_province else {"level": _LEVELS[unit.level], "scoreDelta": None}
        return {**self._identity(unit), **score, **more, **below}

    # -- service-results ----------------------------------------------------------------------------------------

    def results(self) -> dict[str, Any]:
        """Render the service results of the province."""
        rows = [
            {**self._total(unit), "scoreDelta": None, "childGroup": _CHILD_GROUPS[unit.level]} for unit in self.children
        ]
        rows.sort(key=lambda row: -row["totalScore"])
        own = self._province_row()
        inputs = self.portal.online(self.province, self.counts[self.province.code])
        without = inputs["authorityCount"] - inputs["fullCount"] - inputs["partialCount"]
        donuts = {
            "onlineDossier": _shares(
                ("ONLINE", "Trực tuyến", inputs["channelOnlineSum"]),
                ("OTHER", "Trực tiếp, bưu chính", inputs["channelTotalSum"] - inputs["channelOnlineSum"]),
            ),
            "onlineProvision": _shares(
                ("FULL", "Toàn trình", inputs["fullCount"]),
                ("PARTIAL", "Một phần", inputs["partialCount"]),
                ("NONE", "Chưa cung cấp", without),
            )
            if inputs["authorityCount"]
            else None,
        }
        scores = self.portal.results(self.province, *self.span)
        return _overview(self.province.name, self.province.code, scores, donuts, _growth(own), rows)

    def _total(self, unit: Unit) -> dict[str, Any]:
        total = rounded(sum(self.portal.results(unit, *self.span).values()))
        return {**self._identity(unit), "totalScore": total, "ratio": total}

    def _province_row(self) -> dict[str, Any]:
        return self._listed(
            self._identity(self.province), self.portal.results(self.province, *self.span), self.province.code
        )

    def _listed(self, identity: dict[str, Any], scores: dict[str, float], code: str) -> dict[str, Any]:
        """Render a province in the country's list."""
        _, start, end = self.span
        rng = self.portal.province.rng("delta", code, start.isoformat(), end.isoformat())
        total = rounded(sum(scores.values()))
        return {
            **identity,
            "totalScore": total,
            "ratio": total,
            "scoreDelta": rounded(rng.uniform(-5, 20)),
            "groupScores": {RESULTS_CODES.get(group, group): score for group, score in scores.items()},
        }

    def country(self) -> dict[str, Any]:
        """Render all 34 provinces: this one as computed, the others invented."""
        rows = [self._province_row()]
        _, start, end = self.span
        for i in range(33):
            code = f"H{65 + i}"
            rng = self.portal.province.rng("neighbour", code, start.isoformat(), end.isoformat())
            scores = {group: rounded(maximum * rng.uniform(0.35, 0.9)) for group, (_, maximum) in GROUPS.items()}
            name = f"UBND {'Thành phố' if i % 6 == 0 else 'tỉnh'} Láng Giềng {i + 1:02d}"
            identity = {"departmentId": department_id(code), "departmentName": name, "departmentCode": code}
            rows.append(self._listed(identity, scores, code))
        rows.sort(key=lambda row: -row["totalScore"])
        mean = {
            group: rounded(sum(row["groupScores"][RESULTS_CODES.get(group, group)] for row in rows) / len(rows))
            for group in GROUPS
        }
        donuts = {"onlineDossier": _shares(("ONLINE", "Trực tuyến", 9), ("OTHER", "Trực tiếp, bưu chính", 1))}
        donuts["onlineProvision"] = _shares(
            ("FULL", "Toàn trình", 3), ("PARTIAL", "Một phần", 4), ("NONE", "Chưa cung cấp", 3)
        )
        average = rounded(sum(row["totalScore"] for row in rows) / len(rows))
        on_time = rounded(100 * mean["TDGQ"] / GROUPS["TDGQ"][1])
        return _overview("Cả nước", None, mean, donuts, _growth(rows[0]), rows) | {
            "monthlyChart": self._in_months({"averageScore": average}, {"averageScore": None}),
            "dossierChart": self._in_months(
                {"onTimePct": on_time, "overduePct": rounded(100 - on_time)}, {"onTimePct": None, "overduePct": None}
            ),
        }


def _growth(row: Mapping[str, Any]) -> float:
    """Return the growth in percent of the total before."""
    before = row["totalScore"] - row["scoreDelta"]
    return rounded(100 * row["scoreDelta"] / before) if before else 0


def _overview(
    name: str,
    code: str | None,
    scores: dict[str, float],
    donuts: dict[str, Any],
    growth: float,
    rows: list[dict[str, Any]],
) -> dict[str, Any]:
    """Render the service results of a unit or of the country."""
    total = rounded(sum(scores.values()))
    return {
        "overview": {
            "departmentName": name,
            "departmentCode": code,
            "totalScore": total,
            "totalMaxScore": 100,
            "ratio": total,
        },
        "growthPercent": growth,
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


def _pagination(total: int, page: int, size: int) -> dict[str, int]:
    return {"total": total, "currentPage": page, "pageSize": size, "totalPages": -(-total // size)}


def _fail(status: int, code: str, message: str) -> Response:
    return reply({"code": code, "message": message, "data": None}, status)
