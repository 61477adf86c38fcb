"""Parser of one physical line of a run log into the records it holds.

A line may contain a byte-order mark, terminal colours, or the names and time stamp that a CI system puts before it. The
output of two writers may be joined in one line. Text from outside (payload snippets, error messages) is kept whole and
never searched, because it can contain anything, including something that looks like a record.
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
"""Families of lines that no specific family matches."""

_RX = re.compile(r"market_rx_stats tick=[0-9]{1,18}(?: |$)")
_FREE_KEYS = ("err=", "error=", "last_error_message=", "snippet=", "last_err=")


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One record of a line.

    `fields` are its keys and values. `column` is where it begins in the line without decoration, from 0.
    """

    family: str
    venue: str | None
    reason: str | None
    fields: Mapping[str, str]
    column: int
    message_family: MessageFamily | None = None
    audit_family: AuditFamily | None = None

    def __reduce__(self) -> tuple[type[LogRecord], tuple[object, ...]]:
        # Takes half the time of the pickling that a data class provides.
        state = (self.family, self.venue, self.reason, self.fields, self.column, self.message_family, self.audit_family)
        return LogRecord, state


_OTHER = LogRecord(OTHER, None, None, {}, 0)


@dataclass(frozen=True, slots=True)
class ParsedLine:
    """Records of a line, and the time (epoch ms) that a CI system stamped on it, or None.

    `partial` is the beginning of a record that standard output interrupted; its rest is on the next line.
    """

    records: tuple[LogRecord, ...]
    stamped_ms: int | None
    partial: str | None = None

    def __reduce__(self) -> tuple[type[ParsedLine], tuple[object, ...]]:
        return ParsedLine, (self.records, self.stamped_ms, self.partial)


def parse(text: str) -> ParsedLine:
    """Parse one line without its newline; a line without any known record is one record of family `other`."""
    text, stamped_ms = strip_decoration(text)
    record, has_free_text = _parse_record(text, 0)
    boundaries = record_boundaries(text)
    if not boundaries:
        return ParsedLine((record or _OTHER,), stamped_ms)
    records, partial = _parse_joined(text, boundaries)
    return ParsedLine(tuple(records) or (record if record and has_free_text else _OTHER,), stamped_ms, partial)


def _parse_joined(text: str, boundaries: Sequence[int]) -> tuple[list[LogRecord], str | None]:
    """Return the records of a line that may hold several, and the beginning of a record that another interrupted."""
    records, partial, at = list[LogRecord](), None, 0
    for boundary in [*boundaries, len(text)]:
        if boundary <= at:
            continue
        record, has_free_text = _parse_record(text[at:boundary], at)
        if record is not None and not has_free_text and not _is_truncated(record):
            records.append(record)
        elif boundary < len(text) and is_partial_record(text[at:boundary]):
            partial = text[at:boundary] if is_stdout(text[boundary:]) else None
        elif record is None or boundary < len(text):
            whole, _ = _parse_record(text[at:], at)
            return [*records, *([whole] if whole else [])], partial
        else:
            records.append(record)
        at = boundary
    return records, partial


def _is_truncated(record: LogRecord) -> bool:
    return record.family == RX_STATS and "cap_hits" not in record.fields


def _parse_record(text: str, column: int) -> tuple[LogRecord | None, bool]:
    """Return the record that a text begins with, and true if the record ends in free text."""
    if text.startswith("WS_AUDIT "):
        return _audit_record(text, column)
    if _RX.match(text):
        return LogRecord(RX_STATS, None, None, dict(_pairs(text[16:])), column), False
    for family in _candidates(text):
        if match := family.pattern.match(text):
            fields = {key: value for key, value in match.groupdict().items() if value is not None}
            venue = fields.pop("Venue", "").lower() or fields.pop("venue", None) or family.venue or _task_venue(fields)
            return LogRecord(
                family.name, venue, family.reason, fields, column, message_family=family
            ), family.ends_in_free_text
    return None, False


def _task_venue(fields: Mapping[str, str]) -> str | None:
    """Return the venue whose public socket a task serves; None for other tasks."""
    venue, public, _ = fields.get("task", "").partition("_public_ws")
    return venue if public else None


def _audit_record(text: str, column: int) -> tuple[LogRecord, bool]:
    fields = dict(_pairs(text[9:]))
    has_free_text = any(" " + key in text for key in _FREE_KEYS)
    values = tuple(fields.get(key) for key in ("venue", "component", "subsystem", "reason"))
    audit = _find_audit_family(tuple(fields), *values)
    has_free_text = has_free_text or audit is None
    name = audit.name if audit else AUDIT_OTHER
    reason = (
        fields.get("reconnect_reason") or fields.get("reason") or fields.get("component") or fields.get("subsystem")
    )
    return LogRecord(name, fields.get("venue"), reason, fields, column, audit_family=audit), has_free_text


@lru_cache(4_096)
def _find_audit_family(
    keys: tuple[str, ...], venue: str | None, component: str | None, subsystem: str | None, reason: str | None
) -> AuditFamily | None:
    """Return the audit family of a line by its keys and the values of four of them; None for an unknown line."""
    values = {"venue": venue, "component": component, "subsystem": subsystem, "reason": reason}
    fields = {key: values.get(key) or "" for key in keys}
    return next((each for each in audit_families() if _fits(each, fields)), None)


def _fits(audit: AuditFamily, fields: Mapping[str, str]) -> bool:
    # A line that names its component belongs to that component's family, whatever other keys it holds.
    if ("component" in fields or "subsystem" in fields) and not audit.is_component:
        return False
    for required in audit.required_keys:
        key, _, value = required.partition("=")
        key = key.replace("<venue>", fields.get("venue", ""))
        if key not in fields or (value and fields[key] != value):
            return False
    return True


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Yield the `key=value` pairs of a text, the first of each key.

    The value of a free-text key is the rest of the line, so that its text cannot be taken for further keys.
    """
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


_families_by_start: dict[str, tuple[MessageFamily, ...]] = {}


_LEVELS = ("INFO", "WARN", "ERRO")
"""Beginnings of lines that state their level; a producer may raise the level of a repeated line."""


def _candidates(text: str) -> tuple[MessageFamily, ...]:
    """Return the families whose lines may begin like `text`, by the first characters of their examples."""
    start = text[:4]
    if start not in _families_by_start:
        if len(_families_by_start) > 4_096:
            _families_by_start.clear()
        _families_by_start[start] = tuple(each for each in message_families() if _may_start(each, start))
    return _families_by_start[start]


def _may_start(family: MessageFamily, start: str) -> bool:
    before_venue = family.pattern.pattern.split("(?P<Venue>")[0]
    begins_with_venue = "(?P<Venue>" in family.pattern.pattern and (not before_venue or before_venue.endswith("?"))
    if begins_with_venue and start[:1].isupper():
        return True
    starts = _LEVELS if start in _LEVELS else (start,)
    return (
        any(example.startswith(starts) for example in family.examples)
        or (family.any_start and start not in _LEVELS)
        or (start[:1].isspace() and family.pattern.pattern.startswith(r"\s*"))
    )
