"""What `score robustness` shows: tables on the console, and a dot plot of the ranks with their intervals."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from cchc_pipeline.drawing.output import svg
from cchc_pipeline.drawing.ranks import WIDE, Dot, dots
from cchc_pipeline.drawing.templating import environment
from cchc_pipeline.reference.papi_instrument import province_names
from cchc_pipeline.scorecards.papi.robustness import Audit
from cchc_pipeline.scorecards.scoring.errors import MeasureError

_FACTORS = {
    "normalisation": "Chuẩn hóa / normalisation",
    "weighting": "Trọng số / weights",
    "aggregation": "Cách tổng hợp / aggregation",
    "imputation": "Bù số thiếu / imputation",
    "weight_noise": "Trọng số ±25 % / weights ±25 %",
    "sampling_error": "Sai số khảo sát / survey error",
}


def show(found: Audit, console: Console, *, has_errors: bool) -> None:
    """Print everything that is known about the ranking of a year."""
    console.print(_intervals(found))
    rows = found.intervals
    for row in rows[rows["reason"].notna()].to_dict("records"):
        console.print(f"{row['province']} không xếp hạng / not ranked: {row['reason']}")
    for row in rows[rows["imputed"].notna()].to_dict("records"):
        console.print(f"{row['province']} bù số thiếu / filled in: {row['imputed']}")
    held = found.structure
    console.print(
        f"Cronbach α {held.alpha:.2f}; thành phần chính thứ nhất / first component {held.first_share:.0%}; "
        f"eigenvalues > 1: {int((held.eigenvalues > 1).sum())}; {held.units} tỉnh / provinces"
    )
    for one, other, correlation in held.flagged:
        console.print(f"{one} và / and {other}: tương quan / correlation {correlation:.2f}")
    console.print(_structure(found), _shifts(found))
    if found.pairs_apart is not None:
        console.print(
            f"Cặp tỉnh khác nhau rõ (z > 1,96) / pairs of provinces that differ at 95 %: {found.pairs_apart:.0%}"
        )
    if found.sensitivity is not None:
        console.print(_factors(found))
    if not has_errors:
        console.print(
            "Chưa tính sai số khảo sát: khoảng thứ hạng thực tế rộng hơn. / Survey error not given: real intervals "
            "are wider; give --standard-errors."
        )


def draw(found: Audit, path: Path) -> None:
    """Write the dot plot as .svg, or as a page .html with the figures in a table below it.

    Raises:
        MeasureError: the file cannot be written.
    """
    names = province_names()
    ranked = found.intervals[found.intervals["rank"].notna()].sort_values(["rank", "province"])
    labels = [names[str(code)] for code in ranked["province"]]
    rank, low, median, high = (
        ranked[name].astype(int).tolist() for name in ("rank", "rank_low", "rank_median", "rank_high")
    )
    title = f"PAPI {found.year}: thứ hạng và khoảng 95 %"
    rows = [Dot(*row) for row in zip(labels, rank, low, high, median, strict=True)]
    drawn = svg(dots(rows, WIDE), title)
    if path.suffix.lower() == ".html":
        page = environment("cchc_pipeline.drawing").get_template("rank_dots.html")
        drawn = page.render(title=title, picture=drawn, rows=list(zip(labels, rank, low, high, strict=True)))
    try:
        path.write_text(drawn, encoding="utf-8")
    except OSError as error:
        raise MeasureError(
            f"{path}: cannot be written ({error.strerror}); choose another --chart", file=str(path)
        ) from error


def _structure(found: Audit) -> Table:
    """Correlations of the dimensions, and what each of them really weighs."""
    held = found.structure
    table = Table(
        title="Cấu trúc tương quan / correlations", box=None, padding=(0, 2, 0, 0), pad_edge=False, title_justify="left"
    )
    share = 1 / len(held.names)
    table.add_column("", no_wrap=True)
    for heading in (*held.names, "Tổng\nTotal", f"Phần biến thiên\nShare ({share:.3f})"):
        table.add_column(heading, justify="right", no_wrap=True)
    for i, name in enumerate(held.names):
        below = [f"{value:.2f}" if j < i else "" for j, value in enumerate(held.correlations[i])]
        table.add_row(name, *below, f"{held.with_total[i]:.2f}", f"{held.variance_share[i]:.3f}")
    return table


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
    held = found.sensitivity
    if held is None:
        raise ValueError("no choice is open")
    title = f"Đổi hạng trung bình / mean change of rank {held.mean_shift:.1f}; Sobol"
    table = Table(title=title, box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for heading in ("", "riêng / first", "tổng / total"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    for i, factor in enumerate(held.factors):
        table.add_row(
            _FACTORS[factor],
            f"{held.first[i]:.2f} ±{held.first_error[i]:.2f}",
            f"{held.total[i]:.2f} ±{held.total_error[i]:.2f}",
        )
    return table
