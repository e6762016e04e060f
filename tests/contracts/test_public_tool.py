"""The contracts under datacontract-cli, the public ODCS tool, which lives in an environment of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from command_line import output

from cchc_pipeline.lake.files import Store
from cchc_pipeline.lake.publish import current_version

ROOT = Path(__file__).parents[2]
TOOL = ROOT / ".venv-datacontract" / "bin" / "python"
pytestmark = pytest.mark.skipif(
    not TOOL.exists(),
    reason="the public tool datacontract-cli is absent: `make contracts-lint` installs it into .venv-datacontract",
)


def run(mode: str, *paths: Path) -> tuple[int, str]:
    words = [str(TOOL), str(ROOT / ".ci" / "public_tool.py"), mode, *map(str, paths)]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, timeout=600, check=False)
    return done.returncode, done.stdout + done.stderr


def export(version: Path, to: Path) -> list[Path]:
    output("contract", "export", "--published", version, "--to", to)
    return sorted(to.glob("*.odcs.yaml"))


@pytest.fixture
def version(published_lake) -> Path:
    """A version that was really published."""
    folder = current_version(published_lake.published)
    assert folder is not None
    return folder


def test_every_contract_and_every_released_one_lints_without_a_warning():
    paths = sorted((ROOT / "data_contracts").glob("*.odcs.yaml")) + sorted(
        (ROOT / "data_contracts" / "released").rglob("*.odcs.yaml")
    )
    status, said = run("lint", *paths)
    assert (status, said.count("ok ")) == (0, len(paths)), said


def test_a_key_that_the_tool_would_ignore_is_no_clean_lint(tmp_path):
    path = tmp_path / "units.odcs.yaml"
    text = (ROOT / "data_contracts" / "units.odcs.yaml").read_text("utf-8")
    path.write_text(text.replace("required: true", "requird: true", 1), encoding="utf-8")
    status, said = run("lint", path)
    assert (status, "requird" in said) == (1, True)


def test_what_is_published_passes_the_tools_test(version, tmp_path):
    contracts = export(version, tmp_path)
    assert [path.name.split(".")[0] for path in contracts] == sorted(path.stem for path in version.glob("*.parquet"))
    status, said = run("test", *contracts)
    assert (status, said.count("ok ")) == (0, len(contracts)), said


def with_column(version: Path, folder: Path, name: str, value: str) -> Path:
    """A version with the table of dossiers alone, one of whose columns says the same everywhere."""
    folder.mkdir()
    table = Store(version).read("dossiers")
    place = table.schema.get_field_index(name)
    changed = table.set_column(place, table.schema.field(place), [[value] * table.num_rows])
    Store(folder).write(changed, "dossiers")
    return folder


def test_a_published_file_that_breaks_a_rule_does_not_pass(version, tmp_path):
    broken = with_column(version, tmp_path / "version", "channel", "pigeon")
    status, said = run("test", *export(broken, tmp_path / "contracts"))
    assert (status, "channel" in said) == (1, True), said


def test_rows_that_a_rule_only_warns_of_pass_and_are_told(version, tmp_path):
    odd = with_column(version, tmp_path / "version", "procedure_code", "TT-01")
    rows = Store(odd).rows("dossiers")
    status, said = run("test", *export(odd, tmp_path / "contracts"))
    assert (status, f"admitted: procedure_code_form: Actual custom_sql(dossiers) was {rows}" in said) == (0, True), said
