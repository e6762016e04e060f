# ruff: noqa: N818 - the names say what happened: SourceDown, PageRepeated
"""Define the errors of reading a source: source, cause, day and fix.

No message ever holds a query string, a token, a header or a value of a record.
"""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from cchc_pipeline.errors import CchcError


class SourceError(CchcError):
    """A source could not be read.

    Attributes:
        source: name of the adapter.
        day: day whose data are at stake; None where the failure concerns no day.
        culprit: the address, file or field at fault.
        fix: what to try.
    """

    default_fix: ClassVar[str] = "look at the source system's own log for this time"

    source: str
    day: date | None
    culprit: str
    fix: str

    def __init__(
        self,
        what: str,
        *,
        source: str,
        culprit: str,
        day: date | None = None,
        reading: str | None = None,
        fix: str | None = None,
        **more: Any,
    ) -> None:
        fix = fix or self.default_fix
        span = reading or (f"day {day}" if day else None)
        message = f"{source}: {what} ({culprit})" + (f" while reading {span}" if span else "") + f". Fix: {fix}."
        super().__init__(message, source=source, culprit=culprit, day=day, reading=reading, fix=fix, what=what, **more)
        self.__dict__.update(self.details)


class SourceDown(SourceError):
    """No connection, or the connection broke before a reply."""

    default_fix = (
        "check that the system is up and reachable from this machine (VPN, firewall, address), then run the day again"
    )


class SourceTooSlow(SourceError):
    """No reply within the time limit."""

    default_fix = "run the day again outside office hours, lower the page size, or raise the time limit of the source"


class SourceAuthFailed(SourceError):
    """The credentials were not accepted (401, or the source says so in its reply)."""

    default_fix = "check that the credentials set for this source are current and that the account is not locked"


class SourceForbidden(SourceError):
    """The account is known but has no right to these data (403)."""

    default_fix = "ask the owner of the system to give the account the right to read this agency's data"


class SourceRateLimited(SourceError):
    """The source asks for fewer calls (429), and kept asking."""

    default_fix = "raise the delay between calls of this source, or run later when its quota is free again"


class SourceServerError(SourceError):
    """The source failed by itself (5xx)."""

    default_fix = "tell the operator of the system the time and the address, then run the day again"


class RequestRefused(SourceError):
    """The source rejects the address or the parameters (other 4xx)."""

    default_fix = "compare the address set for this source with its documentation: the interface may have changed"


class ReplyBroken(SourceError):
    """A reply cannot be used: cut off, not JSON, a login page, or contradictory."""

    default_fix = "run the day again; if it stays, open the address by hand and see what the system answers"


class PageRepeated(ReplyBroken):
    """Paging repeats records or does not advance: rows would be lost or doubled."""

    default_fix = "run the day again; if it stays, lower the page size or ask the operator why paging does not move on"


class FieldGone(ReplyBroken):
    """A field without which no record can be read is no longer delivered."""

    default_fix = "compare the reply with the documentation of the interface: a field was renamed or removed"


class FileUnusable(SourceError):
    """A file in a drop folder is not what its name says."""

    default_fix = (
        "save the table as a UTF-8 CSV named YYYY.csv, or as an .xlsx workbook, and put it into the drop folder again"
    )
