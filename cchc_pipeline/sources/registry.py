"""List the sources: one entry for each kind of source system that is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address
from urllib.parse import urlsplit

from cchc_pipeline.days import Window
from cchc_pipeline.errors import SettingsError
from cchc_pipeline.settings import PREFIX, Settings
from cchc_pipeline.sources.documents.lgsp.source import DocumentsSource
from cchc_pipeline.sources.drop_folder import files_in
from cchc_pipeline.sources.http import HttpClient, HttpPolicy
from cchc_pipeline.sources.national_portal.saved import saved_days
from cchc_pipeline.sources.national_portal.source import NationalPortalSource
from cchc_pipeline.sources.one_stop.vnpt_igate.source import OneStopOptions, OneStopSource
from cchc_pipeline.sources.papi.source import PapiDropSource
from cchc_pipeline.sources.protocol import Source
from cchc_pipeline.sources.registers.source import RegistersSource


@dataclass(frozen=True)
class SourceKind:
    """A kind of source system.

    Attributes:
        adapter: the class of its adapter, which says the name of the source and its tables.
        build: makes the adapter from the settings of a province.
        title_vi, title_en: what officials call it.
        description_vi: what it gives, for the catalogue of assets.
        asset_group: group of its assets.
        formats: what it delivers: http, json, xml, csv, excel.
        address: field of the settings with its base address; None for a drop folder.
        is_daily: whether a past day cannot be had from a later pull of another day.
        is_saved: whether replies that a person saved for a day of the window take the place of an address.
    """

    adapter: type[Source]
    build: Callable[[Settings], Source]
    title_vi: str
    title_en: str
    description_vi: str
    asset_group: str = "source_files"
    formats: frozenset[str] = frozenset({"csv", "excel"})
    address: str | None = None
    is_daily: bool = False
    is_saved: bool = False

    def lacks(self, settings: Settings, window: Window | None = None) -> str | None:
        """Return what the settings lack to read the source for a window; None where it can be read.

        Without a window: whether it could be read on any day.
        """
        folder = settings.drop_folder / self._drop_name
        if self.address:
            if settings.addresses()[self.address]:
                return None
            if self.is_saved and (saved_days(folder, window) if window else any(folder.glob("*-*-*"))):
                return None
            return f"{PREFIX}{self.address.upper()} is not set"
        return None if any(map(files_in, (folder, *folder.glob("*/")))) else f"no file in {folder}"

    @property
    def _drop_name(self) -> str:
        return SAVED if self.is_saved else self.name

    @property
    def name(self) -> str:
        """Return the short stable name, the prefix of its tables."""
        return self.adapter.name

    @property
    def tables(self) -> tuple[str, ...]:
        """Return the inbound tables that a pull can yield."""
        return self.adapter.tables

    @property
    def rooms(self) -> tuple[str, ...]:
        """Return the packages below `cchc_pipeline` whose code makes its tables."""
        parts = self.adapter.__module__.split(".")[1:-1]
        packages = tuple(".".join(parts[:length]) for length in range(1, len(parts) + 1))
        return packages if self.address else (*packages, "tabular")


def _policy(settings: Settings) -> HttpPolicy:
    return HttpPolicy(settings.timeout_s, settings.retries, settings.backoff_s, settings.delay_s)


def portal_policy(settings: Settings) -> HttpPolicy:
    """Return the manners towards the portal: calls apart from each other, and a refusal is taken at its word.

    On loopback nobody has to be spared: there is no pause but `delay_s`.
    """
    policy = replace(_policy(settings), refusal_fix=_REFUSED)
    if _is_loopback(settings.national_portal_url or ""):
        return policy
    shortest, longest = (
        max(settings.delay_s, one) for one in (settings.portal_delay_min_s, settings.portal_delay_max_s)
    )
    return replace(policy, delay_s=shortest, delay_max_s=longest)


def _is_loopback(address: str) -> bool:
    try:
        host = urlsplit(address).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _client(name: str, address: str | None, policy: HttpPolicy, headers: Mapping[str, str] | None = None) -> HttpClient:
    return HttpClient(name, address or "", policy, headers)


def _one_stop(settings: Settings) -> Source:
    options = OneStopOptions(
        overlap_days=settings.overlap_days,
        history_from=settings.history_from,
        sweep_nights=settings.sweep_nights,
        page_size=settings.page_size,
    )
    http = _client(OneStopSource.name, settings.one_stop_url, _policy(settings))
    return OneStopSource(http, settings.one_stop_client_id, settings.one_stop_client_secret.get_secret_value(), options)


def _documents(settings: Settings) -> Source:
    secret = settings.documents_secret_key.get_secret_value()
    headers = {"X-SystemId": settings.documents_system_id, "X-SecretKey": secret}
    http = _client(DocumentsSource.name, settings.documents_url, _policy(settings), headers)
    return DocumentsSource(http, settings.province_code, settings.overlap_days)


def national_portal(settings: Settings) -> NationalPortalSource:
    """Return the adapter of the national portal, which can also be asked for single procedures."""
    return NationalPortalSource(
        _client(NationalPortalSource.name, settings.national_portal_url, portal_policy(settings)),
        settings.province_code,
        with_children=settings.portal_children,
        saved=settings.drop_folder / SAVED,
    )


#: What to do where the portal refuses.
_REFUSED = (
    "wait for the next night, nothing more is asked in this one; where it stays, save the replies from a network that "
    "the portal accepts (`cchc portal requests` says which)"
)
#: Folder of the drop folder with replies of the portal that a person saved.
SAVED = "portal"
_KINDS = (
    SourceKind(
        OneStopSource,
        _one_stop,
        title_vi="Hệ thống thông tin một cửa",
        title_en="One-stop system",
        description_vi="Hệ thống một cửa (giải quyết TTHC): hồ sơ và danh mục thủ tục",
        asset_group="source_one_stop",
        formats=frozenset({"http", "json"}),
        address="one_stop_url",
        is_daily=True,
    ),
    SourceKind(
        DocumentsSource,
        _documents,
        title_vi="Hệ thống quản lý văn bản",
        title_en="Document system",
        description_vi="Hệ thống quản lý văn bản và điều hành, trục liên thông: văn bản và trạng thái",
        asset_group="source_documents",
        formats=frozenset({"http", "xml"}),
        address="documents_url",
        is_daily=True,
    ),
    SourceKind(
        NationalPortalSource,
        national_portal,
        title_vi="Cổng Dịch vụ công quốc gia",
        title_en="National Public Service Portal",
        description_vi="Cổng Dịch vụ công quốc gia: số liệu và điểm Bộ chỉ số 766",
        asset_group="source_portal",
        formats=frozenset({"http", "json"}),
        address="national_portal_url",
        is_saved=True,
    ),
    SourceKind(
        PapiDropSource,
        lambda settings: PapiDropSource(settings.drop_folder / PapiDropSource.name),
        title_vi="Bảng số liệu PAPI",
        title_en="PAPI tables",
        description_vi="Thư mục tệp: bảng PAPI theo năm",
    ),
    SourceKind(
        RegistersSource,
        lambda settings: RegistersSource(settings.drop_folder / RegistersSource.name),
        title_vi="Sổ theo dõi của các cơ quan",
        title_en="Registers of offices",
        description_vi="Thư mục tệp: sổ theo dõi do cơ quan tự lập",
    ),
)
#: Every source by its name, in the order in which a night reads them.
SOURCES: Mapping[str, SourceKind] = {kind.name: kind for kind in _KINDS}
#: Source by each of its inbound tables.
SOURCE_OF_TABLE: Mapping[str, SourceKind] = {table: kind for kind in _KINDS for table in kind.tables}


def require_any(settings: Settings) -> None:
    """Check that some source can be read, so that what runs is what somebody configured.

    Raises:
        SettingsError: no address is set, no reply of the portal was saved, and no file lies in the drop folder.
    """
    lacking = [kind.lacks(settings) for kind in SOURCES.values()]
    if all(lacking):
        raise SettingsError(
            f"settings: there is no source to read ({'; '.join(map(str, lacking))}). Set the address of at least one "
            "(environment or cchc.toml), or use the built-in province: `cchc run --sandbox two-level-2026`."
        )
