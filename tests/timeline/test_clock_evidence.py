"""Time evidence of each kind of line, from lines of real logs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.runlog.parse import parse
from toolkit.timeline.clock_evidence import (
    ClockEvidence,
    ClockSource,
    ElapsedSpan,
    TimeAnchor,
    TimedRecord,
    duration_ms,
    epoch_ms,
)

CONNECTING = "INFO: Hyperliquid public WS connecting url=ws://a connect_timeout=15s"
CONNECTED = "INFO: Paradex public WS connected url=ws://a"
PING = "WS_AUDIT venue=paradex paradex_ping_sent_count={} interval_ms=30000"
MONITOR = (
    "WS_AUDIT subsystem=rest_monitor venue={} rest_check_count={} rest_attempt_count={} rest_success_count=0 "
    "rest_fail_count=0 rest_inject_count=0 age_ms=0 threshold_ms=20000"
)
FORGED = 'INFO: Paradex WS first msg keys=[id] snippet={"note":"WS_AUDIT now_ms=1 fallback_ts_ms=9","usIn":12}'


def evidence(*lines: str) -> list[TimeAnchor | ElapsedSpan]:
    """Return the evidence of lines, numbered from 1."""
    clocks = ClockEvidence()
    return [
        each
        for number, text in enumerate(lines, 1)
        for found in parse(text).records
        for each in clocks.add(TimedRecord(number, 0, found.family, found.venue, found.fields))
    ]


@pytest.mark.parametrize(
    ("line", "anchor"),
    [
        (
            "WS_AUDIT venue=lighter lighter_ts_fallback_count=1 context=x raw_ts=missing fallback_ts_ms=1770900001234",
            TimeAnchor(1, 1770900001184, 1770900001284, ClockSource.HOST),
        ),
        (
            "FIRST_BOOK_UPDATE venue=aster symbol=aster mid=1984.78 spread=0.1 ts=1795508135538",
            TimeAnchor(1, 1795508134538, 1795508136538, ClockSource.VENUE),
        ),
        (
            'INFO: Paradex WS first msg keys=[id] snippet={"result":{},"usIn":1795508135443685,"usDiff":76}',
            TimeAnchor(1, 1795508134443.685, 1795508136443.685, ClockSource.VENUE),
        ),
        (
            'INFO: Extended public WS first message keys=[ts] snippet={"ts":1795508135577,"type":"SNAPSHOT"}',
            TimeAnchor(1, 1795508134577, 1795508136577, ClockSource.VENUE),
        ),
        (
            'INFO: Lighter WS first msg keys=[a] snippet={"channel":"x","last_updated_at":1795508135526500}',
            TimeAnchor(1, 1795508134526.5, 1795508136526.5, ClockSource.VENUE),
        ),
    ],
)
def test_a_line_with_a_time_stamp_is_an_anchor(line: str, anchor: TimeAnchor) -> None:
    assert evidence(line) == [anchor]


def test_a_healthy_session_was_as_long_as_its_line_says() -> None:
    healthy = (
        "INFO: Hyperliquid WS session was healthy for 78.450706616s; resetting backoff and failure counter (was 1)"
    )
    assert evidence(CONNECTING, healthy) == [ElapsedSpan(1, 2, pytest.approx(76_450.707), pytest.approx(78_700.707))]


def test_a_session_without_messages_was_given_up_after_the_time_it_names() -> None:
    connected = "INFO: Extended public WS connected url=ws://a"
    assert evidence(connected, "WARN: Extended WS received no messages after 10s url=ws://a") == [
        ElapsedSpan(1, 2, 9_750, 10_250)
    ]


def test_pings_come_at_their_interval_from_the_connecting_of_their_socket_on() -> None:
    assert evidence(CONNECTED, PING.format(1), PING.format(2), PING.format(3)) == [
        ElapsedSpan(1, 2, 29_750, 30_250),
        ElapsedSpan(2, 3, 29_750, 30_250),
        ElapsedSpan(3, 4, 29_750, 30_250),
    ]


def test_pings_of_another_socket_are_not_counted_on() -> None:
    assert evidence(CONNECTED, PING.format(1), CONNECTED, PING.format(2)) == [ElapsedSpan(1, 2, 29_750, 30_250)]


def test_the_monitor_checks_each_five_seconds_and_the_venue_it_looks_at_last_is_its_clock() -> None:
    lines = [MONITOR.format(venue, count, 0) for count in (1, 2, 8) for venue in ("aster", "lighter")]
    from_one_to_the_next = [ElapsedSpan(2, 4, 4_749, 5_251), ElapsedSpan(4, 6, 29_744, 30_256)]
    from_the_first = ElapsedSpan(2, 6, 34_743, 35_257)
    assert sorted(evidence(*lines), key=str) == sorted([*from_one_to_the_next, from_the_first], key=str)


def test_fetches_make_the_monitor_late_by_up_to_five_seconds_each() -> None:
    lines = [MONITOR.format("aster", count, fetches) for count, fetches in ((1, 0), (2, 1), (3, 1))]
    found = {(span.earlier, span.later): span for span in evidence(*lines) if isinstance(span, ElapsedSpan)}
    assert found == {
        (1, 2): ElapsedSpan(1, 2, 4_749, 10_251),
        (2, 3): ElapsedSpan(2, 3, -251, 5_251),
        (1, 3): ElapsedSpan(1, 3, 9_748, 15_252),
    }


def test_text_from_outside_gives_no_time_but_that_of_a_whole_stamp() -> None:
    assert evidence(FORGED) == []


@given(st.text(max_size=20))
def test_any_text_is_a_duration_or_none(text: str) -> None:
    found = duration_ms(text)
    assert found is None or found >= 0
    assert epoch_ms(text) is None or text.isdigit()


@pytest.mark.parametrize(
    ("text", "ms"), [("30s", 30_000), ("1.5s", 1_500), ("250ms", 250), ("12µs", 0.012), ("5m", None), ("", None)]
)
def test_durations_as_the_program_prints_them(text: str, ms: float | None) -> None:
    assert duration_ms(text) == (None if ms is None else pytest.approx(ms))
