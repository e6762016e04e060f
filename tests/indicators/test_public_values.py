"""What is published for everybody: an attacker with linear algebra finds no hidden figure.

The attacker knows the tree of units, that a year holds its quarters and these their months, which figures are
the same or add up to another, and every figure that is shown. He solves for the rest.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from indicator_cases import FIRST, table_of, values
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from cchc_pipeline.indicators.catalogue import catalogue
from cchc_pipeline.indicators.disclosure import Tree, hidden_cells
from cchc_pipeline.indicators.public_values import PARTS, SAME, protected, public_values

AS_OF = date(2026, 12, 20)
#: Parts that are sums of other parts, and so give no equation of their own.
SUMS_OF_PARTS = ("timely_rate",)
FLOWS = [i for i in catalogue() if i.is_additive and {t.over for t in i.terms} <= {"flow", "stock", "opening"}]
MEASURES = (
    *("received", "resolved_early", "resolved_on_time", "resolved_late", "late_with_apology", "not_late"),
    *("with_fee", "paid_online", "rated_satisfied", "rated_dissatisfied", "refused", "became_overdue"),
    *("late_in_fact", "late_in_fact_apology", "late_software_only"),
)


def units(parents):
    levels = ["province" if above is None else "commune" for above in parents.values()]
    return pa.table({"unit_code": list(parents), "unit_level": levels, "parent_code": list(parents.values())})


def today(parents, events, only=FLOWS):
    return values(table_of(events), units=units(parents), as_of_on=AS_OF, only=only)


@st.composite
def provinces(draw):
    """A province of up to four levels and nine units, with events in four months of two quarters."""
    parents = {"H99": None}
    for i in range(draw(st.integers(1, 6))):
        above = draw(st.sampled_from([code for code in parents if code.count(".") < 3]))
        parents[f"{above}.{10 + i}"] = above
    days = st.integers(0, (AS_OF - FIRST).days).map(lambda n: FIRST + timedelta(days=n))
    few = st.one_of(st.integers(1, 4), st.integers(1, 60)).map(float)
    channels = st.sampled_from(["online", "direct", "postal"])
    one = st.tuples(days, st.sampled_from(list(parents)), st.just("1.000001"), channels, st.sampled_from(MEASURES), few)
    return parents, draw(st.lists(one, max_size=50))


class Attacker:
    """Everything that is known about the published table, as linear equations over its figures."""

    def __init__(self, parents, before, public):
        self.parents, self.equations = parents, []
        self.shown, self.hidden = {}, set()
        ids = {i.id: i for i in FLOWS}
        self.name = {}
        terms = {}
        for i in FLOWS:
            for part, term in (("numerator", i.numerator), ("denominator", i.denominator)):
                if term is not None:
                    self.name[i.id, part] = SAME.get((i.id, part)) or terms.setdefault(term, (i.id, part))
        self.truth = {}
        for row, real in zip(public, before, strict=True):
            at = row["unit_code"], (row["period_type"], row["period_start"], row["period_end"])
            for part in ("numerator", "denominator"):
                figure = self.name.get((row["indicator_id"], part))
                if figure is None:
                    continue
                cell = (figure, *at)
                self.truth[cell] = real[part]
                if row[part] is None:
                    self.hidden.add(cell)
                else:
                    self.shown[cell] = row[part]
            # A shown ratio with one of its terms gives the other.
            assert row["value"] is None or not row["is_suppressed"]
        self.kinds = {name: ids[name[0]].kind for name in set(self.name.values())}
        self.cells = set(self.shown) | self.hidden
        self._unit_tree()
        self._periods()
        self._sums()

    def equation(self, **terms):
        self.equations.append(terms)

    def add(self, terms):
        self.equations.append(terms)

    def _unit_tree(self):
        """A unit is the sum of those below it and of what it counts itself, which is shown nowhere."""
        children = defaultdict(list)
        for code, above in self.parents.items():
            children[above].append(code)
        own_of = {
            (figure, unit)
            for (figure, unit, period), value in self.truth.items()
            if children[unit] and value != sum(self.truth[figure, child, period] for child in children[unit])
        }
        offices = {unit for _, unit in own_of}  # who receives dossiers himself is no secret
        for figure, unit, period in self.cells:
            if children[unit]:
                terms = {(figure, unit, period): 1.0}
                terms |= {(figure, child, period): -1.0 for child in children[unit]}
                if unit in offices:
                    terms[figure, f"{unit} itself", period] = -1.0
                self.add(terms)

    def _periods(self):
        """Flows add up to quarters and years; a stock is that of the last day, or of the day before the first."""
        kinds = ("month", "quarter", "year")
        everywhere = {(figure, unit) for figure, unit, _ in self.cells} | {
            (f, u) for terms in self.equations for f, u, _ in terms
        }
        periods = {period for _, _, period in self.cells}
        for figure, unit in everywhere:
            for wide in periods:
                if self.kinds[figure] == "flow":
                    if wide[0] == "month":
                        continue
                    below = kinds[kinds.index(wide[0]) - 1]
                    parts = [p for p in periods if p[0] == below and wide[1] <= p[1] and p[2] <= wide[2]]
                    self.add({(figure, unit, wide): 1.0} | {(figure, unit, p): -1.0 for p in parts})
                else:
                    for other in periods:
                        opening = figure == self.name["carried_over", "numerator"]
                        same = wide[1] == other[1] if opening else min(wide[2], AS_OF) == min(other[2], AS_OF)
                        if other < wide and same:
                            self.add({(figure, unit, wide): 1.0, (figure, unit, other): -1.0})

    def _sums(self):
        """Parts and wholes, and how stocks follow from flows."""
        for unit, period in {(unit, period) for _, unit, period in self.cells}:
            at = (unit, period)

            def cell(name, at=at):
                return (self.name[name, "numerator"], *at)

            for whole, parts in PARTS:
                plain = [(self.name[part], *at) for part in parts if part in self.name and part[0] not in SUMS_OF_PARTS]
                if plain and whole in self.name:
                    self.add({(self.name[whole], *at): 1.0} | dict.fromkeys(plain, -1.0))
            self.add({cell("timely_rate"): 1.0, cell("resolved_early"): -1.0, cell("resolved_on_time"): -1.0})
            self.add(
                {
                    cell("pending_total"): 1.0, cell("carried_over"): -1.0,
                    cell("received_total"): -1.0, cell("resolved_total"): 1.0,
                }
            )  # fmt: skip
            for following in {p for _, _, p in self.cells}:
                if following[1] == period[2] + timedelta(days=1):
                    carried = (self.name["carried_over", "numerator"], unit, following)
                    self.add({carried: 1.0, cell("pending_total"): -1.0})

    def found(self):
        """Hidden cells whose value follows from what is shown."""
        unknown = {}
        for terms in self.equations:
            for cell in terms:
                if cell not in self.shown:
                    unknown.setdefault(cell, len(unknown))
        for cell in self.hidden:
            unknown.setdefault(cell, len(unknown))
        rows, columns, values = [], [], []
        for number, terms in enumerate(self.equations):
            for cell, factor in terms.items():
                if cell in unknown:
                    rows.append(number)
                    columns.append(unknown[cell])
                    values.append(factor)
        matrix = sparse.csr_matrix((values, (rows, columns)), shape=(len(self.equations), len(unknown)))
        _, label = connected_components(matrix.T @ matrix if unknown else sparse.csr_matrix((0, 0)), directed=False)
        pinned = []
        names = list(unknown)
        for group in range(label.max() + 1 if len(label) else 0):
            members = np.flatnonzero(label == group)
            block = matrix[:, members]
            # A direction along which all equations stay as they are is a way in which the unknowns can differ.
            product = (block.T @ block).toarray()
            square, directions = np.linalg.eigh(product)
            free = directions[:, square < 1e-8]
            loose = np.abs(free).max(axis=1) if free.shape[1] else np.zeros(len(members))
            pinned += [names[m] for m, play in zip(members, loose, strict=True) if play < 1e-7]
        return [cell for cell in pinned if cell in self.hidden]


def publish(parents, events, only=FLOWS):
    before = today(parents, events, only)
    keep = [row for row in before.to_pylist() if row["period_type"] != "day"]
    public = public_values(before, parents, AS_OF, only).to_pylist()
    order = ["indicator_id", "unit_code", "period_type", "period_start", "period_end"]
    return sorted(keep, key=lambda r: [str(r[c]) for c in order]), sorted(
        public, key=lambda r: [str(r[c]) for c in order]
    )


@settings(deadline=None, max_examples=8, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(provinces())
def test_no_hidden_figure_follows_from_what_is_shown_which_is_true_and_no_small_count(case):
    parents, events = case
    before, public = publish(parents, events)
    assert Attacker(parents, before, public).found() == []
    for real, row in zip(before, public, strict=True):
        for part in ("numerator", "denominator", "value"):
            assert row[part] in (None, real[part])
        for part in ("numerator", "denominator"):
            is_days = part == "numerator" and row["indicator_id"] == "handling_time_mean_days"
            assert row[part] is None or is_days or not 0 < row[part] < 5
        if row["numerator"] is not None and row["denominator"] is not None:
            left = row["denominator"] - row["numerator"]
            assert not 0 < left < 5 or row["indicator_id"] == "handling_time_mean_days"
        lost = [part for part in ("numerator", "denominator", "value") if row[part] is None and real[part] is not None]
        assert row["is_suppressed"] == bool(lost)
        assert (row["reason_vi"] is not None) == row["is_suppressed"]
        if row["is_suppressed"]:
            assert row["value"] is None


def test_the_attacker_finds_what_primary_suppression_alone_leaves_open():
    """The attack works: with only the small cells hidden, a parent and its other children give them away."""
    parents = {"H99": None, "H99.10": "H99", "H99.11": "H99"}
    events = [
        (date(2026, 10, day), unit, "1.000001", "online", "refused", quantity)
        for day, unit, quantity in ((1, "H99.10", 3.0), (2, "H99.11", 40.0))
    ]
    before, public = publish(parents, events)
    shown = [
        real | {"is_suppressed": False, "reason_vi": None}
        if not 0 < (real["numerator"] or 0) < 5
        else real | {"numerator": None, "value": None, "is_suppressed": True, "reason_vi": ""}
        for real in before
    ]
    assert Attacker(parents, before, shown).found()
    assert not Attacker(parents, before, public).found()


def test_large_counts_are_all_shown():
    parents = {"H99": None, "H99.10": "H99", "H99.11": "H99"}
    events = [
        (day, unit, "1.000001", "online", measure, 50.0 if measure == "received" else 25.0)
        for day in (date(2026, 10, 5), date(2026, 11, 5))
        for unit in ("H99.10", "H99.11")
        for measure in ("received", "resolved_early", "resolved_late")
    ]
    only = [i for i in FLOWS if i.id in ("received_total", "resolved_total", "late_rate", "resolved_late")]
    _, public = publish(parents, events, only)
    assert not any(row["is_suppressed"] for row in public)


def test_counts_of_procedures_and_documents_hide_nobody():
    names = {i.id for i in protected(catalogue())}
    assert {"received_total", "late_rate", "satisfaction_rate", "pending_overdue", "idx766_on_time"} <= names
    assert (
        not {"procedures_full_count", "documents_signed_rate", "idx766_content_full", "idx766_publish_on_time"} & names
    )


@pytest.mark.parametrize("seed", range(5))
def test_every_hidden_cell_of_a_table_can_swing(seed):
    """Over any two trees: for each hidden cell there is another table with the same shown cells."""
    draw = np.random.default_rng(seed)
    rows, columns = 30, 12
    unit_parent = tuple(-1 if i == 0 else int(draw.integers(0, min(i, 4))) for i in range(rows))
    period_parent = (-1, 0, 0, 1, 1, 1, 2, 2, 2, -1, 9, 10)
    units_tree = Tree(unit_parent, (True,) * rows)
    periods_tree = Tree(period_parent, (True,) * columns)
    counts = np.zeros((rows, columns))
    for unit in range(rows):
        for period in range(columns):
            if not units_tree.children[unit] and not periods_tree.children[period]:
                size = float(draw.integers(0, 12))
                for u in _up(unit_parent, unit):
                    for p in _up(period_parent, period):
                        counts[u, p] += size
    small = (counts > 0) & (counts < 5)
    hidden = hidden_cells(counts, small, units_tree, periods_tree)
    assert (hidden | ~small).all()
    leaves = [
        np.outer(
            *(
                np.isin(np.arange(n), _up(tree, leaf))
                for n, tree, leaf in ((rows, unit_parent, u), (columns, period_parent, p))
            )
        )
        for u in range(rows)
        for p in range(columns)
        if not units_tree.children[u] and not periods_tree.children[p]
    ]
    basis = np.array([leaf.ravel() for leaf in leaves], dtype=float)
    _, singular, turned = np.linalg.svd(basis[:, ~hidden.ravel()].T)
    rank = int((singular > 1e-9).sum())
    play = np.abs(turned[rank:] @ basis).max(axis=0) if rank < len(leaves) else np.zeros(counts.size)
    assert (play[hidden.ravel()] > 1e-9).all()
    assert hidden.mean() < 0.9


def _up(parents, node):
    path = [node]
    while parents[path[-1]] >= 0:
        path.append(parents[path[-1]])
    return path
