"""Windows of a run: what they cut, what becomes unknown, and that the parts add up to the whole run."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import duckdb
import pytest

from tests.analysis.metrics.sample_runs import START_MS, analysed, figure, record, stamped
from toolkit.analysis.pipeline import Options, analyze
from toolkit.model.errors import UsageError
from toolkit.model.runs import WHOLE_RUN, RunAnalysis, Window
from toolkit.model.vocabulary import Segment

VENUES = ("extended", "hyperliquid", "aster", "lighter", "paradex")
TICKS = 2_399


@cache
def analysis_of(window: Window) -> RunAnalysis:
    return analyze(["sample:before"], options=Options(window=window))


def values(window: Window, *metrics: str) -> list[float]:
    found = [figure(analysis_of(window), metric).value for metric in metrics]
    assert all(value is not None for value in found)
    return [value for value in found if value is not None]


COUNTS = (
    "run.ticks", "run.rx.drained", *(f"{venue}.{metric}" for venue in VENUES for metric in ("connects", "reconnects")),
    "extended.disconnects.read_timeout", "lighter.disconnects.server_close", "hyperliquid.masked.episodes",
)  # fmt: skip


@pytest.mark.parametrize(
    "parts",
    [
        [Window(segment) for segment in Segment],
        [Window(until_tick=1_299), Window(since_tick=1_300)],
        [Window(until_tick=99), Window(since_tick=100, until_tick=2_000), Window(since_tick=2_001)],
    ],
)
def test_counts_of_the_parts_add_up_to_those_of_the_whole_run(parts: list[Window]) -> None:
    summed = [sum(column) for column in zip(*(values(part, *COUNTS) for part in parts), strict=True)]
    assert summed == values(WHOLE_RUN, *COUNTS)


def test_windows_of_a_fixed_number_of_ticks_cover_the_run_in_order() -> None:
    run = analysis_of(Window(every=500))
    assert [(part.since_tick, part.until_tick) for part in run.parts] == [
        (0, 499), (500, 999), (1_000, 1_499), (1_500, 1_999), (2_000, TICKS - 1),
    ]  # fmt: skip
    ticks = [next(each.value for each in part.figures if each.figure == "run.ticks") for part in run.parts]
    assert ticks == [500, 500, 500, 500, 399]
    assert figure(run, "run.ticks").value == TICKS


def test_start_up_lasts_until_every_venue_has_data() -> None:
    assert values(Window(Segment.STARTUP), "run.ticks") == [3]


def test_the_last_minutes_are_counted_back_from_the_last_record() -> None:
    run = analysis_of(Window(last_ms=60_000))
    assert figure(run, "run.ticks").value == 240
    assert (run.run.window, run.run.observed_ms, run.run.ended_ms) == (
        "last 60 s",
        59_751,
        analysis_of(WHOLE_RUN).run.ended_ms,
    )


def test_a_reconnect_counts_in_the_window_in_which_the_new_session_began(tmp_path: Path) -> None:
    telemetry = "".join(record(t, t, (0, 0, 0)) for t in range(120))
    connecting = "INFO: Lighter public WS connecting url=ws://127.0.0.1:1/"
    connected, book = (
        "INFO: Lighter public WS connected url=ws://127.0.0.1:1/",
        "INFO: Lighter public WS first book update",
    )
    closed = "Lighter public WS closed frame=None"
    lines = [
        (0.2, connecting),
        (0.3, connected),
        (0.4, book),
        (59.0, closed),
        (61.0, connecting),
        (61.5, connected),
        (62.0, book),
    ]
    (tmp_path / "run.log").write_text(stamped(lines))
    (tmp_path / "telemetry.jsonl").write_text(telemetry)
    early, late = (
        analyze([str(tmp_path)], options=Options(window=window))
        for window in (Window(until_tick=59), Window(since_tick=60))
    )
    metrics = ("connects", "reconnects", "disconnects.server_close", "downtime_ms.total")
    assert [figure(early, f"lighter.{metric}").value for metric in metrics] == [1, 0, 1, 3_000]
    assert [figure(late, f"lighter.{metric}").value for metric in metrics] == [1, 1, 0, 0]
    assert figure(late, "lighter.reconnects.server_close").value == 1


def test_a_counter_printed_at_intervals_is_unknown_for_a_window(tmp_path: Path) -> None:
    ping = "WS_AUDIT venue=lighter lighter_ping_sent_count={} interval_ms=30000"
    log = stamped([(1.0, "WS_AUDIT venue=lighter reconnect_reason=read_timeout count=1"), (2.0, ping.format(1))])
    telemetry = "".join(record(t, t, (0, 0, 0)) for t in range(10))
    whole = analysed(tmp_path, log, telemetry)
    part = analyze([str(tmp_path)], options=Options(window=Window(until_tick=5)))
    assert figure(whole, "lighter.pings.sent").value == 1
    assert (figure(part, "lighter.pings.sent").value, figure(part, "lighter.pings.sent").note) == (
        None,
        "cannot be cut to the window",
    )


def test_log_figures_of_a_window_are_unknown_without_line_times(tmp_path: Path) -> None:
    telemetry = "".join(record(t, t, (0, 0, 0)) for t in range(10))
    analysed(
        tmp_path,
        "INFO: Lighter public WS connecting url=ws://a\nINFO: Lighter public WS connected url=ws://a\n",
        telemetry,
    )
    part = analyze([str(tmp_path)], options=Options(window=Window(until_tick=5)))
    assert (figure(part, "lighter.connects").value, figure(part, "lighter.connects").note) == (
        None,
        "cannot be cut to the window",
    )
    assert figure(part, "lighter.age_apply_ms.p50").value == 0


def test_lines_within_their_time_error_of_an_edge_make_an_estimate() -> None:
    # Hyperliquid's second session began within the error of its lines at 80 s, tick 320.
    found = figure(analysis_of(Window(until_tick=318)), "hyperliquid.reconnects")
    assert (found.bound, found.low, found.high) == ("estimate", None, None)
    assert found.note is not None and found.note.startswith("lines near the edge of the window")


STARTING = "".join(
    f"INFO: Lighter public WS {what}\n"
    for what in ("connecting url=ws://a", "connected url=ws://a", "first book update")
)


def test_lines_before_the_first_tick_in_a_log_count_before_that_tick(tmp_path: Path) -> None:
    rx = "market_rx_stats tick={} raw_drained=1 cap_hits=0\n".format
    log = STARTING + rx(0) + rx(49) + "Lighter public WS closed frame=None\n" + STARTING + rx(50) + rx(99)
    analysed(tmp_path, log, "".join(record(t, t, (0, 0, -1 if t < 3 else 0)) for t in range(100)))
    counts = {}
    for window in (Window(Segment.STARTUP), Window(Segment.STEADY), Window(until_tick=8), Window(since_tick=9)):
        found = figure(analyze([str(tmp_path)], options=Options(window=window)), "lighter.connects")
        counts[str(window)] = (found.value, str(found.bound))
    assert list(counts.values()) == [(1, "exact"), (1, "exact")] * 2


@pytest.mark.parametrize(
    ("log", "ticks", "bound"),
    [
        pytest.param("{starting}{anchor}", (0, 19), "estimate", id="before all anchors, the edge before the first"),
        pytest.param("{starting}{anchor}", (0, 79), "exact", id="before all anchors, the edge after the first"),
        pytest.param("{anchor}{starting}", (0, 79), "estimate", id="after all anchors, the edge after the last"),
        pytest.param("{anchor}{starting}", (20, 99), "exact", id="after all anchors, the edge before the last"),
    ],
)
def test_a_line_outside_all_anchors_may_lie_anywhere_up_to_the_end_of_its_life(
    log: str, ticks: tuple[int, int], bound: str, tmp_path: Path
) -> None:
    anchor = (
        f"WS_AUDIT venue=lighter lighter_ts_fallback_count=1 context=x raw_ts=x fallback_ts_ms={START_MS + 50_000}\n"
    )
    analysed(
        tmp_path, log.format(starting=STARTING, anchor=anchor), "".join(record(t, t, (0, 0, 0)) for t in range(100))
    )
    window = Window(since_tick=ticks[0], until_tick=ticks[1])
    found = figure(analyze([str(tmp_path)], options=Options(window=window)), "lighter.connects")
    assert str(found.bound) == bound


def test_the_store_keeps_the_figures_of_the_whole_run(tmp_path: Path) -> None:
    store = str(tmp_path / "runs.duckdb")
    part = analyze(["sample:before"], store, Options(window=Window(Segment.TAIL)))
    assert figure(part, "run.ticks").value == 240
    with duckdb.connect(store, read_only=True) as con:
        assert con.execute("select value from figures where figure = 'run.ticks'").fetchall() == [(TICKS,)]
        assert con.execute("select count(*) from episodes where kind = 'reconnect'").fetchall() == [(23,)]


def test_a_window_without_a_record_raises_an_error_with_the_run_s_ticks() -> None:
    with pytest.raises(UsageError, match="ticks 0 to 2398"):
        analysis_of(Window(since_tick=9_000))


def test_all_figures_of_a_window_are_unknown_without_telemetry(tmp_path: Path) -> None:
    log = stamped(
        [(0.0, "INFO: Lighter public WS connecting url=ws://a"), (0.1, "INFO: Lighter public WS connected url=ws://a")]
    )
    whole = analysed(tmp_path, log)
    part = analyze([str(tmp_path)], options=Options(window=Window(Segment.STEADY)))
    assert figure(whole, "lighter.connects").value == 1
    assert all(each.value is None for each in part.figures)
    assert part.run.window == "steady"


def test_each_life_has_its_own_start_up_and_tail(tmp_path: Path) -> None:
    first = "".join(record(t, t, (0, 0, -1 if t < 3 else 0)) for t in range(100))
    second = "".join(record(t, 200 + t, (0, 0, -1 if t < 5 else 0)) for t in range(100))
    (tmp_path / "telemetry.jsonl").write_text(first + second)
    sizes = {
        segment: figure(analyze([str(tmp_path)], options=Options(window=Window(segment))), "run.ticks").value
        for segment in Segment
    }
    assert sizes == {Segment.STARTUP: 4 + 6, Segment.STEADY: 86 + 84, Segment.TAIL: 20}
