"""Ask a source over HTTP: one connection, time limits, retries, typed errors.

The load on a source is limited: a single kept-alive connection, an optional pause between calls, exponential
back-off on 429 and 5xx, `Retry-After` obeyed. A source with a `refusal_fix` may not be pressed: 403, 429 or a web page
is not asked again, and a repeat keeps the pause between calls and the number that is left (`calls_left`). All calls of
this package only read, so a POST is repeated like a GET. Redirects are not followed: a redirect of an API is a login
page, and headers with secrets must not travel to another host.
"""

from __future__ import annotations

import json
import logging
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, ReadTimeoutError
from urllib3.util.retry import Retry

from cchc_pipeline.sources import errors

RETRIED_STATUS = (429, 500, 502, 503, 504)
_PAGE = "an HTML page instead of JSON (a login or maintenance page, or a refusal)"
_KINDS = {401: errors.SourceAuthFailed, 403: errors.SourceForbidden, 429: errors.SourceRateLimited}


class _NoQueryInLog(logging.Filter):
    """Log filter that cuts the query from addresses in lines of the transport."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(re.sub(r"\?\S*", "?…", str(arg)) if "?" in str(arg) else arg for arg in record.args)
        return True


for _logger in ("urllib3.connectionpool", "urllib3.util.retry"):
    logging.getLogger(_logger).addFilter(_NoQueryInLog())


@dataclass(frozen=True)
class HttpPolicy:
    """Timeouts, retries and pace of the HTTP client.

    Attributes:
        timeout_s: seconds to wait for a connection and between two pieces of a reply.
        retries: repeats after a failed call, so a call is tried `retries + 1` times.
        backoff_s: seconds before the second repeat, doubled for each further one.
        delay_s: pause between two calls.
        delay_max_s: longest pause; each is drawn between the two, so that calls come at no rhythm.
        refusal_fix: what to do about 403, 429 or a web page, where these are refusals; see above.
        retry_after_max_s: longest wait that a source may ask for.
    """

    timeout_s: float = 60.0
    retries: int = 3
    backoff_s: float = 0.5
    delay_s: float = 0.0
    delay_max_s: float = 0.0
    refusal_fix: str | None = None
    retry_after_max_s: int = 120


class HttpClient:
    """HTTP client of one source, by paths below `base_url`.

    Not shared between threads or processes. Errors name `source`; `headers` (credentials) are sent with every call.
    """

    def __init__(
        self, source: str, base_url: str, policy: HttpPolicy | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        self._source = source
        self._base = base_url.rstrip("/")
        self.has_address = bool(self._base)
        self._policy = policy or HttpPolicy()
        #: Called with path, body, status and raw content of every reply, usable or not.
        self.keep: Callable[[str, Any, int, bytes], None] | None = None
        self._day: date | None = None
        self._reading: str | None = None
        self._last_call, self._tries = 0.0, 1
        #: How many calls, repeats among them, and how many repeats may still be made; None: any number.
        self.calls_left: int | None = None
        self.repeats_left: int | None = None
        self._may_press = self._policy.refusal_fix is None
        retry = Retry(
            # the transport repeats at once, whatever the pause between calls: elsewhere `_send` repeats
            total=self._policy.retries if self._may_press else 0,
            redirect=0,
            allowed_methods=None,
            status_forcelist=RETRIED_STATUS,
            backoff_factor=self._policy.backoff_s,
            backoff_max=30,
            raise_on_status=False,
            raise_on_redirect=False,
            retry_after_max=self._policy.retry_after_max_s,
        )
        self._session = requests.Session()
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=1, pool_block=True, max_retries=retry)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)
        self._session.auth = lambda request: request  # otherwise a .netrc would replace our credentials
        self._session.headers.update({"User-Agent": "cchc-pipeline (read only)", "Accept": "application/json"})
        self._session.headers.update(headers or {})

    @contextmanager
    def reading(self, day: date | None, what: str) -> Iterator[None]:
        """Let errors within the block say that `what` of `day` was being read."""
        before = self._day, self._reading
        self._day, self._reading = day, what
        try:
            yield
        finally:
            self._day, self._reading = before

    def error(self, kind: type[errors.SourceError], what: str, path: str, **more: Any) -> errors.SourceError:
        """Build an error of this source that says what was being read."""
        return kind(what, source=self._source, culprit=path, day=self._day, reading=self._reading, **more)

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def ask(self, method: str, path: str, **kwargs: Any) -> Any:
        """Send a GET or POST, with what `requests` takes; return the parsed JSON reply.

        Raises:
            SourceError: the source gave no usable reply.
        """
        # A call that gets no reply is repeated by the transport; a reply that breaks off or cannot be
        # parsed is asked for once more here, because cut connections heal and real faults do not.
        try:
            return self._parse(self._send(method, path, **kwargs), path)
        except errors.ReplyBroken as broken:
            is_refusal = broken.is_refusal and not self._may_press
            if self._policy.retries == 0 or is_refusal or not self._may_repeat():
                raise
        time.sleep(self._policy.backoff_s)
        return self._parse(self._send(method, path, **kwargs), path)

    def _send(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        """Return the reply to a call; a failure is repeated here where the source may not be pressed."""
        for repeat in range(self._policy.retries + 1):
            self._tries = self._policy.retries + 1 if self._may_press else repeat + 1
            try:
                reply = self._call(method, path, **kwargs)
                self._check_status(reply, path)
            except (errors.SourceDown, errors.SourceTooSlow, errors.SourceServerError):
                if self._may_press or repeat == self._policy.retries or not self._may_repeat():
                    raise
                time.sleep(min(self._policy.backoff_s * 2**repeat, 30))
            else:
                return reply
        raise AssertionError("the last try has returned or raised")

    def _may_repeat(self) -> bool:
        """Return whether a call may be repeated, and count the repeat."""
        if 0 in (self.calls_left, self.repeats_left):
            return False
        if self.repeats_left is not None:
            self.repeats_left -= 1
        return True

    def _call(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        delay = random.uniform(self._policy.delay_s, max(self._policy.delay_s, self._policy.delay_max_s))  # noqa: S311
        pause = self._last_call + delay - time.monotonic()
        if pause > 0:
            time.sleep(pause)
        if self.calls_left is not None:
            self.calls_left -= 1
        try:
            reply = self._session.request(
                method, self._base + path, timeout=self._policy.timeout_s, allow_redirects=False, **kwargs
            )
        except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError):
            raise self.error(errors.ReplyBroken, "the reply broke off half way", path) from None
        except requests.exceptions.RequestException as failure:
            # `from None`: the library's own text quotes the address with its query.
            raise self._unreachable(failure, path) from None
        finally:
            self._last_call = time.monotonic()
        if self.keep is not None:
            self.keep(path, kwargs.get("json"), reply.status_code, reply.content)
        return reply

    def _unreachable(self, failure: requests.exceptions.RequestException, path: str) -> errors.SourceError:
        reason = getattr(failure.args[0], "reason", failure.args[0]) if failure.args else failure
        tried = f"tried {self._tries} times"
        within = f"within {self._policy.timeout_s:g} s, {tried}"
        what, fix = f"no connection ({type(reason).__name__}), {tried}", None
        if isinstance(reason, ConnectTimeoutError) or isinstance(failure, requests.exceptions.ConnectTimeout):
            what = f"no connection {within}"
        elif isinstance(failure, requests.exceptions.Timeout) or isinstance(reason, ReadTimeoutError):
            return self.error(errors.SourceTooSlow, f"no reply {within}", path)
        elif isinstance(failure, requests.exceptions.SSLError):
            what = "the secure connection was not accepted"
            fix = "check the certificate of the source and the certificate store of this machine"
        elif isinstance(failure, (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema)):
            fix = "set an address that starts with https:// or http://"
            return self.error(errors.RequestRefused, "the address of the source is no address", path, fix=fix)
        return self.error(errors.SourceDown, what, path, fix=fix)

    def _check_status(self, reply: requests.Response, path: str) -> None:
        status, is_page = reply.status_code, _is_page(reply.content)
        if status in (200, 201):
            return
        what, fix = f"HTTP {status}", None
        kind = _KINDS.get(status, errors.SourceServerError if status >= 500 else errors.RequestRefused)
        if status not in _KINDS and is_page and not self._may_press:
            kind, what = errors.PageInsteadOfData, f"{what}, {_PAGE}"
        elif status in RETRIED_STATUS and not (kind.is_refusal and not self._may_press):
            what += f" after {self._tries} tries"
        wait = reply.headers.get("Retry-After", "")
        if status == 429 and re.fullmatch(r"\d{1,6}", wait):
            what += f", the source asks to wait {wait} s"
        if 300 <= status < 400:
            kind, what = errors.PageInsteadOfData, f"{what}: a redirect instead of data"
            fix = (
                "check the credentials and the address: the source sends the reader to another page, usually its login"
            )
        if kind.is_refusal and not self._may_press:
            fix = self._policy.refusal_fix
        raise self.error(kind, what, path, fix=fix, status=status)

    def _parse(self, reply: requests.Response, path: str) -> Any:
        try:
            return json.loads(reply.content)
        except (ValueError, RecursionError):
            pass
        if _is_page(reply.content):
            raise self.error(errors.PageInsteadOfData, _PAGE, path, fix=self._policy.refusal_fix)
        size = len(reply.content)
        raise self.error(errors.ReplyBroken, f"the reply is not complete JSON ({size} bytes)", path)


def _is_page(content: bytes) -> bool:
    return content[:200].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
