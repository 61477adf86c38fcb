"""Lines of a block that are sorted by the patterns of families, many at a time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from msgspec import json

from tests.runlog.bulk.test_log_groups import parse_singly, stored
from toolkit.runlog.build_causes import build_cause
from toolkit.runlog.bulk import cause_search, single_lines, text_search
from toolkit.runlog.bulk.fields import all_fields
from toolkit.runlog.bulk.groups import family_lines
from toolkit.runlog.bulk.groups.family_lines import sort_by_family
from toolkit.runlog.bulk.numbers import BlockLines
from toolkit.runlog.bulk.single_lines import parse_single
from toolkit.runlog.bulk.text_search import look_up_of_lines
from toolkit.runlog.grammar import audit_families, message_families
from toolkit.runlog.parse import OTHER, LogRecord, ParsedLine, parse
from toolkit.runlog.sanitize import strip_decoration
from toolkit.runlog.search.program_phrases import has_program_words

EXAMPLES = sorted({each for family in (*message_families(), *audit_families()) for each in family.examples})
FOREIGN = ParsedLine((LogRecord(OTHER, None, None, {}, 0),), None)
HEAD = "Caused by:"
DECORATION = ("\x1b[1m", "\x1b[0m", "\u200b", "\r", "\ufeff", "2026-05-28T20:26:40Z ", "é", "‘", "\xa0", '"', "\\", "7")


@pytest.fixture
def any_number_of_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Search the lines of a block at once, however few they are."""
    for module in (text_search, family_lines, cause_search):
        monkeypatch.setattr(module, "MIN_LINES", 1)
    monkeypatch.setattr(single_lines, "MANY_LINES", 1)


def parts_of_records(seed: int, count: int = 3_000) -> Iterator[str]:
    """Yield whole records, and parts of them, which are cut, joined, decorated or in the other case of letters."""
    chosen = random.Random(seed)
    for _ in range(count):
        text, other = chosen.choice(EXAMPLES), chosen.choice(EXAMPLES)
        first, last = sorted(chosen.randrange(len(text) + 1) for _ in range(2))
        forms = (
            text, text[:first], text[first:], text[:first] + text[last:], text[:first] + other, text.swapcase(),
            text[:first] + chosen.choice(DECORATION) + text[first:], "".join(chosen.sample(text, len(text))),
        )  # fmt: skip
        yield chosen.choice(forms).replace("\n", " ")


def block_of(texts: list[str]) -> BlockLines:
    return BlockLines(("\n".join(texts) + "\n").encode())


@pytest.mark.usefixtures("any_number_of_lines")
@pytest.mark.parametrize("seed", range(8))
def test_a_line_that_is_sorted_by_family_is_what_the_parser_finds_in_it(seed: int) -> None:
    # The lines after decorated ones are left to the parser.
    texts = sorted(parts_of_records(seed), key=lambda each: not each.isprintable())
    lines = block_of(texts)
    found = sort_by_family(lines, np.arange(len(texts)))
    in_groups = [index for group in found.groups for index in group.indexes.tolist()]
    of_records = [index for index, _ in found.records]
    assert sorted([*in_groups, *of_records, *found.foreign, *found.left]) == list(range(len(texts)))
    assert len(found.foreign) > 100
    assert len(in_groups) > 500
    for text in map(texts.__getitem__, found.foreign):
        assert text.strip(), "blank lines are counted apart"
        assert (parse(text), has_program_words(text)) == (FOREIGN, False), text
    for index, record in found.records:
        assert parse(texts[index]) == ParsedLine((record,), None), texts[index]
    for group in found.groups:
        head = group.record
        assert head == parse(texts[group.indexes[0]]).records[0]
        for index, fields in zip(group.indexes, all_fields(group).to_pylist(), strict=True):
            record = LogRecord(head.family, head.venue, head.reason, json.decode(fields), head.column)
            assert parse(texts[index]) == ParsedLine((record,), None), texts[index]


@pytest.mark.parametrize("seed", range(8))
def test_the_first_line_of_each_cause_is_found_in_all_lines_at_once(seed: int) -> None:
    texts = [each for each in parts_of_records(seed) if each.isprintable()]
    causes = [build_cause(each) for each in texts]
    firsts = {causes.index(cause) for cause in set(causes) if cause is not None}
    assert len(firsts) > 5
    assert set(cause_search.first_text_of_each_cause(texts)) == firsts
    assert set(cause_search.first_of_each_cause(block_of(texts), np.arange(len(texts)))) == firsts


@pytest.mark.parametrize("seed", range(8))
def test_the_look_up_of_a_block_finds_the_same_records_as_that_of_each_line(seed: int) -> None:
    texts = list(parts_of_records(seed, count=300))
    lines = block_of(texts)
    look_up = look_up_of_lines(lines)
    for index, text in enumerate(texts):
        assert parse_single(lines[index], index, 0, look_up=look_up) == parse_single(lines[index], index, 0), text


def test_few_lines_are_left_to_the_parser() -> None:
    lines = block_of([f"word {'x' * (1 + n)}" for n in range(10)])
    assert sort_by_family(lines, np.arange(10)).left.tolist() == list(range(10))


def test_lines_of_many_venues_are_in_no_group() -> None:
    texts = [f"INFO: V{chr(97 + n // 26)}{chr(97 + n % 26)} public WS connected url=wss://h/" for n in range(600)]
    found = sort_by_family(block_of(texts), np.arange(600))
    assert (len(found.groups), len(found.records)) == (0, 600)


@pytest.mark.usefixtures("any_number_of_lines")
@pytest.mark.parametrize("seed", range(8))
def test_a_log_that_is_sorted_by_family_gives_the_result_of_one_that_is_read_by_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    path = tmp_path / "run.log"
    # A chain of causes is not looked for where decoration stands inside of its first line.
    hidden = {
        each for each in parts_of_records(seed, count=400) if strip_decoration(each)[0].strip() == HEAD != each.strip()
    }
    path.write_text("\n".join(each for each in parts_of_records(seed, count=400) if each not in hidden) + "\n")
    by_family = stored(path)
    with monkeypatch.context() as patch:
        parse_singly(patch)
        patch.setattr(text_search, "MIN_LINES", 1_000_000)
        patch.setattr(family_lines, "MIN_LINES", 1_000_000)
        patch.setattr(single_lines, "MANY_LINES", 1_000_000)
        by_line = stored(path)
    # The limits count names that the message of a panic quotes among those of its block.
    assert {**by_family, "names": None} == {**by_line, "names": None}
