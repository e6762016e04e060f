"""What to run again, as a command that can be pasted into a shell."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping

from cchc_pipeline.days import Window

#: The options of the command that started this process, handed to the processes that it starts.
VARIABLE = "CCHC_RUN_OPTIONS"


def remember(options: Mapping[str, object]) -> None:
    """Keep the options that a later `cchc run` needs to reach the same province and lake; None and "" are left out."""
    words = [word for name, value in options.items() if value not in (None, "") for word in (name, str(value))]
    os.environ[VARIABLE] = shlex.join(words)


def run_command(window: Window) -> str:
    """The command that runs the days of a window again."""
    days = f"--day {window.first}" if window.first == window.last else f"--from {window.first} --to {window.last}"
    return f"cchc run {days} {os.environ.get(VARIABLE, '')}".rstrip()
