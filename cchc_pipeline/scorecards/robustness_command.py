"""The command `score robustness`: how sure the ranks of a year are.

Belongs here: arguments, files and what is printed. Not here: any statistics.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from cchc_pipeline.scorecards import papi
from cchc_pipeline.scorecards.command_files import FILE, say_where, write
from cchc_pipeline.scorecards.papi_instrument import province_names

if TYPE_CHECKING:
    from cchc_pipeline.scorecards.papi_robustness import Audit

_FACTORS = {
    "normalisation": "Chuẩn hóa / normalisation",
    "weighting": "Trọng số / weights",
    "aggregation": "Cách tổng hợp / aggregation",
    "imputation": "Bù số thiếu / imputation",
    "weight_noise": "Trọng số ±25 % / weights ±25 %",
    "sampling_error": "Sai số khảo sát / survey error",
}


@click.command("robustness")
@click.option("--table", required=True, type=FILE, help="CSV: Province (P01 to P63), SC11 to SC83.")
@click.option("--year", required=True, type=int, help="Year of the survey.")
@click.option("--standard-errors", type=FILE, help="CSV: Province, SE (standard error of the total, in points).")
@click.option("--draws", default=10_000, show_default=True, type=click.IntRange(min=100), help="Random draws.")
@click.option("--seed", default=1, show_default=True, help="Same seed, same result.")
@click.option("--out", type=FILE, help="Write the rank intervals to this CSV file.")
def robustness_command(
    table: Path, year: int, standard_errors: Path | None, draws: int, seed: int, out: Path | None
) -> None:
    """Rank intervals of a PAPI year, and which choice of method moves the ranks.

    Every draw takes another normalisation, weights, aggregation and (with --standard-errors) another sample of
    respondents. The interval holds 95 % of the draws.

    Khoảng thứ hạng PAPI của một năm và lựa chọn phương pháp nào làm đổi thứ hạng.
    """
    from cchc_pipeline.scorecards.papi_robustness import audit, read_standard_errors  # scipy: only where it is used

    errors = read_standard_errors(standard_errors) if standard_errors else None
    found = audit(papi.compose(papi.read_wide(table, year), year), year, standard_errors=errors, draws=draws, seed=seed)
    console = Console()
    console.print(_intervals(found))
    for row in found.intervals[found.intervals["reason"].notna()].to_dict("records"):
        console.print(f"{row['province']} không xếp hạng / not ranked: {row['reason']}")
    held = found.structure
    console.print(
        f"Cronbach α {held.alpha:.2f}; thành phần chính thứ nhất / first component {held.first_share:.0%}; "
        f"eigenvalues > 1: {int((held.eigenvalues > 1).sum())}; {held.units} tỉnh / provinces"
    )
    for one, other, correlation in held.flagged:
        console.print(f"{one} và / and {other}: tương quan / correlation {correlation:.2f}")
    console.print(_shifts(found), _factors(found))
    if errors is None:
        console.print(
            "Chưa tính sai số khảo sát: khoảng thứ hạng thực tế rộng hơn. / Survey error not given: real intervals "
            "are wider; give --standard-errors."
        )
    write(found.intervals, out)
    say_where(found.intervals, out)


def _intervals(found: Audit) -> Table:
    table = Table(title=f"PAPI {found.year}", box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for heading in ("Hạng\nRank", "Đơn vị\nUnit", "Điểm\nScore", "Khoảng 95 %\nInterval", "Nhóm đầu\nTop quarter"):
        table.add_column(heading, justify="left" if "Unit" in heading else "right", no_wrap=True)
    names = province_names()
    ranked = found.intervals[found.intervals["rank"].notna()].sort_values(["rank", "province"])
    for row in ranked.to_dict("records"):
        table.add_row(
            f"{row['rank']:.0f}",
            f"{row['province']} {names[str(row['province'])]}",
            f"{row['score']:.2f}",
            f"{row['rank_low']:.0f}-{row['rank_high']:.0f}",
            f"{row['first_quarter']:.0%}",
        )
    return table


def _shifts(found: Audit) -> Table:
    table = Table(
        title="Thứ hạng đổi nếu … / Ranks under another method", box=None, padding=(0, 2, 0, 0), pad_edge=False
    )
    for heading in ("", "Spearman", "TB / mean", "Lớn nhất / max"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    for one in found.shifts:
        table.add_row(one.name, f"{one.spearman:.3f}", f"{one.mean_abs:.1f}", str(one.largest))
    return table


def _factors(found: Audit) -> Table:
    title = f"Đổi hạng trung bình / mean change of rank {found.sensitivity.mean_shift:.1f}; Sobol"
    table = Table(title=title, box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for heading in ("", "riêng / first", "tổng / total"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    held = found.sensitivity
    for i, factor in enumerate(held.factors):
        table.add_row(
            _FACTORS[factor],
            f"{held.first[i]:.2f} ±{held.first_error[i]:.2f}",
            f"{held.total[i]:.2f} ±{held.total_error[i]:.2f}",
        )
    return table
