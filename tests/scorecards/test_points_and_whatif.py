"""Points lost, by whom, the cheapest to win back; and what-if, which of nothing changes nothing."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from command_line import output
from hypothesis import given, settings
from hypothesis import strategies as st
from rubric_files import criterion, group, rubric_content, rubric_from

from cchc_pipeline.scorecards.index766 import scorecard as index766
from cchc_pipeline.scorecards.points import causes, fixes
from cchc_pipeline.scorecards.scoring.engine import score
from cchc_pipeline.scorecards.scoring.measures import MeasureError
from cchc_pipeline.scorecards.scoring.rubric_set import shipped
from cchc_pipeline.scorecards.whatif import Change, measures_of, parse_change, whatif

STEPS = {"kind": "steps", "steps": [{"at": 0.3, "points": 2}, {"at": 0.7, "points": 6}]}
CRITERIA = (
    criterion("LINEAR", 20, {"kind": "linear", "full_at": 0.9}, "portal"),
    criterion("FLOOR", 10, {"kind": "linear_above_floor", "floor": 0.8, "full_at": 1}, "portal"),
    criterion("STEPS", 6, STEPS, "portal"),
    criterion("ALL", 4, {"kind": "all_or_nothing", "full_at": 0.95}, "portal"),
)
RUBRIC = rubric_from(rubric_content(group("G", *CRITERIA)))
RUBRICS = {RUBRIC.id: RUBRIC}
CODES = ("LINEAR", "FLOOR", "STEPS", "ALL")
PARENTS = {"P": None, "P.1": "P", "P.2": "P", "P.2.1": "P.2"}
LEVELS = {"P": "province", "P.1": "unit", "P.2": "unit", "P.2.1": "commune"}
#: own counter of each unit: (numerator, what is missing) per criterion
OWN = st.fixed_dictionaries(
    {
        unit: st.lists(
            st.tuples(st.integers(0, 40), st.integers(0, 30)), min_size=len(CODES), max_size=len(CODES)
        )
        for unit in PARENTS
    }
)  # fmt: skip


def below(unit: str) -> list[str]:
    return [unit, *(inner for child, parent in PARENTS.items() if parent == unit for inner in below(child))]


def card_of(own: dict[str, list[tuple[int, int]]]) -> pd.DataFrame:
    rows = [
        {
            "unit_code": unit,
            "metric_code": code,
            "numerator": float(sum(own[inner][i][0] for inner in below(unit))),
            "denominator": float(sum(sum(own[inner][i]) for inner in below(unit))),
            "period_type": "month",
            "period_start": date(2024, 5, 1),
            "period_end": date(2024, 5, 31),
        }
        for unit in PARENTS
        for i, code in enumerate(CODES)
    ]
    card = score(RUBRIC, pd.DataFrame(rows), source="portal").to_pandas()
    return card.assign(unit_level=card["unit_code"].map(LEVELS))


#: An example holds the figures of four criteria of four units.
QUICK = settings(max_examples=8, deadline=None)


@QUICK
@given(OWN)
def test_a_whatif_of_nothing_changes_nothing_and_points_by_unit_add_up_to_the_points_lost(own) -> None:
    card = card_of(own)
    found = whatif(card, RUBRICS, "P", [], parents=PARENTS, additive=CODES)
    assert (found.rows["points"].fillna(-1) == found.rows["points_after"].fillna(-1)).all()
    assert (found.ranks["rank"] == found.ranks["rank_after"]).all()
    by_unit = causes(card, "P", PARENTS, CODES).groupby("criterion_code")["points"].sum()
    lost = card[(card["unit_code"] == "P") & (card["criterion_level"] == "criterion")].set_index("criterion_code")
    for code, points in by_unit.items():
        assert points == pytest.approx(lost.loc[code, "points_lost"])
    silent = lost[(lost["points_lost"] > 0) & ~lost.index.isin(by_unit.index)]
    assert silent.empty


@QUICK
@given(OWN)
def test_a_fix_wins_exactly_the_points_it_promises(own) -> None:
    """Those of all criteria at once: what one criterion wins is its own."""
    card = card_of(own)
    wanted = fixes(card[card["unit_code"] == "P.2.1"], RUBRIC).to_dict("records")

    def after(fewer: int) -> pd.DataFrame:
        changes = [Change(fix["criterion_code"], items=fix["items"] - fewer) for fix in wanted]
        found = whatif(card, RUBRICS, "P.2.1", changes, parents=PARENTS, additive=())
        return found.rows.set_index("criterion_code")

    rows = after(fewer=0)
    for fix in wanted:
        row = rows.loc[fix["criterion_code"]]
        assert row["points_after"] == row["max_points"]
        assert row["points_after"] - row["points"] == pytest.approx(fix["points"])
    # one fewer does not reach the full points, up to the rounding of a hundredth
    less = after(fewer=1)
    less = less[less["criterion_level"] == "criterion"]
    assert (less["points_after"] <= less["max_points"]).all()


@QUICK
@given(OWN, st.sampled_from(CODES))
def test_more_in_a_numerator_never_costs_points_and_goes_up_the_tree(own, code) -> None:
    card = card_of(own)
    row = card[(card["unit_code"] == "P.2.1") & (card["criterion_code"] == code)].iloc[0]
    more = row["denominator"] - row["numerator"]
    if not more:
        return
    found = whatif(card, RUBRICS, "P.2.1", [Change(code, items=int(more))], parents=PARENTS, additive=CODES)
    rows = found.rows[found.rows["criterion_code"] == code].set_index("unit_code")
    assert set(rows.index) == {"P", "P.2", "P.2.1"}
    assert (rows["numerator_after"] - rows["numerator"] == more).all()
    assert (rows["points_after"] >= rows["points"]).all()
    others = found.rows[~found.rows["criterion_code"].isin([code, "G", "TOTAL"])]
    assert others.empty


def test_the_unit_that_does_better_overtakes() -> None:
    own = {unit: [(10, 10)] * 4 for unit in PARENTS}
    own["P.1"] = [(12, 8)] * 4
    own["P.2.1"] = [(0, 0)] * 4
    found = whatif(card_of(own), RUBRICS, "P.2", [parse_change("LINEAR=90%")], parents=PARENTS, additive=CODES)
    ranks = found.ranks.set_index("unit_code")
    assert ranks.loc["P.2", ["rank", "rank_after", "ranked"]].tolist() == [2, 1, 2]
    assert ranks.loc["P.1", ["rank", "rank_after"]].tolist() == [1, 2]


@settings(deadline=None, max_examples=8)
@given(
    st.integers(1, 100),
    st.fixed_dictionaries({unit: st.tuples(st.integers(0, 40), st.integers(1, 40)) for unit in PARENTS}),
)
def test_a_share_that_is_asked_for_is_reached_by_the_fewest_items(share: int, counts: dict) -> None:
    own = {unit: [both] * 4 for unit, both in counts.items()}
    card = card_of(own)
    for unit in ("P.1", "P.2.1"):
        rows = whatif(card, RUBRICS, unit, [parse_change(f"LINEAR={share}%")], parents=PARENTS, additive=()).rows
        row = rows[(rows["unit_code"] == unit) & (rows["criterion_code"] == "LINEAR")]
        has, lacks = (sum(counts[inner][i] for inner in below(unit)) for i in (0, 1))
        after = int(row["numerator_after"].iloc[0]) if len(row) else has
        assert 100 * after >= share * (has + lacks), unit
        assert 100 * (after - 1) < share * (has + lacks), unit


def test_what_is_counted_within_a_changed_criterion_moves_with_it_and_says_so(published) -> None:
    card = pd.read_parquet(published / "published" / "current" / "scorecard_index766.parquet")
    rubric, inner = shipped().find("index766"), "DOSSIER_RECEIVING_SATISFACTION"
    parents = {"H99": None, "H99.01": "H99", "H99.02": "H99"}
    figures = card[card["unit_code"] == "H99.01"].set_index("criterion_code")["numerator"]
    on_time, satisfied = int(figures["DOSSIER_ON_TIME"]), int(figures[inner])

    def asked(*changes: str) -> tuple[dict[tuple[str, str], float], tuple[str, ...]]:
        wanted = [parse_change(one) for one in changes]
        found = whatif(
            card, {rubric.id: rubric}, "H99.01", wanted, parents=parents, additive=["DOSSIER_ON_TIME", inner]
        )
        rows = found.rows.set_index(["unit_code", "criterion_code"])
        return (rows["numerator_after"] - rows["numerator"]).to_dict(), found.notes

    more = 100 - on_time
    moved, notes = asked(f"DOSSIER_ON_TIME=+{more}")
    assert moved["H99.01", "DOSSIER_ON_TIME"] == more
    assert moved["H99.01", inner] == moved["H99", inner] == min(more, 100 - satisfied)
    assert len(notes) == 1
    assert inner in notes[0]
    moved, notes = asked(f"DOSSIER_ON_TIME=+{more}", f"{inner}=+1")
    assert moved["H99.01", inner] == 1
    assert notes == ()
    moved, _ = asked(f"DOSSIER_ON_TIME=-{on_time}")
    assert moved["H99.01", inner] == -satisfied, "nothing can be satisfied that is late"
    assert asked("DOSSIER_ON_TIME=+0")[1] == ()


def test_a_carried_group_is_no_list_of_items_and_stays_as_it_is() -> None:
    rows = [
        ("DOSSIER_ONLINE_PAYMENT", 60.0, 100.0, None), ("FORMALITY_ONLINE_PAYMENT", 5.0, 10.0, None),
        ("GROUP.TTTT", None, None, 5.6),
    ]  # fmt: skip
    month = {"period_type": "month", "period_start": date(2026, 10, 1), "period_end": date(2026, 10, 31)}
    empty = dict.fromkeys(("ratio_pct", "data_quality_status"))
    given_rows = [
        {"unit_code": "H1", "metric_code": code, "report": "r", **month, "numerator": n, "denominator": d, "score": s}
        | empty
        for code, n, d, s in rows
    ]
    rubric = index766.newest()
    card = index766.score_portal(rubric, pa.Table.from_pylist(given_rows)).to_pandas().assign(unit_level="province")
    assert card.loc[card["criterion_code"] == "PAYMENT", ["points", "points_lost"]].to_numpy().tolist() == [[5.6, 4.4]]
    assert fixes(card, rubric).empty
    nothing = whatif(card, {rubric.id: rubric}, "H1", [Change("PAYMENT", items=0)], parents={}, additive=())
    assert (nothing.rows["points"] == nothing.rows["points_after"]).all()
    with pytest.raises(MeasureError, match="has no figure for DOSSIER_ONLINE_PAYMENT; its criteria with figures: PAYM"):
        whatif(card, {rubric.id: rubric}, "H1", [Change("DOSSIER_ONLINE_PAYMENT", items=1)], parents={}, additive=())


def test_a_card_scored_again_from_its_measures_is_the_same_card() -> None:
    own = {unit: [(3, 4), (0, 0), (5, 1), (9, 0)] for unit in PARENTS}
    card = card_of(own)
    again = score(RUBRIC, measures_of(card, RUBRIC), source="portal").to_pandas()
    pd.testing.assert_frame_equal(
        again[["unit_code", "criterion_code", "points", "status"]],
        card[["unit_code", "criterion_code", "points", "status"]],
    )


@pytest.mark.parametrize(
    ("changes", "unit", "message"),
    [
        (["LINEAR=64"], "P", "is no change"),
        (["LINEAR=+1000"], "P", "at most 40 more or 40 fewer"),
        (["LINEAR=-1000"], "P", "at most 40 more or 40 fewer"),
        (["NOTHING=+1"], "P", "has no figure for NOTHING; its criteria with figures: ALL, FLOOR, LINEAR, STEPS"),
        (["LINEAR=+1"], "Q", "no unit Q"),
        (["LINEAR=+1", "STEPS=+1", "LINEAR=80%"], "P", "LINEAR is changed twice"),
    ],
)
def test_what_cannot_be_is_refused(changes, unit, message) -> None:
    card = card_of({unit: [(10, 10)] * 4 for unit in PARENTS})
    with pytest.raises(MeasureError, match=message):
        whatif(card, RUBRICS, unit, [parse_change(one) for one in changes], parents=PARENTS, additive=CODES)


@pytest.fixture
def published(tmp_path):
    """A published index766 of one month: a province with two departments."""
    folder = tmp_path / "published" / "versions" / "20261101T000000Z"
    folder.mkdir(parents=True)
    (tmp_path / "published" / "current").symlink_to(folder, target_is_directory=True)
    rubric = shipped().find("index766")
    rng = np.random.default_rng(1)
    rows = [
        {
            "unit_code": unit, "metric_code": one.code, "numerator": float(rng.integers(0, many)),
            "denominator": float(many), "period_type": "month", "period_start": date(2026, 10, 1),
            "period_end": date(2026, 10, 31),
        }
        for unit, many in (("H99", 300), ("H99.01", 100), ("H99.02", 200))
        for one in rubric.for_source("local").criteria()
    ]  # fmt: skip
    card = score(rubric, pd.DataFrame(rows), source="local").to_pandas()
    card["unit_level"] = card["unit_code"].map({"H99": "province"}).fillna("department")
    card.to_parquet(folder / "scorecard_index766.parquet")
    units = {"unit_code": ["H99", "H99.01", "H99.02"], "parent_code": [None, "H99", "H99"]}
    pd.DataFrame({**units, "unit_name": ["Tỉnh Mẫu", "Sở Một", "Sở Hai"]}).to_parquet(folder / "units.parquet")
    return tmp_path


def test_the_commands_show_the_published_card(published) -> None:
    shown = output("points", "--unit", "H99", "--data-dir", published)
    assert "Tỉnh Mẫu, 01/10/2026–31/10/2026" in shown
    assert "cchc explain" in shown
    assert "--unit H99 --from 2026-10-01 --to 2026-10-31 --side lacking" in shown
    change = ("whatif", "DOSSIER_ON_TIME=100%")
    asked = output(*change, "--unit", "H99.01", "--period", "2026-10", "--data-dir", published)
    assert all(said in " ".join(asked.split()) for said in ("Sở Một", "DOSSIER_ON_TIME", "giả định mỗi hồ sơ"))
    for command in (("points",), change):
        printed = output(*command, "--unit", "H99.01", "--format", "json", "--data-dir", published)
        assert json.loads(printed, parse_constant=pytest.fail)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("points", "--unit", "H98"), "no unit H98; it has H99, H99.01, H99.02"),
        (("points", "--unit", "H99", "--period", "2026-09"), "no 2026-09; its months are 2026-10"),
        (("points", "--unit", "H99", "--period", "October"), "is no period"),
        (("points", "--unit", "H99", "--period", "2026-13"), "Write it like 2026-09 (month)"),
        (("points", "--unit", "H99", "--index", "par_index"), "no table scorecard_par_index. Run the main job"),
        (("points", "--unit", "H99", "--source", "portal"), "index766 has no figures of the source portal; choose"),
    ],
)
def test_the_commands_say_what_is_wrong(published, arguments, message) -> None:
    assert message in " ".join(output(*arguments, "--data-dir", published, code=1).split())
