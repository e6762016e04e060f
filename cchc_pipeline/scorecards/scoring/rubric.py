"""A rubric as typed, immutable data: what is scored, out of how much, by which rule.

Shares (`full_at`, `floor`, steps) are exact fractions and maxima are integer hundredths of a point, so that scoring
never meets a binary rounding error.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from fractions import Fraction

from cchc_pipeline.scorecards.scoring.evidence_rules import EvidenceRule


class RuleKind(StrEnum):
    """How a criterion turns its measure into points."""

    LINEAR = "linear"
    LINEAR_ABOVE_FLOOR = "linear_above_floor"
    STEPS = "steps"
    ALL_OR_NOTHING = "all_or_nothing"
    FLAG = "flag"
    CARRIED = "carried"
    NOT_APPLICABLE = "not_applicable"
    BONUS = "bonus"
    PENALTY = "penalty"


class SourceKind(StrEnum):
    """Where the evidence of a criterion comes from."""

    INDICATOR = "indicator"
    PORTAL = "portal"
    DOCUMENT = "document"
    SELF_ASSESSMENT = "self_assessment"
    SURVEY = "survey"
    CARRIED = "carried"


class ZeroDenominator(StrEnum):
    """What a measure without a denominator (0 or null) scores."""

    FULL = "full"
    ZERO = "zero"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Step:
    """From this share on, this many hundredths of a point."""

    at: Fraction
    points_hundredths: int


@dataclass(frozen=True, slots=True)
class Rule:
    """A scoring rule with its parameters.

    * `linear`: max * min(1, ratio / full_at).
    * `linear_above_floor`: the same, but 0 below `floor`; there is a jump at the floor (PAR INDEX tables say
      "từ 95% đến 100%: tỷ lệ × điểm tối đa; dưới 95%: 0").
    * `steps`: the points of the highest step reached.
    * `all_or_nothing`: max from `full_at` on, else 0.
    * `flag`: max when the numerator is above 0, else 0; needs no denominator.
    * `carried`: the numerator is the points, as somebody else published them.
    * `not_applicable`: never scored, its maximum is removed.
    * `bonus`, `penalty`: numerator * `points_each`, at most max, outside the maximum of the group.
    """

    kind: RuleKind
    full_at: Fraction = Fraction(1)
    floor: Fraction = Fraction(0)
    steps: tuple[Step, ...] = ()
    points_each: Fraction = Fraction(1)

    def label(self) -> str:
        """The rule as one short text for the `rule` column."""
        if self.kind in (RuleKind.LINEAR, RuleKind.ALL_OR_NOTHING):
            return f"{self.kind}(full_at={float(self.full_at):g})"
        if self.kind is RuleKind.LINEAR_ABOVE_FLOOR:
            return f"{self.kind}(floor={float(self.floor):g}, full_at={float(self.full_at):g})"
        if self.kind is RuleKind.STEPS:
            steps = ", ".join(f"{float(step.at):g}:{step.points_hundredths / 100:g}" for step in self.steps)
            return f"{self.kind}({steps})"
        if self.kind in (RuleKind.BONUS, RuleKind.PENALTY):
            return f"{self.kind}(points_each={float(self.points_each):g})"
        return str(self.kind)

    @property
    def is_extra(self) -> bool:
        """Whether the points lie outside the maximum of the group (bonus, penalty)."""
        return self.kind in (RuleKind.BONUS, RuleKind.PENALTY)


@dataclass(frozen=True, slots=True)
class Criterion:
    """A leaf of the tree: the only thing that is scored."""

    code: str
    name_vi: str
    name_en: str
    max_hundredths: int
    source: SourceKind
    rule: Rule
    indicator: str | None = None
    sources: tuple[str, ...] = ()
    """The data sources this criterion is scored from (`local`, `portal`); empty means all of them."""
    zero_denominator: ZeroDenominator = ZeroDenominator.MISSING
    is_provisional: bool = False
    missing_reason_vi: str | None = None
    note: str | None = None
    evidence: EvidenceRule | None = None
    """How evidence is looked up where no indicator computes the criterion; None: people supply it."""
    within: str | None = None
    """The criterion whose numerator holds this one's: a late dossier is a dissatisfied one, so both move together."""

    @property
    def is_scored_by_people(self) -> bool:
        """Whether the pipeline has no way of its own to a figure of this criterion."""
        return self.indicator is None and self.evidence is None and self.source is not SourceKind.PORTAL


@dataclass(frozen=True, slots=True)
class Group:
    """A branch of the tree: the sum of what is below it."""

    code: str
    name_vi: str
    name_en: str
    groups: tuple[Group, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    missing_reason_vi: str | None = None
    """Why a group without any public criterion cannot be scored."""

    def leaves(self) -> Iterator[Criterion]:
        """All criteria below this group, in the order of the file."""
        for group in self.groups:
            yield from group.leaves()
        yield from self.criteria

    def is_incomplete(self) -> bool:
        """Whether this group or one below it has no criterion at all."""
        return not (self.groups or self.criteria) or any(group.is_incomplete() for group in self.groups)

    def for_source(self, source: str) -> Group:
        """This group with only the criteria that are scored from `source`."""
        return replace(
            self,
            groups=tuple(group.for_source(source) for group in self.groups),
            criteria=tuple(c for c in self.criteria if not c.sources or source in c.sources),
        )


@dataclass(frozen=True, slots=True)
class Band:
    """A rank such as "Tốt": from this share of the maximum on."""

    code: str
    name_vi: str
    name_en: str
    from_share: Fraction


@dataclass(frozen=True)
class Rubric:
    """A versioned scoring rubric."""

    id: str
    version: str
    name_vi: str
    name_en: str
    legal_basis: str
    valid_from: date
    valid_to: date | None
    is_provisional: bool
    groups: tuple[Group, ...]
    bands: tuple[Band, ...] = ()
    unit_levels: tuple[str, ...] = ()
    """The levels of units that it scores (`province`, `department`, `district`, `commune`); empty means all."""
    note_vi: str | None = None
    """A sentence that every scored row carries in its reason, for example about a made-up unit of points."""
    origin: str = field(default="", compare=False)

    def criteria(self) -> tuple[Criterion, ...]:
        """All criteria, in the order of the file."""
        return tuple(criterion for group in self.groups for criterion in group.leaves())

    def criterion(self, code: str) -> Criterion:
        """The criterion with this code; KeyError if there is none."""
        for criterion in self.criteria():
            if criterion.code == code:
                return criterion
        raise KeyError(code)

    def for_source(self, source: str) -> Rubric:
        """The rubric as it is scored from one data source (`local`, `portal`)."""
        return replace(self, groups=tuple(group.for_source(source) for group in self.groups))

    def indicators(self) -> dict[str, tuple[str, ...]]:
        """Criterion codes by the indicator they are computed from."""
        by_indicator: dict[str, tuple[str, ...]] = {}
        for criterion in self.criteria():
            if criterion.indicator:
                by_indicator[criterion.indicator] = (*by_indicator.get(criterion.indicator, ()), criterion.code)
        return by_indicator

    def is_valid_on(self, day: date) -> bool:
        """Whether the rubric is in force on this day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def band(self, points: float, max_points: float) -> Band | None:
        """The band of a complete result; None where the rubric has no bands or nothing could be reached."""
        if not self.bands or max_points <= 0:
            return None
        share = Fraction(round(points * 100)) / Fraction(round(max_points * 100))
        reached = [band for band in self.bands if share >= band.from_share]
        return max(reached, key=lambda band: band.from_share) if reached else None
