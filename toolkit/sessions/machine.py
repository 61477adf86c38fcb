"""State machine that builds socket sessions from life-cycle lines, one per venue and life.

The rules follow from the program's behaviour:

- A session begins with a connecting line. It ends with an end line, an error line, or the next connecting line (a
  silent end). A session still open when its life ends stays open and has no reason.
- Several lines (audit, message, error) may report one end: they are one event. A reason that the log states verbatim
  (audit) takes precedence over one that a message implies, and that over one inferred from an error's text.
- A venue that refuses a subscription may keep the socket open; if the session then ends without a book, the refusal
  is its reason, not the watchdog that found the silence.
- A line that counts failures in a row gives its reason to the sessions before that ended silently.
- A resync rebuilds a book on an open socket and ends nothing. A venue's resync reasons (`venue_rules.toml`) stand for a
  resync unless the socket's own error line follows. A survivable reason ends a session only if the session never had a
  message, or if its own ending line follows.
- An error line without an open session is a failed attempt to connect; so is a failed market look-up.
- In a life whose beginning is not in the log, a venue's first line may be about a socket connected earlier: a session
  whose beginning is lost begins with that line.
- A life that is known by the fall of a counter began before that line: the session open at that time is its first one.
"""

from __future__ import annotations

import re
from functools import partial

import msgspec
from msgspec import field
from msgspec.structs import replace

from toolkit.model.runs import Session
from toolkit.model.vocabulary import ReconnectReason, Stage
from toolkit.runlog.lives import LifeStart
from toolkit.runlog.session_lines import SessionLine
from toolkit.sessions.counted_failures import state_counted_failures
from toolkit.sessions.error_reasons import DISCOVERY, inferred_reason
from toolkit.sessions.open_session import OpenSession
from toolkit.sessions.packed_records import PackedRecords
from toolkit.sessions.venue_rules import venue_rules

_STAGES = {
    "ws_connected": Stage.CONNECTED,
    "ws_subscribed": Stage.SUBSCRIBED,
    "ws_first_message": Stage.FIRST_MESSAGE,
    "ws_first_book": Stage.FIRST_BOOK,
    "first_decoded_top": Stage.FIRST_BOOK,
}
_WITHOUT_SOCKET = re.compile(r"connect|(?:discovery|unknown|task_panic|enforcer_restart)$")
"""Reasons that do not prove that a socket was connected: those of failed attempts, and unspecific ones."""
_ORDER = {stage: number for number, stage in enumerate(Stage)}


class SessionIncident(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Event outside the sessions' ends, reported by the lines `refs` (file number and line).

    `kind` is `resync`, `kept` (a timeout after which the socket stayed open) or `connect_failure`.
    """

    kind: str
    life: int
    venue: str
    reason: str
    refs: tuple[tuple[int, int], ...]


class VenueSessions(msgspec.Struct, eq=False):
    """Sessions of one venue in one life, fed line by line."""

    life: int
    venue: str
    _life_start: LifeStart
    _open: OpenSession | None = None
    _count: int = 0
    """Sessions that began so far."""
    _counted: int = 0
    """Sessions before the one that the last line with a count of failures ended."""
    _audited: SessionIncident | None = None
    """From an audit line; an ending line may follow."""
    _announced: SessionIncident | None = None
    """From a message; its audit line may follow."""
    sessions: PackedRecords[Session] = field(default_factory=partial(PackedRecords, Session))
    incidents: PackedRecords[SessionIncident] = field(default_factory=partial(PackedRecords, SessionIncident))
    further_lines: int = 0
    """Lines of endings beyond those that each session lists."""

    def go_on_with(self, session: OpenSession) -> None:
        """Begin with a session of the life before."""
        self._open, self._count = session, 1

    def feed(self, line: SessionLine) -> None:
        """Add the venue's next line."""
        if line.hedge:
            return
        match line.family:
            case "ws_connecting":
                self._begin(line, Stage.CONNECTING)
            case "ws_connected" if self._open is None or self._open.ended or self._open.stage is not Stage.CONNECTING:
                if not self._begin_unseen(line, Stage.CONNECTED):
                    self._begin(line, Stage.CONNECTED)
            case family if family in _STAGES:
                if family != "first_decoded_top":
                    self._begin_unseen(line, _STAGES[family])
                self._advance(_STAGES[family], line)
            case "audit_reconnect" | "audit_reconnect_detail" | "audit_reconnect_policy":
                self._audit(line)
            case _ if line.refused:
                self._refuse(line)
            case "ws_error":
                self._error(line)
            case _ if line.resync:
                self._resync(line)
            case _ if line.ends:
                self._end(line)

    def close(self) -> None:
        """End the life; a session without an ending line stays open."""
        self._settle()
        if self._open is not None:
            ended = self._open.ended or self._open.reason is not None
            self._finish(self._open, silent=None if ended else "")
            self._open = None

    def take_open_session(self) -> OpenSession | None:
        """Remove and return the session that has not ended, to continue it in the next life; None if there is none."""
        session = self._open
        if session is None or session.ended or session.reason is not None:
            return None
        self._open = None
        return replace(session, number=0)

    def _begin_unseen(self, line: SessionLine, stage: Stage) -> bool:
        """Begin a session whose beginning is not in the log, if this can be one; return true if it is."""
        if self._life_start is not LifeStart.UNSEEN or self._open is not None or self._count:
            return False
        self._open = self._new_session(line, stage)
        self._open.beginning_lost = True
        return True

    def _begin(self, line: SessionLine, stage: Stage) -> None:
        self._settle()
        if self._open is not None:
            self._finish(self._open, silent="ended", by=line)
        self._open = self._new_session(line, stage)

    def _new_session(self, line: SessionLine, stage: Stage) -> OpenSession:
        self._count += 1
        return OpenSession(self._count - 1, line, stage)

    def _advance(self, stage: Stage, line: SessionLine) -> None:
        session = self._open
        # A top of book decoded from REST before the socket is connected is no stage of the session.
        if session is None or session.ended or (stage is Stage.FIRST_BOOK and session.stage is Stage.CONNECTING):
            return
        if _ORDER[stage] > _ORDER[session.stage]:
            session.stage = stage
            if stage is Stage.FIRST_BOOK:
                session.first_book = line.ref

    def _refuse(self, line: SessionLine) -> None:
        self._begin_unseen(line, Stage.FIRST_MESSAGE)
        if self._open is not None and not self._open.ended and self._open.stage is not Stage.FIRST_BOOK:
            self._open.refuse(line)

    def _audit(self, line: SessionLine) -> None:
        reason = line.reason or ReconnectReason.UNKNOWN
        if self._open is not None and self._open.ended and self._open.reason == reason:
            self._open.stated = reason
            self._open.add_ending_line(line)
            return
        if venue_rules().is_resync(self.venue, reason):
            self._audit_resync(SessionIncident("resync", self.life, self.venue, reason, (line.ref,)))
            return
        session = self._session_of(line, reason)
        if session is None:
            self.incidents.append(SessionIncident("connect_failure", self.life, self.venue, reason, (line.ref,)))
        elif venue_rules().is_survivable(self.venue, reason) and _ORDER[session.stage] >= _ORDER[Stage.FIRST_MESSAGE]:
            self._settle(SessionIncident("kept", self.life, self.venue, reason, (line.ref,)))
        else:
            session.stated = session.stated or reason
            session.add_ending_line(line)

    def _audit_resync(self, audited: SessionIncident) -> None:
        announced, self._announced = self._announced, None
        if announced is None or announced.reason != audited.reason:
            self._settle(audited, announced)
        else:
            self._settle()
            self.incidents.append(replace(announced, refs=(*announced.refs, *audited.refs)))

    def _resync(self, line: SessionLine) -> None:
        reason, audited = line.reason or ReconnectReason.UNKNOWN, self._audited
        announced = SessionIncident("resync", self.life, self.venue, reason, (line.ref,))
        if audited is not None and (audited.kind, audited.reason) == ("resync", reason):
            self._audited = None
            self._settle()
            self.incidents.append(replace(announced, refs=(*audited.refs, line.ref)))
        else:
            self._settle(announced=announced)

    def _settle(self, audited: SessionIncident | None = None, announced: SessionIncident | None = None) -> None:
        """Confirm the pending incidents; these are pending from now on."""
        if self._announced is not None:
            self.incidents.append(self._announced)
        if self._audited is not None:
            self.incidents.append(self._audited)
        self._audited, self._announced = audited, announced

    def _absorb_audit(self, session: OpenSession, reason: str | None) -> None:
        """Take the pending audit line, if it has this reason, as the first line of the session's end."""
        if self._audited is not None and self._audited.reason == reason:
            session.stated = session.stated or reason
            session.refs += self._audited.refs
            self._audited = None

    def _session_of(self, ending: SessionLine, reason: str | None) -> OpenSession | None:
        """Return the session that a line ends: the current one, or one whose beginning is not in the log."""
        if self._open is None and reason is not None and not _WITHOUT_SOCKET.match(reason):
            # A socket can stay open after such a reason only if messages had arrived.
            survivable = venue_rules().is_survivable(self.venue, reason)
            self._begin_unseen(ending, Stage.FIRST_MESSAGE if survivable else Stage.CONNECTED)
        return self._open

    def _end(self, line: SessionLine) -> None:
        session = self._session_of(line, line.reason)
        if session is not None:
            self._absorb_audit(session, line.reason)
            session.implied = session.implied or line.reason
            session.end(line)
            if line.failures > 1 and line.reason:
                state_counted_failures(self.sessions, self._counted, line.failures - 1, line.reason)
                self._counted = len(self.sessions)

    def _error(self, line: SessionLine) -> None:
        reason = inferred_reason(line.error, self.venue)
        session = self._session_of(line, reason)
        if session is None or session.error_seen or reason == DISCOVERY:
            if session is not None:
                self._finish(session, silent=None if session.ended or session.reason else "ended", by=line)
                self._open = None
            self.incidents.append(SessionIncident("connect_failure", self.life, self.venue, reason, (line.ref,)))
            return
        self._absorb_audit(session, reason)
        session.inferred = session.inferred or reason
        session.error_seen = True
        session.end(line)

    def _finish(self, session: OpenSession, silent: str | None, by: SessionLine | None = None) -> None:
        """Add the session to the results; `silent` and `by` as in `OpenSession.finished`."""
        self.sessions.append(session.finished(self.life, self.venue, silent, by))
        self.further_lines += session.further
