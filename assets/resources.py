"""Define the resources of assets: the province and the report of progress."""

from __future__ import annotations

import time
from pathlib import Path
from typing import IO

import dagster as dg
from pydantic import PrivateAttr

from assets import instance
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.progress import Progress, silent
from cchc_pipeline.scorecards.scoring.rubric_set import FOLDER, RubricSet, load_rubrics
from cchc_pipeline.settings import Settings, load_settings

SECONDS_BETWEEN_LINES = 5.0


class ProvinceResource(dg.ConfigurableResource):
    """Settings and lake of one province, from `CCHC_…` variables and `cchc.toml`."""

    _mark: IO[str] | None = PrivateAttr(default=None)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Check the lake's format, and mark the run as alive until its process ends."""
        if context.run is not None:
            self.lake().claim()
            self._mark = instance.hold(context.run.run_id)

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:  # noqa: ARG002 - Dagster's interface
        """Remove the mark: the run has ended by itself."""
        if self._mark is not None:
            Path(self._mark.name).unlink(missing_ok=True)
            self._mark.close()

    def settings(self) -> Settings:
        """Return the settings as they are now."""
        return load_settings()

    def lake(self) -> Lake:
        """Return the lake below the data folder."""
        return Lake(self.settings().data_dir.resolve())

    def rubrics(self) -> RubricSet:
        """Return the rubrics of the office before the shipped ones."""
        return load_rubrics(self.settings().drop_folder / FOLDER)


class ProgressResource(dg.ConfigurableResource):
    """Progress of a pull, for the run's log every few seconds or for a listener."""

    to_listener: bool = False

    def reporter(self, log: dg.DagsterLogManager) -> Progress:
        """Return a progress callable for an adapter."""
        if self.to_listener:
            return _LISTENER or silent
        last = 0.0

        def report(done: int, total: int | None, what: str) -> None:
            nonlocal last
            if time.monotonic() - last >= SECONDS_BETWEEN_LINES:
                last = time.monotonic()
                log.info(f"{what}: {done:,}" + (f" / {total:,}" if total else ""))

        return report


_LISTENER: Progress | None = None


def listen(listener: Progress | None) -> None:
    """Set the function that progress is reported to; None for nobody."""
    global _LISTENER
    _LISTENER = listener


def announce(what: str) -> None:
    """Tell the listener, if there is one, what begins now."""
    if _LISTENER is not None:
        _LISTENER(0, None, what)
