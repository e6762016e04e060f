"""Measure the first load: from a source's API to published scorecards."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq
import requests

from bench.measure import Finished, Line, Report, command, number, run, seconds
from bench.site import Site, served, steps
from cchc_pipeline.lake.publish import current_version

FIRST = date(2026, 9, 1)
PER_DAY = 173  # dossiers of the built-in province of size 1 in September 2026
A_MILLION_IN_FIVE_MINUTES = 1_000_000 / 300


def bench(report: Report, dossiers: int, days: int) -> None:
    """Load about `dossiers`, and before a tenth; the difference gives the rate."""
    last = FIRST + timedelta(days=days - 1)
    small, started = 0, 0.0
    if dossiers >= 1_000:
        small, _, before = _load(report, dossiers // 10, last)
        started = before.seconds
    loaded, bare, done = _load(report, dossiers, last)
    report.add(Line(f"first load of {loaded:,} dossiers, whole command", done.seconds, bare, "a bare download"))
    rate = (loaded - small) / max(done.seconds - started, 0.001)
    what = f"first load, from {small:,} to {loaded:,} dossiers"
    report.add(
        Line(
            what,
            rate,
            loaded / bare,
            "a bare download",
            target=A_MILLION_IN_FIVE_MINUTES,
            is_absolute=True,
            at_least=True,
            unit="/s",
        )
    )
    report.add(Line("first load, highest memory", done.peak_mib, target=2048.0, is_absolute=True, unit="MiB"))


def _load(report: Report, dossiers: int, last: date) -> tuple[int, float, Finished]:
    """Load dossiers; return their number, seconds of a bare download, and the run."""
    with (
        TemporaryDirectory(prefix="bench-") as folder,
        served(dossiers / (PER_DAY * ((last - FIRST).days + 1))) as site,
    ):
        site.after(last)
        loaded = _download(site, last)  # the province makes its days when they are first asked for
        bare = seconds(lambda: _download(site, last))
        environment = site.environment(Path(folder) / "lake", FIRST)
        done = run([*command("cchc"), "run", "--from", str(FIRST), "--to", str(last)], environment)
        _all_arrived(Path(folder) / "lake", loaded)
        arrived = f"{loaded:,} dossiers arrived, every one that was downloaded"
        report.note(f"{arrived}: {done.seconds:.1f} s, {done.peak_mib:,.0f} MiB")
        report.note("    " + ", ".join(f"{step} {number(taken, 's')}" for step, taken in steps(environment)[:9]))
    return loaded, bare, done


def _all_arrived(lake: Path, downloaded: int) -> None:
    """Check that every downloaded dossier is published or waits in quarantine."""
    held = current_version(lake / "published")
    if held is None:
        raise RuntimeError("the first load published nothing")
    published = pq.read_metadata(held / "dossiers.parquet").num_rows
    waiting = pq.read_table(held / "quarantine.parquet", columns=["table_name"])["table_name"].to_pylist()
    waits = waiting.count("one_stop__dossiers")
    if published + waits != downloaded or not published:
        raise RuntimeError(f"{downloaded:,} dossiers downloaded, {published:,} published and {waits:,} in quarantine")


def _download(site: Site, last: date) -> int:
    """Download every dossier once, by day and page; return their number."""
    count = 0
    search = f"{site.base}/one-stop/pa/dossier/search"
    with requests.Session() as session:
        form = {"grant_type": "client_credentials", "client_id": "sandbox", "client_secret": "sandbox"}
        token = session.post(
            f"{site.base}/one-stop/auth/realms/digo/protocol/openid-connect/token", data=form, timeout=60
        ).json()
        session.headers["Authorization"] = f"Bearer {token['access_token']}"
        for offset in range((last - FIRST).days + 1):
            day = FIRST + timedelta(days=offset)
            query: dict[str, str | int] = {
                "spec": "slice",
                "size": 1000,
                "accepted-from": f"{day}T00:00:00.000+0700",
                "accepted-to": f"{day}T23:59:59.999+0700",
            }
            page = 0
            while True:
                reply = session.get(search, params={**query, "page": page}, timeout=60)
                reply.raise_for_status()
                held = reply.json()
                count += len(held["content"])
                if held["last"]:
                    break
                page += 1
    return count
