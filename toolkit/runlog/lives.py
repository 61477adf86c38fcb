"""Where one process ends and the next begins in a log."""

from __future__ import annotations

from enum import StrEnum

from toolkit.runlog.parse import RX_STATS, LogRecord

_START_FORMS = ("startup", "startup_short")
_OF_A_RUNNING_PROGRAM = ("ws_", "end_", "audit_", RX_STATS)
"""How the families of lines are called that come after a program's start-up line."""


class LifeStart(StrEnum):
    """How a life began."""

    UNSEEN = "unseen"  # the log holds no beginning of it: it may begin in its midst
    START = "start"  # with a start-up line
    FALL = "fall"  # at some time before a counter fell that lasts as long as the process


class Lives:
    """Counts the lives of one log file, record by record.

    A start-up line begins one; the program prints it in two forms, so only a form seen before begins another, or the
    first one where lines of a running program came before it. In a life without any, the fall of a counter that lasts
    as long as the process (reconnect counts, the publisher's first form) does. Counters of monitors and sockets restart
    by themselves and prove nothing.
    """

    def __init__(self) -> None:
        self.life = 0
        self.began = LifeStart.UNSEEN
        """How the present life began."""
        self.begins = False
        """Whether the record seen last is the first of its life: a start-up line, or one that made it a new life."""
        self._spoke = False
        self._forms: set[str] = set()
        self._counts: dict[tuple[str | None, str | None], int] = {}

    @property
    def count(self) -> int:
        """Lives so far."""
        return self.life + 1

    def see(self, found: LogRecord) -> int:
        """Take a record; give the life it belongs to, from 0."""
        before = self.life, bool(self._forms)
        if found.family in _START_FORMS:
            if found.family in self._forms or (self._spoke and not self._forms):
                self._next()
            self.began = LifeStart.START
            self._forms.add(found.family)
        elif not self._forms and (reading := _lasting(found)) is not None:
            key, value = reading
            if value < self._counts.get(key, value):
                self._next()
                self.began = LifeStart.FALL
            self._counts[key] = value
        self._spoke = self._spoke or found.family.startswith(_OF_A_RUNNING_PROGRAM)
        self.begins = before != (self.life, bool(self._forms))
        return self.life

    def _next(self) -> None:
        self.life += 1
        self._spoke = False
        self._forms.clear()
        self._counts.clear()


def _lasting(found: LogRecord) -> tuple[tuple[str | None, str | None], int] | None:
    if found.family == "audit_reconnect" and found.fields["count"].isdigit():
        return (found.venue, found.reason), int(found.fields["count"])
    if found.family == "audit_publisher":
        for name, value in found.fields.items():
            if name.startswith("mp_") and value.isdigit():
                return (None, name), int(value)
    return None
