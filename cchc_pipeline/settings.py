"""Read the settings of a province from a file and the environment."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from cchc_pipeline.errors import SettingsError

SECRETS = ("one_stop_client_secret", "documents_secret_key")
PREFIX = "CCHC_"


class ReportPeriod(BaseModel):
    """A free reporting period, for example 16/11/2019 to 08/11/2020."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    first: date = Field(alias="from")
    last: date = Field(alias="to")

    @model_validator(mode="after")
    def _ordered(self) -> ReportPeriod:
        if self.first > self.last:
            raise ValueError(f"'from' ({self.first}) lies after 'to' ({self.last})")
        return self


class Settings(BaseModel):
    """Settings of one province: field names in the file, `CCHC_<NAME>` as variables."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    data_dir: Path = Field(default=Path("data"), description="folder of the lake")
    drop_dir: Path | None = Field(default=None, description="drop folder for files; default <data_dir>/drop")
    province_code: str = Field(default="H99", pattern=r"^H\d{2}$", description="agency code of the province")
    history_from: date = Field(default=date(2026, 9, 1), description="first civil day of the one-stop system's history")

    one_stop_url: str | None = Field(default=None, pattern=r"^https?://", description="base URL, one-stop system")
    one_stop_client_id: str = "sandbox"
    one_stop_client_secret: SecretStr = SecretStr("sandbox")
    documents_url: str | None = Field(default=None, pattern=r"^https?://", description="base URL, document system")
    documents_system_id: str = "sandbox"
    documents_secret_key: SecretStr = SecretStr("sandbox")
    national_portal_url: str | None = Field(
        default=None, pattern=r"^https?://", description="base URL, national portal"
    )

    overlap_days: int = Field(default=7, ge=0, le=60, description="days re-read before the window")
    sweep_nights: int = Field(default=30, ge=1, description="nights in which 400 days are re-read once")
    page_size: int = Field(default=1000, ge=1, le=1000)
    timeout_s: float = Field(default=60, gt=0)
    retries: int = Field(default=4, ge=0, le=20)
    backoff_s: float = Field(default=0.5, ge=0)
    delay_s: float = Field(default=0, ge=0, description="pause between two calls to a source")
    portal_delay_min_s: float = Field(
        default=1, ge=0, description="shortest pause between two calls to the portal; none on loopback"
    )
    portal_delay_max_s: float = Field(
        default=3, ge=0, le=600, description="longest pause between two calls to the portal; none on loopback"
    )
    portal_children: bool = Field(
        default=True, description="also keep the portal's figures of departments and communes"
    )

    keep_versions: int = Field(default=14, ge=1, description="published versions that stay for rollback")
    report_periods: tuple[ReportPeriod, ...] = Field(default=(), description="free periods of indicator_values")

    @model_validator(mode="after")
    def _pause(self) -> Settings:
        if self.portal_delay_min_s > self.portal_delay_max_s:
            raise ValueError(
                f"portal_delay_min_s ({self.portal_delay_min_s:g}) is more than portal_delay_max_s "
                f"({self.portal_delay_max_s:g})"
            )
        return self

    @property
    def drop_folder(self) -> Path:
        """Return the folder for files put there by hand, such as `papi/2024.csv`."""
        return self.drop_dir or self.data_dir / "drop"

    def addresses(self) -> dict[str, str | None]:
        """Return setting -> address of every source system that has one, None where it is not set."""
        return {name: held for name, held in self if name.endswith("_url")}


def load_settings(environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Return the settings of a file, overruled by the environment and `overrides`.

    The file is `cchc.toml` in the working folder, or the one that `CCHC_SETTINGS` names.

    `environ` is by default the environment of the process; values of `overrides` that are None count as not given.

    Raises:
        SettingsError: a setting is unknown, malformed, or a secret stands in the file.
    """
    environ = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    path = Path(environ.get(f"{PREFIX}SETTINGS", "cchc.toml"))
    if path.exists():
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(
                f"settings file {path}: not TOML ({error}). Correct the line or remove the file."
            ) from error
        for name in SECRETS:
            if name in values:
                raise SettingsError(
                    f"settings file {path}: {name} is a secret and must not stand in a file. "
                    f"Set {PREFIX}{name.upper()} in the environment instead."
                )
    elif f"{PREFIX}SETTINGS" in environ:
        raise SettingsError(
            f"settings: {PREFIX}SETTINGS names {path}, which does not exist. Correct the path or unset it."
        )
    from_environment = {
        name: text
        for name in Settings.model_fields
        if name != "report_periods" and (text := environ.get(PREFIX + name.upper()))
    }
    values |= from_environment
    values |= {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        problems = " ".join(_problem(entry, from_environment, path) for entry in error.errors(include_url=False))
        raise SettingsError(f"settings: {problems}") from None  # the cause would show a secret


def _problem(entry: Mapping[str, Any], from_environment: Mapping[str, str], path: Path) -> str:
    """Return one wrong setting, its origin and the fix; values of secrets left out."""
    name, message = ".".join(str(part) for part in entry["loc"]), str(entry["msg"])
    if not name:  # of several settings together; the message names them
        return f"{message}. Correct one of them in {path}, or in its variable {PREFIX}…."
    if entry["type"] == "extra_forbidden":  # may be a secret under another name
        return f"{path} has {name}, which is no setting. Correct the name or remove it."
    field = str(entry["loc"][0])
    shown = "" if field in SECRETS else f" (got {entry['input']!r})"
    variable = PREFIX + field.upper()
    where = f"in {path}" if path.exists() else "in the call"
    if field in from_environment:
        where = f"in the variable {variable}"
    elif field != "report_periods":
        where += f", or set {variable}"
    return f"{name}: {message}{shown}. Correct it {where}."
