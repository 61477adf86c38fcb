"""Every tape is read by its venue's codec exactly as the tape says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from connectors.recording import tape
from connectors.venues import venues
from connectors.venues.frames import Book
from connectors.venues.spec import Target, Venue, VenueLimits

TAPES = sorted((Path(__file__).parents[1] / "tapes").glob("*.tape.jsonl"))


def _load(path: Path) -> tuple[Venue, Target, list[tape.TapeEntry]]:
    header, entries = tape.read_tape(path.read_text(encoding="utf-8").splitlines())
    venue = venues()[header.venue]
    options = {setting.name: setting.default for setting in venue.settings} | dict(header.options)
    target = Target((), (), header.market, header.instrument or header.market, options)
    return venue, target, entries


@pytest.mark.parametrize("path", TAPES, ids=lambda path: path.name)
def test_every_received_frame_means_what_its_tape_says(path: Path) -> None:
    venue, _, entries = _load(path)
    for entry in entries:
        if entry.kind is tape.FrameKind.RECEIVED:
            assert [tape.frame_json(frame) for frame in venue.decode(json.loads(entry.data))] == list(
                entry.decoded or ()
            )


@pytest.mark.parametrize("path", TAPES, ids=lambda path: path.name)
def test_every_sent_frame_is_one_the_venue_describes(path: Path) -> None:
    venue, target, entries = _load(path)
    topics = venue.topics(target)
    known = [json.loads(text) for topic in topics for text in (topic.subscribe, topic.unsubscribe) if text]
    for entry in entries:
        if entry.kind is tape.FrameKind.SENT and entry.data != venue.keep_alive.payload:
            assert json.loads(entry.data) in known


@pytest.mark.parametrize("path", TAPES, ids=lambda path: path.name)
def test_every_rest_body_means_what_its_tape_says(path: Path) -> None:
    venue, target, entries = _load(path)
    calls = {rest.call(target).path: rest for rest in (venue.snapshot, venue.lookup, venue.funding) if rest}
    for entry in entries:
        if entry.kind is tape.FrameKind.REST:
            read = calls[entry.call or ""].decode(json.loads(entry.data), target)
            assert [read if isinstance(read, str) else tape.frame_json(read)] == list(entry.decoded or ())


@pytest.mark.parametrize("venue", venues().values(), ids=lambda venue: venue.name)
def test_every_venue_has_a_tape_with_a_book_and_every_topic_it_subscribes(venue: Venue) -> None:
    ours = [path for path in TAPES if path.name.startswith(f"{venue.name}.")]
    seen = {
        frame["topic"] for path in ours for entry in _load(path)[2] for frame in entry.decoded or () if "topic" in frame
    }
    assert ours
    assert any(
        frame["is"] == Book.__name__ for path in ours for entry in _load(path)[2] for frame in entry.decoded or ()
    )
    target = _load(ours[0])[1]
    assert {topic.key for topic in venue.topics(target)} <= seen


@pytest.mark.parametrize("path", TAPES, ids=lambda path: path.name)
def test_a_tape_written_again_is_the_same_tape(path: Path) -> None:
    header, entries = tape.read_tape(path.read_text(encoding="utf-8").splitlines())
    assert tape.read_tape(tape.tape_lines(header, entries)) == (header, entries)


def test_limits_of_every_venue_let_the_watchdog_see_silence_before_the_session_ends() -> None:
    for venue in venues().values():
        assert 0 < venue.limits.stale_ms < venue.limits.session_ms
        assert venue.limits.book_check_ms < venue.limits.stale_ms / 2
    assert VenueLimits().stale_ms == 10_000
