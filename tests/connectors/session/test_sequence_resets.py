"""A reset of the venue's counter is a mismatch within three frames; old, repeated and reordered frames never are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.session.book import RESET_FALL, RESET_FRAMES
from connectors.session.events import Close, Fetch, Note, Send
from connectors.venues.spec import Recovery
from tests.connectors.harness import Harness, body, diff, full, limits, venue
from toolkit.model.vocabulary import ReconnectReason as Reason

STATE = 50_000
CONFLATED = "whole books whose numbers only grow"
RECOVERIES: dict[str, Recovery] = {
    "rest": Recovery.REST,
    "resubscribe": Recovery.RESUBSCRIBE,
    "reconnect": Recovery.RECONNECT,
    CONFLATED: Recovery.RESUBSCRIBE,
}

each_recovery = pytest.mark.parametrize("name", RECOVERIES)


def live(name: str, number: int = STATE) -> Harness:
    """Return a connector whose book is live at a number."""
    options = {"monotone": name == CONFLATED}
    harness = Harness(venue(RECOVERIES[name]), limits(resyncs=1_000), options=options)
    if RECOVERIES[name] is not Recovery.REST:
        return harness.go_live(number)
    return harness.open().receive(diff(number)).answer(body(number))


def frame(name: str, number: int, prev: int) -> str:
    return full(number) if name == CONFLATED else diff(number, prev)


def mismatches(harness: Harness) -> list[Note | Close]:
    """Return the resyncs and the ends of sessions so far, all of which must be mismatches."""
    found = [*harness.notes("resync"), *harness.all(Close)]
    reasons = {each.fields["reason"] if isinstance(each, Note) else each.reason for each in found}
    assert reasons <= {Reason.SEQ_MISMATCH}
    return found


def chain(start: int, steps: Iterable[int]) -> list[int]:
    return list(accumulate(steps, initial=start))


# --- what it is -------------------------------------------------------------------------------------------------------


@each_recovery
@pytest.mark.parametrize("start", [0, 1, 7, STATE - RESET_FALL - 1])
def test_the_third_frame_of_a_counter_after_its_reset_is_a_mismatch(name: str, start: int) -> None:
    harness = live(name)
    for number in range(start, start + RESET_FRAMES):
        assert mismatches(harness) == []
        harness.receive(frame(name, number, number - 1))
    assert len(mismatches(harness)) == 1


@each_recovery
def test_the_venues_rule_decides_between_resync_and_reconnect(name: str) -> None:
    harness = live(name).receive(*(frame(name, number, number - 1) for number in (5, 6, 7)))
    assert bool(harness.all(Close)) == (name == "reconnect")
    if RECOVERIES[name] is Recovery.RESUBSCRIBE:
        assert [send.text for send in harness.last(Send)] == ["-book", "+book"]
        assert harness.receive(full(8)).published
    if name == "rest":
        assert len(harness.last(Fetch)) == 1
        assert harness.answer(body(7)).published


@each_recovery
def test_a_counter_of_few_frames_may_be_reset_too(name: str) -> None:
    harness = live(name, 20).receive(*(frame(name, number, number - 1) for number in (1, 2, 3)))
    assert len(mismatches(harness)) == 1


def test_a_reset_before_the_first_snapshot_is_a_mismatch() -> None:
    harness = Harness(venue(Recovery.REST)).open().receive(diff(STATE), diff(4), diff(5))
    assert mismatches(harness) == []
    harness.receive(diff(6))
    assert len(mismatches(harness)) == 1
    assert harness.answer(body(6)).published


# --- what it is not ---------------------------------------------------------------------------------------------------


BROKEN: dict[str, Callable[[str], list[str]]] = {
    "two frames": lambda name: [frame(name, 5, 4), frame(name, 6, 5)],
    "the same frame": lambda name: [frame(name, 5, 4)] * 5,
    "a fall of a thousand": lambda name: [
        frame(name, number, number - 1) for number in range(STATE - RESET_FALL, STATE - RESET_FALL + 9)
    ],
    "a chain that goes on from the book between": lambda name: [
        frame(name, 5, 4),
        frame(name, 6, 5),
        frame(name, STATE + 1, STATE),
        frame(name, 7, 6),
    ],
}


@each_recovery
@pytest.mark.parametrize("frames", BROKEN.values(), ids=BROKEN)
def test_old_frames_that_are_no_chain_of_three_are_dropped(name: str, frames: Callable[[str], list[str]]) -> None:
    harness = live(name).receive(*frames(name))
    assert mismatches(harness) == []
    assert harness.machine.live


@pytest.mark.parametrize("name", ["rest", "resubscribe", "reconnect"])
def test_old_frames_with_a_hole_are_no_chain(name: str) -> None:
    harness = live(name).receive(diff(5), diff(7, 6), diff(9, 8), diff(11, 10))
    assert mismatches(harness) == []


# --- properties -------------------------------------------------------------------------------------------------------

old_numbers = st.lists(st.one_of(st.none(), st.integers(0, RESET_FALL)), max_size=60)
"""How far behind the book each frame is; None is the frame that follows."""


@each_recovery
@given(behind=old_numbers)
def test_no_stream_that_stays_within_a_thousand_is_a_reset(name: str, behind: list[int | None]) -> None:
    harness, newest = live(name), STATE
    for each in behind:
        newest += each is None
        number = newest - (each or 0)
        harness.receive(frame(name, number, number - 1))
    assert mismatches(harness) == []
    assert harness.machine.live


@each_recovery
@given(
    behind=st.lists(st.integers(0, RESET_FALL), max_size=10),
    start=st.one_of(st.sampled_from([0, 1]), st.integers(0, STATE - RESET_FALL - 1)),
    steps=st.lists(st.integers(1, 10), min_size=2, max_size=6),
    repeated=st.booleans(),
)
def test_a_reset_is_always_a_mismatch_at_the_third_frame(
    name: str, behind: list[int], start: int, steps: list[int], repeated: bool
) -> None:
    harness = live(name).receive(*(frame(name, STATE - each, STATE - each - 1) for each in behind))
    numbers = chain(start, steps)[:RESET_FRAMES]
    for prev, number in pairwise([start - 1, *numbers]):
        assert mismatches(harness) == []
        harness.receive(*[frame(name, number, max(prev, 0))] * (1 + repeated))
    assert len(mismatches(harness)) == 1
