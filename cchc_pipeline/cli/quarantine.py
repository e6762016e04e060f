"""The command `cchc quarantine`: what waits, why, and accepting a record as it is."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click
import pyarrow as pa
from rich.console import Console
from rich.table import Table

from cchc_pipeline.arrow import table_from_records
from cchc_pipeline.cli.options import lake_in
from cchc_pipeline.contracts.registry import all_contracts, load_contract
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.text import mask_text
from cchc_pipeline.validation.acceptances import accept, acceptances_table, is_acceptable, withdraw
from cchc_pipeline.validation.quarantine import identities, read_quarantine, sightings
from cchc_pipeline.validation.remedies import suggested_fix

DAY = click.DateTime(["%Y-%m-%d"])
Rows = list[dict[str, Any]]

data_dir = click.option("--data-dir", type=click.Path(path_type=Path), help="Folder of the lake; default data.")
form = click.option(
    "--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True,
    help="How the rows are printed; CSV and JSON have every column.",
)  # fmt: skip


@click.group()
def quarantine() -> None:
    """Bản ghi bị loại: the records that wait because they broke a rule.

    A record leaves by itself when it arrives again and is right. One that is right as it is can be
    released; the next run then takes it in.
    """


@quarantine.command("list")
@click.option("--table", help="Only records of this table, for example one_stop__dossiers.")
@click.option("--rule", help="Only records that broke this rule, as DQ06 or one_stop__dossiers.DQ06.")
@click.option("--unit", help="Only records of this unit and of what is below it.")
@click.option("--since", type=DAY, help="Only records that a day of data from this one on (yyyy-mm-dd) brought.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="At most so many records.")
@form
@data_dir
def list_(
    table: str | None, rule: str | None, unit: str | None, since: datetime | None, limit: int, form: str,
    data_dir: Path | None,
) -> None:  # fmt: skip
    """List the records that wait, those seen last first.

    \b
    Example:
      cchc quarantine list --rule DQ06 --unit H34.12
    """  # noqa: D301 - the backspace is how click is told to keep lines
    found = _waiting(_lake(data_dir), table)
    if rule:
        known = sorted({one.id for contract in _inbound(table) for one in contract.rules})
        wanted = {one for one in known if one == rule or one.split(".", 1)[1] == rule}
        if not wanted:
            raise click.BadParameter(f"{rule}: no such rule. Rules: {', '.join(known)}", param_hint="--rule")
        found = [row for row in found if wanted & set(row["rule_ids"].split(";"))]
    if unit:
        found = [row for row in found if row["unit_code"] == unit or (row["unit_code"] or "").startswith(f"{unit}.")]
    if since:
        found = [row for row in found if row["last_seen_on"] >= since.date()]
    found.sort(key=lambda row: (-row["last_seen_on"].toordinal(), row["table_name"], row["row_key"]))
    _print(found[:limit], form, "Bản ghi bị loại / quarantine", {
        "table_name": "bảng", "row_key": "khóa", "unit_code": "đơn vị", "rule_ids": "quy tắc", "reasons_vi": "lý do",
        "first_seen_on": "từ ngày", "last_seen_on": "đến ngày", "times_seen": "số lần",
    })  # fmt: skip
    if len(found) > limit:
        click.echo(f"{limit} of {len(found):,} records; --limit shows more, --table, --rule, --unit fewer.", err=True)


@quarantine.command()
@click.argument("key")
@click.option("--table", help="The table, where several hold a record of this key.")
@data_dir
def show(key: str, table: str | None, data_dir: Path | None) -> None:
    """Show a waiting record: its content, every rule it broke with what to do, its history.

    KEY is the key as `list` prints it.
    """
    lake = _lake(data_dir)
    rows = _of_key(lake, key, table)
    for row, identity in zip(rows, identities(_as_table(rows)), strict=True):
        contract = load_contract(row["table_name"])
        click.echo(f"{contract.title_vi} · {row['table_name']} · {row['row_key']}")
        unit = _unit_names(lake).get(row["unit_code"] or "", "")
        click.echo(f"  đơn vị / unit: {row['unit_code'] or '—'} {unit}".rstrip())
        click.echo(
            f"  nguồn / source: {row['source']}, dòng {row['source_row_number']} của ngày {row['pulled_for_on']}"
        )
        for rule_id in row["rule_ids"].split(";"):
            rule = contract.rule(rule_id)
            vi, en = suggested_fix(rule, contract)
            click.echo(f"\n  {rule_id}\n    {rule.sentence_vi}\n    {rule.sentence_en}")
            click.echo(f"    → {vi}\n    → {en}")
            if not is_acceptable(rule, contract):
                click.echo("    không thể chấp nhận / cannot be released")
        click.echo("\n  nội dung / content")
        for name, value in json.loads(row["row_json"]).items():
            click.echo(f"    {contract.column(name).label_vi} ({name}): {'' if value is None else value}")
        click.echo("\n  lịch sử / history")
        for day, one in sorted(sightings(lake, row["table_name"]).get(identity, {}).items()):
            click.echo(
                f"    {day}: nhận lúc {one.seen_at:%Y-%m-%d %H:%M}, {one.rule_ids}, quy tắc bản {one.contract_version}"
            )
        for decided in _decisions(lake, row["table_name"], key):
            click.echo(f"    {_decision(decided)}")


@quarantine.command()
@click.argument("key")
@click.option("--table", required=True, help="The table of the record.")
@click.option("--reason", required=True, help="Why it is right as it is. Published; no names of citizens.")
@click.option("--by", required=True, help="Who decides. Published.")
@click.option("--rule", "rules", multiple=True, help="Accept this rule only; can be repeated. Default: all it broke.")
@data_dir
def release(key: str, table: str, reason: str, by: str, rules: tuple[str, ...], data_dir: Path | None) -> None:
    """Accept a waiting record as it is: the next run takes it in as valid.

    It stays valid when it comes again and breaks the same rules, and waits again when it breaks
    another one. A record without a required value or with a repeated key cannot be released.

    \b
    Example:
      cchc quarantine release 64b0…01 --table one_stop__dossiers --by "Trần Thị Mẫu" \\
        --reason "Hồ sơ giấy ghi đúng ngày này, đã đối chiếu sổ"
    """  # noqa: D301 - the backspace is how click is told to keep lines
    lake = _lake(data_dir)
    rows = _of_key(lake, key, table)
    whole = [rule if "." in rule else f"{table}.{rule}" for rule in rules]
    release_id = accept(
        lake, rows, load_contract(table), reason=mask_text(_said(reason, "--reason")), by=_said(by, "--by"),
        at=datetime.now(UTC), rules=whole,
    )  # fmt: skip
    click.echo(f"Đã ghi nhận / recorded: {release_id}")
    rest = [rule for row in rows for rule in row["rule_ids"].split(";") if whole and rule not in whole]
    if rest:
        click.echo(f"Bản ghi vẫn chờ vì / it goes on waiting for: {', '.join(dict.fromkeys(rest))}")
    else:
        click.echo(f"Lần chạy sau sẽ nhận bản ghi / the next run takes it in: `cchc run --day {_last_day(rows)}`")


@quarantine.command()
@click.argument("key")
@click.option("--table", required=True, help="The table of the record.")
@click.option("--reason", required=True, help="Why the release is taken back. Published; no names of citizens.")
@click.option("--by", required=True, help="Who decides. Published.")
@data_dir
def unrelease(key: str, table: str, reason: str, by: str, data_dir: Path | None) -> None:
    """Take the release of a record back: the next run puts it into quarantine again."""
    _inbound(table)
    taken = withdraw(
        _lake(data_dir), table, key, reason=mask_text(_said(reason, "--reason")), by=_said(by, "--by"),
        at=datetime.now(UTC),
    )  # fmt: skip
    click.echo(f"Đã hủy chấp nhận / taken back: {', '.join(taken)}. The next run judges the record again.")


@quarantine.command()
@click.option("--table", help="Only records of this table.")
@form
@data_dir
def releases(table: str | None, form: str, data_dir: Path | None) -> None:
    """List every decision: what was released, by whom, why, and whether it still holds."""
    found = acceptances_table(_lake(data_dir), [contract.name for contract in _inbound(table)]).to_pylist()
    _print(found, form, "Bản ghi được chấp nhận / releases", {
        "table_name": "bảng", "row_key": "khóa", "rule_ids": "quy tắc", "release_reason": "lý do",
        "released_by": "người chấp nhận", "released_at": "lúc", "is_active": "còn hiệu lực",
    })  # fmt: skip


def _lake(data_dir: Path | None) -> Lake:
    lake = lake_in(data_dir)
    lake.span()  # says which command fills a lake that is empty
    return lake


def _inbound(table: str | None) -> list[Any]:
    every = [contract for contract in all_contracts() if not contract.is_published]
    if table and table not in {contract.name for contract in every}:
        names = ", ".join(contract.name for contract in every)
        raise click.BadParameter(f"{table}: no such inbound table. Tables: {names}", param_hint="--table")
    return [contract for contract in every if table in (None, contract.name)]


def _waiting(lake: Lake, table: str | None) -> Rows:
    return [row for contract in _inbound(table) for row in read_quarantine(lake, contract.name).to_pylist()]


def _of_key(lake: Lake, key: str, table: str | None) -> Rows:
    rows = [row for row in _waiting(lake, table) if row["row_key"] == key]
    if not rows:
        where = f"in {table}" if table else "in any table"
        raise click.ClickException(
            f"No record with key {key!r} waits {where}. Fix: see `cchc quarantine list` for the keys; a record that "
            "was corrected has left, a released one is in `cchc quarantine releases`."
        )
    tables = sorted({row["table_name"] for row in rows})
    if len(tables) > 1:
        raise click.UsageError(f"Several tables hold a record with key {key}: {', '.join(tables)}. Fix: add --table.")
    return rows


def _as_table(rows: Rows) -> pa.Table:
    return table_from_records(rows, schema=load_contract("quarantine").arrow_schema())


def _decisions(lake: Lake, table: str, key: str) -> Rows:
    return [one for one in acceptances_table(lake, [table]).to_pylist() if one["row_key"] == key]


def _decision(one: dict[str, Any]) -> str:
    decided = f"{one['released_at']:%Y-%m-%d %H:%M}: {one['released_by']}"
    text = f"{decided} chấp nhận {one['rule_ids']}: {one['release_reason']}"
    if one["is_active"]:
        return text
    return text + f" — {one['withdrawn_at']:%Y-%m-%d %H:%M}: {one['withdrawn_by']} hủy: {one['withdrawal_reason']}"


def _unit_names(lake: Lake) -> dict[str, str]:
    names = pa.schema([("unit_code", pa.string()), ("unit_name", pa.string())])
    held = lake.read_state("built", "units", names)
    return dict(zip(held["unit_code"].to_pylist(), held["unit_name"].to_pylist(), strict=True))


def _last_day(rows: Sequence[dict[str, Any]]) -> date:
    return max(row["pulled_for_on"] for row in rows)


def _said(text: str, option: str) -> str:
    if not text.strip():
        raise click.BadParameter("it is empty. Fix: write it in words; it is recorded.", param_hint=option)
    return " ".join(text.split())


def _print(rows: Rows, form: str, title: str, shown: dict[str, str]) -> None:
    if form == "json":
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2, default=str))
    elif form == "csv":
        stream = io.StringIO()
        writer = csv.DictWriter(stream, list(rows[0]) if rows else list(shown), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        click.echo(stream.getvalue(), nl=False)
    elif not rows:
        click.echo("Không có bản ghi nào / no records.")
    else:
        table = Table(title=title, title_justify="left")
        for name, label in shown.items():
            table.add_column(label, justify="right" if name == "times_seen" else "left", overflow="fold")
        for row in rows:
            table.add_row(*(_cell(row, name) for name in shown))
        Console().print(table)


def _cell(row: dict[str, Any], name: str) -> str:
    value = row[name]
    if name == "rule_ids":
        return " ".join(rule.split(".", 1)[1] for rule in value.split(";"))
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, bool):
        return "●" if value else ""
    return "" if value is None else str(value)
