"""The command `cchc explain`: an indicator with the items behind it, or a column with its source fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from cchc_pipeline.cli import options
from cchc_pipeline.cli.printing import console, csv_text, print_json, print_rows, table
from cchc_pipeline.contracts import all_contracts
from cchc_pipeline.indicators.catalogue import unit_vi
from cchc_pipeline.reports.explain import Behind, Explanation, explain
from cchc_pipeline.reports.lineage.trace import Step, fields_named, path
from cchc_pipeline.scorecards.indicators_used import criteria_by_indicator
from cchc_pipeline.vietnamese import days

_SIDES = {
    "moved": "Làm thay đổi tử số hoặc mẫu số giữa hai đêm / moved between the two nights",
    "numerator": "Tử số / numerator",
    "denominator": "Mẫu số / denominator",
    "lacking": "Trong mẫu số, không trong tử số / in the denominator, not in the numerator",
}
_HEADS = {
    "dossier_code": "Mã hồ sơ", "unit_code": "Cơ quan", "procedure_code": "Mã TTHC", "procedure_name": "Tên TTHC",
    "channel": "Kênh", "received_on": "Tiếp nhận", "due_on": "Hạn", "closed_on": "Kết thúc", "outcome": "Kết quả",
    "contributes": "Đóng góp", "numerator_before": "Tử số trước", "numerator": "Tử số",
    "denominator_before": "Mẫu số trước", "denominator": "Mẫu số",
    "document_id": "Định danh", "document_number": "Số", "notation": "Ký hiệu",
    "subject_kind": "Nội dung", "promulgated_on": "Ban hành", "sent_on": "Gửi", "service_level": "Mức độ",
    "executing_level": "Cấp",
}  # fmt: skip
_DIRECTIONS = {"higher": "càng cao càng tốt", "lower": "càng thấp càng tốt", "none": "không có chiều"}


@click.command("explain")
@click.argument("name", metavar="INDICATOR|COLUMN")
@options.unit
@options.days("First day of the window; an indicator needs both.", "Last day of the window.")
@click.option("--limit", default=10, type=click.IntRange(0), help="How many items are listed.")
@click.option(
    "--side", "sides", type=click.Choice(list(_SIDES)), multiple=True, default=list(_SIDES), show_default=False,
    help="What is listed; may be repeated, default all. lacking: what costs a rate its points. moved: needs --since.",
)  # fmt: skip
@click.option("--since", type=options.DAY, help="A night: dossiers that moved the figure after it are listed first.")
@click.option("--until", type=options.DAY, help="The last night for --since; by default the newest.")
@options.form("table", "csv", "json", text="How it is printed; csv has the items only.")
@options.data_dir
def explain_command(
    name: str, unit: str | None, first: date | None, last: date | None, limit: int, sides: tuple[str, ...],
    since: date | None, until: date | None, form: str, data_dir: Path | None,
) -> None:  # fmt: skip
    """What INDICATOR means, its value for a unit and any window, and the dossiers behind it; or whence COLUMN comes.

    The code of a criterion that is scored from an indicator names it as well. Without days, COLUMN (or TABLE.COLUMN)
    is a column of the published tables: what it is computed from, back to the fields of the sources.

    \b
    Examples:
      cchc explain late_rate --from 2026-09-01 --to 2026-09-30
      cchc explain pending_overdue --unit H99.02 --from 2026-09-15 --to 2026-10-10 --limit 50
      cchc explain DOSSIER_ON_TIME --unit H99.14 --from 2026-09-01 --to 2026-09-30 --side lacking
      cchc explain DOSSIER_ON_TIME --unit H99.14 --from 2026-09-01 --to 2026-09-30 --since 2026-09-22 --side moved
      cchc explain documents_signed_rate --from 2026-09-01 --to 2026-09-30 --format json
      cchc explain dossiers.finished_on
    """
    if first is None and last is None and print_column(name, form):
        return
    if first is None or last is None:
        missing = "--from" if first is None else "--to"
        raise click.UsageError(f"Missing option '{missing}'. Days may be left out for a column of a table only.")
    if until and not since:
        raise click.UsageError("Missing option '--since'. --until is the last night for it.")
    if since and until and until <= since:
        raise click.UsageError(f"--until {until} is not after --since {since}. Give a later night.")
    nights = (since, until) if since else None
    found = explain(options.lake_in(data_dir), name, first, last, unit, limit, nights)
    found = replace(found, behind=[behind for behind in found.behind if behind.side in sides])
    if form == "json":
        print_json(_as_dict(found))
    elif form == "csv":
        for behind in found.behind:
            click.echo(csv_text([{"side": behind.side, **row} for row in behind.rows]), nl=False)
    else:
        _print(console(), found)


def _as_dict(found: Explanation) -> dict[str, Any]:
    one = found.indicator
    return {
        "indicator_id": one.id,
        **{name: getattr(one, name) for name in ("name_vi", "name_en", "legal_basis")},
        "unit_of_measure": one.unit,
        **{name: getattr(one, name) for name in ("direction", "kind", "is_additive", "family")},
        "scored_in": criteria_by_indicator().get(one.id, ()),
        "unit_code": found.scope.unit_code,
        "unit_name": found.scope.unit_name,
        "from": found.scope.first,
        "to": found.scope.last,
        **{name: getattr(found, name) for name in ("numerator", "denominator", "value", "published", "notes")},
        "behind": [
            {
                "side": behind.side,
                "over": behind.term.relation.id,
                "definition": behind.term.sql,
                "meaning": behind.term.relation.meaning,
                "value": behind.value,
                "query": behind.sql,
                "made_in": f"cchc_pipeline/indicators/sql/{behind.term.relation.sql}",
                "count": behind.count,
                "items": behind.rows,
            }
            for behind in found.behind
        ],
    }


def _number(value: float | None) -> str:
    return "—" if value is None else f"{value:,.10g}"


def _print(out: Console, found: Explanation) -> None:
    one = found.indicator

    def line(head: str, text: str) -> None:
        out.print(f"[dim]{head:<14}[/]", end="")
        out.print(text, markup=False, highlight=False, soft_wrap=True)

    out.print(f"[bold]{one.name_vi}[/] / {one.name_en}", highlight=False)
    scored = ", ".join(criteria_by_indicator().get(one.id, ())) or "không / none"
    line("chỉ tiêu", f"{one.id} (cchc_pipeline/indicators/families/{one.family}.yaml)")
    line("căn cứ", one.legal_basis)
    line("đơn vị tính", f"{unit_vi(one.unit)}; {_DIRECTIONS.get(one.direction, one.direction)}; {one.kind}")
    line("cộng dồn", "tử số và mẫu số cộng được theo đơn vị" if one.is_additive else "không cộng được theo đơn vị")
    line("dùng để chấm", scored)
    line("cơ quan", f"{found.scope.unit_code} {found.scope.unit_name}, gồm các đơn vị trực thuộc")
    line("thời gian", days(found.scope.first, found.scope.last))
    value = f"{_number(found.value)} {unit_vi(one.unit)}"
    if found.denominator is not None and one.kind not in ("median", "index"):
        value += f" = {'100 × ' if one.unit == '%' else ''}{_number(found.numerator)} / {_number(found.denominator)}"
    line("giá trị", value)
    if found.published is not None:
        is_same = all(found.published[name] == getattr(found, name) for name in ("numerator", "denominator", "value"))
        told = "khớp" if is_same else f"khác: {_number(found.published['value'])}"
        line("đã công bố", f"{found.published['period_type']}: {told}")
    for note in found.notes:
        line("lưu ý", note)
    for behind in found.behind:
        _print_side(out, behind)
    if not found.behind:
        side = "--side numerator" if one.direction == "lower" else "--side numerator, --side denominator"
        out.print(f"\nKhông có danh sách này / no such list; xem / see {side}.", markup=False, highlight=False)


def _print_side(out: Console, behind: Behind) -> None:
    out.print(f"\n[bold]{_SIDES[behind.side]}[/] = {_number(behind.value)}", highlight=False)
    relation = behind.term.relation
    out.print(f"{relation.id}: {relation.meaning}", markup=False, highlight=False, soft_wrap=True)
    if behind.sql and behind.side != "lacking":  # it joins the two queries above
        out.print(behind.sql, markup=False, highlight=False, soft_wrap=True)
        out.print(f"-- indicators/sql/{relation.sql}", markup=False, highlight=False, style="dim")
    kinds: dict[str, list[dict[str, Any]]] = {}
    for row in behind.rows:
        kinds.setdefault(str(row.get("item", relation.view)), []).append(row)
    for kind, rows in kinds.items():
        heads = {name: _HEADS.get(name, name) for name in rows[0] if name not in ("item", "dossier_id")}
        out.print(table(rows, heads, f"{kind}: {len(behind.rows)} / {behind.count:,}"))
    if not behind.rows:
        out.print(f"{behind.count:,} bản ghi / items", highlight=False)


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
