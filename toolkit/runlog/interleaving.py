"""Where one physical line holds several records, and where it only quotes one.

A process that is killed leaves half a line, and the next one writes on behind it; a line on standard output may fall
into a line on standard error. What stands before the second record is then a whole record or the beginning of one.
Text from outside can hold anything: behind other words, or in the free text that ends a record, nothing is a record.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from toolkit.runlog.grammar import MessageFamily, message_families

_STDOUT = r"paraphina(?:_live)? \| |effective_(?:trade_mode|risk_profile)=|\{\"(?:timebase_id|kill_reason|basis_b_t)\""
_START = re.compile(
    r"WS_AUDIT |(?:INFO|WARN|ERROR): |market_rx_stats tick=|FIRST_[A-Z_]+ venue=|APPLIED_BOOK venue=|ASTER_SIZE_RAW "
    rf"|VENUE_HEALTH_TRANSITION |\[runner\] tick=|\[telemetry\] |thread '|error(?:\[E\d+\])?: |(?P<stdout>{_STDOUT})"
)
_GLUED_AFTER = re.compile(r"[^\s\"'`=:,(\[{<>|/\\]")
"""What may stand right before a glued record. Text that merely quotes a record has a blank or a quote there."""
_LONGEST_BEGINNING = 400


_BREAKS = (
    b"panicked at", b"paraphina_live | ", b"paraphina | ", b"effective_trade_mode=", b"effective_risk_profile=",
    b'{"timebase_id"', b'{"kill_reason"', b'{"basis_b_t"',
)  # fmt: skip


def may_continue_on_next_line(line: bytes) -> bool:
    """Whether the line after this one may be no line of its own: a panic's message, or the rest of a broken record."""
    return any(words in line[1:] for words in _BREAKS)


def record_boundaries(text: str) -> list[int]:
    """Where a further record may begin; a line on standard output may begin anywhere in another."""
    return [m.start() for m in _START.finditer(text, 1) if m["stdout"] or _GLUED_AFTER.match(text[m.start() - 1])]


def is_stdout(text: str) -> bool:
    """Whether a record that begins so was written to standard output, in one piece."""
    match = _START.match(text)
    return match is not None and match["stdout"] is not None


@lru_cache(1_024)
def is_partial_record(piece: str) -> bool:
    """Whether a text is the beginning of a record of some family, cut off before any free text.

    It is if the rest of a family's example makes a whole record of it.
    """
    if piece.startswith("WS_AUDIT "):
        return _begins_audit(piece)
    if piece.startswith("market_rx_stats tick="):
        return re.fullmatch(r"(?:\w+=\d+ )*\w*=?\d*", piece[len("market_rx_stats ") :]) is not None
    return len(piece) <= _LONGEST_BEGINNING and any(_completes(piece, each) for each in _of_the_same_start(piece))


def _begins_audit(piece: str) -> bool:
    """An audit line cut off among its first keys: later ones may hold anything."""
    words = piece.split(" ")[1:]
    keys = [word.partition("=")[0] for word in words[:-1]]
    return len(words) <= 3 and all(key in ("venue", "reconnect_reason", "component", "subsystem") for key in keys)


def _of_the_same_start(piece: str) -> Iterable[MessageFamily]:
    start = piece[:4]
    return (s for s in message_families() if s.name != "socket_note" and any(_starts(e, start) for e in s.examples))


def _starts(example: str, start: str) -> bool:
    return example.startswith(start) or (example[:1].isupper() and start[:1].isupper() and not example[:2].isupper())


def _completes(piece: str, sentence: MessageFamily) -> bool:
    for example in sentence.examples:
        for at in range(1, len(example)):
            match = sentence.pattern.match(piece + example[at:])
            if match is not None and match.end() > len(piece) and sentence.free_text_start(match) >= len(piece):
                return True
    return False
