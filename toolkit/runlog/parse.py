"""One physical line of a run log into the records it holds.

A line may carry a byte-order mark, terminal colours, or the names and time stamp that a CI system puts in front; two
writers may have glued their records together. Text that came from outside (payload snippets, error messages) is kept
whole and never searched: it can hold anything, also something that looks like a record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from toolkit.runlog.grammar import AuditFamily, MessageFamily, audit_families, message_families
from toolkit.runlog.interleaving import is_partial_record, is_stdout, record_boundaries
from toolkit.runlog.sanitize import strip_decoration

OTHER = "other"
RX_STATS = "market_rx_stats"
AUDIT_OTHER = "audit_other"
UNKNOWN = (OTHER, "socket_note")
"""What a line is whose words no family of its own knows."""

_RX = re.compile(r"market_rx_stats tick=[0-9]{1,18}(?: |$)")
_FREE_KEYS = ("err=", "error=", "last_error_message=", "snippet=", "last_err=")


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One record of a line. `fields` are its own keys; `column` is where it begins in the cleaned line."""

    family: str
    venue: str | None
    reason: str | None
    fields: Mapping[str, str]
    column: int
    message_family: MessageFamily | None = None
    audit_family: AuditFamily | None = None

    def __reduce__(self) -> tuple[type[LogRecord], tuple[object, ...]]:
        # Takes half the time that what a data class has for this does.
        words = (self.family, self.venue, self.reason, self.fields, self.column, self.message_family, self.audit_family)
        return LogRecord, words


_OTHER = LogRecord(OTHER, None, None, {}, 0)


@dataclass(frozen=True, slots=True)
class ParsedLine:
    """A line's records, and the time (epoch ms) that a CI system stamped on it.

    `begun` is the beginning of a record that a line on standard output fell into; its rest is the line after.
    """

    records: tuple[LogRecord, ...]
    stamped_ms: int | None
    partial: str | None = None

    def __reduce__(self) -> tuple[type[ParsedLine], tuple[object, ...]]:
        return ParsedLine, (self.records, self.stamped_ms, self.partial)


def parse(text: str) -> ParsedLine:
    """Read one line without its newline; a line that holds nothing known is one record of family `other`."""
    text, stamped_ms = strip_decoration(text)
    record, free = _record(text, 0)
    places = record_boundaries(text)
    if not places:
        return ParsedLine((record or _OTHER,), stamped_ms)
    found, begun = _several(text, places)
    return ParsedLine(tuple(found) or (record if record and free else _OTHER,), stamped_ms, begun)


def _several(text: str, places: Sequence[int]) -> tuple[list[LogRecord], str | None]:
    """The records of a line that may hold several, and the beginning of one that was broken by a whole one."""
    found, begun, at = list[LogRecord](), None, 0
    for place in [*places, len(text)]:
        if place <= at:
            continue
        record, free = _record(text[at:place], at)
        if record is not None and not free and not _cut_short(record):
            found.append(record)
        elif place < len(text) and is_partial_record(text[at:place]):
            begun = text[at:place] if is_stdout(text[place:]) else None
        elif record is None or place < len(text):
            whole, _ = _record(text[at:], at)
            return [*found, *([whole] if whole else [])], begun
        else:
            found.append(record)
        at = place
    return found, begun


def _cut_short(record: LogRecord) -> bool:
    return record.family == RX_STATS and "cap_hits" not in record.fields


def _record(text: str, column: int) -> tuple[LogRecord | None, bool]:
    if text.startswith("WS_AUDIT "):
        return _audit_record(text, column)
    if _RX.match(text):
        return LogRecord(RX_STATS, None, None, dict(_pairs(text[16:])), column), False
    for sentence in _candidates(text):
        if match := sentence.pattern.match(text):
            fields = {key: value for key, value in match.groupdict().items() if value is not None}
            venue = (
                fields.pop("Venue", "").lower() or fields.pop("venue", None) or sentence.venue or _task_venue(fields)
            )
            return LogRecord(
                sentence.name, venue, sentence.reason, fields, column, message_family=sentence
            ), sentence.ends_in_free_text
    return None, False


def _task_venue(fields: Mapping[str, str]) -> str | None:
    """The venue whose public socket a task serves."""
    venue, public, _ = fields.get("task", "").partition("_public_ws")
    return venue if public else None


def _audit_record(text: str, column: int) -> tuple[LogRecord, bool]:
    fields = dict(_pairs(text[9:]))
    free = any(" " + key in text for key in _FREE_KEYS)
    told_by = tuple(fields.get(key) for key in ("venue", "component", "subsystem", "reason"))
    audit = _audit_of(tuple(fields), *told_by)
    free = free or audit is None
    name = audit.name if audit else AUDIT_OTHER
    reason = (
        fields.get("reconnect_reason") or fields.get("reason") or fields.get("component") or fields.get("subsystem")
    )
    return LogRecord(name, fields.get("venue"), reason, fields, column, audit_family=audit), free


@lru_cache(4_096)
def _audit_of(
    keys: tuple[str, ...], venue: str | None, component: str | None, subsystem: str | None, reason: str | None
) -> AuditFamily | None:
    """The family of an audit line that has these keys, told by the values of four of them."""
    values = {"venue": venue, "component": component, "subsystem": subsystem, "reason": reason}
    fields = {key: values.get(key) or "" for key in keys}
    return next((each for each in audit_families() if _fits(each, fields)), None)


def _fits(audit: AuditFamily, fields: Mapping[str, str]) -> bool:
    # A line that names its component is of that component's family, whatever other keys it holds.
    if ("component" in fields or "subsystem" in fields) and not audit.named:
        return False
    for wanted in audit.required_keys:
        key, _, value = wanted.partition("=")
        key = key.replace("<venue>", fields.get("venue", ""))
        if key not in fields or (value and fields[key] != value):
            return False
    return True


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """`key=value` words; a free-text key takes the rest of the line, so that its text cannot pose as further keys."""
    at = 0
    seen: set[str] = set()
    for word in text.split(" "):
        key, equals, value = word.partition("=")
        if equals and key not in seen:
            seen.add(key)
            if key + "=" in _FREE_KEYS:
                yield key, text[at + len(key) + 1 :]
                return
            yield key, value.rstrip(",")
        at += len(word) + 1


_by_start: dict[str, tuple[MessageFamily, ...]] = {}


_LEVELS = ("INFO", "WARN", "ERRO")
"""How a line begins that states its level: a producer raises the level of a line that it says often."""


def _candidates(text: str) -> tuple[MessageFamily, ...]:
    """The families whose lines may begin as this one does, told by the first characters of their examples."""
    start = text[:4]
    if start not in _by_start:
        if len(_by_start) > 4_096:
            _by_start.clear()
        _by_start[start] = tuple(each for each in message_families() if _may_start(each, start))
    return _by_start[start]


def _may_start(sentence: MessageFamily, start: str) -> bool:
    named = sentence.pattern.pattern.split("(?P<Venue>")[0]
    begins_with_venue = "(?P<Venue>" in sentence.pattern.pattern and (not named or named.endswith("?"))
    if begins_with_venue and start[:1].isupper():
        return True
    starts = _LEVELS if start in _LEVELS else (start,)
    return (
        any(example.startswith(starts) for example in sentence.examples)
        or sentence.pattern.pattern.startswith("[^")
        or (start[:1].isspace() and sentence.pattern.pattern.startswith(r"\s*"))
    )
