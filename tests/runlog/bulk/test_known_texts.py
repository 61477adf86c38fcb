"""Look-up of the texts of known records in all lines of a block at once."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.runlog.bulk.test_log_groups import parse_singly, stored
from toolkit.runlog.build_causes import build_cause
from toolkit.runlog.bulk import known_texts, single_lines
from toolkit.runlog.bulk.known_texts import foreign_lines, look_up_of_lines
from toolkit.runlog.bulk.numbers import BlockLines
from toolkit.runlog.bulk.single_lines import parse_single
from toolkit.runlog.grammar import audit_families, message_families
from toolkit.runlog.parse import OTHER, LogRecord, ParsedLine, parse
from toolkit.runlog.sanitize import strip_decoration
from toolkit.runlog.search.program_phrases import has_program_words

EXAMPLES = sorted({each for family in (*message_families(), *audit_families()) for each in family.examples})
FOREIGN = ParsedLine((LogRecord(OTHER, None, None, {}, 0),), None)
HEAD = "Caused by:"
DECORATION = ("\x1b[1m", "\x1b[0m", "\u200b", "\r", "\ufeff", "2026-05-28T20:26:40Z ", "é", "‘")


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


@pytest.mark.parametrize("seed", range(8))
def test_the_parser_knows_no_record_cause_or_phrase_in_a_line_that_is_called_foreign(seed: int) -> None:
    # The lines after decorated ones are not called foreign.
    texts = sorted(parts_of_records(seed), key=lambda each: not (each.isascii() and each.isprintable()))
    foreign = foreign_lines(block_of(texts), np.arange(len(texts))).tolist()
    assert len(foreign) > 100
    for text in map(texts.__getitem__, foreign):
        assert text.strip(), "blank lines are counted apart"
        assert (parse(text), build_cause(text), has_program_words(text)) == (FOREIGN, None, False), text


@pytest.mark.parametrize("seed", range(8))
def test_the_look_up_of_a_block_finds_the_same_records_as_that_of_each_line(seed: int) -> None:
    texts = list(parts_of_records(seed, count=300))
    lines = block_of(texts)
    look_up = look_up_of_lines(lines)
    for index, text in enumerate(texts):
        assert parse_single(lines[index], index, 0, look_up=look_up) == parse_single(lines[index], index, 0), text


def test_few_lines_are_looked_up_one_by_one() -> None:
    lines = block_of([f"word {'x' * (1 + n)}" for n in range(10)])
    assert foreign_lines(lines, np.arange(10)).tolist() == []


@pytest.mark.parametrize("seed", range(4))
def test_a_log_that_is_searched_by_block_gives_the_result_of_one_that_is_searched_by_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    path = tmp_path / "run.log"
    # A chain of causes is not looked for where decoration stands inside of its first line.
    hidden = {
        each for each in parts_of_records(seed, count=400) if strip_decoration(each)[0].strip() == HEAD != each.strip()
    }
    path.write_text("\n".join(each for each in parts_of_records(seed, count=400) if each not in hidden) + "\n")
    parse_singly(monkeypatch)
    by_line = stored(path)
    monkeypatch.setattr(known_texts, "MIN_LINES", 1)
    monkeypatch.setattr(single_lines, "MANY_LINES", 1)
    assert stored(path) == by_line
