"""Compare two versions of a contract and tell which changes are breaking.

For a published table a loosened promise breaks its readers. For an inbound table a tightened demand
breaks its writer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, get_args

from cchc_pipeline.contracts.model import Contract
from cchc_pipeline.contracts.parts import Classification, Column, DriftAction, Rule, version_key
from cchc_pipeline.lake.engine import sql_text

#: `tightened` and `loosened` hurt one side; `changed` hurts both, `extended` and `described` neither.
Effect = Literal["tightened", "loosened", "changed", "extended", "described"]
Level = Literal["none", "patch", "minor", "major"]
_LEVELS: tuple[Level, ...] = ("none", "patch", "minor", "major")
#: Default reason why a change by effect: of a published table, of an inbound one.
_WHY: dict[Effect, tuple[str, str]] = {
    "tightened": ("readers are promised more than before", "batches that were good are refused or rejected now"),
    "loosened": ("readers rely on what is no longer promised", "what was good stays good"),
    "changed": ("the same name means something else to readers", "what the writer sends is understood differently"),
    "extended": ("readers that do not know it go on as before", "what was good stays good"),
    "described": ("words only", "words only"),
}
#: Effect of a change and why; an empty why stands for the default of `_WHY`.
_Judged = tuple[Effect, str]
#: (where, what, effect, why) of a difference.
_Found = tuple[str, str, Effect, str]
#: Attribute -> judgement of a change of it, or of its old and new value.
_Judges = Mapping[str, _Judged | Callable[[Any, Any], _Judged]]
_TIGHTENED: _Judged = ("tightened", "")
_LOOSENED: _Judged = ("loosened", "")
_WORDS: _Judged = ("described", "")
_COUNTS: _Judged = ("described", "it only counts rows")
_STRICTNESS: dict[DriftAction, int] = {"evolve": 0, "discard_row": 1, "freeze": 2}
#: (old, new) types of an inbound column: what a writer sent under the old type keeps its meaning under the new.
_WIDER = {("INTEGER", "BIGINT"), ("INTEGER", "DOUBLE")}


def _unit(old: str | None, _: Any) -> _Judged:
    stated: _Judged = ("described", "the unit was not stated before")
    return ("changed", "the same number means another quantity") if old else stated


def _pattern(old: str | None, new: str | None) -> _Judged:
    if old and new:
        return "changed", "whether the new pattern is the narrower one cannot be told"
    return _TIGHTENED if new else _LOOSENED


def _classification(old: Classification, new: Classification) -> _Judged:
    order = get_args(Classification)
    if order.index(new) > order.index(old):
        return "loosened", "whoever passed it on may have to stop"
    return "tightened", "it may be shown to more people than before"


def _severity(old: str, new: str) -> _Judged:
    """Judge a severity; only one from or to reject changes the promise."""
    return _WORDS if "reject" not in (old, new) else _TIGHTENED if new == "reject" else _LOOSENED


def _end_of_support(old: date | None, new: date | None) -> _Judged:
    if old and new and new < old:
        return "loosened", "readers were told of a later day"
    return "described", "an announcement; the table stays until then"


_TABLE: _Judges = {
    "direction": ("changed", ""),
    "family": ("changed", "whoever asks for the old name finds nothing"),
    "source": ("changed", "another system has to deliver it"),
    "key": ("changed", "rows are told apart by something else"),
    "grain": ("changed", "a row stands for something else"),
    "derived_from": ("described", "the promise is the same"),
    **dict.fromkeys(("title_vi", "title_en", "purpose", "purpose_vi", "usage", "owner"), _WORDS),
}
_COLUMN: _Judges = {
    "physical_type": ("changed", ""),
    "required": lambda _, new: _TIGHTENED if new else _LOOSENED,
    "unit": _unit,
    "pattern": _pattern,
    "minimum": lambda old, new: _TIGHTENED if old is None or (new is not None and new > old) else _LOOSENED,
    "maximum": lambda old, new: _TIGHTENED if old is None or (new is not None and new < old) else _LOOSENED,
    "classification": _classification,
    **dict.fromkeys(("label_vi", "label_en", "description", "description_vi"), _WORDS),
}
_INBOUND_COLUMN: _Judges = {
    **_COLUMN,
    "physical_type": lambda old, new: _LOOSENED if (old, new) in _WIDER else ("changed", ""),
}
_RULE: _Judges = {"severity": _severity, **dict.fromkeys(("sentence_vi", "sentence_en", "dimension"), _WORDS)}
_PROMISES: _Judges = {
    "freshness_hours": lambda old, new: _TIGHTENED if new < old else _LOOSENED,
    "retention_days": lambda old, new: _TIGHTENED if new > old else _LOOSENED,
    "end_of_support": _end_of_support,
}
_INBOUND_PROMISES: _Judges = {
    **_PROMISES,
    "retention_days": ("described", "it is kept here"),
    "volume": ("described", "it only warns"),
}
_DRIFT: _Judges = dict.fromkeys(
    ("columns", "types", "codes"), lambda old, new: _TIGHTENED if _STRICTNESS[new] > _STRICTNESS[old] else _LOOSENED
)


@dataclass(frozen=True)
class Difference:
    """One change between two versions of a contract: where, and what with both values.

    `effect` says how it changes the promise, `is_breaking` whether it hurts the side that the contract protects, and
    why.
    """

    where: str
    what: str
    effect: Effect
    is_breaking: bool
    why: str


@dataclass(frozen=True)
class Comparison:
    """Two versions of a contract and the differences between them."""

    old: Contract
    new: Contract
    differences: tuple[Difference, ...]

    @property
    def is_breaking(self) -> bool:
        """Return whether any difference is breaking."""
        return any(one.is_breaking for one in self.differences)

    @property
    def needed(self) -> Level:
        """Return the part to raise: major if breaking, minor for promises, else patch."""
        if self.is_breaking:
            return "major"
        if any(one.effect != "described" for one in self.differences):
            return "minor"
        return "patch" if self.differences else "none"

    @property
    def raised(self) -> Level:
        """Return the part that was raised; none where the version is equal or lower."""
        old, new = version_key(self.old.version), version_key(self.new.version)
        if new <= old:
            return "none"
        return "major" if new[0] > old[0] else "minor" if new[1] > old[1] else "patch"

    @property
    def is_enough(self) -> bool:
        """Return whether the version was raised as far as the changes need."""
        return _LEVELS.index(self.raised) >= _LEVELS.index(self.needed)

    @property
    def next_version(self) -> str:
        """Return the lowest version that the changes allow."""
        return next_versions(self.old.version)[self.needed]


def next_versions(version: str) -> dict[Level, str]:
    """Return the next version by the part that is raised."""
    major, minor, patch = version_key(version)
    return {
        "major": f"{major + 1}.0.0",
        "minor": f"{major}.{minor + 1}.0",
        "patch": f"{major}.{minor}.{patch + 1}",
        "none": version,
    }


def compare(old: Contract, new: Contract) -> Comparison:
    """Compare two versions; differences in the order table, columns, rules, promises."""
    hurts = "loosened" if new.is_published else "tightened"
    found = [*_table(old, new), *_columns(old, new), *_rules(old, new), *_promises(old, new)]
    differences = tuple(
        Difference(where, what, effect, effect in ("changed", hurts), why or _WHY[effect][not new.is_published])
        for where, what, effect, why in found
    )
    return Comparison(old, new, differences)


def _attributes(where: str, old: Any, new: Any, judges: _Judges, prefix: str = "") -> Iterator[_Found]:
    """Yield the attributes of a part that differ, with both values."""
    for name, judge in judges.items():
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            what = f"{prefix}{name.replace('_', ' ')}: {_short(before)} → {_short(after)}"
            yield where, what, *(judge(before, after) if callable(judge) else judge)


def _short(value: Any) -> str:
    text = "none" if value is None or value == "" else ", ".join(value) if isinstance(value, tuple) else str(value)
    return text if len(text) <= 80 else text[:79] + "…"


def _table(old: Contract, new: Contract) -> Iterator[_Found]:
    yield from _attributes("table", old, new, _TABLE)
    if [n for n in old.column_names if n in new.column_names] != [n for n in new.column_names if n in old.column_names]:
        yield "table", "order of the columns", "described", "columns are found by name"


def _columns(old: Contract, new: Contract) -> Iterator[_Found]:
    gone = [column for column in old.columns if column.name not in new.column_names]
    come = [column for column in new.columns if column.name not in old.column_names]
    renamed = {before.name: after.name for before in gone for after in come if _is_renamed(before, after)}
    for column in gone:
        where = f"column {column.name}"
        if column.name in renamed:
            yield where, f"column renamed: {column.name} → {renamed[column.name]}", "changed", "the old name is gone"
        elif new.drift and new.drift.columns == "freeze":
            yield where, "column removed", "tightened", "drift.columns is freeze: a batch with it is refused"
        else:
            yield where, "column removed", "loosened", ""
    for column in come:
        if column.name not in renamed.values():
            what = "required column added" if column.required else "column added"
            yield f"column {column.name}", what, *(_TIGHTENED if column.required or new.is_published else _LOOSENED)
    for column in new.columns:
        if column.name in old.column_names:
            where, before = f"column {column.name}", old.column(column.name)
            yield from _attributes(where, before, column, _COLUMN if new.is_published else _INBOUND_COLUMN)
            yield from ((where, *one) for one in _codes(before, column, old, new))


def _is_renamed(old: Column, new: Column) -> bool:
    same = (old.physical_type, old.unit) == (new.physical_type, new.unit)
    return same and (old.description == new.description or old.label_vi == new.label_vi)


def _codes(old: Column, new: Column, before: Contract, after: Contract) -> Iterator[tuple[str, Effect, str]]:
    """Yield (what, effect, why) of the differences between two lists of valid values."""
    was, now = old.valid_values, new.valid_values
    severities = old.valid_values_severity, new.valid_values_severity
    if was is None or now is None:
        if now:
            yield "a list of valid values", *(_TIGHTENED if severities[1] == "reject" else _COUNTS)
        elif was:
            yield "no list of valid values any more", *(_LOOSENED if severities[0] == "reject" else _COUNTS)
        return
    labels = [
        {code.code: code for code in contract.code_list(column.code_list).codes} if column.code_list else {}
        for contract, column in ((before, old), (after, new))
    ]
    left: _Judged = ("changed", "whoever has or sends it is left with a code without meaning")
    for value in was:
        one, other = (held.get(value) for held in labels)
        if value not in now:
            yield f"code removed: {value}", *(left if after.is_published or "reject" in severities else _COUNTS)
        elif one and other and one.label_vi != other.label_vi and one.label_en != other.label_en:
            why = "both labels changed, so the code means something else"
            yield f"code {value}: {one.label_en} → {other.label_en}", "changed", why
        elif one and other and one != other:
            yield f"code {value}: wording, validity or attributes", "described", ""
    for value in now:
        if value not in was:
            why = "lists of codes grow; readers pass over what they do not know" if after.is_published else ""
            yield f"code added: {value}", "extended", why
    if severities[0] != severities[1]:
        yield f"the list of values: {severities[0]} → {severities[1]}", *_severity(*severities)


def _rules(old: Contract, new: Contract) -> Iterator[_Found]:
    before, after = _own_rules(old), _own_rules(new)
    for name in before | after:
        where, was, now = f"rule {name}", before.get(name), after.get(name)
        if was and now:
            yield from _attributes(where, was, now, _RULE)
            texts = sql_text(was.predicate), sql_text(now.predicate)
            if texts[0] != texts[1]:
                unclear: _Judged = ("changed", "whether the new condition is the narrower one cannot be told")
                judged = unclear if "reject" in (was.severity, now.severity) else _COUNTS
                yield where, f"broken where: {_short(texts[0])} → {_short(texts[1])}", *judged
        elif now:
            yield where, f"rule added ({now.severity})", *(_TIGHTENED if now.severity == "reject" else _COUNTS)
        elif was:
            yield where, f"rule removed ({was.severity})", *(_LOOSENED if was.severity == "reject" else _COUNTS)


def _own_rules(contract: Contract) -> dict[str, Rule]:
    """Return the contract's own rules by short id, without those of columns and key."""
    return {one.id: contract.rule(f"{contract.name}.{one.id}") for one in contract.file_rules}


def _promises(old: Contract, new: Contract) -> Iterator[_Found]:
    yield from _attributes("promises", old, new, _PROMISES if new.is_published else _INBOUND_PROMISES)
    if old.drift and new.drift:
        yield from _attributes("promises", old.drift, new.drift, _DRIFT, "drift.")
