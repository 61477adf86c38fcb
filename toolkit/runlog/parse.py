"""Parser of one physical line of a run log into the records it holds.

A line may contain a byte-order mark, terminal colours, or the names and time stamp that a CI system puts before it. The
output of two writers may be joined in one line. Text from outside (payload snippets, error messages) is kept whole and
never searched, because it can contain anything, including something that looks like a record.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from toolkit.runlog.audit_lines import audit_fields, find_audit_family
from toolkit.runlog.grammar import AuditFamily, MessageFamily, audit_family_named, message_family_named
from toolkit.runlog.interleaving import (
    Boundary,
    audit_holds_outside_text,
    follows_separator,
    is_partial_record,
    record_boundaries,
    rx_holds_outside_text,
)
from toolkit.runlog.sanitize import strip_decoration
from toolkit.runlog.search.families import Candidate, FamiliesOfParts, LookUp, likely_records

OTHER = "other"
RX_STATS = "market_rx_stats"
AUDIT_OTHER = "audit_other"
UNKNOWN = (OTHER, "socket_note")
"""Families of lines that no specific family matches."""

AUDIT = "WS_AUDIT "
_RX = re.compile(r"market_rx_stats tick=[0-9]{1,18}(?: |$)")
_RECONNECT = re.compile(
    r"WS_AUDIT venue=(?P<venue>\w+) reconnect_reason=(?P<reconnect_reason>\w+) count=(?P<count>\d+)"
)
"""The audit line of a reconnect as every build prints it. These lines are parsed one by one, as their order matters."""
NOT_COUNTED = frozenset((OTHER, "socket_note", "startup_note", "heartbeat"))
"""Families of records that change no count of the run."""
MAX_QUOTED = 5
"""Records that are looked for in the quoted text of a line."""
MAX_CUT_OFF = 5
"""Records of a line that may be cut off by the next one; the line is kept whole from the next such record on."""
_MAX_READ = 2_048
"""Characters by which it is decided what begins at a place of a line: a long line may have thousands of such places."""


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
_Parsed = tuple[LogRecord | None, re.Match[str] | None]
"""The record that a text begins with, and the match of a message family's pattern."""


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


def parse(text: str) -> ParsedLine:
    """Parse one line without its newline; a line without any known record is one record of family `other`."""
    return parse_plain(*strip_decoration(text))


def parse_plain(text: str, stamped_ms: int | None, look_up: LookUp | None = None) -> ParsedLine:
    """Parse one line without its decoration and newline, and with the time that a CI system stamped on it.

    `look_up` is the look-up of what the line may be, if its block has one.
    """
    if text.startswith(AUDIT) and (reconnect := _reconnect(text, 0)) is not None:
        return ParsedLine((reconnect,), stamped_ms)
    likely = (look_up or likely_records)(text)
    if likely.starts and (boundaries := record_boundaries(text, likely.starts)):
        return _JoinedLine(text, likely.candidates).parse(boundaries, stamped_ms)
    return ParsedLine((_parse_record(text, 0, likely.candidates)[0] or _OTHER,), stamped_ms)


class _JoinedLine:
    """A line that may hold several records. What is read of its last places is remembered."""

    __slots__ = ("_families", "_likely", "_records", "_text")

    def __init__(self, text: str, likely: Sequence[Candidate]) -> None:
        self._text = text
        self._families = FamiliesOfParts(text)
        self._likely = likely
        """Families that may match the whole line; those that may match its beginning are among them."""
        self._records: dict[int, _Parsed] = {}
        """The record with which the rest of the line from a place begins, and the match of its pattern."""

    def parse(self, boundaries: Sequence[Boundary], stamped_ms: int | None) -> ParsedLine:
        """Return the records of the line, of which further ones may begin at the `boundaries`.

        The line is split where only a further record can begin. It is kept whole where a field before that place may
        hold the rest of the line. It may read in two ways from the first place where that is not certain.
        """
        records: list[LogRecord] = []
        text, at, partial, alone, cut_off = self._text, 0, None, None, 0
        for place, (boundary, is_stdout) in enumerate(boundaries):
            piece = text[at:boundary]
            if (record := self._complete_record(piece, at)) is not None:
                records.append(record)
            else:
                may_split, certain = self._may_split(piece, at, boundary, is_stdout)
                cut_off += 1
                if not may_split or cut_off > MAX_CUT_OFF:
                    return self._whole(records, at, boundaries[place:], stamped_ms, partial, alone)
                if alone is None:
                    partial = piece if is_stdout else None
                    alone = None if certain else self._whole(records, at, boundaries[place:])
            at = boundary
        return ParsedLine(_with_last(records, self._rest(at)), stamped_ms, partial, (), alone)

    def _complete_record(self, piece: str, at: int) -> LogRecord | None:
        """Return the record that a piece of a line is; None if it may be cut off, or may be continued by any text."""
        candidates = self._candidates(piece, at)
        if not piece.startswith((AUDIT, RX_STATS)) and all(each.family.always_holds_text for each in candidates):
            return None
        record, match = _parse_record(piece, at, candidates, is_piece=True)
        if record is None or match is not None:
            return record
        return None if _may_go_on(record, piece) else record

    def _from(self, at: int) -> _Parsed:
        """Return the record with which the line goes on at the character `at`, and its match."""
        if (known := self._records.get(at)) is not None:
            return known
        if len(self._records) > 2 * (MAX_CUT_OFF + MAX_QUOTED):
            self._records.clear()
        found = self._records[at] = self._parsed(at, at + _MAX_READ)
        return found

    def _rest(self, at: int) -> LogRecord | None:
        """Return the record that the text from the character `at` to the end of the line begins with."""
        end = len(self._text)
        return (self._from(at) if end - at <= _MAX_READ else self._parsed(at, end))[0]

    def _parsed(self, at: int, end: int) -> _Parsed:
        part = self._text[at:end]
        return _parse_record(part, at, self._candidates(part, at))

    def _candidates(self, part: str, at: int) -> Sequence[Candidate]:
        """Return the families of messages that a part of the line may be of; it begins at the character `at`."""
        if at == 0:
            return self._likely
        return () if part.startswith(AUDIT) else self._families.of(part)

    def _may_split(self, piece: str, at: int, boundary: int, is_stdout: bool) -> tuple[bool, bool]:
        """Return whether a record cut off at `boundary` may be followed by another, and whether that is certain.

        It is not if a message quotes the rest. Only the rest of the record on the next line then shows that it was cut.
        """
        whole, match = self._from(at)
        family = None if whole is None else whole.message_family
        certain = (
            family is None
            or match is None
            or (family.name in UNKNOWN and not follows_separator(piece))
            or not family.holds_outside_text(match, len(piece))
        )
        may_split = (certain or is_stdout) and is_partial_record(piece) and self._from(boundary)[0] is not None
        return may_split, certain

    def _whole(
        self,
        records: Sequence[LogRecord],
        at: int,
        boundaries: Sequence[Boundary],
        stamped_ms: int | None = None,
        partial: str | None = None,
        alone: ParsedLine | None = None,
    ) -> ParsedLine:
        """Return the records of the line, kept whole from the character `at`, though records may begin in it."""
        whole = self._rest(at)
        quoted: list[LogRecord] = []
        for each, _ in boundaries[:MAX_QUOTED]:
            if (record := self._from(each)[0]) is not None and record.family not in NOT_COUNTED:
                quoted.append(record)
        return ParsedLine(_with_last(records, whole), stamped_ms, partial, tuple(quoted), alone)


def _with_last(records: Sequence[LogRecord], last: LogRecord | None) -> tuple[LogRecord, ...]:
    return (*records, last) if last is not None else tuple(records) or (_OTHER,)


def _may_go_on(record: LogRecord, piece: str) -> bool:
    """Return true if a record that is no message, and ends as `piece` does, may be cut off or hold any text there."""
    if record.family == RX_STATS:
        return "cap_hits" not in record.fields or rx_holds_outside_text(piece)
    return record.audit_family is None or audit_holds_outside_text(piece)


def _parse_record(
    text: str, column: int, candidates: Sequence[Candidate] | None = None, is_piece: bool = False
) -> _Parsed:
    """Return the record that a text begins with, and the match of a message family's pattern.

    `candidates` are the families that may match the text, looked up unless they are known. A message at the end of
    which text from outside may stand is no record of a piece.
    """
    if text.startswith(AUDIT):
        return audit_record(text, column), None
    if text.startswith(RX_STATS) and _RX.match(text):
        return LogRecord(RX_STATS, None, None, audit_fields(text[16:])[0], column), None
    for candidate in likely_records(text).candidates if candidates is None else candidates:
        if match := candidate.match(text):
            if is_piece and candidate.family.holds_outside_text(match, len(text)):
                return None, None
            return message_record(candidate, match, column), match
    return None, None


def message_record(candidate: Candidate, match: re.Match[str], column: int = 0) -> LogRecord:
    """Return the record of a text that the pattern of a family matches."""
    _, family, names_venue = candidate
    fields, venue = match.groupdict(), family.venue
    if None in fields.values():
        fields = {key: value for key, value in fields.items() if value is not None}
    if names_venue:
        venue = fields.pop("Venue", "").lower() or fields.pop("venue", None) or venue or _task_venue(fields)
    return LogRecord(family.name, venue, family.reason, fields, column)


def _reconnect(text: str, column: int) -> LogRecord | None:
    """Return the record of a text that is the audit line of a reconnect as every build prints it."""
    if " reconnect_reason=" not in text or (match := _RECONNECT.fullmatch(text)) is None:
        return None
    fields = match.groupdict()
    return LogRecord("audit_reconnect", fields["venue"], fields["reconnect_reason"], fields, column)


def _task_venue(fields: Mapping[str, str]) -> str | None:
    """Return the venue whose public socket a task serves; None for other tasks."""
    venue, public, _ = fields.get("task", "").partition("_public_ws")
    return venue if public else None


def audit_record(text: str, column: int = 0) -> LogRecord:
    """Return the record of a text that is an audit line."""
    if (reconnect := _reconnect(text, column)) is not None:
        return reconnect
    own, later = audit_fields(text[len(AUDIT) :])
    audit, fields, venue = find_audit_family(own), own, own.get("venue")
    if later:
        counters = audit.counters_of(venue) if audit else frozenset()
        fields = own | {key: value for key, value in later.items() if key not in own and key not in counters}
    reason = own.get("reconnect_reason") or own.get("reason") or own.get("component") or own.get("subsystem")
    return LogRecord(audit.name if audit else AUDIT_OTHER, venue, reason, fields, column)
