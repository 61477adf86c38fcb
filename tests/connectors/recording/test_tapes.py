"""Venues decode every frame of their tapes as the tape states."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from connectors.recording import tape
from connectors.session.decoding import decode, parse
from connectors.session.events import Received
from connectors.venues import venues
from connectors.venues.frames import Book
from connectors.venues.spec import Target, Venue, VenueLimits

TAPES = sorted((Path(__file__).parents[1] / "tapes").glob("*.tape.jsonl"))


def load_tape(path: Path) -> tuple[Venue, Target, list[tape.TapeEntry]]:
    header, entries = tape.read_tape(path.read_text(encoding="utf-8").splitlines())
    venue = venues()[header.venue]
    options = {setting.name: setting.default for setting in venue.settings} | dict(header.options)
    target = Target((), (), header.market, header.instrument or header.market, options)
    return venue, target, entries


@pytest.mark.parametrize("path", TAPES, ids=lambda path: path.name)
def test_every_received_frame_is_decoded_as_its_tape_states(path: Path) -> None:
    venue, target, entries = load_tape(path)
    for entry in entries:
        if entry.kind is tape.FrameKind.RECEIVED:
            received = Received(entry.data, binary=isinstance(entry.data, bytes))
            frames = decode(venue, target, received, parse(venue, received))
            assert [tape.frame_json(frame) for frame in frames] == list(entry.decoded or ())


@pytest.mark.parametrize("path", TAPES, ids=lambda path: path.name)
def test_every_sent_frame_is_a_subscription_or_keep_alive_of_the_venue(path: Path) -> None:
    venue, target, entries = load_tape(path)
    topics = venue.topics(target)
    known = [json.loads(text) for topic in topics for text in (topic.subscribe, topic.unsubscribe) if text]
    for entry in entries:
        if entry.kind is tape.FrameKind.SENT and entry.data != venue.keep_alive.payload:
            assert json.loads(entry.data) in known


@pytest.mark.parametrize("path", TAPES, ids=lambda path: path.name)
def test_every_rest_body_is_decoded_as_its_tape_states(path: Path) -> None:
    venue, target, entries = load_tape(path)
    calls = {rest.call(target).path: rest for rest in (venue.snapshot, venue.lookup, venue.funding) if rest}
    for entry in entries:
        if entry.kind is tape.FrameKind.REST:
            decoded = calls[entry.call or ""].decode(json.loads(entry.data), target)
            assert [decoded if isinstance(decoded, str) else tape.frame_json(decoded)] == list(entry.decoded or ())


@pytest.mark.parametrize("venue", venues().values(), ids=lambda venue: venue.name)
def test_every_venue_has_tapes_with_a_book_and_all_topics_it_subscribes_to(venue: Venue) -> None:
    paths = [path for path in TAPES if path.name.startswith(f"{venue.name}.")]
    recorded_topics = {
        frame["topic"]
        for path in paths
        for entry in load_tape(path)[2]
        for frame in entry.decoded or ()
        if "topic" in frame
    }
    assert paths
    assert any(
        frame["is"] == Book.__name__ for path in paths for entry in load_tape(path)[2] for frame in entry.decoded or ()
    )
    target = load_tape(paths[0])[1]
    assert {topic.key for topic in venue.topics(target)} <= recorded_topics


@pytest.mark.parametrize("path", TAPES, ids=lambda path: path.name)
def test_a_tape_read_and_written_again_is_unchanged(path: Path) -> None:
    header, entries = tape.read_tape(path.read_text(encoding="utf-8").splitlines())
    assert tape.read_tape(tape.tape_lines(header, entries)) == (header, entries)


def test_the_limits_of_every_venue_increase_from_book_check_to_stale_to_session() -> None:
    for venue in venues().values():
        assert 0 < venue.limits.stale_ms < venue.limits.session_ms
        assert venue.limits.book_check_ms < venue.limits.stale_ms / 2
    assert VenueLimits().stale_ms == 10_000
