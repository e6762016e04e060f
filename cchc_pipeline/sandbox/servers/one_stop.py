"""Serve dossiers and procedures as JSON in the style of VNPT iGate 2.x.

Oddities of the real system that are kept on purpose: dates with +0000 or +0700 and no colon; `dossierStatus` as an
object or a bare number; `dossierTaskStatus.name`, `procedure.translate` and `currentTask` as a value or a list;
QCVN 102 codes beside QĐ 20 codes; an order that is not stable between pages under equal sort keys.
"""

from __future__ import annotations

import secrets
import zlib
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from cchc_pipeline.sandbox.life import people
from cchc_pipeline.sandbox.life.dossiers import Life, Seen
from cchc_pipeline.sandbox.life.province_parts import Procedure, Unit
from cchc_pipeline.sandbox.life.steps import OTHER_AUTHORITY, Step, seen_steps, steps
from cchc_pipeline.sandbox.province import Province
from cchc_pipeline.sandbox.servers.dossier_search import STATUSES, UNKNOWN_STATUS, Query, page_of, parse_query, search
from cchc_pipeline.sandbox.servers.web import Refused, World, dump, reply, reply_text

TOKEN_SECONDS = 86_400
LARGEST_PAGE = 1_000

CHANNELS = {"online": (0, "Trực tuyến"), "direct": (1, "Trực tiếp"), "postal": (2, "Bưu chính công ích")}
LEVELS = {"province": "TINH", "department": "SO", "district": "QUANHUYEN", "commune": "XAPHUONG"}
EXECUTING = {"province": "TINH", "district": "HUYEN", "commune": "XA"}
SERVICES = {"information": (2, "Cung cấp thông tin trực tuyến"), "partial": (3, "Một phần"), "full": (4, "Toàn trình")}
INTERLINKED = {None: "NONE", "same_level": "SAME_LEVEL", "cross_level": "CROSS_LEVEL"}
#: Name of the current step of a dossier carried over from the former software.
CONVERTED = "Convert"
_SHIFT = timedelta(hours=7)


def stamp(instant: datetime | None, *, utc: bool = False) -> str:
    """Render an instant as JSON text: `+0700`, or `+0000` where `utc`."""
    if instant is None:
        return "null"
    if utc:
        return f'"{(instant - _SHIFT).isoformat(timespec="milliseconds")[:23]}+0000"'
    return f'"{instant.isoformat(timespec="milliseconds")[:23]}+0700"'


def _service(procedure: Procedure) -> tuple[int, str]:
    """Return number and name of the service level, on the old scale where it is set."""
    old = procedure.service_level_old
    return SERVICES[procedure.service_level] if old is None else (old, f"Mức độ {old}")


def _flag(value: bool) -> str:  # noqa: FBT001 - the only argument
    return "true" if value else "false"


def _members(members: dict[str, Any]) -> str:
    """Render the members of an object as JSON text, without its braces."""
    return dump(members)[1:-1]


def object_id(kind: int, text: str) -> str:
    """Return a stable 24-digit id for anything but a dossier."""
    return f"64c{kind:x}{zlib.crc32(text.encode()):020x}"


_CHANNELS = {channel: dump({"id": number, "name": name}) for channel, (number, name) in CHANNELS.items()}
_KIND = _members({"dossierReceivingKind": {"id": "64c600000000000000000001", "name": "Trực tiếp"}})
_STATUS_IDS = {name: object_id(4, name) for _, name in (*STATUSES.values(), UNKNOWN_STATUS)}


class OneStop:
    """The JSON records of one province; parts that repeat are built once."""

    def __init__(self, province: Province) -> None:
        self.province = province
        self._source_codes = {unit.code: unit.source_code for unit in province.units}
        self._source_codes[OTHER_AUTHORITY] = "000.00.00.G01"
        self._agencies = {unit.code: self._agency(unit) for unit in province.units}
        self._procedures = {
            p.code: (self._procedure_of_dossier(p, as_list=False), self._procedure_of_dossier(p, as_list=True))
            for p in province.procedures
        }

    def _agency(self, unit: Unit) -> str:
        ancestors = [
            {"id": object_id(1, up.code), "code": up.source_code, "name": up.name, "level": LEVELS[up.level]}
            for up in self.province.scenario.ancestors(unit)
        ]
        agency = {"id": object_id(1, unit.code), "code": unit.source_code, "name": unit.name, "ancestors": ancestors}
        return _members({"agency": agency, "agencyLevel": {"code": LEVELS[unit.level]}})

    def _procedure_of_dossier(self, procedure: Procedure, *, as_list: bool) -> str:
        name = {"languageId": 228, "name": procedure.name}
        sector = {"id": object_id(3, procedure.sector_code), "code": procedure.sector_code}
        times = {
            "processingTime": procedure.processing_time,
            "processingTimeUnit": procedure.processing_time_unit,
        }
        timesheet = {"id": "64c500000000000000000001", "name": "Ngày làm việc"}
        return _members(
            {
                "procedure": {
                    "id": object_id(2, procedure.code),
                    "code": procedure.code,
                    "translate": [name] if as_list else name,
                    "sector": {**sector, "name": procedure.sector_name},
                },
                "procedureProcessDefinition": {"processDefinition": {**times, "timesheet": timesheet}},
                "procedureLevel": {"name": _service(procedure)[1]},
                **times,
            }
        )

    def procedure(self, procedure: Procedure) -> dict[str, Any]:
        """Build a record of `/bd/procedure`."""
        unit = self.province.scenario.unit(procedure.unit_code)
        level, level_name = _service(procedure)
        return {
            "id": object_id(2, procedure.code),
            "code": procedure.code,
            "name": procedure.name,
            "sector": {"code": procedure.sector_code, "name": procedure.sector_name},
            "level": {"code": level, "name": level_name},
            "executingLevel": EXECUTING[procedure.executing_level],
            "agency": {"code": unit.source_code, "name": unit.name},
            "processingTime": procedure.processing_time,
            "processingTimeUnit": procedure.processing_time_unit,
            "fee": bool(procedure.fee_vnd),
            "feeAmount": procedure.fee_vnd or None,
            "onlinePayment": procedure.is_payment_online,
            "citizenDataConnected": procedure.is_citizen_data_connected,
            "contentFull": procedure.is_content_full,
            "updatedOnTime": procedure.is_updated_on_time,
            "publicationDecision": procedure.publication_decision,
            "status": int(procedure.is_in_force),
            "internal": procedure.is_internal,
            "interlinked": INTERLINKED[procedure.interlinked],
            "paperless": procedure.is_paperless,
            "priorityEarly": procedure.is_priority_early,
            "essentialService": procedure.is_essential,
            "locationFree": procedure.is_location_free,
            "nationalIntegratedDate": procedure.integrated_on,
            "nationalSyncedDate": procedure.synced_on,
            "timeCutDate": procedure.time_cut_on,
            "simplifiedDate": procedure.simplified_on,
        }

    def dossier(self, life: Life, seen: Seen, clock: datetime) -> str:
        """Render a record of `/pa/dossier/search` as JSON text with all keys.

        Text and not a dict, for speed: a year of a large province has a million of these.
        """
        trick = int(life.dossier_id[:4], 16)
        utc = trick % 2 == 0
        unit, procedure, defect, person = life.unit, life.procedure, life.defect, life.person
        number, name = UNKNOWN_STATUS if defect == "status_unknown" else STATUSES[seen.status]
        done, has_files = seen.status in (9, 10), seen.status not in (1, 3)
        due_at, finished = life.told(seen)
        completed, refused = (None, finished) if seen.status == 3 else (finished, None)
        accepted, due = stamp(seen.received_at, utc=utc), stamp(due_at)
        if defect == "date_format" and seen.received_at is not None:
            accepted = f'"{seen.received_at:%d/%m/%Y %H:%M}"'
        status = f'{{"id":{number},"name":"{name}"}}' if trick % 19 else str(number)
        task_name = f'"{name}"' if trick % 17 else f'[{{"languageId":228,"name":"{name}"}}]'
        paid, fee, payment, fees, files, results = seen.is_paid_online, procedure.fee_vnd, "null", "", "", ""
        if fee:
            payment = f'{{"name":"{"Trực tuyến" if paid else "Trực tiếp"}"}}'
            fees = f'{{"amount":{fee},"paymentMethod":{payment},"paid":{_flag(paid or done)}}}'
        if has_files:
            files = (
                f'{{"procedureForm":{{"name":"Tờ khai"}},"quantity":1,"digitised":{_flag(seen.is_digitised)},'
                f'"reused":{_flag(seen.is_data_reused)},"file":[{{"id":"64c7{life.dossier_id[:20]}",'
                f'"filename":"to-khai-{people.name(person)}.pdf","size":1024}}]}}'
            )
        if done:
            results = f'{{"electronic":{_flag(seen.is_result_electronic)}}}'
        pause = rating = accepter = "null"
        if seen.suspended_at is not None:
            pause = f'{{"from":{stamp(seen.suspended_at, utc=utc)},"to":{stamp(seen.resumed_at, utc=utc)}}}'
        if seen.rated_at is not None:
            rating = f'{{"level":{seen.rating},"date":{stamp(seen.rated_at, utc=utc)}}}'
        if has_files:
            accepter = f'{{"fullname":"{people.name(900_000 + trick % 500)}"}}'
        request = ""
        if trick % 5 == 0:
            who = f"{people.name(person)}, số {people.identity_number(person)}, điện thoại {people.phone(person)}"
            request = f"Đề nghị giải quyết cho {who}"
        progress = 100 if done else 50 if has_files else 0
        return (
            f'{{"id":"{life.dossier_id}","code":{dump(life.dossier_code)},"nationCode":{dump(life.national_code)},'
            f'"dossierStatus":{status},"dossierTaskStatus":{{"id":"{_STATUS_IDS[name]}","name":{task_name}}},'
            f'"applicant":{people.applicant(person, unit.name, organisation=trick % 9 == 0, request=request)},'
            f"{self._procedures[procedure.code][trick % 23 == 0]},{self._agencies[unit.code]},"
            f'"applyMethod":{_CHANNELS[life.channel]},"paymentMethod":{payment},{_KIND},'
            f'"dossierFee":[{fees}],"dossierFormFile":[{files}],"resultFiles":[{results}],'
            f'"appliedDate":{stamp(life.applied_at, utc=not utc)},"acceptedDate":{accepted},"appointmentDate":{due},'
            f'"dueDate":{due},"completedDate":{stamp(completed, utc=utc)},"returnedDate":{stamp(seen.returned_at)},'
            f'"refusedDate":{stamp(refused, utc=utc)},'
            f'"suspension":{pause},"resultIssuedDate":{dump(seen.result_issued_on)},"dossierProgress":{progress},'
            f'"undefindedCompleteTime":{int(seen.due_at is None and has_files)},"countDutypaidCert":0,'
            f'"personalStorageSynced":{_flag(seen.is_in_personal_storage)},'
            f'"citizenDataUsed":{_flag(seen.is_citizen_data_used)},"nationalSynced":{_flag(seen.is_synced_national)},'
            f'"rating":{rating},"accepter":{accepter},{self._tasks(life, seen, clock, trick)}}}'
        )

    def _tasks(self, life: Life, seen: Seen, clock: datetime, trick: int) -> str:
        """Render `task`, the steps so far, and `currentTask`.

        The current one is a list, now and then a bare object; empty once the dossier is closed, unless converted.
        """
        if seen.status in (1, 3):
            return '"task":[],"currentTask":[]'
        shown = seen_steps(steps(life), clock)
        is_open = seen.status in (2, 4, 5, 6)
        tasks = []
        for i, step in enumerate(shown):
            is_current = is_open and i == len(shown) - 1
            tasks.append(self._task(life, step, i, trick, is_current=is_current))
        current = tasks[-1] if is_open and tasks else ""
        if life.is_converted and life.received_at is not None:
            lies = Step(CONVERTED, life.unit.code, life.received_at, None, 1)
            current = self._task(life, lies, len(tasks), trick, is_current=True)
        return f'"task":[{",".join(tasks)}],"currentTask":{f"[{current}]" if trick % 13 or not current else current}'

    def _task(self, life: Life, step: Step, i: int, trick: int, *, is_current: bool) -> str:
        clerk = (trick + i) % 500
        begun = stamp(step.begun_at, utc=trick % 2 == 1)
        ended = stamp(None if is_current else step.ended_at)
        return (
            f'{{"id":"64c8{life.dossier_id[:18]}{i:02x}","isCurrent":{int(is_current)},"createdDate":{begun},'
            f'"updatedDate":{ended},"agency":{{"code":"{self._source_codes[step.unit_code]}"}},'
            f'"assignee":{{"id":"64c9{clerk:020x}",'
            f'"fullname":"{people.name(900_000 + clerk)}","account":{{"username":"canbo.mau{clerk:03d}"}}}},'
            f'"bpmProcessDefinitionTask":{{"name":{{"name":"{step.name}"}},"processingTime":{step.limit_days},'
            f'"processingTimeUnit":"d","variable":{{"canPaused":1}}}}}}'
        )


# -- routes -------------------------------------------------------------------------------------------------------


class OneStopRoutes:
    """The HTTP routes for token, search and procedures."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.book = OneStop(world.province)
        self._tokens: dict[str, datetime] = {}
        self._search = lru_cache(maxsize=4)(partial(search, world.province))

    async def token(self, request: Request) -> Response:
        """Answer a request for a token by OpenID client credentials."""
        form = dict(parse_qsl((await request.body()).decode()))
        if form.get("grant_type") != "client_credentials":
            raise Refused(400, "unsupported_grant_type")
        if not self.world.knows(form.get("client_id"), form.get("client_secret")):
            raise Refused(401, "unauthorized_client")
        token = secrets.token_urlsafe(24)
        self._tokens[token] = self.world.clock() + timedelta(seconds=TOKEN_SECONDS)
        return reply({"access_token": token, "expires_in": TOKEN_SECONDS, "token_type": "Bearer"})

    def _check(self, request: Request) -> None:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        until = self._tokens.get(token)
        if kind.lower() != "bearer" or until is None:
            raise Refused(401, "invalid_token")
        if until < self.world.clock():
            raise Refused(401, "token_expired")

    def _page(self, request: Request) -> tuple[Query, int, int]:
        """Return the query, page and page size of a request that may ask."""
        self._check(request)
        asked = request.query_params
        try:
            query, page, size = parse_query(asked), int(asked.get("page", "0")), int(asked.get("size", "20"))
        except ValueError as error:
            raise Refused(400, f"bad query: {error}") from None
        if page < 0 or not 0 < size <= LARGEST_PAGE:
            raise Refused(400, f"size has to be 1..{LARGEST_PAGE} and page not negative")
        return query, page, size

    def dossiers(self, request: Request) -> Response:
        """Answer `/pa/dossier/search`: a page of dossiers."""
        query, page, size = self._page(request)
        clock = self.world.clock()
        with self.world.lock:
            hits = self._search(clock, query)
            seen = [(life, life.seen(clock)) for life in page_of(hits, page, size)]
            content = [self.book.dossier(life, view, clock) for life, view in seen if view is not None]
        return reply_text(f'{{"content":[{",".join(content)}],{_members(_frame(page, size, content, len(hits)))}}}')

    def procedures(self, request: Request) -> Response:
        """Answer `/bd/procedure`: a page of procedures."""
        _, page, size = self._page(request)
        some = self.world.province.procedures
        content = [self.book.procedure(p) for p in some[page * size : (page + 1) * size]]
        totals = {"totalElements": len(some), "totalPages": -(-len(some) // size)}
        return reply({"content": content, **_frame(page, size, content, len(some), **totals)})


def _frame(page: int, size: int, content: list[Any], total: int, **totals: int) -> dict[str, Any]:
    """Return the members beside the content of a page of `total` records."""
    frame = {"number": page, "size": size, "numberOfElements": len(content), **totals}
    return frame | {"first": page == 0, "last": (page + 1) * size >= total, "empty": not content}
