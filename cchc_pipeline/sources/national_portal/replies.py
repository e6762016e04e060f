"""Parse one reply of the national portal's evaluation reports into records.

A reply is about a province and all its children, or about the country and its 34 provinces. It comes in two shapes:
`overview` and `evaluation[]`, or `parent` and `children[]`. Two reports have no codes of units, so records carry the
`department_id`, by which `join_units` gives them the code.

Rows are the portal's `metrics[]`, and beside them, in rows of their own:

* the items that the trees give as counts (`ITEMS`), with the codes of the rubric;
* `GROUP.<group>`: the published score of the report's group; `TOTAL`: the total of `service-results`;
* `RADAR.<group>`: the five groups of `service-results`, whose CKMB is rounded in another order;
* `FIELD.<name>`: any other single number of a unit, in `numerator`, under the portal's own name.

The country's own row has the code `VN`, which no province has.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from cchc_pipeline.reference.index_codes import TOTAL_CODE
from cchc_pipeline.sources.errors import FieldGone, ReplyBroken, SourceError
from cchc_pipeline.sources.national_portal import shape
from cchc_pipeline.sources.national_portal.requests import GROUP_OF, SERVICE_RESULTS, PageRequest, ReportRequest
from cchc_pipeline.sources.national_portal.shape import ITEMS, identity, objects
from cchc_pipeline.sources.protocol import Row
from cchc_pipeline.sources.records import (
    Fields,
    Problems,
    mapping_or_empty,
    number_or_none,
    read_fields,
    read_unit,
    reader,
    text_or_none,
    value_at,
)

_number, _text = reader(number_or_none, "not a number"), reader(text_or_none)
_FIGURES: Fields = {
    "metric_name": ("name", _text),
    "numerator": ("numerator", _number),
    "denominator": ("denominator", _number),
    "ratio_pct": ("ratio", _number),
    "score": ("score", _number),
    "max_score": ("maxScore", _number),
    "score_delta": ("scoreDelta", _number),
    "growth_pct": ("growthPercent", _number),
    "data_quality_status": ("dataQualityStatus", _text),
    "data_quality_message": ("dataQualityMessage", _text),
}
#: Share by which reports of one pull were seen to differ, with room: 0.02 %.
_IN_STEP = 0.01
#: Items whose group has no other, so that its published score is theirs.
_ONLY_ITEM = "DOSSIER_ON_TIME"
_NO_FIGURE = {"stt", "totalScore", "score", "totalMaxScore", "maxScore", "ratio", "scoreDelta", "growthPercent"}
#: Groups that `service-results` calls by another name than their reports.
_GROUP_NAMES = {"CLGQ": "ONLINE"}
#: Code under which the country's own row is kept; no province has it.
COUNTRY = "VN"
#: What the portal calls the kind of a unit below the province, by field.
_CHILD_GROUPS = {
    "childGroup": {},
    "level": {"PROVINCE": "AGENCY"},
    "departmentType": {"PROVINCIAL_DEPARTMENT": "AGENCY", "COMMUNE_PEOPLE_COMMITTEE": "COMMUNE"},
}


@dataclass(frozen=True)
class Reply:
    """Records of one reply.

    Attributes:
        request: what was asked.
        units: `department_id` to what the reply says of the unit (`unit_code`, `unit_name`, `child_group`).
        children: identifiers of the units below, in the order of the reply.
        rows: records with the columns of `national_portal__metrics` but `captured_on`.
        received: dossiers received as the report counts them for the unit asked for; None where it does not.
        absent: sentences on fields that are gone, and on units that come twice.
        is_code_given: whether the reply itself has the code of the unit asked for.
        doubt: why its figures are those of another month; see `settle`.
        province_code: canonical code of the province asked for; None of the country.
        captured_on: the day on which it came, where it was saved with its request.
    """

    request: ReportRequest
    units: Mapping[str, Row]
    children: tuple[str | None, ...]
    rows: list[Row] = field(repr=False)
    received: float | None = None
    absent: tuple[str, ...] = ()
    is_code_given: bool = True
    doubt: SourceError | None = None
    province_code: str | None = None
    captured_on: date | None = None


def decode(content: bytes, request: ReportRequest | PageRequest) -> Any:
    """Decode the JSON of a reply.

    Raises:
        ReplyBroken: it is a web page, cut off, or no JSON.
    """
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        pass
    if content[:200].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        fix = "open the portal's page again and save the reply itself, not the page"
        raise request.error(ReplyBroken, "an HTML page instead of JSON (a login page or a refusal)", fix)
    raise request.error(ReplyBroken, f"the reply is not complete JSON ({len(content)} bytes)")


def parse_reply(content: bytes | Mapping[str, Any], request: ReportRequest, province_code: str | None) -> Reply:
    """Parse a reply, and check that it answers the request.

    Args:
        content: the reply, as bytes or decoded.
        request: what was asked.
        province_code: canonical code of the province asked for; None where the country was asked for.

    Raises:
        ReplyBroken: no JSON, not OK, or a list shorter than its total; `FieldGone`: without a part of the shape;
            `PageRepeated`: about another unit than asked for (the whole country is one), or units of another province.
    """
    reply = decode(content, request) if isinstance(content, bytes) else content
    if not isinstance(reply, Mapping) or not isinstance(reply.get("data"), Mapping):
        raise request.error(FieldGone, "the reply has no object 'data'")
    if reply.get("code", "OK") != "OK":
        raise request.error(ReplyBroken, "the portal answers, but not OK")
    data = reply["data"]
    own, below = shape.parts(data, request)
    own = {**own, "growthPercent": data.get("growthPercent")}
    shape.check_unit(own, request, province_code)
    shape.check_children(below, request, province_code)
    shape.check_length(data, below, request)
    absent, doubt = shape.absent(data, own, below, request), shape.other_month(data, request)
    root = identity(request.root_id) if province_code else None
    is_code_given = text_or_none(own.get("departmentCode")) is not None
    if province_code is None or not is_code_given:
        own = {**own, "departmentCode": province_code or COUNTRY}
    entries: list[tuple[str | None, Mapping[str, Any], Row]] = [(root, own, _unit(own, is_root=True))]
    entries += [(identity(child.get("departmentId")), child, _unit(child, is_root=False)) for child in below]
    unique: dict[str | int, tuple[str | None, Mapping[str, Any], Row]] = {}
    for number, one in enumerate(entries):  # of a unit that comes twice the first counts
        unique.setdefault(one[0] or number, one)
    entries = list(unique.values())
    rows = [row for one, entry, unit in entries for row in _unit_rows(one, entry, unit, request)]
    rows += _results_rows(root, entries[0][2], data, request)
    units = {one: unit for one, _, unit in entries if one is not None}
    children = tuple(one for one, *_ in entries[1:])
    return Reply(request, units, children, rows, _received(own), absent, is_code_given, doubt, province_code)


def _unit(entry: Mapping[str, Any], *, is_root: bool) -> Row:
    group = None
    if not is_root:
        for name, names in _CHILD_GROUPS.items():
            if kind := text_or_none(entry.get(name)):
                group = names.get(kind, kind)
                break
    return {
        "unit_code": text_or_none(entry.get("departmentCode")),
        "unit_name": text_or_none(entry.get("departmentName")),
        "child_group": group,
    }


def _received(own: Mapping[str, Any]) -> float | None:
    metrics = {_code(metric.get("code")): metric for metric in objects(own.get("metrics"))}
    digitised = value_at(metrics, "ORIGINAL_RESULT_AVAILABLE.denominator")
    found = (number_or_none(value) for value in (own.get("totalReceived"), own.get("totalDossiers"), digitised))
    return next((value for value in found if value is not None), None)


def _unit_rows(identity: str | None, entry: Mapping[str, Any], unit: Row, request: ReportRequest) -> Iterator[Row]:
    group = GROUP_OF.get(request.report, TOTAL_CODE)

    def row(code: str | None, figures: Mapping[str, Any], group_code: str = group) -> Row:
        return _row(identity, unit, request, group_code, code, figures)

    published = {
        "score": entry.get("totalScore", entry.get("score")),
        "maxScore": entry.get("totalMaxScore", entry.get("maxScore")),
        **{name: entry.get(name) for name in ("ratio", "scoreDelta", "growthPercent")},
    }
    yield row(TOTAL_CODE if request.report == SERVICE_RESULTS else f"GROUP.{group}", published)
    for code, score in mapping_or_empty(entry.get("groupScores")).items():
        code = _GROUP_NAMES.get(code.upper(), code.upper())
        yield row(f"GROUP.{code}", {"score": score}, code)
    for metric in objects(entry.get("metrics")):
        yield row(_code(metric.get("code")), metric)
    taken = set(_NO_FIGURE)
    for code, (parts, whole) in ITEMS.get(request.report, {}).items():
        counts = {name: entry[name] for name in (*parts, whole) if name in entry}
        if counts:  # children publish some groups only: nothing is split by guess
            part = counts.get(parts[0]) if len(parts) == 1 else _sum(counts.get(name) for name in parts)
            score = published if code == _ONLY_ITEM else {}
            yield row(code, {**score, "numerator": part, "denominator": counts.get(whole)})
            taken |= {whole, *(parts if len(parts) == 1 else ())}
    for name, value in entry.items():
        if name not in taken and number_or_none(value) is not None:
            yield row(f"FIELD.{name}", {"numerator": value})


def _sum(values: Iterable[Any]) -> Any:
    """Return the sum of numbers; the first value that is none as it is, so that its reader names it."""
    found = list(values)
    strange = [value for value in found if number_or_none(value) is None]
    return strange[0] if strange else sum(found)


def _results_rows(root: str | None, unit: Row, data: Mapping[str, Any], request: ReportRequest) -> Iterator[Row]:
    """Yield what `service-results` has beside its units: groups, and counts of dossiers and procedures by kind."""
    for group in objects(data.get("radar")):
        if code := _code(group.get("code")):
            yield _row(root, unit, request, code, f"RADAR.{code}", group)
    for name, parts in mapping_or_empty(data.get("donuts")).items():
        for part in objects(parts):
            if code := _code(part.get("code")):
                figures = {"name": part.get("name"), "numerator": part.get("value"), "ratio": part.get("percent")}
                yield _row(root, unit, request, TOTAL_CODE, f"FIELD.{name}.{code}", figures)


def _code(value: Any) -> str | None:
    """Return the code of a metric, group or kind in capitals, as codes are compared."""
    text = text_or_none(value)
    return None if text is None else text.upper()


def _unit_code(raw: Any, problems: Problems) -> str | None:
    return COUNTRY if raw == COUNTRY else read_unit(raw, "unit_code", problems)


def _row(
    identity: str | None,
    unit: Row,
    request: ReportRequest,
    group_code: str,
    metric_code: str | None,
    figures: Mapping[str, Any],
) -> Row:
    problems, period = Problems(), request.period
    return {
        "unit_code": _unit_code(unit["unit_code"], problems),
        "unit_name": unit["unit_name"],
        "department_id": identity,
        "child_group": unit["child_group"],
        "period_type": period.kind,
        "period_start": period.first,
        "period_end": period.last,
        "report": request.report,
        "group_code": group_code,
        "metric_code": metric_code,
        **read_fields(figures, _FIGURES, problems),
        "parse_errors": problems.text(),
    }


def join_units(replies: Sequence[Reply], captured_on: date) -> list[Row]:
    """Return the records of all replies, with the units that two reports give by identifier only.

    A unit that no reply gives a code of keeps its records, with the reason; of a key that comes twice the first counts.
    """
    known: dict[str, Row] = {}
    for reply in replies:
        for one, unit in reply.units.items():
            held = known.setdefault(one, dict(unit))
            held |= {name: value for name, value in unit.items() if held[name] is None}
    rows: dict[Any, Row] = {}
    for reply, row in ((held_in, row) for held_in in replies for row in held_in.rows):
        one, problems = row["department_id"], Problems()
        joined = {**row, "captured_on": reply.captured_on or captured_on}
        joined |= {name: value for name, value in known.get(one, {}).items() if row[name] is None}
        joined["unit_code"] = _unit_code(joined["unit_code"], Problems())
        if joined["unit_code"] is None and "unit_code: " not in (row["parse_errors"] or ""):
            problems.add("unit_code", f"no report gives the code of the unit with identifier {one}")
        elif shape.is_foreign(joined["unit_code"], reply.province_code):
            problems.add("unit_code", f"a unit of another province than {reply.province_code}", joined["unit_name"])
        joined["parse_errors"] = "; ".join(filter(None, (row["parse_errors"], problems.text()))) or None
        key = tuple(joined[name] for name in ("unit_code", "period_type", "period_start", "metric_code"))
        rows.setdefault(key if None not in key else (len(rows), "no key"), joined)
    return list(rows.values())


def settle(replies: Sequence[Reply]) -> tuple[list[Reply], list[SourceError]]:
    """Return the replies to keep, and an error for each that is of another month.

    A chart was seen of one month only and proves nothing by itself: a reply in doubt is kept, with a warning, where
    another report of its period counts the same dossiers.
    """
    kept, faults = [], []
    for reply in replies:
        others = (one for one in replies if one.request.period == reply.request.period and one is not reply)
        if reply.doubt is None or any(_counts_alike(one, reply) for one in others):
            kept.append(reply)
        else:
            faults.append(reply.doubt)
    return kept, faults


def _counts_alike(one: Reply, other: Reply) -> bool:
    counts = [reply.received for reply in (one, other) if reply.received is not None]
    return len(counts) == 2 and abs(counts[0] - counts[1]) <= _IN_STEP * max(*counts, 1)


def warnings(replies: Sequence[Reply]) -> list[str]:
    """Return sentences on fields that are gone, and on reports of one period that count other dossiers or units."""
    said = [sentence for reply in replies for sentence in reply.absent]
    said += [reply.doubt.message for reply in replies if reply.doubt is not None]
    for period in dict.fromkeys(reply.request.period for reply in replies):
        some = [reply for reply in replies if reply.request.period == period]
        counted = {reply.request.report: reply.received for reply in some if reply.received is not None}
        if len(set(counted.values())) > 1:
            figures = ", ".join(f"{report} {count:.0f}" for report, count in counted.items())
            said.append(f"{period}: reports are out of step, dossiers received: {figures}")
        every = set().union(*(reply.children for reply in some))
        for reply in some:
            if len(set(reply.children)) < len(every):
                held = f"{len(set(reply.children))} of {len(every)} units"
                said.append(f"{period}: {reply.request.report} has {held}")
    return said
