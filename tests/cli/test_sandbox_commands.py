"""The `cchc sandbox` commands."""

from __future__ import annotations

from datetime import date

import pytest
from command_line import output

from cchc_pipeline.sandbox.province import Province
from cchc_pipeline.sandbox.truth.indicators import indicator_truth


def test_describe_prints_the_truth() -> None:
    first, last = date(2026, 9, 1), date(2026, 9, 7)
    said = output("sandbox", "describe", "--size", "0.1", "--from", first, "--to", last).splitlines()
    assert any("1 province, 14 department, 36 commune" in line for line in said)
    printed = {line.split()[0]: line.split()[1] for line in said[3:] if line.strip()}
    truth = indicator_truth(Province(size=0.1), last, first, last)
    for name in ("received_total", "received_online", "resolved_total", "pending_total", "documents_sent_count"):
        assert int(printed[name].replace(",", "")) == truth[name, "H99"][0] > 0


@pytest.mark.acceptance
def test_describe_prints_the_published_figures() -> None:
    period = ("--from", "2019-11-16", "--to", "2020-11-08")
    said = output("sandbox", "describe", "--scenario", "dak-nong-2020", *period)
    units = "1 province, 19 department, 8 district, 71 commune"
    assert all(figure in said for figure in ("28,044", "13,253", "27,010", "5,072", "21,836", units))


def test_describe_refuses_what_is_not_there() -> None:
    describe = ("sandbox", "describe", "--size", "0.1")
    assert "H99.999" in output(*describe, "--unit", "H99.999", code=1)
    assert output(*describe, "--from", "2026-10-01", "--to", "2026-09-01", code=2)


def test_help_tells_what_it_is_for() -> None:
    assert "cchc sandbox serve --size" in output("sandbox", "serve", "--help")
    assert "noon" in output("sandbox", "serve", "--as-of", "noon", code=2)
