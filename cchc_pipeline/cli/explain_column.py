"""Print the way of a column to the source fields, for `cchc explain TABLE.COLUMN`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cchc_pipeline.cli.printing import print_rows
from cchc_pipeline.contracts import all_contracts
from cchc_pipeline.reports.lineage.trace import Step, fields_named, path

_COLUMNS = {"shown": "Cột / column", "made_in": "Làm ở / made in", "note": "Ghi chú / note"}


def print_column(name: str, form: str) -> bool:
    """Print what the columns of a name are computed from; return whether there is one."""
    ways = {field: path(*field) for field in fields_named(name)}
    if form == "table":
        for field, steps in ways.items():
            rows = [
                {"shown": f"{'  ' * one.depth}{one.field}", "made_in": one.made_in, "note": _note(one, steps[n + 1 :])}
                for n, one in enumerate(steps)
            ]
            print_rows(rows, _COLUMNS, title=f"{field}: tính từ đâu / where it comes from")
    elif ways:
        print_rows([_row(str(field), one) for field, steps in ways.items() for one in steps], {}, form)
    return bool(ways)


def _row(asked: str, step: Step) -> dict[str, Any]:
    sources = "; ".join(map(str, step.origin.sources))
    about = {"asked": asked, "depth": step.depth, "column": str(step.field), "made_in": step.made_in}
    return {**about, "sources": sources, "note": _note(step)}


def _note(step: Step, following: Sequence[Step] = ()) -> str:
    """Return why the way ends here, the label of the column, and its sources where they stand above."""
    table, column = step.field
    contract = next((one for one in all_contracts() if one.name == table), None)
    notes = [step.origin.why]
    if contract:
        label = contract.column(column)
        notes = [f"{contract.source}: trường của nguồn / source field"] if contract.source else notes
        notes.append(f"{label.label_vi} / {label.label_en}")
    if step.origin.sources and following and following[0].depth <= step.depth:
        notes.append(f"như trên / as above: {', '.join(map(str, step.origin.sources))}")
    return "; ".join(note for note in notes if note)
