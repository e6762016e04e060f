"""Find the parts of a reply in either shape, and check that it answers the request.

A reply has `overview` and `evaluation[]`, or `parent` and `children[]`. Identity, the length that a list says it has
and the month of a chart are held against the request; any other field that is gone is told, and costs only itself.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cchc_pipeline.reference.unit_codes import canonical_unit_code
from cchc_pipeline.sources.errors import FieldGone, PageRepeated, ReplyBroken, SourceError
from cchc_pipeline.sources.national_portal.requests import PAGE_SIZE, SATISFACTION, ReportRequest
from cchc_pipeline.sources.records import mapping_or_empty, number_or_none, text_or_none, value_at

METRIC_REPORTS = ("transparency", "dossier-digitized", SATISFACTION)
_METRIC_FIELDS = ("name", "numerator", "denominator", "ratio", "score", "maxScore")
#: Report -> code of an item -> fields that its numerator is the sum of, and the field of its denominator.
ITEMS: Mapping[str, Mapping[str, tuple[tuple[str, ...], str]]] = {
    "dvc-progress-tree": {"DOSSIER_ON_TIME": (("totalOnTime",), "totalReceived")},
    "formality-online-payment-tree": {
        "DOSSIER_ONLINE_PAYMENT": (("totalDossierOnlinePaymentSuccess",), "totalDossierFinancialObligation"),
        "FORMALITY_ONLINE_PAYMENT": (
            ("totalDossierOnlineFormalityPaymentSuccess",),
            "totalFeeDossierFormalityDistinct",
        ),
        "FORMALITY_PAYMENT_AVAILABLE": (("totalFeeDossierFormality",), "totalFeeFormality"),
    },
    "provide-online-tree": {
        "ONLINE_PROCEDURES": (("partialCount", "fullCount"), "authorityCount"),
        "ONLINE_PROCEDURES_USED": (("onlineDossierCount",), "onlineServiceTotal"),
        "ONLINE_DOSSIERS": (("channelOnlineSum",), "channelTotalSum"),
    },
}
#: Report whose children have the group alone, no counts.
_GROUP_ONLY = "provide-online-tree"
_COUNT = re.compile(r"[0-9]{1,15}")
_MONTH = re.compile(r"[0-9]{1,2}")
_PROVINCE = re.compile(r"H[0-9]{2}")


def objects(value: Any) -> list[Mapping[str, Any]]:
    """Return the objects of a list; nothing where it is no list."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def identity(value: Any) -> str | None:
    """Return the UUID of a unit in small letters, as which it is compared; None where there is none."""
    text = text_or_none(value)
    return None if text is None else text.lower()


def count_or_none(value: Any) -> int | None:
    """Return a whole number that says how many there are, also where it is text; None for anything else."""
    if isinstance(value, str):
        return int(value) if _COUNT.fullmatch(value.strip()) else None
    number = number_or_none(value)
    return int(number) if number is not None and number >= 0 and number == int(number) else None


def parts(data: Mapping[str, Any], request: ReportRequest) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    """Return the unit asked for and those below it, from either shape; a part that is null is as one that is absent.

    Raises:
        FieldGone: the reply has no such unit, or no list.
    """
    tops, lists = ("overview", "parent"), ("evaluation", "children")
    own = next((data[name] for name in tops if isinstance(data.get(name), Mapping)), None)
    below = next((data[name] for name in lists if isinstance(data.get(name), list)), None)
    if own is None and below is None and not {*tops, *lists} & set(data):
        raise request.error(FieldGone, "the report has neither 'overview' nor 'parent'")
    is_tree = bool({"parent", "children"} & set(data))
    for held, names in ((own, tops), (below, lists)):
        if held is None:
            name = names[is_tree]
            what = f"the report has no field '{name}'" + (", but one that is empty" if name in data else "")
            raise request.error(FieldGone, what)
    return own or {}, objects(below)


def check_unit(own: Mapping[str, Any], request: ReportRequest, province_code: str | None) -> None:
    """Check that the reply is about the unit asked for; the whole country is another one.

    Raises:
        PageRepeated: it is about another one, or nothing says about which.
    """
    root, code = identity(own.get("departmentId")), text_or_none(own.get("departmentCode"))
    told = [root is not None and root == identity(request.root_id), code and canonical_unit_code(code) == province_code]
    known = [given for given, value in zip(told, (root, code), strict=True) if value is not None]
    if province_code is None and not (code and canonical_unit_code(code)):
        return
    if province_code is None or not known or not all(known):
        what = "the report of another unit than asked for"
        if province_code and not known:
            what += ": it has neither code nor identifier, as that of the whole country"
        raise request.error(PageRepeated, what, _ask_with_root(province_code))


def check_children(below: Sequence[Mapping[str, Any]], request: ReportRequest, province_code: str | None) -> None:
    """Check that the units below are not all those of others, as the provinces are in a reply about the country.

    Raises:
        PageRepeated: every unit with a code is of another province, or there is one that is a province.
    """
    codes = [code for child in below if (code := text_or_none(child.get("departmentCode")))]
    apart = [code for code in codes if is_foreign(canonical_unit_code(code), province_code)]
    provinces = [code for code in codes if _PROVINCE.fullmatch(canonical_unit_code(code) or "")]
    if apart and (len(apart) == len(codes) or len(provinces) > 1):
        what = f"the units below are those of other provinces ({', '.join(apart[:3])}{', …' if apart[3:] else ''})"
        raise request.error(PageRepeated, what, _ask_with_root(province_code))


def is_foreign(code: str | None, province_code: str | None) -> bool:
    """Return whether a unit is of another province: its code begins with that of another one."""
    first = (code or "").partition(".")[0]
    return province_code is not None and first != province_code and _PROVINCE.fullmatch(first) is not None


def _ask_with_root(province_code: str | None) -> str:
    return f"ask with rootDepartmentId of {province_code or 'no unit'}, and compare the name in the reply"


def check_length(data: Mapping[str, Any], below: Sequence[Mapping[str, Any]], request: ReportRequest) -> None:
    """Check that the list has as many units as it says; one that comes twice counts once.

    Raises:
        ReplyBroken: it has fewer or more.
    """
    total = count_or_none(value_at(data, "pagination.total"))
    held = len(_named(below)) + sum(identity(child.get("departmentId")) is None for child in below)
    if total is not None and held != total:
        twice = f", of which {len(below) - held} come twice" if len(below) > held else ""
        what = f"the list has {len(below)} units{twice} and says that there are {total}"
        size = max(total, PAGE_SIZE)
        fix = f"save the reply with its request again, with a pageSize of {size} that holds all {total} units"
        if request.culprit is None:
            fix = f"run the day again; where it stays, save the reply from the portal's page with a pageSize of {size}"
        raise request.error(ReplyBroken, what, fix)


def other_month(data: Mapping[str, Any], request: ReportRequest) -> SourceError | None:
    """Return an error where the chart of a tree has figures of months outside the period, and none within it.

    Seen were zeros outside. A chart that has figures of both says nothing of the period.
    """
    first, last = request.period.first.month, request.period.last.month
    chart = objects(data.get("monthlyChart")) if request.report == "dvc-progress-tree" else []
    of_share = [
        [
            int(month) for point in chart
            if _MONTH.fullmatch(month := text_or_none(point.get("month")) or "") and number_or_none(point.get(share))
        ] for share in ("onTimePct", "overduePct")
    ]  # fmt: skip
    filled = next(filter(None, of_share), [])
    if not filled or any(first <= month <= last for month in filled):
        return None
    what = f"its chart has figures of month {filled[0]:02d}, which lies outside {request.period}"
    return request.error(PageRepeated, what, "ask for the period again, or correct the request beside the file")


def absent(
    data: Mapping[str, Any], own: Mapping[str, Any], below: Sequence[Mapping[str, Any]], request: ReportRequest
) -> tuple[str, ...]:
    """Return sentences on what the reply leaves out, and on units that it has twice.

    Raises:
        FieldGone: a report of metrics has none at all.
    """
    return tuple(f"{request.period}: {said}" for said in _absent(data, own, below, request))


def _absent(
    data: Mapping[str, Any], own: Mapping[str, Any], below: Sequence[Mapping[str, Any]], request: ReportRequest
) -> Iterator[str]:
    report, entries = request.report, (own, *below)
    if report in METRIC_REPORTS:
        if not any(isinstance(entry.get("metrics"), list) for entry in entries):
            raise request.error(FieldGone, "the report has no field 'metrics'")
        metrics = [metric for entry in entries for metric in objects(entry.get("metrics"))]
        gone = [name for name in _METRIC_FIELDS if metrics and all(name not in metric for metric in metrics)]
        yield from (f"the metrics of {report} have no field '{name}'" for name in gone)
        lacking = [entry for entry in entries if not isinstance(entry.get("metrics"), list)]
        if lacking:
            yield f"{report} has no 'metrics' for {_units(lacking)}"
    if (report in METRIC_REPORTS or "pagination" in data) and count_or_none(value_at(data, "pagination.total")) is None:
        yield f"{report} does not say how many units there are, so nobody knows whether its list is whole"
    if not any(name in entry for entry in entries for name in ("totalScore", "score")):
        yield f"{report} has no field 'totalScore'"
    fields = [name for numerators, whole in ITEMS.get(report, {}).values() for name in (*numerators, whole)]
    with_counts = [entry for entry in below if report != _GROUP_ONLY or any(name in entry for name in fields)]
    for name in fields:
        if lacking := [entry for entry in (own, *with_counts) if name not in entry]:
            yield f"{report} has no '{name}' for {_units(lacking)}"
    twice = [name for name, times in _named(below).items() if times > 1]
    if twice:
        again = [next(entry for entry in below if identity(entry.get("departmentId")) == one) for one in twice]
        yield f"{report} has a unit twice, of which the first counts: {_units(again)}"


def _named(below: Sequence[Mapping[str, Any]]) -> Counter[str]:
    """Return the identifiers of the units and how often each comes; units without one are left out."""
    return Counter(one for child in below if (one := identity(child.get("departmentId"))) is not None)


def _units(entries: Sequence[Mapping[str, Any]]) -> str:
    """Return the name of a unit, and how many there are besides."""
    first = mapping_or_empty(entries[0])
    name = text_or_none(first.get("departmentName")) or text_or_none(first.get("departmentCode")) or "a unit"
    return name if len(entries) == 1 else f"{name} and {len(entries) - 1} more"
