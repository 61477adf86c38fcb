"""The attacks: what the venue does, how it is reached on each venue, and why some cells have no mechanism."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from websockets.frames import Opcode

from connectors.venues.frames import Trade
from tests.attacks import payloads
from tests.attacks.front import AttackedSocket, Hostility, Write
from tests.attacks.payloads import frame, text

VENUES = ("extended", "hyperliquid", "aster", "lighter", "paradex")
DRIP_S = 0.2
BLOCK_BYTES = 64 * 1024

OnSocket = Callable[[AttackedSocket], Awaitable[None]]
Reply = Callable[[Write], Awaitable[None]]


class NoMechanismError(Exception):
    """The attack has no mechanism at this venue; the message says why."""


@dataclass(frozen=True)
class Attack:
    """One attack: `make` returns the hostility for a venue or raises `NoMechanismError`.

    `well_again_s` is the limit of the time until the venue is well after the attack has ended.
    """

    name: str
    what: str
    make: Callable[[str], Hostility]
    well_again_s: float = 45.0


# --- on the open socket -----------------------------------------------------------------------------------------------


def flood(octets: bytes) -> OnSocket:
    """Return an attack that sends these frames as fast as the client takes them."""
    block = octets * max(1, BLOCK_BYTES // len(octets))

    async def attack(attacked: AttackedSocket) -> None:
        while True:
            await attacked.send(block)
            await asyncio.sleep(0)

    return attack


def from_messages(venue: str, make: Callable[[str, AttackedSocket], bytes | None]) -> OnSocket:
    """Return a flood of a message that is made from the venue's own; it waits until the venue has sent one."""

    async def attack(attacked: AttackedSocket) -> None:
        while (message := make(venue, attacked)) is None:
            await asyncio.sleep(0.05)
        await flood(text(message))(attacked)

    return attack


def _socket(on_socket: OnSocket, *, mute: bool = True, reset_after: bool = False) -> Callable[[str], Hostility]:
    return lambda _venue: Hostility(on_socket, mute=mute, reset_after=reset_after)


def _many_trades(count: int) -> Callable[[str], Hostility]:
    def make(venue: str) -> Hostility:
        if venue in ("aster", "paradex"):
            raise NoMechanismError("one trade a message")
        on_socket = from_messages(venue, lambda name, each: payloads.trades(name, each.messages, count))
        return Hostility(on_socket, mute=True, reset_after=True)

    return make


def _single_trades(venue: str) -> Hostility:
    if venue == "extended":
        raise NoMechanismError("trades come on a socket of their own")

    def make(name: str, attacked: AttackedSocket) -> bytes | None:
        return payloads.message_of(name, attacked.messages, Trade)

    return Hostility(from_messages(venue, make), mute=True, reset_after=True)


def _books(count: int) -> Callable[[str], Hostility]:
    def make(venue: str) -> Hostility:
        def message(name: str, attacked: AttackedSocket) -> bytes | None:
            if count == 1:
                return payloads.book(name, attacked.messages)
            return payloads.levels(name, attacked.messages, count)

        return Hostility(from_messages(venue, message), mute=True, reset_after=True)

    return make


def _heartbeats(venue: str) -> Hostility:
    message = payloads.heartbeat(venue)
    if message is None:
        raise NoMechanismError("no heartbeat in a text message")
    return Hostility(flood(text(message)), mute=True)


def _refusals(said: str, *, mute: bool) -> Callable[[str], Hostility]:
    def make(venue: str) -> Hostility:
        message = payloads.refusal(venue, said)
        if message is None:
            raise NoMechanismError("no refusal in a message")
        return Hostility(flood(text(message)), mute=mute)

    return make


async def _giant(attacked: AttackedSocket) -> None:
    async with attacked.lock:
        attacked.writer.write(frame(Opcode.TEXT, b"")[:1] + b"\x7f" + (64 << 20).to_bytes(8, "big"))
        while True:
            attacked.writer.write(bytes(1 << 16))
            await attacked.writer.drain()
            await asyncio.sleep(0)


async def _fragments(attacked: AttackedSocket) -> None:
    async with attacked.lock:
        attacked.writer.write(frame(Opcode.TEXT, b"x", fin=False))
        while True:
            attacked.writer.write(frame(Opcode.CONT, b"x", fin=False) * 1_000)
            await attacked.writer.drain()
            await asyncio.sleep(0)


async def _drip(attacked: AttackedSocket) -> None:
    async with attacked.lock:
        attacked.writer.write(frame(Opcode.TEXT, b"")[:1] + b"\x7e\xff\xff")
        while True:
            attacked.writer.write(b"x")
            await attacked.writer.drain()
            await asyncio.sleep(DRIP_S)


async def _compressed(attacked: AttackedSocket) -> None:
    bomb = payloads.BOMB
    head = bytes([0xC1, 0x7F]) + len(bomb).to_bytes(8, "big")
    while True:
        await attacked.send(head + bomb)
        await asyncio.sleep(0)


async def _close_and_go_on(attacked: AttackedSocket) -> None:
    await attacked.send(frame(Opcode.CLOSE, b"\x03\xe9" + payloads.FORGED.encode()[:100]))
    await flood(frame(Opcode.TEXT, b"[]"))(attacked)


async def _never_read(attacked: AttackedSocket) -> None:
    await flood(frame(Opcode.PING, b"x" * 125))(attacked)


DEEP = b"[" * 900_000
WIDE = b"[" + b"[]," * 300_000 + b"1]"
KEYS = b"{" + b",".join(b'"%d":1' % number for number in range(90_000)) + b"}"

# --- handshakes and requests ------------------------------------------------------------------------------------------


def _upgrade(reply: Reply) -> Callable[[str], Hostility]:
    return lambda _venue: Hostility(on_upgrade=reply, reset_before=True)


def _rest(reply: Reply) -> Callable[[str], Hostility]:
    """Return the hostility of REST answers, with what makes the connector of each venue send requests."""

    def make(venue: str) -> Hostility:
        hostility = Hostility(on_request=reply)
        if venue == "aster":
            return replace(hostility, reset_before=True)
        if venue == "lighter":
            refused = payloads.refusal(venue, "no such market") or b""
            return replace(hostility, reset_before=True, mute=True, first_message=text(refused))
        # The book is compared with the one by REST once the socket is silent.
        return replace(hostility, mute=True)

    return make


def says(response: bytes) -> Reply:
    """Return a reply that sends this response."""

    async def reply(write: Write) -> None:
        await write(response)

    return reply


async def _endless_body(write: Write) -> None:
    await write(payloads.ENDLESS_HEAD)
    while True:
        await write(payloads.CHUNK)
        await asyncio.sleep(0)


async def _endless_head(write: Write) -> None:
    await write(b"HTTP/1.1 101 Switching Protocols\r\n")
    while True:
        await write(b"X-More: " + b"x" * 1_000 + b"\r\n")
        await asyncio.sleep(0)


async def _dripping_body(write: Write) -> None:
    await write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        await write(b"[")
        await asyncio.sleep(DRIP_S)


async def _silent(_write: Write) -> None:
    await asyncio.sleep(3_600)


AFTER_31_YEARS = payloads.answer(b"", "Retry-After: 999999999", status="429 Too Many Requests")
AFTER_A_DATE = payloads.answer(
    b"", "Retry-After: Thu, 01 Jan 99999999999999 12:00:00 GMT", status="429 Too Many Requests"
)
FORGED_STATUS = payloads.answer(b"", status="503 WS-x watchdog reconnect paraphina_live | error=x")
ENCODED = payloads.answer(payloads.BOMB, "Content-Encoding: gzip")

ATTACKS = [
    Attack("pings", "control pings as fast as they are taken", _socket(flood(frame(Opcode.PING)))),
    Attack("pings and books", "the same beside the usual books", _socket(flood(frame(Opcode.PING)), mute=False)),
    Attack("pongs", "pongs that answer nothing", _socket(flood(frame(Opcode.PONG)))),
    Attack("pings unread", "pings of 125 bytes; our pongs are not read", _socket(_never_read)),
    Attack("empty texts", "empty text frames", _socket(flood(frame(Opcode.TEXT)))),
    Attack("heartbeats", "heartbeats in text messages", _heartbeats),
    Attack("single trades", "the last trade again and again, no book", _single_trades),
    Attack("1 000 trades", "1 000 trades in each message, no book", _many_trades(1_000)),
    Attack("95 000 trades", "95 000 trades in each message", _many_trades(95_000)),
    Attack("one book", "the last message of the book again and again", _books(1)),
    Attack("8 000 levels", "a book of thousands of levels in each message", _books(8_000)),
    Attack("60 000 levels", "a book above the limit of levels in each message", _books(60_000)),
    Attack("deep JSON", "900 kB of nested arrays in each message", _socket(flood(text(DEEP)))),
    Attack("wide JSON", "300 000 empty arrays in each message", _socket(flood(text(WIDE)))),
    Attack("many keys", "an object with 90 000 keys in each message", _socket(flood(text(KEYS)))),
    Attack("refusals", "the venue's refusal without a topic, beside the books", _refusals("no", mute=False)),
    Attack("forged text", "a refusal whose text looks like records of the log", _refusals(payloads.FORGED, mute=True)),
    Attack("64 MB message", "one message of 64 MB", _socket(_giant, reset_after=True)),
    Attack("fragments", "a message of endless fragments of one byte", _socket(_fragments, reset_after=True)),
    Attack("dripping message", "a message of one byte every 0.2 s", _socket(_drip, reset_after=True)),
    Attack("compressed frames", "128 MiB in 128 KiB, with compression that was not agreed", _socket(_compressed)),
    Attack("close then on", "a close frame with forged text, then frames", _socket(_close_and_go_on, reset_after=True)),
    Attack("encoded answers", "REST answers of 128 MiB in 128 KiB, `Content-Encoding: gzip`", _rest(says(ENCODED))),
    Attack("endless answers", "REST answers without an end", _rest(_endless_body)),
    Attack("dripping answers", "REST answers of one byte every 0.2 s", _rest(_dripping_body)),
    Attack("no answers", "REST requests are not answered", _rest(_silent)),
    Attack("deep answers", "REST answers of nested arrays", _rest(says(payloads.answer(DEEP)))),
    Attack("wide answers", "REST answers of 300 000 empty arrays", _rest(says(payloads.answer(WIDE)))),
    Attack("answers: a date", "REST 429, `Retry-After` in the year 99999999999999", _rest(says(AFTER_A_DATE))),
    Attack("handshake: a date", "handshake 429, the same date", _upgrade(says(AFTER_A_DATE))),
    Attack("handshake: forged", "handshake 503 whose reason looks like records", _upgrade(says(FORGED_STATUS))),
    Attack("handshake: endless", "a handshake with headers without an end", _upgrade(_endless_head)),
    Attack("handshake: silent", "a handshake that is not answered", _upgrade(_silent)),
    Attack("answers: 31 years", "REST 429, `Retry-After: 999999999`", _rest(says(AFTER_31_YEARS)), 330.0),
    Attack("handshake: 31 years", "handshake 429, the same wait", _upgrade(says(AFTER_31_YEARS)), 330.0),
]
"""In the order of the table; the two that are followed by a wait of 5 minutes come last."""
