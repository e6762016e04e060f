"""Read rubrics: what is scored, out of how many points, by which rule.

Shares (`full_at`, `floor`, steps) are exact fractions of what is written and maxima are integer hundredths of a point,
so that scoring never meets a binary rounding error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, Field, StrictBool, model_validator

from cchc_pipeline.contracts.code_lists import load_code_list
from cchc_pipeline.errors import CchcError
from cchc_pipeline.reference.index_codes import TOTAL_CODE
from cchc_pipeline.scorecards.scoring.evidence_rules import EvidenceRule
from cchc_pipeline.scorecards.scoring.rule import (
    Arithmetic,
    Hundredths,
    RoundedRatio,
    Rule,
    RuleKind,
    Share,
    ZeroDenominator,
)
from cchc_pipeline.yaml_files import PlacedError, Strict, Text, read_yaml

Place: TypeAlias = tuple[str | int, ...]


class RubricError(CchcError):
    """A rubric file breaks the rules of its own format."""


class SourceKind(StrEnum):
    """Where the evidence of a criterion comes from."""

    INDICATOR = "indicator"
    PORTAL = "portal"
    DOCUMENT = "document"
    SELF_ASSESSMENT = "self_assessment"
    SURVEY = "survey"
    CARRIED = "carried"


class Criterion(Strict):
    """A leaf of the tree: the only thing that is scored.

    Attributes:
        max_hundredths: maximum in hundredths of a point; `max` in points in a file.
        sources: the data sources this criterion is scored from (`local`, `portal`); empty means all of them.
        evidence: how evidence is looked up where no indicator computes the criterion; None: people supply it.
        within: the criterion whose numerator holds this one's: a late dossier is a dissatisfied one, so both move
            together.
        rounded_ratio: where the ratio is rounded before it is scored.
        in_place_of: criteria of the same group whose published sum this one carries. It counts where not all of them
            can be scored; where they can, they count and it does not.
    """

    code: Text
    name_vi: Text
    name_en: Text
    max_hundredths: Hundredths = Field(alias="max")
    source: SourceKind
    rule: Rule
    indicator: str | None = None
    sources: tuple[str, ...] = ()
    zero_denominator: ZeroDenominator = ZeroDenominator.MISSING
    is_provisional: StrictBool = False
    missing_reason_vi: str | None = None
    note: str | None = None
    evidence: EvidenceRule | None = None
    within: str | None = None
    rounded_ratio: RoundedRatio = RoundedRatio.NEVER
    in_place_of: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _fits(self) -> Criterion:
        if self.max_hundredths <= 0:
            raise PlacedError("must be above 0; use the rule not_applicable to switch a criterion off", "max")
        if any(not 0 <= step.points_hundredths <= self.max_hundredths for step in self.rule.steps):
            raise PlacedError("the points of steps must lie between 0 and max", "rule", "steps")
        if (self.source is SourceKind.INDICATOR) != (self.indicator is not None):
            message = "source: indicator and an `indicator:` id belong together; add or remove one of them"
            raise PlacedError(message, "source")
        if self.evidence is not None and self.source not in (SourceKind.DOCUMENT, SourceKind.SURVEY):
            message = "evidence is looked up for source document or survey only; change source or remove evidence"
            raise PlacedError(message, "evidence")
        if self.in_place_of and self.rule.kind is not RuleKind.CARRIED:
            raise PlacedError(
                "only published points stand for others; use the rule carried or remove it", "in_place_of"
            )
        return self

    @property
    def max_points(self) -> float:
        """Return the maximum in points."""
        return self.max_hundredths / 100

    @property
    def possible_points(self) -> tuple[float, float]:
        """Return fewest and most points that can be given; a penalty gives 0 or less."""
        return (-self.max_points, 0.0) if self.rule.kind is RuleKind.PENALTY else (0.0, self.max_points)

    @property
    def is_scored_by_people(self) -> bool:
        """Return whether the pipeline has no own way to a figure of this criterion."""
        return self.indicator is None and self.evidence is None and self.source is not SourceKind.PORTAL


class Group(Strict):
    """A branch of the tree, scored as a sum; one without criteria says why."""

    code: Text
    name_vi: Text
    name_en: Text
    groups: tuple[Group, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    missing_reason_vi: str | None = None

    @model_validator(mode="after")
    def _fits(self) -> Group:
        if not (self.groups or self.criteria or self.missing_reason_vi):
            raise ValueError(f"group {self.code} has no criteria; add some or say why in missing_reason_vi")
        for number, one in enumerate(self.criteria):
            parts = [other for other in self.criteria if other.code in one.in_place_of and other is not one]
            place = ("criteria", number, "in_place_of")
            if len(parts) < len(one.in_place_of):
                others = ", ".join(other.code for other in self.criteria if other is not one)
                raise PlacedError(f"must name criteria of the same group; it has {others or 'no other'}", *place)
            if parts and sum(part.max_hundredths for part in parts) != one.max_hundredths:
                raise PlacedError(f"their maxima must add up to {one.max_points:g}; correct one of them", *place)
        return self

    def leaves(self) -> Iterator[Criterion]:
        """Yield all criteria below this group, in the order of the file."""
        for group in self.groups:
            yield from group.leaves()
        yield from self.criteria

    def walk(self) -> Iterator[Group]:
        """Yield this group and all groups below it, in the order of the file."""
        yield self
        for group in self.groups:
            yield from group.walk()

    def is_incomplete(self) -> bool:
        """Return whether this group or one below it has no criterion at all."""
        return any(not (group.groups or group.criteria) for group in self.walk())

    def for_source(self, source: str) -> Group:
        """Return this group with only the criteria that are scored from `source`."""
        groups = tuple(group.for_source(source) for group in self.groups)
        criteria = tuple(c for c in self.criteria if not c.sources or source in c.sources)
        return self.model_copy(update={"groups": groups, "criteria": criteria})


class Band(Strict):
    """A rank such as "Tốt": from this share of the maximum on."""

    code: Text
    name_vi: Text
    name_en: Text
    from_share: Share


class Rubric(Strict):
    """A versioned scoring rubric.

    Attributes:
        unit_levels: the levels of units that it scores (code list `unit_level`); empty means all.
        note_vi: a sentence that every scored row carries in its reason, for example about a made-up unit of points.
        arithmetic: how points are computed and rounded.
        replaced_by: the version that corrects this one from its first day on. It scores nothing any more, and stays so
            that scorecards which name it can be read.
        origin: name of the file that it was read from.
    """

    id: Text
    version: Text
    name_vi: Text
    name_en: Text
    legal_basis: Annotated[str, BeforeValidator(lambda value: value or "")] = ""
    valid_from: date
    valid_to: date | None = None
    is_provisional: StrictBool = False
    groups: tuple[Group, ...]
    bands: tuple[Band, ...] = ()
    unit_levels: tuple[str, ...] = ()
    note_vi: str | None = None
    arithmetic: Arithmetic = Arithmetic.EXACT
    replaced_by: Text | None = None
    origin: str = ""

    @model_validator(mode="after")
    def _fits(self) -> Rubric:
        if self.origin:
            raise PlacedError("unknown key; remove it", "origin")
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise PlacedError("valid_to lies before valid_from; swap them", "valid_to")
        if self.replaced_by == self.version:
            raise PlacedError("a version cannot replace itself; name the version that corrects it", "replaced_by")
        known = [str(value) for value in load_code_list("unit_level").values]
        if unknown := [level for level in self.unit_levels if level not in known]:
            raise PlacedError(f"no such level: {', '.join(unknown)}; use {', '.join(known)}", "unit_levels")
        # Groups and criteria share one space of codes, because a scorecard table has one column for both.
        codes = {TOTAL_CODE}
        for place, code in _codes(self.groups):
            if code in codes:
                message = (
                    f"the code {code!r} occurs more than once (or is reserved); every group and criterion needs its own"
                )
                raise PlacedError(message, *place)
            codes.add(code)
        criteria = {one.code for one in self.criteria()}
        if not criteria:
            raise PlacedError("has no criterion at all; add one under groups", "groups")
        for one in self.criteria():
            if one.within is not None and one.within not in criteria - {one.code}:
                place = next(place for place, code in _codes(self.groups) if code == one.code)
                raise PlacedError(f"{one.within!r} is no other criterion; correct it", *place[:-1], "within")
        return self

    def root(self) -> Group:
        """Return the whole rubric as one group, whose sum is the total."""
        return Group(code=TOTAL_CODE, name_vi=self.name_vi, name_en=self.name_en, groups=self.groups)

    def criteria(self) -> tuple[Criterion, ...]:
        """Return all criteria, in the order of the file."""
        return tuple(criterion for group in self.groups for criterion in group.leaves())

    def criterion(self, code: str) -> Criterion:
        """Return the criterion with this code; KeyError if there is none."""
        return {one.code: one for one in self.criteria()}[code]

    def for_source(self, source: str) -> Rubric:
        """Return the rubric as it is scored from one data source (`local`, `portal`)."""
        return self.model_copy(update={"groups": tuple(group.for_source(source) for group in self.groups)})

    def for_totals(self) -> Rubric:
        """Return the rubric as the portal scores it where it adds groups up: with ratios rounded there."""

        def rounded(group: Group) -> Group:
            criteria = tuple(
                one.model_copy(update={"rounded_ratio": RoundedRatio.ALWAYS})
                if one.rounded_ratio is RoundedRatio.IN_TOTALS
                else one
                for one in group.criteria
            )
            groups = tuple(rounded(child) for child in group.groups)
            return group.model_copy(update={"groups": groups, "criteria": criteria})

        return self.model_copy(update={"groups": tuple(rounded(group) for group in self.groups)})

    def indicators(self) -> dict[str, tuple[str, ...]]:
        """Return criterion codes by the indicator they are computed from."""
        by_indicator: dict[str, tuple[str, ...]] = {}
        for criterion in self.criteria():
            if criterion.indicator:
                by_indicator[criterion.indicator] = (*by_indicator.get(criterion.indicator, ()), criterion.code)
        return by_indicator

    def is_valid_on(self, day: date) -> bool:
        """Return whether the rubric is in force on this day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def band(self, points: float, max_points: float) -> Band | None:
        """Return the band of a result; None without bands or where nothing is reachable."""
        if max_points <= 0:
            return None
        share = Fraction(round(points * 100)) / Fraction(round(max_points * 100))
        reached = [band for band in self.bands if share >= band.from_share]
        return max(reached, key=lambda band: band.from_share, default=None)


def parse_rubric(text: str | bytes, origin: str) -> Rubric:
    """Return the rubric in a YAML text.

    Args:
        text: the file's content.
        origin: name of the file, for messages and as `Rubric.origin`.

    Raises:
        RubricError: naming file, line, keys and the fix of every mistake.
    """
    return read_yaml(text, Rubric, origin, RubricError).model_copy(update={"origin": origin})


def read_rubric(path: Path) -> Rubric:
    """Read a rubric from any YAML file.

    Raises:
        RubricError: the file cannot be read or breaks the format.
    """
    try:
        return parse_rubric(path.read_bytes(), path.name)
    except OSError as error:
        raise RubricError(f"{path.name}: cannot be read ({error.strerror}); check the path", file=str(path)) from error


def _codes(groups: Sequence[Group], *above: str | int) -> Iterator[tuple[Place, str]]:
    """Yield places and codes of all groups and criteria."""
    for number, group in enumerate(groups):
        place = (*above, "groups", number)
        yield (*place, "code"), group.code
        yield from _codes(group.groups, *place)
        yield from (((*place, "criteria", i, "code"), one.code) for i, one in enumerate(group.criteria))
