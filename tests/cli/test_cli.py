"""Every command explains itself, and ends badly in one message."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from command_line import cchc

from cchc_pipeline.cli.main import main
from cchc_pipeline.errors import CchcError
from cchc_pipeline.lake.layout import FORMAT


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty working folder and no settings of the desk."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("CCHC_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    return tmp_path


def walk(command: click.Command, *names: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield names, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from walk(found, *names, name)


COMMANDS = dict(walk(main))


def assert_one_message(result, *parts: str) -> None:
    """Exit status 1 and one message on stderr, without a traceback."""
    assert result.exit_code == 1, result.output
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("Error") == 1
    assert "Traceback" not in result.output
    assert isinstance(result.exception, SystemExit)
    for part in parts:
        assert part in result.stderr


def test_the_commands_are_there():
    assert {"run", "ui", "sandbox", "report", "score", "versions"} <= {names[0] for names in COMMANDS if names}
    leaves = {("sandbox", "serve"), ("sandbox", "describe"), ("report", "dossiers"), ("score", "index766")}
    assert leaves | {("score", "papi")} <= set(COMMANDS)


@pytest.mark.parametrize("names", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_every_command_explains_itself(names, flag):
    result = cchc(*names, flag)
    assert result.exit_code == 0
    assert result.output.startswith(f"Usage: {' '.join(['main', *names])}")
    assert "\\b" not in result.output
    command = COMMANDS[names]
    assert len((command.help or "").split()) >= 4
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            (line,) = [line for line in result.output.splitlines() if line.split()[:1] == [name]]
            assert len(line.split()) >= 4


@pytest.mark.parametrize("names", [n for n, c in COMMANDS.items() if not isinstance(c, click.Group)], ids=" ".join)
def test_every_option_says_what_it_is_for(names):
    for parameter in COMMANDS[names].params:
        if isinstance(parameter, click.Option):
            assert len((parameter.help or "").split()) >= 2, parameter.name


@pytest.mark.parametrize("names", [("run",), ("report", "dossiers")], ids=" ".join)
def test_examples_stand_on_lines_of_their_own(names):
    lines = [line.strip() for line in cchc(*names, "--help").output.splitlines()]
    assert any(line.startswith("cchc ") for line in lines)


def test_the_short_descriptions_do_not_load_the_commands():
    code = (
        "import sys; from cchc_pipeline.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit as end: assert end.code == 0\n"
        "heavy = {'dagster', 'duckdb', 'pandas', 'pyarrow', 'great_expectations', 'matplotlib'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(root)}
    )
    assert done.returncode == 0, done.stderr
    assert "Commands:" in done.stdout


def test_the_installed_command_answers():
    command = Path(sys.executable).with_name("cchc")
    assert command.exists(), "the project is not installed in this environment: run `make install`"
    done = subprocess.run([command, "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "version" in done.stdout


@pytest.mark.parametrize(
    "words",
    [
        ("nothing",),
        ("report", "dossiers"),
        ("report", "dossiers", "--from", "1/1/2026", "--to", "2026-01-02"),
        ("run", "--day", "2026-13-01"),
        ("run", "--day", "2026-10-01", "--from", "2026-10-01", "--to", "2026-10-02"),
        ("run", "--from", "2026-10-01"),
        ("run", "--sandbox", "nowhere"),
        ("score", "index766"),
        ("sandbox", "serve", "--size", "0"),
    ],
    ids=" ".join,
)
def test_a_wrong_call_is_a_usage_error(words):
    result = cchc(*words)
    assert result.exit_code == 2
    assert "Error: " in result.stderr
    assert "Traceback" not in result.output


PERIOD = ("--from", "2026-10-01", "--to", "2026-10-02")


@pytest.mark.parametrize(
    "words, parts",
    [
        (("report", "dossiers", *PERIOD), ("nothing is published in data/published", "make run")),
        (("versions", "--use", "20260101T000000Z"), ("20260101T000000Z: not there", "Versions kept: none")),
        (("score", "papi", "--table", "2025.csv", "--year", "1999"), ("1999",)),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_an_error_is_one_message_that_says_what_to_do(words, parts, folder):
    (folder / "2025.csv").write_text("province\nHà Nội\n", encoding="utf-8")
    assert_one_message(cchc(*words), *parts)


@pytest.mark.parametrize("words", [("run",), ("ui",), ("report", "dossiers", *PERIOD), ("versions",)], ids=" ".join)
def test_a_wrong_setting_is_one_message(words, monkeypatch, folder):
    monkeypatch.setenv("CCHC_PAGE_SIZE", "many")
    assert_one_message(cchc(*words), "CCHC_PAGE_SIZE", "'many'")
    assert not list(folder.glob("data*"))


def test_a_run_into_the_lake_of_another_province_is_one_message(monkeypatch, folder):
    (folder / "data").mkdir()
    (folder / "data" / "lake.json").write_text('{"province_code": "H21"}')
    monkeypatch.setenv("CCHC_ONE_STOP_URL", "http://127.0.0.1:9/one-stop")
    monkeypatch.setenv("CCHC_PROVINCE_CODE", "H99")
    assert_one_message(cchc("run", "--day", "2026-10-01"), "it holds province_code H21", "--data-dir")


@pytest.mark.parametrize(
    "words",
    [
        ("run", "--day", "2026-10-01"),
        ("ui",),
        ("versions",),
        ("report", "dossiers", *PERIOD),
        ("quarantine", "list"),
        ("points", "--unit", "H99"),
    ],
    ids=" ".join,
)
def test_a_lake_of_a_newer_program_is_refused_by_every_command(words, monkeypatch, folder):
    (folder / "data").mkdir()
    (folder / "data" / "lake.json").write_text('{"format": 99, "province_code": "H99"}')
    monkeypatch.setenv("CCHC_ONE_STOP_URL", "http://127.0.0.1:9/one-stop")
    monkeypatch.setenv("CCHC_PROVINCE_CODE", "H99")
    assert_one_message(cchc(*words), "format 99", f"up to {FORMAT}", "Upgrade the program")


def test_an_empty_lake_has_no_versions():
    result = cchc("versions")
    assert result.exit_code == 0
    assert "version" in result.output


def test_any_error_of_ours_ends_the_same_way(monkeypatch):
    def fail(*_: object) -> None:
        raise CchcError("one_stop: the culprit. The fix.")

    monkeypatch.setattr("cchc_pipeline.cli.versions.version_names", fail)
    assert_one_message(cchc("versions"), "one_stop: the culprit. The fix.")
