"""Sessions of all venues in all lives of a run's logs; only those of two lives are held as objects."""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Iterable, Iterator
from math import inf

from toolkit.model.runs import Session
from toolkit.runlog.lives import LifeStart
from toolkit.runlog.session_lines import SessionLine
from toolkit.sessions.machine import SessionIncident, VenueSessions
from toolkit.sessions.packed_records import PackedRecords

_BATCH = 256
"""Venues of lives that are packed at a time."""


class Sessions:
    """Sessions of all venues in all lives, fed log by log.

    A life may go on with the session of the life before it. Logs share the numbers of their lives: a life of one log
    goes on with the sessions that the life of that number has in the logs before. So a life of the last log is closed
    two lives later, and one of another log is set aside until the next log has come to it.
    """

    def __init__(self) -> None:
        self._lives: dict[int, dict[str, VenueSessions]] = {}
        self._is_last_log = True
        self._of_logs_before = _LivesSetAside()
        self._for_next_log = _LivesSetAside()
        self._sessions = PackedRecords(Session)
        self._incidents = PackedRecords(SessionIncident)
        self.further_lines = 0
        """Lines of endings beyond those that each session lists, of the lives that are closed."""

    def begin_log(self, is_last: bool) -> None:
        """Begin the next log, with its life 0."""
        self._end_before(inf)
        for each in self._of_logs_before.taken_to(inf):
            self._for_next_log.add(each)
        self._of_logs_before, self._for_next_log = self._for_next_log, _LivesSetAside()
        self._is_last_log = is_last
        self.begin_life(0)

    def begin_life(self, life: int) -> None:
        """Begin the next life of the log, or go on with it; no line of a life before it follows in this log."""
        self._end_before(life - 1)
        if self._of_logs_before:
            for each in self._of_logs_before.taken_to(life):
                self._lives.setdefault(each.life, {})[each.venue] = each

    def feed(self, life: int, line: SessionLine, life_start: LifeStart = LifeStart.START) -> None:
        """Add the next line of a life; `life_start` is the evidence for the life's beginning."""
        if (venues := self._lives.get(life)) is None:
            venues = self._lives[life] = {}
        if (sessions := venues.get(line.venue)) is None:
            sessions = venues[line.venue] = VenueSessions(life, line.venue, life_start)
            if life_start is LifeStart.FALL and line.family not in ("ws_connecting", "ws_connected"):
                before = self._lives.get(life - 1, {}).get(line.venue)
                if before is not None and (open_session := before.take_open_session()) is not None:
                    sessions.go_on_with(open_session)
        sessions.feed(line)

    def close(self) -> tuple[PackedRecords[Session], PackedRecords[SessionIncident]]:
        """Return all sessions, ordered by life, venue and number, and all incidents, ordered by life and venue."""
        self._is_last_log = True
        self._end_before(inf)
        for each in self._of_logs_before.taken_to(inf):
            self._close(each)
        return self._sessions, self._incidents

    def _end_before(self, life: float) -> None:
        """Close the lives before one, or set them aside, in their order."""
        for number in sorted([each for each in self._lives if each < life]):
            venues = self._lives.pop(number)
            for name in sorted(venues):
                if self._is_last_log:
                    self._close(venues[name])
                else:
                    self._for_next_log.add(venues[name])

    def _close(self, venue: VenueSessions) -> None:
        venue.close()
        self._sessions.take(venue.sessions)
        self._incidents.take(venue.incidents)
        self.further_lines += venue.further_lines


class _LivesSetAside:
    """Venues in lives, in order of the lives, packed many at a time."""

    def __init__(self) -> None:
        self._first = deque[VenueSessions]()
        self._packed = deque[bytes]()
        self._last = deque[VenueSessions]()

    def __bool__(self) -> bool:
        """Return whether a venue is left."""
        return bool(self._first or self._packed or self._last)

    def add(self, venue: VenueSessions) -> None:
        """Add a venue of the last life, or of one after it."""
        self._last.append(venue)
        if len(self._last) == _BATCH:
            self._packed.append(pickle.dumps(self._last))
            self._last = deque()

    def taken_to(self, life: float) -> Iterator[VenueSessions]:
        """Remove and yield the venues of the lives up to one."""
        while True:
            if not self._first and self._packed:
                self._first = pickle.loads(self._packed.popleft())
            elif not self._first:
                self._first, self._last = self._last, self._first
            if not self._first or self._first[0].life > life:
                return
            yield self._first.popleft()


def replay(
    lines: Iterable[tuple[int, SessionLine]], life_start: LifeStart = LifeStart.UNSEEN
) -> tuple[list[Session], list[SessionIncident]]:
    """Return the sessions and incidents of a whole log, given as pairs of life and line."""
    sessions = Sessions()
    for life, line in lines:
        sessions.feed(life, line, life_start)
    found, incidents = sessions.close()
    return list(found), list(incidents)
