"""The table of sources: each figure of the catalogue has one, and each is well-formed."""

from __future__ import annotations

import re

import pytest

from toolkit.analysis.metrics import catalogue
from toolkit.evidence.explain.evidence_rows import rows_of
from toolkit.evidence.explain.excerpts import excerpt
from toolkit.evidence.explain.sources import Source, sources, sources_of
from toolkit.evidence.explain.statistics import STATISTICS

WORDS = {"venue": "lighter", "limit": "25s", "reason": "read_timeout", "phase": "engine", "action": "place"}


@pytest.mark.parametrize("name", sorted(spec.name for spec in catalogue()))
def test_each_figure_of_the_catalogue_has_a_source(name: str) -> None:
    figure = re.sub(r"<([a-z_]+)>", lambda word: WORDS.get(word[1], "word"), name)
    assert sources_of(figure)


@pytest.mark.parametrize("source", sources(), ids=lambda source: source.figures[0])
def test_a_source_names_rows_or_a_formula_and_a_known_statistic(source: Source) -> None:
    assert (source.rows is None) == (source.formula is not None)
    assert source.statistic is None or source.statistic in STATISTICS or re.fullmatch(r"p\d+", source.statistic)
    assert source.rows is None or (source.of and rows_of(source.rows).reads)


def test_no_source_is_shadowed_so_that_it_explains_nothing() -> None:
    named = [re.sub(r"<([a-z_]+)>", lambda word: WORDS.get(word[1], "word"), spec.name) for spec in catalogue()]
    used = {id(source) for name in named for source, _ in sources_of(name)}
    assert [source.figures for source in sources() if id(source) not in used] == []


RECORD = b'{"t":7,"venue_age_ms":[0,250],"tick_timing":{"total_us":31,"x":1},"fill":"' + b"x" * 500 + b'"}'


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        (["venue_age_ms"], '{"t":7,"venue_age_ms":[0,250],…}'),
        (["tick_timing.total_us", "absent"], '{"t":7,"tick_timing":{"total_us":31},…}'),
        (["absent"], RECORD.decode()),
    ],
)
def test_a_long_record_is_shortened_to_the_fields_of_the_figure_in_its_own_digits(
    fields: list[str], shown: str
) -> None:
    assert excerpt(RECORD, fields).decode() == shown


@pytest.mark.parametrize("line", [b'{"t":7}', b"plain " * 200, b'{"t":' + b"[" * 3000, b'{"t":7,"a":"' + b"x" * 500])
def test_a_line_that_is_short_or_no_record_stays_whole(line: bytes) -> None:
    assert excerpt(line, ["venue_age_ms"]) == line
