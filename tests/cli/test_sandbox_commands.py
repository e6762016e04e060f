"""The `cchc sandbox` commands."""

from __future__ import annotations

from click.testing import CliRunner

from cchc_pipeline.cli.main import main


def test_describe_prints_the_published_figures() -> None:
    arguments = ["describe", "--scenario", "dak-nong-2020", "--from", "2019-11-16", "--to", "2020-11-08"]
    result = CliRunner().invoke(main, ["sandbox", *arguments])
    assert result.exit_code == 0, result.output
    for figure in (
        "28,044",
        "13,253",
        "27,010",
        "5,072",
        "21,836",
        "1 province, 19 department, 8 district, 71 commune",
    ):
        assert figure in result.output


def test_describe_refuses_what_is_not_there() -> None:
    runner = CliRunner()
    unknown = runner.invoke(main, ["sandbox", "describe", "--size", "0.1", "--unit", "H99.999"])
    assert unknown.exit_code == 1
    assert "H99.999" in unknown.output
    backwards = runner.invoke(
        main, ["sandbox", "describe", "--size", "0.1", "--from", "2026-10-01", "--to", "2026-09-01"]
    )
    assert backwards.exit_code == 2


def test_help_tells_what_it_is_for() -> None:
    runner = CliRunner()
    assert "cchc sandbox serve --size" in runner.invoke(main, ["sandbox", "serve", "--help"]).output
    bad = runner.invoke(main, ["sandbox", "serve", "--as-of", "noon"])
    assert bad.exit_code == 2
    assert "noon" in bad.output
