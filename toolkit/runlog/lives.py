"""Division of a log into lives: the lines of one process each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from toolkit.model.vocabulary import MAX_LABELS, OTHER_NAME
from toolkit.runlog.bulk.numbers import is_count
from toolkit.runlog.ending_lines import Ref
from toolkit.runlog.parse import RX_STATS, LogRecord

_START_FORMS = ("startup", "startup_short")
_DECISIVE = frozenset((*_START_FORMS, "audit_reconnect", "audit_publisher"))
"""Families whose lines may begin a life."""
_RUNNING_PREFIXES = ("ws_", "end_", "audit_", RX_STATS)
"""Prefixes of the families of lines that follow a program's start-up line."""


class LifeStart(StrEnum):
    """Evidence for the beginning of a life."""

    UNSEEN = "unseen"  # none: the log may begin within the life
    START = "start"  # a start-up line
    FALL = "fall"  # the fall of a per-process counter, some time after the beginning


@dataclass(frozen=True, slots=True)
class StartupLine:
    """A start-up line and the settings it states."""

    ref: Ref
    facts: dict[str, str]


def startup_facts(record: LogRecord) -> dict[str, str]:
    """Return the settings that a start-up line states."""
    facts = {"trade_mode": record.fields["trade_mode"]}
    for part in record.fields["facts"].split(" | "):
        key, _, value = part.partition("=")
        facts[key] = value
    return facts


class Lives:
    """Counter of the lives of one log file, fed record by record.

    A start-up line begins a life. The program prints two forms of it, so a new life begins only with a form already
    seen in this life, or with the first form after lines of a running program. In a life without a start-up line, the
    fall of a per-process counter (reconnect counts, the publisher's first form) begins a new life. Counters of monitors
    and sockets restart within a process and prove nothing. Neither do those after the first `MAX_LABELS` of a life, nor
    those of venues and reasons beyond the limits, which share one name.
    """

    def __init__(self) -> None:
        self.life = 0
        self.began = LifeStart.UNSEEN
        """Evidence for the beginning of the current life."""
        self.begins = False
        """True if the last record is the first of its life: a start-up line, or the record that began a new life."""
        self._running = False
        self._forms: set[str] = set()
        self._counts: dict[tuple[str | None, str | None], int] = {}
        self.further_counters = 0
        """Lines that report counters after the first `MAX_LABELS` of a life."""

    @property
    def count(self) -> int:
        """Number of lives so far."""
        return self.life + 1

    def add(self, record: LogRecord) -> int:
        """Add a record; return the number of its life, from 0."""
        family, forms, self.begins = record.family, self._forms, False
        if family in _START_FORMS:
            if family in forms or (self._running and not forms):
                self._begin_life()
            self.begins = not forms
            self.began = LifeStart.START
            forms.add(family)
            return self.life
        if self._running and family not in _DECISIVE:
            return self.life
        if not forms and (reading := _process_counter(record)) is not None:
            key, value = reading
            if key not in self._counts and len(self._counts) >= MAX_LABELS:
                self.further_counters += 1
            else:
                if value < self._counts.get(key, value):
                    self._begin_life()
                    self.began, self.begins = LifeStart.FALL, True
                self._counts[key] = value
        self._running = self._running or family.startswith(_RUNNING_PREFIXES)
        return self.life

    def _begin_life(self) -> None:
        self.life += 1
        self._running = False
        self._forms.clear()
        self._counts.clear()


def _process_counter(record: LogRecord) -> tuple[tuple[str | None, str | None], int] | None:
    if record.family == "audit_reconnect":
        count, has_own_name = record.fields["count"], record.venue != OTHER_NAME and record.reason != OTHER_NAME
        return ((record.venue, record.reason), int(count)) if has_own_name and is_count(count) else None
    if record.family == "audit_publisher":
        for name, value in record.fields.items():
            if name.startswith("mp_") and is_count(value):
                return (None, name), int(value)
    return None
