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

_STARTS = (
    "WS_AUDIT ", "INFO: ", "WARN: ", "ERROR: ", "market_rx_stats tick=", "FIRST_[A-Z_]+ venue=", "APPLIED_BOOK venue=",
    "ASTER_SIZE_RAW ", "VENUE_HEALTH_TRANSITION ", r"\[runner\] tick=", r"\[telemetry\] ", "thread '",
    r"error(?:\[E[0-9]+\])?: ", r"paraphina(?:_live)?( \| )", "effective_(trade_mode|risk_profile)=",
    r"\{\"(timebase_id|kill_reason|basis_b_t)\"",
)  # fmt: skip
"""Patterns of the beginnings of records. Only those of records that are written to standard output have a group."""
# Each alternative begins with a character, not a group: the search then tries only places with one of these characters.
_ANY_START = re.compile("|".join(_STARTS))
_WITHOUT_DIGITS = re.compile(_ANY_START.pattern.replace("[0-9]+", ""))
"""Matches the beginnings of records in lines without digits."""
_KINDS = tuple((re.compile(each), re.compile(each.replace("[0-9]+", ""))) for each in _STARTS)
_JOINED_AFTER = re.compile(r"[^\s\"'`=:,(\[{<>|/\\]")
"""Character that may precede a joined record. Text that merely quotes a record has a blank or a quote there."""
JOINED = "|".join(f"{'.' if re.compile(each).groups else _JOINED_AFTER.pattern}(?:{each})" for each in _STARTS)
"""Pattern of lines that `record_boundaries` may split, in the syntax of RE2 too."""
Boundary = tuple[int, bool]
"""Place in a line where a further record may begin, and whether it is one that is written to standard output."""
_MAX_PARTIAL_LENGTH = 400
_ALIKE = 6
"""Characters at the end of a piece that are looked for in examples."""
_MAX_PARTIAL_AUDIT_WORDS = 4
_START_CHARS, _HEAD = 4, 40
"""Characters by which the families of a message that is cut off are looked up."""
_DIGIT = re.compile("[0-9]")
_NAMED = re.compile(r"(?:INFO|WARN|ERROR): ([A-Z][a-z0-9][A-Za-z0-9]{0,30})(?<![A-Z]) ")
"""Level and name with which a message begins."""
_FEW_PIECES = 16
"""Cut-off messages that take less time than the patterns of the beginnings of families take to be compiled."""
_CAPITALISED = re.compile(r"[A-Z][A-Za-z0-9]*")
_OWN_VALUE = re.compile(r"-?[\w.:]*")
_COMPONENT_KEYS = ("component", "subsystem")

CONTINUED = (
    r"panicked at|paraphina(?:_live)? \| |effective_(?:trade_mode|risk_profile)=|"
    r"\{\"(?:timebase_id|kill_reason|basis_b_t)\""
)
"""Pattern of lines that the next one may continue, unless it matches at their first character only."""


def record_boundaries(text: str, starts: re.Pattern[str]) -> list[Boundary]:
    """Return the places where a further record may begin; standard output may begin anywhere in a line.

    `starts` is the pattern of the beginnings that the shape of the text allows.
    """
    joined = _JOINED_AFTER.match
    return [
        (each.start(), each.lastindex is not None)
        for each in starts.finditer(text, 1)
        if each.lastindex or joined(text, each.start() - 1)
    ]


def starts_in_shape(shape: str, begins_with_digit: bool) -> re.Pattern[str] | None:
    """Return a pattern of all records that may begin after the first character of a text of a shape; None if none may.

    The pattern of one kind of record is searched in a third of the time of that of all kinds.
    """
    rest = shape if begins_with_digit else shape[1:]
    if _WITHOUT_DIGITS.search(rest) is None:
        return None
    kinds = [pattern for pattern, without_digits in _KINDS if without_digits.search(rest)]
    return kinds[0] if len(kinds) == 1 else _ANY_START


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
    return len(piece) <= _MAX_PARTIAL_LENGTH and _is_partial_message(_with_one_name(piece))


def _with_one_name(piece: str) -> str:
    """Return a piece with another name after its level, the same for all pieces; the piece itself if it has none.

    All names are alike to a pattern, except those that it states, long ones, and those that end with a capital letter.
    """
    if (named := _NAMED.match(piece)) is None or named[1] in _stated_names():
        return piece
    return f"{piece[: named.start(1)]}Venue{piece[named.end(1) :]}"


@cache
def _stated_names() -> frozenset[str]:
    return frozenset(name for each in message_families() for name in _CAPITALISED.findall(each.pattern.pattern))


@lru_cache(1_024)
def _is_partial_message(piece: str) -> bool:
    start = piece[:_START_CHARS]
    if _is_partial_message.cache_info().misses <= _FEW_PIECES:
        return any(_completes(piece, each) for each in _families_starting_like(start))
    families = _families_beginning_with(start, _DIGIT.split(piece[:_HEAD], maxsplit=1)[0])
    return any(_completes(piece, each) for each in families if _beginnings_of(each.name).match(piece))


@lru_cache(1_024)
def _families_beginning_with(start: str, head: str) -> tuple[MessageFamily, ...]:
    """Return the families of messages that start like `start` and may begin with `head`, fewer than with its half."""
    families = _families_beginning_with(start, head[: len(head) // 2]) if head else _families_starting_like(start)
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
