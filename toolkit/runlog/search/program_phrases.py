"""Phrases by which a line of no known family is recognised as one of the program."""

from __future__ import annotations

import re

PROGRAM_PHRASES = (
    "paraphina |", "paraphina_live |", "effective_trade_mode=", "effective_risk_profile=", "WS_AUDIT ",
    "public WS ", "FIRST_BOOK_UPDATE ", "APPLIED_BOOK ", "FIRST_DECODED_TOP ", "Supervised task '",
    "[runner] tick=", "[telemetry] ", "VenueHealthEnforcer", "REST health monitor", "VENUE_HEALTH_TRANSITION ",
)  # fmt: skip
"""Phrases that only the program and its connectors write."""


def _from_rare_character(phrase: str) -> str:
    """Return the pattern of a phrase that begins with its first character other than small letters and blanks.

    A search for several such patterns passes over the letters of other text.
    """
    before, rare, after = re.split(r"([^a-z ])", phrase, maxsplit=1)
    return f"{re.escape(rare)}(?<={re.escape(before + rare)}){re.escape(after)}"


_ANY_PHRASE = re.compile("|".join(map(_from_rare_character, (*PROGRAM_PHRASES, "market_rx_stats tick="))))


def has_program_words(text: str) -> bool:
    """Return whether a line of no known family holds a phrase of the program, as when its prefix is unknown."""
    return _ANY_PHRASE.search(text) is not None
