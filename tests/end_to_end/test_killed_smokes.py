"""Tests of killed and interrupted smoke runs: SIGKILL loses at most a torn line, an interrupt loses nothing."""

from __future__ import annotations

import hashlib
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest

from tests.end_to_end.killed import losses, run_and_kill
from tests.end_to_end.process import VENUES, Smoke, SmokeResult, rows, wait_for_all_venues
from toolkit.model.errors import ExitCode
from toolkit.smoke.run_directory import load_meta
from toolkit.smoke.stop_policy import StoppedBy

KILLS = 5
FILES = {"run.log", "run.log.times.jsonl", "events.jsonl", "telemetry.jsonl", "market_rx_stats.log", "run_meta.json"}


@pytest.mark.drawn
def test_a_run_killed_at_a_random_moment_loses_at_most_a_torn_line(tmp_path: Path, seed: int) -> None:
    moments = [(tmp_path / f"run{number}", Random(f"{seed}/{number}")) for number in range(KILLS)]
    with ThreadPoolExecutor(KILLS) as pool:
        ends = list(pool.map(lambda moment: run_and_kill(*moment), moments))
    assert [losses(result, at_ms) for result, at_ms in ends] == [[]] * KILLS
    assert {result.code for result, _ in ends} == {-signal.SIGKILL}
    assert {load_meta(result.out).stopped_by for result, _ in ends} == {None}


@pytest.fixture(scope="module", params=[signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def interrupted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmokeResult]:
    smoke = Smoke(tmp_path_factory.mktemp("interrupted") / "run", 60)
    wait_for_all_venues(smoke)
    smoke.process.send_signal(request.param)
    yield smoke.wait()
    smoke.process.kill()


def test_an_interrupt_exits_with_130_and_leaves_a_complete_run_directory(interrupted: SmokeResult) -> None:
    assert interrupted.code == ExitCode.INTERRUPTED
    meta, log = load_meta(interrupted.out), (interrupted.out / "run.log").read_bytes()
    assert meta.stopped_by == StoppedBy.INTERRUPT
    assert meta.output == {"bytes": len(log), "lines": log.count(b"\n"), "sha256": hashlib.sha256(log).hexdigest()}
    assert all(each.used + each.other == each.lines > 0 for each in interrupted.analysis.ledger)
    assert {each.file for each in interrupted.analysis.ledger} == FILES


def test_an_interrupted_run_is_analysed_and_reported_as_interrupted(interrupted: SmokeResult) -> None:
    assert "an interrupt" in interrupted.printed
    assert f"run directory: {interrupted.out}" in interrupted.printed
    assert "Traceback" not in interrupted.printed
    assert interrupted.value("run.ticks") == len(interrupted.telemetry) > 0
    run = interrupted.analysis.run
    assert (str(run.ended), run.diagnosis and run.diagnosis.code) == ("killed", "interrupted")


def test_an_interrupted_run_closes_its_connections_normally(interrupted: SmokeResult) -> None:
    for venue in VENUES:
        assert [row["ws_code"] for row in interrupted.truth_rows("client_gone", venue)] == [1000]
    assert sum(row["kind"] == "stopped" for row in rows(interrupted.out / "events.jsonl")[1:]) == len(VENUES)
