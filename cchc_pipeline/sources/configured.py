"""The adapters of a province's settings."""

from __future__ import annotations

from cchc_pipeline.settings import Settings
from cchc_pipeline.sources.protocol import Source
from cchc_pipeline.sources.registry import SourceSettings, build_sources


def configured_sources(settings: Settings) -> dict[str, Source]:
    """Adapters by the name of their source; a source without an address is not there."""
    built = build_sources(
        SourceSettings(
            province_code=settings.province_code,
            one_stop_url=settings.one_stop_url,
            one_stop_client_id=settings.one_stop_client_id,
            one_stop_client_secret=settings.one_stop_client_secret.get_secret_value(),
            documents_url=settings.documents_url,
            documents_system_id=settings.documents_system_id,
            documents_secret_key=settings.documents_secret_key.get_secret_value(),
            national_portal_url=settings.national_portal_url,
            drop_folder=settings.drop_folder,
            history_from=settings.history_from,
            overlap_days=settings.overlap_days,
            sweep_nights=settings.sweep_nights,
            page_size=settings.page_size,
            timeout_s=settings.timeout_s,
            retries=settings.retries,
            backoff_s=settings.backoff_s,
            delay_s=settings.delay_s,
            portal_children=settings.portal_children,
        )
    )
    return {source.name: source for source in built}
