"""The commands `cchc sandbox`: serve and describe the built-in province."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import click

from cchc_pipeline.cli import options
from cchc_pipeline.sandbox.life import workdays
from cchc_pipeline.sandbox.province import SCENARIO_NAMES, Province
from cchc_pipeline.sandbox.servers.server import SandboxServer
from cchc_pipeline.sandbox.servers.web import CLIENT_ID
from cchc_pipeline.sandbox.truth.definitions import indicators
from cchc_pipeline.sandbox.truth.indicators import indicator_truth


@click.group()
def sandbox() -> None:
    """Tỉnh trong hộp: a province in a box, to try the pipeline without any real system.

    Three source systems (one-stop, documents, national portal) of an invented province, over HTTP on this
    machine. Every record is generated from the scenario, the seed and the day; no real person occurs in it.
    """


_scenario_options = options.province(
    options.choice(
        "--scenario",
        among=SCENARIO_NAMES,
        text="two-level-2026: invented, from 2026-09-01 on without an end. The others hold the published figures of a "
        "province exactly.",
    )
)


@sandbox.command()
@_scenario_options
@click.option("--port", default=8766, help="Loopback port; 0 takes a free one.")
@click.option("--as-of", default=None, metavar="ISO", help="Stop the clock, e.g. 2026-10-10T23:30. Default: it runs.")
def serve(scenario: str, seed: int, size: float, port: int, as_of: str | None) -> None:
    """Serve the three systems until Ctrl+C.

    Example: cchc sandbox serve --size 0.3 --as-of 2026-10-10T23:30
    """
    try:
        clock = datetime.fromisoformat(as_of) if as_of else None
        with SandboxServer(scenario, seed, size, clock, port) as server:
            base = server.base_url
            click.echo(f"Sandbox {scenario} (seed {seed}, size {server.province.size:g}) as of {server.clock()}")
            click.echo(f"  Một cửa / one-stop          {base}/one-stop")
            click.echo(f"  Văn bản / documents         {base}/documents")
            click.echo(f"  Cổng DVCQG / portal         {base}/national-portal")
            click.echo(f"  Điều khiển / admin          {base}/sandbox/describe")
            click.echo(f"  Tài khoản / credentials     {CLIENT_ID} / {CLIENT_ID}")
            server.wait()
    except ValueError as error:
        raise click.BadParameter(f"{as_of}: {error}", param_hint="--as-of") from error
    except KeyboardInterrupt:
        click.echo("Đã dừng / stopped")


@sandbox.command()
@_scenario_options
@options.days("First day of the period. Default: the first day of data.", "Last day. Default: 30 days later.")
@click.option("--unit", default=None, help="Unit code; default: the province.")
def describe(scenario: str, seed: int, size: float, first: date | None, last: date | None, unit: str | None) -> None:
    """Print what a province is, and its true indicators over a period.

    Example: cchc sandbox describe --scenario dak-nong-2020 --from 2019-11-16 --to 2020-11-08
    """
    province = Province(scenario, seed, size)
    shown = province.scenario.unit(unit) if unit else province.units[0]
    first = first or province.scenario.go_live
    last = last or first + timedelta(days=29)
    if last < first:
        raise click.BadParameter("--to lies before --from", param_hint="--to")
    levels = [unit.level for unit in province.units]
    click.echo(f"{scenario}: {province.scenario.title}")
    click.echo(
        f"  {len(province.procedures)} procedures; units: "
        + ", ".join(f"{levels.count(level)} {level}" for level in dict.fromkeys(levels))
    )
    click.echo(
        f"  {shown.code} {shown.name}, {first} .. {last} ({workdays.between(first, last)} working days after {first})"
    )
    truth = indicator_truth(province, last, first, last)
    for indicator in indicators():
        if (indicator, shown.code) not in truth:
            continue
        numerator, denominator = truth[indicator, shown.code]
        line = f"  {indicator:36}{numerator:14,.10g}"
        if denominator is not None:
            share = f"{numerator / denominator:9.4f}" if denominator and "median" not in indicator else ""
            line += f" / {denominator:10,.10g}  {share}"
        click.echo(line)
    defects = province.expected_defects(last, first, last)
    click.echo(f"  {'defective records (never counted)':36}{len(defects):14,}")
