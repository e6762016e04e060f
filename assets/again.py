"""Build the command that runs the days of a window again."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping

from cchc_pipeline.days import Window

#: Variable with the options of the command that started this process; child processes inherit it.
VARIABLE = "CCHC_RUN_OPTIONS"


def remember(options: Mapping[str, object]) -> None:
    """Keep the options of `cchc run` for running again; None and "" are left out."""
    words = [word for name, value in options.items() if value not in (None, "") for word in (name, str(value))]
    os.environ[VARIABLE] = shlex.join(words)


def run_command(window: Window) -> str:
    """Return the command that runs the days of a window again, to paste into a shell."""
    days = f"--day {window.first}" if window.first == window.last else f"--from {window.first} --to {window.last}"
    return f"cchc run {days} {os.environ.get(VARIABLE, '')}".rstrip()
