"""The text that a pattern requires is in each text that it matches."""

from __future__ import annotations

import pytest

from toolkit.runlog.grammar import message_families
from toolkit.runlog.search.required_text import required_text


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"abc", "abc"),
        (r"ab?cde", "cde"),
        (r"abc+d", "abc"),
        (r"abc*", "ab"),
        (r"ab{0,2}c", "a"),
        (r"(?:long text)?ab", "ab"),
        (r"a[long text]bc\d+d", "bc"),
        (r"one|other", ""),
        (r"(?:one|other) ends", " ends"),
        (r"x\(os error \d+\)", "x(os error "),
        (r"a[]()|]+bcd", "bcd"),
        (r"\bword\b", "word"),
        (r"(?P<all>.*)", ""),
        (r"(?i)any case", ""),
    ],
)
def test_it_is_the_longest_run_outside_of_groups(pattern: str, text: str) -> None:
    assert required_text(pattern) == text


def test_each_example_holds_what_its_family_needs() -> None:
    assert all(family.needs in each for family in message_families() for each in family.examples)
    assert sum(len(family.needs) > 3 for family in message_families()) > len(message_families()) / 2
