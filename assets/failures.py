"""Failures as people read them in the UI: what broke, where, and which days to run again.

Belongs here: turning the project's errors into Dagster failures. Retries happen in the HTTP client
only, so that no two layers multiply.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from cchc_pipeline.errors import CchcError
from cchc_pipeline.sources.protocol import Window


def again(window: Window) -> str:
    """The command that runs the window again."""
    days = f"--day {window.first}" if window.first == window.last else f"--from {window.first} --to {window.last}"
    return f"cchc run {days}"


@contextmanager
def as_failure(context: dg.AssetExecutionContext, what: str, window: Window) -> Iterator[None]:
    """Raise the project's errors as a failure that is not retried and says what to run again."""
    try:
        yield
    except CchcError as error:
        context.log.error(str(error))
        raise dg.Failure(
            description=f"{what}: {error}\nKept: what could be read; the last published version stays. "
            f"Run again: `{again(window)}`",
            metadata={
                "error": type(error).__name__,
                "message": dg.MetadataValue.md(str(error)),
                "run_again": dg.MetadataValue.md(f"`{again(window)}`"),
            },
            allow_retries=False,
        ) from error
