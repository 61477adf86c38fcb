"""Messages between the process that makes a pair of runs and the processes of its sides.

All times are seconds of the monotonic clock, which the processes of a machine share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ready:
    """A side has loaded its program text and waits for `Begin`."""


@dataclass(frozen=True, slots=True)
class Begin:
    """The side begins at `at_s`; `venue_urls` lead to simulated venues, None where the side has its own."""

    at_s: float
    venue_urls: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Running:
    """The program of a side wrote its first telemetry at `since_s`."""

    since_s: float


@dataclass(frozen=True, slots=True)
class EndAt:
    """The run of a side is over at `at_s`."""

    at_s: float


@dataclass(frozen=True, slots=True)
class ClientRefused:
    """The simulated venues, which the parent serves, refused clients; `text` begins with the venue and a colon."""

    text: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """The connectors of a side have stopped; its files stay open until `VenuesClosed`."""


@dataclass(frozen=True, slots=True)
class VenuesClosed:
    """The parent has closed the simulated venues; no `ClientRefused` follows."""


@dataclass(frozen=True, slots=True)
class Interrupt:
    """The side stops now, as after Ctrl-C."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence for the user."""

    text: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The side ends without a run that can be used; `text` says why."""

    text: str


FromSide = Ready | Running | Stopped | Notice | Failed
ToSide = Begin | EndAt | ClientRefused | VenuesClosed | Interrupt
