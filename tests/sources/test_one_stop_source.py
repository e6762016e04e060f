from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from source_site import Reply, Request, Site, site

from cchc_pipeline.days import LOCAL_ZONE, Window
from cchc_pipeline.progress import silent
from cchc_pipeline.sources import errors
from cchc_pipeline.sources.http import HttpClient, HttpPolicy
from cchc_pipeline.sources.one_stop.vnpt_igate.api import OneStopApi, WindowReader
from cchc_pipeline.sources.one_stop.vnpt_igate.mapping import channel_of, dossier_row, status_of
from cchc_pipeline.sources.one_stop.vnpt_igate.source import DOSSIERS, PROCEDURES, OneStopOptions, OneStopSource
from cchc_pipeline.sources.protocol import Batch, KnownState
from cchc_pipeline.sources.records import day_start, parse_instant, utc_millis

QUICK = HttpPolicy(timeout_s=2, retries=0, backoff_s=0.01)
DAY = date(2026, 3, 10)
STATUS = {0: "Mới đăng ký", 2: "Đang xử lý", 5: "Đã trả kết quả", 4: "Đã có kết quả"}


def record(number: int, accepted: datetime | None, status: int = 2, **changes: Any) -> dict[str, Any]:
    stamp = utc_millis(accepted).replace("Z", "+0000") if accepted else None
    return {
        "id": f"{number:024x}",
        "code": f"000.00.12.H34-260310-{number:05d}",
        "nationCode": None,
        "dossierStatus": {"id": status, "name": STATUS[status]},
        "dossierTaskStatus": {"id": "x", "name": [{"languageId": 228, "name": STATUS[status]}]},
        "applicant": {"data": {"fullname": "NGƯỜI MẪU 000001", "identityNumber": "999000000001"}},
        "procedure": {"code": "1.001234", "translate": [{"languageId": 228, "name": "Mẫu"}], "sector": {"code": "G03"}},
        "agency": {"code": "000.00.12.H34"},
        "applyMethod": {"id": 0, "name": "Trực tuyến"},
        "procedureLevel": {"name": "Toàn trình"},
        "dossierFee": [{"amount": 50000, "paymentMethod": {"name": "Trực tuyến"}, "paid": True}],
        "dossierFormFile": [{"digitised": True, "reused": False}],
        "resultFiles": [],
        "appliedDate": "2026-03-01T20:30:00.000+0700",
        "acceptedDate": stamp,
        "appointmentDate": "2026-03-20T17:00:00.000+0700",
        "completedDate": None,
        "returnedDate": None,
        "refusedDate": None,
        "suspension": None,
        "resultIssuedDate": None,
        "processingTime": 5,
        "processingTimeUnit": "d",
        "personalStorageSynced": False,
        "citizenDataUsed": True,
        "nationalSynced": True,
        "rating": None,
        "currentTask": {
            "isCurrent": 1, "agency": {"code": "H34.12"},
            "bpmProcessDefinitionTask": {"name": {"name": "Thẩm định"}},
        },
        **changes,
    }  # fmt: skip


class FakeOneStop:
    """Searches a list of records; pages of equal sort keys are shuffled, as in the real system."""

    def __init__(self, records: list[dict[str, Any]]) -> None:
        self.records = records
        self.rng = random.Random(1)
        self.largest_page_number = 0

    def __call__(self, request: Request) -> Reply:
        if request.method == "POST":
            return Reply(200, {"access_token": "t", "expires_in": 86400})
        if request.path.endswith("/bd/procedure"):
            return Reply(200, {"content": [], "number": 0, "numberOfElements": 0, "last": True})
        query = request.query
        found = self.records
        if "code" in query:
            found = [x for x in found if x["code"].startswith(query["code"])]
        if "accepted-from" in query:
            low, high = parse_instant(query["accepted-from"]), parse_instant(query["accepted-to"])
            assert low is not None
            assert high is not None
            moments = [(x, parse_instant(x["acceptedDate"] or x["appliedDate"])) for x in found]
            found = [x for x, at in moments if at is not None and low <= at <= high]
        if "dossier-status" in query:
            ids = {int(part) for part in query["dossier-status"].split(",")}
            found = [x for x in found if x["dossierStatus"]["id"] in ids]
        found = list(found)
        self.rng.shuffle(found)
        page, size = int(query["page"]), int(query["size"])
        self.largest_page_number = max(self.largest_page_number, page)
        part = found[page * size : (page + 1) * size]
        last = (page + 1) * size >= len(found)
        return Reply(200, {"content": part, "number": page, "numberOfElements": len(part), "last": last})


@contextmanager
def source(answer: Any, **options: Any) -> Iterator[tuple[OneStopSource, Site]]:
    with site(answer) as served:
        yield (
            OneStopSource(HttpClient("one_stop", served.url, QUICK), "id", "secret", OneStopOptions(**options)),
            served,
        )


@contextmanager
def reader(answer: Any, size: int) -> Iterator[WindowReader]:
    with site(answer) as served:
        yield WindowReader(OneStopApi(HttpClient("one_stop", served.url, QUICK), "id", "secret"), size)


def busy_day(count: int, day: date = DAY, start: int = 0) -> list[dict[str, Any]]:
    rng = random.Random(f"{day}{start}")
    return [
        record(
            start + i,
            day_start(day) + timedelta(hours=7, seconds=rng.randrange(36000), milliseconds=rng.randrange(1000)),
        )
        for i in range(count)
    ]


def test_a_full_window_is_halved_until_each_piece_is_one_page() -> None:
    fake = FakeOneStop(busy_day(500))
    with reader(fake, 40) as windows:
        ids = [x["id"] for x in windows.read_day(DAY)]
    assert sorted(ids) == [x["id"] for x in fake.records]
    assert fake.largest_page_number == 0


def test_the_edges_of_a_day_belong_to_it_once() -> None:
    edges = [timedelta(), timedelta(hours=12), timedelta(hours=12, milliseconds=-1), timedelta(days=1, milliseconds=-1)]
    inside = [record(i, day_start(DAY) + edge) for i, edge in enumerate(edges)]
    outside = [record(8, day_start(DAY) - timedelta(milliseconds=1)), record(9, day_start(DAY) + timedelta(days=1))]
    fake = FakeOneStop(inside + outside)
    with reader(fake, 2) as windows:
        assert sorted(x["id"] for x in windows.read_day(DAY)) == [x["id"] for x in inside]


def test_the_next_day_starts_from_what_was_dense() -> None:
    first, second = busy_day(500), busy_day(500, DAY + timedelta(days=1), 1000)
    fake = FakeOneStop(first + second)
    with site(fake) as served:
        windows = WindowReader(OneStopApi(HttpClient("one_stop", served.url, QUICK), "id", "secret"), 100)
        assert len(list(windows.read_day(DAY))) == 500
        calls = len(served.seen)
        assert len({x["id"] for x in windows.read_day(DAY + timedelta(days=1))}) == 500
        assert len(served.seen) - calls < calls - 1


def test_a_crowded_minute_is_read_until_nothing_is_missing() -> None:
    moment = day_start(DAY) + timedelta(hours=9)
    fake = FakeOneStop([record(i, moment) for i in range(25)])
    with reader(fake, 10) as windows:
        assert sorted(x["id"] for x in windows.read_day(DAY)) == [x["id"] for x in fake.records]
    assert fake.largest_page_number == 2


def test_a_page_that_comes_again_is_not_taken_for_the_next() -> None:
    moment = day_start(DAY) + timedelta(hours=9)
    content = [record(i, moment) for i in range(10)]

    def stuck(request: Request) -> Reply:
        if request.method == "POST":
            return Reply(200, {"access_token": "t", "expires_in": 60})
        hit = request.query["accepted-from"] <= utc_millis(moment) <= request.query["accepted-to"]
        page = int(request.query["page"])
        return Reply(200, {"content": content if hit else [], "number": page, "last": not hit})

    with reader(stuck, 10) as windows, pytest.raises(errors.PageRepeated, match="page 1 does not move on"):
        list(windows.read_day(DAY))


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        ({"number": 3}, errors.PageRepeated, "page 3 instead of page 0"),
        ({"numberOfElements": 7}, errors.ReplyBroken, "half a page"),
        ({"last": None}, errors.FieldGone, "'last'"),
        ({"content": None}, errors.ReplyBroken, "not a list"),
        ({"content": [record(1, day_start(DAY) - timedelta(days=3))]}, errors.ReplyBroken, "outside the window"),
    ],
)
def test_a_page_that_contradicts_itself(change: dict[str, Any], kind: type[Exception], words: str) -> None:
    def answer(request: Request) -> Reply:
        if request.method == "POST":
            return Reply(200, {"access_token": "t", "expires_in": 60})
        return Reply(200, {"content": [], "number": 0, "last": True, **change})

    with reader(answer, 10) as windows, pytest.raises(kind, match=words):
        list(windows.read_day(DAY))


def test_one_batch_per_day_and_what_may_have_changed_with_the_last() -> None:
    days = {name: DAY + timedelta(days=offset) for name, offset in
            {"old": -200, "swept": -31, "closed": -40, "overlap": -3, "first": 0, "second": 1}.items()}  # fmt: skip
    at = {name: day_start(day) + timedelta(hours=9) for name, day in days.items()}
    fake = FakeOneStop([
        record(1, at["first"]), record(2, at["overlap"], 5), record(3, at["old"]),
        record(4, at["closed"], 5), record(5, at["second"], 5), record(6, at["swept"], 5),
        record(7, at["swept"] + timedelta(days=1), 5),
        record(8, None, 0, appliedDate=utc_millis(at["first"])),
    ])  # fmt: skip
    known = KnownState(
        {x["code"]: parse_instant(x["acceptedDate"]).date() for x in fake.records[:4]},  # type: ignore[union-attr]
        first_day=days["old"],
    )
    told: list[str] = []
    window = Window(days["first"], days["first"] + timedelta(days=2))
    with source(fake, sweep_nights=33) as (adapter, served):
        batches = list(adapter.pull(window, known, lambda done, total, what: told.append(what)))
        codes = [request.query["code"] for request in served.seen if "code" in request.query]
    assert [(batch.table, batch.day) for batch in batches] == [
        (PROCEDURES, window.last), *((DOSSIERS, day) for day in window.days())
    ]  # fmt: skip
    ids = [[int(row["dossier_id"], 16) for row in batch.rows] for batch in batches[1:]]
    assert ids == [[1, 2, 8], [5], [3, 4, 6]]
    assert codes == [fake.records[3]["code"]]
    assert len(told) > len(ids)


def test_many_that_closed_on_one_acceptance_day_are_read_with_the_day() -> None:
    old = DAY - timedelta(days=90)
    fake = FakeOneStop(busy_day(30, old))
    for x in fake.records:
        x["dossierStatus"]["id"] = 5
    known = KnownState({x["code"]: old for x in fake.records}, first_day=None)
    with source(fake, whole_day_from=20) as (adapter, served):
        *_, batch = adapter.pull(Window(DAY, DAY), known, silent)
        assert len(batch.rows) == 30
        assert not [request for request in served.seen if "code" in request.query]


def test_what_was_received_after_an_old_window_is_not_asked_for() -> None:
    fake = FakeOneStop([])
    known = KnownState({"X": DAY + timedelta(days=5), "draft": None}, first_day=None)
    with source(fake) as (adapter, served):
        list(adapter.pull(Window(DAY, DAY), known, silent))
        assert not [request for request in served.seen if "code" in request.query]


def test_days_already_given_survive_a_later_failure() -> None:
    fake = FakeOneStop(busy_day(3))

    def answer(request: Request) -> Reply:
        late = request.query.get("accepted-from", "") > utc_millis(day_start(DAY + timedelta(days=1)))
        return Reply(403, {}) if late else fake(request)

    got: list[Batch] = []
    with source(answer) as (adapter, _), pytest.raises(errors.SourceForbidden) as caught:
        got.extend(adapter.pull(Window(DAY, DAY + timedelta(days=2)), KnownState(), silent))
    assert [(batch.day, len(batch.rows)) for batch in got[1:]] == [(DAY, 3), (DAY + timedelta(days=1), 0)]
    assert caught.value.day == DAY + timedelta(days=2)


def test_a_token_reply_without_a_token() -> None:
    with source(lambda _: Reply(200, {"error": "x"})) as (adapter, _), pytest.raises(errors.FieldGone, match="token"):
        list(adapter.pull(Window(DAY, DAY), KnownState(), silent))


def test_a_dossier_becomes_a_row() -> None:
    row = dossier_row(record(1, datetime(2026, 3, 10, 8, tzinfo=LOCAL_ZONE)))
    assert row["status_code"] == 4
    assert row["unit_code"] == "H34.12"
    assert row["channel"] == "online"
    assert row["received_on"] == DAY
    assert row["due_on"] == date(2026, 3, 20)
    assert (row["has_fee"], row["fee_amount_vnd"], row["is_paid_online"]) == (True, 50000, True)
    assert (row["current_step"], row["current_step_unit_code"]) == ("Thẩm định", "H34.12")
    assert row["parse_errors"] is None
    assert "MẪU" not in json.dumps(row, default=str, ensure_ascii=False)


def test_what_cannot_be_read_is_null_with_a_reason() -> None:
    row = dossier_row(
        record(
            1, None, acceptedDate="10/03/2026 08:00", agency={"code": "SỞ-12"}, applyMethod={"name": "Fax"},
            dossierStatus=19, dossierTaskStatus={"name": "Chờ liên thông"},
        )
    )  # fmt: skip
    assert [row[column] for column in ("received_at", "received_on", "unit_code", "channel", "status_code")] == [
        None
    ] * 5
    assert row["status_name"] == "Chờ liên thông"
    assert row["parse_errors"] == (
        "status_code: unknown status name 'Chờ liên thông'; received_at: not a time with offset '10/03/2026 08:00'; "
        "unit_code: not an agency code 'SỞ-12'; channel: unknown application method 'Fax'"
    )


def test_a_bare_status_number_means_nothing() -> None:
    row = dossier_row(record(1, day_start(DAY), dossierStatus=2, dossierTaskStatus=None))
    assert row["status_code"] is None
    assert row["parse_errors"] == "status_code: a status number without a name '2'"


def test_a_refusal_is_the_end_of_a_dossier_that_was_never_received() -> None:
    changes = {"dossierTaskStatus": {"name": "Không được tiếp nhận"}, "refusedDate": "2026-03-02T18:00:00.000+0000"}
    row = dossier_row(record(1, None, **changes))
    assert (row["status_code"], row["finished_on"], row["received_on"]) == (3, date(2026, 3, 3), None)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Mới đăng ký", 1), ("Được tiếp nhận", 2), ("Không được tiếp nhận", 3), ("ĐANG XỬ LÍ", 4),
        ("Yêu cầu bổ sung giấy tờ", 5), ("Yêu cầu thực hiện nghĩa vụ tài chính", 6), ("Công dân yêu cầu rút hồ sơ", 7),
        ("Dừng xử lý", 8), ("Đã có kết quả", 9), ("Đã  xử lý xong ", 9), ("Đã trả kết quả", 10),
        ("\u0110a\u0303 ru\u0301t", 7), ("Lưu kho", None), (None, None), ("", None),
    ],
)  # fmt: skip
def test_status_by_name(name: str | None, code: int | None) -> None:
    assert status_of(name) == code


def test_channel_by_name() -> None:
    assert [channel_of(name) for name in ("Trực tiếp", "trực tuyến", "Bưu chính công ích", "Fax")] == [
        "direct", "online", "postal", None
    ]  # fmt: skip
