"""The log's families: what each kind of line looks like, read from the data files beside this module.

A human line's family is a pattern; an audit line's (`WS_AUDIT key=value …`) is told by the keys it holds and declares
which of them are counters and how their readings add up. Every family carries example lines, which are its tests.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from toolkit.model.vocabulary import CounterKind

VENUE = r"(?P<Venue>[A-Z][A-Za-z0-9]*)"
"""The capitalised name of a venue, as the producer's sentences carry it."""

_FREE_TEXT = ("text", "error", "snippet", "frame", "json", "facts", "command")
"""Groups that take text from outside, or any text at all."""


@dataclass(frozen=True, slots=True)
class MessageFamily:
    """A family of human lines.

    `reason` is the reconnect reason the line stands for, `ends` whether its socket is over with it, `resync` whether a
    book was rebuilt on a living socket. `free` says that the line ends in text which is never searched for records.
    """

    name: str
    pattern: re.Pattern[str]
    examples: tuple[str, ...]
    venue: str | None
    reason: str | None
    ends_session: bool
    resync: bool
    ends_in_free_text: bool

    def __reduce__(self) -> tuple[Callable[[str], MessageFamily], tuple[str]]:
        # Another process has read the families too.
        return message_family_named, (self.name,)

    def free_text_start(self, match: re.Match[str]) -> int:
        """Where the free text of a matching line begins, the line's length where it has none."""
        starts = (match.start(name) for name in _FREE_TEXT if name in self.pattern.groupindex)
        return min((start for start in starts if start >= 0), default=len(match.string))


@dataclass(frozen=True, slots=True)
class AuditFamily:
    """A family of audit lines: the keys (or key=value pairs) that tell it, and its counters.

    `counters` maps a key to its kind; `<venue>` in a key stands for the line's own venue. A throttled counter is
    printed at n <= 3 and at every `every`-th n. `rest` is the key whose value is the rest of the line.
    """

    name: str
    required_keys: tuple[str, ...]
    counters: Mapping[str, CounterKind]
    every: int
    rest: str | None
    examples: tuple[str, ...]

    def __reduce__(self) -> tuple[Callable[[str], AuditFamily], tuple[str]]:
        return audit_family_named, (self.name,)

    @property
    def named(self) -> bool:
        """Whether the family is that of a component or subsystem."""
        return any(key.startswith(("component=", "subsystem=")) for key in self.required_keys)


@cache
def message_families() -> tuple[MessageFamily, ...]:
    """All families of human lines, those that are tried first coming first."""
    return tuple(_sentence(each) for table in _tables() for each in table.get("family", ()))


@cache
def audit_families() -> tuple[AuditFamily, ...]:
    """All families of audit lines; the first whose keys are all there is the line's."""
    return tuple(_audit(each) for table in _tables() for each in table.get("audit", ()))


@cache
def message_family_named(name: str) -> MessageFamily:
    """The family of human lines of that name. Raises `StopIteration` where there is none."""
    return next(each for each in message_families() if each.name == name)


@cache
def audit_family_named(name: str) -> AuditFamily:
    """The family of audit lines of that name. Raises `StopIteration` where there is none."""
    return next(each for each in audit_families() if each.name == name)


def throttles() -> dict[str, int]:
    """How often a throttled counter is printed: name (with `<venue>` where it varies) to its `every`."""
    return {
        name: audit.every
        for audit in audit_families()
        for name, kind in audit.counters.items()
        if kind is CounterKind.THROTTLED
    }


@cache
def _tables() -> tuple[dict[str, Any], ...]:
    folder = files("toolkit.runlog") / "families"
    entries = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return tuple(tomllib.loads((folder / name).read_text(encoding="utf-8")) for name in entries)


def _sentence(data: Mapping[str, Any]) -> MessageFamily:
    pattern = data["pattern"]
    return MessageFamily(
        name=data["name"],
        pattern=re.compile(pattern.replace("<Venue>", VENUE)),
        examples=tuple(data["examples"]),
        venue=data.get("venue"),
        reason=data.get("reason"),
        ends_session=data.get("ends", False),
        resync=data.get("resync", False),
        ends_in_free_text=any(f"(?P<{name}>" in pattern for name in _FREE_TEXT),
    )


def _audit(data: Mapping[str, Any]) -> AuditFamily:
    kinds = {"cumulative": CounterKind.CUMULATIVE, "delta": CounterKind.DELTA, "gauge": CounterKind.GAUGE,
             "throttled": CounterKind.THROTTLED}  # fmt: skip
    return AuditFamily(
        name=data["name"],
        required_keys=tuple(data["has"]),
        counters={key: kind for word, kind in kinds.items() for key in data.get(word, ())},
        every=data.get("every", 1),
        rest=data.get("rest"),
        examples=tuple(data["examples"]),
    )
