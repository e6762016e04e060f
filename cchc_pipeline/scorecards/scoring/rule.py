"""Rules of a rubric: how a criterion turns its measure into points, and their parameters."""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from cchc_pipeline.yaml_files import PlacedError, Strict


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


class ZeroDenominator(StrEnum):
    """What a measure without a denominator (0 or null) scores."""

    FULL = "full"
    ZERO = "zero"
    MISSING = "missing"


class Arithmetic(StrEnum):
    """How points are computed: `exact`, ties to even; `binary` as the national portal does.

    `binary`: in binary doubles, two decimals by the value of the double. See `rules`.
    """

    EXACT = "exact"
    BINARY = "binary"


class RoundedRatio(StrEnum):
    """Where a ratio in percent is rounded to two decimals before it is scored (`binary` arithmetic only).

    `in_totals`: not in the report of the group, but where the portal adds groups up to a total.
    """

    NEVER = "never"
    ALWAYS = "always"
    IN_TOTALS = "in_totals"


_PARAMETERS: dict[RuleKind, set[str]] = {
    RuleKind.LINEAR: {"full_at"},
    RuleKind.LINEAR_ABOVE_FLOOR: {"floor", "full_at"},
    RuleKind.STEPS: {"steps"},
    RuleKind.ALL_OR_NOTHING: {"full_at"},
    RuleKind.BONUS: {"points_each"},
    RuleKind.PENALTY: {"points_each"},
}


def _number(value: Any) -> Fraction:
    try:
        return Fraction(str(value))
    except (ValueError, ArithmeticError):
        raise ValueError("must be a number") from None


def _share(value: Fraction) -> Fraction:
    if not 0 <= value <= 1:
        raise ValueError("must be a share from 0 to 1; 80% is 0.8")
    return value


def _hundredths(value: Any) -> int:
    hundredths = _number(value) * 100
    if hundredths.denominator != 1:
        raise ValueError("may have at most two decimals")
    return int(hundredths)


def _above_zero(value: Any) -> Any:
    if value <= 0:
        raise ValueError("must be above 0")
    return value


Number = Annotated[Fraction, BeforeValidator(_number)]
Share = Annotated[Number, AfterValidator(_share)]
Hundredths = Annotated[int, BeforeValidator(_hundredths)]


class Step(Strict):
    """From this share on, this many hundredths of a point."""

    at: Share
    points_hundredths: Hundredths = Field(alias="points")


class Rule(Strict):
    """A scoring rule; in a file its name alone stands for the usual parameters.

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
    full_at: Annotated[Share, AfterValidator(_above_zero)] = Fraction(1)
    floor: Share = Fraction(0)
    steps: tuple[Step, ...] = ()
    points_each: Annotated[Number, AfterValidator(_above_zero)] = Fraction(1)

    @model_validator(mode="before")
    @classmethod
    def _of_name(cls, content: Any) -> Any:
        return {"kind": content} if isinstance(content, str) else content

    @model_validator(mode="after")
    def _fits(self) -> Rule:
        parameters, given = _PARAMETERS.get(self.kind, set()), self.model_fields_set - {"kind"}
        for name in sorted(given - parameters):
            raise PlacedError(f"the rule {self.kind} has no {name}; remove it", name)
        for name in sorted((parameters & {"floor", "steps"}) - given):
            raise PlacedError(f"the rule {self.kind} needs {name}; add it", name)
        if self.floor >= self.full_at:
            raise PlacedError("floor must lie below full_at", "floor")
        steps = [(step.at, step.points_hundredths) for step in self.steps]
        if self.kind is RuleKind.STEPS and (not steps or steps != sorted(set(steps))):
            raise PlacedError("steps must be a list in rising order of `at`, each with `points`", "steps")
        if any(one > following for (_, one), (_, following) in pairwise(steps)):
            raise PlacedError("the points of steps must not fall", "steps")
        return self

    def label(self) -> str:
        """Return the rule as one short text, for the column `rule`."""
        parts = [f"{float(step.at):g}:{step.points_hundredths / 100:g}" for step in self.steps]
        used = [name for name in ("floor", "full_at", "points_each") if name in _PARAMETERS.get(self.kind, ())]
        parts += [f"{name}={float(getattr(self, name)):g}" for name in used]
        return f"{self.kind}({', '.join(parts)})" if parts else str(self.kind)

    @property
    def is_extra(self) -> bool:
        """Return whether points lie outside the maximum of the group (bonus, penalty)."""
        return self.kind in (RuleKind.BONUS, RuleKind.PENALTY)
