"""The command `cchc portal`: what a person saves by hand, and single procedures on request."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import click

from cchc_pipeline.cli import options
from cchc_pipeline.cli.printing import print_rows
from cchc_pipeline.days import Window, parse_period, today
from cchc_pipeline.lake.files import replace_file, write_json
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.settings import load_settings
from cchc_pipeline.sources.evidence import INDEX, archives, read_archive
from cchc_pipeline.sources.landing import known_state
from cchc_pipeline.sources.national_portal.catalogue import pages_due
from cchc_pipeline.sources.national_portal.requests import PROCEDURE_REPORTS, night_requests
from cchc_pipeline.sources.national_portal.source import known_root
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

    It is what the night would ask, pages of the catalogue of procedures included. Once the replies lie there, run
    `cchc run --day 2026-11-30`.

    Example: mkdir -p data/drop/portal/2026-11-30 && cchc portal requests --day 2026-11-30 >
    data/drop/portal/2026-11-30/requests.json
    """
    day = day or today()
    root = root or _known_root(lake)
    night = Window(day, day)
    pages = pages_due(night, known_state(lake, {}, None))
    wanted = [*night_requests(night, root, with_closed=not pages), *(pages if root else ())]
    shown = {one.file_name: {"url": one.path, "body": one.body()} for one in wanted}
    click.echo(json.dumps(shown, ensure_ascii=False, indent=1))
    if root is None:
        click.echo(
            "Mã định danh của tỉnh chưa biết: lưu danh sách các tỉnh trước, rồi thêm --root (departmentId của tỉnh) / "
            "the province's identifier is not known: save the list of provinces first, then add --root",
            err=True,
        )


@portal.command()
@options.lake
@click.option("--day", type=options.DAY, help="Day of the nights whose replies are meant. Default: all that are kept.")
@click.option("--to", "folder", type=click.Path(path_type=Path, file_okay=False), help="Also write the replies here.")
@options.form("table", "csv", "json")
def evidence(lake: Lake, day: date | None, folder: Path | None, form: str) -> None:
    """List the raw replies that are kept as evidence: request, time, status, sha256, and whether it still holds.

    They lie in <data-dir>/evidence/national_portal/<day>_<time>.zip, each with its request in requests.json. What
    `--to` writes, a folder per pull, can be read again as saved replies: write to <data-dir>/drop/portal/<day>.
    Example: cchc portal evidence --day 2026-11-30 --to data/drop/portal/2026-11-30
    """
    rows = []
    index = _held_index(folder / INDEX) if folder else {}
    kept = archives(lake, "national_portal", day)
    for archive in kept:
        for name, content, entry in read_archive(archive):
            rows.append({"archive": archive.stem, "name": name, **{one: entry.get(one) for one in _SHOWN}})
            index[f"{archive.stem}/{name}"] = entry
            if folder:
                replace_file(folder / archive.stem / name, content)
    if folder and kept:
        write_json(index, folder / INDEX)
    if folder and len(kept) > 1:
        click.echo(
            f"{len(kept)} lần lấy, mỗi lần một thư mục: để đọc lại trong drop/portal, chỉ giữ một thư mục / "
            f"{len(kept)} pulls, a folder each: to read them again from drop/portal, keep one of the folders",
            err=True,
        )
    columns: dict[str, object] = {"archive": "Lần lấy", "name": "Tệp", **_SHOWN}
    print_rows(rows, columns, form)


@portal.command()
@click.argument("code")
@options.choice("--report", among=PROCEDURE_REPORTS, default="dvc-progress-tree", text="Report of the portal.")
@click.option("--period", required=True, help="2026-08, 2026-Q3 or 2026.")
@options.form("table", "csv", "json")
@options.lake
def procedure(lake: Lake, code: str, report: str, period: str, form: str) -> None:
    """Ask the portal for one report of a single procedure: the province and every unit below it.

    CODE is the code of the procedure or its identifier on the portal. The figures enter no table; the raw replies are
    kept as evidence.
    Example: cchc portal procedure 2.000815 --period 2026-08 --format csv
    """
    settings = load_settings()
    if settings.national_portal_url is None:
        raise click.UsageError("no address of the portal: set CCHC_NATIONAL_PORTAL_URL")
    adapter = national_portal(settings)
    try:
        rows = adapter.of_procedure(report, parse_period(period), code, _known_root(lake))
    finally:
        adapter.evidence.write(lake, adapter.name, today())
    columns: dict[str, object] = {
        "unit_code": "Mã", "unit_name": "Đơn vị", "metric_code": "Chỉ số", "numerator": "Tử số",
        "denominator": "Mẫu số", "ratio_pct": "Tỷ lệ", "score": "Điểm", "max_score": "Điểm tối đa",
    }  # fmt: skip
    print_rows(rows, columns, form)


#: Field of a kept request -> its header.
_SHOWN = {
    "captured": "Thời điểm", "from": "Từ", "status": "HTTP", "bytes": "Byte", "sha256": "sha256",
    "is_whole": "Còn nguyên",
}  # fmt: skip


def _held_index(path: Path) -> dict[str, object]:
    """Return the requests that a folder of replies has already."""
    try:
        held = json.loads(path.read_bytes()) if path.exists() else {}
    except ValueError:
        held = None
    if not isinstance(held, dict):
        raise click.UsageError(f"{path} holds no requests: write to another folder, or remove the file")
    return held


def _known_root(lake: Lake) -> str | None:
    return known_root(known_state(lake, {}, None), load_settings().province_code)
