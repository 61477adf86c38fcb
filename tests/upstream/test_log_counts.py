"""Rules of the report for log lines: counting by blocks equals counting line by line, however the file is cut."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.upstream.made_run import rx
from toolkit.upstream.log_counts import SIGNATURES, VENUE_HINTS, CapTally, LogTally, signature
from toolkit.upstream.soak_report import CapHitSection, LogSection

WORDS = sorted(
    {word for words, _ in SIGNATURES for word in words}
    | {*VENUE_HINTS, "WS_AUDIT venue=aster reconnect_reason=seq_gap count=3", "WS_AUDIT venue=Lighter ", "count=12"}
    | {"reconnect_reason=read_timeout ", "WS_AUDIT", " component=market_publisher ", "mp_try_send_full_count=7"}
    | {"xmp_a_count=9", "mp_lossless_wait_count=1000 ", " mp_b_count=5x", "—", "\ufffd", " ", "Read Timeout", "ws"}
)
ENDS = st.sampled_from(["\n", "\r\n", "\r", " "])
TEXT = st.lists(st.tuples(st.sampled_from(WORDS), ENDS), max_size=40).map(lambda parts: "".join(map("".join, parts)))


def line_by_line(text: str) -> LogSection:
    audit: dict[tuple[str, str], int] = {}
    signatures: dict[tuple[str, str], int] = {}
    publisher: dict[str, int] = {}
    for line in re.split(r"\r\n|\r|\n", text):
        if "WS_AUDIT" in line:
            match = re.search(r"WS_AUDIT\s+venue=(\w+)\s+reconnect_reason=(\w+)\s+count=(\d+)", line, re.ASCII)
            if match:
                key = match[1].lower(), match[2]
                audit[key] = max(audit.get(key, 0), int(match[3]))
            if "component=market_publisher" in line:
                for name, count in re.findall(r"\b(mp_[a-z0-9_]*_count)=(\d+)\b", line):
                    publisher[name] = max(publisher.get(name, 0), int(count))
        if (reason := signature(line.lower())) is not None:
            venue = next((hint for hint in VENUE_HINTS if hint in line.lower()), "unknown")
            signatures[venue, reason] = signatures.get((venue, reason), 0) + 1
    return LogSection(audit, signatures, publisher)


@given(TEXT, st.integers(1, 9))
def test_counting_by_blocks_equals_counting_line_by_line(text: str, parts: int) -> None:
    lines = text.encode().split(b"\n")
    tally = LogTally()
    for start in range(0, len(lines), parts):
        block = lines[start : start + parts]
        last = start + parts >= len(lines)
        tally.feed(b"\n".join(block) + (b"" if last else b"\n"))
    assert tally.result() == line_by_line(text)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("WARN: Hyperliquid public WS watchdog: no book — reconnecting", "stale_watchdog"),
        ("WS_AUDIT venue=aster reconnect_reason=stale_watchdog count=1", "stale_watchdog"),
        ("WARN: Lighter public WS read timeout (30s) — no frame received, reconnecting", "read_timeout"),
        ("WS_AUDIT venue=extended reconnect_reason=read_timeout count=1", None),
        ("WARN: Aster public WS ping send failed: broken pipe — reconnecting", "ping_send_fail"),
        ("ERROR: Paradex public WS session timeout (86400s) — force reconnect", "session_timeout"),
        ("WARN: Paradex subscribe error: {}", "subscribe_error"),
        ("Extended public WS too many parse errors; reconnecting url=wss://x", "parse_error"),
        ("Lighter decode failed, forcing reconnect for fresh snapshot", "decode_fail_loop"),
        ("Aster WS seq gap; resyncing last=1 prev=None start=3 end=4", "seq_gap"),
        ("Extended WS closed; reconnecting url=wss://x", "ws_closed"),
        ("Lighter public WS stream ended", "stream_ended"),
        ("INFO: Aster public WS error (consecutive_failures=1): connect timeout (15s)", "connect_timeout"),
        ("Lighter public WS closed frame=None", None),
        ("INFO: Hyperliquid public WS error (consecutive_failures=1): connect timed out after 15s", None),
        ("INFO: Lighter public WS connected url=wss://x", None),
    ],
)
def test_a_line_has_the_reason_of_its_signature(line: str, reason: str | None) -> None:
    assert signature(line.lower()) == reason


def cap_hit_section(*blocks: bytes) -> CapHitSection:
    tally = CapTally()
    for block in blocks:
        tally.feed(block)
    return tally.result()


@pytest.mark.parametrize(
    ("series", "total", "burst", "burst_ticks", "resets"),
    [
        ([1, 1, 1, 1], 1, 0, (None, None), 0),
        ([3, 1, 2, 5], 8, 3, (2, 3), 1),
        ([0, 2, 0, 2], 4, 2, (0, 1), 1),
        ([], 0, 0, (None, None), 0),
    ],
)
def test_a_count_per_tick_is_read_as_cumulative(
    series: list[int], total: int, burst: int, burst_ticks: tuple[int | None, int | None], resets: int
) -> None:
    section = cap_hit_section(rx(series).encode())
    assert (section.total, section.burst, section.burst_ticks, section.resets) == (total, burst, burst_ticks, resets)


SERIES = st.lists(st.integers(0, 9), max_size=30)


@given(SERIES, st.integers(0, 30))
def test_lines_of_another_form_have_the_same_counts_wherever_they_are_cut(series: list[int], cut: int) -> None:
    plain = rx(series).encode()
    lines = plain.splitlines(keepends=True)
    stamped = [b"2026-11-24T08:00:00Z " + line.replace(b"\n", b",\r\n") for line in lines]
    assert cap_hit_section(b"".join(stamped[:cut]), b"".join(stamped[cut:])) == cap_hit_section(plain)
    assert cap_hit_section(b"".join(lines[:cut]), b"".join(lines[cut:])) == cap_hit_section(plain)


def test_a_line_without_a_count_only_adds_to_the_number_of_lines() -> None:
    section = cap_hit_section(b"market_rx_stats tick=5\nsome other line cap_hits=4\n", rx([2], first_tick=6).encode())
    assert (section.lines, section.ticks, section.last, section.total) == (2, (6, 6), 2, 2)
