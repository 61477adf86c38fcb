"""Log records about a venue's public socket session, as input of the session machine."""

from __future__ import annotations

import re
from functools import cache
from urllib.parse import urlsplit

import msgspec

from toolkit.runlog.ending_lines import Ref
from toolkit.runlog.grammar import message_family_named
from toolkit.runlog.parse import LogRecord

_LOOPBACK = re.compile(r"127(?:\.[0-9]{1,3}){3}$|localhost$|::1$|\[::1\]$")


class SessionLine(msgspec.Struct, frozen=True, gc=False):
    """Life-cycle line of a public session; `ref` is its file number and line.

    `ends` is true if it ends the session, `resync` if a book was rebuilt on the open socket, `hedge` if it is about a
    hedge socket: a second connection that races the primary one, `refused` if the venue refused the subscription.
    `failures` is the number of sessions in a row that it counts as failed for its reason, this one included.
    """

    family: str
    venue: str
    reason: str | None
    ref: tuple[int, int]
    ends: bool = False
    resync: bool = False
    error: str = ""
    hedge: bool = False
    refused: bool = False
    failures: int = 1


class QuotedRecord(msgspec.Struct, frozen=True, gc=False):
    """A record that may be text that another record quotes, and the line that holds it.

    `is_session_line` is true if it would be about a session, `counters` are the names of the counters it would report.
    """

    ref: tuple[int, int]
    family: str
    venue: str | None
    reason: str | None
    is_session_line: bool
    counters: tuple[str, ...]


def quoted_record(record: LogRecord, ref: Ref) -> QuotedRecord:
    """Return a record that a line at `ref` may quote, with what it would report."""
    counters = tuple(audit.counters) if (audit := record.audit_family) else ()
    is_session_line = session_line(record, ref) is not None
    return QuotedRecord(ref, record.family, record.venue, record.reason, is_session_line, counters)


def is_loopback(url: str) -> bool:
    """Return true if a socket's address is on this machine; false for one that a damaged line cut short."""
    # Each such address has one of these texts: taking an address apart takes twenty times as long as a search for them.
    lower = url.lower()
    if "127." not in lower and "localhost" not in lower and "::1" not in lower:
        return False
    try:
        return _LOOPBACK.match(urlsplit(url).hostname or "") is not None
    except ValueError:
        return False


def session_line(record: LogRecord, ref: Ref) -> SessionLine | None:
    """Return the record as a life-cycle line; None if it is not about a public session."""
    if record.family in _AUDITED:
        return None if record.venue is None else SessionLine(record.family, record.venue, record.reason, ref)
    if not may_be_about_session(record.family):
        return None
    fields, error = record.fields, record.fields.get("error", "")
    match record.family:
        case family if family in _OF_TASKS:
            venue, public, _ = fields["task"].partition("_public_ws")
            if not public:
                return None
            reason = {"enforcer_restart": "enforcer_restart", "supervisor_panic": "task_panic"}.get(record.family)
            return SessionLine(record.family, venue, reason, ref, ends=True, error=error)
        case _ if record.venue is None:
            return None
        case "end_close_frame":
            error = fields["frame"]
    if (message := record.message_family) is None:
        return None
    hedge = fields.get("socket_role") == "hedge"
    # A venue answers a subscription that it refuses with an object that has the key `error`.
    is_error = "error" in fields.get("keys", "").strip("[]").split(",") and '"error":null' not in fields["snippet"]
    refused = record.family == "ws_subscription_refused" or is_error
    failures = counted_failures(record.family, fields.get("times", ""))
    return SessionLine(
        record.family, record.venue, message.reason, ref, message.ends_session, message.resync, error, hedge, refused,
        failures,
    )  # fmt: skip


def counted_failures(family: str, times: str) -> int:
    """Return the number of failures in a row that a line of a family states by its field `times`, at least one."""
    return int(times[:9]) if family == "subscribe_backoff" else 1


_OF_TASKS = ("enforcer_restart", "supervisor_panic", "supervisor_exit")
_AUDITED = ("audit_reconnect", "audit_reconnect_detail", "audit_reconnect_policy")


@cache
def may_be_about_session(family: str) -> bool:
    """Return true for a family of lines of which some are about sessions: few lines of a log are of one."""
    if family in (*_OF_TASKS, *_AUDITED) or family.startswith("ws_") or family == "first_decoded_top":
        return True
    message = message_family_named(family)
    return message is not None and message.reason is not None
