"""Make the public indicator values, which do not let counts of 1 to 4 be computed.

Published are months, quarters and years on today's map: days are too fine, and with free periods or a second map
small counts could be computed by subtraction. Hidden are numerator, denominator and value of a row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cchc_pipeline.arrow import table_from_frame
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.indicators.catalogue import Indicator, Term, catalogue
from cchc_pipeline.indicators.disclosure import SMALL, Tree, hidden_cells, with_rests

Key = tuple[str, str]
Period = tuple[str, date, date]
PERIODS = ("year", "quarter", "month")
#: What the administration has or does, by unit of measure, relation and text of a term: such a count reveals nobody.
HARMLESS_UNITS = frozenset(
    {"procedures", "documents", "decisions", "services", "units", "systems", "fields", "tasks", "activities"}
    | {"inspections", "billion VND"}
)
HARMLESS_RELATIONS = frozenset(
    {"snapshot", "catalogue", "procedure_days", "procedure_days_to_date", "units_below", "plan", "inspected"}
    | {"inspection_plan", "indices"}
)
HARMLESS_MEASURES = (
    "'documents_", "'publication_", "'qr_listed", "'public_service_units", "'budget_revenue", "'disbursement",
    "DISTINCT procedure_code",
)  # fmt: skip
_CAUSES = ("late_in_fact", "late_other_authority", "late_software_only", "late_unknown")
_BY_LEVEL = " ".join(f"digitised_result_rate_{level}_level" for level in ("province", "district", "commune"))
#: Whole -> parts that add up to it. A whole comes before its parts; the parts of a cell are hidden together.
PARTS: tuple[tuple[Key, tuple[Key, ...]], ...] = tuple(
    ((whole, part), tuple((name, part) for name in parts.split()))
    for part, whole, parts in (
        ("numerator", "received_total", "received_online received_direct received_postal"),
        ("numerator", "resolved_total", "resolved_early resolved_on_time resolved_late timely_rate"),
        ("numerator", "resolved_late", " ".join(f"{cause}_count" for cause in _CAUSES)),
        ("numerator", "apology_rate", " ".join(f"{cause}_apology_count" for cause in _CAUSES)),
        ("numerator", "pending_total", "pending_in_time pending_overdue"),
        ("numerator", "ratings_count", "satisfied_count neutral_count dissatisfied_count"),
        ("denominator", "digitised_result_rate", _BY_LEVEL),
        ("numerator", "digitised_result_rate", _BY_LEVEL),
        ("numerator", "guidance_total", "guidance_counter_count guidance_calls_out_count guidance_calls_in_count"),
        ("numerator", "kiosk_ratings_count", "kiosk_satisfied_count kiosk_neutral_count kiosk_dissatisfied_count"),
    )
)
#: Wholes that are hidden together, since pending at the end = pending at the beginning + received - resolved.
TOGETHER = (
    ("received_total", "resolved_total"),
    ("pending_total", "carried_over"),
    ("petitions_received_count", "petitions_answered_count"),
    ("questions_received_count", "questions_answered_count"),
)
#: The same number under two terms: dossiers with a handling time, counted by event and one by one.
SAME = {("handling_time_median_days", "denominator"): ("handling_time_mean_days", "denominator")}
REASON_VI = "Không công bố để bảo vệ thông tin cá nhân: số từ 1 đến 4, hoặc từ đó suy ra được một số như vậy."


def protected(indicators: Iterable[Indicator]) -> list[Indicator]:
    """Return the indicators that count people or dossiers, doubtful ones included."""
    every = list(indicators)
    harmless = {i.numerator for i in every if i.denominator is None and i.unit in HARMLESS_UNITS}

    def is_harmless(term: Term) -> bool:  # a rate over things of the administration, not over people
        words = (word in term.sql for word in HARMLESS_MEASURES)
        return term in harmless or term.over in HARMLESS_RELATIONS or any(words)

    about = [i for i in every if i.kind != "index" and i.unit not in HARMLESS_UNITS]
    return [i for i in about if not is_harmless(i.denominator or i.numerator)]


def public_values(
    today: pa.Table,
    parents: Mapping[str, str | None],
    as_of_on: date,
    indicators: Sequence[Indicator] | None = None,
) -> pa.Table:
    """Hide every value on today's map from which a count of 1 to 4 could be computed.

    Args:
        today: the published table `indicator_values_today`.
        parents: parent of every unit on today's map; None at the top.
        as_of_on: last civil day of data.
        indicators: what `today` holds; the whole catalogue by default.

    Returns:
        Rows of months, quarters and years in the order of the key; hidden figures are null, `is_suppressed` is set.
    """
    every = list(catalogue() if indicators is None else indicators)
    rows = today.filter(pc.is_in(today["period_type"], value_set=pa.array(PERIODS)))
    frame = rows.to_pandas(date_as_object=True)
    hiding = _Hiding(frame, parents, as_of_on, protected(every))
    hidden = {part: hiding.rows_hidden(part) for part in ("numerator", "denominator")}
    either = hidden["numerator"] | hidden["denominator"]
    for name, mask in (*hidden.items(), ("value", either)):
        frame[name] = frame[name].mask(mask)
    frame["is_suppressed"] = either
    frame["reason_vi"] = pd.Series(REASON_VI, index=frame.index).where(either, None)
    order = ["indicator_id", "unit_code", "period_type", "period_start", "period_end"]
    schema = load_contract("indicator_values_public").arrow_schema()
    return table_from_frame(frame.sort_values(order)[schema.names], schema)


def _unit_parents(units: Sequence[str], parents: Mapping[str, str | None]) -> list[int]:
    """Return the position of the nearest unit above each unit; -1 at the top."""
    at = {code: i for i, code in enumerate(units)}
    above = []
    for code in units:
        parent = parents.get(code)
        while parent is not None and parent not in at:
            parent = parents.get(parent)
        above.append(-1 if parent is None else at[parent])
    return above


def _period_parents(periods: Sequence[Period]) -> list[int]:
    """Return the position of the nearest wider period of each; wider ones come first."""
    wider = ([i for i, (k, s, e) in enumerate(periods) if k != kind and s <= start and end <= e]
             for kind, start, end in periods)  # fmt: skip
    return [max(found, default=-1) for found in wider]


class _Hiding:
    """Masks (units by periods) of the figures to hide, by indicator and part."""

    def __init__(
        self,
        frame: pd.DataFrame,
        parents: Mapping[str, str | None],
        as_of_on: date,
        indicators: Sequence[Indicator],
    ) -> None:
        units = sorted(frame["unit_code"].unique())
        names = list(frame[["period_type", "period_start", "period_end"]].itertuples(index=False, name=None))
        periods = sorted(set(names), key=lambda period: (PERIODS.index(period[0]), period[1]))
        self.unit_parent, self.period_parent = _unit_parents(units, parents), _period_parents(periods)
        self.ends = [min(end, as_of_on) for _, _, end in periods]
        self.shape = len(units), len(periods)
        self.u = frame["unit_code"].map({code: i for i, code in enumerate(units)}).to_numpy()
        period_at = {period: i for i, period in enumerate(periods)}
        self.p = np.array([period_at[name] for name in names], dtype=int)
        self.rows = frame.groupby("indicator_id", sort=False).indices
        self.indicators = [i for i in indicators if i.id in self.rows]
        self.key_of: dict[Key, Key] = {}
        by_term: dict[Term, Key] = {}
        for indicator in self.indicators:
            for part, term in (("numerator", indicator.numerator), ("denominator", indicator.denominator)):
                if term is not None:
                    key = by_term.setdefault(term, (indicator.id, part))
                    self.key_of[indicator.id, part] = self.key_of.get(SAME.get((indicator.id, part), key), key)
        self.tables: dict[Key, np.ndarray] = {}
        for key in dict.fromkeys(self.key_of.values()):
            at = self.rows[key[0]]
            self.tables[key] = np.full(self.shape, np.nan)
            self.tables[key][self.u[at], self.p[at]] = frame[key[1]].to_numpy(dtype=float)[at]
        #: Masks, which are True where the figure is hidden.
        self.found: dict[Key, np.ndarray] = {}
        additive = [i for i in self.indicators if i.is_additive]
        self._hide([i for i in additive if i.kind == "flow"], flows=True)
        self._hide([i for i in additive if i.kind == "stock"], flows=False)
        for indicator in self.indicators:
            if indicator not in additive or indicator.kind not in ("flow", "stock"):
                self._hide_alone(indicator)

    def rows_hidden(self, part: str) -> np.ndarray:
        """Return for each row whether its numerator, or denominator, is hidden."""
        found = np.zeros(len(self.u), dtype=bool)
        for indicator, at in self.rows.items():
            mask = self.found.get(self.key_of.get((str(indicator), part), ("", "")))
            if mask is not None:
                found[at] = mask[self.u[at], self.p[at]]
        return found

    # -- figures that add up ----------------------------------------------------------------------------------------

    def _hide(self, indicators: Sequence[Indicator], *, flows: bool) -> None:
        """Set masks: flows add up over units and periods, stocks over units."""
        ids = {i.id for i in indicators}
        keys = list(dict.fromkeys(k for (name, _), k in self.key_of.items() if name in ids))
        if not keys:
            return
        stack, units, periods = with_rests(
            np.stack([self.tables[k] for k in keys]),
            self.unit_parent,
            self.period_parent if flows else (-1,) * self.shape[1],
        )
        table = dict(zip(keys, stack, strict=True))
        masks: dict[Key, np.ndarray] = {}

        def hide(group: Sequence[Key], small: np.ndarray, base: np.ndarray | None, *, by_day: bool = False) -> None:
            counts = np.add.reduce([np.abs(table[k]) for k in group])
            if flows:
                mask = hidden_cells(counts, small, units, periods, base)
            else:
                mask = self._hidden_stock(counts, small, units, base, by_day=by_day)
            masks.update(dict.fromkeys(group, mask))

        def numerators(names: Iterable[str]) -> list[Key]:
            return list(dict.fromkeys(self.key_of[n, "numerator"] for n in names if n in ids))

        over: dict[Key, set[Key]] = {}
        for i in indicators:
            if i.denominator is not None:
                over.setdefault(self.key_of[i.id, "numerator"], set()).add(self.key_of[i.id, "denominator"])
        magnitudes = {self.key_of[i.id, "numerator"] for i in indicators if i.unit == "days"}

        def small(group: Iterable[Key]) -> np.ndarray:
            """Return where a count, or the rest of its whole beyond it, is 1 to 4."""
            counted = [k for k in group if k not in magnitudes]
            rests = [table[d] - table[k] for k in counted for d in sorted(over.get(k, ()))]
            return _any([_is_small(one) for one in [*(table[k] for k in counted), *rests, np.zeros(stack.shape[1:])]])

        def hidden_with(group: Iterable[Key], *wholes: Key | None) -> np.ndarray | None:
            """Return the cells hidden in any figure that the group is a part of."""
            above = {d for k in group for d in over.get(k, ())} | {whole for whole in wholes if whole}
            found = [masks[key] for key in sorted(above) if key in masks]
            return _any(found) if found else None

        for names in TOGETHER:
            if group := numerators(names):
                hide(group, small(group), None)
        ratios = [d for divisors in over.values() for d in divisors]
        for whole, parts in PARTS:
            top = self.key_of.get(whole) if whole[0] in ids else None
            if top is not None and top not in masks:
                hide([top], small([top]), hidden_with([top]), by_day=True)
            named = dict.fromkeys(self.key_of[part] for part in parts if part[0] in ids)
            if group := [k for k in named if k not in masks]:
                hide(group, small(group), hidden_with(group, top), by_day=True)
        for key in dict.fromkeys([*sorted(ratios), *keys]):
            if key not in masks:
                hide([key], small([key]), hidden_with([key]))
        shown = np.ix_(range(self.shape[0]), range(self.shape[1]))
        self.found.update({key: mask[shown] for key, mask in masks.items()})

    def _hidden_stock(
        self, counts: np.ndarray, small: np.ndarray, units: Tree, base: np.ndarray | None, *, by_day: bool
    ) -> np.ndarray:
        """Return the mask of a stock: a whole for all days of a unit, its parts by day.

        Flows lead from one day of a whole to the next.
        """
        days = sorted(set(self.ends)) if by_day else ()
        groups = [[i for i, end in enumerate(self.ends) if end == day] for day in days]
        mask = np.zeros_like(small)
        for columns in groups or [list(range(counts.shape[1]))]:
            one = Tree((-1,), (True,))
            under = base[:, columns].any(axis=1, keepdims=True) if base is not None else None
            total = counts[:, columns].sum(axis=1, keepdims=True)
            few = np.asarray(small[:, columns].any(axis=1, keepdims=True))
            found = hidden_cells(total, few, units, one, None if under is None else np.asarray(under))
            mask[:, columns] = found
        return mask

    # -- figures that do not add up ---------------------------------------------------------------------------------

    def _hide_alone(self, indicator: Indicator) -> None:
        """Set the mask of an indicator that does not add up: small counts only."""
        numerator = self.key_of[indicator.id, "numerator"]
        mask = np.zeros(self.shape, dtype=bool)
        if indicator.denominator is not None:
            denominator = self.key_of[indicator.id, "denominator"]
            mask |= _is_small(self.tables[denominator])
            mask |= self.found.get(denominator, np.zeros(self.shape, dtype=bool))
            self.found.setdefault(denominator, mask)
        if indicator.kind != "median":
            mask = mask | _is_small(self.tables[numerator])
        self.found[numerator] = self.found.get(numerator, mask) | mask


def _is_small(table: np.ndarray) -> np.ndarray:
    """Return where a count is 1 to 4, rounding allowed for."""
    with np.errstate(invalid="ignore"):
        return (np.abs(table) > 0.5) & (np.abs(table) < SMALL - 0.5)


def _any(masks: Sequence[np.ndarray]) -> np.ndarray:
    return np.asarray(np.logical_or.reduce(masks), dtype=bool)
