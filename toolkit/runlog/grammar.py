"""Families of log lines, loaded from the TOML files in `families`.

The family of a message (a line for humans) is defined by a pattern. The family of an audit line
(`WS_AUDIT key=value …`) is defined by the keys it holds, and declares which of them are counters and how their
readings add up. Every family has example lines, which are its tests.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from toolkit.model.vocabulary import CounterKind
from toolkit.runlog.search.required_text import Clause, always_sets, required_texts

VENUE = r"(?P<Venue>[A-Z][A-Za-z0-9]*)"
"""Pattern of the capitalised venue name in the producer's messages."""

_DATE = (
    r"(?:(?:\w{3} [ \d]\d \d\d:\d\d:\d\d|(?:\w{3} )?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)"
    r"(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?(?: [A-Z]{2,5})?:? )"
)
_TIME_AND_HOST = rf"(?:{_DATE}|\[[ \d.]{{1,20}}\] )?(?:[\w.-]{{1,64}} )?"
_PLACEHOLDERS = {
    "<Venue>": VENUE,
    "<date>": _DATE,
    "<kernel>": rf"(?:<\d{{1,3}}>)?(?:{_TIME_AND_HOST}kernel: ?|kern +:\w+ *: )?(?:\[[^\]]{{1,40}}\] ?)?",
    "<systemd>": rf"(?:{_TIME_AND_HOST}systemd(?:-oomd)?\[\d+\]: )?",
    "<bracket>": r"(?:\[[^\]]{1,40}\] )?",
}
"""Placeholders in patterns: a venue, and what other writers put in front of a message."""
_ANY_TEXT = re.compile(r"(?<!\\)\.|\\S|\[\^")
"""Part of a group's pattern that matches text of any kind."""
_GROUP = re.compile(r"\(\?P<(\w+)>")
_WORD_VALUE = re.compile(r"=[^\d(]")


def _shape(text: str) -> str:
    return re.sub(r"\d+", "0", text)


@dataclass(frozen=True, slots=True)
class MessageFamily:
    """Family of messages: log lines written for humans.

    `reason` is the reconnect reason that such a line implies. `ends_session` is true if the line ends its socket's
    session, `resync` if an order book was rebuilt on a socket that stays open. `any_start` is true if the
    line may begin with characters that none of the examples begins with, but not with a level. `outside_text` names the
    groups of the pattern that may match text from outside the program, `needs` are clauses that each such line fulfils.
    `always_holds_text` is true if each match of the pattern sets one of these groups.
    """

    name: str
    pattern: re.Pattern[str]
    examples: tuple[str, ...]
    venue: str | None
    reason: str | None
    ends_session: bool
    resync: bool
    any_start: bool
    outside_text: tuple[str, ...]
    needs: tuple[Clause, ...]
    always_holds_text: bool

    def holds_outside_text(self, match: re.Match[str], at: int) -> bool:
        """Return true if text from outside may begin in a matching line before the character `at`, or there.

        The text after the match counts as text from outside unless an example continues in the same way.
        """
        for name in self.outside_text:
            if 0 <= match.start(name) <= at:
                return True
        return match.end() < at and not self._continues(match.string[match.end() : at])

    def _continues(self, tail: str) -> bool:
        shape = _shape(tail)
        return not _WORD_VALUE.search(tail) and any(
            _shape(each[match.end() :]).startswith(shape)
            for each in self.examples
            if (match := self.pattern.match(each)) is not None
        )


@dataclass(frozen=True, slots=True)
class AuditFamily:
    """Family of audit lines, defined by the keys (or key=value pairs) that a line must hold.

    `counters` maps a key to its kind; `<venue>` in a key stands for the line's own venue. A throttled counter is
    printed at n <= 3 and at every `every`-th n.
    """

    name: str
    required_keys: tuple[str, ...]
    counters: Mapping[str, CounterKind]
    every: int
    examples: tuple[str, ...]

    def counters_of(self, venue: str | None) -> frozenset[str]:
        """Return the keys of the family's counters in lines of a venue."""
        return frozenset(key.replace("<venue>", venue or "") for key in self.counters)

    @property
    def is_component(self) -> bool:
        """True if the family belongs to a component or subsystem."""
        return any(key.startswith(("component=", "subsystem=")) for key in self.required_keys)


@cache
def message_families() -> tuple[MessageFamily, ...]:
    """Return all message families in the order in which they are tried."""
    return tuple(_message_family(each) for table in _tables() for each in table.get("family", ()))


@cache
def audit_families() -> tuple[AuditFamily, ...]:
    """Return all audit families; a line belongs to the first one whose keys it holds."""
    return tuple(_audit_family(each) for table in _tables() for each in table.get("audit", ()))


@cache
def required_audit_keys() -> frozenset[str]:
    """Return the keys that distinguish families of audit lines; `<venue>` stands for the line's venue."""
    return frozenset(required.partition("=")[0] for each in audit_families() for required in each.required_keys)


@cache
def message_family_named(name: str) -> MessageFamily | None:
    """Return the message family named `name`; None if there is none."""
    return next((each for each in message_families() if each.name == name), None)


@cache
def audit_family_named(name: str) -> AuditFamily | None:
    """Return the audit family named `name`; None if there is none."""
    return next((each for each in audit_families() if each.name == name), None)


@dataclass(frozen=True, slots=True)
class AuditText:
    """Keys of audit lines by the kind of their values.

    The value of a key in `rest` is the rest of the line, and that of a key in `word` one word; both may be text from
    `outside`. The value of a key in `own` is a number or a word of the program. Other keys are of later versions.
    `components` are the known components and subsystems.
    """

    rest: frozenset[str]
    word: frozenset[str]
    own: frozenset[str]
    components: frozenset[str]
    outside: frozenset[str]

    def is_own(self, key: str) -> bool:
        """Return true if the value of a key is a number or a word of the program."""
        return key in self.own or f"<venue>{key[key.find('_') :]}" in self.own


@cache
def audit_text() -> AuditText:
    """Return the kinds of the keys of audit lines; the own keys are those of the families and of their examples."""
    (declared,) = (table["audit_text"] for table in _tables() if "audit_text" in table)
    rest, word = frozenset(declared["rest"]), frozenset(declared["word"])
    known = set[str]()
    for audit in audit_families():
        known |= {each.partition("=")[0] for each in audit.required_keys} | set(audit.counters)
        known |= {each.partition("=")[0] for example in audit.examples for each in example.split(" ") if "=" in each}
    components = frozenset(each for audit in audit_families() for each in audit.required_keys if "=" in each)
    return AuditText(rest, word, frozenset(known - rest - word), components, rest | word)


def throttles() -> dict[str, int]:
    """Return the print interval of each throttled counter by name; `<venue>` in a name stands for any venue."""
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


def _message_family(data: Mapping[str, Any]) -> MessageFamily:
    pattern: str = data["pattern"]
    for placeholder, text in _PLACEHOLDERS.items():
        pattern = pattern.replace(placeholder, text)
    outside_text = tuple(_outside_text(pattern))
    return MessageFamily(
        name=data["name"],
        pattern=re.compile(pattern),
        examples=tuple(data["examples"]),
        venue=data.get("venue"),
        reason=data.get("reason"),
        ends_session=data.get("ends", False),
        resync=data.get("resync", False),
        any_start=data.get("any_start", False),
        outside_text=outside_text,
        needs=required_texts(pattern),
        always_holds_text=always_sets(pattern, outside_text),
    )


def _outside_text(pattern: str) -> Iterator[str]:
    own = _own_groups()
    for group in _GROUP.finditer(pattern):
        if group[1] not in own and _ANY_TEXT.search(pattern[group.end() : _group_end(pattern, group.end())]):
            yield group[1]


@cache
def _own_groups() -> frozenset[str]:
    return frozenset(name for table in _tables() for name in table.get("own", ()))


def _group_end(pattern: str, start: int) -> int:
    """Return the index of the bracket that closes the group whose content begins at `start`."""
    depth, in_class = 1, False
    for token in re.finditer(r"\\.|[()\[\]]", pattern[start:]):
        if token[0] in "[]":
            in_class = token[0] == "["
        elif not in_class and token[0] in "()":
            depth += 1 if token[0] == "(" else -1
            if depth == 0:
                return start + token.start()
    return len(pattern)


def _audit_family(data: Mapping[str, Any]) -> AuditFamily:
    kinds = {"cumulative": CounterKind.CUMULATIVE, "delta": CounterKind.DELTA, "gauge": CounterKind.GAUGE,
             "throttled": CounterKind.THROTTLED}  # fmt: skip
    return AuditFamily(
        name=data["name"],
        required_keys=tuple(data["has"]),
        counters={key: kind for name, kind in kinds.items() for key in data.get(name, ())},
        every=data.get("every", 1),
        examples=tuple(data["examples"]),
    )
