"""`toolkit record` runs a command unchanged and adds its row to the command index."""

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
TIMEOUT_S = 120


def recorded(cwd: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*RECORD, *arguments], capture_output=True, cwd=cwd, timeout=TIMEOUT_S, env={**os.environ, **environment}
    )


def row(directory: Path) -> Command:
    (row,) = parse((directory / "commands.jsonl").read_bytes())
    return row


def script(directory: Path, text: str) -> list[str]:
    (directory / "script.py").write_text(f"import os, sys, signal, time\n{text}\n")
    return ["--", sys.executable, str(directory / "script.py")]


def test_both_streams_pass_unchanged_and_their_digests_are_recorded(tmp_path: Path) -> None:
    out, err = bytes(range(256)) * 2_000, b"warning\n" * 20_000 + b"torn"
    command = script(tmp_path, "os.write(1, b'') \nsys.stdout.buffer.write(bytes(range(256)) * 2_000)\n"
                     "sys.stderr.buffer.write(b'warning\\n' * 20_000 + b'torn')")  # fmt: skip
    result = recorded(tmp_path, *command)
    assert (result.returncode, result.stdout, result.stderr) == (0, out, err)
    recorded_row = row(tmp_path)
    assert recorded_row.stderr is not None
    assert (recorded_row.stdout.bytes, recorded_row.stdout.lines) == (len(out), out.count(b"\n"))
    assert (recorded_row.stdout.sha256, recorded_row.stderr.sha256) == (
        hashlib.sha256(out).hexdigest(),
        hashlib.sha256(err).hexdigest(),
    )
    assert (recorded_row.id, recorded_row.exit_code, recorded_row.signal, recorded_row.problem) == (
        "U01",
        0,
        None,
        None,
    )


@pytest.mark.parametrize(
    ("text", "code", "ending"),
    [
        ("sys.exit(0)", 0, (0, None)),
        ("sys.exit(101)", 101, (101, None)),
        ("os.kill(os.getpid(), signal.SIGKILL)", 137, (None, "SIGKILL")),
        ("os.kill(os.getpid(), signal.SIGABRT)", 134, (None, "SIGABRT")),
    ],
)
def test_the_exit_of_the_command_is_recorded_and_is_the_exit_of_record(
    tmp_path: Path, text: str, code: int, ending: tuple[int | None, str | None]
) -> None:
    result = recorded(tmp_path, "--id", "U12", *script(tmp_path, text))
    assert result.returncode == code
    recorded_row = row(tmp_path)
    assert (recorded_row.id, recorded_row.exit_code, recorded_row.signal) == ("U12", *ending)


def test_arguments_after_the_command_belong_to_it_with_or_without_dashes(tmp_path: Path) -> None:
    for arguments in (["--", "echo", "--id", "U5", "--", "-n"], ["echo", "--id", "U5", "--", "-n"]):
        assert recorded(tmp_path, *arguments).stdout == b"--id U5 -- -n\n"
    rows = list(parse((tmp_path / "commands.jsonl").read_bytes()))
    assert [each.argv for each in rows] == [("echo", "--id", "U5", "--", "-n")] * 2


def test_time_directory_and_environment_are_recorded_without_secrets(tmp_path: Path) -> None:
    out = tmp_path / "run"
    result = recorded(
        tmp_path, "--out", str(out), "--", "true", HL_COIN="ETH", LIGHTER_API_KEY="seeded", UNRELATED="seeded"
    )
    assert result.returncode == 0
    recorded_row = row(out)
    assert recorded_row.environment == {"HL_COIN": "ETH", "LIGHTER_API_KEY": "***"}
    assert recorded_row.duration_ms < 10_000
    assert recorded_row.started_ms > 1_700_000_000_000
    assert b"seeded" not in (out / "commands.jsonl").read_bytes()


def test_a_file_given_as_the_directory_is_refused_before_the_command_runs(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    result = recorded(tmp_path, "--out", "taken", "--", "touch", "ran")
    assert (result.returncode, b"name another directory" in result.stderr) == (ExitCode.BAD_INPUT, True)
    assert b"Traceback" not in result.stderr and not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("name", "code", "message"), [("no-such-program", 127, "No such file"), ("./plain.txt", 126, "Permission denied")]
)
def test_a_command_that_cannot_be_started_is_named_and_recorded(
    tmp_path: Path, name: str, code: int, message: str
) -> None:
    (tmp_path / "plain.txt").write_text("not a program\n")
    result = recorded(tmp_path, "--", name)
    assert result.returncode == ExitCode.BAD_INPUT
    assert f"{name}: {message}" in result.stderr.decode()
    recorded_row = row(tmp_path)
    assert (recorded_row.exit_code, recorded_row.problem) == (
        code,
        message if code == 126 else "No such file or directory",
    )


def test_a_taken_id_is_refused_before_the_command_runs(tmp_path: Path) -> None:
    recorded(tmp_path, "--id", "U1", "--", "true")
    result = recorded(tmp_path, "--id", "U1", "--", "touch", "ran")
    assert result.returncode == ExitCode.USAGE
    assert not (tmp_path / "ran").exists()


def test_a_closed_reader_ends_the_command_as_it_would_without_record(tmp_path: Path) -> None:
    command = " ".join(f"'{each}'" for each in [*RECORD, "--", "yes"])
    result = subprocess.run(f"{command} | head -n 2", shell=True, capture_output=True, cwd=tmp_path, timeout=TIMEOUT_S)
    assert (result.stdout, result.stderr) == (b"y\ny\n", b"")
    assert row(tmp_path).signal == "SIGPIPE" or row(tmp_path).exit_code == 1


def test_a_child_that_outlives_the_command_does_not_delay_the_record(tmp_path: Path) -> None:
    command = script(tmp_path, "print('done', flush=True)\nchild = os.fork()\nif child == 0:\n    time.sleep(600)\n"
                     "open('child', 'w').write(str(child))")  # fmt: skip
    assert (
        recorded(tmp_path, *command).stdout == b"done\n"
    )  # within the timeout, which is shorter than the child's sleep
    os.kill(int((tmp_path / "child").read_text()), signal.SIGKILL)
    assert row(tmp_path).exit_code == 0


def test_a_termination_signal_is_forwarded_and_recorded(tmp_path: Path) -> None:
    command = [*RECORD, *script(tmp_path, "print('here', flush=True)\ntime.sleep(60)")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=tmp_path) as process:
        assert process.stdout is not None and process.stdout.readline() == b"here\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT_S) == 128 + signal.SIGTERM
    assert row(tmp_path).signal == "SIGTERM"
