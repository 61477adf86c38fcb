"""What a log says of its run as a whole, gathered line by line: builds, starts, addresses, endings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from toolkit.model.vocabulary import VENUE_ID
from toolkit.runlog.parse import LogRecord

Ref = tuple[int, int]
"""Number of the log file, and line."""

_LOOPBACK = re.compile(r"127(?:\.[0-9]{1,3}){3}$|localhost$|::1$|\[::1\]$")
KEEP_ERRORS = 200
_NOT_THE_PROGRAM = frozenset(
    {
        "other",
        "build_step",
        "build_error",
        "build_warning",
        "build_finished",
        "build_running",
        "build_cause",
        "main_error",
        "run_failed",
        "signal_report",
        "out_of_memory_kill",
    }
)
ENDINGS = frozenset(
    {
        "startup_error",
        "main_error",
        "kill_event",
        "panic",
        "panic_quoted",
        "allocation_failed",
        "signal_word",
        "signal_report",
        "out_of_memory_kill",
        "run_failed",
        "telemetry_disabled",
    }
)
"""The families of lines that may say why a life ended."""
_AFTERMATH = frozenset({"panic_note", "fatal_runtime_error", "timeout_signal"})


@dataclass(frozen=True, slots=True)
class StartupLine:
    """One start-up line: what the program said of itself."""

    ref: Ref
    facts: dict[str, str]


@dataclass(frozen=True, slots=True)
class EndingLine:
    """A line that may say why a life ended: its own words, and the fields of its record."""

    ref: Ref
    family: str
    text: str
    fields: Mapping[str, str]


@dataclass
class LogFacts:
    """Gathered facts of a run's logs; every one names its line."""

    families: Counter[str] = field(default_factory=Counter)
    starts: list[StartupLine] = field(default_factory=list)
    first: dict[str, tuple[Ref, str]] = field(default_factory=dict)
    """Of each family: its first line, and that line's own words."""
    last: dict[str, tuple[Ref, str]] = field(default_factory=dict)
    urls: dict[str, set[str]] = field(default_factory=dict)
    components: Counter[str] = field(default_factory=Counter)
    """Audit lines that no family knows, by their component or reason."""
    build_errors: list[tuple[Ref, str]] = field(default_factory=list)
    endings: list[EndingLine] = field(default_factory=list)
    """What may have ended the last life of each log: the first lines that say so, and the very last."""
    earlier: list[EndingLine] = field(default_factory=list)
    """The same of the lives before."""
    panics: list[tuple[Ref, str, str]] = field(default_factory=list)
    """Of the last life of each log: where in the log, where in the source, and the message (on the line after)."""
    panic_threads: dict[Ref, str] = field(default_factory=dict)
    venue_index: dict[str, int] = field(default_factory=dict)
    spoken_of: dict[str, Ref] = field(default_factory=dict)
    """Of each venue that lines of sockets or audit lines name: the first of them."""
    lines: int = 0
    lives: int = 0
    build_ms: int = 0
    """What the builds that finished say they took, together."""
    _logs: dict[int, int] = field(default_factory=dict)
    """Of each file that is a later part of a rotated log: the number of its first part."""

    def continue_log(self, file_no: int, before: int) -> None:
        """Take the file for a later part of the log that file `before` is of."""
        self._logs[file_no] = self._log(before)

    def begin_life(self, ref: Ref) -> None:
        """Take the line for the beginning of a life: what its log said before ended another."""
        log = self._log(ref[0])
        over = [each for each in self.endings if self._log(each.ref[0]) == log]
        self.earlier = [*self.earlier, *over][-KEEP_ERRORS:]
        self.endings = [each for each in self.endings if each not in over]
        self.panics = [each for each in self.panics if self._log(each[0][0]) != log]

    def went_on(self, ref: Ref) -> bool:
        """Whether the program said anything in the same log after that line, but for what may say how it ended."""
        silent = ENDINGS | _NOT_THE_PROGRAM | _AFTERMATH
        return any(
            last > ref and self._log(last[0]) == self._log(ref[0])
            for family, (last, _) in self.last.items()
            if family not in silent
        )

    def _log(self, file_no: int) -> int:
        return self._logs.get(file_no, file_no)

    def see(self, found: LogRecord, ref: Ref, text: str) -> None:
        """Take one record of a line."""
        family = found.family
        self.families[family] += 1
        if family == "other":
            return
        self._name(found, ref)
        self.last[family] = (ref, text)
        if family not in self.first:
            self.first[family] = (ref, text)
        if family in ENDINGS:
            del self.endings[KEEP_ERRORS:]
            self.endings.append(EndingLine(ref, family, text, found.fields))
        elif family == "ws_connecting" and found.venue:
            self.urls.setdefault(found.venue, set()).add(found.fields["url"])
        elif family == "startup":
            self.starts.append(StartupLine(ref, _start_facts(found)))
        elif family == "build_finished":
            self.build_ms += _took_ms(found.fields)
        elif family in ("build_error", "build_cause") and len(self.build_errors) < KEEP_ERRORS:
            self.build_errors.append((ref, text))
        elif family == "applied_book" and found.venue:
            self.venue_index[found.venue] = int(found.fields["venue_index"])
        elif family == "audit_other":
            self.components[found.reason or "?"] += 1

    def see_many(self, found: LogRecord, count: int, first: tuple[Ref, str], last: tuple[Ref, str]) -> None:
        """Take `count` records that differ from `found` in numbers only, the first and the last of them as given."""
        family = found.family
        self.families[family] += count
        if family == "other":
            return
        self._name(found, first[0])
        self.first[family] = min(self.first.get(family, first), first)
        self.last[family] = max(self.last.get(family, last), last)
        if family == "audit_other":
            self.components[found.reason or "?"] += count

    def _name(self, found: LogRecord, ref: Ref) -> None:
        venue = found.venue
        # An audit line of no known family may call anything a venue.
        if venue and venue != "all" and found.family.startswith(("ws_", "audit_")) and found.family != "audit_other":
            self.spoken_of[venue] = min(self.spoken_of.get(venue, ref), ref)

    @property
    def running(self) -> Ref | None:
        """The line that runs what the last build made; None where no line does, or the last build did not finish."""
        nowhere = (-1, -1), ""
        step, finished, running = (
            self.last.get(name, nowhere)[0] for name in ("build_step", "build_finished", "build_running")
        )
        return running if step < finished < running else None

    @property
    def is_a_run(self) -> bool:
        """Whether the program itself spoke, not only its build."""
        return any(name not in _NOT_THE_PROGRAM for name in self.families)

    @property
    def loopback_only(self) -> bool | None:
        """Whether every socket went to a loopback address; None where no connecting line tells."""
        urls = [url for urls in self.urls.values() for url in urls]
        if not urls:
            return None
        return all(_LOOPBACK.match(_host(url)) for url in urls)

    @property
    def venues(self) -> tuple[str, ...]:
        """The venues that the program was started with, in the order of its telemetry, then others it speaks of."""
        spoken_of = sorted(self.spoken_of, key=lambda venue: self.spoken_of[venue])
        named = dict.fromkeys([*self._started_with(), *spoken_of])
        return tuple(venue for venue in named if VENUE_ID.fullmatch(venue))

    def _started_with(self) -> list[str]:
        for start in self.starts:
            if named := start.facts.get("venues"):
                return named.split(",")
        return sorted(self.venue_index, key=lambda venue: self.venue_index[venue])


def _took_ms(fields: Mapping[str, str]) -> int:
    hours, minutes, seconds = (float(fields.get(unit, 0)) for unit in "hms")
    return round(((hours * 60 + minutes) * 60 + seconds) * 1_000)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        # A damaged line's address, such as one with half of a pair of brackets.
        return ""


def _start_facts(found: LogRecord) -> dict[str, str]:
    facts = {"trade_mode": found.fields["trade_mode"]}
    for part in found.fields["facts"].split(" | "):
        key, _, value = part.partition("=")
        facts[key] = value
    return facts
