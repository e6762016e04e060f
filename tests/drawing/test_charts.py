from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta

import pytest

from cchc_pipeline.drawing import charts
from cchc_pipeline.drawing.output import OTHER, png, svg
from cchc_pipeline.drawing.plots import PHONE, WIDE, Dot, dots

PNG = b"\x89PNG\r\n\x1a\n"


def size(png: bytes) -> tuple[int, int]:
    assert png.startswith(PNG)
    assert png[-8:-4] == b"IEND"
    return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")


@pytest.mark.parametrize("count", [0, 1, 40])
def test_stacked_bars_are_a_picture(count):
    days = [date(2026, 10, 1) + timedelta(days=n) for n in range(count)]
    values = [float(n % 7) for n in range(count)]
    series = {"Trước hạn": (values, charts.EARLY), "Quá hạn": (values, charts.LATE)}
    width, height = size(png(charts.stacked_bars([f"{day:%d/%m}" for day in days], series, "Hồ sơ")))
    assert width > 2 * height > 200


@pytest.mark.parametrize("count", [0, 1, 60])
def test_bars_are_a_picture_that_grows_with_them(count):
    labels = [f"UBND Xã Mẫu {n:02d}" for n in range(count)]
    width, height = size(png(charts.bars(labels, [float(n) for n in range(count)], "Bộ chỉ số 766", 108)))
    assert width == 880
    assert height >= 26 * count


def test_the_same_figures_give_the_same_picture():
    pictures = {png(charts.bars(["a", "b"], [1.0, 2.0], "t", 3)) for _ in range(2)}
    assert len(pictures) == 1


def test_nothing_is_loaded_until_something_is_drawn():
    code = (
        "import sys, cchc_pipeline.drawing.charts, cchc_pipeline.drawing.plots; assert 'matplotlib' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_dot_plot_shows_value_interval_and_middle_wherever_it_is_drawn():
    rows = [Dot("Xã 1", 1, 1, 4, 2), Dot("UBND Xã 2", 2, is_own=True)]
    for width in (PHONE, WIDE):
        (axes,) = dots(rows, width).axes
        bar, tick, dot, own = axes.lines
        assert (list(bar.get_xdata()), list(tick.get_xdata()), list(dot.get_xdata())) == ([1, 4], [2], [1])
        assert (list(own.get_xdata()), own.get_color()) == ([2], OTHER)
        assert [label.get_text() for label in axes.get_yticklabels()] == ["Xã 1", "Xã 2"]
    drawn = [svg(dots(rows, WIDE), 'nhãn "x"') for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert 'aria-label="nhãn &quot;x&quot;"' in drawn[0]
    pictures = [png(dots(rows, WIDE, "t")) for _ in range(2)]
    assert pictures[0] == pictures[1]
    assert size(pictures[0])[0] > 500
