"""Decode a data frame of a socket: parse it as text or binary, as the venue describes, then turn it into frames."""

from __future__ import annotations

from itertools import islice

from connectors.session.decode_errors import MAX_FRAMES
from connectors.session.events import Received
from connectors.session.rest_polls import BAD_SHAPE
from connectors.venues.bounded_json import decode_json
from connectors.venues.frames import DecodeMiss, Frame, Json
from connectors.venues.spec import Target, Venue


def parse(venue: Venue, received: Received) -> Json:
    """Return the message of a data frame; raises ValueError or RecursionError if it cannot be parsed."""
    if received.binary and venue.binary is not None and isinstance(received.data, bytes):
        return venue.binary.parse(received.data)
    return decode_json(received.data)


def decode(venue: Venue, target: Target, received: Received, message: Json) -> list[Frame]:
    """Return the frames of a message from `parse`; a message of the wrong shape is one `DecodeMiss`."""
    binary = venue.binary if received.binary else None
    try:
        decoded = venue.decode(message) if binary is None else binary.decode(message, target)
        frames = list(islice(decoded, MAX_FRAMES + 1))
    except BAD_SHAPE as error:
        return [DecodeMiss(f"{type(error).__name__}: {error}")]
    return frames if len(frames) <= MAX_FRAMES else [DecodeMiss(f"more than {MAX_FRAMES} frames in a message")]
