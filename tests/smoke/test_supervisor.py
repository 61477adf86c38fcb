"""Tests of the supervisor with real programs: start, run time from the first telemetry, stop, and records."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.smoke.producer_plans import PATIENCE_S, PRODUCER, plan
from toolkit.analysis.pipeline import analyze
from toolkit.db.store import connect
from toolkit.files.discovery import discover
from toolkit.host.commands import parse
from toolkit.model.errors import ExitCode, InputError, UsageError
from toolkit.model.recorded import arrivals
from toolkit.model.recorded.run_meta import RunMeta
from toolkit.model.vocabulary import Ended, GateVerdict, Role
from toolkit.smoke.outcome import died, exit_code, outcome_sentence
from toolkit.smoke.run_directory import load_meta
from toolkit.smoke.stop_policy import StoppedBy, TimeLimits
from toolkit.smoke.supervisor import SupervisionPlan, supervise


def run(out: Path, *arguments: str, **limits: float) -> RunMeta:
    return supervise(plan(out, *arguments, **limits), os.environ)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "run"


def test_the_run_time_counts_from_the_first_telemetry_and_not_from_the_build(out: Path) -> None:
    meta = run(out, "--build-s", "0.3", run_ms=150)
    assert meta.build_ms is not None and meta.build_ms >= 300
    assert meta.first_telemetry_ms is not None and meta.stopped_ms is not None
    assert meta.stopped_ms - meta.first_telemetry_ms >= 150
    assert (meta.stopped_by, meta.killed, meta.signal) == (StoppedBy.TIME, False, "SIGTERM")
    assert not died(meta)
    assert exit_code(meta, GateVerdict.PASS) is ExitCode.OK


def test_the_returned_record_equals_the_written_record(out: Path) -> None:
    assert run(out) == load_meta(out)


def test_any_output_is_kept_byte_for_byte(out: Path, tmp_path: Path) -> None:
    text = bytes(range(256)) * 3_000 + b"torn at the end"
    (tmp_path / "output").write_bytes(text)
    meta = run(out, "--print-file", str(tmp_path / "output"))
    log = (out / "run.log").read_bytes()
    assert log.startswith(text)
    assert meta.output == {"bytes": len(log), "lines": log.count(b"\n"), "sha256": hashlib.sha256(log).hexdigest()}


def test_each_line_of_the_log_has_its_arrival_time(out: Path) -> None:
    meta = run(out, "--build-s", "0.2", "--every-s", "0.002", "--ticks", "60", run_ms=60_000)
    log = (out / "run.log").read_bytes()
    with (out / arrivals.FILE_NAME).open("rb") as lines:
        times = arrivals.parse(lines)
    assert times.log == "run.log"
    arrived = [times.at(log.index(f"INFO: tick {t}\n".encode())) for t in (0, 20, 40)]
    ticks = [json.loads(line) for line in (out / "telemetry.jsonl").read_text().splitlines()[:41]]
    assert meta.ended_ms is not None
    for arrival, t in zip(arrived, (0, 20, 40), strict=True):
        assert arrival is not None
        written_ms = ticks[t]["treasury_guidance"]["as_of_ms"]
        assert written_ms - arrival.error_ms - 1 <= arrival.at_ms <= meta.ended_ms
    assert arrived[0] is not None and arrived[0].at_ms >= meta.started_ms + 200


@pytest.mark.parametrize(
    ("arguments", "ended", "code"),
    [
        (("--ticks", "5", "--code", "3"), (StoppedBy.ITSELF, 3, None), ExitCode.RUN_BLOCKED),
        (("--ticks", "5", "--kill-itself"), (StoppedBy.ITSELF, None, "SIGKILL"), ExitCode.RUN_BLOCKED),
        (("--ticks", "0", "--code", "101"), (StoppedBy.ITSELF, 101, None), ExitCode.RUN_BLOCKED),
        (("--ticks", "0"), (StoppedBy.ITSELF, 0, None), ExitCode.RUN_BLOCKED),
        (("--ticks", "5"), (StoppedBy.ITSELF, 0, None), ExitCode.INCONCLUSIVE),
    ],
    ids=["exits badly", "is killed", "fails to build", "never writes telemetry", "ends early and well"],
)
def test_a_program_that_exits_early_is_judged_by_how_it_exited(
    out: Path, arguments: tuple[str, ...], ended: tuple[str, int | None, str | None], code: ExitCode
) -> None:
    meta = run(out, *arguments, run_ms=60_000)
    assert (meta.stopped_by, meta.exit_code, meta.signal) == ended
    assert exit_code(meta, GateVerdict.INCONCLUSIVE) is code
    assert str(ended[2] or f"exit code {ended[1]}") in outcome_sentence(meta)


def test_a_program_that_ignores_sigterm_is_killed(out: Path) -> None:
    meta = run(out, "--stubborn", run_ms=50, grace_ms=50)
    assert (meta.stopped_by, meta.killed, meta.signal) == (StoppedBy.TIME, True, "SIGKILL")
    assert "did not stop when asked" in outcome_sentence(meta)


def test_child_processes_that_outlive_the_program_are_killed(out: Path) -> None:
    meta = run(out, "--child", "--ticks", "5", run_ms=60_000, grace_ms=50)
    assert (meta.stopped_by, meta.killed) == (StoppedBy.ITSELF, True)
    assert meta.stopped_ms is not None and meta.ended_ms is not None
    assert meta.ended_ms - meta.stopped_ms >= 50
    assert not process_groups(out)


def process_groups(out: Path) -> set[int]:
    """Return the process groups of the producers that write into `out`."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            argv = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
            if f"{out}/telemetry.jsonl" in argv:
                found.add(int((entry / "stat").read_text().rpartition(")")[2].split()[2]))
    return found


def test_a_build_that_does_not_end_is_stopped_at_its_limit(out: Path) -> None:
    meta = run(out, "--build-s", "60", build_ms=60)
    assert (meta.stopped_by, meta.first_telemetry_ms) == (StoppedBy.BUILD_LIMIT, None)
    assert exit_code(meta, GateVerdict.PASS) is ExitCode.RUN_BLOCKED
    analysed = analyze([str(out)]).run
    assert (analysed.ended, analysed.diagnosis and analysed.diagnosis.code) == (Ended.NEVER_STARTED, "build_limit")


def test_each_file_of_the_run_directory_is_recognised(out: Path) -> None:
    run(out)
    assert {source.name: source.role for source in discover([str(out)])} == {
        "commands.jsonl": Role.COMMANDS,
        "run.log": Role.LOG,
        arrivals.FILE_NAME: Role.EVENTS,
        "run_meta.json": Role.RUN_META,
        "telemetry.jsonl": Role.TELEMETRY,
    }


def test_the_run_is_a_row_of_its_command_index(out: Path) -> None:
    meta = run(out)
    (row,) = parse((out / "commands.jsonl").read_bytes())
    assert (row.id, row.argv, row.signal) == ("U01", meta.argv, "SIGTERM")
    assert row.stdout.sha256 == meta.output["sha256"]
    assert row.stderr is None


SCRIPT = '#!/bin/sh\necho "{\\"t\\":0}" > "$1"/telemetry.jsonl\nsleep 60\n'


@pytest.mark.parametrize("interpreter", [(), ("sh",), ("env", "-u", "NOTHING")])
def test_the_digests_of_a_script_and_of_its_interpreter_are_kept(
    out: Path, tmp_path: Path, interpreter: tuple[str, ...]
) -> None:
    script = tmp_path / "producer.sh"
    script.write_text(SCRIPT)
    script.chmod(0o755)
    meta = supervise(
        SupervisionPlan((*interpreter, str(script), "{out}"), out, TimeLimits(100, 60_000, 60_000), poll_ms=5),
        os.environ,
    )
    assert meta.first_telemetry_ms is not None
    digests = {Path(each.path).name: each.sha256 for each in meta.binaries}
    assert digests["producer.sh"] == hashlib.sha256(SCRIPT.encode()).hexdigest()
    assert len(meta.binaries) == len({each.sha256 for each in meta.binaries}) > 1


def test_the_checkout_of_a_program_that_runs_in_another_directory_is_recorded(out: Path, tmp_path: Path) -> None:
    checkout = tmp_path / "head"
    checkout.mkdir()
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.invalid", "-C", str(checkout)]
    (checkout / "producer.sh").write_text(SCRIPT)
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "Begin"]):
        subprocess.run([*git, *command], check=True)
    argv = ("env", "-C", str(checkout), "sh", "producer.sh", "{out}")
    meta = supervise(SupervisionPlan(argv, out, TimeLimits(100, 60_000, 60_000), poll_ms=5), os.environ)
    assert meta.first_telemetry_ms is not None
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    assert meta.source is not None and meta.source.commit == commit


def test_load_is_sampled_and_the_executable_is_recorded(out: Path) -> None:
    meta = run(out, run_ms=1_000)
    assert len(meta.load) > 3
    executable = Path(sys.executable).resolve()
    assert hashlib.sha256(executable.read_bytes()).hexdigest() in {binary.sha256 for binary in meta.binaries}
    assert meta.cpu_ms is not None and meta.max_rss_bytes is not None and meta.max_rss_bytes > 1_000_000
    assert meta.clock.offset_ms is not None or meta.clock.why


def test_the_state_of_the_git_checkout_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.invalid", "-C", str(checkout)]
    (checkout / "main.rs").write_text("fn main() {}\n")
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "Begin"]):
        subprocess.run([*git, *command], check=True)
    monkeypatch.chdir(checkout)
    clean = run(tmp_path / "clean").source
    (checkout / "main.rs").write_text("fn main() { panic!() }\n")
    (checkout / "new.rs").write_text("\n")
    dirty = run(tmp_path / "dirty").source
    assert clean is not None and dirty is not None
    assert clean.commit == dirty.commit
    assert (clean.dirty, clean.diff_sha256, clean.untracked) == (False, None, 0)
    diff = subprocess.run([*git, "diff", "HEAD", "--binary"], check=True, capture_output=True).stdout
    assert (dirty.dirty, dirty.diff_sha256, dirty.untracked) == (True, hashlib.sha256(diff).hexdigest(), 1)


def test_the_profile_sets_the_paths_of_the_run_directory_and_secrets_are_masked(out: Path) -> None:
    inherited = {**os.environ, "PARAPHINA_TELEMETRY_PATH": "/elsewhere", "HL_API_KEY": "abc", "OTHER": "private"}
    planned = SupervisionPlan(PRODUCER, out, TimeLimits(50, 120_000, 60_000), profile="paraphina", poll_ms=5)
    meta = supervise(planned, inherited)
    assert meta.environment["PARAPHINA_TELEMETRY_PATH"].endswith("/run/telemetry.jsonl")
    assert meta.environment["PARAPHINA_WS_AUDIT"] == "1"
    assert "PARAPHINA_WS_AUDIT" in meta.environment_set
    assert meta.environment["HL_API_KEY"] == "***"
    assert "OTHER" not in meta.environment
    assert not died(meta)


@pytest.mark.parametrize(
    ("argv", "environment"),
    [
        (("program", "--trade-mode", "live"), {}),
        (("program", "--trade-mode=paper"), {}),
        (("sh", "-c", "PARAPHINA_TRADE_MODE=live exec program"), {}),
        (("program",), {"PARAPHINA_TRADE_MODE": "live"}),
    ],
)
def test_a_trade_mode_other_than_shadow_is_refused_before_the_program_starts(
    out: Path, argv: tuple[str, ...], environment: dict[str, str]
) -> None:
    with pytest.raises(UsageError, match="shadow only"):
        supervise(SupervisionPlan(argv, out, TimeLimits(50, 50, 50), "paraphina"), environment)
    assert not out.exists()


def test_a_missing_program_is_named_and_leaves_no_directory(out: Path) -> None:
    with pytest.raises(InputError, match="no-such-program: no such program"):
        supervise(SupervisionPlan(("no-such-program",), out, TimeLimits(50, 50, 50)), os.environ)
    assert not out.exists()


def test_a_directory_that_holds_a_run_is_not_overwritten(out: Path) -> None:
    before = run(out)
    with pytest.raises(InputError, match="holds a run already"):
        run(out)
    assert load_meta(out) == before


SMOKE = [sys.executable, "-c", "from toolkit.cli import main; main()", "smoke", "--db", ":memory:"]


@pytest.fixture
def started(out: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The command while it supervises a program of one minute; its first telemetry was seen."""
    command = [*SMOKE, "--minutes", "1", "--out", str(out), "--", *PRODUCER, "--telemetry", "{out}/telemetry.jsonl"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            wait_for_telemetry(out)
            yield process
        finally:
            process.kill()


def wait_for_telemetry(out: Path) -> None:
    """Wait until the supervisor has recorded the first telemetry."""
    seen, deadline = threading.Event(), threading.Timer(PATIENCE_S, lambda: seen.set())
    deadline.start()
    while not seen.is_set():
        try:
            if load_meta(out).first_telemetry_ms is not None:
                break
        except (FileNotFoundError, msgspec.DecodeError):
            pass
        seen.wait(0.01)
    deadline.cancel()
    assert not seen.is_set(), "no telemetry in time"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_an_interrupt_stops_the_program_and_leaves_a_complete_directory(
    started: subprocess.Popen[bytes], out: Path, number: signal.Signals
) -> None:
    started.send_signal(number)
    assert started.wait(PATIENCE_S) == ExitCode.INTERRUPTED
    meta = load_meta(out)
    assert (meta.stopped_by, meta.signal) == (StoppedBy.INTERRUPT, "SIGTERM")
    assert not process_groups(out)


def test_a_killed_supervisor_leaves_readable_files(started: subprocess.Popen[bytes], out: Path) -> None:
    started.kill()
    started.wait(PATIENCE_S)
    meta = load_meta(out)
    assert meta.first_telemetry_ms is not None
    assert (meta.stopped_by, meta.ended_ms) == (None, None)
    with (out / arrivals.FILE_NAME).open("rb") as lines:
        assert arrivals.parse(lines).at(0) is not None


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--profile", "paraphina"], ExitCode.USAGE, "after `--`"),
        (["--feed", "tape"], ExitCode.USAGE, "--feed tape"),
        (["--venues", "aster,mtgox"], ExitCode.USAGE, "--venues mtgox"),
        (["--feed", "live", "--scenario", "x.toml"], ExitCode.USAGE, "leave them out"),
        (["--scenario", "no-such.toml"], ExitCode.BAD_INPUT, "no-such.toml"),
        (["--seed", "2", "--", "true"], ExitCode.USAGE, "its own feed"),
        (["--truth", "t.json", "--repeat", "2"], ExitCode.USAGE, "leave it out with --repeat"),
        (["--minutes", "0", "--", "true"], ExitCode.USAGE, "--minutes 0"),
        (["--profile", "other", "--", "true"], ExitCode.USAGE, "no such profile"),
        (["--", "no-such-program"], ExitCode.BAD_INPUT, "no-such-program"),
        (["--", "true", "--trade-mode", "live"], ExitCode.USAGE, "shadow only"),
    ],
)
def test_a_wrong_command_line_gets_a_message_that_says_what_to_write(
    tmp_path: Path, arguments: list[str], code: ExitCode, message: str
) -> None:
    done = subprocess.run([*SMOKE, *arguments], capture_output=True, text=True, cwd=tmp_path, timeout=PATIENCE_S)
    assert (done.returncode, message in done.stderr) == (code, True), done.stderr
    assert "Traceback" not in done.stderr
    assert "recording into" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_repeat_leaves_one_run_directory_per_run(out: Path, tmp_path: Path) -> None:
    smoke = [*SMOKE, "--out", str(out), "--repeat", "2", "--minutes", "0.002", "--db", "store.duckdb"]
    command = [*smoke, "--", *PRODUCER, "--telemetry", "{out}/telemetry.jsonl"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=PATIENCE_S)
    directories = [line for line in done.stdout.splitlines() if line.startswith("run directory")]
    assert directories == [f"run directory: {out / number}" for number in ("1", "2")]
    assert [load_meta(out / number).stopped_by for number in ("1", "2")] == [StoppedBy.TIME, StoppedBy.TIME]
    with connect(str(tmp_path / "store.duckdb"), read_only=True) as con:
        assert con.execute("select count(*) from runs").fetchall() == [(2,)]


def test_repeat_starts_no_run_if_one_directory_holds_a_run(out: Path, tmp_path: Path) -> None:
    (out / "2").mkdir(parents=True)
    (out / "2" / "run.log").write_text("")
    command = [*SMOKE, "--out", str(out), "--repeat", "2", "--", *PRODUCER]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=PATIENCE_S)
    assert (done.returncode, "holds a run already" in done.stderr) == (ExitCode.BAD_INPUT, True)
    assert [each.name for each in out.iterdir()] == ["2"]


def test_a_blocked_build_exits_with_5_and_leaves_its_evidence(out: Path, tmp_path: Path) -> None:
    build = Path(__file__).parent / "exdev_build.log"
    command = [*SMOKE, "--out", str(out), "--", "sh", "-c", f"cat {build}; exit 101"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=PATIENCE_S)
    assert done.returncode == ExitCode.RUN_BLOCKED
    assert "exit code 101" in done.stderr
    assert (out / "run.log").read_bytes() == build.read_bytes()
