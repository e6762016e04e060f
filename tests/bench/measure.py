"""Time work and child processes, and collect the results in a table."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass
class Line:
    """One comparison.

    Attributes:
        what: what was measured.
        ours: our seconds (or another number, with its `unit`).
        yardstick: the same number of what it is compared with, None where there is nothing.
        against: name of the yardstick.
        target: the ratio, or the number, to reach; None where none was set.
        is_absolute: whether the target is for `ours` itself and not for the ratio.
        at_least: whether the target is a minimum.
        unit: of `ours` and `yardstick`.
    """

    what: str
    ours: float
    yardstick: float | None = None
    against: str = ""
    target: float | None = None
    is_absolute: bool = False
    at_least: bool = False
    unit: str = "s"

    @property
    def ratio(self) -> float | None:
        """Return ours divided by the yardstick; None without a yardstick."""
        return self.ours / self.yardstick if self.yardstick else None

    @property
    def is_met(self) -> bool | None:
        """Return whether the target is reached; None without a target."""
        reached = self.ours if self.is_absolute else self.ratio
        if self.target is None or reached is None:
            return None
        return reached >= self.target if self.at_least else reached <= self.target

    def cells(self) -> list[str]:
        """Return the line as the texts of a table row."""
        target = ""
        if self.target is not None:
            sign = "≥" if self.at_least else "≤"
            target = f"{sign} {self.target:,g} {self.unit}" if self.is_absolute else f"{sign} {self.target:g} ×"
        met = {True: "[green]yes[/]", False: "[red]no[/]", None: ""}[self.is_met]
        return [
            self.what,
            number(self.ours, self.unit),
            self.against,
            "" if self.yardstick is None else number(self.yardstick, self.unit),
            "" if self.ratio is None else f"{self.ratio:.2f}" if self.ratio >= 0.01 else f"{self.ratio:.2g}",
            target,
            met,
        ]


def number(value: float, unit: str) -> str:
    """Return a number with its unit, in few digits."""
    digits = 0 if abs(value) >= 1000 or unit == "times" else 1 if abs(value) >= 100 else 2 if abs(value) >= 1 else 4
    return f"{value:,.{digits}f} {unit}"


@dataclass
class Report:
    """Lines and notes of a bench, printed as they come and once more at the end."""

    console: Console
    lines: list[Line] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, line: Line) -> Line:
        """Keep a line and print it."""
        self.lines.append(line)
        self.console.print("  " + "  ".join(cell for cell in line.cells() if cell), highlight=False)
        return line

    def note(self, text: str) -> None:
        """Keep a remark and print it."""
        self.notes.append(text)
        self.console.print(f"  {text}", highlight=False)

    def table(self) -> Table:
        """Return all lines as one table."""
        table = Table(title="Ratios measured side by side in this run", title_justify="left")
        for name in ("what", "ours", "against", "yardstick", "ratio", "target", "met"):
            table.add_column(name, justify="right" if name in ("ours", "yardstick", "ratio") else "left")
        for line in self.lines:
            table.add_row(*line.cells())
        return table


def seconds(work: Callable[[], Any], repeats: int = 1) -> float:
    """Return the shortest time of several runs: the one that was disturbed least."""
    best = float("inf")
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - started)
    return best


@dataclass(frozen=True)
class Finished:
    """An ended child process: seconds, highest memory in MiB, and what it printed."""

    seconds: float
    peak_mib: float
    output: str


def run(words: Sequence[str | Path], environment: Mapping[str, str], folder: Path | None = None) -> Finished:
    """Run a command to its end.

    Raises:
        RuntimeError: its status is not 0; the message has the end of what it printed.
    """
    started = time.perf_counter()
    with subprocess.Popen(
        [str(word) for word in words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **environment},
        cwd=folder,
    ) as child:
        assert child.stdout is not None
        output = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    taken = time.perf_counter() - started
    if child.returncode:
        raise RuntimeError(f"{' '.join(map(str, words))}: exit {child.returncode}\n{output[-3000:]}")
    return Finished(taken, usage.ru_maxrss / 1024, output)


def command(name: str) -> list[str | Path]:
    """Return an installed command of this environment."""
    return [Path(sys.executable).with_name(name)]


def peak_mib() -> float:
    """Return the highest memory of this process so far, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
