"""A damaged frame is decoded, counted as a miss or refused as a whole; it never causes another error."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.recording import tape
from connectors.session.decoding import decode, parse
from connectors.session.events import Received
from connectors.venues import venues
from connectors.venues.frames import Book, BookDelta, DecodeMiss, Frame
from connectors.venues.spec import Target, Venue

TAPES = sorted((Path(__file__).parents[1] / "tapes").glob("*.tape.jsonl"))
SCALARS = st.sampled_from([None, True, -1, 2**70, 1.5, float("nan"), "", "NaN", "1e400", "-1", "0", "9" * 40, [], {}])
every_venue = pytest.mark.parametrize("venue", venues().values(), ids=lambda venue: venue.name)


def received_messages(venue: Venue) -> list[Any]:
    tapes = (path for path in TAPES if path.name.startswith(f"{venue.name}."))
    entries = (entry for path in tapes for entry in tape.read_tape(path.read_text(encoding="utf-8").splitlines())[1])
    texts = (entry.data for entry in entries if entry.kind is tape.FrameKind.RECEIVED and isinstance(entry.data, str))
    return [json.loads(text) for text in texts]


def binary_frames() -> list[tuple[Target, bytes]]:
    """Return the binary frames of all tapes, each with the market and options of its tape."""
    found = []
    for path in TAPES:
        header, entries = tape.read_tape(path.read_text(encoding="utf-8").splitlines())
        options = {setting.name: setting.default for setting in venues()[header.venue].settings} | dict(header.options)
        market = Target((), (), header.market, header.market, options)
        found += [(market, entry.data) for entry in entries if isinstance(entry.data, bytes)]
    return found


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from paths(inner, (*path, key))


def with_value(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = with_value(value[path[0]], path[1:], new)
    return copy


@every_venue
@given(data=st.data())
def test_a_damaged_frame_is_decoded_missed_or_refused(venue: Venue, data: st.DataObject) -> None:
    message = data.draw(st.sampled_from(received_messages(venue)))
    path = data.draw(st.sampled_from(list(paths(message))))
    frames = list[Frame]()
    with suppress(ValueError, LookupError, TypeError):  # refused
        frames += venue.decode(with_value(message, path, data.draw(SCALARS)))
    assert all(isinstance(getattr(frame, "topic", None), str | None) for frame in frames)
    levels = [level for frame in frames if isinstance(frame, Book | BookDelta) for level in (*frame.bids, *frame.asks)]
    assert all(0 < level.price < 1e15 and 0 <= level.size < 1e15 for level in levels)


BINARY = binary_frames()


@given(data=st.data())
def test_a_damaged_binary_frame_is_decoded_missed_or_refused(data: st.DataObject) -> None:
    market, frame = data.draw(st.sampled_from(BINARY))
    at, octets = data.draw(st.integers(0, len(frame) - 1)), data.draw(st.binary(max_size=8))
    received = Received(frame[:at] + octets + frame[at + len(octets) :], binary=True)
    with suppress(ValueError):  # refused
        frames = decode(venues()["paradex"], market, received, parse(venues()["paradex"], received))
        books = [frame for frame in frames if isinstance(frame, Book | BookDelta)]
        levels = [level for frame in books for level in (*frame.bids, *frame.asks)]
        assert all(level.price > 0 and level.size >= 0 for level in levels)


BAD_NUMBERS = ["NaN", "Infinity", "1e400", "-3", "9" * 40, "0x10", "1_000", " 1", 84077, 1.5, None, True, ["1"]]


def number_paths(message: Any) -> Iterator[tuple[Any, ...]]:
    """Return the paths of prices and sizes: every number written as text."""
    for path in paths(message):
        value = message
        for key in path:
            value = value[key]
        if isinstance(value, str) and value.replace(".", "", 1).isdigit():
            yield path


@every_venue
@pytest.mark.parametrize("bad", BAD_NUMBERS, ids=repr)
def test_a_bad_number_never_reaches_a_level(venue: Venue, bad: object) -> None:
    books = [
        m for m in received_messages(venue) if any(isinstance(frame, Book | BookDelta) for frame in venue.decode(m))
    ]
    assert books
    for message in books:
        good = list(venue.decode(message))
        for path in number_paths(message):
            try:
                frames = list(venue.decode(with_value(message, path, bad)))
            except (ValueError, LookupError, TypeError):
                continue
            # A number outside the levels may be anything, and null may mean an empty side.
            assert frames == good or all(isinstance(frame, DecodeMiss) for frame in frames) or bad is None
