"""Lay out the scorecard table: its columns, and its rows from cells."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from cchc_pipeline.scorecards.scoring.rubric import Criterion, Group, Rubric

_FIGURES = ("numerator", "denominator", "ratio", "points", "max_points", "points_lost")
_NAMES = ("criterion_level", "criterion_code", "parent_code", "criterion_name_vi", "criterion_name_en", "rule")
SCORECARD_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("index_code", "rubric_version")),
        ("is_provisional", pa.bool_()),
        *((name, pa.string()) for name in ("source", "period_type")),
        *((name, pa.date32()) for name in ("period_start", "period_end")),
        *((name, pa.string()) for name in ("unit_code", *_NAMES)),
        *((name, pa.float64()) for name in _FIGURES),
        *((name, pa.string()) for name in ("status", "reason_vi", "evidence")),
    ]
)
_BLOCK = 256
STATUSES = ("ok", "partial", "missing", "not_applicable")


class Node(NamedTuple):
    """One row of every scorecard, and the columns of the criteria below it."""

    level: str
    item: Group | Criterion
    parent: str | None
    leaves: list[int]


def assemble(
    rubric: Rubric, source: str, keys: pd.DataFrame, nodes: list[Node], cells: dict[str, npt.NDArray[Any]]
) -> pa.Table:
    """Return a table of SCORECARD_SCHEMA: a row per unit, period and node.

    Args:
        rubric: names the index, its version.
        source: where the measures come from.
        keys: unit_code and the period columns, one row per scorecard.
        nodes: the rows of every scorecard.
        cells: what differs from cell to cell, each an array of units by nodes; `status` holds positions in STATUSES.
    """
    units, width = len(keys), len(nodes)
    repeated = np.repeat(np.arange(units), width)

    def labels(codes: npt.NDArray[Any], texts: list[Any]) -> pa.Array:
        dictionary = pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(texts, pa.string()))
        return dictionary.cast(pa.string())

    def constant(text: str) -> pa.Array:
        return pa.repeat(pa.scalar(text, pa.string()), units * width)

    def tiled(texts: list[str | None]) -> pa.Array:
        """Texts of all nodes, once per unit; in blocks: a tenth of the cost of look-ups."""
        once = pa.array(texts, pa.string())
        block = pa.concat_arrays([once] * _BLOCK)
        return pa.concat_arrays([*[block] * (units // _BLOCK), *[once] * (units % _BLOCK), once.slice(0, 0)])

    names = [
        (
            *(level, item.code, parent, item.name_vi, item.name_en),
            item.rule.label() if isinstance(item, Criterion) else "sum",
        )
        for level, item, parent, _ in nodes
    ]
    columns: dict[str, pa.Array] = {
        "index_code": constant(rubric.id),
        "rubric_version": constant(rubric.version),
        "source": constant(source),
        **{name: tiled(list(texts)) for name, texts in zip(_NAMES, zip(*names, strict=True), strict=True)},
        "status": labels(cells["status"].ravel(), list(STATUSES)),
        "unit_code": labels(repeated, keys["unit_code"].tolist()),
        "period_type": labels(repeated, keys["period_type"].tolist()),
    }
    for name in ("period_start", "period_end"):
        columns[name] = pa.array(keys[name].to_numpy(dtype="datetime64[D]")[repeated], pa.date32())
    for name in ("is_provisional", "reason_vi", "evidence"):
        columns[name] = pa.array(cells[name].ravel(), SCORECARD_SCHEMA.field(name).type)
    for name in _FIGURES:
        columns[name] = pa.array(cells[name].ravel(), pa.float64(), from_pandas=True)
    return pa.table([columns[name] for name in SCORECARD_SCHEMA.names], schema=SCORECARD_SCHEMA)
