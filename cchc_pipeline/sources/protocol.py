"""Define the protocol of adapters: a window of days in, batches of records out.

A record is a `dict` whose keys are the columns of the table's contract. Times are aware
`datetime` in Asia/Ho_Chi_Minh, civil dates are `date`, everything else is `str`, `int`, `float`,
`bool` or None. A column is missing from **all** rows of a batch only where the source no longer
delivers the field that it is made from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar, Protocol

import pyarrow as pa

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.days import Window
from cchc_pipeline.progress import Progress

Row = dict[str, Any]


@dataclass(frozen=True)
class Batch:
    """Rows of one table for one civil day; at most one batch per table and day."""

    table: str
    day: date
    rows: list[Row]


def _nothing_held(table: str, columns: Sequence[str]) -> pa.Table:
    return load_contract(table).arrow_schema().empty_table().select(list(columns))


@dataclass(frozen=True)
class KnownState:
    """State of the core tables, by which an adapter re-reads what can still change.

    Attributes:
        open_dossiers: dossier code to day of reception (None where not yet received) of every
            dossier that is not closed.
        first_day: first day of the history held, None where nothing is held.
        held: returns columns of an inbound table's core rows, for what is read over several nights.
    """

    open_dossiers: Mapping[str, date | None] = field(default_factory=dict)
    first_day: date | None = None
    held: Callable[[str, Sequence[str]], pa.Table] = _nothing_held


class Source(Protocol):
    """Adapter of one kind of source system. It only reads.

    Attributes:
        name: short stable name, the prefix of its tables.
        tables: every table that a pull can yield.
    """

    name: ClassVar[str]
    tables: ClassVar[tuple[str, ...]]

    def pull(self, window: Window, known: KnownState, progress: Progress) -> Iterator[Batch]:
        """Yield what the source holds for the window, day by day.

        Every day of the window is yielded for the tables that have days, empty days too. What was
        yielded is complete and stays valid when a later read fails.

        Raises:
            SourceError: the source did not answer, refused, or answered something unusable.
        """
