"""The attacks: what the venue does, how it is reached on each venue, and why some cells have no mechanism."""

from __future__ import annotations

from tests.attacks.catalogue import on_binary, on_requests, on_sockets
from tests.attacks.catalogue.attack import VENUES, Attack, NoMechanismError

ATTACKS = (*on_sockets.ATTACKS, *on_binary.ATTACKS, *on_requests.ATTACKS, *on_requests.LONG_WAITS)
"""In the order of the table."""

__all__ = ["ATTACKS", "VENUES", "Attack", "NoMechanismError"]
