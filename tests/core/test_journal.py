"""How dossiers were on an earlier night: whatever happened since, and however often a night was run."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import combinations

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.core import journal
from cchc_pipeline.lake.layout import Lake

NIGHT = date(2026, 10, 10)
SCHEMA = load_contract("dossiers").arrow_schema()
#: A run of a night: dossier -> its month and whether it is not late; one that is absent is not there.
RUN = st.dictionaries(
    st.sampled_from(["a", "b", "c"]), st.tuples(st.sampled_from(["2026-09", "2026-10"]), st.booleans())
)
#: Nights, each run once or twice.
NIGHTS = st.lists(st.lists(RUN, min_size=1, max_size=2), min_size=2, max_size=3)


def build(lake: Lake, run: dict[str, tuple[str, bool]], night: date) -> None:
    """Build both months as `build_dossiers` does; nothing stands before on the first night."""
    is_first = not lake.store.parts("built/dossiers")
    for month in ("2026-09", "2026-10"):
        rows = [
            {"dossier_id": one, "dossier_code": one.upper(), "is_not_late": flag}
            for one, (of, flag) in run.items()
            if of == month
        ]
        nullable = pa.schema([field.with_nullable(True) for field in SCHEMA])
        table = pa.Table.from_pylist(rows, nullable)
        if not is_first:
            journal.keep_before(lake, month, table, night)
        lake.store.write(table, "built/dossiers", month)


@settings(max_examples=12, deadline=None)
@given(nights=NIGHTS)
def test_the_state_of_every_night_is_told(tmp_path_factory, nights):
    lake = Lake(tmp_path_factory.mktemp("lake"))
    days = [NIGHT + timedelta(number) for number in range(len(nights))]
    for day, runs in zip(days, nights, strict=True):
        for run in runs:
            build(lake, run, day)
    states = dict(zip(days, (runs[-1] for runs in nights), strict=True))
    for since, until in combinations(days, 2):
        found = {day: journal.dossiers_at(lake, day, since=since, until=until).to_pylist() for day in (since, until)}
        for day, rows in found.items():
            told = {row["dossier_id"]: row["is_not_late"] for row in rows}
            assert len(told) == len(rows)
            held = {one: flag for one, (_, flag) in states[day].items()}
            changed = {one for one in held if held[one] != {o: f for o, (_, f) in states[since].items()}.get(one)}
            assert told.items() <= held.items(), "nothing but what was there"
            if day == until:
                assert changed <= set(told), "all that is otherwise"
        gone = set(states[since]) - set(states[until])
        assert gone <= {row["dossier_id"] for row in found[since]}


def test_months_that_are_not_scored_by_night_are_not_kept(tmp_path):
    lake = Lake(tmp_path)
    nullable = pa.schema([field.with_nullable(True) for field in SCHEMA])
    table = pa.Table.from_pylist([{"dossier_id": "a"}], nullable)
    for month, is_kept in (("2026-08", False), ("2026-09", True), ("2026-10", True)):
        journal.keep_before(lake, month, table, NIGHT)
        assert lake.store.has(journal.TABLE, NIGHT) == is_kept
