"""What makes tests quick: folders made once and kept while nothing changes, and engines kept."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import dagster as dg
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from filelock import FileLock
from matplotlib.figure import Figure
from sql_verdict import sql_verdict_alone
from sqlalchemy import Engine, create_engine

from cchc_pipeline.days import LOCAL_ZONE
from cchc_pipeline.drawing import output

UNREAD = {
    dg.DagsterEventType(name)
    for name in (
        *("ASSET_MATERIALIZATION_PLANNED", "ASSET_CHECK_EVALUATION_PLANNED", "RESOURCE_INIT_STARTED"),
        *("RESOURCE_INIT_SUCCESS", "STEP_INPUT", "STEP_OUTPUT", "LOADED_INPUT", "HANDLED_OUTPUT"),
    )
}
ROOT = Path(__file__).parents[1]
KEPT = ROOT / ".pytest_cache" / "prepared"
#: What decides what a run publishes: the code, the contracts, the libraries, and how tests drive a run.
MADE_BY = (
    *("cchc_pipeline", "assets", "data_contracts", "constraints.txt"),
    *(f"tests/{name}.py" for name in ("desk", "papi_scores", "prepared", "small_lake", "sql_verdict")),
)


def prepare(name: str, recipe: object, make: Callable[[Path], None], folder: Path) -> None:
    """Copy what `make` makes into a new folder.

    Args:
        name: of what is kept; a new one takes the place of an old one.
        recipe: what `make` depends on beside the code; its repr counts.
        make: fills an empty folder. It is called when nothing is kept that the same code made by the same recipe on
            the same day (the built-in province writes its registers as they are known today).
        folder: where the copy goes; must not exist.
    """
    today = datetime.now(LOCAL_ZONE).date()
    key = hashlib.sha256(f"{_code()} {recipe!r} {today}".encode()).hexdigest()[:16]
    kept = KEPT / f"{name}-{key}"
    KEPT.mkdir(parents=True, exist_ok=True)
    with FileLock(KEPT / f"{name}.lock"):
        if not kept.exists():
            for old in KEPT.glob(f"{name}-*"):
                shutil.rmtree(old)
            with TemporaryDirectory() as new:
                make(Path(new) / name)
                shutil.copytree(Path(new) / name, KEPT / f"{name}-making", symlinks=True)
            (KEPT / f"{name}-making").rename(kept)
        shutil.copytree(kept, folder, symlinks=True)


@cache
def _code() -> str:
    digest = hashlib.sha256()
    for place in MADE_BY:
        paths = sorted((ROOT / place).rglob("*")) if (ROOT / place).is_dir() else [ROOT / place]
        for path in paths:
            if path.is_file() and path.suffix != ".pyc":
                digest.update(f"{path.relative_to(ROOT)} ".encode() + path.read_bytes())
    return digest.hexdigest()


@contextmanager
def quick() -> Iterator[None]:
    """Within: a run judges by the verdict alone, no picture is drawn, and no event that nobody reads is stored.

    That Great Expectations agrees, that pages have their pictures, and what Dagster's pages show of a run is tested
    apart, by runs as they are. A half of a small run.
    """
    empty = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"></svg>'
    with (
        sql_verdict_alone(),
        mock.patch.object(output, "_drawn", lambda draw, *args, **more: Figure()),
        mock.patch.object(output, "_printed", lambda draw, metadata: empty),
        mock.patch.object(dg.DagsterInstance, "should_store_event", _is_read),
        mock.patch.object(dg.AssetCheckResult, "_get_target_materialization_data", lambda *_: None),
        mock.patch.object(SqlEventLogStorage, "store_asset_check_event", lambda *_: None),
    ):
        yield


def _is_read(_: object, event: dg.EventLogEntry) -> bool:
    return not event.is_dagster_event or event.get_dagster_event().event_type not in UNREAD


@contextmanager
def kept_engines() -> Iterator[None]:
    """Within: Dagster has one SQLAlchemy engine with its connections per SQLite file.

    It creates and disposes of one per statement, about 3,000 in a small run, and each compiles every statement anew: a
    fifth of the run. What is stored is the same.
    """
    engines: dict[str, Engine] = {}

    def create(url: str, poolclass: object, **options: Any) -> Engine:
        if url not in engines:
            engines[url] = create_engine(url, **options)
            engines[url].dispose = lambda: None  # type: ignore[method-assign]
        return engines[url]

    storage = "dagster._core.storage"
    with ExitStack() as patched:
        for module in ("event_log.sqlite.sqlite_event_log", "runs.sqlite.sqlite_run_storage"):
            patched.enter_context(mock.patch(f"{storage}.{module}.create_engine", create))
        try:
            yield
        finally:
            for engine in engines.values():
                engine.pool.dispose()
