"""The commands `cchc points` and `cchc whatif`: where points are lost, and what would win them back."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import click
import pandas as pd

from cchc_pipeline.cli import options
from cchc_pipeline.cli.printing import Column, console, print_json, table
from cchc_pipeline.contracts.code_lists import load_code_list
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.scorecards.indicators_used import additive_criteria
from cchc_pipeline.scorecards.points import causes, fixes, read_card, withheld
from cchc_pipeline.scorecards.scoring.rubric_set import office_rubrics
from cchc_pipeline.scorecards.whatif import parse_change, whatif
from cchc_pipeline.vietnamese import days

_POINTS = Column("Điểm", ".2f")


_PERIOD = "2026-10, 2026-Q3 or 2026; where not given the newest month, of PAR INDEX the newest year."
_options: Any = options.together(
    click.option("--unit", required=True, help="Unit code, for example H99 or H99.14."),
    click.option("--period", help=_PERIOD),
    options.choice("--index", "index_code", among=("index766", "par_index"), text="Which scorecard."),
    options.choice("--source", among=("local", "portal"), text="Our own dossiers, or the national portal's counts."),
    options.form("table", "json", text="How it is printed."),
    options.lake,
)


@click.command()
@_options
@click.option("--limit", default=15, type=click.IntRange(min=1), help="Rows of each list.")
def points(unit: str, period: str | None, index_code: str, source: str, form: str, lake: Lake, limit: int) -> None:
    """Where a unit loses points, which units below cost them, and the cheapest points to win back.

    Đơn vị mất điểm ở đâu, do đâu, và sửa việc gì trước.
    """
    card = read_card(lake.published, index_code, source, period)
    mine = card.of_unit(unit)
    (rubric,) = card.rubrics(office_rubrics(lake.root), unit).values()
    own, by_people = fixes(mine, rubric), withheld(mine)
    by_unit = causes(card.rows, unit, card.parents, additive_criteria(rubric))
    first, last = card.period.first, card.period.last
    if form == "json":
        lists = {"fixes": _records(own), "causes": _records(by_unit), "withheld": _records(by_people)}
        print_json({"unit_code": unit, "period_start": first, "period_end": last, **lists})
        return
    out = console()
    columns = {
        "criterion": "Tiêu chí / criterion", "share": Column("Tử/mẫu", justify="right"), "items": "Cần thêm",
        "points": _POINTS, "points_per_item": Column("Điểm mỗi việc", ".3f"),
    }  # fmt: skip
    rows = [
        {**row, "share": f"{row['numerator']:g}/{row['denominator']:g}"} for row in _with_criterion(own.head(limit))
    ]
    name = card.names.get(unit, unit)
    out.print(table(rows, columns, f"{name}, {days(first, last)}: điểm dễ lấy lại nhất / cheapest points"))
    counted = [code for code in own["criterion_code"] if rubric.criterion(code).indicator]
    if source == "local" and counted:
        out.print("Từng hồ sơ, TTHC làm mất điểm / the very items that cost the points:")
        command = f"  cchc explain {counted[0]} --unit {unit} --from {first} --to {last} --side lacking"
        out.print(command, markup=False, highlight=False, soft_wrap=True)
    if len(by_people):
        stages = {str(code.code): code.label_vi for code in load_code_list("appraisal_stage").codes}
        columns = {
            "criterion": "Tiêu chí / criterion", "counted_stage": Column("Bước", stages.__getitem__),
            "self_points": Column("Tự chấm", ".2f", "-"), "points": _POINTS, "points_lost": Column("Mất", ".2f"),
        }  # fmt: skip
        title = "Điểm người chấm chưa cho / points that people did not give"
        out.print(table(_with_criterion(by_people.head(limit)), columns, title))
    if len(set(by_unit["caused_by"])) > 1:
        columns = {
            "caused_by": Column("Đơn vị / unit", lambda code: card.names.get(code, code)),
            "criterion_code": "Tiêu chí", "items": Column("Thiếu", "g"), "points": _POINTS,
        }  # fmt: skip
        out.print(table(_records(by_unit.head(limit)), columns, "Đơn vị làm mất điểm / units that cost points"))


@click.command("whatif")
@click.argument("changes", nargs=-1, required=True)
@_options
def whatif_command(
    changes: tuple[str, ...], unit: str, period: str | None, index_code: str, source: str, form: str,
    lake: Lake,
) -> None:  # fmt: skip
    """Score and rank of a unit if some figures were others.

    \b
    Example: if these 64 dossiers had been on time, and 80 % had paid online:
      cchc whatif DOSSIER_ON_TIME=+64 DOSSIER_ONLINE_PAYMENT=80% --unit H99.14 --period 2026-10

    \b
    Or if an appraisal gave 0.75 points for a criterion of PAR INDEX:
      cchc whatif DISCIPLINE_KEPT=0.75đ --unit H99.14 --index par_index --period 2026

    The units above it get the same items more, where figures add up. Points are the unit's own.

    Nếu số liệu khác đi thì điểm và thứ hạng ra sao.
    """
    card = read_card(lake.published, index_code, source, period)
    rubrics = card.rubrics(office_rubrics(lake.root))
    own = rubrics[str(card.of_unit(unit)["index_code"].iloc[0])]
    wanted = [parse_change(text) for text in changes]
    found = whatif(card.rows, rubrics, unit, wanted, parents=card.parents, additive=additive_criteria(own))
    if form == "json":
        print_json({"rows": _records(found.rows), "ranks": _records(found.ranks), "notes": found.notes})
        return
    rows = [
        {
            "unit": card.names.get(row["unit_code"], row["unit_code"]),
            "criterion": row["criterion_code"],
            "numerator": f"{_number(row['numerator'], 'g')} → {row['numerator_after']:g}"
            if row["criterion_level"] == "criterion"
            else "",
            "points": f"{_number(row['points'], '.2f')} → {row['points_after']:.2f}",
            "change": row["points_after"] - (0 if pd.isna(row["points"]) else row["points"]),
        }
        for row in found.rows.to_dict("records")
    ]
    columns = {
        "unit": "Đơn vị / unit", "criterion": "Tiêu chí / criterion", "numerator": Column("Tử số", justify="right"),
        "points": Column("Điểm", justify="right"), "change": Column("Thay đổi", "+.2f"),
    }  # fmt: skip
    out = console()
    out.print(table(rows, columns, days(card.period.first, card.period.last)))
    for row in found.ranks.to_dict("records"):
        label = card.names.get(row["unit_code"], row["unit_code"])
        out.print(f"{label}: hạng / rank {row['rank']:.0f} → {row['rank_after']:.0f} / {row['ranked']:.0f}")
    for note in found.notes:
        out.print(note, style="dim", markup=False, highlight=False)


def _records(frame: pd.DataFrame) -> list[dict[Hashable, Any]]:
    """Return rows with None for what is not known: JSON has no NaN."""
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def _with_criterion(frame: pd.DataFrame) -> list[dict[Hashable, Any]]:
    return [{**row, "criterion": f"{row['criterion_code']}\n{row['criterion_name_vi']}"} for row in _records(frame)]


def _number(value: float, form: str) -> str:
    return "-" if pd.isna(value) else f"{value:{form}}"
