"""Reasons of silent session ends from a later line that counts the failures in a row."""

from __future__ import annotations

from msgspec.structs import replace

from toolkit.model.runs import Session
from toolkit.model.vocabulary import ReconnectReason, Stage
from toolkit.sessions.packed_records import PackedRecords


def state_counted_failures(sessions: PackedRecords[Session], first: int, count: int, reason: str) -> None:
    """Give the reason to those of the last `count` connected sessions that ended silently.

    A session with a book, or with an end for another reason, breaks the row: none before it is changed. Those before
    the index `first` were counted by an earlier line.
    """
    for index in range(len(sessions) - 1, first - 1, -1):
        session = sessions[index]
        if session.reached == Stage.CONNECTING:
            continue
        if count == 0 or session.reached == Stage.FIRST_BOOK or session.reason not in (ReconnectReason.UNKNOWN, reason):
            break
        count -= 1
        if not session.lines:
            sessions[index] = replace(session, reason=reason)
