"""Reading a rubric from its YAML file and refusing one that makes no sense."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import yaml

from cchc_pipeline.contracts.code_lists import load_code_list
from cchc_pipeline.reference.papi_instrument import TOTAL_CODE
from cchc_pipeline.scorecards.scoring.errors import RubricError
from cchc_pipeline.scorecards.scoring.evidence_rules import parse_evidence
from cchc_pipeline.scorecards.scoring.rubric import (
    Band,
    Criterion,
    Group,
    Rubric,
    Rule,
    RuleKind,
    SourceKind,
    Step,
    ZeroDenominator,
)
from cchc_pipeline.scorecards.scoring.yaml_place import Place

#: Shipped files; which of their versions scores what is chosen in `rubric_shelf.py`.
RUBRIC_FOLDER = Path(__file__).parent / "rubrics"

_RUBRIC_KEYS = {"id", "version", "name_vi", "name_en", "legal_basis", "valid_from", "valid_to", "is_provisional"}
_RUBRIC_KEYS |= {"groups", "bands", "note_vi", "unit_levels"}
_GROUP_KEYS = {"code", "name_vi", "name_en", "groups", "criteria", "missing_reason_vi"}
_CRITERION_KEYS = {"code", "name_vi", "name_en", "max", "source", "rule", "indicator", "sources", "zero_denominator"}
_CRITERION_KEYS |= {"is_provisional", "missing_reason_vi", "note", "evidence", "within"}
#: Sources whose evidence can be looked up by a rule.
_WITH_EVIDENCE = (SourceKind.DOCUMENT, SourceKind.SURVEY)
_BAND_KEYS = {"code", "name_vi", "name_en", "from_share"}
_RULE_KEYS: dict[RuleKind, set[str]] = {
    RuleKind.LINEAR: {"full_at"},
    RuleKind.LINEAR_ABOVE_FLOOR: {"floor", "full_at"},
    RuleKind.STEPS: {"steps"},
    RuleKind.ALL_OR_NOTHING: {"full_at"},
    RuleKind.BONUS: {"points_each"},
    RuleKind.PENALTY: {"points_each"},
}


def read_rubric(path: Path) -> Rubric:
    """A rubric from any YAML file, for example one imported from an office's spreadsheet.

    Raises:
        RubricError: the file cannot be read or breaks the format.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RubricError(f"{path.name}: not a readable YAML file ({error})", file=str(path)) from error
    return parse_rubric(content, origin=path.name)


def parse_rubric(content: Any, *, origin: str) -> Rubric:
    """A rubric from parsed YAML; `origin` names the file in error messages.

    Raises:
        RubricError: naming the file, the criterion and the fix.
    """
    at = Place(origin, "rubric")
    fields = at.mapping(content, _RUBRIC_KEYS, {"id", "version", "name_vi", "name_en", "valid_from", "groups"})
    groups = tuple(_group(item, origin) for item in at.items(fields, "groups"))
    rubric = Rubric(
        id=at.text(fields, "id"),
        version=at.text(fields, "version"),
        name_vi=at.text(fields, "name_vi"),
        name_en=at.text(fields, "name_en"),
        legal_basis=str(fields.get("legal_basis") or ""),
        valid_from=at.day(fields, "valid_from"),
        valid_to=at.day(fields, "valid_to") if fields.get("valid_to") is not None else None,
        is_provisional=at.flag(fields, "is_provisional"),
        groups=groups,
        bands=tuple(_band(item, origin) for item in at.items(fields, "bands")),
        unit_levels=tuple(at.items(fields, "unit_levels")),
        note_vi=fields.get("note_vi"),
        origin=origin,
    )
    if rubric.valid_to is not None and rubric.valid_to < rubric.valid_from:
        at.fail("valid_to lies before valid_from; swap them")
    if unknown := sorted(set(map(str, rubric.unit_levels)) - set(map(str, load_code_list("unit_level").values))):
        at.fail(
            f"unit_levels holds {', '.join(unknown)}; use {', '.join(map(str, load_code_list('unit_level').values))}"
        )
    _refuse_duplicates([TOTAL_CODE, *_group_codes(groups), *(item.code for item in rubric.criteria())], at)
    codes = [one.code for one in rubric.criteria()]
    for one in rubric.criteria():
        if one.within is not None and (one.within not in codes or one.within == one.code):
            at.fail(f"criterion {one.code}: within names {one.within!r}, which is no other criterion; correct it")
    if not rubric.criteria():
        at.fail("has no criterion at all; add one under groups")
    return rubric


def _group_codes(groups: Collection[Group]) -> list[str]:
    return [code for group in groups for code in (group.code, *_group_codes(group.groups))]


def _refuse_duplicates(codes: list[str], at: Place) -> None:
    """Groups and criteria share one space of codes, because a scorecard table has one column for both."""
    for code in codes:
        if codes.count(code) > 1:
            at.fail(f"code {code!r} occurs more than once (or is reserved); give every group and criterion its own")


def _group(content: Any, origin: str) -> Group:
    at = Place(origin, f"group {content.get('code', '?') if isinstance(content, dict) else '?'}")
    fields = at.mapping(content, _GROUP_KEYS, {"code", "name_vi", "name_en"})
    groups = tuple(_group(item, origin) for item in at.items(fields, "groups"))
    criteria = tuple(_criterion(item, origin) for item in at.items(fields, "criteria"))
    if not groups and not criteria and not fields.get("missing_reason_vi"):
        at.fail("has no criteria; add some or say why in missing_reason_vi")
    return Group(
        code=at.text(fields, "code"),
        name_vi=at.text(fields, "name_vi"),
        name_en=at.text(fields, "name_en"),
        groups=groups,
        criteria=criteria,
        missing_reason_vi=fields.get("missing_reason_vi"),
    )


def _criterion(content: Any, origin: str) -> Criterion:
    at = Place(origin, f"criterion {content.get('code', '?') if isinstance(content, dict) else '?'}")
    fields = at.mapping(content, _CRITERION_KEYS, {"code", "name_vi", "name_en", "max", "source", "rule"})
    max_hundredths = at.hundredths(fields["max"], "max")
    if max_hundredths <= 0:
        at.fail("max must be above 0; use the rule not_applicable to switch a criterion off")
    source = at.choice(fields["source"], SourceKind, "source")
    if (source is SourceKind.INDICATOR) != ("indicator" in fields):
        at.fail("source: indicator and an `indicator:` id belong together; add or remove one of them")
    if "evidence" in fields and source not in _WITH_EVIDENCE:
        at.fail(
            f"evidence is looked up for source {' or '.join(_WITH_EVIDENCE)} only; change source or remove evidence"
        )
    return Criterion(
        code=at.text(fields, "code"),
        name_vi=at.text(fields, "name_vi"),
        name_en=at.text(fields, "name_en"),
        max_hundredths=max_hundredths,
        source=source,
        rule=_rule(fields["rule"], max_hundredths, at),
        indicator=fields.get("indicator"),
        sources=tuple(at.items(fields, "sources")),
        zero_denominator=at.choice(fields.get("zero_denominator", "missing"), ZeroDenominator, "zero_denominator"),
        is_provisional=at.flag(fields, "is_provisional"),
        missing_reason_vi=fields.get("missing_reason_vi"),
        note=fields.get("note"),
        evidence=parse_evidence(fields["evidence"], at) if "evidence" in fields else None,
        within=fields.get("within"),
    )


def _rule(content: Any, max_hundredths: int, at: Place) -> Rule:
    content = {"kind": content} if isinstance(content, str) else content
    if not isinstance(content, dict) or "kind" not in content:
        at.fail("rule must be a name or a mapping with `kind:`, for example {kind: linear, full_at: 0.8}")
    kind = at.choice(content["kind"], RuleKind, "rule")
    allowed = _RULE_KEYS.get(kind, set())
    at.mapping(content, {"kind", *allowed}, {"kind", *(allowed - {"full_at", "points_each"})})
    rule = Rule(
        kind,
        full_at=at.share(content.get("full_at", 1), "full_at"),
        floor=at.share(content.get("floor", 0), "floor"),
        steps=tuple(
            Step(at.share(step.get("at"), "at"), at.hundredths(step.get("points"), "points"))
            for step in at.items(content, "steps")
        ),
        points_each=at.number(content.get("points_each", 1), "points_each"),
    )
    if rule.full_at == 0:
        at.fail("full_at must be above 0; write a share such as 0.8")
    if rule.floor >= rule.full_at:
        at.fail("floor must lie below full_at")
    if rule.points_each <= 0:
        at.fail("points_each must be above 0; the rule penalty subtracts by itself")
    if kind is RuleKind.STEPS:
        if not rule.steps or list(rule.steps) != sorted(set(rule.steps), key=lambda s: (s.at, s.points_hundredths)):
            at.fail("steps must be a list in rising order of `at`, each with `points`")
        points = [step.points_hundredths for step in rule.steps]
        if points != sorted(points) or points[0] < 0 or points[-1] > max_hundredths:
            at.fail("the points of steps must not fall and must lie between 0 and max")
    return rule


def _band(content: Any, origin: str) -> Band:
    at = Place(origin, f"band {content.get('code', '?') if isinstance(content, dict) else '?'}")
    fields = at.mapping(content, _BAND_KEYS, _BAND_KEYS)
    share = at.share(fields["from_share"], "from_share")
    return Band(at.text(fields, "code"), at.text(fields, "name_vi"), at.text(fields, "name_en"), share)
