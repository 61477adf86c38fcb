"""The texts that a pattern requires are in each text that it matches."""

from __future__ import annotations

import pytest

from toolkit.runlog.grammar import message_families
from toolkit.runlog.search.required_text import required_texts


@pytest.mark.parametrize(
    ("pattern", "clauses"),
    [
        (r"abc", [("abc",)]),
        (r"ab?cde", [("cde",), ("a",)]),
        (r"abc+d", [("abc",), ("d",)]),
        (r"abc*", [("ab",)]),
        (r"ab{0,2}c", [("a",), ("c",)]),
        (r"(?:long text)?ab", [("ab",)]),
        (r"a[long text]bc\d+d", [("bc",), ("a",), ("d",)]),
        (r"one|other", [("one", "other")]),
        (r"one|oth.r thing|\d", []),
        (r"one|oth.r thing", [("one", "r thing")]),
        (r"(?:one|other) ends", [(" ends",), ("one", "other")]),
        (r"(?:one(?: more|)|other)+? ends", [(" ends",), ("one", "other")]),
        (r"(?P<all>in (?:each|any) case)", [(" case",), ("in ",), ("each", "any")]),
        (r"(?:one|other)*? ends", [(" ends",)]),
        (r"(?:one|(?:an)?other) ends", [(" ends",), ("one", "other")]),
        (r"x\(os error \d+\)", [("x(os error ",), (")",)]),
        (r"a[]()|]+bcd", [("bcd",), ("a",)]),
        (r"\bword\b", [("word",)]),
        (r"(?P<all>.*)", []),
        (r"(?!not )(?=so)a(?<=a)(?<!b)b", [("a",), ("b",)]),
        (r"a(?i:any case)b", [("a",), ("b",)]),
        (r"(?i)any case", []),
    ],
)
def test_each_match_holds_one_text_of_each_clause(pattern: str, clauses: list[tuple[str, ...]]) -> None:
    found = required_texts(pattern)
    assert sorted(found) == sorted(clauses)
    assert [min(map(len, each)) for each in found] == sorted((min(map(len, each)) for each in found), reverse=True)


def test_each_example_holds_what_its_family_needs() -> None:
    families = message_families()
    assert all(
        any(text in each for text in clause)
        for family in families
        for each in family.examples
        for clause in family.needs
    )
    assert all(family.needs for family in families)
