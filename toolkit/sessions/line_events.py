"""What a record of a log says of its venue's public session."""

from __future__ import annotations

from toolkit.runlog.facts import Ref
from toolkit.runlog.parse import Found
from toolkit.sessions.machine import Happening


def happened(found: Found, ref: Ref) -> Happening | None:
    """The record as the session machine takes it; None where it says nothing of a public session."""
    fields, sentence = found.fields, found.sentence
    hedge = fields.get("socket_role") == "hedge"
    error = fields.get("error", "")
    match found.family:
        case "enforcer_restart" | "supervisor_panic" | "supervisor_exit":
            venue, public, _ = fields["task"].partition("_public_ws")
            if not public:
                return None
            reason = {"enforcer_restart": "enforcer_restart", "supervisor_panic": "task_panic"}.get(found.family)
            return Happening(found.family, venue, reason, ref, ends=True, error=error)
        case _ if found.venue is None:
            return None
        case "audit_reconnect" | "audit_reconnect_policy":
            return Happening(found.family, found.venue, fields.get("reconnect_reason") or found.reason, ref)
        case "end_close_frame":
            error = fields["frame"]
    if sentence is None or not (
        found.family.startswith("ws_") or sentence.reason or found.family == "first_decoded_top"
    ):
        return None
    return Happening(found.family, found.venue, sentence.reason, ref, sentence.ends, sentence.resync, error, hedge)
