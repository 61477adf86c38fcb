"""Frames and messages of a hostile venue in the dialect of each venue, and its answers to requests."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from typing import Any

from websockets.frames import Frame, Opcode

from connectors.simulator.protocols import protocols
from connectors.venues import venues
from connectors.venues.frames import Book, BookDelta, Heartbeat, Refusal, Trade
from connectors.venues.frames import Frame as Decoded

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


def decoded(venue: str, message: bytes) -> list[Decoded]:
    """Return the frames that the connector of the venue finds in a message; none if it is unreadable."""
    try:
        return list(venues()[venue].decode(json.loads(message)))
    except (ValueError, LookupError, TypeError, AttributeError):
        return []


def message_of(venue: str, messages: Iterable[bytes], *kinds: type[Decoded]) -> bytes | None:
    """Return the last message that holds a frame of these kinds."""
    found = (each for each in reversed(list(messages)) if any(isinstance(one, kinds) for one in decoded(venue, each)))
    return next(found, None)


def trades(venue: str, messages: Iterable[bytes], count: int) -> bytes | None:
    """Return a message with this many trades, made from one of the venue; None if the venue sends one trade each."""
    message = message_of(venue, messages, Trade)
    if message is None:
        return None
    value = json.loads(message)
    repeated = _repeat(value, count)
    return json.dumps(value, separators=(",", ":")).encode() if repeated else None


def _repeat(value: Any, count: int) -> bool:
    """Repeat the first list of objects in a JSON value; return whether there is one."""
    for holder in value.values() if isinstance(value, dict) else ():
        if isinstance(holder, list) and holder and isinstance(holder[0], dict):
            holder *= max(1, count // len(holder))
            return True
        if _repeat(holder, count):
            return True
    return False


def book(venue: str, messages: Iterable[bytes]) -> bytes | None:
    """Return the last message of the book."""
    return message_of(venue, messages, Book, BookDelta)


def refusal(venue: str, said: str) -> bytes | None:
    """Return the venue's refusal of a subscription with this text; None if its connector knows none."""
    message = protocols()[venue].subscription_error("x").encode()
    for each in decoded(venue, message):
        if isinstance(each, Refusal):
            quoted = json.dumps(each.text, ensure_ascii=False)[1:-1].encode()
            return message.replace(quoted, json.dumps(said)[1:-1].encode())
    return None


def heartbeat(venue: str) -> bytes | None:
    """Return a heartbeat in a text message; None if the venue has none."""
    for message in (b'{"type":"ping"}', b'{"channel":"pong"}'):
        if any(isinstance(each, Heartbeat) for each in decoded(venue, message)):
            return message
    return None


def levels(venue: str, messages: Iterable[bytes], count: int) -> bytes | None:
    """Return a message of the book with this many levels, made from one of the venue."""
    message = book(venue, messages)
    if message is None:
        return None
    value = json.loads(message)
    _repeat_rows(value, count)
    return json.dumps(value, separators=(",", ":")).encode()


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
