"""The commands `points` and `whatif`: where points are lost, and what would win them back."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from typing import Any

import click
import pandas as pd
from rich.console import Console
from rich.table import Table

from cchc_pipeline.cli.options import lake_in
from cchc_pipeline.contracts.code_lists import load_code_list
from cchc_pipeline.days import parse_period
from cchc_pipeline.lake.files import Store
from cchc_pipeline.scorecards.indicators_used import additive_criteria
from cchc_pipeline.scorecards.points import causes, fixes, withheld
from cchc_pipeline.scorecards.scoring.errors import MeasureError
from cchc_pipeline.scorecards.scoring.rubric import Rubric
from cchc_pipeline.scorecards.scoring.shelf import office_shelf
from cchc_pipeline.scorecards.whatif import parse_change, whatif

#: The period that is shown where none is asked for; appraisals are of a year.
_NEWEST = {"par_index": "year"}
_STAGES = {str(code.code): code.label_vi for code in load_code_list("appraisal_stage").codes}


def _options(command: Callable[..., None]) -> Callable[..., None]:
    options = [
        click.option("--unit", required=True, help="Unit code, for example H99 or H99.14."),
        click.option(
            "--period", help="2026-10, 2026-Q3 or 2026; where not given the newest month, of PAR INDEX the newest year."
        ),
        click.option(
            "--index",
            "index_code",
            type=click.Choice(["index766", "par_index"]),
            default="index766",
            show_default=True,
            help="Which scorecard.",
        ),
        click.option(
            "--source",
            type=click.Choice(["local", "portal"]),
            default="local",
            show_default=True,
            help="Our own dossiers, or the national portal's counts.",
        ),
        click.option(
            "--format",
            "form",
            type=click.Choice(["table", "json"]),
            default="table",
            show_default=True,
            help="How it is printed.",
        ),
        click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of the lake; default data."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@_options
@click.option("--limit", default=15, show_default=True, type=click.IntRange(min=1), help="Rows of each list.")
def points(
    unit: str, period: str | None, index_code: str, source: str, form: str, data_dir: Path | None, limit: int
) -> None:
    """Where a unit loses points, which units below cost them, and the cheapest points to win back.

    Đơn vị mất điểm ở đâu, do đâu, và sửa việc gì trước.
    """
    card, parents, names = _read(data_dir, index_code, source, period)
    _known(card, unit)
    mine = card[card["unit_code"] == unit]
    (rubric,) = _rubrics(mine, data_dir).values()
    own, by_people = fixes(mine, rubric), withheld(mine)
    by_unit = causes(card, unit, parents, additive_criteria(rubric))
    if form == "json":
        found = {
            "unit_code": unit,
            "period_start": str(card["period_start"].iloc[0]),
            "period_end": str(card["period_end"].iloc[0]),
            "fixes": _records(own),
            "causes": _records(by_unit),
            "withheld": _records(by_people),
        }
        click.echo(json.dumps(found, ensure_ascii=False, indent=2, allow_nan=False))
        return
    console = Console()
    title = f"{names.get(unit, unit)}, {_shown(card)}: điểm dễ lấy lại nhất / cheapest points"
    table = _table(title, "Tiêu chí / criterion", "Tử/mẫu", "Cần thêm", "Điểm", "Điểm mỗi việc")
    for row in own.head(limit).to_dict("records"):
        table.add_row(
            f"{row['criterion_code']}\n{row['criterion_name_vi']}",
            f"{row['numerator']:g}/{row['denominator']:g}",
            str(row["items"]),
            f"{row['points']:.2f}",
            f"{row['points_per_item']:.3f}",
        )
    console.print(table)
    if source == "local" and (counted := [code for code in own["criterion_code"] if rubric.criterion(code).indicator]):
        first, last = card["period_start"].iloc[0], card["period_end"].iloc[0]
        console.print("Từng hồ sơ, TTHC làm mất điểm / the very items that cost the points:")
        command = f"  cchc explain {counted[0]} --unit {unit} --from {first} --to {last} --side lacking"
        console.print(command, markup=False, highlight=False, soft_wrap=True)
    if len(by_people):
        title = "Điểm người chấm chưa cho / points that people did not give"
        table = _table(title, "Tiêu chí / criterion", "Bước", "Tự chấm", "Điểm", "Mất")
        for row in by_people.head(limit).to_dict("records"):
            table.add_row(
                f"{row['criterion_code']}\n{row['criterion_name_vi']}",
                _STAGES[row["counted_stage"]],
                "-" if pd.isna(row["self_points"]) else f"{row['self_points']:.2f}",
                f"{row['points']:.2f}",
                f"{row['points_lost']:.2f}",
            )
        console.print(table)
    if len(set(by_unit["caused_by"])) > 1:
        table = _table("Đơn vị làm mất điểm / units that cost points", "Đơn vị / unit", "Tiêu chí", "Thiếu", "Điểm")
        for row in by_unit.head(limit).to_dict("records"):
            label = names.get(row["caused_by"], row["caused_by"])
            table.add_row(label, row["criterion_code"], f"{row['items']:g}", f"{row['points']:.2f}")
        console.print(table)


@click.command("whatif")
@click.argument("changes", nargs=-1, required=True)
@_options
def whatif_command(
    changes: tuple[str, ...],
    unit: str,
    period: str | None,
    index_code: str,
    source: str,
    form: str,
    data_dir: Path | None,
) -> None:
    """Score and rank of a unit if some figures were others.

    \b
    Example: if these 64 dossiers had been on time, and 80 % had paid online:
      cchc whatif DOSSIER_ON_TIME=+64 DOSSIER_ONLINE_PAYMENT=80% --unit H99.14 --period 2026-10

    \b
    Or if an appraisal gave 0.75 points for a criterion of PAR INDEX:
      cchc whatif DISCIPLINE_KEPT=0.75đ --unit H99.14 --index par_index --period 2026

    The units above it get the same items more, where figures add up. Points are the unit's own.

    Nếu số liệu khác đi thì điểm và thứ hạng ra sao.
    """  # noqa: D301 - the backspace is how click is told to keep lines
    card, parents, names = _read(data_dir, index_code, source, period)
    _known(card, unit)
    rubrics = _rubrics(card, data_dir)
    own = rubrics[str(card.loc[card["unit_code"] == unit, "index_code"].iloc[0])]
    wanted = [parse_change(text) for text in changes]
    found = whatif(card, rubrics, unit, wanted, parents=parents, additive=additive_criteria(own))
    if form == "json":
        content = {"rows": _records(found.rows), "ranks": _records(found.ranks), "notes": found.notes}
        click.echo(json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False))
        return
    table = _table(_shown(card), "Đơn vị / unit", "Tiêu chí / criterion", "Tử số", "Điểm", "Thay đổi")
    for row in found.rows.to_dict("records"):
        counted = row["criterion_level"] == "criterion"
        table.add_row(
            names.get(row["unit_code"], row["unit_code"]),
            row["criterion_code"],
            f"{_shown_number(row['numerator'], 'g')} → {row['numerator_after']:g}" if counted else "",
            f"{_shown_number(row['points'], '.2f')} → {row['points_after']:.2f}",
            f"{row['points_after'] - (0 if pd.isna(row['points']) else row['points']):+.2f}",
        )
    console = Console()
    console.print(table)
    for row in found.ranks.to_dict("records"):
        label = names.get(row["unit_code"], row["unit_code"])
        console.print(f"{label}: hạng / rank {row['rank']:.0f} → {row['rank_after']:.0f} / {row['ranked']:.0f}")
    for note in found.notes:
        console.print(note, style="dim", markup=False, highlight=False)


def _read(
    data_dir: Path | None, index_code: str, source: str, period: str | None
) -> tuple[pd.DataFrame, dict[str, str | None], Mapping[str, str]]:
    """The card of one source and period, parents and names of units."""
    folder = lake_in(data_dir).published / "current"
    path = folder / f"scorecard_{index_code}.parquet"
    if not path.exists():
        raise MeasureError(f"{path} is not there; run `cchc run` first, or give --data-dir")
    store = Store(folder)
    every = store.read(f"scorecard_{index_code}", filters=[("source", "=", source)]).to_pandas()
    if every.empty:
        raise MeasureError(f"The scorecard {index_code} has no figures of the source {source}; choose another --source")
    units = store.read("units", columns=["unit_code", "parent_code", "unit_name"]).to_pandas()
    parents = {row["unit_code"]: row["parent_code"] or None for row in units.fillna("").to_dict("records")}
    return (
        _of_period(every, period, _NEWEST.get(index_code, "month")),
        parents,
        dict(zip(units["unit_code"], units["unit_name"], strict=True)),
    )


def _rubrics(card: pd.DataFrame, data_dir: Path | None) -> dict[str, Rubric]:
    """Rubrics by id, each in the version that scored the card."""
    shelf = office_shelf(data_dir)
    pairs = card[["index_code", "rubric_version"]].drop_duplicates()
    return {code: shelf.version(code, version) for code, version in pairs.itertuples(index=False)}


def _of_period(card: pd.DataFrame, period: str | None, kind_by_default: str) -> pd.DataFrame:
    if period is None:
        alike = card[card["period_type"] == kind_by_default]
        return alike[alike["period_start"] == alike["period_start"].max()]
    asked = parse_period(period)
    rows = card[(card["period_type"] == asked.kind) & (card["period_start"] == asked.first)]
    if rows.empty:
        have = sorted({f"{day:%Y-%m}" for day in card.loc[card["period_type"] == "month", "period_start"]})
        months = f"its months are {have[0]} to {have[-1]}" if have else "it has no months, only longer periods"
        raise MeasureError(f"The scorecard has no {period}; {months}")
    return rows


def _records(frame: pd.DataFrame) -> list[dict[Hashable, Any]]:
    """Rows with None for what is not known: JSON has no NaN."""
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def _shown_number(value: float, form: str) -> str:
    return "-" if pd.isna(value) else f"{value:{form}}"


def _known(card: pd.DataFrame, unit: str) -> None:
    if unit not in set(card["unit_code"]):
        raise MeasureError(
            f"The scorecard has no unit {unit}; it has {', '.join(sorted(set(card['unit_code']))[:12])} …"
        )


def _shown(card: pd.DataFrame) -> str:
    return f"{card['period_start'].iloc[0]:%d/%m/%Y} - {card['period_end'].iloc[0]:%d/%m/%Y}"


def _table(title: str, *headings: str) -> Table:
    table = Table(title=title, box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for heading in headings:
        left = any(word in heading for word in ("unit", "criterion", "Tiêu chí"))
        table.add_column(heading, justify="left" if left else "right", overflow="fold")
    return table
