"""Lines of the runner, in the format that log readers parse."""

from __future__ import annotations

import pytest

from connectors.recording.log_lines import panic_line
from connectors.runner import runner_lines
from connectors.runner.telemetry import TickTiming
from connectors.runner.tick import CoalesceSettings, coalesce
from tests.connectors.runner.market_events import (
    TRADE,
    book,
    delivery,
    delta,
)
from tests.connectors.runner.test_telemetry import snapshot
from toolkit.runlog.parse import parse

STARTUP_FIELDS = {
    "network": "loopback",
    "venues": ["aster", "lighter"],
    "version": "toolkit-0",
    "interval_ms": 250,
    "build_id": "abc",
    "dirty": False,
    "digest": "12ab",
}


@pytest.mark.parametrize(
    ("line", "family"),
    [
        (runner_lines.startup(**STARTUP_FIELDS), "startup"),  # type: ignore[arg-type]
        (runner_lines.first_applied(snapshot(book()).view, 2, "ETHUSDT")[0], "first_book_update"),
        (runner_lines.first_applied(snapshot(book()).view, 2, "ETHUSDT")[2], "applied_book"),
        (runner_lines.overrun(3, TickTiming(1, 2, 260_000), 250_000), "runner_overrun"),
        (runner_lines.overrun(3, TickTiming(1, 2, 210_000), 250_000), "runner_warning"),
        (runner_lines.telemetry_failed("No space left on device"), "telemetry_disabled"),
        (panic_line("aster", 1, "RuntimeError: no\nWS_AUDIT venue=aster"), "supervisor_panic"),
    ],
)
def test_every_line_of_the_runner_is_parsed_as_its_event_family(line: str, family: str) -> None:
    events = parse(line).records
    assert [event.family for event in events] == [family]


def test_a_tick_within_its_budget_has_no_line() -> None:
    assert runner_lines.overrun(3, TickTiming(1, 2, 200_000), 250_000) is None


def test_the_statistics_line_has_the_format_that_readers_parse() -> None:
    _, stats = coalesce([delivery(event) for event in (book(), delta(2), TRADE)], CoalesceSettings(max_deltas=0))
    assert runner_lines.rx_stats(7, stats) == (
        "market_rx_stats tick=7 raw_drained=3 raw_l2_delta=1 raw_l2_snapshot=1 raw_trade=1 raw_funding_update=0 "
        "out_market=3 out_l2_delta=1 out_l2_snapshot=1 out_trade=1 out_funding_update=0 other=0 cap_hits=1"
    )


def test_dropped_records_are_logged_three_times_and_then_at_every_hundredth() -> None:
    logged = [count for count in range(1, 301) if runner_lines.telemetry_dropped(count, 4_096, count)]
    assert logged == [1, 2, 3, 100, 200, 300]
