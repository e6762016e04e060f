"""Search, sort and page the dossiers of the one-stop system."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from cchc_pipeline.days import LOCAL_ZONE
from cchc_pipeline.sandbox.life import workdays
from cchc_pipeline.sandbox.life.dossiers import Life, Seen
from cchc_pipeline.sandbox.province import LONGEST_WAIT_DAYS, Province

# canonical status -> (the system's own number, its name); only the name has a meaning outside the system
STATUSES: dict[int, tuple[int, str]] = {
    1: (0, "Mới đăng ký"),
    2: (16, "Được tiếp nhận"),
    3: (11, "Không được tiếp nhận"),
    4: (2, "Đang xử lý"),
    5: (3, "Yêu cầu bổ sung"),
    6: (6, "Yêu cầu nghĩa vụ tài chính"),
    7: (8, "Đã rút"),
    8: (9, "Dừng xử lý"),
    9: (4, "Đã có kết quả"),
    10: (5, "Đã trả kết quả"),
}
UNKNOWN_STATUS = (19, "Chờ liên thông thuế")


@dataclass(frozen=True, slots=True)
class Query:
    """The filters and the order of a search."""

    start: datetime | None
    end: datetime | None
    wanted: frozenset[int] | None
    removed: frozenset[int]
    code: str | None
    sort: str
    descending: bool


def _instant(text: str | None) -> datetime | None:
    """Parse an instant of a query: `YYYY-MM-DDTHH:mm:ss.SSSZ`, or with `+0700`.

    An unescaped plus arrives as a space.
    """
    if not text:
        return None
    return workdays.local(datetime.fromisoformat(text.strip().replace(" ", "+").replace("Z", "+00:00")))


def _codes(text: str | None) -> frozenset[int] | None:
    return frozenset(int(part) for part in text.split(",") if part.strip()) if text else None


def parse_query(parameters: Any) -> Query:
    """Parse the filters of a query string.

    Raises:
        ValueError: a date or a status cannot be parsed.
    """
    sort, _, direction = (parameters.get("sort") or "acceptedDate,asc").partition(",")
    return Query(
        start=_instant(parameters.get("accepted-from")),
        end=_instant(parameters.get("accepted-to")),
        wanted=_codes(parameters.get("dossier-status")),
        removed=_codes(parameters.get("remove-status")) or frozenset(),
        code=parameters.get("code") or None,
        sort=sort,
        descending=direction == "desc",
    )


SORTS: dict[str, Callable[[Life, Seen], Any]] = {
    "id": lambda life, _: life.dossier_id,
    "code": lambda life, _: life.dossier_code or "",
    "appliedDate": lambda life, _: life.applied_at,
    "acceptedDate": lambda life, seen: seen.received_at or life.applied_at,
    "appointmentDate": lambda _, seen: seen.due_at or datetime.min.replace(tzinfo=LOCAL_ZONE),
    "dueDate": lambda _, seen: seen.due_at or datetime.min.replace(tzinfo=LOCAL_ZONE),
}


def search(province: Province, clock: datetime, query: Query) -> list[tuple[Any, Life]]:
    """Return (sort key, dossier) of the matching dossiers, sorted."""
    lives: Iterable[Life]
    if query.code is not None:
        found = province.find(query.code, clock)
        lives = [found] if found is not None else []
    else:
        first = query.start.date() if query.start else province.scenario.go_live
        last = min(query.end, clock).date() if query.end else clock.date()
        lives = province.lives_between(first, last + timedelta(days=LONGEST_WAIT_DAYS))
    key = SORTS.get(query.sort, SORTS["acceptedDate"])
    hits = []
    for life in lives:
        seen = life.seen(clock)
        if seen is None:
            continue
        number = UNKNOWN_STATUS[0] if life.defect == "status_unknown" else STATUSES[seen.status][0]
        if number in query.removed or (query.wanted is not None and number not in query.wanted):
            continue
        at = seen.received_at or life.applied_at
        if (query.start is None or at >= query.start) and (query.end is None or at <= query.end):
            hits.append((key(life, seen), life))
    hits.sort(key=itemgetter(0), reverse=query.descending)
    return hits


def page_of(hits: list[tuple[Any, Life]], page: int, size: int) -> list[Life]:
    """Return one page of a search.

    Within equal sort keys the order depends on the page, as in the real system.
    """
    low, high = page * size, min((page + 1) * size, len(hits))
    if low >= high:
        return []
    first, last = low, high
    while first > 0 and hits[first - 1][0] == hits[low][0]:
        first -= 1
    while last < len(hits) and hits[last][0] == hits[high - 1][0]:
        last += 1
    some = hits[first:last]
    if page:
        ties = itertools.groupby(some, key=itemgetter(0))
        some = [hit for _, tied in ties for hit in sorted(tied, key=lambda hit: _salt(page, hit[1]))]
    return [life for _, life in some[low - first : high - first]]


def _salt(page: int, life: Life) -> int:
    return zlib.crc32(f"{page}{life.dossier_id}".encode())
