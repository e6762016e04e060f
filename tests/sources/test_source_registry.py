from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from cchc_pipeline.settings import Settings
from cchc_pipeline.sources.registers.source import TABLES as REGISTERS
from cchc_pipeline.sources.registry import SOURCE_OF_TABLE, SOURCES


def test_every_source_is_built_from_the_settings_and_is_what_its_entry_says() -> None:
    settings = Settings.model_validate(
        {
            "province_code": "H34", "one_stop_url": "http://a", "documents_url": "http://b",
            "national_portal_url": "http://c", "drop_dir": Path("drop"), "one_stop_client_secret": "hush",
            "documents_secret_key": "hush",
        }
    )  # fmt: skip
    assert list(SOURCES) == ["one_stop", "documents", "national_portal", "papi", "registers"]
    for name, kind in SOURCES.items():
        source = kind.build(settings)
        assert (source.name, source.tables) == (name, kind.tables)
        assert isinstance(source, kind.adapter)
        assert all(table.startswith(f"{name}__") for table in kind.tables)
        assert kind.title_vi
        assert kind.description_vi
    assert len(SOURCE_OF_TABLE) == sum(len(kind.tables) for kind in SOURCES.values()) == 9 + len(REGISTERS)
    assert "hush" not in repr(settings)


def test_a_source_with_an_address_has_a_setting_for_it() -> None:
    addresses = [kind.address for kind in SOURCES.values() if kind.address]
    assert addresses == [name for name in Settings.model_fields if name.endswith("_url")]


def test_the_code_of_a_source_is_its_folder_and_what_it_reads_with() -> None:
    assert SOURCES["one_stop"].rooms == ("sources", "sources.one_stop", "sources.one_stop.vnpt_igate")
    assert SOURCES["papi"].rooms == ("sources", "sources.papi", "tabular")


@pytest.mark.parametrize("code", ["", "34", "H34.12"])
def test_a_province_code_is_level_one(code: str) -> None:
    with pytest.raises(ValidationError, match="province_code"):
        Settings(province_code=code)
