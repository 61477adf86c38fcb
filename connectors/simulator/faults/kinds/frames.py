"""Faults of frames: unreadable, of another shape, with impossible numbers, too many, too large or too slow."""

from __future__ import annotations

from connectors.session.events import Silence
from connectors.simulator.faults import damage
from connectors.simulator.faults.spec import Damage, ExpectedReaction, Fault, Need
from connectors.simulator.messages import Framing
from toolkit.model.vocabulary import ReconnectReason as Reason


def _unparsable(kind: str, meaning: str, function: Damage, framing: Framing = Framing.WHOLE) -> Fault:
    return Fault(
        kind=kind,
        meaning=f"`n` frames {meaning}",
        expects=ExpectedReaction(Reason.PARSE_ERROR, notes=("parse_error",)),
        values={"n": 40},
        damage=function,
        framing=framing,
    )


def _undecodable(
    kind: str, meaning: str, function: Damage, requires: tuple[Need, ...] = (), **values: int | str
) -> Fault:
    return Fault(
        kind=kind,
        meaning=f"`n` frames {meaning}",
        expects=ExpectedReaction(Reason.DECODE_FAIL_LOOP, notes=("decode_miss",)),
        values={"n": 20, **values},
        requires=requires,
        damage=function,
    )


FRAME_FAULTS = (
    _unparsable("malformed_json", "that end in the middle", damage.truncated),
    _unparsable("binary_garbage", "that are neither text nor JSON, in binary", damage.binary_garbage),
    _unparsable("invalid_utf8", "of text with a byte that UTF-8 does not allow", damage.invalid_utf8, Framing.RAW_TEXT),
    _unparsable("empty_frame", "without content", damage.empty_frame),
    _undecodable("wrong_shape", "of JSON or of a binary schema that no venue documents", damage.unknown_shape),
    _undecodable("unknown_channel", "of a market that was not subscribed", damage.other_market),
    _undecodable("bad_numbers", "in which each price and size is `number`", damage.impossible_numbers, number="1e400"),
    _undecodable("text_numbers", "in which each whole number is a text", damage.quoted_integers, requires=(Need.TEXT,)),
    Fault(
        kind="burst",
        meaning="`n` updates at once",
        expects=ExpectedReaction(),
        values={"n": 600},
        bursts=True,
    ),
    Fault(
        kind="huge_frame",
        meaning="`n` frames of `bytes` bytes",
        expects=ExpectedReaction(Reason.STREAM_ENDED),
        values={"n": 1, "bytes": 64 * 1024 * 1024},
        damage=damage.huge,
        framing=Framing.RAW_TEXT,
        on_sockets_only=True,
    ),
    Fault(
        kind="fragmented",
        meaning="each message comes in fragments of a few bytes",
        expects=ExpectedReaction(),
        lasts_s=10,
        framing=Framing.FRAGMENTED,
        on_sockets_only=True,
    ),
    Fault(
        kind="slow_drip",
        meaning="a message comes at one byte a second, and everything else behind it",
        expects=ExpectedReaction(Reason.STALE_WATCHDOG, ("stale_ms",), Silence.HALF_OPEN),
        lasts_s=14,
        framing=Framing.DRIPPED,
        on_sockets_only=True,
    ),
)
