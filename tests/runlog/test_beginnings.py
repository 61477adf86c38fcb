"""The beginnings of a pattern match all texts with which a longer match may begin."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sampling import sampled
from toolkit.runlog import interleaving
from toolkit.runlog.grammar import MessageFamily, message_families
from toolkit.runlog.search.beginnings import beginnings

PARAMETERS = [
    (r"abc", ["", "a", "ab"], ["abc", "b", "abd"]),
    (r"a(?:bc|de)f", ["a", "ab", "ad", "abc"], ["ae", "abcf", "abd"]),
    (r"a?b{2,3}c", ["", "a", "b", "ab", "bb", "abbb"], ["c", "ac", "bbc"]),
    (r"(?:ab)+c", ["", "a", "ab", "aba", "abab"], ["b", "abb"]),
    (r"[a-c]*d", ["", "a", "abc"], ["x", "ad"]),
    (r"x=(?P<text>.*) y", ["", "x"], ["x=", "x=1"]),
    (r"x(?:=(?P<text>.*))? y", ["x", "x "], ["x=", "x=1"]),
    (r"(?!b)a(?=c)c$", ["", "a"], ["b", "ac"]),
    (r"(?i:ab)c", ["a", "A", "aB"], ["ABC", "b"]),
    (r"\w+ \(\d+\)", ["a", "ab ", "a (", "a (1"], [" ", "a(", "a (1)"]),
]


@pytest.mark.parametrize(("pattern", "begun", "other"), PARAMETERS)
def test_it_matches_the_beginnings_before_the_groups_left_out(pattern: str, begun: list[str], other: list[str]) -> None:
    found = beginnings(pattern, ("text",))
    assert [each for each in (*begun, *other) if found.match(each)] == begun


def _pieces() -> Iterator[str]:
    examples = sorted({example for family in message_families() for example in family.examples})
    for number, example in enumerate(examples):
        cut = number * 7 % len(example) + 1
        yield from (example[:cut], example[: cut // 2].replace("Lighter", "Venue1"), example[:cut] + "1", example)


@sampled("family", message_families(), 2, ids=lambda family: family.name)
def test_a_text_that_an_example_completes_is_a_beginning(family: MessageFamily) -> None:
    pattern = beginnings(family.pattern.pattern, family.outside_text)
    for piece in _pieces():
        if interleaving._completes(piece, family):
            assert all(pattern.match(piece[:end]) for end in range(len(piece) + 1)), piece


def test_a_text_is_cut_off_whether_few_or_many_were_examined() -> None:
    pieces = list(_pieces())
    interleaving._is_partial_message.cache_clear()
    many = [interleaving.is_partial_record(each) for each in pieces]
    each_first = []
    for piece in pieces:
        interleaving._is_partial_message.cache_clear()
        each_first.append(interleaving.is_partial_record(piece))
    assert many == each_first
    assert 0 < sum(many) < len(many)
