"""Compare two versions of a contract and tell which changes are breaking.

For a published table a loosened promise breaks its readers. For an inbound table a tightened demand
breaks its writer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

from cchc_pipeline.contracts.model import Contract
from cchc_pipeline.contracts.parts import Classification, Column, DriftAction, Rule, Severity, version_key
from cchc_pipeline.contracts.rules import column_rules, key_rule
from cchc_pipeline.lake.engine import sql_text

#: `tightened` and `loosened` hurt one side; `changed` hurts both, `extended` and `described` neither.
Effect = Literal["tightened", "loosened", "changed", "extended", "described"]
Level = Literal["none", "patch", "minor", "major"]
_LEVELS: tuple[Level, ...] = ("none", "patch", "minor", "major")
_STRICTNESS: dict[DriftAction, int] = {"evolve": 0, "discard_row": 1, "freeze": 2}
#: (old, new) types of an inbound column: what a writer sent under the old type keeps its meaning under the new.
_WIDER = {("INTEGER", "BIGINT"), ("INTEGER", "DOUBLE")}
#: Default reason why a change hurts or not, by whether the table is published and by effect.
_WHY: dict[bool, dict[Effect, str]] = {
    True: {
        "tightened": "readers are promised more than before",
        "loosened": "readers rely on what is no longer promised",
        "changed": "the same name means something else to readers",
        "extended": "readers that do not know it go on as before",
        "described": "words only",
    },
    False: {
        "tightened": "batches that were good are refused or rejected now",
        "loosened": "what was good stays good",
        "changed": "what the writer sends is understood differently",
        "extended": "what was good stays good",
        "described": "words only",
    },
}
#: (where, what, effect, why) of a difference; an empty why stands for the default of `_WHY`.
_Found = tuple[str, str, Effect, str]


@dataclass(frozen=True)
class Difference:
    """One change between two versions of a contract.

    Attributes:
        where: the column, rule or part of the contract.
        what: what changed, with the old and the new value.
        effect: how it changes the promise.
        is_breaking: whether it hurts the side that the contract protects.
        why: the reason why it is breaking or not.
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
        Difference(where, what, effect, effect in ("changed", hurts), why or _WHY[new.is_published][effect])
        for where, what, effect, why in found
    )
    return Comparison(old, new, differences)


def _changed(old: Any, new: Any, *names: str) -> Iterator[tuple[str, Any, Any, str]]:
    """Yield attributes that differ: name, old and new value, and both in words."""
    for name in names:
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield name, before, after, f"{name.replace('_', ' ')}: {_short(before)} → {_short(after)}"


def _words(where: str, old: Any, new: Any, *names: str) -> Iterator[_Found]:
    for name, before, after, _ in _changed(old, new, *names):
        yield where, f"{name}: {_short(before)} → {_short(after)}", "described", ""


def _short(value: Any) -> str:
    text = "none" if value is None or value == "" else ", ".join(value) if isinstance(value, tuple) else str(value)
    return text if len(text) <= 80 else text[:79] + "…"


def _table(old: Contract, new: Contract) -> Iterator[_Found]:
    if old.is_published != new.is_published:
        before, after = ("published" if one.is_published else "inbound" for one in (old, new))
        yield "table", f"direction: {before} → {after}", "changed", ""
    hurtful = {
        "family": "whoever asks for the old name finds nothing",
        "source": "another system has to deliver it",
        "key": "rows are told apart by something else",
        "grain": "a row stands for something else",
    }
    for name, _, _, what in _changed(old, new, *hurtful):
        yield "table", what, "changed", hurtful[name]
    if old.derived_from != new.derived_from:
        yield "table", "how the older major comes from the current table", "described", "the promise is the same"
    if [n for n in old.column_names if n in new.column_names] != [n for n in new.column_names if n in old.column_names]:
        yield "table", "order of the columns", "described", "columns are found by name"
    yield from _words("table", old, new, "title_vi", "title_en", "purpose", "purpose_vi", "usage", "owner")


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
            yield f"column {column.name}", what, _effect(tightened=column.required or new.is_published), ""
    for column in new.columns:
        if column.name in old.column_names:
            yield from _column(old.column(column.name), column, old, new)


def _is_renamed(old: Column, new: Column) -> bool:
    same = (old.physical_type, old.unit) == (new.physical_type, new.unit)
    return same and (old.description == new.description or old.label_vi == new.label_vi)


def _effect(*, tightened: bool) -> Effect:
    return "tightened" if tightened else "loosened"


def _column(old: Column, new: Column, before: Contract, after: Contract) -> Iterator[_Found]:
    where = f"column {new.name}"
    if old.physical_type != new.physical_type:
        wider = not after.is_published and (old.physical_type, new.physical_type) in _WIDER
        yield where, f"type: {old.physical_type} → {new.physical_type}", "loosened" if wider else "changed", ""
    if old.required != new.required:
        what = "null → required" if new.required else "required → null"
        yield where, what, _effect(tightened=new.required), ""
    for _, unit, _, what in _changed(old, new, "unit"):
        if unit is None:
            yield where, what, "described", "the unit was not stated before"
        else:
            yield where, what, "changed", "the same number means another quantity"
    for _, pattern, other, what in _changed(old, new, "pattern"):
        if pattern and other:
            yield where, what, "changed", "whether the new pattern is the narrower one cannot be told"
        else:
            yield where, what, _effect(tightened=pattern is None), ""
    for name, bound, other, what in _changed(old, new, "minimum", "maximum"):
        sign = 1 if name == "minimum" else -1
        narrower = bound is None or (other is not None and (other - bound) * sign > 0)
        yield where, what, _effect(tightened=narrower), ""
    yield from _codes(old, new, before, after, where)
    for _, was, now, _ in _changed(old, new, "classification"):
        order = get_args(Classification)
        looser = order.index(now) > order.index(was)
        why = "whoever passed it on may have to stop" if looser else "it may be shown to more people than before"
        yield where, f"class of personal data: {was} → {now}", _effect(tightened=not looser), why
    yield from _words(where, old, new, "label_vi", "label_en", "description", "description_vi")


def _codes(old: Column, new: Column, before: Contract, after: Contract, where: str) -> Iterator[_Found]:
    was, now = old.valid_values, new.valid_values
    if was is None or now is None:
        if was != now:
            severity = (old if now is None else new).valid_values_severity
            effect = _effect(tightened=was is None) if severity == "reject" else "described"
            what = "a list of valid values" if was is None else "no list of valid values any more"
            yield where, what, effect, _only_counts(effect)
        return
    labels = [
        {code.code: code for code in contract.code_list(column.code_list).codes} if column.code_list else {}
        for contract, column in ((before, old), (after, new))
    ]
    counts = not after.is_published and "reject" not in (old.valid_values_severity, new.valid_values_severity)
    for value in was:
        if value not in now:
            effect = "described" if counts else "changed"
            why = _only_counts(effect) or "whoever has or sends it is left with a code without meaning"
            yield where, f"code removed: {value}", effect, why
            continue
        one, other = (held.get(value) for held in labels)
        if one and other and one.label_vi != other.label_vi and one.label_en != other.label_en:
            what, why = f"{one.label_en} → {other.label_en}", "both labels changed, so the code means something else"
            yield where, f"code {value}: {what}", "changed", why
        elif one and other and one != other:
            yield where, f"code {value}: wording, validity or attributes", "described", ""
    for value in now:
        if value not in was:
            why = "lists of codes grow; readers pass over what they do not know" if after.is_published else ""
            yield where, f"code added: {value}", "extended", why
    yield from _severity(where, "the list of values", old.valid_values_severity, new.valid_values_severity)


def _severity(where: str, name: str, old: Severity, new: Severity) -> Iterator[_Found]:
    """Yield a changed severity; only one from or to reject changes the promise."""
    if old != new:
        effect = _effect(tightened=new == "reject") if "reject" in (old, new) else "described"
        yield where, f"{name}: {old} → {new}", effect, ""


def _rules(old: Contract, new: Contract) -> Iterator[_Found]:
    before, after = _own_rules(old), _own_rules(new)
    for name, rule in before.items():
        if name not in after:
            effect: Effect = "loosened" if rule.severity == "reject" else "described"
            yield f"rule {name}", f"rule removed ({rule.severity})", effect, _only_counts(effect)
    for name, rule in after.items():
        where = f"rule {name}"
        if name not in before:
            effect = "tightened" if rule.severity == "reject" else "described"
            yield where, f"rule added ({rule.severity})", effect, _only_counts(effect)
            continue
        was = before[name]
        yield from _severity(where, "severity", was.severity, rule.severity)
        texts = [sql_text(one.predicate) for one in (was, rule)]
        if texts[0] != texts[1]:
            effect = "changed" if "reject" in (was.severity, rule.severity) else "described"
            why = _only_counts(effect) or "whether the new condition is the narrower one cannot be told"
            yield where, f"broken where: {_short(texts[0])} → {_short(texts[1])}", effect, why
        yield from _words(where, was, rule, "sentence_vi", "sentence_en", "dimension")


def _only_counts(effect: Effect) -> str:
    return "it only counts rows" if effect == "described" else ""


def _own_rules(contract: Contract) -> dict[str, Rule]:
    """Return the contract's own rules by short id, without those of columns and key."""
    implied = {rule.id for column in contract.columns for rule in column_rules(contract.name, column)}
    implied.add(key_rule(contract.name, contract.columns, contract.key).id)
    return {rule.id.split(".", 1)[1]: rule for rule in contract.rules if rule.id not in implied}


def _promises(old: Contract, new: Contract) -> Iterator[_Found]:
    where = "promises"
    for _, before, after, _ in _changed(old, new, "freshness_hours"):
        yield where, f"freshness: {before} h → {after} h", _effect(tightened=after < before), ""
    for _, before, after, _ in _changed(old, new, "retention_days"):
        what = f"retention: {before} d → {after} d"
        if new.is_published:
            yield where, what, _effect(tightened=after > before), ""
        else:
            yield where, what, "described", "it is kept here"
    for _, before, after, what in _changed(old, new, "end_of_support"):
        if before and after and after < before:
            yield where, what, "loosened", "readers were told of a later day"
        else:
            yield where, what, "described", "an announcement; the table stays until then"
    if old.drift and new.drift:
        for kind, before, after, _ in _changed(old.drift, new.drift, "columns", "types", "codes"):
            tightened = _STRICTNESS[after] > _STRICTNESS[before]
            yield where, f"drift.{kind}: {before} → {after}", _effect(tightened=tightened), ""
    if old.volume != new.volume and not new.is_published:
        yield where, f"volume: {_short(old.volume)} → {_short(new.volume)}", "described", "it only warns"
