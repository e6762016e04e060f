"""The commands `cchc rubric`: list, check, import and compare rubrics."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import yaml

from cchc_pipeline.cli import options
from cchc_pipeline.cli.printing import Column, console, print_json, table
from cchc_pipeline.scorecards.scoring.rubric import Rubric, RubricError, parse_rubric
from cchc_pipeline.scorecards.scoring.rubric_diff import compare, points_of
from cchc_pipeline.scorecards.scoring.rubric_set import FOLDER, office_rubrics
from cchc_pipeline.scorecards.scoring.rubric_sheet import import_sheet
from cchc_pipeline.scorecards.scoring.rule import RuleKind

#: What the options of an import say about the rubric, in the order of its file.
_ABOUT = ("id", "version", "name_vi", "name_en", "legal_basis", "valid_from", "valid_to")


@click.group()
def rubric() -> None:
    """Rubrics: check, import from an office's spreadsheet, compare (bộ tiêu chí chấm điểm)."""


@rubric.command("list")
def list_command() -> None:
    """Every version of every rubric, the office's own before the shipped ones, with the days it is in force.

    Danh sách các phiên bản bộ tiêu chí và thời gian hiệu lực.
    """
    rubrics = office_rubrics()
    for rubric_id in rubrics.ids:
        for one in rubrics.versions(rubric_id):
            until = f"{one.valid_to:%d/%m/%Y}" if one.valid_to else "nay / today"
            whose = f"{FOLDER}/{one.origin}" if one in rubrics.own else "có sẵn / shipped"
            click.echo(
                f"{rubric_id}@{one.version}  {one.valid_from:%d/%m/%Y} - {until}  {len(one.criteria())} tiêu chí / "
                f"criteria  {whose}{'  TẠM / provisional' if one.is_provisional else ''}"
                f"{f'  thay bằng / replaced by {one.replaced_by}' if one.replaced_by else ''}"
            )


@rubric.command("check")
@click.argument("name")
@click.option("--criteria", is_flag=True, help="List every criterion with its points and rule.")
def check_command(name: str, *, criteria: bool) -> None:
    """Read a rubric and say what it holds; exit 1 where it makes no sense.

    NAME is a file, an id (its newest version), or id@version: index766@2022.1. See cchc rubric list.

    Kiểm tra một bộ tiêu chí.
    """
    found = office_rubrics().find(name)
    click.echo(f"{found.name_vi} / {found.name_en}")
    click.echo(f"{found.id} {found.version}, {found.legal_basis or '(chưa ghi căn cứ)'}")
    until = found.valid_to or "nay / today"
    click.echo(f"hiệu lực / valid {found.valid_from} … {until}{'; TẠM / provisional' if found.is_provisional else ''}")
    click.echo(f"chấm cho / scores {', '.join(found.unit_levels) or 'mọi cấp / every level'}")
    variants = _variants(found)
    rows = [
        {"code": group.code, "name": group.name_vi}
        | {source: points_of(one.groups[place].leaves()) or None for source, one in variants.items()}
        for place, group in enumerate(found.groups)
    ]
    rows.append(
        {"code": "", "name": "Tổng / total"} | {source: points_of(one.criteria()) for source, one in variants.items()}
    )
    points = {source: Column(source, "g", "-") for source in variants}
    console().print(table(rows, {"code": "Mã / code", "name": "Lĩnh vực / group", **points}))
    if criteria:
        for one in found.criteria():
            where = one.indicator or (one.evidence.label() if one.evidence else "")
            shown = f"{one.source}:{where}" if where else str(one.source)
            click.echo(f"{one.code}  {one.max_hundredths / 100:g}  {shown}  {one.rule.label()}  {one.name_vi}")
    by_hand = [one for one in found.criteria() if one.rule.kind is RuleKind.CARRIED or one.is_scored_by_people]
    if by_hand:
        click.echo(f"{len(by_hand)} tiêu chí do người chấm nhập điểm / scored by people")


@rubric.command("import")
@click.argument("sheet", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--id", required=True, help="Id of the rubric, for example par_index.")
@click.option("--version", required=True, help="Version, for example 892-2024.")
@click.option("--name", "name_vi", required=True, help="Vietnamese name of the index.")
@click.option("--name-en", help="English name; the Vietnamese one where it is not given.")
@click.option("--legal-basis", default="", show_default=False, help="Decision that lays the rubric down.")
@click.option("--valid-from", required=True, type=options.DAY, help="First day it is in force.")
@click.option("--valid-to", type=options.DAY, help="Last day it is in force.")
@click.option("--sheet-name", help="Sheet of the workbook; the one it opens with where not given.")
@click.option("--out", required=True, type=options.FILE, help="Rubric file to write.")
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
def import_command(sheet: Path, sheet_name: str | None, out: Path, *, force: bool, **about: Any) -> None:
    """Make a rubric file from a spreadsheet with the columns that offices use.

    STT | Lĩnh vực/Tiêu chí/Tiêu chí thành phần | Điểm tối đa | Cách chấm, as .xlsx or .csv. Ratios times the maximum,
    floors, steps and all-or-nothing become rules; what is scored by people keeps its text. Every mistake is named with
    its cell.

    Nhập bộ tiêu chí từ bảng tính.
    """
    if out.exists() and not force:
        raise RubricError(f"{out} is there already; choose another --out, or give --force to replace it")
    about["name_en"] = about["name_en"] or about["name_vi"]
    content, remarks = import_sheet(sheet, {name: about[name] for name in _ABOUT}, sheet=sheet_name)
    text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=110)
    found = parse_rubric(text, out.name)
    out.write_text(text, encoding="utf-8")
    for remark in remarks:
        click.echo(remark)
    rules = len(found.criteria()) - len(remarks)
    click.echo(
        f"{out}: {len(found.criteria())} tiêu chí, {points_of(found.criteria()):g} điểm; {rules} có công thức, "
        f"{len(remarks)} do người chấm nhập / criteria, points, with a rule, scored by people"
    )


@rubric.command("diff")
@click.argument("old")
@click.argument("new")
@options.form("text", "json", text="How to print.")
def diff_command(old: str, new: str, form: str) -> None:
    """What changed between two rubrics: points, rules, criteria.

    OLD and NEW are files, ids (the newest version), or id@version: index766@2022.1 index766@2026.2.

    So sánh hai bộ tiêu chí.
    """
    before, after = office_rubrics().find(old), office_rubrics().find(new)
    changes = compare(before, after)
    if form == "json":
        rows = [
            {"code": one.code, "kind": one.kind, "old": one.old, "new": one.new, "scores_change": one.scores}
            for one in changes
        ]
        print_json(rows)
        return
    for one in changes:
        click.echo(one.sentence())
    if not changes:
        click.echo("Không có thay đổi / no change")
        return
    moving = sum(one.scores for one in changes)
    most = [", ".join(f"{points_of(one.criteria()):g}" for one in _variants(of).values()) for of in (before, after)]
    click.echo(
        f"{len(changes)} thay đổi, {moving} làm thay đổi điểm; tổng điểm tối đa {most[0]} → {most[1]} / changes, of "
        "them moving scores; maximum"
    )


def _variants(rubric: Rubric) -> dict[str, Rubric]:
    """Return the rubric as it is scored from each source of figures, by what the source is called."""
    named = {source for one in rubric.criteria() for source in one.sources}
    sources = sorted(named | {"local"}) if named else ()
    return {source: rubric.for_source(source) for source in sources} or {"điểm / points": rubric}
