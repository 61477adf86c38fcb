"""Tests of `toolkit ab` as a process: both sides on loopback, at the same time, and the document about them."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.smoke.foreign_requests import refusals, send_foreign_requests
from tests.smoke.producer_plans import PATIENCE_S, PRODUCER
from toolkit.host import guard
from toolkit.smoke.run_directory import load_meta

AB = (sys.executable, "-m", "toolkit", "ab", "--db", ":memory:")
SESSION = "PARAPHINA_WS_MAX_SESSION_SECS"
PING = "PARAPHINA_LIGHTER_PING_INTERVAL_MS"
AT_ONCE = {"PARAPHINA_WS_HEALTHY_THRESHOLD_MS": "500"}
"""A session this long resets the wait before the next one, so that short sessions follow each other."""
SECONDS = 8
VENUES = 5
WRITES = (*PRODUCER, "--telemetry", "{out}/telemetry.jsonl", "--every-s", "0.02")
SCENARIO = """
[[fault]]
venue = "lighter"
at_s = 0
kind = "idle_close"
for_s = 600
after_s = 1

[[fault]]
venue = "aster"
at_s = 3
kind = "drop"
"""


def start(out: Path, *words: str, **environ: str) -> subprocess.Popen[str]:
    command = [*AB, "--out", str(out), *words]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, env={**os.environ, **environ}, cwd=out.parent, **pipes)


def ab(out: Path, *words: str, seconds: float = 1, code: int = 0, **environ: str) -> subprocess.CompletedProcess[str]:
    running = start(out, "--minutes", str(seconds / 60), *words, **environ)
    try:
        stdout, stderr = running.communicate(timeout=PATIENCE_S)
    finally:
        running.kill()
    assert running.returncode == code, stderr
    return subprocess.CompletedProcess(running.args, running.returncode, stdout, stderr)


def wait_until(true: Callable[[], bool]) -> bool:
    never = threading.Event()
    return any(true() or never.wait(0.02) for _ in range(PATIENCE_S * 50))


def telemetry(run: Path) -> list[dict[str, Any]]:
    text = (run / "telemetry.jsonl").read_bytes() if (run / "telemetry.jsonl").exists() else b""
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith(b"\n")]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A pair of our connectors without and with pings, and what the command printed."""
    folder = tmp_path_factory.mktemp("pair")
    (folder / "idle.toml").write_text(SCENARIO, encoding="utf-8")
    words = ("--scenario", str(folder / "idle.toml"), "--seed", "3", "--a", f"{PING}=0", "--b", f"{PING}=500")
    length = ("--minutes", str(SECONDS / 60), "--html", str(folder / "page.html"))
    running = start(folder / "ab", *words, *length)
    try:
        assert wait_until(lambda: bool(telemetry(folder / "ab" / "a") and telemetry(folder / "ab" / "b")))
        send_foreign_requests((load_meta(folder / "ab" / "a").environment or {})["ASTER_REST_URL"])
        stdout, stderr = running.communicate(timeout=PATIENCE_S)
    finally:
        running.kill()
    (folder / "stderr").write_text(stderr, encoding="utf-8")
    assert running.returncode == 0, stderr
    yield folder / "ab", stdout


def test_both_sides_begin_and_end_at_the_same_moment(pair: tuple[Path, str]) -> None:
    first, second = (load_meta(pair[0] / side) for side in "ab")
    assert first.first_telemetry_ms and second.first_telemetry_ms and first.stopped_ms and second.stopped_ms
    assert abs(first.first_telemetry_ms - second.first_telemetry_ms) < 250
    assert abs(first.stopped_ms - second.stopped_ms) < 500


def test_the_pair_its_order_and_the_settings_under_test_are_recorded(pair: tuple[Path, str]) -> None:
    first, second = (load_meta(pair[0] / side).pair for side in "ab")
    assert first is not None and second is not None and first.id == second.id and first.order == second.order
    assert (first.side, second.side, first.under_test, first.same_venues) == ("a", "b", (PING,), True)


def test_the_sides_share_one_set_of_venues_and_their_faults(pair: tuple[Path, str]) -> None:
    urls = [
        {name: value for name, value in (load_meta(pair[0] / side).environment or {}).items() if "127.0.0.1" in value}
        for side in "ab"
    ]
    assert urls[0] == urls[1] and len(urls[0]) == 2 * VENUES
    resets = [reconnects(pair[0] / side, "aster") for side in "ab"]
    assert len(resets[0]) == len(resets[1]) == 1 and abs(resets[0][0] - resets[1][0]) < 500_000


def reconnects(run: Path, venue: str) -> list[int]:
    """Return the times at which a venue's sockets ended, in µs."""
    rows = map(json.loads, (run / "events.jsonl").read_text(encoding="utf-8").splitlines())
    return [row["at_us"] for row in rows if row.get("venue") == venue and row["kind"] == "reconnect"]


def test_the_document_leads_with_the_setting_under_test_and_says_the_design(pair: tuple[Path, str]) -> None:
    document = (pair[0] / "evidence.md").read_text(encoding="utf-8")
    assert f"**Under test:** {PING} 0 → 500." in document and "setting differs" not in document
    assert "Paired, same time, same venues, same machine; before is side a, and side" in document
    assert f"Under test: {PING} 0 → 500." in pair[1] and pair[1].endswith(f"{pair[0] / 'evidence.md'}\n")
    assert "<html" in (pair[0].parent / "page.html").read_text(encoding="utf-8")


def test_clients_that_the_venues_of_a_pair_refused_are_counted_on_the_terminal_and_in_the_files_of_both_sides(
    pair: tuple[Path, str],
) -> None:
    assert refusals((pair[0].parent / "stderr").read_text(encoding="utf-8"), "venues: aster") == [1, 1]
    for side in "ab":
        assert refusals((pair[0] / side / "run.log").read_text(encoding="utf-8"), "simulated aster") == [1, 1]
        rows = map(json.loads, (pair[0] / side / "events.jsonl").read_text(encoding="utf-8").splitlines())
        details = [row["fields"]["detail"] for row in rows if row.get("kind") == "client_refused"]
        assert refusals("\n".join(details), "aster") == [1, 1] and len(details) == 2


def test_pings_keep_the_venue_from_dropping_the_client(pair: tuple[Path, str]) -> None:
    document = (pair[0] / "evidence.md").read_text(encoding="utf-8")
    row = next(line for line in document.splitlines() if line.startswith("| lighter |")).split("|")[2]
    assert row.strip().endswith("→ 0") and int(row.split("→")[0]) >= 2


def test_programs_that_start_at_different_times_end_together(tmp_path: Path) -> None:
    done = ab(tmp_path / "ab", "--", *WRITES, "---", *WRITES, "--build-s", "1.5")
    first, second = (load_meta(tmp_path / "ab" / side) for side in "ab")
    assert second.build_ms and first.build_ms and second.build_ms - first.build_ms > 1_000
    assert first.stopped_ms and second.stopped_ms and abs(first.stopped_ms - second.stopped_ms) < 1_000
    order = load_meta(tmp_path / "ab" / "a").pair
    assert order is not None and f": {', '.join(order.order)}; Ctrl-C" in done.stderr


@pytest.mark.parametrize(
    ("command", "cause"),
    [
        (("/nonexistent/program", "--flag"), "the program was not found: /nonexistent/program: not found"),
        (("sh", "-c", "no-such-program --flag"), "the program was not found: no-such-program: not found"),
        (
            ("sh", "-c", "echo 'error: could not compile `x`'; exit 101"),
            "the build failed",
        ),
    ],
)
def test_a_side_that_never_starts_is_evidence_and_the_other_side_stands(
    tmp_path: Path, command: tuple[str, ...], cause: str
) -> None:
    ab(tmp_path / "ab", "--", *WRITES, "---", *command, code=5)
    document = (tmp_path / "ab" / "evidence.md").read_text(encoding="utf-8")
    assert "**Blocked: the after run never ran:**" in document and cause in document
    assert "The figures are those of the before run" in document and len(telemetry(tmp_path / "ab" / "a")) > 5


def test_an_interrupt_stops_both_sides_and_keeps_their_runs(tmp_path: Path) -> None:
    out = tmp_path / "ab"
    running = start(out, "--minutes", "5", "--a", f"{PING}=0")
    assert wait_until(lambda: all(len(telemetry(out / side)) > 20 for side in "ab"))
    running.send_signal(signal.SIGINT)
    stderr = running.communicate(timeout=PATIENCE_S)[1]
    assert running.returncode == 130, stderr
    assert [load_meta(out / side).stopped_by for side in "ab"] == ["interrupt", "interrupt"]


def test_nothing_is_left_when_the_command_is_killed(tmp_path: Path) -> None:
    out = tmp_path / "ab"
    sleeps = shlex.split("sh -c 'sleep 600; true'")
    marks = [os.fsencode(f"TOOLKIT_RUN_DIR={(out / side).resolve()}") for side in "ab"]
    running = start(out, "--", *sleeps, "---", *sleeps)
    assert wait_until(lambda: all(len(list(guard.processes(None, mark))) >= 2 for mark in marks))
    running.kill()
    running.communicate(timeout=PATIENCE_S)
    assert wait_until(lambda: not any(True for mark in marks for _ in guard.processes(None, mark)))


def test_connectors_end_when_the_command_is_killed(tmp_path: Path) -> None:
    out = tmp_path / "ab"
    running = start(out, "--minutes", "5", "--a", f"{PING}=0")
    assert wait_until(lambda: all(len(telemetry(out / side)) > 5 for side in "ab"))
    running.kill()
    running.communicate(timeout=PATIENCE_S)
    assert wait_until(lambda: all(load_meta(out / side).stopped_by == "interrupt" for side in "ab"))


@pytest.mark.untraced
def test_a_regression_is_called_after_a_fresh_pair_has_shown_it_too(tmp_path: Path) -> None:
    out = tmp_path / "ab"
    words = ("--a", f"{SESSION}=600", "--b", f"{SESSION}=1", "--venues", "lighter", "--seed", "1", "--confirm")
    done = ab(out, *words, "--fail-on", "regression", seconds=12, code=1, **AT_ONCE)
    pairs = [load_meta(directory / "a").pair for directory in (out, out / "confirm")]
    assert pairs[0] is not None and pairs[1] is not None and pairs[0].id != pairs[1].id
    assert "Regressed, seen twice: Lighter reconnects 0 →" in done.stdout.replace("\u00a0", " ")
    document = (out / "evidence.md").read_text(encoding="utf-8")
    assert "**Seen twice:** Lighter reconnects" in document
    words = shlex.split(re.findall("Made by `toolkit ([^`]*)`", document)[0])
    again = [*AB[:3], *words[: words.index("-o")], *words[words.index("-o") + 2 :], "--db", ":memory:"]
    made = subprocess.run(again, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert made.replace("Made by `toolkit report ab/a ab/b ", "") == document.replace(
        "Made by `toolkit report ab/a ab/b -o ab/evidence.md ", ""
    )


@pytest.mark.untraced
def test_unlike_a_regression_an_improvement_is_no_failure_and_needs_no_second_pair(tmp_path: Path) -> None:
    out = tmp_path / "ab"
    words = ("--a", f"{SESSION}=1", "--b", f"{SESSION}=600", "--venues", "lighter", "--confirm")
    done = ab(out, *words, "--fail-on", "unproven", "--format", "json", seconds=12, **AT_ONCE)
    rows = {row["figure"]: row["verdict"] for row in json.loads(done.stdout)["rows"]}
    assert rows["lighter.reconnects"] == "improved" and not (out / "confirm").exists()
