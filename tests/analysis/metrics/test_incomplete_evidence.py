"""Figures of runs with incomplete evidence: audit lines only, missing ticks, records without times or venues."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.analysis.metrics.sample_runs import START_MS, analysed, figure, record
from toolkit.analysis.pipeline import analyze
from toolkit.model.runs import RunAnalysis

AUDIT = "WS_AUDIT venue={} reconnect_reason={} count={}\n"
COPY = {"market_rx_stats": {"cap_hits": 1, "drained": 2}}


@pytest.mark.parametrize(
    ("venue", "reason", "count", "least"),
    [
        ("aster", "seq_gap", 3, 0),
        ("aster", "stale_watchdog", 1, 0),
        ("extended", "read_timeout", 2, 0),
        ("extended", "stale_watchdog", 2, 2),
        ("lighter", "subscribe_error", 4, 2),
        ("lighter", "subscribe_error", 3, 2),
        ("paradex", "read_timeout", 2, 2),
    ],
)
def test_audit_lines_alone_give_a_lower_bound_of_reconnects(
    tmp_path: Path, venue: str, reason: str, count: int, least: int
) -> None:
    (tmp_path / "run.log").write_text("".join(AUDIT.format(venue, reason, n) for n in range(1, count + 1)))
    run = analyze([str(tmp_path)])
    for name in ("reconnects", f"reconnects.{reason}"):
        result = figure(run, f"{venue}.{name}")
        assert (result.value, result.bound, result.low, result.high) == (least, "lower", least, None)


def rx(ticks: Iterable[int]) -> str:
    return "".join(f"market_rx_stats tick={t} raw_drained=2 cap_hits=1\n" for t in ticks)


@pytest.mark.parametrize(
    ("own_file", "log", "telemetry_copy", "hits", "bound"),
    [
        (range(20), range(20), range(20), 20, "exact"),
        (range(10), range(20), (), 20, "exact"),
        (range(19), (), range(20), 20, "exact"),
        (range(19), (), (), 19, "lower"),
        (range(5, 20), (), (), 15, "lower"),
        ((), (), range(12), 12, "lower"),
    ],
    ids=["all whole", "the log is whole", "the copy is whole", "a tail is lost", "a head is lost", "half a copy"],
)
def test_cap_hits_come_from_the_most_complete_source_with_its_bound(
    tmp_path: Path, own_file: Iterable[int], log: Iterable[int], telemetry_copy: Iterable[int], hits: int, bound: str
) -> None:
    if text := rx(own_file):
        (tmp_path / "market_rx_stats.log").write_text(text)
    telemetry = "".join(record(t, t / 4, [0, 0, 0], **(COPY if t in telemetry_copy else {})) for t in range(20))
    run = analysed(tmp_path, log=rx(log), telemetry=telemetry)
    for name, value in (("run.cap_hits", hits), ("run.rx.drained", 2 * hits)):
        result = figure(run, name)
        assert (result.value, result.bound, result.high) == (value, bound, value if bound == "exact" else None)


def test_cap_hits_from_telemetry_are_a_lower_bound_if_ticks_are_missing(tmp_path: Path) -> None:
    run = analysed(tmp_path, telemetry="".join(record(t, t / 4, [0, 0, 0], **COPY) for t in (0, 1, 2, 5, 6)))
    assert (figure(run, "run.cap_hits").value, figure(run, "run.cap_hits").bound) == (5, "lower")


def test_a_clock_that_steps_back_does_not_shorten_a_plateau(tmp_path: Path) -> None:
    at_s = [0, 1, 2, 3, -56, -55, -54]
    ages = [0, 11, 12, 13, 14, 15, 0]
    telemetry = "".join(record(t, s, [0, 1_000 * a, 0]) for t, (s, a) in enumerate(zip(at_s, ages, strict=True)))
    run = analysed(tmp_path, telemetry=telemetry)
    # Its age is 11 s, then five gaps of 1 s; one of them stands in place of the step.
    assert figure(run, "lighter.plateau_10s.longest_ms").value == 16_000
    assert figure(run, "run.span_ms").value == 6_000


def without_time(t: int, ages_ms: list[int], depth: float) -> str:
    line = json.loads(record(t, 0, ages_ms, venue_depth_near_mid_usd=[depth] * 3, venue_status=["Stale"] * 3))
    del line["treasury_guidance"]["as_of_ms"]
    return json.dumps(line) + "\n"


def test_durations_and_shares_are_null_with_a_note_without_record_times(tmp_path: Path) -> None:
    run = analysed(tmp_path, telemetry="".join(without_time(t, [0, 15_000 * (t > 2), 0], t % 2) for t in range(6)))
    assert figure(run, "lighter.plateau_10s.count").value == 1
    for name in (
        "plateau_10s.longest_ms", "plateau_10s.total_ms", "stale.ms", "fresh.share", "fresh_by_socket.share",
        "age_apply_unknown.share", "age_apply_tw_ms.p50", "depth_zero.share", "depth_zero.longest_ms", "status.stale.share",
    ):  # fmt: skip
        result = figure(run, f"lighter.{name}")
        assert (result.value, result.note) == (None, "no record carries a time"), name
    assert figure(run, "run.hole_ms").value is None


def named(t: int, venues: list[str]) -> str:
    guidance = {
        "as_of_ms": START_MS + 250 * t,
        "venues": [{"venue_index": i, "venue_id": v} for i, v in enumerate(venues)],
    }
    ages = {"venue_age_ms": [0] * len(venues), "venue_age_event_ms": [0] * len(venues)}
    return json.dumps({"t": t, "treasury_guidance": guidance, **ages}) + "\n"


def shares(run: RunAnalysis, venue: str) -> list[float | None]:
    names = ("age_apply_unknown.share", "fresh.share", "fresh_by_socket.share", "stale.ms")
    return [figure(run, f"{venue}.{name}").value for name in names]


def test_the_age_of_a_venue_is_unknown_in_records_without_it(tmp_path: Path) -> None:
    both, one = [named(t, ["aster", "paradex"]) for t in range(8)], [named(t, ["paradex"]) for t in range(8)]
    (tmp_path / "telemetry.jsonl").write_text("".join(both + one))
    run = analyze([str(tmp_path)])
    assert shares(run, "aster") == [0.5, 0.5, None, 2_000]
    assert shares(run, "paradex") == [0, 1, 1, 0]


def test_venue_names_are_lower_case(tmp_path: Path) -> None:
    (tmp_path / "telemetry.jsonl").write_text("".join(named(t, ["HYPERLIQUID", "Paradex"]) for t in range(4)))
    assert analyze([str(tmp_path)]).run.venues == ("hyperliquid", "paradex")


@pytest.mark.parametrize("key", ["lighter_state_stale_ms", "venue_state_stale_ms"])
def test_the_stale_limit_in_the_log_replaces_the_default(tmp_path: Path, key: str) -> None:
    line = f"WS_AUDIT venue=lighter component=bootstrap_seed_bridge action=cleared {key}=1500\n"
    limits = "WS_AUDIT venue=lighter lighter_read_timeout_ms=1 lighter_state_stale_ms=1500\n"
    telemetry = "".join(record(t, t / 4, [0, 1_250, 0]) for t in range(8))
    run = analysed(tmp_path, log=line if key.startswith("venue") else limits, telemetry=telemetry)
    assert figure(run, "lighter.fresh.share").value == 1


@pytest.mark.parametrize(
    ("host", "simulated"),
    [("127.0.0.1:9", True), ("127.1.2.3", True), ("localhost", True), ("127.0.0.1.example.com", False), ("localhost.example", False)],
)  # fmt: skip
def test_a_run_is_simulated_if_all_sockets_went_to_loopback(tmp_path: Path, host: str, simulated: bool) -> None:
    run = analysed(tmp_path, log=f"INFO: Lighter public WS connecting url=ws://{host}/ws\n").run
    assert run.simulated is simulated
