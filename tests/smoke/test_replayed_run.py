"""A recorded run and a run against its replay have the same reconnects, gaps and failures, reason by reason."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.venues import venues
from tests.smoke.test_smoke_run import figures, read_run, smoke

MINUTES = "0.2"
FAULTS = {
    "hyperliquid": (("drop", 2, ""), ("mute", 5, "for_s = 4")),
    "lighter": (("close", 2, "code = 1012\nreason = 'restart'"), ("seq_gap", 5, "")),
    "extended": (("seq_gap", 2, ""), ("http_429", 5, "for_s = 2"), ("drop", 5.1, "")),
    "aster": (("seq_gap", 7, ""), ("snapshot_http", 2.9, "for_s = 1.2")),
    "paradex": (("close", 2, "code = 1001"), ("no_pong", 4, "for_s = 5")),
}
LIMITS = {
    f"PARAPHINA_{venue.prefix}_{name}": value
    for venue in venues().values()
    for name, value in (("STALE_MS", "1500"), ("PING_INTERVAL_MS", "1000"))
}
COUNTED = ("connects", "connect_failures", "disconnects", "reconnects", "resyncs", "seq_gaps", "refusals", "sessions")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recorded")
    faults = [
        f'[[fault]]\nvenue = "{venue}"\nkind = "{kind}"\nat_s = {at_s}\n{values}\n'
        for venue, planned in FAULTS.items()
        for kind, at_s, values in planned
    ]
    (folder / "faults.toml").write_text("\n".join(faults))
    options = ("--minutes", MINUTES, "--record-frames", "--scenario", str(folder / "faults.toml"))
    done = smoke(folder / "run", *options, **LIMITS)
    assert (folder / "run" / "frames").is_dir(), done.stderr
    return folder / "run"


@pytest.fixture(scope="module")
def replayed(recorded: Path) -> Iterator[tuple[Path, str]]:
    """The directory of a run against the replay of `recorded`, and what the server printed at its end."""
    command = [sys.executable, "-m", "toolkit", "venues", "serve", "--replay", str(recorded)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, cwd=recorded.parent, **pipes) as server:  # type: ignore[call-overload]
        environ = {}
        for line in server.stdout:
            word, name, *value = shlex.split(line.replace("=", " ", 1))
            if word == "unset":  # the last line
                break
            environ[name] = value[0]
        smoke(recorded.parent / "again", "--minutes", MINUTES, "--feed", "live", **LIMITS, **environ)
        server.send_signal(signal.SIGINT)
        _, notes = server.communicate(timeout=60)
    assert server.returncode == 0
    yield recorded.parent / "again", notes


def counts(run: Path) -> dict[str, float | int | None]:
    """Return the figures of sockets by reason, those that are 0 left out."""
    return {
        name: value
        for name, value in figures(read_run(run)).items()
        if value and set(name.split(".")) & set(COUNTED) and "run." not in name
    }


def test_the_replayed_run_has_the_same_reconnects_resyncs_and_gaps_by_reason(
    recorded: Path, replayed: tuple[Path, str]
) -> None:
    before = counts(recorded)
    reasons = {name.rpartition(".")[2] for name in before if ".disconnects." in name or ".connect_failures." in name}
    assert {"stream_ended", "server_close", "stale_watchdog", "seq_gap", "connect_error"} <= reasons
    assert counts(replayed[0]) == before


def test_the_replay_says_what_it_served_and_is_simulated(replayed: tuple[Path, str]) -> None:
    out, notes = replayed
    assert read_run(out).run.simulated is True
    lines = [line for line in notes.splitlines() if "answers to requests" in line or "answer to requests" in line]
    assert len(lines) == len(venues()), notes
    (extended,) = (line for line in lines if "extended: " in line)
    assert "nothing was asked that the tape does not hold" in extended and "Traceback" not in notes


def test_a_run_without_recorded_frames_is_refused_with_the_option_that_records_them(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    command = [sys.executable, "-m", "toolkit", "venues", "serve", "--replay", str(tmp_path / "run")]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ, timeout=60)
    assert (done.returncode, done.stdout) == (3, "")
    assert "--record-frames" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--speed", "5"), "--replay"),
        (("--replay", "run", "--seed", "2"), "leave out --scenario, --seed"),
        (("--replay", "run", "--speed", "0"), "--speed 0: write a number above 0"),
    ],
)
def test_options_that_do_not_fit_are_a_usage_error(tmp_path: Path, options: tuple[str, ...], why: str) -> None:
    (tmp_path / "run").mkdir()
    command = [sys.executable, "-m", "toolkit", "venues", "serve", *options]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=os.environ, timeout=60)
    assert done.returncode == 2 and why in done.stderr
