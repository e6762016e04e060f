from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cchc_pipeline.reference.unit_codes import canonical_unit_code, qcvn102_code

LEVEL1 = st.builds(lambda letter, number: f"{letter}{number:02d}", st.sampled_from("ABCDEFGHIJK"), st.integers(0, 99))


def digits(count: int) -> st.SearchStrategy[str]:
    return st.integers(1, 10**count - 1).map(lambda number: f"{number:0{count}d}")


OLD_STYLE = st.builds(
    lambda first, rest: ".".join([first, *rest]),
    LEVEL1,
    st.one_of(
        st.just(()), st.tuples(digits(2)), st.tuples(digits(2), digits(2)), st.tuples(digits(2), digits(2), digits(3))
    ),
)


@given(OLD_STYLE)
def test_old_form_and_back(code):
    old = qcvn102_code(code)
    assert old is not None
    assert len(old) == 13
    assert canonical_unit_code(old) == code


@given(OLD_STYLE, st.sampled_from([str.lower, str.title, lambda text: f"  {text}\n"]))
def test_the_canonical_form_is_a_fixed_point(code, disguise):
    assert canonical_unit_code(disguise(code)) == code
    assert canonical_unit_code(canonical_unit_code(code)) == code


@pytest.mark.parametrize("code", ["H21.227", "H34.2.3.4.5", "H99.A1B2"])
def test_codes_that_the_old_form_cannot_hold(code):
    assert canonical_unit_code(code) == code
    assert qcvn102_code(code) is None


@pytest.mark.parametrize(
    "old, code",
    [
        ("000.00.00.H34", "H34"),
        ("000.00.12.H34", "H34.12"),
        ("000.09.23.H34", "H34.23.09"),
        ("001.00.12.H34", "H34.12.00.001"),  # a gap in the middle is kept
        ("000.00.00.G22", "G22"),
    ],
)
def test_the_old_form_drops_absent_levels(old, code):
    assert canonical_unit_code(old) == code


@pytest.mark.parametrize(
    "text", [None, "", "H3", "L34.12", "34.12.H34", "H34.12345", "H34..12", "H34." + "1234." * 6 + "1234", "Sở Tư pháp"]
)
def test_what_is_no_code(text):
    assert canonical_unit_code(text) is None
