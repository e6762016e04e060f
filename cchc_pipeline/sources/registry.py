"""List the sources: one entry for each kind of source system that is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cchc_pipeline.settings import Settings
from cchc_pipeline.sources.documents.lgsp.source import DocumentsSource
from cchc_pipeline.sources.http import HttpClient, HttpPolicy
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
        title_vi: what officials call it.
        description_vi: what it gives, for the catalogue of assets.
        asset_group: group of its assets.
        formats: what it delivers: http, json, xml, csv, excel.
        address: field of the settings with its base address; None for a drop folder.
        is_daily: whether a past day cannot be had from a later pull of another day.
    """

    adapter: type[Source]
    build: Callable[[Settings], Source]
    title_vi: str
    description_vi: str
    asset_group: str = "source_files"
    formats: frozenset[str] = frozenset({"csv", "excel"})
    address: str | None = None
    is_daily: bool = False

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


def _client(name: str, address: str | None, settings: Settings, headers: Mapping[str, str] | None = None) -> HttpClient:
    policy = HttpPolicy(settings.timeout_s, settings.retries, settings.backoff_s, settings.delay_s)
    return HttpClient(name, address or "", policy, headers)


def _one_stop(settings: Settings) -> Source:
    options = OneStopOptions(
        overlap_days=settings.overlap_days,
        history_from=settings.history_from,
        sweep_nights=settings.sweep_nights,
        page_size=settings.page_size,
    )
    http = _client(OneStopSource.name, settings.one_stop_url, settings)
    return OneStopSource(http, settings.one_stop_client_id, settings.one_stop_client_secret.get_secret_value(), options)


def _documents(settings: Settings) -> Source:
    secret = settings.documents_secret_key.get_secret_value()
    headers = {"X-SystemId": settings.documents_system_id, "X-SecretKey": secret}
    http = _client(DocumentsSource.name, settings.documents_url, settings, headers)
    return DocumentsSource(http, settings.province_code, settings.overlap_days)


def national_portal(settings: Settings) -> NationalPortalSource:
    """Return the adapter of the national portal, which can also be asked for single procedures."""
    return NationalPortalSource(
        _client(NationalPortalSource.name, settings.national_portal_url, settings),
        settings.province_code,
        with_children=settings.portal_children,
        saved=settings.drop_folder / "portal",
    )


_KINDS = (
    SourceKind(
        OneStopSource,
        _one_stop,
        title_vi="Hệ thống thông tin một cửa",
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
        description_vi="Cổng Dịch vụ công quốc gia: số liệu và điểm Bộ chỉ số 766",
        asset_group="source_portal",
        formats=frozenset({"http", "json"}),
        address="national_portal_url",
    ),
    SourceKind(
        PapiDropSource,
        lambda settings: PapiDropSource(settings.drop_folder / PapiDropSource.name),
        title_vi="Bảng số liệu PAPI",
        description_vi="Thư mục tệp: bảng PAPI theo năm",
    ),
    SourceKind(
        RegistersSource,
        lambda settings: RegistersSource(settings.drop_folder / RegistersSource.name),
        title_vi="Sổ theo dõi của các cơ quan",
        description_vi="Thư mục tệp: sổ theo dõi do cơ quan tự lập",
    ),
)
#: Every source by its name, in the order in which a night reads them.
SOURCES: Mapping[str, SourceKind] = {kind.name: kind for kind in _KINDS}
#: Source by each of its inbound tables.
SOURCE_OF_TABLE: Mapping[str, SourceKind] = {table: kind for kind in _KINDS for table in kind.tables}
