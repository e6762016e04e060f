"""Choose which cells of a table of counts to hide, to protect counts of 1 to 4.

A cell is hidden because its count is small (primary), or because the small one could be computed by subtraction
(secondary). The guarantee is by construction, after the hypercube method (Repsilber 1994; Giessing and
Repsilber 2002): for every small cell there is a swing, one more here and one less there, over a hidden
cell of a neighbouring unit and a hidden cell of a neighbouring period, that leaves every shown cell as it is.
What is shown therefore never determines what is hidden.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

#: Counts of fewer are not shown in public.
SMALL = 5


@dataclass(frozen=True)
class Tree:
    """A tree over the rows or the columns of a table.

    Attributes:
        parent: parent of every node by position; -1 at the top.
        is_shown: False for what is counted but never published by itself: what a unit counts beyond the units
            below it, what a year holds beyond its quarters.
    """

    parent: tuple[int, ...]
    is_shown: tuple[bool, ...]
    children: tuple[tuple[int, ...], ...] = field(init=False)

    def __post_init__(self) -> None:
        found: list[list[int]] = [[] for _ in self.parent]
        for node, above in enumerate(self.parent):
            if above >= 0:
                found[above].append(node)
        object.__setattr__(self, "children", tuple(tuple(one) for one in found))

    def depth(self, node: int) -> int:
        """Count the steps to the top."""
        return 0 if self.parent[node] < 0 else 1 + self.depth(self.parent[node])

    def siblings(self, node: int) -> tuple[int, ...]:
        """Return the other nodes below the same parent."""
        above = self.parent[node]
        return () if above < 0 else tuple(other for other in self.children[above] if other != node)

    def top(self, node: int) -> list[int]:
        """Return the node and those above it, up to the first that has siblings."""
        path = [node]
        while self.parent[path[-1]] >= 0 and not self.siblings(path[-1]):
            path.append(self.parent[path[-1]])
        return path


def with_rests(tables: np.ndarray, units: Sequence[int], periods: Sequence[int]) -> tuple[np.ndarray, Tree, Tree]:
    """Add a row (column) for what a unit (period) counts beyond those below it.

    Args:
        tables: counts, tables by units by periods; not a number where there is none.
        units: parent of every unit by position, -1 at the top.
        periods: parent of every period.
    """
    filled, rows = _with_rest(np.nan_to_num(tables), units, 1)
    filled, columns = _with_rest(filled, periods, 2)
    return filled, rows, columns


def _with_rest(tables: np.ndarray, parents: Sequence[int], axis: int) -> tuple[np.ndarray, Tree]:
    above = np.asarray(parents, dtype=int)
    inner = np.flatnonzero(above >= 0)
    turned = np.moveaxis(tables, axis, 0)
    below = np.zeros_like(turned)
    np.add.at(below, above[inner], turned[inner])
    rest = turned - below
    has_children = np.isin(np.arange(len(above)), above[inner])
    added = np.flatnonzero(has_children & (np.abs(rest) > 0.5).any(axis=(1, 2)))
    tree = Tree((*(int(p) for p in above), *(int(n) for n in added)), (True,) * len(above) + (False,) * len(added))
    return np.moveaxis(np.concatenate([turned, rest[added]]), 0, axis), tree


def hidden_cells(
    counts: np.ndarray, is_small: np.ndarray, units: Tree, periods: Tree, base: np.ndarray | None = None
) -> np.ndarray:
    """Return the cells to hide: small ones, and those that would let them be computed.

    Args:
        counts: what the table shows (units by periods); cells of units with larger counts are hidden last.
        is_small: cells that must not become known.
        units: tree of the rows.
        periods: tree of the columns.
        base: cells that are hidden anyhow, by the same rule for figures that these are a part of.

    Returns:
        True where a cell is hidden; always for rows and columns that are never shown. Every hidden cell of shown
        rows and columns is free: two tables that agree on all shown cells differ in it.
    """
    table = _Suppression(counts, units, periods, base)
    coarse = sorted(
        map(tuple, np.argwhere(is_small).tolist()),
        key=lambda cell: (periods.depth(cell[1]), units.depth(cell[0]), counts[cell], cell),
    )
    for row, column in coarse:
        if not table.is_free[row, column]:
            table.hide_with(row, column)
    return table.hidden


class _Suppression:
    def __init__(self, counts: np.ndarray, units: Tree, periods: Tree, base: np.ndarray | None) -> None:
        self.counts, self.units, self.periods = counts, units, periods
        never = ~np.outer(np.asarray(units.is_shown), np.asarray(periods.is_shown))
        self.is_free = np.zeros(counts.shape, dtype=bool) if base is None else base & ~never
        self.hidden = never | self.is_free
        # What is lost by hiding a cell; a little for every cell, so that few are hidden.
        self.loss = 1.0 + np.log1p(np.maximum(counts, 0.0))

    def hide_with(self, row: int, column: int) -> None:
        """Hide the cheapest cells over which a count can move with shown cells unchanged."""
        swings = [(*self._unit_swing(row, across), across) for across in self._period_swings(row, column)]
        _, rows, columns = min(swings, key=lambda swing: swing[0])
        cells = np.ix_(rows, columns)
        self.hidden[cells] = True
        self.is_free[cells] = True

    def _period_swings(self, row: int, column: int) -> Iterator[list[int]]:
        """Yield the columns of a move from `column` to each neighbouring period."""
        tree, path = self.periods, self.periods.top(column)
        down = self._down(tree, column, self.counts[row])
        others = tree.siblings(path[-1])
        for other in others:
            yield [*path, *down, other, *self._down(tree, other, self.counts[row])]
        if not others:
            yield [*path, *down]

    def _unit_swing(self, row: int, columns: list[int]) -> tuple[float, list[int]]:
        """Return loss and rows of the cheapest move from `row` to a neighbouring unit."""
        tree, path = self.units, self.units.top(row)
        weights = self.counts[:, columns].sum(axis=1)
        own = [*path, *self._down(tree, row, weights)]
        others = tree.siblings(path[-1])
        loss = np.where(self.hidden[:, columns], 0.0, self.loss[:, columns])
        if not others:
            return float(loss[own].sum()), own
        lost = np.asarray(loss.sum(axis=1))
        # A neighbour that counts zero protects nothing: everybody knows that it cannot be less.
        empty = np.where((self.counts[:, columns] < 1).any(axis=1), 1e6, 0.0)
        nearest = sorted(others, key=lambda other: lost[other] + empty[other])[:3]
        moves = [(other, [*own, other, *self._down(tree, other, weights)]) for other in nearest]
        return min(((float(lost[rows].sum() + empty[other]), rows) for other, rows in moves), key=lambda move: move[0])

    @staticmethod
    def _down(tree: Tree, node: int, weights: np.ndarray) -> list[int]:
        """Return a path down to a leaf, along the largest counts."""
        path = []
        while tree.children[node]:
            node = max(tree.children[node], key=lambda child: (weights[child], -child))
            path.append(node)
        return path
