"""Building the adapters that a province has set up."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from cchc_pipeline.errors import SettingsError
from cchc_pipeline.reference.unit_codes import canonical_unit_code
from cchc_pipeline.sources.documents.lgsp.source import DocumentsSource, credential_headers
from cchc_pipeline.sources.http import HttpClient, Manners
from cchc_pipeline.sources.national_portal.source import NationalPortalSource
from cchc_pipeline.sources.one_stop.vnpt_igate.source import OneStopOptions, OneStopSource
from cchc_pipeline.sources.papi.source import PapiDropSource
from cchc_pipeline.sources.protocol import Source
from cchc_pipeline.sources.registers.source import RegistersSource


@dataclass(frozen=True)
class SourceSettings:
    """Addresses, credentials and habits. A source without an address is not built.

    Attributes:
        province_code: canonical or QCVN 102 code of the province.
        one_stop_url, documents_url, national_portal_url: base addresses.
        one_stop_client_id, one_stop_client_secret: client credentials of the one-stop system.
        documents_system_id, documents_secret_key: X-SystemId and X-SecretKey of the LGSP.
        drop_folder: folder for files that are put there by hand: `papi/YYYY.csv` or `.xlsx`, `registers/<table>.csv`.
        history_from: first day on which a dossier that is still open can have been accepted.
        overlap_days: days before a window that are read with it.
        sweep_nights: every older acceptance day is read again once in so many nights; 0 is never.
        page_size: records per page of the one-stop system, at most 1000.
        open_status_ids, recent_status_ids: ids of the one-stop system, see `OneStopOptions`.
        portal_children: whether the portal's reports of departments and communes are read too.
        timeout_s, retries, backoff_s, delay_s: patience and pace of every call.
    """

    province_code: str
    one_stop_url: str | None = None
    one_stop_client_id: str = ""
    one_stop_client_secret: str = field(default="", repr=False)
    documents_url: str | None = None
    documents_system_id: str = ""
    documents_secret_key: str = field(default="", repr=False)
    national_portal_url: str | None = None
    drop_folder: Path | None = None
    history_from: date | None = None
    overlap_days: int = 7
    sweep_nights: int = 30
    page_size: int = 1000
    open_status_ids: tuple[int, ...] = (16, 2, 3, 6)
    recent_status_ids: tuple[int, ...] = (0, 4, 11)
    portal_children: bool = True
    timeout_s: float = 60.0
    retries: int = 3
    backoff_s: float = 0.5
    delay_s: float = 0.0


def build_sources(settings: SourceSettings) -> list[Source]:
    """The adapters of the sources that have an address, in the order in which a night reads them.

    Raises:
        SettingsError: the province code is no agency code of level 1.
    """
    province = canonical_unit_code(settings.province_code)
    if province is None or "." in province:
        message = f"province code '{settings.province_code}' is no level 1 agency code. Fix: set one such as H34."
        raise SettingsError(message, province_code=settings.province_code)
    manners = Manners(settings.timeout_s, settings.retries, settings.backoff_s, settings.delay_s)
    sources: list[Source] = []
    if settings.one_stop_url:
        options = OneStopOptions(
            overlap_days=settings.overlap_days,
            history_from=settings.history_from,
            sweep_nights=settings.sweep_nights,
            page_size=settings.page_size,
            open_status_ids=settings.open_status_ids,
            recent_status_ids=settings.recent_status_ids,
        )
        http = HttpClient(OneStopSource.name, settings.one_stop_url, manners)
        sources.append(OneStopSource(http, settings.one_stop_client_id, settings.one_stop_client_secret, options))
    if settings.documents_url:
        headers = credential_headers(settings.documents_system_id, settings.documents_secret_key)
        http = HttpClient(DocumentsSource.name, settings.documents_url, manners, headers)
        sources.append(DocumentsSource(http, province, settings.overlap_days))
    if settings.national_portal_url:
        http = HttpClient(NationalPortalSource.name, settings.national_portal_url, manners)
        sources.append(
            NationalPortalSource(
                http, province, with_children=settings.portal_children, overlap_days=settings.overlap_days
            )
        )
    if settings.drop_folder is not None:
        sources.append(PapiDropSource(settings.drop_folder / "papi"))
        sources.append(RegistersSource(settings.drop_folder / "registers"))
    return sources
