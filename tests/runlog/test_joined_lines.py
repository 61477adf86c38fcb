"""Short cuts for joined lines give the records that the whole search gives."""

from __future__ import annotations

import re
from importlib import import_module

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toolkit.runlog import interleaving, parse
from toolkit.runlog.grammar import audit_families, message_families
from toolkit.runlog.search.families import START, Likely, candidate

EXAMPLES = sorted({each for family in (*message_families(), *audit_families()) for each in family.examples})
NAMES = ("Lighter", "Ex", "V0", "Zz9a", "FooB", "Killed", "The", "Supervised", "REST", "Venue", "A" + "b" * 60)
"""Names of venues, words that patterns state, and names that end with a capital letter or are long."""
VENUES = re.compile(r"\b(?:Lighter|Aster|Extended|Hyperliquid|Paradex)\b")
ALL = Likely(tuple(map(candidate, message_families())), interleaving._ANY_START)
names, places = st.sampled_from(NAMES), st.integers(1, 200)
lines = st.builds(lambda example, name: VENUES.sub(name, example), st.sampled_from(EXAMPLES), names)
pieces = st.builds(lambda line, place: line[:place], lines, places)
joints = st.sampled_from(["", "", "", " ", '"', "7", "x", "FIRST_", "WS_AUDIT ", "error: "])
joined_lines = st.builds("{}{}{}{}{}".format, pieces, joints, lines, joints, pieces)


def is_partial_message(piece: str) -> bool:
    """Return whether any family that starts like a piece completes it: all of them are tried."""
    families = interleaving._families_starting_like(piece[: interleaving._START_CHARS])
    return any(interleaving._completes(piece, each) for each in families)


@settings(deadline=None, max_examples=1_000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(line=joined_lines)
def test_a_line_is_read_as_with_all_families_and_all_kinds_of_records(
    monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    found = parse.parse(line)
    with monkeypatch.context() as patch:
        patch.setattr(parse, "likely_records", lambda _: ALL)
        patch.setattr(parse.FamiliesOfParts, "of", lambda *_: ALL.candidates)
        patch.setattr(interleaving, "_is_partial_message", is_partial_message)
        patch.setattr(interleaving, "_with_one_name", lambda piece: piece)
        assert parse.parse(line) == found


@settings(deadline=None, max_examples=500)
@given(line=joined_lines)
def test_a_family_that_always_holds_text_from_outside_does_so_wherever_its_line_is_cut(line: str) -> None:
    for family in (each for each in message_families() if each.always_holds_text):
        cuts = (family.pattern.match(line[:end]) for end in range(len(line) + 1))
        assert all(family.holds_outside_text(cut, len(cut.string)) for cut in cuts if cut is not None)


@pytest.mark.parametrize("name", NAMES)
def test_a_piece_is_a_partial_record_whatever_name_it_holds(name: str) -> None:
    levelled = [VENUES.sub(name, each) for each in EXAMPLES if re.match("INFO: |WARN: |ERROR: ", each)]
    cut = [line[: 7 + number * 7 % len(line)] for number, line in enumerate(levelled)]
    found = [interleaving.is_partial_record(each) for each in cut]
    assert found == [is_partial_message(each) for each in cut]
    assert 0 < sum(found) < len(found)


def test_no_family_matches_a_piece_that_is_too_short_to_look_its_families_up() -> None:
    parser = import_module("re._parser")
    assert min(parser.parse(family.pattern.pattern).getwidth()[0] for family in message_families()) >= START


def test_a_line_of_thousands_of_records_that_may_be_cut_off_is_read() -> None:
    begun = "paraphina_live | "
    found = parse.parse(begun * 2_000)
    assert (found.partial, [each.family for each in found.records]) == (begun, ["startup_note"])
    assert found.alone is not None
    assert [each.family for each in found.alone.records] == ["startup_note"]


def test_a_line_is_kept_whole_after_a_number_of_records_that_are_cut_off() -> None:
    cut_off, whole = "INFO: Lighter public WS connect", "WS_AUDIT venue=lighter reconnect_reason=read_timeout count=1"
    families = [each.family for each in parse.parse(cut_off * parse.MAX_CUT_OFF + whole).records]
    assert families == ["audit_reconnect"]
    beyond = parse.parse(cut_off * (parse.MAX_CUT_OFF + 1) + whole)
    assert [each.family for each in beyond.records] == ["socket_note"]
    assert [each.family for each in beyond.quoted] == ["audit_reconnect"]


@pytest.mark.parametrize("length", [1_000, 10_000])
def test_the_last_record_of_a_long_line_has_all_of_its_text(length: int) -> None:
    error = "INFO: Lighter public WS error (consecutive_failures=1): " + "x" * length
    first, last = parse.parse(f"WS_AUDIT venue=lighter reconnect_reason=read_timeout count=1{error}").records
    assert (first.family, last.family) == ("audit_reconnect", "ws_error")
    assert last.fields["error"] == "x" * length
