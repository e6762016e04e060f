from __future__ import annotations

from pathlib import Path

import pytest

from cchc_pipeline.errors import SettingsError
from cchc_pipeline.sources.registers.source import TABLES as REGISTERS
from cchc_pipeline.sources.registry import SourceSettings, build_sources


def test_only_what_has_an_address_is_built() -> None:
    assert build_sources(SourceSettings("H34")) == []
    settings = SourceSettings(
        "000.00.00.H34", one_stop_url="http://a", documents_url="http://b", national_portal_url="http://c",
        drop_folder=Path("drop"), one_stop_client_secret="hush", documents_secret_key="hush",
    )  # fmt: skip
    sources = build_sources(settings)
    assert [source.name for source in sources] == ["one_stop", "documents", "national_portal", "papi", "registers"]
    tables = [table for source in sources for table in source.tables]
    assert len(set(tables)) == len(tables) == 7 + len(REGISTERS)
    assert all(table.startswith(f"{source.name}__") for source in sources for table in source.tables)
    assert "hush" not in repr(settings)


@pytest.mark.parametrize("code", ["", "34", "H34.12"])
def test_a_province_code_is_level_one(code: str) -> None:
    with pytest.raises(SettingsError, match="level 1"):
        build_sources(SourceSettings(code))
