"""Kinds of clients that the venues are simulated for."""

from __future__ import annotations

from enum import StrEnum


class ClientProfile(StrEnum):
    """The kind of clients that a venue is simulated for.

    `CURRENT` clients know the venue of today, the producer `paraphina` knows that of the day it was written.
    """

    CURRENT = "current"
    PARAPHINA = "paraphina"
