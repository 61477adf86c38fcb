"""Attacks with binary messages: damaged SBE where SBE is due, and binary messages where text is due.

The messages are made from a book of the venue, a `BookEvent` of `connectors.venues.paradex_messages`: a header of 8
bytes, a root block, a group of bids and one of asks (block length and number of entries, then the entries), a string.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from websockets.frames import Opcode

from connectors.session.events import Received, Silence
from connectors.venues.paradex_messages import BOOK, PUBLIC
from connectors.venues.sbe import VERSION
from tests.attacks.catalogue import payloads
from tests.attacks.catalogue.attack import Attack, MakeHostility, NoMechanismError, flood, from_messages, on_socket
from tests.attacks.catalogue.payloads import frame
from tests.attacks.front import Hostility
from toolkit.model.vocabulary import ReconnectReason

HEADER_BYTES = 8
MIB = 1 << 20
LARGEST, LOWEST = 2**63 - 1, -(2**63) + 1
"""The bounds of an int64; the number below `LOWEST` stands for null."""

Change = Callable[[bytes], Sequence[bytes]]


def _cut(book: bytes) -> list[bytes]:
    return [book[:length] for length in range(1, len(book), 7)]


def _claimed(book: bytes) -> list[bytes]:
    """Return books whose groups claim more entries than there are bytes: more than allowed, and as many as allowed."""
    bids = HEADER_BYTES + int.from_bytes(book[:2], "little") + 2
    return [book[:bids] + struct.pack("<H", count) + book[bids + 2 :] for count in (65_535, 10_000)]


def _header(*, length: int | None = None, template: int | None = None, schema: int | None = None) -> Change:
    """Return a change of the header; None keeps a number."""

    def change(book: bytes) -> list[bytes]:
        found = struct.unpack_from("<HHHH", book)
        wanted = (length, template, schema, None)
        head = [old if new is None else new for old, new in zip(found, wanted, strict=True)]
        return [struct.pack("<HHHH", *head) + book[HEADER_BYTES:]]

    return change


def _numbers(**values: Any) -> Change:
    """Return a change of fields and of the levels, which are pairs of mantissas; None stands for null."""

    def change(book: bytes) -> list[bytes]:
        message = PUBLIC.read(book) | values
        return [PUBLIC.write(BOOK, message, message[VERSION])]

    return change


def _levels(price: int | None, size: int | None) -> Change:
    level = tuple(None if each is None else Decimal(each).scaleb(-8) for each in (price, size))
    return _numbers(bids=[level], asks=[level])


def _trailing(book: bytes) -> list[bytes]:
    return [book + bytes(900_000)]


def _damaged(changes: Sequence[Change]) -> MakeHostility:
    """Return the hostility of a flood of changed books at the venue of binary messages."""

    def make(venue: str) -> Hostility:
        if venue != "paradex":
            raise NoMechanismError("no binary messages")

        def messages(received: Sequence[Received]) -> list[Received]:
            books = payloads.book(venue, [each for each in received if each.binary])
            return [
                Received(changed, binary=True)
                for book in books
                for change in changes
                for changed in change(bytes(book.data))  # type: ignore[arg-type]
            ]

        return Hostility(from_messages(messages), mute=True, reset_after=True)

    return make


def _other_kind(venue: str) -> Hostility:
    """Return the hostility of the last book in a frame of the other kind: a text as binary, a binary one as text."""

    def messages(received: Sequence[Received]) -> list[Received]:
        return [Received(each.data, binary=not each.binary) for each in payloads.book(venue, received)]

    return Hostility(from_messages(messages), mute=True, reset_after=True)


@dataclass(frozen=True)
class Damage:
    """Changes of a book that make a flood of damaged messages; `reason` is as that of an `Attack`."""

    name: str
    what: str
    changes: tuple[Change, ...]
    reason: str = ""


PARSE, SHAPE = ReconnectReason.PARSE_ERROR.value, ReconnectReason.DECODE_FAIL_LOOP.value
MUTE = f"{ReconnectReason.STALE_WATCHDOG} {Silence.TOPIC_MUTE}"
DAMAGES = (
    Damage("cut binary", "books cut at every seventh byte", (_cut,), PARSE),
    Damage("claimed levels", "groups of 65 535 and 10 000 levels that are not there", (_claimed,), PARSE),
    Damage("long block", "a root block of 65 535 bytes", (_header(length=65_535),), PARSE),
    Damage("short block", "a root block of 0 bytes", (_header(length=0),), PARSE),
    Damage("other template", "books with a template that does not exist", (_header(template=9_999),), MUTE),
    Damage("other schema", "books of another schema", (_header(schema=7),), SHAPE),
    Damage("null levels", "levels without price or size", (_levels(None, 1), _levels(1, None)), SHAPE),
    Damage("lowest levels", "the lowest price and size that a field holds", (_levels(LOWEST, LOWEST),), SHAPE),
    Damage("lowest numbers", "the lowest time and sequence number", (_numbers(ts=LOWEST, seq=LOWEST),), SHAPE),
    Damage("largest levels", "the largest price and size that a field holds", (_levels(LARGEST, LARGEST),), SHAPE),
    Damage("largest numbers", "the largest time and sequence number", (_numbers(ts=LARGEST, seq=LARGEST),)),
    Damage("null numbers", "books without time and sequence number", (_numbers(ts=None, seq=None),)),
    Damage("trailing bytes", "900 kB after the end of each book", (_trailing,)),
)
"""The books of those without a reason are readable."""
TINY = frame(Opcode.BINARY) + frame(Opcode.BINARY, b"\x01")
ATTACKS = (
    *(Attack(each.name, each.what, _damaged(each.changes), reason=each.reason) for each in DAMAGES),
    Attack("1 MiB binary", "binary messages of 1 MiB of zeros", on_socket(flood(frame(Opcode.BINARY, bytes(MIB))))),
    Attack("tiny binary", "binary messages of 0 bytes and of 1", on_socket(flood(TINY)), reason=PARSE),
    Attack("other kind", "the last book in a frame of the other kind, text or binary", _other_kind),
)
