"""Read causes of differences and the figures compared from `causes.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from cchc_pipeline.errors import CchcError
from cchc_pipeline.indicators.catalogue import Sql
from cchc_pipeline.yaml_files import PlacedError, Strict, read_yaml

FILE = "causes.yaml"
UNEXPLAINED = "UNEXPLAINED"


class CauseError(CchcError):
    """An entry of `causes.yaml` is wrong, or there is no such cause."""


class Figure(Strict):
    """A figure of the portal that we can count too.

    Attributes:
        metric: the portal's metric that shows it, and the criterion that is scored from it.
        side: side of that metric.
        condition: which dossiers count, over the columns of the state; `sql` in the file.
        is_distinct: whether distinct procedures are counted instead of dossiers; `distinct` in the file.
        indicator: the indicator that shows our own count on the same side.
        denominator: for a numerator the figure that the portal divides it by.
    """

    name_vi: str
    name_en: str
    metric: str
    side: Literal["numerator", "denominator"]
    condition: Sql = Field(alias="sql")
    is_distinct: bool = Field(False, alias="distinct")
    indicator: str
    denominator: str | None = None


class Cause(Strict):
    """Why the national side differs: dossiers touched, and what that side holds.

    Attributes:
        id: name of the cause; `D01` to `D12` are the distortions of the push by their number.
        applies: whether it can touch a figure that is compared.
        where: the dossiers that it touches; only where it applies.
        sets: column -> what the national side holds.
        is_listed: whether its dossiers are listed even where no figure changes.
    """

    id: str
    number: int | None = None
    name_vi: str
    name_en: str
    sentence_vi: str
    fix_en: str
    applies: bool = True
    where: Sql | None = None
    sets: dict[str, Sql] = Field(default_factory=dict)
    is_listed: bool = True

    @model_validator(mode="after")
    def _fits(self) -> Cause:
        if self.applies and self.where is None:
            raise PlacedError("say which dossiers the cause touches, or set applies: false", "where")
        return self


class Causes(Strict):
    """The content of `causes.yaml`; a `where` may hold `$trailing_days`."""

    trailing_days: int
    figures: dict[str, Figure]
    causes: tuple[Cause, ...]
    unexplained: Annotated[Cause, BeforeValidator(lambda entry: {**entry, "applies": False})]

    @model_validator(mode="after")
    def _fits(self) -> Causes:
        ids = [cause.id for cause in self.causes]
        for number, one in enumerate(ids):
            if one in ids[:number]:
                raise PlacedError("this id stands there twice; rename one", "causes", number, "id")
        for name, figure in self.figures.items():
            if figure.denominator is not None and figure.denominator not in self.figures:
                raise PlacedError("no figure is called so", "figures", name, "denominator")
        return self

    @property
    def applied(self) -> tuple[Cause, ...]:
        """Return the causes that can touch a figure, in the order in which they apply."""
        return tuple(cause for cause in self.causes if cause.applies)

    @property
    def by_id(self) -> Mapping[str, Cause]:
        """Return causes in the order of the file, what none explains last."""
        return {cause.id: cause for cause in (*self.causes, self.unexplained)}

    def cause(self, cause_id: str) -> Cause:
        """Return the cause of this id.

        Raises:
            CauseError: there is none.
        """
        if cause_id not in self.by_id:
            raise CauseError(f"reconciliation: no cause {cause_id}. Causes are {', '.join(self.by_id)}.")
        return self.by_id[cause_id]

    def condition(self, cause: Cause) -> str:
        """Return which dossiers a cause touches, with `$trailing_days` as a number."""
        return (cause.where or "FALSE").replace("$trailing_days", str(self.trailing_days))


@cache
def causes() -> Causes:
    """Return the causes and figures of `causes.yaml`.

    Raises:
        CauseError: an entry is wrong; naming its line and keys.
    """
    return read_yaml(resources.files(__package__).joinpath(FILE).read_bytes(), Causes, FILE, CauseError)
