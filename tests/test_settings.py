from __future__ import annotations

import pickle
import traceback
from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from cchc_pipeline.errors import SettingsError
from cchc_pipeline.settings import PREFIX, SECRETS, ReportPeriod, Settings, load_settings

HUSH = "h4sh-h4sh"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty working folder, so that no file of the desk is read."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(text: str, name: str = "cchc.toml") -> Path:
    path = Path(name)
    path.write_text(text, encoding="utf-8")
    return path


def refused(environ=None, **overrides) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(environ or {}, **overrides)
    return str(caught.value)


def test_everything_has_a_default():
    settings = load_settings({})
    assert settings == Settings()
    assert settings.drop_folder == Path("data/drop")


def test_the_call_wins_over_the_environment_over_the_file_over_the_default():
    assert load_settings({}).page_size == 1000
    write("page_size = 1")
    assert load_settings({}).page_size == 1
    assert load_settings({"CCHC_PAGE_SIZE": "2"}).page_size == 2
    assert load_settings({"CCHC_PAGE_SIZE": "2"}, page_size=3).page_size == 3
    assert load_settings({"CCHC_PAGE_SIZE": "2"}, page_size=None).page_size == 2
    assert load_settings({"CCHC_PAGE_SIZE": ""}).page_size == 1


def test_the_environment_of_the_process_is_read_by_default(monkeypatch):
    monkeypatch.setenv("CCHC_KEEP_VERSIONS", "3")
    assert load_settings().keep_versions == 3


def test_another_file_can_be_named():
    write("page_size = 7", "other.toml")
    write("page_size = 8")
    assert load_settings({"CCHC_SETTINGS": "other.toml"}).page_size == 7


def test_values_of_the_environment_get_their_types():
    settings = load_settings(
        {
            "CCHC_HISTORY_FROM": "2019-10-01",
            "CCHC_TIMEOUT_S": "2.5",
            "CCHC_DROP_DIR": "/somewhere/drop",
            "CCHC_ONE_STOP_URL": "https://motcua.example/x",
        }
    )
    assert (settings.history_from, settings.timeout_s) == (date(2019, 10, 1), 2.5)
    assert settings.drop_folder == Path("/somewhere/drop")


def test_free_periods_stand_in_the_file():
    write("report_periods = [{from = 2019-11-16, to = 2020-11-08}, {from = '2024-01-01', to = '2024-01-01'}]")
    assert load_settings({}).report_periods == (
        ReportPeriod(first=date(2019, 11, 16), last=date(2020, 11, 8)),
        ReportPeriod(first=date(2024, 1, 1), last=date(2024, 1, 1)),
    )


@pytest.mark.parametrize(
    "name, value",
    [
        ("PAGE_SIZE", "5000"), ("PAGE_SIZE", "many"), ("PROVINCE_CODE", "99"),
        ("ONE_STOP_URL", "ftp://motcua.example"), ("HISTORY_FROM", "1/9/2026"), ("OVERLAP_DAYS", "-1"),
        ("SWEEP_NIGHTS", "0"), ("KEEP_VERSIONS", "0"), ("TIMEOUT_S", "0"), ("RETRIES", "21"),
    ],
)  # fmt: skip
def test_a_wrong_variable_is_named_with_its_value_and_the_fix(name, value):
    write("overlap_days = 3")  # not the culprit
    message = refused({PREFIX + name: value})
    for part in ("settings:", name.lower(), repr(value), f"Correct it in the variable {PREFIX}{name}"):
        assert part in message
    assert "cchc.toml" not in message


@pytest.mark.parametrize(
    "line, words",
    [
        ("page_size = 0", ["page_size", "got 0", "Correct it in cchc.toml", "CCHC_PAGE_SIZE"]),
        ("data_dir = 3", ["data_dir", "Correct it in cchc.toml"]),
        ("page_sise = 3", ["cchc.toml has page_sise", "no setting", "Correct the name or remove it"]),
        ("[one_stop]\nurl = 'x'", ["cchc.toml has one_stop", "no setting"]),
        ("page_size = ", ["settings file cchc.toml: not TOML", "Correct the line"]),
        ("report_periods = [{from = 2020-01-02, to = 2020-01-01}]", ["report_periods.0", "lies after"]),
        ("report_periods = [{from = 2020-01-02}]", ["report_periods.0.to", "required"]),
    ],
)
def test_a_wrong_line_of_the_file_is_named_with_the_fix(line, words):
    write(line)
    message = refused()
    for word in words:
        assert word in message


def test_several_wrong_settings_come_in_one_message():
    write("page_sise = 3\nkeep_versions = 0")
    message = refused({"CCHC_RETRIES": "x"})
    for part in ("page_sise", "keep_versions", "CCHC_RETRIES"):
        assert part in message


def test_a_file_that_is_not_there_or_no_text_is_named():
    message = refused({"CCHC_SETTINGS": "nowhere.toml"})
    for part in ("CCHC_SETTINGS", "nowhere.toml", "does not exist", "Correct the path or unset it"):
        assert part in message
    Path("cchc.toml").write_bytes(b"\xff\xfe\x00")
    assert "not TOML" in refused()


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_in_the_file_is_refused_and_not_repeated(name):
    write(f'{name} = "{HUSH}"')
    message = refused()
    assert HUSH not in message
    for part in ("cchc.toml", name, "must not stand in a file", f"Set {PREFIX}{name.upper()} in the environment"):
        assert part in message


@pytest.mark.parametrize("line", [f'one_stop_secret = "{HUSH}"', f'[documents]\nsecret_key = "{HUSH}"'])
def test_a_secret_under_another_name_is_not_repeated(line):
    write(line)
    with pytest.raises(SettingsError) as caught:
        load_settings({})
    assert HUSH not in "".join(traceback.format_exception(caught.value))


def test_every_secret_is_known():
    secret = {name for name, field in Settings.model_fields.items() if "Secret" in str(field.annotation)}
    assert secret == set(SECRETS)


def test_secrets_are_never_shown():
    settings = load_settings({PREFIX + name.upper(): HUSH for name in SECRETS})
    assert {getattr(settings, name).get_secret_value() for name in SECRETS} == {HUSH}
    for text in (repr(settings), str(settings), settings.model_dump_json(), str(settings.model_dump())):
        assert HUSH not in text


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_of_the_wrong_type_is_not_shown(name):
    with pytest.raises(SettingsError) as caught:
        load_settings({}, **{name: [HUSH]})
    assert HUSH not in "".join(traceback.format_exception(caught.value))
    assert name in str(caught.value)


def test_settings_do_not_change():
    with pytest.raises(ValidationError, match="frozen"):
        Settings().page_size = 3  # type: ignore[misc]


def test_the_longest_pause_is_not_the_shortest():
    with pytest.raises(SettingsError, match=r"portal_delay_min_s \(9\) is more than portal_delay_max_s \(3\)"):
        load_settings({"CCHC_PORTAL_DELAY_MIN_S": "9"})
    assert load_settings({"CCHC_PORTAL_DELAY_MIN_S": "3"}).portal_delay_max_s == 3


def test_errors_travel_between_processes():
    error = pickle.loads(pickle.dumps(SettingsError("page_size: wrong", name="page_size")))  # noqa: S301 - our own
    assert (str(error), error.details, error.name) == ("page_size: wrong", {"name": "page_size"}, "page_size")
