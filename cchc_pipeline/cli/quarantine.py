"""The commands `cchc quarantine`: records that wait, why, and accepting one as it is."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import click

from cchc_pipeline.arrow import table_from_records
from cchc_pipeline.cli import options
from cchc_pipeline.cli.printing import Column, print_rows
from cchc_pipeline.contracts import Contract
from cchc_pipeline.contracts.model import all_contracts, load_contract
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.reports.scope import unit_names
from cchc_pipeline.text import mask_text
from cchc_pipeline.validation.acceptances import accept, acceptances_table, is_acceptable, suggested_fix, withdraw
from cchc_pipeline.validation.quarantine import identities, read_quarantine, sightings

Records = list[dict[str, Any]]
_FORM = options.form("table", "csv", "json", text="How the rows are printed; CSV and JSON have every column.")
_RULES = Column("quy tắc", lambda ids: " ".join(rule.split(".", 1)[1] for rule in ids.split(";")))


def _words(name: str, text: str) -> Any:
    """Return a required option that is written in words, handed over on one line."""

    def on_one_line(_: click.Context, __: click.Parameter, given: str) -> str:
        if not given.strip():
            raise click.BadParameter("it is empty. Fix: write it in words; it is recorded.", param_hint=name)
        return " ".join(given.split())

    return click.option(name, required=True, callback=on_one_line, help=text)


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
@click.option("--since", type=options.DAY, help="Only records that a day of data from this one on brought.")
@click.option("--limit", type=click.IntRange(1), default=50, help="At most so many records.")
@_FORM
@options.filled_lake
def list_(
    table: str | None, rule: str | None, unit: str | None, since: date | None, limit: int, form: str,
    lake: Lake,
) -> None:  # fmt: skip
    """List the records that wait, those seen last first.

    \b
    Example:
      cchc quarantine list --rule DQ06 --unit H34.12
    """
    found = _waiting(lake, table)
    if rule:
        known = sorted({one.id for contract in inbound(table) for one in contract.rules})
        wanted = {one for one in known if rule in (one, one.split(".", 1)[1])}
        if not wanted:
            raise click.BadParameter(f"{rule}: no such rule. Rules: {', '.join(known)}", param_hint="--rule")
        found = [row for row in found if wanted & set(row["rule_ids"].split(";"))]
    if unit:
        found = [row for row in found if f"{row['unit_code']}.".startswith(f"{unit}.")]
    if since:
        found = [row for row in found if row["last_seen_on"] >= since]
    found.sort(key=lambda row: (-row["last_seen_on"].toordinal(), row["table_name"], row["row_key"]))
    columns = {
        "table_name": "bảng", "row_key": "khóa", "unit_code": "đơn vị", "rule_ids": _RULES, "reasons_vi": "lý do",
        "first_seen_on": "từ ngày", "last_seen_on": "đến ngày", "times_seen": "số lần",
    }  # fmt: skip
    print_rows(found[:limit], columns, form, "Bản ghi bị loại / quarantine")
    if len(found) > limit:
        click.echo(f"{limit} of {len(found):,} records; --limit shows more, --table, --rule, --unit fewer.", err=True)


@quarantine.command()
@click.argument("key")
@click.option("--table", help="The table, where several hold a record of this key.")
@options.filled_lake
def show(key: str, table: str | None, lake: Lake) -> None:
    """Show a waiting record: its content, every rule it broke with what to do, its history.

    KEY is the key as `list` prints it.
    """
    rows = _of_key(lake, key, table)
    held = table_from_records(rows, schema=load_contract("quarantine").arrow_schema())
    names = unit_names(lake.store.read("built/units", schema=load_contract("units").arrow_schema()))
    for row, identity in zip(rows, identities(held), strict=True):
        contract = load_contract(row["table_name"])
        unit = f"{row['unit_code'] or '—'} {names.get(row['unit_code'], '')}".rstrip()
        place = f"{row['source']}, dòng {row['source_row_number']} của ngày {row['pulled_for_on']}"
        click.echo(f"{contract.title_vi} · {row['table_name']} · {row['row_key']}")
        click.echo(f"  đơn vị / unit: {unit}\n  nguồn / source: {place}")
        for rule_id in row["rule_ids"].split(";"):
            rule = contract.rule(rule_id)
            vi, en = suggested_fix(rule, contract)
            click.echo(f"\n  {rule_id}\n    {rule.sentence_vi}\n    {rule.sentence_en}\n    → {vi}\n    → {en}")
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
        for one in acceptances_table(lake, [row["table_name"]]).to_pylist():
            if one["row_key"] == key:
                click.echo(f"    {_decision(one)}")


@quarantine.command()
@click.argument("key")
@click.option("--table", required=True, help="The table of the record.")
@_words("--reason", "Why it is right as it is. Published; no names of citizens.")
@_words("--by", "Who decides. Published.")
@click.option("--rule", "rules", multiple=True, help="Accept this rule only; can be repeated. Default: all it broke.")
@options.filled_lake
def release(key: str, table: str, reason: str, by: str, rules: tuple[str, ...], lake: Lake) -> None:
    """Accept a waiting record as it is: the next run takes it in as valid.

    It stays valid when it comes again and breaks the same rules, and waits again when it breaks
    another one. A record without a required value or with a repeated key cannot be released.

    \b
    Example:
      cchc quarantine release 64b0…01 --table one_stop__dossiers --by "Trần Thị Mẫu" \\
        --reason "Hồ sơ giấy ghi đúng ngày này, đã đối chiếu sổ"
    """
    rows = _of_key(lake, key, table)
    whole = [rule if "." in rule else f"{table}.{rule}" for rule in rules]
    release_id = accept(
        lake, rows, load_contract(table), reason=mask_text(reason), by=by, at=datetime.now(UTC), rules=whole
    )
    click.echo(f"Đã ghi nhận / recorded: {release_id}")
    rest = [rule for row in rows for rule in row["rule_ids"].split(";") if whole and rule not in whole]
    last_day = max(row["pulled_for_on"] for row in rows)
    if rest:
        click.echo(f"Bản ghi vẫn chờ vì / it goes on waiting for: {', '.join(dict.fromkeys(rest))}")
    else:
        click.echo(f"Lần chạy sau sẽ nhận bản ghi / the next run takes it in: `cchc run --day {last_day}`")


@quarantine.command()
@click.argument("key")
@click.option("--table", required=True, help="The table of the record.")
@_words("--reason", "Why the release is taken back. Published; no names of citizens.")
@_words("--by", "Who decides. Published.")
@options.filled_lake
def unrelease(key: str, table: str, reason: str, by: str, lake: Lake) -> None:
    """Take the release of a record back: the next run puts it into quarantine again."""
    inbound(table)
    taken = withdraw(lake, table, key, reason=mask_text(reason), by=by, at=datetime.now(UTC))
    click.echo(f"Đã hủy chấp nhận / taken back: {', '.join(taken)}. The next run judges the record again.")


@quarantine.command()
@click.option("--table", help="Only records of this table.")
@_FORM
@options.filled_lake
def releases(table: str | None, form: str, lake: Lake) -> None:
    """List every decision: what was released, by whom, why, and whether it still holds."""
    found = acceptances_table(lake, [contract.name for contract in inbound(table)]).to_pylist()
    columns = {
        "table_name": "bảng", "row_key": "khóa", "rule_ids": _RULES, "release_reason": "lý do",
        "released_by": "người chấp nhận", "released_at": "lúc",
        "is_active": Column("còn hiệu lực", lambda active: "●" if active else "", justify="left"),
    }  # fmt: skip
    print_rows(found, columns, form, "Bản ghi được chấp nhận / releases")


def inbound(table: str | None) -> list[Contract]:
    """Return the contract of an inbound table, None for all of them.

    Raises:
        click.BadParameter: there is no such table; the option is --table.
    """
    every = [contract for contract in all_contracts() if not contract.is_published]
    if table and table not in {contract.name for contract in every}:
        names = ", ".join(contract.name for contract in every)
        raise click.BadParameter(f"{table}: no such inbound table. Tables: {names}", param_hint="--table")
    return [contract for contract in every if table in (None, contract.name)]


def _waiting(lake: Lake, table: str | None) -> Records:
    return [row for contract in inbound(table) for row in read_quarantine(lake, contract.name).to_pylist()]


def _of_key(lake: Lake, key: str, table: str | None) -> Records:
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


def _decision(one: dict[str, Any]) -> str:
    decided = f"{one['released_at']:%Y-%m-%d %H:%M}: {one['released_by']}"
    text = f"{decided} chấp nhận {one['rule_ids']}: {one['release_reason']}"
    if one["is_active"]:
        return text
    return text + f" — {one['withdrawn_at']:%Y-%m-%d %H:%M}: {one['withdrawn_by']} hủy: {one['withdrawal_reason']}"
