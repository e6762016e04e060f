from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from cchc_pipeline.days import Window
from cchc_pipeline.errors import SettingsError
from cchc_pipeline.settings import Settings
from cchc_pipeline.sources.registers.source import TABLES as REGISTERS
from cchc_pipeline.sources.registry import SOURCE_OF_TABLE, SOURCES, portal_policy, require_any


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


def test_every_source_can_be_left_out_and_says_what_it_lacks(tmp_path: Path) -> None:
    window = Window(date(2026, 9, 1), date(2026, 9, 2))
    settings = Settings(drop_dir=tmp_path)
    lacking = {name: kind.lacks(settings, window) for name, kind in SOURCES.items()}
    assert lacking["one_stop"] == "CCHC_ONE_STOP_URL is not set"
    assert lacking["national_portal"] == "CCHC_NATIONAL_PORTAL_URL is not set"
    assert lacking["papi"] == f"no file in {tmp_path / 'papi'}"
    with pytest.raises(SettingsError, match=r"no source to read .*CCHC_DOCUMENTS_URL is not set.*cchc run --sandbox"):
        require_any(settings)
    (tmp_path / "registers").mkdir()
    (tmp_path / "registers" / "petitions.csv").touch()
    require_any(settings)
    assert SOURCES["registers"].lacks(settings, window) is None
    assert all(SOURCES[name].lacks(settings, window) for name in SOURCES if name != "registers")


def test_saved_replies_of_a_day_take_the_place_of_the_portals_address(tmp_path: Path) -> None:
    settings, portal = Settings(drop_dir=tmp_path), SOURCES["national_portal"]
    (tmp_path / "portal" / "2026-09-02").mkdir(parents=True)
    assert portal.lacks(settings, Window(date(2026, 9, 1), date(2026, 9, 2))) is None
    assert portal.lacks(settings, Window(date(2026, 9, 3), date(2026, 9, 3))) == "CCHC_NATIONAL_PORTAL_URL is not set"
    require_any(settings)


@pytest.mark.parametrize("host", ["127.0.0.1:8971", "localhost", "[::1]:80"])
def test_the_portal_is_asked_one_to_three_seconds_apart_but_not_on_loopback(host: str) -> None:
    real = portal_policy(Settings(national_portal_url="https://dichvucong.gov.vn"))
    assert (real.delay_s, real.delay_max_s) == (1, 3)
    assert real.refusal_fix
    local = portal_policy(Settings(national_portal_url=f"http://{host}/national-portal", delay_s=0.5))
    assert (local.delay_s, local.delay_max_s) == (0.5, 0)
    slower = portal_policy(Settings(national_portal_url="https://a.vn", portal_delay_min_s=5, portal_delay_max_s=9))
    assert (slower.delay_s, slower.delay_max_s) == (5, 9)
    assert portal_policy(Settings(national_portal_url="https://a.vn", delay_s=8)).delay_s == 8
