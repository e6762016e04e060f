"""The command `cchc` as a user calls it."""

from __future__ import annotations

from click.testing import CliRunner, Result

from cchc_pipeline.cli.main import main


def cchc(*words: object) -> Result:
    """Call the command with these words and return how it ended."""
    return CliRunner().invoke(main, [str(word) for word in words])


def output(*words: object, code: int = 0) -> str:
    """Return what the command prints; it has to end with this status."""
    done = cchc(*words)
    assert done.exit_code == code, done.output
    return done.output
