"""`toolkit record`: the command runs as if it ran alone, and its row says what it was."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from toolkit.host.commands import Command, parse
from toolkit.model.errors import ExitCode

RECORD = [sys.executable, "-c", "from toolkit.cli import main; main()", "record"]
PATIENCE_S = 120


def recorded(cwd: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*RECORD, *arguments], capture_output=True, cwd=cwd, timeout=PATIENCE_S, env={**os.environ, **environment}
    )


def row(directory: Path) -> Command:
    (row,) = parse((directory / "commands.jsonl").read_bytes())
    return row


def script(directory: Path, text: str) -> list[str]:
    (directory / "script.py").write_text(f"import os, sys, signal, time\n{text}\n")
    return ["--", sys.executable, str(directory / "script.py")]


def test_both_streams_pass_unchanged_and_their_digests_are_kept(tmp_path: Path) -> None:
    out, err = bytes(range(256)) * 2_000, b"warning\n" * 20_000 + b"torn"
    command = script(tmp_path, "os.write(1, b'') \nsys.stdout.buffer.write(bytes(range(256)) * 2_000)\n"
                     "sys.stderr.buffer.write(b'warning\\n' * 20_000 + b'torn')")  # fmt: skip
    done = recorded(tmp_path, *command)
    assert (done.returncode, done.stdout, done.stderr) == (0, out, err)
    kept = row(tmp_path)
    assert kept.stderr is not None
    assert (kept.stdout.bytes, kept.stdout.lines) == (len(out), out.count(b"\n"))
    assert (kept.stdout.sha256, kept.stderr.sha256) == (
        hashlib.sha256(out).hexdigest(),
        hashlib.sha256(err).hexdigest(),
    )
    assert (kept.id, kept.exit_code, kept.signal, kept.problem) == ("U01", 0, None, None)


@pytest.mark.parametrize(
    ("text", "code", "ended"),
    [
        ("sys.exit(0)", 0, (0, None)),
        ("sys.exit(101)", 101, (101, None)),
        ("os.kill(os.getpid(), signal.SIGKILL)", 137, (None, "SIGKILL")),
        ("os.kill(os.getpid(), signal.SIGABRT)", 134, (None, "SIGABRT")),
    ],
)
def test_the_command_s_ending_is_kept_and_is_our_own(
    tmp_path: Path, text: str, code: int, ended: tuple[int | None, str | None]
) -> None:
    done = recorded(tmp_path, "--id", "U12", *script(tmp_path, text))
    assert done.returncode == code
    kept = row(tmp_path)
    assert (kept.id, kept.exit_code, kept.signal) == ("U12", *ended)


def test_words_after_the_command_are_the_command_s_with_or_without_dashes(tmp_path: Path) -> None:
    for arguments in (["--", "echo", "--id", "U5", "--", "-n"], ["echo", "--id", "U5", "--", "-n"]):
        assert recorded(tmp_path, *arguments).stdout == b"--id U5 -- -n\n"
    rows = list(parse((tmp_path / "commands.jsonl").read_bytes()))
    assert [each.argv for each in rows] == [("echo", "--id", "U5", "--", "-n")] * 2


def test_time_place_and_environment_are_kept_without_secrets(tmp_path: Path) -> None:
    out = tmp_path / "run"
    done = recorded(tmp_path, "--out", str(out), "--", "true", HL_COIN="ETH", LIGHTER_API_KEY="seeded", UNSAID="seeded")
    assert done.returncode == 0
    kept = row(out)
    assert kept.environment == {"HL_COIN": "ETH", "LIGHTER_API_KEY": "***"}
    assert kept.duration_ms < 10_000
    assert kept.started_ms > 1_700_000_000_000
    assert b"seeded" not in (out / "commands.jsonl").read_bytes()


def test_a_file_in_the_place_of_the_directory_is_refused_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    done = recorded(tmp_path, "--out", "taken", "--", "touch", "ran")
    assert (done.returncode, b"name another directory" in done.stderr) == (ExitCode.BAD_INPUT, True)
    assert b"Traceback" not in done.stderr and not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("name", "code", "says"), [("no-such-program", 127, "No such file"), ("./plain.txt", 126, "Permission denied")]
)
def test_a_command_that_cannot_be_started_is_named_and_recorded(
    tmp_path: Path, name: str, code: int, says: str
) -> None:
    (tmp_path / "plain.txt").write_text("not a program\n")
    done = recorded(tmp_path, "--", name)
    assert done.returncode == ExitCode.BAD_INPUT
    assert f"{name}: {says}" in done.stderr.decode()
    kept = row(tmp_path)
    assert (kept.exit_code, kept.problem) == (code, says if code == 126 else "No such file or directory")


def test_an_id_that_is_taken_stops_before_the_command_runs(tmp_path: Path) -> None:
    recorded(tmp_path, "--id", "U1", "--", "true")
    done = recorded(tmp_path, "--id", "U1", "--", "touch", "ran")
    assert done.returncode == ExitCode.USAGE
    assert not (tmp_path / "ran").exists()


def test_a_reader_that_goes_away_is_the_command_s_to_notice(tmp_path: Path) -> None:
    command = " ".join(f"'{word}'" for word in [*RECORD, "--", "yes"])
    done = subprocess.run(f"{command} | head -n 2", shell=True, capture_output=True, cwd=tmp_path, timeout=PATIENCE_S)
    assert (done.stdout, done.stderr) == (b"y\ny\n", b"")
    assert row(tmp_path).signal == "SIGPIPE" or row(tmp_path).exit_code == 1


def test_what_a_command_leaves_behind_does_not_hold_the_record_up(tmp_path: Path) -> None:
    command = script(tmp_path, "print('done', flush=True)\nchild = os.fork()\nif child == 0:\n    time.sleep(600)\n"
                     "open('child', 'w').write(str(child))")  # fmt: skip
    assert recorded(tmp_path, *command).stdout == b"done\n"  # within its time, which is less than the child's
    os.kill(int((tmp_path / "child").read_text()), signal.SIGKILL)
    assert row(tmp_path).exit_code == 0


def test_a_signal_to_end_is_handed_on_and_recorded(tmp_path: Path) -> None:
    command = [*RECORD, *script(tmp_path, "print('here', flush=True)\ntime.sleep(60)")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=tmp_path) as process:
        assert process.stdout is not None and process.stdout.readline() == b"here\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 128 + signal.SIGTERM
    assert row(tmp_path).signal == "SIGTERM"
