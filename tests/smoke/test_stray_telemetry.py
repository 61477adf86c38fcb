"""Telemetry that a supervised program writes outside its run directory."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.smoke.producer_plans import PRODUCER, plan
from toolkit.analysis.pipeline import analyze
from toolkit.model.recorded.run_meta import RunMeta
from toolkit.smoke.run_directory import load_meta
from toolkit.smoke.stop_policy import StoppedBy
from toolkit.smoke.supervisor import supervise

RECORD = '{"t":0,"venue_age_ms":[]}\n'
APPENDING = f"import sys,time\nwhile True:\n with open(sys.argv[1],'a') as f: f.write({RECORD!r})\n time.sleep(0.01)"
"""A program that reopens its telemetry for each record."""


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    return tmp_path / "run"


def run(out: Path, *argv: str, profile: str | None = None, **limits: float) -> tuple[RunMeta, list[str]]:
    notices: list[str] = []
    asked = plan(out, argv=argv, profile=profile, **limits)
    return supervise(asked, os.environ, notice=notices.append), notices


@pytest.mark.parametrize(
    ("argv", "written"),
    [
        ((*PRODUCER, "--telemetry", "telemetry.jsonl"), "cwd/telemetry.jsonl"),
        ((*PRODUCER, "--telemetry", "../far.log"), "far.log"),
        (("env", "PARAPHINA_TELEMETRY_PATH=../far.jsonl", *PRODUCER), "far.jsonl"),
        (("sh", "-c", f"PARAPHINA_TELEMETRY_PATH=../far.jsonl {shlex.join(PRODUCER)}; true"), "far.jsonl"),
        ((sys.executable, "-c", APPENDING, "new.jsonl"), "cwd/new.jsonl"),
        ((sys.executable, "-c", APPENDING, "../telemetry.jsonl", "--out-dir", ".."), "telemetry.jsonl"),
        (("env", "PARAPHINA_TELEMETRY_PATH=../t", sys.executable, "-c", APPENDING, "../t"), "t"),
    ],
    ids=["working directory", "another directory", "env", "shell", "reopened in the working directory", "--out-dir", "reopened where the variable says"],
)  # fmt: skip
def test_telemetry_outside_the_run_directory_is_found_at_once_and_copied(
    out: Path, tmp_path: Path, argv: tuple[str, ...], written: str
) -> None:
    meta, notices = run(out, *argv, profile="paraphina")
    assert (meta.stopped_by, meta.build_ms is not None and meta.build_ms < meta.build_limit_ms / 2) == (
        StoppedBy.TIME,
        True,
    )
    assert (out / "telemetry.jsonl").read_bytes() == (tmp_path / written).read_bytes() != b""
    assert ["outside the run directory" in text for text in notices] == [False, True]
    assert load_meta(out).telemetry_path == meta.telemetry_path
    assert analyze([str(out)]).figure("run.ticks").value > 0


def test_records_of_an_earlier_run_in_the_same_file_are_left_out(out: Path, tmp_path: Path) -> None:
    old = json.dumps({"t": 0, "venue_age_ms": [0], "treasury_guidance": {"as_of_ms": 1_700_000_000_000}}) + "\n"
    (tmp_path / "cwd" / "telemetry.jsonl").write_text(old * 3)
    code = f"f=open('telemetry.jsonl','a');f.write(open({str(tmp_path / 'new')!r}).read());f.flush();import time;time.sleep(60)"
    new = old.replace("1700000000000", "4000000000000")
    (tmp_path / "new").write_text(new * 2)
    run(out, sys.executable, "-c", code)
    assert (out / "telemetry.jsonl").read_text() == new * 2


def test_a_file_that_another_program_writes_in_the_working_directory_is_not_taken(out: Path, tmp_path: Path) -> None:
    other = tmp_path / "cwd" / "telemetry.jsonl"
    other.write_text(RECORD)
    with subprocess.Popen([sys.executable, "-c", APPENDING, str(other)]) as writer:
        meta, notices = run(out, "sleep", "60", build_ms=500)
        writer.kill()
    assert other.stat().st_size > len(RECORD)
    assert (meta.stopped_by, meta.telemetry_path, len(notices)) == (StoppedBy.BUILD_LIMIT, None, 1)


def test_a_program_that_runs_without_telemetry_is_reported_before_the_build_limit(out: Path) -> None:
    meta, notices = run(out, "sh", "-c", "echo 'paraphina_live | trade_mode=shadow'; sleep 60", build_ms=400)
    assert meta.stopped_by == StoppedBy.BUILD_LIMIT
    assert [("no telemetry is found" in text, "--profile paraphina" in text) for text in notices] == [
        (False, False),
        (True, True),
    ]
