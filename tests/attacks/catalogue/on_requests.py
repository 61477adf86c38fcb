"""Attacks on handshakes and REST requests: answers without an end, of absurd waits, encodings and shapes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from tests.attacks.catalogue import payloads
from tests.attacks.catalogue.attack import Attack, MakeHostility
from tests.attacks.catalogue.on_sockets import DEEP, DRIP_S, WIDE
from tests.attacks.catalogue.payloads import text
from tests.attacks.front import Hostility, Write

Reply = Callable[[Write], Awaitable[None]]


def _upgrade(reply: Reply) -> MakeHostility:
    return lambda _venue: Hostility(on_upgrade=reply, reset_before=True)


def _rest(reply: Reply) -> MakeHostility:
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

ATTACKS = (
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
)

LONG_WAITS = (
    Attack("answers: 31 years", "REST 429, `Retry-After: 999999999`", _rest(says(AFTER_31_YEARS)), 330.0),
    Attack("handshake: 31 years", "handshake 429, the same wait", _upgrade(says(AFTER_31_YEARS)), 330.0),
)
"""Attacks that are followed by a wait of 5 minutes."""
