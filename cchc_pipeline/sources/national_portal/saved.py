"""Read replies of the portal that a person saved, with their requests, in `drop/portal/<day>/`.

For networks that the portal refuses. A folder holds replies as `.json` in any subfolder, and the request of each: in
`requests.json` (name of the file to `{"url", "body", "captured"}`), or beside it as `<name>.request.json` with the same
content or the body alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any

from cchc_pipeline.days import Window
from cchc_pipeline.sources.errors import FileUnusable, SourceError
from cchc_pipeline.sources.national_portal.replies import Reply, parse_reply
from cchc_pipeline.sources.national_portal.requests import (
    FORMALITIES_PATH,
    REPORTS,
    PageRequest,
    ReportRequest,
    read_request,
)

_CATALOGUE = PurePosixPath(FORMALITIES_PATH).name
_INDEX, _BESIDE = "requests.json", ".request.json"
_FIX_REQUEST = "save the request beside the reply; `cchc portal requests` prints those that are needed"


@dataclass(frozen=True)
class Saved:
    """Replies of one folder.

    Attributes:
        day: the day that the folder is named by.
        provinces: the newest reply about the country, None where none was saved.
        replies: usable replies about the province.
        faults: an error for each file that cannot be used.
        pages: pages of the catalogue, with their requests.
        raw: name, bytes and request of every file.
    """

    day: date
    provinces: Reply | None
    replies: list[Reply]
    faults: list[SourceError]
    pages: list[tuple[bytes, PageRequest]]
    raw: list[tuple[str, bytes, Mapping[str, Any]]]


def newest_day(folder: Path, window: Window) -> date | None:
    """Return the last day of the window that has a folder of saved replies."""
    return next((day for day in sorted(window.days(), reverse=True) if (folder / f"{day}").is_dir()), None)


def read_saved(folder: Path, day: date, province_code: str) -> Saved:
    """Read the replies saved for a day; each file that cannot be used is an error of its own.

    Reports of a single procedure are left out: they are no figures of the unit.
    """
    base = folder / f"{day}"
    faults: list[SourceError] = []
    index = _index(base, day, faults)
    found: dict[ReportRequest | PageRequest, tuple[bytes, ReportRequest | PageRequest, Reply | None]] = {}
    twice: set[ReportRequest | PageRequest] = set()
    raw: list[tuple[str, bytes, Mapping[str, Any]]] = []
    for path in sorted(base.rglob("*.json")):
        name = path.relative_to(base).as_posix()
        if path.name == _INDEX or name.endswith(_BESIDE):
            continue
        content = path.read_bytes()
        raw.append((name, content, {"captured": f"{day}"}))
        try:
            entry = _entry(path, name, index, day)
            raw[-1] = (name, content, {**raw[-1][2], **entry})
            request = _request(name, entry, day)
            key, reply = replace(request, culprit=None, day=None), None
            if isinstance(request, ReportRequest):
                if request.formality_id is not None:
                    continue
                reply = parse_reply(content, request, province_code if request.root_id else None)
            if key in found and found[key][0] != content:
                twice.add(key)
                other = found[key][1].culprit
                what = f"another file, {other}, answers the same request and says something else"
                faults.append(request.error(FileUnusable, what, "keep the file that was saved last"))
            found.setdefault(key, (content, request, reply))
        except SourceError as fault:
            faults.append(fault)
    once = [one for key, one in found.items() if key not in twice]
    usable = [reply for *_, reply in once if reply is not None]
    pages = [(content, request) for content, request, _ in once if isinstance(request, PageRequest)]
    listed = [reply for reply in usable if reply.request.root_id is None]
    own = [reply for reply in usable if reply.request.root_id is not None]
    return Saved(day, listed[-1] if listed else None, _of_province(own, faults), faults, pages, raw)


def _index(base: Path, day: date, faults: list[SourceError]) -> Mapping[str, Any]:
    path = base / _INDEX
    if not path.exists():
        return {}
    try:
        held = json.loads(path.read_bytes())
        if isinstance(held, Mapping):
            return held
    except (ValueError, RecursionError):
        pass
    faults.append(_unusable(path.name, day, "no JSON object of file names and their requests", _FIX_REQUEST))
    return {}


def _entry(path: Path, name: str, index: Mapping[str, Any], day: date) -> Mapping[str, Any]:
    """Return what was saved beside a reply: its request, with address and body, or the body alone."""
    beside = path.with_name(path.name.removesuffix(".json") + _BESIDE)
    try:
        entry = json.loads(beside.read_bytes()) if beside.exists() else index.get(name)
    except (ValueError, RecursionError) as problem:
        raise _unusable(name, day, f"its request cannot be read: {problem}", _FIX_REQUEST) from None
    if not isinstance(entry, Mapping):
        raise _unusable(name, day, "no request is saved beside the reply", _FIX_REQUEST)
    return entry if isinstance(entry.get("body"), Mapping) else {"body": entry}


def _request(name: str, entry: Mapping[str, Any], day: date) -> ReportRequest | PageRequest:
    report, body = _report(name, entry), entry["body"]
    try:
        if report == _CATALOGUE:
            return PageRequest(int(body["currentPage"]), int(body["pageSize"]), name, day)
        return replace(read_request(report, body, name), day=day)
    except (KeyError, TypeError, ValueError) as problem:
        raise _unusable(name, day, f"its request cannot be read: {problem}", _FIX_REQUEST) from None


def _report(name: str, entry: Mapping[str, Any]) -> str:
    """Return the report that the address says, else the one whose name the file's path has."""
    if url := entry.get("url"):
        return PurePosixPath(str(url).partition("?")[0]).name
    return next((report for report in (*REPORTS, _CATALOGUE) if report in name), name)


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
