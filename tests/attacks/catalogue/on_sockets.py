"""Attacks on the open sockets of a client: floods, messages without an end, and messages made from the venue's own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from websockets.frames import Opcode

from connectors.session.events import Received
from connectors.venues.frames import Trade
from tests.attacks.catalogue import payloads
from tests.attacks.catalogue.attack import Attack, MakeHostility, NoMechanismError, flood, from_messages, on_socket
from tests.attacks.catalogue.payloads import data_frame, frame, text
from tests.attacks.front import AttackedSocket, Hostility

DRIP_S = 0.2


def _many_trades(count: int) -> MakeHostility:
    def make(venue: str) -> Hostility:
        if venue in ("aster", "paradex"):
            raise NoMechanismError("one trade a message")
        attack = from_messages(lambda messages: payloads.trades(venue, messages, count))
        return Hostility(attack, mute=True, reset_after=True)

    return make


def _single_trades(venue: str) -> Hostility:
    if venue == "extended":
        raise NoMechanismError("trades come on a socket of their own")
    attack = from_messages(lambda messages: payloads.last_with(venue, messages, Trade))
    return Hostility(attack, mute=True, reset_after=True)


def _books(count: int) -> MakeHostility:
    def make(venue: str) -> Hostility:
        def messages(received: Sequence[Received]) -> list[Received]:
            return payloads.book(venue, received) if count == 1 else payloads.levels(venue, received, count)

        return Hostility(from_messages(messages), mute=True, reset_after=True)

    return make


def _heartbeats(venue: str) -> Hostility:
    message = payloads.heartbeat(venue)
    if message is None:
        raise NoMechanismError("no heartbeat in a message")
    return Hostility(flood(data_frame(message)), mute=True)


def _refusals(said: str, *, mute: bool) -> MakeHostility:
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

ATTACKS = (
    Attack("pings", "control pings as fast as they are taken", on_socket(flood(frame(Opcode.PING)))),
    Attack("pings and books", "the same beside the usual books", on_socket(flood(frame(Opcode.PING)), mute=False)),
    Attack("pongs", "pongs that answer nothing", on_socket(flood(frame(Opcode.PONG)))),
    Attack("pings unread", "pings of 125 bytes; our pongs are not read", on_socket(_never_read)),
    Attack("empty texts", "empty text frames", on_socket(flood(frame(Opcode.TEXT)))),
    Attack("heartbeats", "heartbeats in messages", _heartbeats),
    Attack("single trades", "the last trade again and again, no book", _single_trades),
    Attack("1 000 trades", "1 000 trades in each message, no book", _many_trades(1_000)),
    Attack("95 000 trades", "95 000 trades in each message", _many_trades(95_000)),
    Attack("one book", "the last message of the book again and again", _books(1)),
    Attack("8 000 levels", "a book of thousands of levels in each message", _books(8_000)),
    Attack("60 000 levels", "a book above the limit of levels in each message", _books(60_000)),
    Attack("deep JSON", "900 kB of nested arrays in each message", on_socket(flood(text(DEEP)))),
    Attack("wide JSON", "300 000 empty arrays in each message", on_socket(flood(text(WIDE)))),
    Attack("many keys", "an object with 90 000 keys in each message", on_socket(flood(text(KEYS)))),
    Attack("refusals", "the venue's refusal without a topic, beside the books", _refusals("no", mute=False)),
    Attack("forged text", "a refusal whose text looks like records of the log", _refusals(payloads.FORGED, mute=True)),
    Attack("64 MB message", "one message of 64 MB", on_socket(_giant, reset_after=True)),
    Attack("fragments", "a message of endless fragments of one byte", on_socket(_fragments, reset_after=True)),
    Attack("dripping message", "a message of one byte every 0.2 s", on_socket(_drip, reset_after=True)),
    Attack("compressed frames", "128 MiB in 128 KiB, with compression that was not agreed", on_socket(_compressed)),
    Attack(
        "close then on", "a close frame with forged text, then frames", on_socket(_close_and_go_on, reset_after=True)
    ),
)
