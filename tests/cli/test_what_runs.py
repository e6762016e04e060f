"""What `cchc run` and `cchc ui` read: what is configured, or the built-in province, never in silence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assets.command import _sources
from cchc_pipeline.lake.files import LakeError
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.settings import load_settings

BUILT_IN = "two-level-2026"
ADDRESSES = ("CCHC_ONE_STOP_URL", "CCHC_DOCUMENTS_URL", "CCHC_NATIONAL_PORTAL_URL")


@pytest.fixture(autouse=True)
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lake]:
    (tmp_path / "none.toml").touch()
    monkeypatch.setenv("CCHC_SETTINGS", str(tmp_path / "none.toml"))
    monkeypatch.setenv("CCHC_DATA_DIR", str(tmp_path / "lake"))
    for name in ADDRESSES:
        monkeypatch.delenv(name, raising=False)
    return Lake(tmp_path / "lake")


def drop(lake: Lake, name: str) -> Path:
    file = lake.root / "drop" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("x", encoding="utf-8")
    return file


@pytest.mark.parametrize("given", ADDRESSES)
def test_one_address_is_enough_to_read_what_is_configured(lake, monkeypatch, capsys, given):
    monkeypatch.setenv(given, "https://nguon.example.vn")
    with _sources(None, 20260901, 0.02) as province:
        assert province is None
        assert load_settings().addresses()[given.removeprefix("CCHC_").lower()] == "https://nguon.example.vn"
    said = capsys.readouterr().err
    assert "Sources of H99: " in said
    for name in ADDRESSES:
        assert (f"{name} is not set" in said) == (name != given)
    assert "missing, with this reason" in said
    assert lake.identity() == {"province_code": "H99"}
    assert not (lake.root / "drop").exists()


@pytest.mark.parametrize("file", ["papi/2024.csv", "registers/petitions.csv", "portal/2026-09-02/requests.json"])
def test_files_in_the_drop_folder_alone_are_what_is_configured(lake, capsys, file):
    held = drop(lake, file)
    with _sources(None, 20260901, 0.02) as province:
        assert province is None
    assert "built-in" not in capsys.readouterr().err
    assert held.read_text(encoding="utf-8") == "x"


@pytest.mark.parametrize(("asked", "why"), [(None, "the settings name no source"), (BUILT_IN, "--sandbox asks")])
def test_the_built_in_province_runs_where_nothing_is_configured_or_it_is_asked_for(lake, capsys, asked, why):
    for _ in range(2):  # the second time its own files lie in the drop folder
        with _sources(asked, 20260901, 0.02) as province:
            assert province is not None
            assert all(load_settings().addresses().values())
        said = capsys.readouterr().err
        assert f"the built-in province {BUILT_IN}" in said
        assert why in said
    assert lake.identity()["scenario"] == BUILT_IN
    assert not any(load_settings().addresses().values())


def test_the_built_in_province_writes_nothing_into_a_real_lake(lake):
    lake.claim({"province_code": "H34"})
    held = drop(lake, "papi/2024.csv")
    with pytest.raises(LakeError, match="it holds province_code H34"), _sources(BUILT_IN, 20260901, 0.02):
        pass
    assert [path.name for path in (lake.root / "drop").rglob("*.*")] == [held.name]
    assert held.read_text(encoding="utf-8") == "x"
