"""Count log lines by the rules of the soak report v1, from blocks of whole lines.

Each block is searched for the words that a rule needs, and only lines with one of them are parsed. Other lines cost no
more than the search.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from toolkit.upstream.soak_report import CapHitSection, LogSection, Reconnect

VENUE_HINTS = ("extended", "hyperliquid", "aster", "lighter", "paradex")
"""A signature line is counted for the first of these venues whose name occurs anywhere in it."""

SIGNATURES = (
    (("watchdog", "reconnect"), "stale_watchdog"),
    (("ping send failed", "reconnect"), "ping_send_fail"),
    (("read timeout", "reconnect"), "read_timeout"),
    (("session timeout", "reconnect"), "session_timeout"),
    (("subscribe error",), "subscribe_error"),
    (("too many parse errors", "reconnect"), "parse_error"),
    (("forcing reconnect for fresh snapshot",), "decode_fail_loop"),
    (("seq_gap",), "seq_gap"),
    (("seq gap",), "seq_gap"),
    (("seq_mismatch",), "seq_mismatch"),
    (("seq mismatch",), "seq_mismatch"),
    (("ws closed; reconnecting",), "ws_closed"),
    (("stream ended", "ws"), "stream_ended"),
    (("connect timeout",), "connect_timeout"),
    (("connect error",), "connect_error"),
)
"""Words that must all occur in the lower-cased line, and their reconnect reason; the first match decides."""

_SIGNATURE_WORDS = tuple(dict.fromkeys(words[0].encode() for words, _ in SIGNATURES))
_AUDIT, _PUBLISHER = "WS_AUDIT", "component=market_publisher"
_AUDIT_COUNT = re.compile(
    r"WS_AUDIT\s+venue=(?P<venue>[a-zA-Z0-9_]+)\s+reconnect_reason=(?P<reason>[a-zA-Z0-9_]+)\s+count=(?P<count>\d+)"
)
_PUBLISHER_COUNT = re.compile(r"(mp_(?<=\bmp_)[a-z0-9_]*_count)=(\d+)\b")


class LogTally:
    """Counts of the report's log section, from blocks of `run.log`."""

    def __init__(self) -> None:
        self._audit: dict[Reconnect, int] = {}
        self._signature: dict[Reconnect, int] = {}
        self._publisher: dict[str, int] = {}

    def feed(self, lines: bytes) -> None:
        """Count the next block of whole lines; only the last line of the file may lack its newline."""
        lines = _normalized_newlines(lines)
        lowered = lines.lower()
        for line in _lines_with(lines, lowered, _SIGNATURE_WORDS):
            self._add_signature_line(line.lower())
        for line in _lines_with(lines, lines, (b"reconnect_reason=",)):
            self._add_audit_line(line)
        for line in _lines_with(lines, lines, (_PUBLISHER.encode(),)):
            self._add_publisher_line(line)

    def result(self) -> LogSection:
        """Return the counts of all blocks so far."""
        return LogSection(dict(self._audit), dict(self._signature), dict(self._publisher))

    def _add_signature_line(self, lowered: str) -> None:
        if (reason := signature(lowered)) is not None:
            venue = next((hint for hint in VENUE_HINTS if hint in lowered), "unknown")
            self._signature[venue, reason] = self._signature.get((venue, reason), 0) + 1

    def _add_audit_line(self, line: str) -> None:
        if match := _AUDIT_COUNT.search(line):
            key = match["venue"].lower(), match["reason"]
            self._audit[key] = max(self._audit.get(key, 0), int(match["count"]))

    def _add_publisher_line(self, line: str) -> None:
        for name, count in _PUBLISHER_COUNT.findall(line) if _AUDIT in line else ():
            self._publisher[name] = max(self._publisher.get(name, 0), int(count))


def signature(lowered: str) -> str | None:
    """Return the reconnect reason of a lower-cased line; None if it matches no signature."""
    return next((reason for words, reason in SIGNATURES if all(word in lowered for word in words)), None)


_RX = "market_rx_stats"
_RX_PLAIN = re.compile(
    rb"^market_rx_stats tick=(\d+) raw_drained=\d+ raw_l2_delta=\d+ raw_l2_snapshot=\d+ raw_trade=\d+"
    rb" raw_funding_update=\d+ out_market=\d+ out_l2_delta=\d+ out_l2_snapshot=\d+ out_trade=\d+"
    rb" out_funding_update=\d+ other=\d+ cap_hits=(\d+)$",
    re.MULTILINE,
)
_PAIR = re.compile(r"\b([a-zA-Z0-9_]+)=([^\s]+)\b")
_INTEGER = re.compile(r"-?\d+")


class CapTally:
    """Counts of the report's cap-hit section, from blocks of `market_rx_stats.log`."""

    def __init__(self) -> None:
        self._lines = self._most = self._total = self._burst = self._resets = 0
        self._first_tick: int | None = None
        self._last_tick: int | None = None
        self._previous: tuple[int | None, int] | None = None
        self._burst_ticks: tuple[int | None, int | None] = (None, None)

    def feed(self, lines: bytes) -> None:
        """Count the next block of whole lines; only the last line of the file may lack its newline."""
        lines = _normalized_newlines(lines)
        plain = _RX_PLAIN.findall(lines)
        if len(plain) == lines.count(_RX.encode()):
            self._lines += len(plain)
            for tick, hits in plain:
                self._add_reading(int(tick), int(hits))
            return
        for line in _lines_with(lines, lines, (_RX.encode(),)):
            self._add_line(line)

    def result(self) -> CapHitSection:
        """Return the section for all blocks so far."""
        return CapHitSection(
            lines=self._lines,
            ticks=(self._first_tick, self._last_tick),
            last=None if self._previous is None else self._previous[1],
            most=self._most,
            total=self._total,
            burst=self._burst,
            burst_ticks=self._burst_ticks,
            resets=self._resets,
        )

    def _add_line(self, line: str) -> None:
        self._lines += 1
        pairs = dict(_PAIR.findall(line))
        if (hits := _integer(pairs.get("cap_hits"))) is not None:
            self._add_reading(_integer(pairs.get("tick")), hits)

    def _add_reading(self, tick: int | None, hits: int) -> None:
        if tick is not None:
            self._first_tick = tick if self._first_tick is None else self._first_tick
            self._last_tick = tick
        self._most = max(self._most, hits)
        if self._previous is None:
            self._total += max(hits, 0)
        else:
            self._add_step(*self._previous, tick, hits)
        self._previous = tick, hits

    def _add_step(self, previous_tick: int | None, previous_hits: int, tick: int | None, hits: int) -> None:
        self._resets += hits < previous_hits
        rise = hits if hits < previous_hits else hits - previous_hits
        self._total += max(rise, 0)
        if rise > self._burst:
            self._burst, self._burst_ticks = rise, (previous_tick, tick)


def _integer(text: str | None) -> int | None:
    return int(text) if text is not None and _INTEGER.fullmatch(text) else None


def _normalized_newlines(lines: bytes) -> bytes:
    """Return the lines with all line ends as newlines: the report's reader also ends a line at a carriage return."""
    return lines.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in lines else lines


def _lines_with(lines: bytes, searched: bytes, needles: tuple[bytes, ...]) -> Iterator[str]:
    """Yield each of `lines`, in order, that contains one of the needles.

    `searched` is `lines` itself, or its lower case for a case-insensitive search.
    """
    starts = set[int]()
    for needle in needles:
        at = searched.find(needle)
        while at >= 0:
            starts.add(searched.rfind(b"\n", 0, at) + 1)
            end = searched.find(b"\n", at)
            at = searched.find(needle, end) if end >= 0 else -1
    for start in sorted(starts):
        end = lines.find(b"\n", start)
        yield lines[start : end if end >= 0 else len(lines)].decode("utf-8", "replace")
