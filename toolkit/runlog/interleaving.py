"""Detection of several records in one physical line, as opposed to quoted ones.

A killed process leaves half a line, and the next process appends to it. A line on standard output may interrupt a line
on standard error. The text before the second record is then a whole record or the beginning of one. Text from outside
can contain anything, also the text of a record: a line is split only where no field can hold the rest of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from toolkit.runlog.grammar import AuditText, MessageFamily, audit_text, message_families
from toolkit.runlog.search.beginnings import beginnings

_START = re.compile(
    r"WS_AUDIT |INFO: |WARN: |ERROR: |market_rx_stats tick=|FIRST_[A-Z_]+ venue=|APPLIED_BOOK venue=|ASTER_SIZE_RAW |"
    r"VENUE_HEALTH_TRANSITION |\[runner\] tick=|\[telemetry\] |thread '|error(?:\[E[0-9]+\])?: |"
    r"paraphina(?:_live)?( \| )|effective_(trade_mode|risk_profile)=|\{\"(timebase_id|kill_reason|basis_b_t)\""
)
"""Beginning of a record. Only one that is written to standard output has a group."""
# Each alternative begins with a character, not a group: the search then tries only places with one of these characters.
_START_WITHOUT_DIGITS = re.compile(_START.pattern.replace("[0-9]+", ""))
_JOINED_AFTER = re.compile(r"[^\s\"'`=:,(\[{<>|/\\]")
"""Character that may precede a joined record. Text that merely quotes a record has a blank or a quote there."""
_MAX_PARTIAL_LENGTH = 400
_ALIKE = 6
"""Characters at the end of a piece that are looked for in examples."""
_MAX_PARTIAL_AUDIT_WORDS = 4
_START_CHARS, _HEAD = 4, 32
"""Characters by which the families of a message that is cut off are looked up."""
_FEW_PIECES = 16
"""Cut-off messages that take less time than the patterns of the beginnings of families take to be compiled."""
_OWN_VALUE = re.compile(r"-?[\w.:]*")
_COMPONENT_KEYS = ("component", "subsystem")

_CONTINUED = re.compile(
    rb"panicked at|paraphina(?:_live)? \| |effective_(?:trade_mode|risk_profile)=|"
    rb"\{\"(?:timebase_id|kill_reason|basis_b_t)\""
)
_CAUSE = re.compile(rb"\s+\d*: ")
"""A cause of a numbered chain; its digits may be left out."""


def may_continue_on_next_line(line: bytes) -> bool:
    """Return true if the next line may continue this one.

    It may be a panic's message, the cause of an error, or the rest of an interrupted record.
    """
    if line.rstrip().endswith(b"Caused by:") or _CAUSE.match(line):
        return True
    return _CONTINUED.search(line, 1) is not None


def record_boundaries(text: str) -> list[int]:
    """Return the places where a further record may begin; standard output may begin anywhere in a line."""
    joined = _JOINED_AFTER.match
    return [m.start() for m in _START.finditer(text, 1) if m.lastindex or joined(text, m.start() - 1)]


def shape_may_have_boundaries(shape: str, begins_with_digit: bool) -> bool:
    """Return true for the shape of a text in which a further record may begin after the first character."""
    return _START_WITHOUT_DIGITS.search(shape, 0 if begins_with_digit else 1) is not None


def is_stdout(text: str) -> bool:
    """Return true if a text begins with a record that is written to standard output, always in one piece."""
    match = _START.match(text)
    return match is not None and match.lastindex is not None


def follows_separator(piece: str) -> bool:
    """Return true if a text ends with a character after which quoted text begins."""
    return _JOINED_AFTER.match(piece[-1]) is None


def is_partial_record(piece: str) -> bool:
    """Return true if a text is the beginning of a record of some family, cut off before any text from outside.

    This is so if the rest of one of the family's examples completes it to a whole record.
    """
    if piece.startswith("WS_AUDIT "):
        return len(piece.split(" ")) <= _MAX_PARTIAL_AUDIT_WORDS and not audit_holds_outside_text(piece)
    if piece.startswith("market_rx_stats tick="):
        return not rx_holds_outside_text(piece)
    return len(piece) <= _MAX_PARTIAL_LENGTH and _is_partial_message(piece)


@lru_cache(1_024)
def _is_partial_message(piece: str) -> bool:
    if _is_partial_message.cache_info().misses <= _FEW_PIECES:
        return any(_completes(piece, each) for each in _families_starting_like(piece[:_START_CHARS]))
    likely = _families_with(piece[-_ALIKE:], piece[:_START_CHARS])
    if any(_completes(piece, each) for each in likely if _beginnings_of(each.name).match(piece)):
        return True
    families = _families_beginning_with(piece[:_HEAD])
    return any(_completes(piece, each) for each in families if _beginnings_of(each.name).match(piece))


@lru_cache(1_024)
def _families_beginning_with(head: str) -> tuple[MessageFamily, ...]:
    families = _families_starting_like(head[:_START_CHARS])
    return tuple(each for each in families if _beginnings_of(each.name).match(head))


@cache
def _beginnings_of(name: str) -> re.Pattern[str]:
    family = next(each for each in message_families() if each.name == name)
    return beginnings(family.pattern.pattern, family.outside_text)


def rx_holds_outside_text(piece: str) -> bool:
    """Return true unless a text is a `market_rx_stats` record or its beginning."""
    return re.fullmatch(r"(?:\w+=\d+ )*\w*=?\d*", piece[len("market_rx_stats ") :]) is None


def audit_holds_outside_text(piece: str) -> bool:
    """Return true unless all words of an audit line, the last of which may be cut off, are the program's own."""
    *words, last = piece.split(" ")[1:]
    text = audit_text()
    return not all(_is_own_word(word, text) for word in words) or not _is_own_word(last, text, cut_off=True)


def _is_own_word(word: str, text: AuditText, cut_off: bool = False) -> bool:
    key, equals, value = word.partition("=")
    if not equals:
        return cut_off and any(each.startswith(key) for each in text.own)
    if not text.is_own(key) or (not cut_off and key in _COMPONENT_KEYS and word not in text.components):
        return False
    return _OWN_VALUE.fullmatch(value) is not None


@lru_cache(1_024)
def _families_with(end: str, start: str) -> tuple[MessageFamily, ...]:
    """Return the families that start like a piece and have an example in which the end of the piece stands."""
    return tuple(each for each in _families_starting_like(start) if any(end in example for example in each.examples))


@lru_cache(256)
def _families_starting_like(start: str) -> tuple[MessageFamily, ...]:
    families = (each for each in message_families() if each.name != "socket_note")
    return tuple(each for each in families if any(_starts(example, start) for example in each.examples))


def _starts(example: str, start: str) -> bool:
    return example.startswith(start) or (example[:1].isupper() and start[:1].isupper() and not example[:2].isupper())


def _completes(piece: str, family: MessageFamily) -> bool:
    at = len(piece)
    for example, cut in _cuts(piece, family):
        match = family.pattern.match(piece + example[cut:])
        if match is not None and match.end() > at and not family.holds_outside_text(match, at):
            return True
    return False


def _cuts(piece: str, family: MessageFamily) -> Iterator[tuple[str, int]]:
    """Yield the examples of a family with all places in each, first those after text in which the piece ends too.

    Where a piece is the beginning of a record, the rest of the example after such a place mostly completes it.
    """
    end = piece[-_ALIKE:]
    for example in family.examples:
        if (place := example.find(end)) >= 0:
            yield example, place + len(end)
    for example in family.examples:
        yield from ((example, cut) for cut in range(1, len(example)))
