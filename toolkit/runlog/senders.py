"""Names of the containers and services that write the lines of a log."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"(?:[-_.:]\d+)+$")


def is_same_sender(a: str, b: str) -> bool:
    """Return whether two names are of one container or service, with or without the project's name or a number.

    `shop-bot-1` and `bot_1` are the same, and so are `bot` and `bot:0`.
    """
    one, other = sorted((_words(a), _words(b)), key=len)
    return other[-len(one) :] == one


def _words(name: str) -> list[str]:
    return re.split(r"[-_.]", _NUMBER.sub("", name.lower()))
