"""Restarts, kills and early ends: what a comparison says of them, and that nothing improves beside them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard

from tests.reports.made_pair import figure, run_figures, run_info
from toolkit.analysis.pipeline import Options, analyze
from toolkit.comparison.rows import compare
from toolkit.model.runs import Diagnosis, RunAnalysis
from toolkit.model.vocabulary import Ended, Verdict

SAMPLES = Path(__file__).parent.parent.parent / "toolkit" / "samples"
OPTIONS = Options(age_series=True)


def run_of(reconnects: int, **info: Any) -> RunAnalysis:
    run = run_info(id=str(reconnects), venues=("a",), **info)
    return RunAnalysis(run, (), (*run_figures(), figure("a.reconnects", reconnects)))


@pytest.mark.parametrize(
    ("info", "short", "sentence"),
    [
        ({"lives": 2, "starts": (("run.log", 3), ("run.log", 98))}, "restarted once",
         "the process restarted once (2 lives), run.log line 98"),
        ({"lives": 3, "starts": (("run.log", 3), ("run.log", 98), ("run.log", 150))}, "restarted 2 times",
         "the process restarted 2 times (3 lives), run.log lines 98 and 150"),
        ({"lives": 2, "starts": (("run.log", 3),)}, "restarted once", "the process restarted once (2 lives)"),
        ({"ended": Ended.KILLED, "observed_ms": 84_000, "diagnosis": Diagnosis("signal", "the process died of SIGKILL", None, None)},
         "ended early (killed)", "killed after 1 min 24.0 s: the process died of SIGKILL"),
        ({"ended": Ended.CRASHED, "diagnosis": Diagnosis("panic", "the program panicked: x", "run.log", 9)},
         "ended early (crashed)", "crashed after 9 min 59.5 s: the program panicked: x (run.log line 9)"),
        ({"ended": Ended.COMPLETED, "diagnosis": Diagnosis("kill_switch", "the program's own kill switch ended the run: pnl", "run.log", 7)},
         "was stopped by its kill switch",
         "stopped after 9 min 59.5 s: the program's own kill switch ended the run: pnl (run.log line 7)"),
        ({"ended": Ended.UNKNOWN, "observed_ms": 300_000}, "ended early",
         "ended early after 5 min 0.0 s: 10 min 0.0 s were requested"),
        ({"ended": Ended.UNKNOWN, "requested_ms": None, "observed_ms": 84_000}, "ended early",
         "ended early after 1 min 24.0 s: the other run lasted 9 min 59.5 s"),
    ],
)  # fmt: skip
def test_a_disturbed_run_is_named_and_improves_nothing(info: dict[str, Any], short: str, sentence: str) -> None:
    disturbed, whole = run_of(0, **info), run_of(30)
    found = compare(whole, disturbed)
    assert found.disturbances == (f"after: {sentence}",)
    row = next(row for row in found.rows if row.figure == "a.reconnects")
    assert row.verdict is Verdict.INCONCLUSIVE
    assert row.why.startswith(f"after {short}: no improvement")
    worse = next(row for row in compare(disturbed, whole).rows if row.figure == "a.reconnects")
    assert worse.verdict is Verdict.REGRESSED


@pytest.mark.parametrize(
    "info",
    [
        {"window": "last 300 s", "observed_ms": 300_000},
        {"ended": Ended.STILL_RUNNING, "observed_ms": 300_000},
        {"ended": Ended.COMPLETED, "requested_ms": None, "observed_ms": 300_000},
        {"requested_ms": 300_000, "observed_ms": 299_750},
    ],
)
def test_a_run_that_was_meant_to_be_short_is_not_disturbed(info: dict[str, Any]) -> None:
    assert compare(run_of(30), run_of(0, **info)).disturbances == ()


def content(path: Path) -> bytes:
    return (
        zstandard.ZstdDecompressor().stream_reader(path.read_bytes()).read()
        if path.suffix == ".zst"
        else path.read_bytes()
    )


def test_a_second_life_appended_to_the_sample_is_a_restart_at_its_line(tmp_path: Path) -> None:
    log, telemetry = content(SAMPLES / "after" / "run.log"), content(SAMPLES / "after" / "telemetry.jsonl.zst")
    lines = log.splitlines(keepends=True)
    start = next(number for number, line in enumerate(lines, 1) if line.startswith(b"paraphina_live | trade_mode"))
    (tmp_path / "run.log").write_bytes(log + b"".join(lines[:60]))
    second = b"".join(shifted(line, 601_000) for line in telemetry.splitlines()[:400])
    (tmp_path / "telemetry.jsonl").write_bytes(telemetry + second)
    found = compare(analyze(["sample:before"], options=OPTIONS), analyze([str(tmp_path)], options=OPTIONS))
    assert found.disturbances == (f"after: the process restarted once (2 lives), run.log line {len(lines) + start}",)
    assert not [row.figure for row in found.rows if row.verdict is Verdict.IMPROVED]
    row = next(row for row in found.rows if row.figure == "lighter.reconnects")
    assert row.why.startswith("after restarted once: no improvement")


def shifted(line: bytes, ms: int) -> bytes:
    record = msgspec.json.decode(line)
    record["treasury_guidance"]["as_of_ms"] += ms
    return msgspec.json.encode(record) + b"\n"


def test_a_run_cut_after_84_seconds_ended_early(tmp_path: Path) -> None:
    shutil.copytree(SAMPLES / "before", tmp_path / "cut")
    telemetry = content(tmp_path / "cut" / "telemetry.jsonl.zst").splitlines(keepends=True)
    (tmp_path / "cut" / "telemetry.jsonl.zst").unlink()
    (tmp_path / "cut" / "telemetry.jsonl").write_bytes(b"".join(telemetry[:337]))
    requested = analyze([str(tmp_path / "cut")], options=replace(OPTIONS, requested_ms=600_000))
    after = analyze(["sample:after"], options=OPTIONS)
    assert compare(requested, after).disturbances == (
        "before: killed: telemetry stops after 1 min 24.0 s of 10 min 0.0 s and no line says why, as after SIGKILL",
    )
    unknown = analyze([str(tmp_path / "cut")], options=OPTIONS)
    assert compare(unknown, after).disturbances == (
        "before: ended early after 1 min 24.0 s: the other run lasted 9 min 59.5 s",
    )
    assert not [row.figure for row in compare(after, unknown).rows if row.verdict is Verdict.IMPROVED]
