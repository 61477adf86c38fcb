"""Reasons of silent session ends from a later line that counts the failures in a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from toolkit.model.runs import Session
from toolkit.model.vocabulary import ReconnectReason, Stage


def with_counted_failures(sessions: Sequence[Session], count: int, reason: str) -> list[Session]:
    """Return the sessions; of the last `count` connected ones, those that ended silently have ended for the reason.

    A session with a book, or with an end for another reason, breaks the row: none before it is changed.
    """
    result = list(sessions)
    for index in range(len(result) - 1, -1, -1):
        session = result[index]
        if session.reached is Stage.CONNECTING:
            continue
        if count == 0 or session.reached is Stage.FIRST_BOOK or session.reason not in (ReconnectReason.UNKNOWN, reason):
            break
        count -= 1
        if not session.lines:
            result[index] = replace(session, reason=reason)
    return result
