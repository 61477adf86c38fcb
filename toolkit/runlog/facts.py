"""What a log says of its run as a whole, gathered line by line: builds, starts, addresses, endings."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from toolkit.runlog.parse import Found
from toolkit.vocabulary import VENUE_ID

Ref = tuple[int, int]
"""Number of the log file, and line."""

_LOOPBACK = re.compile(r"127\.|localhost$|::1$|\[::1\]$")
KEEP_ERRORS = 200
_NOT_THE_PROGRAM = frozenset({"other", "build_step", "build_error", "build_warning", "build_finished", "build_running"})


@dataclass(frozen=True, slots=True)
class Start:
    """One start-up line: what the program said of itself."""

    ref: Ref
    facts: dict[str, str]


@dataclass
class LogFacts:
    """Gathered facts of a run's logs; every one names its line."""

    families: Counter[str] = field(default_factory=Counter)
    starts: list[Start] = field(default_factory=list)
    first: dict[str, tuple[Ref, str]] = field(default_factory=dict)
    """Of each family: its first line, and that line's own words."""
    last: dict[str, tuple[Ref, str]] = field(default_factory=dict)
    urls: dict[str, set[str]] = field(default_factory=dict)
    components: Counter[str] = field(default_factory=Counter)
    """Audit lines that no family knows, by their component or reason."""
    build_errors: list[tuple[Ref, str]] = field(default_factory=list)
    panics: list[tuple[Ref, str, str]] = field(default_factory=list)
    """Where in the log, where in the source, and the message (on the line after)."""
    panic_threads: dict[Ref, str] = field(default_factory=dict)
    venue_index: dict[str, int] = field(default_factory=dict)
    lines: int = 0
    lives: int = 0

    def see(self, found: Found, ref: Ref, text: str) -> None:
        """Take one record of a line."""
        family = found.family
        self.families[family] += 1
        if family == "other":
            return
        self.last[family] = (ref, text)
        if family not in self.first:
            self.first[family] = (ref, text)
        if family == "ws_connecting" and found.venue:
            self.urls.setdefault(found.venue, set()).add(found.fields["url"])
        elif family == "startup":
            self.starts.append(Start(ref, _start_facts(found)))
        elif family == "build_error" and len(self.build_errors) < KEEP_ERRORS:
            self.build_errors.append((ref, text))
        elif family == "applied_book" and found.venue:
            self.venue_index[found.venue] = int(found.fields["venue_index"])
        elif family == "audit_other":
            self.components[found.reason or "?"] += 1

    def see_many(self, found: Found, count: int, first: tuple[Ref, str], last: tuple[Ref, str]) -> None:
        """Take `count` records that differ from `found` in numbers only, the first and the last of them as given."""
        family = found.family
        self.families[family] += count
        if family == "other":
            return
        self.first[family] = min(self.first.get(family, first), first)
        self.last[family] = max(self.last.get(family, last), last)
        if family == "audit_other":
            self.components[found.reason or "?"] += count

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
        """The venues the program was started with, in the order of its telemetry."""
        for start in self.starts:
            if named := start.facts.get("venues"):
                return tuple(venue for venue in named.split(",") if VENUE_ID.fullmatch(venue))
        indexed = sorted(self.venue_index, key=lambda venue: self.venue_index[venue])
        return tuple(venue for venue in indexed if VENUE_ID.fullmatch(venue))


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        # A damaged line's address, such as one with half of a pair of brackets.
        return ""


def _start_facts(found: Found) -> dict[str, str]:
    facts = {"trade_mode": found.fields["trade_mode"]}
    for part in found.fields["facts"].split(" | "):
        key, _, value = part.partition("=")
        facts[key] = value
    return facts
