"""Log records about a venue's public socket session, as the session machine takes them."""

from __future__ import annotations

from dataclasses import dataclass

from toolkit.runlog.facts import Ref
from toolkit.runlog.parse import LogRecord


@dataclass(frozen=True, slots=True)
class SessionLine:
    """A life-cycle line of a public session; `ref` is its file number and line."""

    family: str
    venue: str
    reason: str | None
    ref: tuple[int, int]
    ends: bool = False
    resync: bool = False
    error: str = ""
    hedge: bool = False


def session_line(found: LogRecord, ref: Ref) -> SessionLine | None:
    """The record as a life-cycle line, None where it is not about a public session."""
    fields, sentence = found.fields, found.message_family
    hedge = fields.get("socket_role") == "hedge"
    error = fields.get("error", "")
    match found.family:
        case "enforcer_restart" | "supervisor_panic" | "supervisor_exit":
            venue, public, _ = fields["task"].partition("_public_ws")
            if not public:
                return None
            reason = {"enforcer_restart": "enforcer_restart", "supervisor_panic": "task_panic"}.get(found.family)
            return SessionLine(found.family, venue, reason, ref, ends=True, error=error)
        case _ if found.venue is None:
            return None
        case "audit_reconnect" | "audit_reconnect_policy":
            return SessionLine(found.family, found.venue, fields.get("reconnect_reason") or found.reason, ref)
        case "end_close_frame":
            error = fields["frame"]
    if sentence is None or not (
        found.family.startswith("ws_") or sentence.reason or found.family == "first_decoded_top"
    ):
        return None
    return SessionLine(
        found.family, found.venue, sentence.reason, ref, sentence.ends_session, sentence.resync, error, hedge
    )
