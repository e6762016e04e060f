"""The command `cchc portal`: what a person saves by hand, and single procedures on request."""

from __future__ import annotations

import json
from datetime import date

import click

from cchc_pipeline.cli import options
from cchc_pipeline.cli.printing import print_rows
from cchc_pipeline.contracts import load_contract
from cchc_pipeline.days import Window, parse_period, today
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.settings import load_settings
from cchc_pipeline.sources.national_portal.requests import PROCEDURE_REPORTS, REPORT_PATH, night_requests
from cchc_pipeline.sources.national_portal.source import METRICS, PROVINCES
from cchc_pipeline.sources.registry import national_portal


@click.group()
def portal() -> None:
    """Cổng DVCQG: replies that a person saves where the portal refuses this network, and single procedures.

    Saved replies lie in <data-dir>/drop/portal/<day>.
    """


@portal.command()
@options.lake
@click.option("--day", type=options.DAY, help="Day of the night that will read the replies. Default: today.")
@click.option("--root", help="Identifier of the province on the portal. Default: the one that the lake holds.")
def requests(lake: Lake, day: date | None, root: str | None) -> None:
    """Print what has to be saved: name of each file, address and body of its request, as a requests.json.

    Example: cchc portal requests > data/drop/portal/2026-11-30/requests.json
    """
    day = day or today()
    root = root or _known_root(lake)
    wanted = night_requests(Window(day, day), root)
    names = {f"{one.report}-{one.period}{'' if one.root_id else '-provinces'}.json": one for one in wanted}
    shown = {name: {"url": REPORT_PATH + one.report, "body": one.body()} for name, one in names.items()}
    click.echo(json.dumps(shown, ensure_ascii=False, indent=1))
    if root is None:
        click.echo(
            "Mã định danh của tỉnh chưa biết: lưu danh sách các tỉnh trước, rồi thêm --root (departmentId của tỉnh) / "
            "the province's identifier is not known: save the list of provinces first, then add --root",
            err=True,
        )


@portal.command()
@click.argument("code")
@options.choice("--report", among=PROCEDURE_REPORTS, default="dvc-progress-tree", text="Report of the portal.")
@click.option("--period", required=True, help="2026-08, 2026-Q3 or 2026.")
@options.form("table", "csv", "json")
def procedure(code: str, report: str, period: str, form: str) -> None:
    """Ask the portal for one report of a single procedure: the province and every unit below it.

    CODE is the code of the procedure or its identifier on the portal. Nothing is kept.
    Example: cchc portal procedure 2.000815 --period 2026-08 --format csv
    """
    settings = load_settings()
    if settings.national_portal_url is None:
        raise click.UsageError("no address of the portal: set CCHC_NATIONAL_PORTAL_URL")
    rows = national_portal(settings).of_procedure(report, parse_period(period), code)
    columns: dict[str, object] = {
        "unit_code": "Mã", "unit_name": "Đơn vị", "metric_code": "Chỉ số", "numerator": "Tử số",
        "denominator": "Mẫu số", "ratio_pct": "Tỷ lệ", "score": "Điểm", "max_score": "Điểm tối đa",
    }  # fmt: skip
    print_rows(rows, columns, form)


def _known_root(lake: Lake) -> str | None:
    province = load_settings().province_code
    for table in (PROVINCES, METRICS):
        held = lake.store.read(f"core/{table}", schema=load_contract(table).arrow_schema())
        for code, root in zip(held["unit_code"].to_pylist(), held["department_id"].to_pylist(), strict=True):
            if code == province and root:
                return str(root)
    return None
