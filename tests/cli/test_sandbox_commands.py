"""The `cchc sandbox` commands."""

from __future__ import annotations

from command_line import output


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
