"""An attack, and the floods that most attacks on open sockets are made of."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from connectors.session.events import Received
from tests.attacks.catalogue.payloads import data_frame
from tests.attacks.front import AttackedSocket, Hostility

VENUES = ("extended", "hyperliquid", "aster", "lighter", "paradex")
BLOCK_BYTES = 64 * 1024

OnSocket = Callable[[AttackedSocket], Awaitable[None]]
MakeHostility = Callable[[str], Hostility]


class NoMechanismError(Exception):
    """The attack has no mechanism at this venue; the message says why."""


@dataclass(frozen=True)
class Attack:
    """One attack: `make` returns the hostility for a venue or raises `NoMechanismError`.

    `well_again_s` is the limit of the time until the venue is well after the attack has ended. `reason` are words that
    the run must state of an attack of some seconds; empty if they differ by venue.
    """

    name: str
    what: str
    make: MakeHostility
    well_again_s: float = 45.0
    reason: str = ""


def flood(octets: bytes) -> OnSocket:
    """Return an attack that sends these frames as fast as the client takes them."""
    block = octets * max(1, BLOCK_BYTES // len(octets))

    async def attack(attacked: AttackedSocket) -> None:
        while True:
            await attacked.send(block)
            await asyncio.sleep(0)

    return attack


def from_messages(make: Callable[[Sequence[Received]], Sequence[Received]]) -> OnSocket:
    """Return a flood of messages that are made from the venue's own; it waits until the venue has sent one."""

    async def attack(attacked: AttackedSocket) -> None:
        while not (messages := make(list(attacked.messages))):
            await asyncio.sleep(0.05)
        await flood(b"".join(map(data_frame, messages)))(attacked)

    return attack


def on_socket(attack: OnSocket, *, mute: bool = True, reset_after: bool = False) -> MakeHostility:
    """Return the hostility of an attack that is the same at every venue."""
    return lambda _venue: Hostility(attack, mute=mute, reset_after=reset_after)
