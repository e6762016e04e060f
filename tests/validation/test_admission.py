"""The drift policy, word by word: evolve, freeze, discard_row for columns, types and codes."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from contract_batches import AS_OF, CLEAN, batch
from hypothesis import given, settings
from hypothesis import strategies as st

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.contracts.errors import ContractBroken
from cchc_pipeline.contracts.parts import DriftPolicy
from cchc_pipeline.validation.admission import admit
from cchc_pipeline.validation.verdict import judge

STATUSES, PAPI, DOSSIERS = (
    load_contract(name) for name in ("documents__statuses", "papi__subdimensions", "one_stop__dossiers")
)
GOOD = CLEAN["documents__statuses"]


def under(contract, **policy):
    """The contract with another drift policy."""
    drift = DriftPolicy(**{"columns": "evolve", "types": "freeze", "codes": "discard_row", **policy})
    return contract.model_copy(update={"drift": drift})


def rows(count=3, contract=STATUSES):
    made = [GOOD | {"unit_code": f"H34.{n + 1}"} for n in range(count)]
    return batch(contract, made)


def retyped(column, values):
    table = rows(len(values))
    return table.set_column(table.schema.get_field_index(column), column, pa.array(values))


def judged(table, contract):
    verdict = judge(admit(table, contract).table, contract, AS_OF)
    return verdict.valid["unit_code"].to_pylist(), verdict.quarantined.to_pylist()


# -- columns ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", ["evolve", "discard_row"])
def test_an_unknown_column_is_never_stored(policy):
    table = rows().append_column("citizen_name", pa.array([None, "NGƯỜI MẪU 000001", None]))
    found = admit(table, under(STATUSES, columns=policy))
    assert found.unknown == ("citizen_name",)
    assert found.table.column_names == list(STATUSES.column_names)
    assert "NGƯỜI MẪU" not in str(found.table.to_pylist())


def test_evolve_keeps_the_rows_and_tells_the_columns():
    table = rows().append_column("extra", pa.array([1, 2, 3])).drop_columns(["parse_errors"])
    contract = under(STATUSES, columns="evolve")
    found = admit(table, contract)
    assert (found.unknown, found.absent, found.discarded) == (("extra",), ("parse_errors",), {})
    assert judged(table, contract)[1] == []


def test_discard_row_quarantines_the_rows_that_hold_something_in_the_unknown_column():
    table = rows().append_column("extra", pa.array([None, "x", None]))
    contract = under(STATUSES, columns="discard_row")
    assert admit(table, contract).discarded == {"extra": 1}
    valid, waiting = judged(table, contract)
    assert valid == ["H34.1", "H34.3"]
    assert waiting[0]["rule_ids"] == "documents__statuses.parse_errors_present"
    assert "cột lạ «extra»" in waiting[0]["row_json"]


@pytest.mark.parametrize("drifted", ["unknown", "absent"])
def test_freeze_refuses_the_batch_and_names_the_column(drifted):
    table = (
        rows().append_column("extra", pa.array([1, 2, 3]))
        if drifted == "unknown"
        else rows().drop_columns(["status_on"])
    )
    with pytest.raises(ContractBroken, match="extra" if drifted == "unknown" else "status_on"):
        admit(table, under(STATUSES, columns="freeze"))


@pytest.mark.parametrize("policy", ["evolve", "freeze", "discard_row"])
def test_a_required_column_that_is_gone_refuses_under_every_policy(policy):
    with pytest.raises(ContractBroken, match="status_code"):
        admit(rows().drop_columns(["status_code"]), under(STATUSES, columns=policy))


# -- types --------------------------------------------------------------------------------------------------------


def test_freeze_refuses_another_type_even_where_it_could_be_read():
    with pytest.raises(ContractBroken, match="status_on"):
        admit(retyped("status_on", ["2026-03-02"]), under(STATUSES, types="freeze"))


@pytest.mark.parametrize("policy", ["evolve", "discard_row"])
def test_a_type_that_can_be_read_without_loss_is_read_and_told(policy):
    found = admit(retyped("status_on", ["2026-03-02", None]), under(STATUSES, types=policy))
    assert found.retyped == {"status_on": "string"}
    assert found.table["status_on"].to_pylist() == [date(2026, 3, 2), None]
    assert found.discarded == {}


def test_evolve_refuses_where_a_value_would_be_lost():
    with pytest.raises(ContractBroken, match="status_on"):
        admit(retyped("status_on", ["2026-03-02", "hôm qua"]), under(STATUSES, types="evolve"))


def test_discard_row_quarantines_the_rows_whose_value_would_be_lost():
    contract = under(STATUSES, types="discard_row")
    valid, waiting = judged(retyped("status_on", ["2026-03-02", "hôm qua", "2026-03-04"]), contract)
    assert valid == ["H34.1", "H34.3"]
    assert "status_on: kiểu string thay vì date32" in waiting[0]["row_json"]
    assert "hôm qua" not in waiting[0]["row_json"]


def test_a_number_never_becomes_a_code():
    """3 is not 03: what could change a meaning is refused under every policy."""
    for policy in ("evolve", "freeze", "discard_row"):
        with pytest.raises(ContractBroken, match="status_code"):
            admit(retyped("status_code", [3]), under(STATUSES, types=policy))


def test_without_a_column_for_the_reason_discarding_is_refused():
    table = batch(PAPI, [CLEAN[PAPI.name]])
    table = table.set_column(table.schema.get_field_index("score"), "score", pa.array(["một"]))
    with pytest.raises(ContractBroken, match="parse_errors"):
        admit(table, under(PAPI, types="discard_row"))


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.integers(-9, 9).map(str), st.sampled_from(["", "3.5", "x", "1e3"])), min_size=1)
)
def test_rows_are_conserved_whatever_a_retyped_column_holds(values):
    contract = under(DOSSIERS, types="discard_row")
    made = [
        CLEAN[DOSSIERS.name] | {"dossier_id": f"{n:024x}", "rated_on": None, "rating": None} for n in range(len(values))
    ]
    table = batch(contract, made)
    table = table.set_column(table.schema.get_field_index("rating"), "rating", pa.array(values, pa.string()))
    found = admit(table, contract)
    assert found.table.num_rows == len(values)
    unread = {n for n, value in enumerate(values) if value is not None and not value.lstrip("-").isdigit()}
    marked = {n for n, text in enumerate(found.table["parse_errors"].to_pylist()) if text}
    assert marked == unread
    verdict = judge(found.table, contract, AS_OF)
    assert verdict.rows_valid + verdict.rows_quarantined == len(values)
    waiting = set(verdict.quarantined["row_key"].to_pylist())
    assert {f"{n:024x}" for n in unread} <= waiting


# -- codes --------------------------------------------------------------------------------------------------------


def test_freeze_refuses_a_code_outside_its_list_and_quotes_no_value():
    contract = under(DOSSIERS, codes="freeze")
    table = batch(contract, [CLEAN[DOSSIERS.name], CLEAN[DOSSIERS.name] | {"channel": "pigeon"}])
    with pytest.raises(ContractBroken, match="channel") as caught:
        admit(table, contract)
    assert "1 rows" in str(caught.value)
    assert "pigeon" not in str(caught.value)
    admit(table.filter(pc.equal(table["channel"], "online")), contract)


def test_discard_row_is_the_rule_of_the_code_list():
    table = batch(DOSSIERS, [CLEAN[DOSSIERS.name] | {"channel": "pigeon"}])
    verdict = judge(admit(table, DOSSIERS).table, DOSSIERS, AS_OF)
    assert verdict.quarantined["rule_ids"].to_pylist() == ["one_stop__dossiers.channel_values"]


@pytest.mark.usefixtures("zones_in_arrow")
def test_a_moment_that_came_as_text_is_that_moment():
    table = retyped("status_at", ["2026-03-02T23:30:00+07:00"])
    (at,) = admit(table, under(STATUSES, types="evolve")).table["status_at"].to_pylist()
    assert at == datetime(2026, 3, 2, 16, 30, tzinfo=UTC)
