"""What every adapter has to do, held against the sandbox over real HTTP."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.days import LOCAL_ZONE, Window
from cchc_pipeline.progress import Progress, silent
from cchc_pipeline.sandbox.drop import write_registers
from cchc_pipeline.sandbox.scenarios.two_level_registers import MISTAKES
from cchc_pipeline.sandbox.servers.server import SandboxServer
from cchc_pipeline.settings import Settings
from cchc_pipeline.sources import errors
from cchc_pipeline.sources.national_portal.requests import REPORTS
from cchc_pipeline.sources.protocol import Batch, KnownState, Row, Source
from cchc_pipeline.sources.registry import SOURCES

FIRST, LAST = date(2026, 10, 7), date(2026, 10, 9)
WINDOW = Window(FIRST, LAST)
CLOCK = datetime(2026, 10, 9, 23, 30, tzinfo=LOCAL_ZONE)
RETRIES = 2
#: Rows that an office of the built-in province writes a second time by mistake.
WRITTEN_TWICE = {"registers__appraisals": sum(rule == "key_unique" for *_, rule in MISTAKES)}
NAMES = tuple(SOURCES)
# Paths that a fault hits: data, not the token.
DATA_PATHS = {"one_stop": "/pa/dossier|/bd/procedure", "documents": "/documents/v1", "national_portal": "/evaluation/"}
PERSONAL = re.compile(r"MẪU|999\d{9}|\+84|84000\d|example\.invalid|canbo\.mau|đường Mẫu|-12-31T17")
MANY = 10_000


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(size=0.05, as_of=CLOCK) as server:
        yield server


@pytest.fixture(autouse=True)
def calm(sandbox: SandboxServer) -> Iterator[None]:
    yield
    sandbox.faults.clear()
    sandbox.set_clock(CLOCK)


@pytest.fixture(scope="module")
def settings(sandbox: SandboxServer, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("drop")
    (folder / "papi").mkdir()
    (folder / "papi" / "2024.csv").write_text("Province,SC11,SC12\nP01,1.2,\nP02,0.9,1.5\n", encoding="utf-8")
    write_registers(folder / "registers", sandbox.province.scenario.registers, LAST)
    return Settings(
        province_code=sandbox.province.scenario.province_code,
        one_stop_url=f"{sandbox.base_url}/one-stop", one_stop_client_id="sandbox",
        one_stop_client_secret=SecretStr("sandbox"), documents_url=f"{sandbox.base_url}/documents",
        documents_system_id="sandbox", documents_secret_key=SecretStr("sandbox"),
        national_portal_url=f"{sandbox.base_url}/national-portal", drop_dir=folder, page_size=40,
        portal_children=False, timeout_s=5, retries=RETRIES, backoff_s=0.01,
    )  # fmt: skip


def build(settings: Settings, name: str, **changes: Any) -> Source:
    return SOURCES[name].build(settings.model_copy(update=changes))


def pull(
    source: Source, known: KnownState | None = None, progress: Progress = silent, window: Window = WINDOW
) -> list[Batch]:
    known = known or KnownState(first_day=date(2026, 9, 1))
    return list(source.pull(window, known, progress))


def pull_a_day(settings: Settings, name: str) -> list[Batch]:
    """The pull of one day, where more days say no more."""
    return pull(build(settings, name, overlap_days=0), window=Window(LAST, LAST))


@pytest.fixture(scope="module")
def clean(sandbox: SandboxServer, settings: Settings) -> dict[str, list[Batch]]:
    """A pull of every adapter while nothing is wrong."""
    return {name: pull(build(settings, name)) for name in NAMES}


@pytest.fixture(scope="module")
def clean_day(sandbox: SandboxServer, settings: Settings) -> dict[str, list[Batch]]:
    """A pull of one day of every adapter that asks a server, while nothing is wrong."""
    found = {name: pull_a_day(settings, name) for name in DATA_PATHS}
    assert all(rows_of(batches) for batches in found.values())
    return found


def rows_of(batches: list[Batch], table: str | None = None) -> list[Row]:
    return [row for batch in batches if table in (None, batch.table) for row in batch.rows]


@pytest.mark.parametrize("name", NAMES)
def test_rows_have_exactly_the_columns_of_the_contract(name: str, clean: dict[str, list[Batch]]) -> None:
    for table in {batch.table for batch in clean[name]}:
        rows = rows_of(clean[name], table)
        # No unit changed in the built-in province, and its PAPI table is no workbook.
        assert rows or table in ("registers__unit_changes", "papi__totals"), table
        assert all(row.keys() == set(load_contract(table).column_names) for row in rows), (
            table
        )  # landing puts them in order


@pytest.mark.parametrize("name", NAMES)
def test_rows_have_the_types_of_the_contract(name: str, clean: dict[str, list[Batch]]) -> None:
    for column, value in [pair for row in rows_of(clean[name]) for pair in row.items() if pair[1] is not None]:
        if column.endswith("_at"):
            assert isinstance(value, datetime)
            assert value.utcoffset() == timedelta(hours=7)
        elif column.endswith("_on") or column in ("period_start", "period_end"):
            assert type(value) is date, column
        elif column.startswith(("is_", "has_")):
            assert type(value) is bool, column
        else:
            assert isinstance(value, (str, int, float)), column
            assert not isinstance(value, bool), column


@pytest.mark.parametrize("name", NAMES)
def test_a_pull_can_be_repeated_and_tells_its_progress(
    name: str, settings: Settings, clean: dict[str, list[Batch]]
) -> None:
    told: list[tuple[int, int | None, str]] = []
    again = pull(build(settings, name), progress=lambda done, total, what: told.append((done, total, what)))
    assert again == clean[name]
    assert told
    assert all(what and not PERSONAL.search(what) for *_, what in told)
    assert all(total is None or done <= total for done, total, _ in told)


@pytest.mark.parametrize("name", NAMES)
def test_one_batch_per_table_and_day(name: str, settings: Settings, clean: dict[str, list[Batch]]) -> None:
    given = [(batch.table, batch.day) for batch in clean[name]]
    assert len(set(given)) == len(given)
    tables = set(build(settings, name).tables) - {"national_portal__procedures"}  # read on days off only
    assert {table for table, _ in given} == tables
    for table in tables:
        days = [day for given_table, day in given if given_table == table]
        assert days in ([LAST], list(WINDOW.days()))
        assert days == sorted(days)


def test_a_dossier_lies_on_the_day_of_its_reception(clean: dict[str, list[Batch]]) -> None:
    for batch in clean["one_stop"]:
        for row in batch.rows if batch.table == "one_stop__dossiers" else ():
            assert batch.day in (WINDOW.clamp(row["received_on"] or row["applied_on"]), LAST)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_personal_leaves_an_adapter(name: str, clean: dict[str, list[Batch]]) -> None:
    for column, value in [pair for row in rows_of(clean[name]) for pair in row.items()]:
        assert not PERSONAL.search(str(value)), (column, value)


@pytest.mark.parametrize("name", NAMES)
def test_keys_are_unique_within_a_batch(name: str, clean: dict[str, list[Batch]]) -> None:
    for batch in clean[name]:
        keys = [tuple(row[column] for column in load_contract(batch.table).key) for row in batch.rows]
        assert len(keys) - len(set(keys)) == WRITTEN_TWICE.get(batch.table, 0)


FAULTS = [
    ("down", errors.SourceDown, RETRIES + 1),
    ("slow", errors.SourceTooSlow, RETRIES + 1),
    ("401", errors.SourceAuthFailed, None),
    ("429", errors.SourceRateLimited, RETRIES + 1),
    ("500", errors.SourceServerError, RETRIES + 1),
    ("half_page", errors.ReplyBroken, 2),
    ("html", errors.PageInsteadOfData, 2),
]
FIXES = {"401": "Fix: check that the credentials", "429": "Fix: raise the delay"}
#: What of these the portal's firewall says; it is not asked again.
REFUSALS = ("429", "html")


@pytest.mark.parametrize("name", DATA_PATHS)
@pytest.mark.parametrize(("kind", "expected", "calls"), FAULTS)
def test_a_fault_that_stays_is_a_typed_error(
    name: str, kind: str, expected: type, calls: int | None, sandbox: SandboxServer, settings: Settings
) -> None:
    sandbox.add_fault(DATA_PATHS[name], kind, times=MANY, seconds=1.0)
    source = build(settings, name, timeout_s=0.3 if kind == "slow" else 5)
    with pytest.raises(expected) as caught:
        pull(source)
    (left,) = sandbox.faults
    if calls is None:
        calls = 2 if name == "one_stop" else 1  # a new token is tried once
    if name == "national_portal" and kind in REFUSALS:
        calls = 1
    assert left.times == MANY - calls
    error = caught.value
    assert type(error) is expected
    assert error.source == name
    assert FIRST <= error.day <= LAST
    for part in (name, error.culprit, f"Fix: {error.fix}"):
        assert part in str(error)
    if name != "national_portal":
        assert FIXES.get(kind, "Fix: ") in str(error)
    assert "?" not in error.culprit
    assert "sandbox" not in str(error)


PASSING = ("down", "429", "500", "half_page", "html")


@pytest.mark.parametrize(
    ("name", "kind"),
    [(name, kind) for name in DATA_PATHS for kind in PASSING if name != "national_portal" or kind not in REFUSALS],
)
def test_a_fault_that_passes_changes_nothing(
    name: str, kind: str, sandbox: SandboxServer, settings: Settings, clean_day: dict[str, list[Batch]]
) -> None:
    sandbox.add_fault(DATA_PATHS[name], kind, times=1)
    start = time.monotonic()
    clean = clean_day[name]
    found = pull_a_day(settings, name)
    if name == "national_portal":  # a night has 29 calls: the last report of the closed month pays for a repeat
        clean, found = ([replace(one, rows=_without_last(one.rows)) for one in batches] for batches in (clean, found))
    assert found == clean
    assert [fault.times for fault in sandbox.faults] == [0]
    if kind == "429":
        assert time.monotonic() - start >= 1  # Retry-After: 1


def _without_last(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows but those of the report that a night asks last, of its earliest month."""
    first = min((row["period_start"] for row in rows if row.get("period_type") == "month"), default=None)
    return [
        row for row in rows
        if (row.get("report"), row.get("period_type"), row.get("period_start")) != (REPORTS[-1], "month", first)
    ]  # fmt: skip


def test_a_refused_token_is_renewed(
    sandbox: SandboxServer, settings: Settings, clean_day: dict[str, list[Batch]]
) -> None:
    sandbox.add_fault(DATA_PATHS["one_stop"], "401", times=1)
    assert pull_a_day(settings, "one_stop") == clean_day["one_stop"]


@pytest.mark.parametrize(
    ("name", "secret"), [("one_stop", "one_stop_client_secret"), ("documents", "documents_secret_key")]
)
def test_wrong_credentials(name: str, secret: str, settings: Settings) -> None:
    with pytest.raises(errors.SourceAuthFailed, match="credentials") as caught:
        pull(build(settings, name, **{secret: SecretStr("wrong")}))
    assert "wrong" not in str(caught.value)


def test_a_repeated_page(sandbox: SandboxServer, settings: Settings) -> None:
    sandbox.add_fault("/bd/procedure", "repeat_page", times=1)
    with pytest.raises(errors.PageRepeated, match="earlier pages"):
        pull(build(settings, "one_stop"))


@pytest.mark.parametrize(
    ("field", "columns"),
    [
        ("acceptedDate", {"received_at", "received_on"}),
        ("applyMethod", {"channel"}),
        ("agency", {"unit_code"}),
        ("nationalSynced", {"is_synced_national"}),
        ("dossierFee", {"has_fee", "fee_amount_vnd", "is_paid_online"}),
        ("nationCode", set()),
        ("dossierTaskStatus", set()),  # the other status field still has the name
    ],
)
def test_a_field_that_is_gone_is_a_missing_column(
    field: str, columns: set[str], sandbox: SandboxServer, settings: Settings
) -> None:
    sandbox.add_fault("/pa/dossier", "drop_field", field=field)
    rows = rows_of(pull(build(settings, "one_stop")), "one_stop__dossiers")
    every = set(load_contract("one_stop__dossiers").column_names)
    assert rows
    assert all(every - set(row) == columns for row in rows)


@pytest.mark.parametrize(
    ("name", "field"), [("documents", "docId"), ("documents", "edxml"), ("national_portal", "metrics")]
)
def test_a_field_without_which_nothing_can_be_read(
    name: str, field: str, sandbox: SandboxServer, settings: Settings
) -> None:
    sandbox.add_fault(DATA_PATHS[name], "drop_field", field=field)
    with pytest.raises(errors.FieldGone, match=field):
        pull(build(settings, name))


def test_a_metric_field_that_is_gone_is_null_and_named(sandbox: SandboxServer, settings: Settings) -> None:
    """The trees give their counts under other names, so the column stays."""
    sandbox.add_fault(DATA_PATHS["national_portal"], "drop_field", field="numerator")
    source = build(settings, "national_portal")
    rows = {row["metric_code"]: row for row in rows_of(pull(source), "national_portal__metrics")}
    assert rows["DOSSIER_SYNC"]["numerator"] is None
    assert rows["DOSSIER_SYNC"]["score"] is not None
    assert rows["DOSSIER_ON_TIME"]["numerator"] is not None
    assert "the metrics of transparency have no field 'numerator'" in source.notes["national_portal__metrics"]


def test_no_dossier_is_missed(sandbox: SandboxServer, clean: dict[str, list[Batch]]) -> None:
    """Every dossier that the province holds for the days read is there, in its state as of the clock."""
    rows = {row["dossier_id"]: row for row in rows_of(clean["one_stop"], "one_stop__dossiers")}
    lives = list(sandbox.province.lives_between(FIRST - timedelta(days=7), LAST))
    assert len(lives) > 50
    for life in lives:
        row = rows[life.dossier_id]
        status = life.status_at(CLOCK)
        assert row["dossier_code"] == life.dossier_code
        assert row["unit_code"] == life.unit.code
        assert row["channel"] == life.channel
        if life.defect is None:
            seen = life.seen(CLOCK)
            assert seen is not None
            assert row["status_code"] == status
            assert (row["received_at"], row["due_at"], row["finished_at"]) == (
                seen.received_at, seen.due_at, seen.finished_at
            )  # fmt: skip
            assert row["is_paid_online"] == seen.is_paid_online
            assert row["result_issued_on"] == seen.result_issued_on
            assert row["parse_errors"] is None


def test_what_was_open_is_seen_again_when_it_closes(sandbox: SandboxServer, settings: Settings) -> None:
    sandbox.set_clock(datetime(2026, 9, 25, 23, tzinfo=LOCAL_ZONE))
    early = Window(date(2026, 9, 1), date(2026, 9, 25))
    source = build(settings, "one_stop", sweep_nights=0)
    first = rows_of(list(source.pull(early, KnownState(), silent)), "one_stop__dossiers")
    held_open = {row["dossier_code"]: row["received_on"] for row in first if row["status_code"] in (2, 4, 5, 6)}
    assert len(held_open) > 20
    sandbox.set_clock(CLOCK)
    known = KnownState(held_open, date(2026, 9, 1))
    later = {row["dossier_code"]: row for row in rows_of(pull(source, known), "one_stop__dossiers")}
    assert set(held_open) <= set(later)
    assert {later[code]["status_code"] for code in held_open} & {9, 10}


def test_documents_of_the_province_only(sandbox: SandboxServer, clean: dict[str, list[Batch]]) -> None:
    code = sandbox.province.scenario.province_code
    rows = rows_of(clean["documents"], "documents__documents")
    assert {row["unit_code"].partition(".")[0] for row in rows} == {code}
    letters = [
        x for day in Window(FIRST - timedelta(days=7), LAST).days() for x in sandbox.province.letters.letters(day)
    ]
    ours = {x.document_id: x for x in letters if x.unit is not None and x.created_at <= CLOCK}
    assert {row["document_id"] for row in rows} == set(ours)
    for row in rows:
        letter = ours[row["document_id"]]
        assert (row["subject_kind"], row["is_signed"], row["is_paper_copy"], row["dossier_code"]) == (
            letter.kind, letter.is_signed, letter.is_paper_copy, letter.dossier_code
        )  # fmt: skip
        assert (row["sent_at"], row["due_on"], row["procedures_count"], row["priority"]) == (
            letter.sent_at, letter.due_on, letter.procedures_count, letter.priority
        )  # fmt: skip
