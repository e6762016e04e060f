"""What a contract promises beyond its columns: how fresh, how long kept, how much, and what changed when."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from cchc_pipeline.contracts.document import civil_day, entries, mapping, need, one_of, whole_number
from cchc_pipeline.contracts.errors import ContractFileError

DriftAction = Literal["evolve", "freeze", "discard_row"]
DRIFT_ACTIONS: tuple[DriftAction, ...] = ("evolve", "freeze", "discard_row")
_KINDS_OF_DRIFT = ("columns", "types", "codes")
_HOURS = {"h": 1, "d": 24}
_SLA = ("property", "value", "unit", "description")
_SLA_PROPERTIES = ("freshness", "retention", "endOfSupport")
_VERSION = re.compile(r"\d+\.\d+\.\d+")


@dataclass(frozen=True)
class DriftPolicy:
    """What happens when a batch differs from its contract, per kind of difference.

    `evolve` goes on and says so, `freeze` refuses the batch, `discard_row` sends the rows that are
    affected to quarantine.

    Attributes:
        columns: a column came that the contract does not have, or an optional one did not come.
        types: a column has another type, or a value that its type cannot hold.
        codes: a value came that is not in the column's code list; a column may say otherwise with
            `code_list_severity`.
    """

    columns: DriftAction
    types: DriftAction
    codes: DriftAction


@dataclass(frozen=True)
class Volume:
    """How many rows are expected.

    Attributes:
        min_rows: fewest rows of a working day, or of a year's table where `per` is year.
        factor: a day is far off above `factor` times, or below 1/`factor` of, the usual count of its weekday.
        per: what one batch covers.
    """

    min_rows: int
    factor: float
    per: Literal["day", "year"]


@dataclass(frozen=True)
class Change:
    """One entry of a changelog: a version, its civil day, and what changed."""

    version: str
    changed_on: date
    text_vi: str
    text_en: str


@dataclass(frozen=True)
class Promises:
    """All of them; what a published table does not promise is None.

    Attributes:
        freshness_hours: highest age, in hours, of the newest data when somebody reads it.
        retention_days: how long what arrived is kept (inbound), or how far back rows can be read (published).
        end_of_support: last civil day on which the table is published; None while nothing is announced.
        drift: inbound tables only.
        volume: inbound tables only.
        changelog: newest first; its first entry is the version of the contract.
    """

    freshness_hours: int
    retention_days: int
    end_of_support: date | None
    drift: DriftPolicy | None
    volume: Volume | None
    changelog: tuple[Change, ...]


def read_promises(
    document: Mapping[str, Any], custom: Mapping[str, Any], version: str, *, published: bool, file: str
) -> Promises:
    """The promises of a contract.

    Args:
        document: the whole contract, for `slaProperties`.
        custom: its top-level custom properties by name.
        version: its version.
        published: whether the table leaves the pipeline: it has no drift policy and no volume then.
        file: what error messages call the contract.

    Raises:
        ContractFileError: a promise is missing, or is none.
    """
    sla = _sla(document, file)
    for name in ("drift", "volume"):
        if published and name in custom:
            raise ContractFileError(
                file=file, where="customProperties", problem=f"{name} of a published table", fix="remove it"
            )
    ends = sla.get("endOfSupport")
    return Promises(
        freshness_hours=_hours(sla, "freshness", file),
        retention_days=_days(sla, "retention", file),
        end_of_support=None if ends is None else civil_day(ends["value"], file, "slaProperties", "endOfSupport"),
        drift=None if published else _drift(need(custom, "drift", file, "customProperties"), file),
        volume=None if published else _volume(need(custom, "volume", file, "customProperties"), file),
        changelog=_changelog(need(custom, "changelog", file, "customProperties"), version, file),
    )


def check_version(version: str, file: str) -> str:
    """`version`, which must be major.minor.patch."""
    if not _VERSION.fullmatch(version):
        raise ContractFileError(
            file=file, where="version", problem=f"{version} is no version", fix="write major.minor.patch, as in 1.0.0"
        )
    return version


def version_key(version: str) -> tuple[int, int, int]:
    """Versions in their order."""
    major, minor, patch = (int(part) for part in version.split("."))
    return major, minor, patch


def _sla(document: Mapping[str, Any], file: str) -> dict[str, dict[str, Any]]:
    where = "slaProperties"
    found: dict[str, dict[str, Any]] = {}
    for item in entries(document.get(where), file, where):
        item = mapping(item, _SLA, file, where)
        name = one_of(need(item, "property", file, where), _SLA_PROPERTIES, file, where, "property")
        need(item, "value", file, where)
        if name in found:
            raise ContractFileError(file=file, where=where, problem=f"{name} comes twice", fix="remove one")
        found[name] = item
    return found


def _hours(sla: Mapping[str, Any], name: str, file: str) -> int:
    where = f"slaProperties {name}"
    item = need(sla, name, file, "slaProperties")
    unit = one_of(item.get("unit"), _HOURS, file, where, "unit")
    return whole_number(item["value"], file, where, "value", 1) * _HOURS[unit]


def _days(sla: Mapping[str, Any], name: str, file: str) -> int:
    hours = _hours(sla, name, file)
    if hours % 24:
        raise ContractFileError(file=file, where=f"slaProperties {name}", problem="not whole days", fix="write unit: d")
    return hours // 24


def _drift(value: Any, file: str) -> DriftPolicy:
    where = "customProperties drift"
    held = mapping(value, _KINDS_OF_DRIFT, file, where)
    for kind in _KINDS_OF_DRIFT:
        one_of(need(held, kind, file, where), DRIFT_ACTIONS, file, where, kind)
    return DriftPolicy(**held)


def _volume(value: Any, file: str) -> Volume:
    where = "customProperties volume"
    held = mapping(value, ("min_rows", "factor", "per"), file, where)
    factor = need(held, "factor", file, where)
    if isinstance(factor, bool) or not isinstance(factor, int | float) or factor <= 1:
        raise ContractFileError(
            file=file, where=where, problem=f"factor is {factor!r}", fix="write a number above 1, as in 5"
        )
    per = one_of(need(held, "per", file, where), ("day", "year"), file, where, "per")
    return Volume(
        min_rows=whole_number(need(held, "min_rows", file, where), file, where, "min_rows", 0),
        factor=float(factor),
        per="day" if per == "day" else "year",
    )


def _changelog(value: Any, version: str, file: str) -> tuple[Change, ...]:
    where = "customProperties changelog"
    found = []
    for item in entries(value, file, where):
        item = mapping(item, ("version", "changed_on", "text_vi", "text_en"), file, where)
        of = f"{where} {item.get('version')}"
        found.append(
            Change(
                version=check_version(str(need(item, "version", file, where)), file),
                changed_on=civil_day(need(item, "changed_on", file, of), file, of, "changed_on"),
                text_vi=need(item, "text_vi", file, of),
                text_en=need(item, "text_en", file, of),
            )
        )
    order = [version_key(change.version) for change in found]
    if order != sorted(set(order), reverse=True):
        raise ContractFileError(
            file=file, where=where, problem="versions out of order or twice", fix="write the newest entry first"
        )
    if not found or found[0].version != version:
        newest = found[0].version if found else "none"
        raise ContractFileError(
            file=file,
            where=where,
            problem=f"the newest entry is {newest}, the version of the contract {version}",
            fix=f"add an entry {version} on top that says what changed, or correct the version",
        )
    return tuple(found)
