"""The texts and groups that a pattern requires are in each text that it matches."""

from __future__ import annotations

import pytest

from toolkit.runlog.grammar import message_families
from toolkit.runlog.search.required_text import always_sets, required_texts


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


@pytest.mark.parametrize(
    ("pattern", "sets_one"),
    [
        (r"(?P<a>\w+)", True),
        (r"(?P<c>x)", False),
        (r"one (?P<a>\w+)|two (?P<b>\w+)", True),
        (r"one (?P<a>\w+)|two", False),
        (r"one(?: (?P<a>\w+))?", False),
        (r"one(?: (?P<a>\w+))*", False),
        (r"one(?: (?P<a>\w+))+", True),
        (r"one(?: (?P<a>\w+)){0,2}", False),
        (r"one (?:(?P<a>x)|(?:y(?P<b>z)))", True),
        (r"(?P<c>(?P<a>x))", True),
        (r"(?!(?P<a>x))one", False),
    ],
)
def test_a_group_is_set_by_each_match_if_no_part_that_holds_it_can_be_left_out(pattern: str, sets_one: bool) -> None:
    assert always_sets(pattern, ("a", "b")) is sets_one


def test_no_match_sets_a_group_where_none_is_named() -> None:
    assert not always_sets(r"(?P<a>x)", ())


def test_each_example_holds_what_its_family_needs() -> None:
    families = message_families()
    assert all(
        any(text in each for text in clause)
        for family in families
        for each in family.examples
        for clause in family.needs
    )
    assert all(family.needs for family in families)
