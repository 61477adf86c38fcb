"""Tests of `toolkit smoke` as a process: five connectors, real sockets, a run directory, its analysis, the gate."""

from __future__ import annotations

import json
import math
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.recording.run_files import TIME_ERROR_MS
from connectors.recording.tape import FrameKind, read_tape
from connectors.session.decoding import decode, parse
from connectors.session.events import Received
from connectors.simulator.faults.table import FAULTS
from connectors.venues import venues
from connectors.venues.frames import DecodeMiss, Frame
from connectors.venues.spec import Recovery
from tests.smoke.foreign_requests import refusals, send_foreign_requests
from tests.truth_rows import without_side_feeds
from toolkit.analysis.pipeline import Options, analyze
from toolkit.model.errors import ExitCode
from toolkit.model.runs import RunAnalysis
from toolkit.model.vocabulary import ReconnectReason
from toolkit.smoke.run_directory import load_meta

SMOKE = [sys.executable, "-m", "toolkit", "smoke", "--db", ":memory:"]
PATIENCE_S = 300
NAMES = list(venues())
FILES = {"run.log", "run.log.times.jsonl", "events.jsonl", "telemetry.jsonl", "market_rx_stats.log", "run_meta.json"}
FAST = {"PARAPHINA_MAIN_LOOP_INTERVAL_MS": "20"}
"""A tick interval that gives the gate enough samples within seconds."""


def start(out: Path, *arguments: str, **environ: str) -> subprocess.Popen[str]:
    command = [*SMOKE, "--out", str(out), *arguments]
    environment = {**os.environ, **FAST, **environ}
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, env=environment, cwd=out.parent, **pipes)


def wait_for_end(running: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    try:
        stdout, stderr = running.communicate(timeout=PATIENCE_S)
    finally:
        running.kill()
    return subprocess.CompletedProcess(running.args, running.returncode, stdout, stderr)


def smoke(out: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return wait_for_end(start(out, *arguments, **environ))


def wait_for_records(out: Path, records: int) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not (out / "telemetry.jsonl").exists() or (out / "telemetry.jsonl").read_bytes().count(b"\n") < records:
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def read_run(out: Path) -> RunAnalysis:
    return analyze([str(out)], ":memory:", Options())


def figures(analysis: RunAnalysis) -> dict[str, float | int | None]:
    return {each.figure: each.value for each in analysis.figures}


def records(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "telemetry.jsonl").read_text().splitlines()]


# --- a run without faults ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[Path, subprocess.Popen[str]]]]:
    """A run without faults and a run with faults, started together because both mostly wait."""
    folder = tmp_path_factory.mktemp("runs")
    fault_options = ("--scenario", str(scenario(folder / "faulty.toml")), "--truth", str(folder / "truth.jsonl"))
    started = {
        "quiet": start(folder / "quiet", "--minutes", QUIET_MINUTES, "--record-frames", "--label", "no faults"),
        "faulty": start(folder / "faulty", "--minutes", FAULTY_MINUTES, *fault_options, **SHORT),
    }
    send_foreign_requests(first_url(folder / "faulty"))
    yield {name: (folder / name, running) for name, running in started.items()}
    for running in started.values():
        running.kill()
        running.communicate()


def first_url(out: Path) -> str:
    """Return the URL of the first socket of a run, once it is open."""
    deadline_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline_s:
        events = (out / "events.jsonl").read_text() if (out / "events.jsonl").exists() else ""
        for event in map(json.loads, events[: events.rfind("\n") + 1].splitlines()):
            if event.get("kind") == "connected":
                return str(event["fields"]["url"])
        time.sleep(0.01)
    raise AssertionError("no socket was opened")


@pytest.fixture(scope="module")
def quiet(runs: dict[str, tuple[Path, subprocess.Popen[str]]]) -> tuple[Path, subprocess.CompletedProcess[str]]:
    out, running = runs["quiet"]
    return out, wait_for_end(running)


@pytest.fixture(scope="module")
def quiet_analysis(quiet: tuple[Path, subprocess.CompletedProcess[str]]) -> RunAnalysis:
    """The analysis of the run without faults."""
    return read_run(quiet[0])


def test_a_quiet_run_passes_the_gate(quiet: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    out, done = quiet
    assert done.returncode == ExitCode.OK, done.stdout + done.stderr
    assert "PASS: gate frontier" in done.stdout
    assert "Traceback" not in done.stderr
    meta = load_meta(out)
    assert (meta.producer, meta.simulated, meta.stopped_by, meta.exit_code) == ("toolkit", True, "time", 0)


def test_a_quiet_run_leaves_all_files_and_every_line_is_used(
    quiet: tuple[Path, subprocess.CompletedProcess[str]], quiet_analysis: RunAnalysis
) -> None:
    assert {entry.name for entry in quiet[0].iterdir() if entry.is_file()} == FILES
    assert {each.file for each in quiet_analysis.ledger} == FILES
    assert all(each.lines == each.used > 0 for each in quiet_analysis.ledger)
    assert (quiet_analysis.run.kind, quiet_analysis.run.label) == ("toolkit", "no faults")
    assert list(quiet_analysis.run.venues) == NAMES


HOST_FINDINGS = {"holes", "local_stall"}
"""Findings that a loaded machine causes when ticks are 20 ms apart; they are about the host, not a venue."""


def test_a_quiet_run_has_one_connection_per_venue_and_no_finding_about_a_venue(quiet_analysis: RunAnalysis) -> None:
    found = figures(quiet_analysis)
    assert {name: found[f"{name}.connects"] for name in NAMES} == dict.fromkeys(NAMES, 1)
    assert {name: found[f"{name}.reconnects"] for name in NAMES} == dict.fromkeys(NAMES, 0)
    assert found["run.cap_hits"] == 0 and found["run.publisher.try_send_full"] == 0
    assert {each.code for each in quiet_analysis.findings} <= HOST_FINDINGS


FORMATTED = ("kf_p", "kf_x_hat", "kf_last_update_ms", "regime_ratio", "fv_short_vol", "fv_long_vol", "sigma_eff")
"""Fields that the analyzer of the producer prints as numbers; it stops where no record has one."""


def test_telemetry_has_the_numbers_of_the_fair_value_model(
    quiet: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    written = records(quiet[0])
    for name in FORMATTED:
        numbers = [record[name] for record in written if name in record]
        assert all(type(each) in (int, float) for each in numbers), name
        assert len(numbers) > len(written) / 2, name
    assert all(record["kf_p"] > 0 and record["regime_ratio"] > 0 for record in written)
    last = written[-1]
    assert last["kf_x_hat"] == pytest.approx(math.log(last["fair_value"]), abs=1e-3)
    assert last["kf_last_update_ms"] == last["treasury_guidance"]["as_of_ms"]


def test_telemetry_passes_the_contract_check(quiet: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    command = [sys.executable, "-m", "toolkit", "validate", str(quiet[0] / "telemetry.jsonl")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
    assert (done.returncode, "none of" in done.stdout) == (0, True), done.stdout


def test_every_output_and_every_file_is_marked_simulated(
    quiet: tuple[Path, subprocess.CompletedProcess[str]], quiet_analysis: RunAnalysis
) -> None:
    out, done = quiet
    assert "SIMULATED" in done.stdout and "SIMULATED" in done.stderr
    assert (out / "run.log").read_text().splitlines()[0].startswith("toolkit smoke: SIMULATED")
    assert json.loads((out / "run_meta.json").read_text())["simulated"] is True
    assert all(record["toolkit"]["simulated"] is True for record in records(out))
    assert json.loads((out / "events.jsonl").read_text().splitlines()[1])["fields"]["simulated"] is True
    assert quiet_analysis.run.simulated is True
    for tape in (out / "frames").iterdir():
        assert "SIMULATED" in tape.read_text().splitlines()[0]


def test_the_log_alone_shows_that_the_run_was_simulated(
    quiet: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    assert analyze([str(quiet[0] / "run.log")]).run.simulated is True


@pytest.mark.parametrize("venue", NAMES)
def test_the_time_to_first_book_agrees_with_the_events(
    quiet: tuple[Path, subprocess.CompletedProcess[str]], quiet_analysis: RunAnalysis, venue: str
) -> None:
    rows = [json.loads(line) for line in (quiet[0] / "events.jsonl").read_text().splitlines()[1:]]
    assert [row["at_us"] for row in rows] == sorted(row["at_us"] for row in rows)
    at_ms = {(row["venue"], row["kind"]): row["at_us"] / 1_000 for row in rows}
    waited_ms = figures(quiet_analysis)[f"{venue}.time_to_first_book_ms.max"]
    assert waited_ms is not None
    # The top of the first book is logged before the book.
    first_ms = min(at_ms[venue, kind] for kind in ("first_top", "first_book") if (venue, kind) in at_ms)
    # Each end is placed to TIME_ERROR_MS, and a line has the whole millisecond of its event.
    assert abs(waited_ms - (first_ms - at_ms[venue, "connecting"])) <= 2 * TIME_ERROR_MS + 1


def test_recorded_frames_decode_without_errors(quiet: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    for name, venue in venues().items():
        with (quiet[0] / "frames" / f"{name}.tape.jsonl").open() as lines:
            header, entries = read_tape(lines)
        frames: list[Frame] = []
        for entry in entries:
            if entry.kind is FrameKind.RECEIVED:
                received = Received(entry.data, binary=isinstance(entry.data, bytes))
                frames += decode(venue, _target(name), received, parse(venue, received))
        assert header.venue == name and len(frames) > 5
        assert not any(isinstance(frame, DecodeMiss) for frame in frames)
        assert any(entry.kind is FrameKind.SENT for entry in entries) or not any(
            topic.subscribe for topic in venue.topics(_target(name))
        )


def _target(name: str) -> Any:
    from connectors.settings import resolve, target, venue_settings

    return target(venues()[name], resolve(venue_settings(venues()[name]), {}), "ETH")


def test_a_quiet_run_uses_little_memory_and_processor_time(
    quiet: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    meta = load_meta(quiet[0])
    assert meta.max_rss_bytes is not None and meta.max_rss_bytes < 200 * 1024 * 1024
    assert meta.cpu_ms is not None and 0 < meta.cpu_ms < meta.requested_ms


# --- a run with faults ------------------------------------------------------------------------------------------------

STALE_S = 1.5
SHORT = {
    **{
        f"PARAPHINA_{venue.prefix}_{name}": value
        for venue in venues().values()
        for name, value in (("STALE_MS", f"{STALE_S * 1_000:.0f}"), ("PING_INTERVAL_MS", "1000"))
    },
    "PARAPHINA_WS_HEALTHY_THRESHOLD_MS": "1000",
    "PARAPHINA_L2_TICK_DELTA_BUFFER_MAX": "50",
}
"""Limits short enough to detect a fault within seconds."""

PLAN: Mapping[str, list[dict[str, Any]]] = {
    "hyperliquid": [
        {"kind": "drop", "at_s": 2},
        {"kind": "heartbeat_only", "at_s": 6, "for_s": 4},
        {"kind": "wrong_shape", "at_s": 16, "n": 12},
    ],
    "extended": [
        {"kind": "close", "at_s": 2, "code": 1001},
        {"kind": "half_open", "at_s": 6, "for_s": 4},
        {"kind": "malformed_json", "at_s": 16},
    ],
    "aster": [
        {"kind": "seq_gap", "at_s": 2},
        {"kind": "refuse", "at_s": 6, "for_s": 3},
        {"kind": "snapshot_http", "at_s": 14, "for_s": 2},
        {"kind": "burst", "at_s": 19, "n": 3000},
    ],
    "lighter": [
        {"kind": "seq_gap", "at_s": 2},
        {"kind": "subscribe_error", "at_s": 5, "for_s": 2},
        {"kind": "duplicate", "at_s": 12},
        {"kind": "binary_garbage", "at_s": 16},
    ],
    "paradex": [
        {"kind": "acked_mute", "at_s": 2, "for_s": 4},
        {"kind": "topic_mute", "at_s": 12, "for_s": 3},
        {"kind": "http_429", "at_s": 18, "for_s": 4, "retry_after_s": 1},
    ],
}
CONNECTED_S = 2
"""Time that a loaded machine may need to connect; the fault times of the plan count from then."""
QUIET_MINUTES, FAULTY_MINUTES = "0.2", str(32 / 60)
"""Durations; the gate needs 100 samples, and the run without faults has up to 600."""


def scenario(path: Path) -> Path:
    lines = ['name = "faults"']
    for venue, faults in PLAN.items():
        for fault in ({**each, "at_s": each["at_s"] + CONNECTED_S} for each in faults):
            lines += ["[[fault]]", f'venue = "{venue}"', *(f"{k} = {json.dumps(v)}" for k, v in fault.items())]
    path.write_text("\n".join(lines))
    return path


@pytest.fixture(scope="module")
def faulty(runs: dict[str, tuple[Path, subprocess.Popen[str]]]) -> tuple[Path, RunAnalysis, list[dict[str, Any]]]:
    """The run directory, its analysis, and the ground truth."""
    out, running = runs["faulty"]
    done = wait_for_end(running)
    assert done.returncode in (ExitCode.OK, ExitCode.FAILED), done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    (out.parent / "faulty.stderr").write_text(done.stderr)
    rows = [json.loads(line) for line in (out.parent / "truth.jsonl").read_text().splitlines()]
    return out, read_run(out), without_side_feeds(rows)


def expected(venue: str) -> tuple[set[str], set[str]]:
    """Return the expected reasons of ended sessions and attempts, and of resyncs, from the fault table."""
    resyncs_in_place = venues()[venue].recovery is not Recovery.RECONNECT
    ends: set[str] = set()
    resyncs: set[str] = set()
    for fault in PLAN[venue]:
        expects = FAULTS[fault["kind"]].expects
        ends |= {str(reason) for reason in expects.also}
        if expects.reason is not None:
            (resyncs if expects.resyncs and resyncs_in_place else ends).add(str(expects.reason))
    return ends, resyncs


def reasons(values: Mapping[str, float | int | None], venue: str, *families: str) -> set[str]:
    return {
        str(reason)
        for reason in ReconnectReason
        if any((values.get(f"{venue}.{family}.{reason}") or 0) > 0 for family in families)
    }


@pytest.mark.parametrize("venue", NAMES)
def test_every_fault_is_reported_with_its_own_reason_and_no_other(
    faulty: tuple[Path, RunAnalysis, list[dict[str, Any]]], venue: str
) -> None:
    _, analysis, _ = faulty
    found = figures(analysis)
    ends, resyncs = expected(venue)
    assert reasons(found, venue, "disconnects", "connect_failures") == ends
    assert reasons(found, venue, "resyncs") == resyncs


@pytest.mark.parametrize("venue", NAMES)
def test_connects_equal_the_connections_that_the_venue_accepted(
    faulty: tuple[Path, RunAnalysis, list[dict[str, Any]]], venue: str
) -> None:
    _, analysis, truth = faulty
    accepted = sum(row["event"] == "accept" and row["venue"] == venue for row in truth)
    assert figures(analysis)[f"{venue}.connects"] == accepted > 0
    assert figures(analysis)[f"{venue}.reconnects"] == accepted - 1


def test_every_planned_fault_started(faulty: tuple[Path, RunAnalysis, list[dict[str, Any]]]) -> None:
    started = Counter((row["venue"], row["kind"]) for row in faulty[2] if row["event"] == "fault_start")
    assert started == Counter((venue, fault["kind"]) for venue, faults in PLAN.items() for fault in faults)


def test_a_burst_causes_cap_hits_and_drops_no_telemetry(
    faulty: tuple[Path, RunAnalysis, list[dict[str, Any]]],
) -> None:
    out, analysis, _ = faulty
    found, written = figures(analysis), records(out)
    assert found["run.cap_hits"] == sum(record["market_rx_stats"]["cap_hits"] for record in written) > 0
    assert written[-1]["toolkit"]["telemetry_dropped"] == 0


def test_silences_are_distinguished_in_the_events(faulty: tuple[Path, RunAnalysis, list[dict[str, Any]]]) -> None:
    rows = [json.loads(line) for line in (faulty[0] / "events.jsonl").read_text().splitlines()[1:]]
    silences = {(row["venue"], row["fields"]["silence"]) for row in rows if "silence" in row["fields"]}
    assert silences == {
        ("hyperliquid", "heartbeat_only"),
        ("extended", "half_open"),
        ("paradex", "acked_mute"),
        ("paradex", "topic_mute"),
    }


@pytest.mark.parametrize("venue", NAMES)
def test_every_mid_was_sent_by_the_venue_and_each_venue_is_healthy_at_the_end(
    faulty: tuple[Path, RunAnalysis, list[dict[str, Any]]], venue: str
) -> None:
    out, _, truth = faulty
    sent = {
        float((Decimal(row["bid"][0]) + Decimal(row["ask"][0])) / 2)
        for row in truth
        if row["event"] == "frame" and row["venue"] == venue and row["bid"] and row["ask"]
    }
    written = records(out)
    index = NAMES.index(venue)
    mids = [record["venue_mid_usd"][index] for record in written if record["venue_age_ms"][index] >= 0]
    assert len(set(mids)) > 10
    assert set(mids) <= sent
    assert written[-1]["venue_status"][index] == "Healthy"


def test_every_line_of_a_faulty_run_is_used_and_its_records_pass_the_contract_check(
    faulty: tuple[Path, RunAnalysis, list[dict[str, Any]]],
) -> None:
    out, analysis, _ = faulty
    assert all(each.lines == each.used for each in analysis.ledger)
    command = [sys.executable, "-m", "toolkit", "validate", str(out / "telemetry.jsonl")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 0, done.stdout


def test_clients_that_a_simulated_venue_refused_are_counted_in_the_log_and_on_the_terminal(
    faulty: tuple[Path, RunAnalysis, list[dict[str, Any]]],
) -> None:
    out, _, _ = faulty
    terminal, log = (out.parent / "faulty.stderr").read_text(), (out / "run.log").read_text()
    assert [refusals(text, r"simulated \w+") for text in (terminal, log)] == [[1, 1], [1, 1]]


# --- the producer's own tools -------------------------------------------------------------------------------------------


def test_the_gate_of_the_soak_report_passes_the_quiet_run(quiet_analysis: RunAnalysis) -> None:
    rows = {(row.tool, row.name): row.upstream for row in quiet_analysis.compat}
    assert rows["ws_soak_report v1", "gate"] == "PASS"


def test_the_soak_report_counts_the_same_reconnects_except_resyncs(
    faulty: tuple[Path, RunAnalysis, list[dict[str, Any]]],
) -> None:
    reasons = {str(reason) for reason in ReconnectReason} - {"connect_error", "connect_timeout"}
    rows = [row for row in faulty[1].compat if row.name.startswith("reconnects") and row.name.split()[-1] in reasons]
    differing = {row.name for row in rows if row.upstream != row.ours}
    # The soak report knows no resync and counts one as a reconnect.
    assert differing == {"reconnects aster seq_gap", "reconnects lighter seq_gap"}
    assert sum(int(row.upstream or 0) for row in rows) > 10


@pytest.mark.parametrize("prefix", ["APPLIED_BOOK venue=", "FIRST_BOOK_UPDATE venue="])
def test_each_milestone_of_a_venue_is_logged_once(
    quiet: tuple[Path, subprocess.CompletedProcess[str]], prefix: str
) -> None:
    lines = [line for line in (quiet[0] / "run.log").read_text().splitlines() if prefix in line]
    assert sorted(line.split("venue=")[1].split()[0] for line in lines) == sorted(NAMES)


def test_the_last_record_passes_the_shadow_check(
    quiet: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    last = records(quiet[0])[-1]
    for name in ("venue_mid_usd", "venue_age_ms", "venue_status", "venue_spread_usd", "venue_depth_near_mid_usd"):
        assert len(last[name]) == 5
    healthy = [
        index
        for index, (status, age) in enumerate(zip(last["venue_status"], last["venue_age_ms"], strict=True))
        if status == "Healthy" and age >= 0
    ]
    assert last["healthy_venues_used"] == healthy == [0, 1, 2, 3, 4]
    assert min(last["venue_age_ms"] + last["venue_age_event_ms"]) >= -1


def test_the_telemetry_analyzer_counts_every_record(
    quiet: tuple[Path, subprocess.CompletedProcess[str]], quiet_analysis: RunAnalysis
) -> None:
    rows = {(row.tool, row.name): row.upstream for row in quiet_analysis.compat}
    assert rows["telemetry_analyzer v1", "ticks analyzed"] == len(records(quiet[0]))


# --- a suspended process ------------------------------------------------------------------------------------------------


def test_a_suspended_process_is_not_counted_as_reconnects(tmp_path: Path) -> None:
    out = tmp_path / "run"
    running = start(out, "--minutes", "1", **SHORT)
    wait_for_records(out, 60)
    running.send_signal(signal.SIGSTOP)
    time.sleep(2 * STALE_S)  # the process is stopped, so there is no event to wait for
    running.send_signal(signal.SIGCONT)
    wait_for_records(out, len(records(out)) + 60)
    running.send_signal(signal.SIGTERM)
    wait_for_end(running)
    analysis = read_run(out)
    found = figures(analysis)
    assert [found[f"{name}.reconnects"] for name in NAMES] == [0] * len(NAMES)
    assert "local_stall" in {episode.kind for episode in analysis.episodes}


# --- the live feed, without a network ---------------------------------------------------------------------------------


def unreachable_endpoints() -> dict[str, str]:
    """Return endpoints on a local port without a listener."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    found = {}
    for venue in venues().values():
        found |= {venue.ws.name: f"ws://127.0.0.1:{port}/", venue.rest.name: f"http://127.0.0.1:{port}"}
    return found


def test_the_live_feed_without_a_network_exits_with_5_and_leaves_the_evidence(tmp_path: Path) -> None:
    out = tmp_path / "run"
    done = smoke(out, "--feed", "live", "--minutes", "0.15", **unreachable_endpoints())
    assert done.returncode == ExitCode.RUN_BLOCKED, done.stdout + done.stderr
    text = " ".join(done.stdout.split())  # the terminal's lines are wrapped
    assert "no venue can be reached" in text and "leave out --feed live" in text
    assert "Traceback" not in done.stderr
    assert "no venue was reached yet, the run keeps trying" in " ".join(done.stderr.split())
    assert "SIMULATED venues: every connection leads to this machine" in done.stderr
    assert load_meta(out).simulated is True and read_run(out).run.simulated is True
    assert {entry.name for entry in out.iterdir()} >= FILES
    analysis = read_run(out)
    assert str(analysis.run.ended) == "never_started"
    assert {figures(analysis)[f"{name}.connects"] for name in NAMES} <= {0, None}


# --- options and settings ---------------------------------------------------------------------------------------------


def test_the_venues_option_runs_only_those_venues(tmp_path: Path) -> None:
    out = tmp_path / "run"
    done = smoke(out, "--minutes", "0.05", "--venues", "paradex,hyperliquid", "--base", "btc", "--quiet")
    assert done.returncode in (ExitCode.OK, ExitCode.INCONCLUSIVE), done.stdout + done.stderr
    assert done.stderr == ""
    assert list(read_run(out).run.venues) == ["hyperliquid", "paradex"]
    assert len(records(out)[-1]["venue_mid_usd"]) == 2
    assert "symbol=BTC" in (out / "run.log").read_text()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PARAPHINA_LIGHTER_PING_INTERVAL_MS", "soon"),
        ("PARAPHINA_EXTENDED_WS_READ_TIMEOUT_MS", "-1"),
        ("PARAPHINA_MAIN_LOOP_INTERVAL_MS", "0"),
        ("PARAPHINA_TRADE_MODE", "live"),
    ],
)
def test_an_invalid_setting_is_named_and_leaves_no_directory(tmp_path: Path, name: str, value: str) -> None:
    out = tmp_path / "run"
    done = smoke(out, "--minutes", "1", **{name: value})
    assert done.returncode == ExitCode.USAGE
    assert name in done.stderr or "trade mode live" in done.stderr
    assert "recording into" not in done.stderr
    assert not out.exists()


def test_a_directory_that_holds_a_run_is_not_changed(tmp_path: Path) -> None:
    out = tmp_path / "run"
    out.mkdir()
    (out / "telemetry.jsonl").write_text("another run")
    done = smoke(out, "--minutes", "1")
    assert done.returncode == ExitCode.BAD_INPUT and "holds a run already" in done.stderr
    assert {entry.name: entry.read_text() for entry in out.iterdir()} == {"telemetry.jsonl": "another run"}


def test_the_environment_of_the_run_is_recorded(
    quiet: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    meta = load_meta(quiet[0])
    assert meta.environment["PARAPHINA_MAIN_LOOP_INTERVAL_MS"] == "20"
    assert meta.environment["PARAPHINA_WS_AUDIT"] == "1" and "PARAPHINA_WS_AUDIT" in meta.environment_set
    assert meta.environment["HL_WS_URLS"].startswith("ws://127.0.0.1:") and "HL_WS_URLS" in meta.environment_set
    assert "PARAPHINA_MAIN_LOOP_INTERVAL_MS" not in meta.environment_set


def test_ticks_are_no_closer_than_their_interval(quiet: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    times = [record["treasury_guidance"]["as_of_ms"] for record in records(quiet[0])]
    assert times == sorted(times)
    # The first tick may be late, so the interval is measured from the start of the run.
    assert times[-1] - load_meta(quiet[0]).started_ms >= 20 * (len(times) - 1)
