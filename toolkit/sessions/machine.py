"""Socket sessions out of life-cycle lines: a pure machine per venue.

The rules, from the program's own behaviour:

- A session begins with a connecting line and is over with an end line, an error line, or the next connecting line (a
  silent end). What is still open when a life ends stays open and has no reason.
- One ending has many lines (audit, sentence, error): they are one event. A reason that the log states verbatim (audit)
  stands before one that a sentence implies, and that before one read from an error's text.
- A resync rebuilds a book on a living socket and ends nothing: the reasons in `RESYNCS`, unless the socket's own error
  line follows. A read timeout in `KEPT` ends a session only if that session never had a message, or its own ending
  line follows.
- An error line where no session is open is a failed attempt to connect; a failed market look-up is one too.
- In a life whose beginning is not in the log, a venue's first line may tell of a socket that was connected before: a
  session whose beginning is lost begins with that line.
- A life that is known by a counter's fall began before that line: the session that is under way then is its first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from toolkit.model.runs import Session
from toolkit.model.vocabulary import ReconnectReason, Stage
from toolkit.runlog.lives import LifeStart
from toolkit.runlog.session_lines import SessionLine

RESYNCS = {"aster": frozenset({"stale_watchdog", "seq_gap"})}
KEPT = {"extended": frozenset({"read_timeout"})}

_STAGES = {
    "ws_connected": Stage.CONNECTED,
    "ws_subscribed": Stage.SUBSCRIBED,
    "ws_first_message": Stage.FIRST_MESSAGE,
    "ws_first_book": Stage.FIRST_BOOK,
    "first_decoded_top": Stage.FIRST_BOOK,
}
DISCOVERY = "discovery"
_NOT_OF_A_SOCKET = re.compile(r"connect|(?:discovery|unknown|task_panic|enforcer_restart)$")
"""How reasons begin that may end what was never connected."""
_ORDER = {stage: number for number, stage in enumerate(Stage)}

ERROR_TEXTS = (
    ("freshness exceeded", ReconnectReason.STALE_WATCHDOG),
    ("ping send failed", ReconnectReason.PING_SEND_FAIL),
    ("ping timeout", ReconnectReason.PING_TIMEOUT),
    ("pong", ReconnectReason.PING_TIMEOUT),
    ("read timeout", ReconnectReason.READ_TIMEOUT),
    ("session timeout", ReconnectReason.SESSION_TIMEOUT),
    ("connect timeout", ReconnectReason.CONNECT_TIMEOUT),
    ("connect timed out", ReconnectReason.CONNECT_TIMEOUT),
    ("connect error", ReconnectReason.CONNECT_ERROR),
    ("decode failures", ReconnectReason.DECODE_FAIL_LOOP),
    ("parse errors", ReconnectReason.PARSE_ERROR),
    ("subscribe", ReconnectReason.SUBSCRIBE_ERROR),
    ("seq_mismatch", ReconnectReason.SEQ_MISMATCH),
    ("seq mismatch", ReconnectReason.SEQ_MISMATCH),
    ("seq_gap", ReconnectReason.SEQ_GAP),
    ("seq gap", ReconnectReason.SEQ_GAP),
    ("sequence mismatch", ReconnectReason.SEQ_MISMATCH),
    ("sequence gap", ReconnectReason.SEQ_GAP),
    ("without closing handshake", ReconnectReason.STREAM_ENDED),
    ("stream ended", ReconnectReason.STREAM_ENDED),
    ("read error", ReconnectReason.STREAM_ENDED),
    ("close frame", ReconnectReason.SERVER_CLOSE),
    ("closed", ReconnectReason.SERVER_CLOSE),
)
"""What an error's text means where nothing better says why; the first that occurs counts."""

_DISCOVERY_TEXT = "discovery failed"


@dataclass(frozen=True, slots=True)
class SessionIncident:
    """Something beside the sessions: kind `resync`, `kept` (a timeout that kept its socket) or `connect_failure`."""

    kind: str
    life: int
    venue: str
    reason: str
    refs: tuple[tuple[int, int], ...]


@dataclass
class _Open:
    """The session under way."""

    number: int
    began: SessionLine
    stage: Stage
    said: str | None = None  # a reason stated verbatim
    implied: str | None = None  # a reason that a sentence stands for
    read: str | None = None  # a reason read from an error's text
    refs: list[tuple[int, int]] = field(default_factory=list)
    first_book: tuple[int, int] | None = None
    over: bool = False
    error_seen: bool = False
    beginning_lost: bool = False
    detail: str | None = None

    @property
    def reason(self) -> str | None:
        return self.said or self.implied or self.read

    def end(self, happening: SessionLine) -> None:
        self.over = True
        self.note(happening)

    def note(self, happening: SessionLine) -> None:
        self.refs.append(happening.ref)
        self.detail = self.detail or happening.error or None


class VenueSessions:
    """The sessions of one venue in one life, fed line by line."""

    def __init__(
        self, life: int, venue: str, began: LifeStart = LifeStart.START, under_way: _Open | None = None
    ) -> None:
        self._life = life
        self._venue = venue
        self._began = began
        self._open = under_way
        self._count = 0 if under_way is None else 1
        self._pending: SessionIncident | None = None  # ends nothing unless an ending line follows
        self._unclaimed: SessionIncident | None = None  # a resync that was told, whose claim may follow
        self.sessions: list[Session] = []
        self.incidents: list[SessionIncident] = []

    def feed(self, happening: SessionLine) -> None:
        """Take the venue's next line."""
        if happening.hedge:
            return
        match happening.family:
            case "ws_connecting":
                self._begin(happening, Stage.CONNECTING)
            case "ws_connected" if self._open is None or self._open.over or self._open.stage is not Stage.CONNECTING:
                if not self._begin_lost(happening, Stage.CONNECTED):
                    self._begin(happening, Stage.CONNECTED)
            case family if family in _STAGES:
                if family != "first_decoded_top":
                    self._begin_lost(happening, _STAGES[family])
                self._advance(_STAGES[family], happening)
            case "audit_reconnect" | "audit_reconnect_policy":
                self._claim(happening)
            case "ws_error":
                self._error(happening)
            case _ if happening.resync:
                self._resynced(happening)
            case _ if happening.ends:
                self._end(happening)

    def close(self) -> None:
        """The life is over: what has an ending is ended, what has none stays open."""
        self._settle()
        if self._open is not None:
            over = self._open.over or self._open.reason is not None
            self._finish(self._open, silent=None if over else "")
            self._open = None

    def under_way(self) -> _Open | None:
        """The session that nothing has ended yet, which is another life's from now on."""
        session = self._open
        if session is None or session.over or session.reason is not None:
            return None
        self._open = None
        return replace(session, number=0)

    def _begin_lost(self, happening: SessionLine, stage: Stage) -> bool:
        """Begin a session whose beginning may be lost, if it may; give whether it is."""
        if self._began is not LifeStart.UNSEEN or self._open is not None or self._count:
            return False
        self._open = self._next(happening, stage)
        self._open.beginning_lost = True
        return True

    def _begin(self, happening: SessionLine, stage: Stage) -> None:
        self._settle()
        if self._open is not None:
            self._finish(self._open, silent="ended", by=happening)
        self._open = self._next(happening, stage)

    def _next(self, happening: SessionLine, stage: Stage) -> _Open:
        self._count += 1
        return _Open(self._count - 1, happening, stage)

    def _advance(self, stage: Stage, happening: SessionLine) -> None:
        session = self._open
        # A producer may decode a top of book from REST before its socket is connected: no stage of the session.
        if session is None or session.over or (stage is Stage.FIRST_BOOK and session.stage is Stage.CONNECTING):
            return
        if _ORDER[stage] > _ORDER[session.stage]:
            session.stage = stage
            if stage is Stage.FIRST_BOOK:
                session.first_book = happening.ref

    def _claim(self, happening: SessionLine) -> None:
        reason = happening.reason or ReconnectReason.UNKNOWN
        if self._open is not None and self._open.over and self._open.reason == reason:
            self._open.said = reason
            self._open.note(happening)
            return
        if reason in RESYNCS.get(self._venue, ()):
            self._claim_resync(SessionIncident("resync", self._life, self._venue, reason, (happening.ref,)))
            return
        session = self._session_of(happening, reason)
        if session is None:
            self.incidents.append(SessionIncident("connect_failure", self._life, self._venue, reason, (happening.ref,)))
        elif reason in KEPT.get(self._venue, ()) and _ORDER[session.stage] >= _ORDER[Stage.FIRST_MESSAGE]:
            self._settle(SessionIncident("kept", self._life, self._venue, reason, (happening.ref,)))
        else:
            session.said = session.said or reason
            session.note(happening)

    def _claim_resync(self, claim: SessionIncident) -> None:
        told, self._unclaimed = self._unclaimed, None
        if told is None or told.reason != claim.reason:
            self._settle(claim, told)
        else:
            self._settle()
            self.incidents.append(replace(told, refs=(*told.refs, *claim.refs)))

    def _resynced(self, happening: SessionLine) -> None:
        reason, claim = happening.reason or ReconnectReason.UNKNOWN, self._pending
        told = SessionIncident("resync", self._life, self._venue, reason, (happening.ref,))
        if claim is not None and (claim.kind, claim.reason) == ("resync", reason):
            self._pending = None
            self._settle()
            self.incidents.append(replace(told, refs=(*claim.refs, happening.ref)))
        else:
            self._settle(unclaimed=told)

    def _settle(self, claim: SessionIncident | None = None, unclaimed: SessionIncident | None = None) -> None:
        """What was claimed or told before stands; these wait now."""
        self.incidents += [each for each in (self._unclaimed, self._pending) if each is not None]
        self._pending, self._unclaimed = claim, unclaimed

    def _take_claim(self, session: _Open, reason: str | None) -> None:
        """The claim that waits was the first line of this ending."""
        if self._pending is not None and self._pending.reason == reason:
            session.said = session.said or reason
            session.refs += self._pending.refs
            self._pending = None

    def _session_of(self, ending: SessionLine, reason: str | None) -> _Open | None:
        """The session that a line ends: the one under way, or one whose beginning is not in the log."""
        if reason is not None and not _NOT_OF_A_SOCKET.match(reason):
            # It kept its socket, if it did, because messages had come.
            kept = reason in KEPT.get(self._venue, ())
            self._begin_lost(ending, Stage.FIRST_MESSAGE if kept else Stage.CONNECTED)
        return self._open

    def _end(self, happening: SessionLine) -> None:
        session = self._session_of(happening, happening.reason)
        if session is not None:
            self._take_claim(session, happening.reason)
            session.implied = session.implied or happening.reason
            session.end(happening)

    def _error(self, happening: SessionLine) -> None:
        reason = DISCOVERY if _DISCOVERY_TEXT in happening.error else error_reason(happening.error)
        session = self._session_of(happening, reason)
        if session is None or session.error_seen or reason == DISCOVERY:
            if session is not None:
                self._finish(session, silent=None if session.over or session.reason else "ended", by=happening)
                self._open = None
            self.incidents.append(SessionIncident("connect_failure", self._life, self._venue, reason, (happening.ref,)))
            return
        self._take_claim(session, reason)
        session.read = session.read or reason
        session.error_seen = True
        session.end(happening)

    def _finish(self, session: _Open, silent: str | None, by: SessionLine | None = None) -> None:
        """Write the session down. `silent`: None when its ending has lines, `ended` when it has none, empty if open."""
        reason = session.reason if session.reason or silent == "" else ReconnectReason.UNKNOWN.value
        ended = session.refs[0] if session.refs else (by.ref if by is not None and silent == "ended" else None)
        self.sessions.append(
            Session(
                life=self._life,
                venue=self._venue,
                session=session.number,
                file_no=session.began.ref[0],
                began_line=session.began.ref[1],
                ended_line=ended[1] if ended else None,
                reason=None if silent == "" else str(reason),
                reached=session.stage,
                lines=tuple((str(file_no), line) for file_no, line in session.refs),
                detail=session.detail,
                ended=ended,
                first_book=session.first_book,
                beginning_lost=session.beginning_lost,
            )
        )


def error_reason(text: str) -> str:
    """The reason that an error's text tells, `unknown` where it tells none."""
    lowered = text.lower()
    return next((str(reason) for words, reason in ERROR_TEXTS if words in lowered), ReconnectReason.UNKNOWN.value)


class Sessions:
    """The sessions of all venues over all lives."""

    def __init__(self) -> None:
        self._venues: dict[tuple[int, str], VenueSessions] = {}

    def feed(self, life: int, happening: SessionLine, began: LifeStart = LifeStart.START) -> None:
        """Take the next line of a life, which began so."""
        key = (life, happening.venue)
        if key not in self._venues:
            before = self._venues.get((life - 1, happening.venue)) if began is LifeStart.FALL else None
            carried = before is not None and happening.family not in ("ws_connecting", "ws_connected")
            under_way = before.under_way() if before is not None and carried else None
            self._venues[key] = VenueSessions(life, happening.venue, began, under_way)
        self._venues[key].feed(happening)

    def close(self) -> tuple[list[Session], list[SessionIncident]]:
        """All sessions and incidents, by life and venue."""
        venues = [self._venues[key] for key in sorted(self._venues)]
        for venue in venues:
            venue.close()
        return (
            [session for venue in venues for session in venue.sessions],
            [incident for venue in venues for incident in venue.incidents],
        )


def replay(
    life_and_happenings: Iterable[tuple[int, SessionLine]], began: LifeStart = LifeStart.UNSEEN
) -> tuple[list[Session], list[SessionIncident]]:
    """The sessions of a whole log whose lives began so."""
    sessions = Sessions()
    for life, happening in life_and_happenings:
        sessions.feed(life, happening, began)
    return sessions.close()
