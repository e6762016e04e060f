# ruff: noqa: N818 - the names say what happened: SourceDown, PageRepeated
"""Define the errors of reading a source: source, cause, day and fix.

No message ever holds a query string, a token, a header or a value of a record.
"""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from cchc_pipeline.errors import CchcError


class SourceError(CchcError):
    """Base of the errors of reading a source.

    Attributes:
        source: name of the adapter.
        day: day whose data are at stake; None where the failure concerns no day.
        culprit: the address, file or field at fault.
        fix: what to try.
    """

    default_fix: ClassVar[str] = "look at the source system's own log for this time"
    #: Whether the source refuses to be read at all, so that a source that may not be pressed is not asked again.
    is_refusal: ClassVar[bool] = False
    #: What happened, for officials; the rest of a sentence that begins with the source.
    said_vi: ClassVar[str] = "không đọc được"

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
    """Source without a connection, or one that broke before a reply."""

    said_vi = "không kết nối được"
    default_fix = (
        "check that the system is up and reachable from this machine (VPN, firewall, address), then run the day again"
    )


class SourceTooSlow(SourceError):
    """Source without a reply within the time limit."""

    said_vi = "không trả lời trong thời gian cho phép"
    default_fix = "run the day again outside office hours, lower the page size, or raise the time limit of the source"


class SourceAuthFailed(SourceError):
    """Credentials that the source refuses (401, or it says so in its reply)."""

    said_vi = "từ chối tài khoản kết nối (HTTP 401)"
    default_fix = "check that the credentials set for this source are current and that the account is not locked"


class SourceForbidden(SourceError):
    """Account that is known but has no right to these data (403)."""

    is_refusal = True
    said_vi = "từ chối truy cập (HTTP 403)"
    default_fix = "ask the owner of the system to give the account the right to read this agency's data"


class SourceRateLimited(SourceError):
    """Source that asks for fewer calls (429), and keeps asking."""

    is_refusal = True
    said_vi = "từ chối vì quá nhiều lượt gọi (HTTP 429)"
    default_fix = "raise the delay between calls of this source, or run later when its quota is free again"


class SourceServerError(SourceError):
    """Failure of the source itself (5xx)."""

    said_vi = "hệ thống nguồn báo lỗi"
    default_fix = "tell the operator of the system the time and the address, then run the day again"


class RequestRefused(SourceError):
    """Address or parameters that the source rejects (other 4xx)."""

    said_vi = "không chấp nhận yêu cầu"
    default_fix = "compare the address set for this source with its documentation: the interface may have changed"


class ReplyBroken(SourceError):
    """Reply that cannot be used: cut off, not JSON, a login page, or contradictory."""

    said_vi = "trả lời không đọc được"
    default_fix = "run the day again; if it stays, open the address by hand and see what the system answers"


class PageRepeated(ReplyBroken):
    """Paging that repeats records or does not advance: rows would be lost or doubled."""

    default_fix = "run the day again; if it stays, lower the page size or ask the operator why paging does not move on"


class FieldGone(ReplyBroken):
    """Field that a source no longer delivers and without which no record can be read."""

    default_fix = "compare the reply with the documentation of the interface: a field was renamed or removed"


class PageInsteadOfData(ReplyBroken):
    """Web page in place of data: a login page, a notice, or the refusal of a firewall."""

    is_refusal = True
    said_vi = "trả về trang web thay cho số liệu"
    default_fix = "open the address by hand: check the credentials, or wait until the maintenance is over"


class AdapterFailed(SourceError):
    """Reply that the adapter did not expect: a defect of the program, which the reply brought to light."""

    default_fix = "report it with the day; what the other sources gave is not concerned"


class FileUnusable(SourceError):
    """File in a drop folder that is not what its name says."""

    said_vi = "có tệp không đọc được"
    default_fix = (
        "save the table as a UTF-8 CSV named YYYY.csv, or as an .xlsx workbook, and put it into the drop folder again"
    )
