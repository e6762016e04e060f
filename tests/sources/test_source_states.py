"""The state of a source follows from how its pulls ended."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cchc_pipeline.contracts import load_contract
from cchc_pipeline.days import Window
from cchc_pipeline.lake.layout import Lake
from cchc_pipeline.progress import silent
from cchc_pipeline.sources.errors import AdapterFailed, SourceForbidden
from cchc_pipeline.sources.landing import land
from cchc_pipeline.sources.protocol import Batch, KnownState
from cchc_pipeline.sources.states import source_states, states_table

DAY = date(2026, 9, 1)


def days(*offsets: int) -> list[date]:
    return [DAY + timedelta(days=offset) for offset in offsets]


class Papi:
    """A source that breaks off after its first batch."""

    name, tables = "papi", ("papi__totals",)

    def __init__(self, failure: Exception) -> None:
        self.failure = failure

    def pull(self, window, known, progress):
        yield Batch("papi__totals", window.last, [])
        raise self.failure


@pytest.mark.parametrize(
    ("failure", "kind", "said"),
    [
        (SourceForbidden("HTTP 403", source="papi", culprit="/x"), SourceForbidden, "từ chối truy cập (HTTP 403)"),
        (KeyError("Nguyễn Văn Mẫu"), AdapterFailed, "không đọc được"),
        (PermissionError("/drop/papi"), AdapterFailed, "không đọc được"),
    ],
)
def test_a_source_that_breaks_off_is_an_error_of_the_source_whatever_it_stumbled_over(lake, failure, kind, said):
    with pytest.raises(kind) as caught:
        land(lake, Papi(failure), Window(DAY, DAY), KnownState(), silent)
    assert "Nguyễn Văn Mẫu" not in str(caught.value)
    state = source_states(lake)["papi"]
    assert (state.state, state.figures_on, state.error) == ("failed", None, str(caught.value))
    assert state.sentence_vi == (
        f"Bảng số liệu PAPI: đêm lấy số liệu ngày 01/09/2026 {said}; chưa có số liệu nào, chỉ tiêu "
        "cần nguồn này để trống, không phải bằng 0."
    )


def test_nothing_is_said_of_a_lake_in_which_nothing_was_pulled(lake):
    assert states_table(lake).num_rows == 0
    assert {state.state for state in source_states(lake).values()} == {"absent"}


def test_figures_that_are_carried_over_have_the_day_of_the_last_good_pull(lake):
    first, second = days(0, 1)
    lake.record_pull("national_portal", first, first, {"status": "ok", "captured_on": date(2026, 9, 2)})
    lake.record_pull("national_portal", second, second, {"status": "failed", "error": "no", "rows": {"x": 3}})
    state = source_states(lake)["national_portal"]
    assert (state.read_on, state.figures_on, state.newest_on) == (first, date(2026, 9, 2), second)
    assert state.sentence_vi == (
        "Cổng Dịch vụ công quốc gia: đêm lấy số liệu ngày 02/09/2026 không đọc được; phần đã đọc được vẫn công bố, "
        "phần còn lại đang dùng số liệu đọc ngày 02/09/2026, trong đêm lấy số liệu ngày 01/09/2026."
    )
    lake.record_pull("national_portal", second, second, {"status": "ok", "captured_on": second, "is_saved": True})
    assert source_states(lake)["national_portal"].state == "saved"


def test_part_of_a_first_night_is_not_called_nothing(lake):
    lake.record_pull("national_portal", DAY, DAY, {"status": "failed", "error": "no", "rows": {"x": 3}})
    state = source_states(lake)["national_portal"]
    assert "phần đã đọc được vẫn công bố, phần còn lại để trống" in state.sentence_vi
    assert "what was read is published, and of the rest nothing is known" in state.sentence_en


def test_a_drop_folder_that_is_empty_is_no_setting_and_its_reading_no_day_of_data(lake):
    lake.record_pull("papi", DAY, DAY, {"status": "absent"})
    state = source_states(lake)["papi"]
    assert "chưa có tệp nào trong thư mục nhận tệp" in state.sentence_vi
    assert "no file in its folder" in state.sentence_en and "settings" not in state.sentence_en
    lake.record_pull("papi", DAY, DAY, {"status": "ok"})
    assert source_states(lake)["papi"].sentence_vi.endswith("số liệu đọc trong đêm lấy số liệu ngày 01/09/2026.")


OUTCOMES = st.lists(st.sampled_from(["ok", "failed", "absent", None]), min_size=1, max_size=14)


@settings(max_examples=60, deadline=None)
@given(outcomes=OUTCOMES, overlap=st.integers(0, 3))
def test_every_history_of_pulls_has_one_state_and_no_day_is_taken_for_read(tmp_path_factory, outcomes, overlap):
    lake = Lake(tmp_path_factory.mktemp("lake"))
    read = set()
    for offset, status in enumerate(outcomes):
        if status:
            (day,) = days(offset)
            lake.record_pull("one_stop", day, day, {"status": status, "error": "no", "overlap_days": overlap})
            if status == "ok":
                read |= {day - timedelta(days=back) for back in range(overlap + 1)}
    state = source_states(lake)["one_stop"]
    span = lake.read_span("one_stop")
    if span is None:
        assert not read
        assert state.figures_on is None
    else:
        covered = {span.first + timedelta(days=n) for n in range((span.as_of_on - span.first).days + 1)}
        assert covered <= read
        assert span.as_of_on + timedelta(days=1) not in read or span.as_of_on == max(read)
        assert state.figures_on == span.as_of_on
    newest = next((status for status in reversed(outcomes) if status), "absent")
    assert (state.state == "absent") == (newest == "absent")
    assert (state.state == "failed") == (newest == "failed")
    assert (state.state == "gap") == (newest == "ok" and bool(lake.gaps("one_stop")))
    assert states_table(lake).schema.equals(load_contract("source_states").arrow_schema())
