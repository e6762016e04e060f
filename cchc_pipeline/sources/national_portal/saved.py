"""Read replies of the portal that a person saved, with their requests, in `drop/portal/<day>/`.

For networks that the portal refuses. A folder holds replies as `.json` in any subfolder, and the request of each: in
`requests.json` (name of the file to `{"url", "body", "captured"}`) of its folder or of one above, or beside it as
`<name>.request.json` with the same content or the body alone. Small and capital letters of names are the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from cchc_pipeline.days import Window
from cchc_pipeline.sources.errors import FileUnusable, SourceError
from cchc_pipeline.sources.evidence import INDEX
from cchc_pipeline.sources.national_portal.replies import Reply, parse_reply
from cchc_pipeline.sources.national_portal.requests import (
    FORMALITIES_PATH,
    REPORTS,
    PageRequest,
    ReportRequest,
    read_request,
)
from cchc_pipeline.sources.records import parse_instant

_CATALOGUE = PurePosixPath(FORMALITIES_PATH).name
_BESIDE, _ENDING = ".request.json", ".json"
_FIX_REQUEST = "save the request beside the reply; `cchc portal requests` prints those that are needed"


@dataclass(frozen=True)
class Saved:
    """Replies of one folder.

    Attributes:
        day: the day that the folder is named by.
        provinces: the newest reply about the country, None where none was saved.
        replies: usable replies about the province; without any, the folder is no saved night.
        faults: an error for each file that cannot be used.
        pages: pages of the catalogue, with their requests and the day on which each came.
        raw: name, bytes and request of every file.
        others: names of files that are no replies by their ending.
    """

    day: date
    provinces: Reply | None
    replies: list[Reply]
    faults: list[SourceError]
    pages: list[tuple[bytes, PageRequest, date]]
    raw: list[tuple[str, bytes, Mapping[str, Any]]]
    others: list[str]


@dataclass(frozen=True)
class _File:
    """A saved file, with the day, and the moment where it is told, at which its reply came."""

    content: bytes = field(repr=False)
    request: ReportRequest | PageRequest
    reply: Reply | None
    captured_on: date
    captured_at: datetime | None

    def is_later(self, other: _File) -> bool:
        """Return whether its reply came later; of one day without moments nobody knows."""
        if self.captured_at and other.captured_at:
            return self.captured_at > other.captured_at
        return self.captured_on > other.captured_on


def saved_days(folder: Path, window: Window) -> list[date]:
    """Return the days of a window that have a folder of their own, in order."""
    return [day for day in window.days() if (folder / f"{day}").is_dir()]


def read_saved(folder: Path, day: date, province_code: str, today: date) -> Saved:
    """Read the replies saved for a day; each file that cannot be used is an error of its own.

    Reports of a single procedure are left out: they are no figures of the unit. A reply is of the day that its request
    says (`captured`), that of the folder where it says none or one after `today`. Of two replies to one request the one
    that came later counts; where nobody knows which did, neither.
    """
    base = folder / f"{day}"
    faults: list[SourceError] = []
    files, others = _files(base, day, faults)
    index = _index(files, day, faults)
    found: dict[ReportRequest | PageRequest, _File] = {}
    twice: set[ReportRequest | PageRequest] = set()
    raw: list[tuple[str, bytes, Mapping[str, Any]]] = []
    for name, content in files.items():
        if PurePosixPath(name.lower()).name == INDEX or name.lower().endswith(_BESIDE):
            continue
        raw.append((name, content, {"captured": f"{day}"}))
        try:
            entry = _entry(name, index, files, day)
            raw[-1] = (name, content, {**raw[-1][2], **entry})
            request = _request(name, entry, day)
            key, reply, captured = replace(request, culprit=None, day=None), None, _captured(entry, day, today)
            if isinstance(request, ReportRequest):
                if request.formality_id is not None:
                    continue
                parsed = parse_reply(content, request, province_code if request.root_id else None)
                reply = replace(parsed, captured_on=captured[0])
            file = _File(content, request, reply, *captured)
            held = found.setdefault(key, file)
            if held is not file and (file.is_later(held) or held.is_later(file)):
                found[key], older = (file, held) if file.is_later(held) else (held, file)
                twice.discard(key)
                if held.content != content:
                    faults.append(_superseded(older, found[key]))
            elif held.content != content:
                twice.add(key)
                what = f"another file, {held.request.culprit}, answers the same request and says something else"
                faults.append(request.error(FileUnusable, what, "keep the file that was saved last"))
        except SourceError as fault:
            faults.append(fault)
    once = [one for key, one in found.items() if key not in twice]
    pages = [(one.content, one.request, one.captured_on) for one in once if isinstance(one.request, PageRequest)]
    own = [one.reply for one in once if one.reply is not None and one.reply.request.root_id is not None]
    return Saved(day, _listed(once, faults), _of_province(own, faults), faults, pages, raw, others)


def _files(base: Path, day: date, faults: list[SourceError]) -> tuple[dict[str, bytes], list[str]]:
    """Return the content of each `.json` by its name in the folder, and the names of other files."""
    files: dict[str, bytes] = {}
    others: list[str] = []
    for path in sorted(base.rglob("*")):
        name = path.relative_to(base).as_posix()
        is_json = name.lower().endswith(_ENDING)
        try:
            if path.is_dir():
                if is_json:
                    faults.append(_unusable(name, day, "a folder, not a file", "rename it, or take it away"))
            elif is_json:
                files[name] = path.read_bytes()
            else:
                others.append(name)
        except OSError as problem:
            what = f"the file cannot be read: {problem.strerror}"
            faults.append(_unusable(name, day, what, "save the file itself here, with the right to read it"))
    return files, others


def _index(files: Mapping[str, bytes], day: date, faults: list[SourceError]) -> Mapping[str, Any]:
    """Return the requests of every `requests.json`, by the name of the reply in the folder, in small letters."""
    found: dict[str, Any] = {}
    for name, content in files.items():
        path = PurePosixPath(name.lower())
        if path.name == INDEX:
            try:
                held = json.loads(content)
            except (ValueError, RecursionError):
                held = None
            if isinstance(held, Mapping):
                found |= {(path.parent / key.lower()).as_posix(): entry for key, entry in held.items()}
            else:
                faults.append(_unusable(name, day, "no JSON object of file names and their requests", _FIX_REQUEST))
    return found


def _entry(name: str, index: Mapping[str, Any], files: Mapping[str, bytes], day: date) -> Mapping[str, Any]:
    """Return what was saved beside a reply: its request, with address and body, or the body alone."""
    wanted = name.lower().removesuffix(_ENDING) + _BESIDE
    beside = next((content for other, content in files.items() if other.lower() == wanted), None)
    try:
        entry = index.get(name.lower()) if beside is None else json.loads(beside)
        if isinstance(entry, Mapping) and isinstance(entry.get("body"), str):  # as a browser copies it
            entry = {**entry, "body": json.loads(entry["body"])}
    except (ValueError, RecursionError) as problem:
        raise _unusable(name, day, f"its request cannot be read: {problem}", _FIX_REQUEST) from None
    if not isinstance(entry, Mapping):
        raise _unusable(name, day, "no request is saved beside the reply", _FIX_REQUEST)
    return entry if isinstance(entry.get("body"), Mapping) else {"body": entry}


def _captured(entry: Mapping[str, Any], day: date, today: date) -> tuple[date, datetime | None]:
    """Return the day on which a reply came, and the moment where it is told with its offset."""
    text = entry.get("captured")
    moment = parse_instant(text)
    try:
        captured_on = moment.date() if moment else date.fromisoformat(str(text)[:10])
    except ValueError:
        return day, None
    return (captured_on, moment) if captured_on <= today else (day, None)


def _superseded(older: _File, newer: _File) -> SourceError:
    what = f"another file, {newer.request.culprit}, answers the same request and was captured later, so that one counts"
    return older.request.error(FileUnusable, what, f"take {older.request.culprit} away")


def _listed(files: Iterable[_File], faults: list[SourceError]) -> Reply | None:
    """Return the list of provinces that was captured last, on one day that of the year; the others are named."""
    lists = [one for one in files if one.reply is not None and one.reply.request.root_id is None]
    best: _File | None = None
    for one in sorted(lists, key=lambda file: file.reply is not None and file.reply.request.period.kind == "year"):
        best = one if best is None or not best.is_later(one) else best
    for one in lists:
        if best and one is not best:
            what = f"another list of provinces, {best.request.culprit}, counts: it was captured later, or is the year's"
            faults.append(one.request.error(FileUnusable, what, f"take {one.request.culprit} away"))
    return best.reply if best else None


def _request(name: str, entry: Mapping[str, Any], day: date) -> ReportRequest | PageRequest:
    report, body = _report(name, entry), entry["body"]
    try:
        if report == _CATALOGUE:
            return PageRequest(int(body["currentPage"]), int(body["pageSize"]), name, day)
        return replace(read_request(report, body, name), day=day)
    except (KeyError, TypeError, ValueError, OverflowError) as problem:
        raise _unusable(name, day, f"its request cannot be read: {problem}", _FIX_REQUEST) from None


def _report(name: str, entry: Mapping[str, Any]) -> str:
    """Return the report that the address says, else the one whose name the file's path has."""
    if url := entry.get("url"):
        return PurePosixPath(str(url).partition("?")[0]).name
    return next((report for report in (*REPORTS, _CATALOGUE) if report in name.lower()), name)


def _of_province(replies: Iterable[Reply], faults: list[SourceError]) -> list[Reply]:
    """Return the replies of the root that a reply with a code shows to be the province."""
    replies = list(replies)
    roots = {reply.request.root_id for reply in replies if reply.is_code_given}
    kept = []
    for reply in replies:
        if reply.request.root_id in roots:
            kept.append(reply)
        else:
            what = "nothing says that it is of the province: neither it nor another reply of its root has a code"
            fix = "save dossier-digitized or a tree of the same rootDepartmentId as well"
            faults.append(reply.request.error(FileUnusable, what, fix))
    return kept


def _unusable(name: str, day: date, what: str, fix: str) -> FileUnusable:
    return FileUnusable(what, source="national_portal", culprit=name, day=day, fix=fix)
