"""The captured replies of the portal as a portal that answers: what no capture holds is made of the same counts.

Not captured are `service-results` of the province, quarter, year and other months, and all pages of the catalogue but
the last. A key that no client was seen to send is refused, as is a page beyond the last.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from published_files import published
from source_site import Reply, Request, Site, site

from cchc_pipeline.days import Window
from cchc_pipeline.progress import silent
from cchc_pipeline.sources import errors
from cchc_pipeline.sources.http import HttpClient, HttpPolicy
from cchc_pipeline.sources.national_portal.requests import GROUP_OF
from cchc_pipeline.sources.national_portal.source import NationalPortalSource
from cchc_pipeline.sources.protocol import Batch, KnownState

CAPTURES = "captures/national_portal/phu_tho_2026-08"
COUNTRY = "acceptance/national_portal_service_results_2026-09-17.json"
ROOT = "019d2be3-6a88-732b-8b17-b68020c8553a"
PROCEDURE, PROCEDURE_ID = "2.000815", "019d2bfd-8e22-77ef-819f-e49460350904"
KEYS = {"timeType", "year", "quarter", "month", "rootDepartmentId", "currentPage", "pageSize"}
DATES = {"fromDate", "toDate", "rootDepartmentId", "currentPage", "pageSize"}
PROCEDURES = 5741
NOTHING_HELD = KnownState()
DAY, CAPTURED_ON = date(2026, 8, 31), date(2026, 9, 28)


class CapturedPortal:
    """Answers requests as the portal did; `asked` has their paths and bodies."""

    def __init__(self) -> None:
        folder = published(CAPTURES)
        self.reports = {name: json.loads((folder / name / "month-all.json").read_bytes()) for name in GROUP_OF}
        self.of_procedure = (folder / "dvc-progress-tree" / "month-formality.json").read_bytes()
        self.last_page = json.loads((folder / "formalities" / "page-last.json").read_bytes())
        self.country = json.loads(published(COUNTRY).read_bytes())["data"]
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, request: Request) -> Reply:
        report, body = request.path.rpartition("/")[2], request.json()
        self.asked.append((report, body))
        assert request.method == "POST"
        if report == "formalities":
            return self.page(body)
        allowed = DATES if report == "handling-satisfaction" else KEYS
        if report in ("dvc-progress-tree", "transparency"):
            allowed = allowed | {"formalityId"}
        if set(body) - allowed or (report != "service-results" and body.get("rootDepartmentId") != ROOT):
            return Reply(400, {"code": "BAD_REQUEST"})
        if body.get("formalityId"):
            return Reply(201 if body["formalityId"] == PROCEDURE_ID else 404, self.of_procedure)
        if report == "service-results":
            data = self.sums() if body.get("rootDepartmentId") else self.country
        else:
            data = self.reports[report]["data"]
        if report == "dvc-progress-tree":
            shares = dict(data["monthlyChart"][7])
            month, empty = body.get("month", 8), {"onTimePct": 0, "overduePct": 0}
            chart = [{**(shares if n == month else empty), "month": f"{n:02d}"} for n in range(1, 13)]
            data = {**data, "monthlyChart": chart}
        return Reply(201, {"code": "OK", "data": data, "message": "OK"})

    def page(self, body: dict[str, Any]) -> Reply:
        """A page of the catalogue, or what a search for a code finds: the procedure, and another one beside it."""
        if set(body) - {"currentPage", "pageSize", "q"}:
            return Reply(400, {"code": "BAD_REQUEST"})
        (last,) = self.last_page["data"]["items"]
        if code := body.get("q"):
            found = [
                {**last, "code": f"{code}.1"},
                *([{**last, "id": PROCEDURE_ID, "code": code}] * (code == PROCEDURE)),
            ]
            return Reply(201, {"code": "OK", "data": {"items": found, "pagination": {"total": len(found)}}})
        page, size = body["currentPage"], body["pageSize"]
        places = range((page - 1) * size + 1, min(page * size, PROCEDURES) + 1)
        items = [
            last if n == PROCEDURES else {**last, "id": f"{last['id'][:-6]}{n:06d}", "code": f"1.{n:06d}"}
            for n in places
        ]
        pages = -(-PROCEDURES // size)
        paging = {"total": PROCEDURES, "currentPage": page, "pageSize": size, "totalPages": pages}
        return Reply(201, {"code": "OK", "data": {"items": items, "pagination": paging}, "message": "OK"})

    def sums(self) -> dict[str, Any]:
        """`service-results` of the province: totals and groups of the six reports."""
        totals: dict[str, float] = {}
        own: dict[str, float] = {}
        for report, reply in self.reports.items():
            data = reply["data"]
            own[GROUP_OF[report]] = (data.get("overview") or data["parent"])["totalScore"]
            for child in data.get("evaluation") or data["children"]:
                score = child.get("totalScore", child.get("score"))
                totals[child["departmentId"]] = totals.get(child["departmentId"], 0) + score
        evaluation = [
            {name: child[name] for name in ("departmentId", "departmentName", "departmentCode")}
            | {"totalScore": round(totals[child["departmentId"]], 2), "ratio": round(totals[child["departmentId"]], 2)}
            | {"scoreDelta": None, "childGroup": "AGENCY" if child["level"] == "PROVINCE" else "COMMUNE"}
            for child in self.reports["dvc-progress-tree"]["data"]["children"]
        ]
        own["ONLINE_SERVICE"] = own["ONLINE"] + own["TTTT"]
        total = round(sum(own[group] for group in GROUP_OF.values()), 2)
        radar = [{**group, "score": round(own[group["code"]], 2)} for group in self.country["radar"]]
        channels = self.reports["provide-online-tree"]["data"]["parent"]
        counts = (channels["channelOnlineSum"], channels["channelTotalSum"] - channels["channelOnlineSum"])
        names = self.country["donuts"]["onlineDossier"]
        donuts = {"onlineDossier": [{**part, "value": n} for part, n in zip(names, counts, strict=True)]}
        overview = {"departmentName": "UBND tỉnh Phú Thọ", "departmentCode": "H44", "totalScore": total}
        return {
            "overview": {**overview, "totalMaxScore": 100, "ratio": total},
            "growthPercent": 12.5,
            "radar": radar,
            "donuts": {**donuts, "onlineProvision": None},
            "evaluation": evaluation,
        }


class Spoiled(CapturedPortal):
    """The captured portal, one report of which, of August, is answered otherwise."""

    def __init__(self, report: str, answer: Callable[[Any], Reply]) -> None:
        super().__init__()
        self.report, self.answer = report, answer

    def __call__(self, request: Request) -> Reply:
        reply = super().__call__(request)
        is_hit = request.path.endswith(self.report) and request.json().get("month") == 8
        return self.answer(reply.body) if is_hit else reply


@contextmanager
def source(answer: Callable[[Request], Reply], **options: Any) -> Iterator[tuple[NationalPortalSource, Site]]:
    with site(answer) as served:
        policy = options.pop("policy", HttpPolicy(timeout_s=2, retries=0, backoff_s=0))
        http = HttpClient("national_portal", served.url, policy)
        yield NationalPortalSource(http, options.pop("code", "H44"), today=lambda: CAPTURED_ON, **options), served


def pull(
    adapter: NationalPortalSource, known: KnownState = NOTHING_HELD
) -> tuple[dict[str, Batch], errors.SourceError | None]:
    """The batches by table, and the error that the pull ended with."""
    batches: dict[str, Batch] = {}
    try:
        for batch in adapter.pull(Window(DAY, DAY), known, silent):
            batches[batch.table] = batch
    except errors.SourceError as error:
        return batches, error
    return batches, None
