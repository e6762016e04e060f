from __future__ import annotations

import logging
import pickle
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest
from source_site import Reply, Request, site

from cchc_pipeline.sources import errors
from cchc_pipeline.sources.http import HttpClient, HttpPolicy

QUICK = HttpPolicy(timeout_s=0.3, retries=2, backoff_s=0.01)
DAY = date(2026, 3, 2)
SECRET = "do-not-tell"  # noqa: S105 - invented


def _client(url: str, policy: HttpPolicy = QUICK) -> HttpClient:
    return HttpClient("one_stop", url, policy, {"X-SecretKey": SECRET})


def _ask(url: str, policy: HttpPolicy = QUICK) -> object:
    client = _client(url, policy)
    with client.reading(DAY, f"dossiers accepted on {DAY}"):
        return client.ask("GET", "/search", params={"code": "H34-240131-0001", "key": SECRET})


@pytest.mark.parametrize(
    ("reply", "kind", "calls"),
    [
        (Reply(401, {}), errors.SourceAuthFailed, 1),
        (Reply(403, {}), errors.SourceForbidden, 1),
        (Reply(404, {}), errors.RequestRefused, 1),
        (Reply(429, {}), errors.SourceRateLimited, 3),
        (Reply(500, {}), errors.SourceServerError, 3),
        (Reply(503, {}), errors.SourceServerError, 3),
        (Reply(302, b"", {"Location": "/login"}), errors.PageInsteadOfData, 2),
        (Reply(200, b"<!DOCTYPE html><html>login</html>"), errors.PageInsteadOfData, 2),
        (Reply(200, b'{"content": [{"id": "64'), errors.ReplyBroken, 2),
        (Reply(200, b""), errors.ReplyBroken, 2),
        (Reply(200, b"[" * 200_000), errors.ReplyBroken, 2),
        (Reply(200, b'{"content": [', cut=True), errors.ReplyBroken, 2),
    ],
)
def test_each_failure_has_its_type_its_retries_and_its_fix(
    reply: Reply, kind: type[errors.SourceError], calls: int
) -> None:
    with site(lambda _: reply) as served:
        with pytest.raises(kind) as caught:
            _ask(served.url)
        assert len(served.seen) == calls
    error = caught.value
    assert type(error) is kind
    assert (error.source, error.day, error.culprit) == ("one_stop", DAY, "/search")
    for part in ("one_stop: ", "(/search)", f"dossiers accepted on {DAY}", f"Fix: {error.fix}."):
        assert part in str(error)
    assert SECRET not in str(error)
    assert "H34-240131" not in str(error)
    assert error.__cause__ is None


def test_a_slow_source() -> None:
    def answer(_: Request) -> Reply:
        time.sleep(0.6)
        return Reply(200, {})

    with site(answer) as served, pytest.raises(errors.SourceTooSlow, match=r"no reply within 0.3 s, tried 3 times"):
        _ask(served.url)


def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with pytest.raises(errors.SourceDown, match="tried 3 times"):
        _ask(url)


def test_an_address_that_is_none() -> None:
    with pytest.raises(errors.RequestRefused, match="starts with https"):
        _ask("one-stop.example")


def test_a_failure_that_passes_is_not_told() -> None:
    replies = [Reply(500, {}), Reply(429, {}, {"Retry-After": "1"}), Reply(201, {"ok": 1})]
    with site(lambda _: replies.pop(0)) as served:
        start = time.monotonic()
        assert _ask(served.url) == {"ok": 1}
        assert time.monotonic() - start >= 1
        assert len(served.seen) == 3


def test_a_cut_reply_is_asked_for_again() -> None:
    replies = [Reply(200, b"[1, 2", cut=True), Reply(200, [1, 2, 3])]
    with site(lambda _: replies.pop(0)) as served:
        assert _ask(served.url) == [1, 2, 3]


def test_an_endless_retry_after_is_not_waited_for() -> None:
    policy = HttpPolicy(timeout_s=1, retries=1, backoff_s=0.01, retry_after_max_s=0)
    with (
        site(lambda _: Reply(429, {}, {"Retry-After": "86400"})) as served,
        pytest.raises(errors.SourceRateLimited, match="asks to wait 86400 s"),
    ):
        _ask(served.url, policy)


PAGE = b"<html><head><title>Request Rejected</title></head></html>"


@pytest.mark.parametrize(
    ("reply", "kind", "calls"),
    [
        (Reply(403, PAGE), errors.SourceForbidden, 1),
        (Reply(429, {}, {"Retry-After": "60"}), errors.SourceRateLimited, 1),
        (Reply(200, PAGE), errors.PageInsteadOfData, 1),
        (Reply(404, PAGE), errors.PageInsteadOfData, 1),
        (Reply(503, PAGE, {"Retry-After": "60"}), errors.PageInsteadOfData, 1),
        (Reply(302, PAGE, {"Location": "/login"}), errors.PageInsteadOfData, 1),
        (Reply(503, {}, {"Retry-After": "60"}), errors.SourceServerError, 3),
        (Reply(200, b'{"content": ['), errors.ReplyBroken, 2),
    ],
)
def test_a_source_that_may_not_be_pressed_is_taken_at_its_word(
    reply: Reply, kind: type[errors.SourceError], calls: int
) -> None:
    """Where a page, 403 and 429 are refusals, nothing is repeated or waited for; real failures still are repeated."""
    start = time.monotonic()
    with site(lambda _: reply) as served:
        with pytest.raises(kind) as caught:
            _ask(served.url, replace(QUICK, refusal_fix="wait for the next night"))
        assert len(served.seen) == calls
        assert {request.headers["User-Agent"] for request in served.seen} == {"cchc-pipeline (read only)"}
    assert time.monotonic() - start < 5
    assert type(caught.value) is kind
    assert (caught.value.fix == "wait for the next night") is kind.is_refusal


@pytest.mark.parametrize(("repeats", "calls", "tried"), [(None, 9, 3), (3, 9, 3), (1, 9, 2), (3, 2, 2), (0, 9, 1)])
def test_a_call_without_a_reply_is_repeated_by_the_same_manners(repeats: int | None, calls: int, tried: int) -> None:
    """A reset connection: the pause between calls holds for repeats, and so does the number of calls."""
    with resetting() as (url, seen):
        client = _client(url, HttpPolicy(timeout_s=1, retries=2, backoff_s=0, delay_s=0.1, refusal_fix="wait"))
        client.calls_left, client.repeats_left = calls, repeats
        with pytest.raises(errors.SourceDown, match=f"tried {tried} times"):
            client.ask("POST", "/x", json={})
    assert (len(seen), client.calls_left) == (tried, calls - tried)
    assert all(later - earlier >= 0.1 for earlier, later in pairwise(seen))


@contextmanager
def resetting() -> Iterator[tuple[str, list[float]]]:
    """A server that resets every connection once it was asked something; its address, and when it was asked."""
    seen: list[float] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    connection.recv(4096)
                    seen.append(time.monotonic())
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    connection.close()

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", seen
        listening.shutdown(socket.SHUT_RDWR)


def test_pauses_are_drawn_between_the_shortest_and_the_longest() -> None:
    with site(lambda _: Reply(200, {})) as served:
        client = _client(served.url, HttpPolicy(delay_s=0.05, delay_max_s=0.15))
        client.ask("GET", "/x")
        pauses = []
        for _ in range(8):
            start = time.monotonic()
            client.ask("GET", "/x")
            pauses.append(time.monotonic() - start)
    assert min(pauses) >= 0.05
    assert max(pauses) - min(pauses) > 0.005


def test_calls_keep_their_distance() -> None:
    with site(lambda _: Reply(200, {})) as served:
        client = _client(served.url, HttpPolicy(delay_s=0.1))
        start = time.monotonic()
        for _ in range(3):
            client.ask("GET", "/x")
        assert time.monotonic() - start >= 0.2
        assert len(served.seen) == 3


def test_the_log_of_the_transport_shows_no_query(caplog: pytest.LogCaptureFixture) -> None:
    with (
        caplog.at_level(logging.DEBUG),
        site(lambda _: Reply(500, {})) as served,
        pytest.raises(errors.SourceServerError),
    ):
        _ask(served.url)
    assert "/search" in caplog.text
    assert SECRET not in caplog.text
    assert "H34-240131" not in caplog.text


@pytest.mark.parametrize("kind", [value for value in vars(errors).values() if isinstance(value, type)])
def test_every_kind_survives_pickling(kind: type) -> None:
    if not issubclass(kind, errors.SourceError):
        return
    error = kind("it broke", source="papi", culprit="2020.csv", day=DAY, status=5)
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (type(again), str(again)) == (kind, str(error))
    assert (again.source, again.day, again.status, again.fix) == ("papi", DAY, 5, error.fix)
