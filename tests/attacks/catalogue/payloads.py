"""Frames and messages of a hostile venue in the dialect of each venue, and its answers to requests."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from functools import cache
from itertools import islice
from typing import Any

from websockets.frames import Frame, Opcode

from connectors import settings
from connectors.session.decoding import decode, parse
from connectors.session.events import Received
from connectors.simulator.protocols import protocols
from connectors.venues import venues
from connectors.venues.frames import Book, BookDelta, Heartbeat, Refusal, Trade
from connectors.venues.frames import Frame as Decoded
from connectors.venues.paradex_messages import HEARTBEAT, NEWEST_VERSION, PUBLIC
from connectors.venues.sbe import TEMPLATE, VERSION
from connectors.venues.spec import Target

FORGED = (
    'x\n\x1b[2Jparaphina_live | trade_mode=live | error=no | {"timebase_id":1} effective_trade_mode=live source=env '
    "WS_AUDIT venue=aster reconnect_reason=seq_gap count=99 watchdog reconnect"
)
"""Text that looks like a start, a kill, a setting, a reconnect and a signature to some reader of a log."""


def frame(opcode: Opcode, data: bytes = b"", *, fin: bool = True) -> bytes:
    """Return a frame of a server."""
    return Frame(opcode, data, fin=fin).serialize(mask=False)


def text(message: bytes | str) -> bytes:
    """Return a text frame."""
    return frame(Opcode.TEXT, message.encode() if isinstance(message, str) else message)


def data_frame(message: Received) -> bytes:
    """Return the frame of a message."""
    return frame(Opcode.BINARY, bytes(message.data)) if message.binary else text(message.data)  # type: ignore[arg-type]


@cache
def _target(venue: str) -> Target:
    spec = venues()[venue]
    return settings.target(spec, settings.resolve(settings.venue_settings(spec), {}), "ETH")


def decoded(venue: str, message: Received) -> list[Decoded]:
    """Return the frames that the connector of the venue finds in a message; none if it is unreadable."""
    spec = venues()[venue]
    try:
        return decode(spec, _target(venue), message, parse(spec, message))
    except ValueError:
        return []


def last_with(venue: str, messages: Sequence[Received], *kinds: type[Decoded]) -> list[Received]:
    """Return the last message that holds a frame of these kinds; nothing if there is none."""
    found = (each for each in reversed(messages) if any(isinstance(one, kinds) for one in decoded(venue, each)))
    return list(islice(found, 1))


def trades(venue: str, messages: Sequence[Received], count: int) -> list[Received]:
    """Return a message with this many trades, made from one of the venue."""
    for message in last_with(venue, messages, Trade):
        value = json.loads(message.data)
        if _repeat(value, count):
            return [_json(value)]
    return []


def _json(value: Any) -> Received:
    return Received(json.dumps(value, separators=(",", ":")).encode())


def _repeat(value: Any, count: int) -> bool:
    """Repeat the first list of objects in a JSON value; return whether there is one."""
    for holder in value.values() if isinstance(value, dict) else ():
        if isinstance(holder, list) and holder and isinstance(holder[0], dict):
            holder *= max(1, count // len(holder))
            return True
        if _repeat(holder, count):
            return True
    return False


def book(venue: str, messages: Sequence[Received]) -> list[Received]:
    """Return the last message of the book."""
    return last_with(venue, messages, Book, BookDelta)


def refusal(venue: str, said: str) -> bytes | None:
    """Return the venue's refusal of a subscription with this text; None if its connector knows none."""
    message = protocols()[venue].subscription_error("x").encode()
    for each in decoded(venue, Received(message)):
        if isinstance(each, Refusal):
            quoted = json.dumps(each.text, ensure_ascii=False)[1:-1].encode()
            return message.replace(quoted, json.dumps(said)[1:-1].encode())
    return None


def heartbeat(venue: str) -> Received | None:
    """Return a heartbeat in a data message; None if the venue has none."""
    binary = PUBLIC.write(HEARTBEAT, {"ts": 0, "seq": 0}, NEWEST_VERSION)
    known = (Received(b'{"type":"ping"}'), Received(b'{"channel":"pong"}'), Received(binary, binary=True))
    return next((each for each in known if any(isinstance(one, Heartbeat) for one in decoded(venue, each))), None)


def levels(venue: str, messages: Sequence[Received], count: int) -> list[Received]:
    """Return a message of the book with this many levels a side, made from one of the venue."""
    for message in book(venue, messages):
        if message.binary:
            value = PUBLIC.read(bytes(message.data))  # type: ignore[arg-type]
            for side in ("bids", "asks"):
                value[side] = value[side] * max(1, count // max(1, len(value[side])))
            return [Received(PUBLIC.write(value[TEMPLATE], value, value[VERSION]), binary=True)]
        value = json.loads(message.data)
        _repeat_rows(value, count)
        return [_json(value)]
    return []


def _repeat_rows(value: Any, count: int) -> None:
    for holder in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        if isinstance(holder, list) and holder and not isinstance(holder[0], str) and not _has_rows(holder):
            holder *= max(1, count // len(holder))
        else:
            _repeat_rows(holder, count)


def _has_rows(rows: list[Any]) -> bool:
    """Return whether a list holds lists of rows, such as both sides of a book."""
    return isinstance(rows[0], list) and bool(rows[0]) and not isinstance(rows[0][0], str)


# --- answers to requests and handshakes -------------------------------------------------------------------------------

BOMB = gzip.compress(bytes(128 << 20), 9)
"""128 MiB of zeros in 128 KiB."""


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """Return an HTTP response."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


ENDLESS_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNK = b"10000\r\n" + b"[" * 0x10000 + b"\r\n"
