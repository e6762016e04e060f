"""What changed between two versions of a contract, and whom it hurts.

A published table is judged from the side of its readers: a promise that is loosened hurts them. An
inbound table is judged from the side of its writer: a demand that is tightened hurts it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from cchc_pipeline.contracts.code_lists import Code
from cchc_pipeline.contracts.model import Column, Contract, Rule, Severity
from cchc_pipeline.contracts.promises import DriftAction, version_key
from cchc_pipeline.contracts.rules import column_rules, key_rule

#: `tightened` and `loosened` hurt one side; `changed` hurts both, `extended` and `described` neither.
Effect = Literal["tightened", "loosened", "changed", "extended", "described"]
Level = Literal["none", "patch", "minor", "major"]
_LEVELS: tuple[Level, ...] = ("none", "patch", "minor", "major")
_STRICTNESS: dict[DriftAction, int] = {"evolve": 0, "discard_row": 1, "freeze": 2}
_RANK: dict[Severity, int] = {"note": 0, "warn": 1, "reject": 2}
#: What a writer may send where the wider type is asked for, without a value changing its meaning.
_WIDER = {("INTEGER", "BIGINT"), ("INTEGER", "DOUBLE")}


@dataclass(frozen=True)
class Difference:
    """One change.

    Attributes:
        where: the column, rule or part of the contract.
        what: what changed, with the old and the new value.
        effect: what that does to the promise.
        is_breaking: whether it hurts the side that the contract protects.
        why: why it does or does not.
    """

    where: str
    what: str
    effect: Effect
    is_breaking: bool
    why: str


@dataclass(frozen=True)
class Comparison:
    """Two versions of a contract side by side.

    `needed` is the part of the version that has to be raised, `raised` the one that was.
    """

    old: Contract
    new: Contract
    differences: tuple[Difference, ...]

    @property
    def is_breaking(self) -> bool:
        """Whether one of the changes is."""
        return any(one.is_breaking for one in self.differences)

    @property
    def needed(self) -> Level:
        """Major for a breaking change, minor where the promise changed, patch for words."""
        if self.is_breaking:
            return "major"
        if any(one.effect != "described" for one in self.differences):
            return "minor"
        return "patch" if self.differences else "none"

    @property
    def raised(self) -> Level:
        """Which part of the version was raised; none where it is the same or lower."""
        old, new = version_key(self.old.version), version_key(self.new.version)
        if new <= old:
            return "none"
        return "major" if new[0] > old[0] else "minor" if new[1] > old[1] else "patch"

    @property
    def is_enough(self) -> bool:
        """Whether the version was raised as far as the changes need."""
        return _LEVELS.index(self.raised) >= _LEVELS.index(self.needed)

    @property
    def next_version(self) -> str:
        """The lowest version that is enough."""
        major, minor, patch = version_key(self.old.version)
        return {
            "major": f"{major + 1}.0.0",
            "minor": f"{major}.{minor + 1}.0",
            "patch": f"{major}.{minor}.{patch + 1}",
            "none": self.old.version,
        }[self.needed]


def compare(old: Contract, new: Contract) -> Comparison:
    """Every difference between two contracts, in the order table, columns, rules, promises."""
    found = [
        *_table(old, new),
        *_columns(old, new),
        *_rules(old, new),
        *_promises(old, new),
    ]
    return Comparison(old, new, tuple(_judged(one, new.is_published) for one in found))


_Found = tuple[str, str, Effect, str]


def _judged(found: _Found, published: bool) -> Difference:  # noqa: FBT001 - the one thing it depends on
    where, what, effect, why = found
    hurts: Effect = "loosened" if published else "tightened"
    breaking = effect in ("changed", hurts)
    if not why:
        why = _WHY[published][effect]
    return Difference(where, what, effect, breaking, why)


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


def _words(where: str, pairs: Iterator[tuple[str, Any, Any]] | list[tuple[str, Any, Any]]) -> Iterator[_Found]:
    for name, before, after in pairs:
        if before != after:
            yield where, f"{name}: {_short(before)} → {_short(after)}", "described", ""


def _short(value: Any) -> str:
    text = "none" if value is None or value == "" else str(value)
    return text if len(text) <= 80 else text[:79] + "…"


def _table(old: Contract, new: Contract) -> Iterator[_Found]:
    if old.family != new.family:
        yield "table", f"name: {old.family} → {new.family}", "changed", "whoever asks for the old name finds nothing"
    if old.is_published != new.is_published:
        before, after = ("published" if one.is_published else "inbound" for one in (old, new))
        yield "table", f"direction: {before} → {after}", "changed", ""
    if old.source != new.source:
        yield "table", f"source: {old.source} → {new.source}", "changed", "another system has to deliver it"
    if old.key != new.key:
        what = f"key: {', '.join(old.key)} → {', '.join(new.key)}"
        yield "table", what, "changed", "rows are told apart by something else"
    if old.grain != new.grain:
        yield "table", f"grain: {_short(old.grain)} → {_short(new.grain)}", "changed", "a row stands for something else"
    if _text(old.derived_from) != _text(new.derived_from):
        yield "table", "how the older major comes from the current table", "described", "the promise is the same"
    if [n for n in old.column_names if n in new.column_names] != [n for n in new.column_names if n in old.column_names]:
        yield "table", "order of the columns", "described", "columns are found by name"
    names = ("title_vi", "title_en", "purpose", "purpose_vi", "usage", "owner")
    yield from _words("table", [(name, getattr(old, name), getattr(new, name)) for name in names])


def _text(derivation: Any) -> str:
    return "" if derivation is None else f"{derivation.table} {derivation.query}"


def _columns(old: Contract, new: Contract) -> Iterator[_Found]:
    gone = [column for column in old.columns if column.name not in new.column_names]
    come = [column for column in new.columns if column.name not in old.column_names]
    renamed = {a.name: b.name for a in gone for b in come if _is_same_but_for_the_name(a, b)}
    frozen = new.drift is not None and new.drift.columns == "freeze"
    for column in gone:
        if column.name in renamed:
            what = f"column renamed: {column.name} → {renamed[column.name]}"
            yield f"column {column.name}", what, "changed", "the old name is gone"
        elif frozen:
            yield (
                f"column {column.name}",
                "column removed",
                "tightened",
                "drift.columns is freeze: a batch with it is refused",
            )
        else:
            yield f"column {column.name}", "column removed", "loosened", ""
    for column in come:
        if column.name not in renamed.values():
            required = "required " if column.required else ""
            effect: Effect = "tightened" if column.required or new.is_published else "loosened"
            yield f"column {column.name}", f"{required}column added", effect, ""
    for column in new.columns:
        if column.name in old.column_names:
            yield from _column(old.column(column.name), column, old, new)


def _is_same_but_for_the_name(old: Column, new: Column) -> bool:
    return (old.physical_type, old.unit) == (new.physical_type, new.unit) and (
        old.description == new.description or old.label_vi == new.label_vi
    )


def _column(old: Column, new: Column, before: Contract, after: Contract) -> Iterator[_Found]:
    where = f"column {new.name}"
    if old.physical_type != new.physical_type:
        wider = not after.is_published and (old.physical_type, new.physical_type) in _WIDER
        yield where, f"type: {old.physical_type} → {new.physical_type}", "loosened" if wider else "changed", ""
    if old.required != new.required:
        what, effect = ("null → required", "tightened") if new.required else ("required → null", "loosened")
        yield where, what, effect, ""  # type: ignore[misc]
    if old.unit != new.unit:
        named = old.unit is None
        why = "the unit was not stated before" if named else "the same number means another quantity"
        yield where, f"unit: {_short(old.unit)} → {_short(new.unit)}", "described" if named else "changed", why
    yield from _constraints(old, new, where)
    yield from _codes(old, new, before, after, where)
    if old.classification != new.classification:
        yield _classification(old, new, where)
    names = ("label_vi", "label_en", "description", "description_vi")
    yield from _words(where, [(name, getattr(old, name), getattr(new, name)) for name in names])


def _classification(old: Column, new: Column, where: str) -> _Found:
    order = ("public", "internal", "indirect-personal", "masked-text")
    what = f"class of personal data: {old.classification} → {new.classification}"
    if order.index(new.classification) > order.index(old.classification):
        return where, what, "loosened", "whoever passed it on may have to stop"
    return where, what, "tightened", "it may be shown to more people than before"


def _constraints(old: Column, new: Column, where: str) -> Iterator[_Found]:
    if old.pattern != new.pattern:
        what = f"pattern: {_short(old.pattern)} → {_short(new.pattern)}"
        effect: Effect = "tightened" if old.pattern is None else "loosened" if new.pattern is None else "changed"
        yield (
            where,
            what,
            effect,
            "whether the new pattern is the narrower one cannot be told" if effect == "changed" else "",
        )
    for name, sign in (("minimum", 1), ("maximum", -1)):
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            narrower = before is None or (after is not None and (after - before) * sign > 0)
            yield where, f"{name}: {_short(before)} → {_short(after)}", "tightened" if narrower else "loosened", ""


def _codes(old: Column, new: Column, before: Contract, after: Contract, where: str) -> Iterator[_Found]:
    if (old.valid_values is None) != (new.valid_values is None):
        added = old.valid_values is None
        rejects = (new if added else old).valid_values_severity == "reject"
        effect: Effect = ("tightened" if added else "loosened") if rejects else "described"
        what = "a list of valid values" if added else "no list of valid values any more"
        yield where, what, effect, _harmless(effect)
        return
    if old.valid_values is None or new.valid_values is None:
        return
    labels = [
        {code.code: code for code in contract.code_list(column.code_list).codes} if column.code_list else {}
        for contract, column in ((before, old), (after, new))
    ]
    only_counts = not after.is_published and "reject" not in (old.valid_values_severity, new.valid_values_severity)
    for value in old.valid_values:
        if value not in new.valid_values:
            effect = "described" if only_counts else "changed"
            why = _harmless(effect) or "whoever has or sends it is left with a code without meaning"
            yield where, f"code removed: {value}", effect, why
        elif value in labels[0] and value in labels[1]:
            yield from _code(labels[0][value], labels[1][value], where)
    for value in new.valid_values:
        if value not in old.valid_values:
            why = "lists of codes grow; readers pass over what they do not know" if after.is_published else ""
            yield where, f"code added: {value}", "extended", why
    if old.valid_values_severity != new.valid_values_severity:
        yield where, *_severity("the list of values", old.valid_values_severity, new.valid_values_severity), ""


def _code(old: Code, new: Code, where: str) -> Iterator[_Found]:
    both = old.label_vi != new.label_vi and old.label_en != new.label_en
    if both:
        what = f"code {old.code}: {old.label_en} → {new.label_en}"
        yield where, what, "changed", "both labels changed, so the code is taken to mean something else"
    elif old != new:
        yield where, f"code {old.code}: wording or validity", "described", ""


def _severity(name: str, old: Severity, new: Severity) -> tuple[str, Effect]:
    return f"{name}: {old} → {new}", _of_rule(old, new)


def _of_rule(old: Severity, new: Severity) -> Effect:
    """Only rejecting is a promise; between warning and noting nothing happens to a row."""
    if "reject" not in (old, new):
        return "described"
    return "tightened" if _RANK[new] > _RANK[old] else "loosened"


def _rules(old: Contract, new: Contract) -> Iterator[_Found]:
    before, after = _own_rules(old), _own_rules(new)
    for name, rule in before.items():
        if name not in after:
            effect: Effect = "loosened" if rule.severity == "reject" else "described"
            yield f"rule {name}", f"rule removed ({rule.severity})", effect, _harmless(effect)
    for name, rule in after.items():
        where = f"rule {name}"
        if name not in before:
            effect = "tightened" if rule.severity == "reject" else "described"
            yield where, f"rule added ({rule.severity})", effect, _harmless(effect)
            continue
        was = before[name]
        if was.severity != rule.severity:
            yield where, *_severity("severity", was.severity, rule.severity), ""
        texts = [one.predicate.sql(dialect="duckdb") for one in (was, rule)]
        if texts[0] != texts[1]:
            rejects = "reject" in (was.severity, rule.severity)
            effect = "changed" if rejects else "described"
            why = "whether the new condition is the narrower one cannot be told" if rejects else _harmless(effect)
            yield where, f"broken where: {_short(texts[0])} → {_short(texts[1])}", effect, why
        names = ("sentence_vi", "sentence_en", "dimension")
        yield from _words(where, [(name, getattr(was, name), getattr(rule, name)) for name in names])


def _harmless(effect: Effect) -> str:
    return "it only counts rows" if effect == "described" else ""


def _own_rules(contract: Contract) -> dict[str, Rule]:
    """Rules that stand in the contract, without those that follow from columns and key, by their short id."""
    implied = {rule.id for column in contract.columns for rule in column_rules(contract.name, column)}
    implied.add(key_rule(contract.name, contract.columns, contract.key).id)
    return {rule.id.split(".", 1)[1]: rule for rule in contract.rules if rule.id not in implied}


def _promises(old: Contract, new: Contract) -> Iterator[_Found]:
    if old.freshness_hours != new.freshness_hours:
        what = f"freshness: {old.freshness_hours} h → {new.freshness_hours} h"
        yield "promises", what, "tightened" if new.freshness_hours < old.freshness_hours else "loosened", ""
    if old.retention_days != new.retention_days:
        what = f"retention: {old.retention_days} d → {new.retention_days} d"
        effect: Effect = "tightened" if new.retention_days > old.retention_days else "loosened"
        yield (
            "promises",
            what,
            effect if new.is_published else "described",
            "" if new.is_published else "it is kept here",
        )
    if old.end_of_support != new.end_of_support:
        what = f"end of support: {_short(old.end_of_support)} → {_short(new.end_of_support)}"
        sooner = old.end_of_support and new.end_of_support and new.end_of_support < old.end_of_support
        why = "readers were told of a later day" if sooner else "an announcement; the table stays until then"
        yield "promises", what, "loosened" if sooner else "described", why
    if old.drift and new.drift:
        for kind in ("columns", "types", "codes"):
            before, after = getattr(old.drift, kind), getattr(new.drift, kind)
            if before != after:
                stricter = _STRICTNESS[after] > _STRICTNESS[before]
                yield "promises", f"drift.{kind}: {before} → {after}", "tightened" if stricter else "loosened", ""
    if old.volume != new.volume and not new.is_published:
        yield "promises", f"volume: {_short(old.volume)} → {_short(new.volume)}", "described", "it only warns"
