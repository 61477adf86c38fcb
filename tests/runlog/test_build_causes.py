"""Lines of a build that show why it failed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.runlog.build_causes import build_cause, build_causes


@pytest.mark.parametrize("cause", build_causes(), ids=lambda each: each.code)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_every_line_that_a_pattern_matches_has_a_word_of_its_cause(cause: object, data: st.DataObject) -> None:
    known = next(each for each in build_causes() if each is cause)
    line = data.draw(st.from_regex(known.pattern))
    assert any(word in line.lower() for word in known.words)


def test_a_line_without_a_word_of_a_cause_shows_none() -> None:
    assert build_cause("   Compiling serde v1.0.0") is None
    assert build_cause("error: No space left on device (os error 28)") is not None
