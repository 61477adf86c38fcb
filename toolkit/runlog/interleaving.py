"""Detection of several records in one physical line, as opposed to quoted ones.

A killed process leaves half a line, and the next process appends to it. A line on standard output may interrupt a line
on standard error. The text before the second record is then a whole record or the beginning of one. Text from outside
can contain anything: a text after other words, or in the free text that ends a record, is never a record.
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
_JOINED_AFTER = re.compile(r"[^\s\"'`=:,(\[{<>|/\\]")
"""Character that may precede a joined record. Text that merely quotes a record has a blank or a quote there."""
_MAX_PARTIAL_LENGTH = 400


_CONTINUED_MARKERS = (
    b"panicked at", b"paraphina_live | ", b"paraphina | ", b"effective_trade_mode=", b"effective_risk_profile=",
    b'{"timebase_id"', b'{"kill_reason"', b'{"basis_b_t"',
)  # fmt: skip


def may_continue_on_next_line(line: bytes) -> bool:
    """Return true if the next line may continue this one.

    It may be a panic's message, the cause of an error, or the rest of an interrupted record.
    """
    return line.rstrip().endswith(b"Caused by:") or any(marker in line[1:] for marker in _CONTINUED_MARKERS)


def record_boundaries(text: str) -> list[int]:
    """Return the places where a further record may begin; standard output may begin anywhere in a line."""
    return [m.start() for m in _START.finditer(text, 1) if m["stdout"] or _JOINED_AFTER.match(text[m.start() - 1])]


def is_stdout(text: str) -> bool:
    """Return true if a text begins with a record that is written to standard output, always in one piece."""
    match = _START.match(text)
    return match is not None and match["stdout"] is not None


@lru_cache(1_024)
def is_partial_record(piece: str) -> bool:
    """Return true if a text is the beginning of a record of some family, cut off before any free text.

    This is so if the rest of one of the family's examples completes it to a whole record.
    """
    if piece.startswith("WS_AUDIT "):
        return _is_partial_audit(piece)
    if piece.startswith("market_rx_stats tick="):
        return re.fullmatch(r"(?:\w+=\d+ )*\w*=?\d*", piece[len("market_rx_stats ") :]) is not None
    return len(piece) <= _MAX_PARTIAL_LENGTH and any(_completes(piece, each) for each in _families_starting_like(piece))


def _is_partial_audit(piece: str) -> bool:
    """Return true for an audit line cut off among its first keys; later keys may hold anything."""
    words = piece.split(" ")[1:]
    keys = [word.partition("=")[0] for word in words[:-1]]
    return len(words) <= 3 and all(key in ("venue", "reconnect_reason", "component", "subsystem") for key in keys)


def _families_starting_like(piece: str) -> Iterable[MessageFamily]:
    start = piece[:4]
    return (s for s in message_families() if s.name != "socket_note" and any(_starts(e, start) for e in s.examples))


def _starts(example: str, start: str) -> bool:
    return example.startswith(start) or (example[:1].isupper() and start[:1].isupper() and not example[:2].isupper())


def _completes(piece: str, family: MessageFamily) -> bool:
    for example in family.examples:
        for at in range(1, len(example)):
            match = family.pattern.match(piece + example[at:])
            if match is not None and match.end() > len(piece) and family.free_text_start(match) >= len(piece):
                return True
    return False
