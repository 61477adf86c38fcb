"""Parser of one physical line of a run log into the records it holds.

A line may contain a byte-order mark, terminal colours, or the names and time stamp that a CI system puts before it. The
output of two writers may be joined in one line. Text from outside (payload snippets, error messages) is kept whole and
never searched, because it can contain anything, including something that looks like a record.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

import msgspec
from msgspec.structs import replace

from toolkit.runlog.grammar import (
    AuditFamily,
    MessageFamily,
    audit_families,
    audit_family_named,
    audit_text,
    message_family_named,
    required_audit_keys,
)
from toolkit.runlog.interleaving import (
    audit_holds_outside_text,
    follows_separator,
    is_partial_record,
    is_stdout,
    record_boundaries,
    rx_holds_outside_text,
)
from toolkit.runlog.sanitize import strip_decoration
from toolkit.runlog.search.families import families_that_may_match

OTHER = "other"
RX_STATS = "market_rx_stats"
AUDIT_OTHER = "audit_other"
UNKNOWN = (OTHER, "socket_note")
"""Families of lines that no specific family matches."""

_RX = re.compile(r"market_rx_stats tick=[0-9]{1,18}(?: |$)")
_RECONNECT = re.compile(
    r"WS_AUDIT venue=(?P<venue>\w+) reconnect_reason=(?P<reconnect_reason>\w+) count=(?P<count>\d+)"
)
"""The audit line of a reconnect as every build prints it. These lines are parsed one by one, as their order matters."""
NOT_COUNTED = (OTHER, "socket_note", "startup_note", "heartbeat")
"""Families of records that change no count of the run."""
PROGRAM_PHRASES = (
    "paraphina |", "paraphina_live |", "effective_trade_mode=", "effective_risk_profile=", "WS_AUDIT ",
    "public WS ", "FIRST_BOOK_UPDATE ", "APPLIED_BOOK ", "FIRST_DECODED_TOP ", "Supervised task '",
    "[runner] tick=", "[telemetry] ", "VenueHealthEnforcer", "REST health monitor", "VENUE_HEALTH_TRANSITION ",
)  # fmt: skip
"""Phrases that only the program and its connectors write."""
_ALL_PHRASES = (*PROGRAM_PHRASES, "market_rx_stats tick=")
MAX_QUOTED = 20
"""Records that are looked for in the quoted text of a line."""


class LogRecord(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One record of a line.

    `fields` are its keys and values. `column` is where it begins in the line without decoration, from 0.
    """

    # A structure of msgspec is created in a tenth of the time that a frozen data class takes.

    family: str
    venue: str | None
    reason: str | None
    fields: Mapping[str, str]
    column: int

    @property
    def message_family(self) -> MessageFamily | None:
        """The family of a message; None for other records."""
        return message_family_named(self.family)

    @property
    def audit_family(self) -> AuditFamily | None:
        """The family of an audit line of a known family; None for other records."""
        return audit_family_named(self.family)


_OTHER = LogRecord(OTHER, None, None, {}, 0)


class ParsedLine(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Records of a line, and the time (epoch ms) that a CI system stamped on it, or None.

    `partial` is the beginning of a record that standard output interrupted; its rest is on the next line. If the next
    line is not its rest, the line reads as `alone`, unless that is None. `quoted` are records that may stand on a line
    of their own, joined to this one, or may be text that a record quotes; they are not counted.
    """

    records: tuple[LogRecord, ...]
    stamped_ms: int | None
    partial: str | None = None
    quoted: tuple[LogRecord, ...] = ()
    alone: ParsedLine | None = None

    @property
    def if_alone(self) -> ParsedLine:
        """The line as it reads if the next line does not complete `partial`."""
        return self if self.alone is None else replace(self.alone, stamped_ms=self.stamped_ms)


class QuotedRecord(msgspec.Struct, frozen=True, gc=False):
    """A record that may be text that another record quotes, and the line that holds it.

    `is_session_line` is true if it would be about a session, `counters` are the names of the counters it would report.
    """

    ref: tuple[int, int]
    family: str
    venue: str | None
    reason: str | None
    is_session_line: bool
    counters: tuple[str, ...]


def has_program_words(text: str) -> bool:
    """Return whether a line of no known family holds a phrase of the program, as when its prefix is unknown."""
    # A generator takes as long again as the search, which is made for each line of no known family.
    for phrase in _ALL_PHRASES:  # noqa: SIM110
        if phrase in text:
            return True
    return False


def parse(text: str) -> ParsedLine:
    """Parse one line without its newline; a line without any known record is one record of family `other`."""
    return parse_plain(*strip_decoration(text))


def parse_plain(text: str, stamped_ms: int | None) -> ParsedLine:
    """Parse one line without its decoration and newline, and with the time that a CI system stamped on it."""
    if reconnect := _RECONNECT.fullmatch(text):
        venue, reason, _ = reconnect.groups()
        return ParsedLine((LogRecord("audit_reconnect", venue, reason, reconnect.groupdict(), 0),), stamped_ms)
    boundaries = record_boundaries(text)
    if not boundaries:
        return ParsedLine((_parse_record(text, 0)[0] or _OTHER,), stamped_ms)
    return replace(_parse_joined(text, boundaries), stamped_ms=stamped_ms)


def _parse_joined(text: str, boundaries: Sequence[int]) -> ParsedLine:
    """Return the records of a line that may hold several.

    The line is split where only a further record can begin. It is kept whole where a field before that place may hold
    the rest of the line.
    """
    records, partial, at = list[LogRecord](), None, 0
    for place, boundary in enumerate(boundaries):
        piece = text[at:boundary]
        record, match = _parse_record(piece, at)
        if record is not None and not _holds_outside_text(record, match, piece) and not _is_truncated(record):
            records.append(record)
        else:
            may_split, certain = _may_split(text, at, boundary)
            if not may_split:
                return _whole(records, text, at, boundaries[place:], partial)
            partial = piece if is_stdout(text[boundary:]) else None
            if not certain:
                rest = _parse_joined(text[boundary:], [each - boundary for each in boundaries[place + 1 :]])
                alone = _whole(records, text, at, boundaries[place:])
                return ParsedLine((*records, *_moved(rest.records, boundary)), None, partial, rest.quoted, alone)
        at = boundary
    last, _ = _parse_record(text[at:], at)
    return ParsedLine((*records, *([last] if last else [])) or (_OTHER,), None, partial)


def _may_split(text: str, at: int, boundary: int) -> tuple[bool, bool]:
    """Return whether a record cut off at `boundary` may be followed by another, and whether that is certain.

    It is not if a message quotes the rest. Only the rest of the record on the next line then shows that it was cut.
    """
    piece = text[at:boundary]
    if not is_partial_record(piece) or _parse_record(text[boundary:], boundary)[0] is None:
        return False, False
    whole, match = _parse_record(text[at:], at)
    if whole is None or match is None or not _holds_outside_text(whole, match, piece):
        return True, True
    certain = whole.family in UNKNOWN and not follows_separator(piece)
    return certain or is_stdout(text[boundary:]), certain


def _whole(
    records: Sequence[LogRecord], text: str, at: int, boundaries: Sequence[int], partial: str | None = None
) -> ParsedLine:
    """Return the records of a line whose text from the character `at` is kept whole, though records may begin in it."""
    whole, _ = _parse_record(text[at:], at)
    inside = (_parse_record(text[each:], each)[0] for each in boundaries[:MAX_QUOTED])
    quoted = tuple(each for each in inside if each is not None and each.family not in NOT_COUNTED)
    return ParsedLine((*records, *([whole] if whole else [])) or (_OTHER,), None, partial, quoted)


def _moved(records: Iterable[LogRecord], by: int) -> Iterator[LogRecord]:
    return (replace(each, column=each.column + by) for each in records)


def _holds_outside_text(record: LogRecord, match: re.Match[str] | None, piece: str) -> bool:
    """Return true if a field of a record that begins with `piece` may hold text from outside at the end of `piece`."""
    if match is not None and (family := record.message_family) is not None:
        return family.holds_outside_text(match, len(piece))
    if record.family == RX_STATS:
        return rx_holds_outside_text(piece)
    return record.audit_family is None or audit_holds_outside_text(piece)


def _is_truncated(record: LogRecord) -> bool:
    return record.family == RX_STATS and "cap_hits" not in record.fields


def _parse_record(text: str, column: int) -> tuple[LogRecord | None, re.Match[str] | None]:
    """Return the record that a text begins with, and the match of a message family's pattern."""
    if text.startswith("WS_AUDIT "):
        return _audit_record(text, column), None
    if _RX.match(text):
        return LogRecord(RX_STATS, None, None, _audit_fields(text[16:])[0], column), None
    for match_pattern, family in families_that_may_match(text):
        if match := match_pattern(text):
            fields = {key: value for key, value in match.groupdict().items() if value is not None}
            venue = fields.pop("Venue", "").lower() or fields.pop("venue", None) or family.venue or _task_venue(fields)
            return LogRecord(family.name, venue, family.reason, fields, column), match
    return None, None


def _task_venue(fields: Mapping[str, str]) -> str | None:
    """Return the venue whose public socket a task serves; None for other tasks."""
    venue, public, _ = fields.get("task", "").partition("_public_ws")
    return venue if public else None


def _audit_record(text: str, column: int) -> LogRecord:
    own, later = _audit_fields(text[9:])
    venue, component, subsystem, reason = (
        own.get("venue"),
        own.get("component"),
        own.get("subsystem"),
        own.get("reason"),
    )
    known = required_audit_keys()
    keys = [key for key in own if key in known]
    if venue:
        of_venue = [f"<venue>{key[len(venue) :]}" for key in own if key.startswith(venue)]
        keys += [key for key in of_venue if key in known]
    audit, fields = _find_audit_family(tuple(keys), component, subsystem, reason), own
    if later:
        counters = audit.counters_of(venue) if audit else frozenset()
        fields = own | {key: value for key, value in later.items() if key not in own and key not in counters}
    reason = own.get("reconnect_reason") or reason or component or subsystem
    return LogRecord(audit.name if audit else AUDIT_OTHER, venue, reason, fields, column)


@lru_cache(4_096)
def _find_audit_family(
    keys: tuple[str, ...], component: str | None, subsystem: str | None, reason: str | None
) -> AuditFamily | None:
    """Return the audit family of a line by its required keys and the values of three; None for an unknown line."""
    values = {"component": component, "subsystem": subsystem, "reason": reason}
    return next((each for each in audit_families() if _fits(each, {key: values.get(key) or "" for key in keys})), None)


def _fits(audit: AuditFamily, fields: Mapping[str, str]) -> bool:
    # A line that names its component belongs to that component's family, whatever other keys it holds.
    if ("component" in fields or "subsystem" in fields) and not audit.is_component:
        return False
    required = (each.partition("=") for each in audit.required_keys)
    return all(key in fields and (not value or fields[key] == value) for key, _, value in required)


def _audit_fields(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the `key=value` pairs up to the first value from outside, and the pairs after it.

    A value of the rest of the line is kept whole. Of the pairs that repeat a key, the first counts, and among those
    after a value from outside the last, because that value may hold the others.
    """
    own, later, at = dict[str, str](), dict[str, str](), 0
    kinds, fields = audit_text(), own
    for word in text.split(" "):
        key, equals, value = word.partition("=")
        if equals and key not in own:
            if key in kinds.rest:
                fields[key] = text[at + len(key) + 1 :]
                break
            fields[key] = value.rstrip(",")
            if key in kinds.word:
                fields = later
        at += len(word) + 1
    return own, later
