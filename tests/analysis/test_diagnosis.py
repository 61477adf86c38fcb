"""A run ends as its last life does, and the line that says why is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.analysis.metrics.made_up import START_LINE, record
from toolkit.analysis.pipeline import Options, analyze
from toolkit.model.runs import RunInfo

SPOKE = "INFO: Lighter public WS connected url=wss://api.example/x"
PANIC = ("thread 'main' panicked at src/x.rs:1:2:", "boom")
ERROR = "paraphina_live | error=account_snapshot_failed connector=aster"
RAN = 30
KILL_EVENT = '{"basis_b_t":0.0,"kill_reason":"PnlHardBreach","timebase_id":"x"}'


def records(count: int, **more: object) -> str:
    return "".join(record(t, t / 4, (0, 0, 0), **more) for t in range(count))


def ended(
    folder: Path, *log: str, telemetry: str = "", requested_ms: int | None = None, before: tuple[str, ...] = ()
) -> RunInfo:
    """How a run ended whose log, and what was written before it in a part of its own, hold these lines."""
    for name, lines in (("run.log.1", before), ("run.log", log)):
        if lines:
            (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    if telemetry:
        (folder / "telemetry.jsonl").write_text(telemetry, encoding="utf-8")
    return analyze([str(folder)], options=Options(requested_ms=requested_ms)).run


def said(run: RunInfo) -> tuple[str, str | None, int | None]:
    """The end, the code of its cause, and the line that says so."""
    cause = run.diagnosis
    return str(run.ended), cause and cause.code, cause and cause.line


@pytest.mark.parametrize(
    "first_life",
    [
        (START_LINE, *PANIC),
        (START_LINE, "Killed"),
        (START_LINE, KILL_EVENT),
        (START_LINE, "[telemetry] async writer: write error, disabling"),
        (START_LINE, "memory allocation of 99 bytes failed"),
        (START_LINE, "thread 'tokio-runtime-worker' panicked at src/x.rs:1:2:", "boom"),
        (START_LINE, PANIC[0] + START_LINE),
        (ERROR,),
        (START_LINE, ERROR),
    ],
    ids=["panic", "killed", "kill switch", "no telemetry", "memory", "task", "glued panic", "refused", "error"],
)
def test_what_ended_a_life_before_the_last_did_not_end_the_run(tmp_path: Path, first_life: tuple[str, ...]) -> None:
    assert said(ended(tmp_path, *first_life, START_LINE, SPOKE, telemetry=records(RAN))) == ("unknown", None, None)


def test_what_ended_a_life_before_the_last_is_a_finding_with_its_line(tmp_path: Path) -> None:
    ended(tmp_path, START_LINE, "Killed", START_LINE, SPOKE, telemetry=records(RAN))
    assert ("earlier_end", (("run.log", 2),)) in [(each.code, each.lines) for each in analyze([str(tmp_path)]).findings]


@pytest.mark.parametrize(("log", "place"), [((), ("telemetry.jsonl", 2)), ((START_LINE, KILL_EVENT), ("run.log", 2))])
def test_a_kill_switch_of_an_earlier_life_is_one_finding_also_where_only_telemetry_tells(
    tmp_path: Path, log: tuple[str, ...], place: tuple[str, int]
) -> None:
    killed = record(0, 0, (0, 0, 0)) + record(1, 1, (0, 0, 0), kill_switch=True, kill_reason="PnlHardBreach") * 2
    ended(tmp_path, *log, *((START_LINE, SPOKE) if log else ()), telemetry=killed + records(1))
    found = [each for each in analyze([str(tmp_path)]).findings if each.code == "earlier_end"]
    assert [each.lines for each in found] == [(place,)]
    assert "PnlHardBreach" in found[0].text


def test_a_kill_switch_in_the_telemetry_of_an_earlier_life_did_not_end_the_run(tmp_path: Path) -> None:
    telemetry = records(3, kill_switch=True, kill_reason="PnlHardBreach") + records(RAN)
    assert said(ended(tmp_path, START_LINE, START_LINE, telemetry=telemetry)) == ("unknown", None, None)


def test_the_last_life_of_a_rotated_log_may_have_begun_in_the_part_before(tmp_path: Path) -> None:
    run = ended(tmp_path, SPOKE, *PANIC, before=(START_LINE, "Killed", START_LINE), telemetry=records(RAN))
    assert said(run) == ("crashed", "panic", 2)


def test_a_start_in_a_later_part_of_a_rotated_log_begins_a_life(tmp_path: Path) -> None:
    run = ended(tmp_path, START_LINE, SPOKE, before=(START_LINE, "Killed"), telemetry=records(RAN))
    assert said(run) == ("unknown", None, None)


def test_a_repeated_word_of_the_shell_is_of_the_life_it_stands_in(tmp_path: Path) -> None:
    run = ended(tmp_path, START_LINE, *["Killed"] * 50, START_LINE, SPOKE, "Killed", telemetry=records(RAN))
    assert said(run) == ("killed", "signal", 54)


@pytest.mark.parametrize(
    ("lines", "telemetry", "told"),
    [
        ((ERROR,), "", ("never_started", "configuration", 2)),
        ((ERROR,), records(RAN), ("crashed", "program_error", 2)),
        ((ERROR, SPOKE), records(RAN), ("unknown", "program_error", 2)),
        (("server said " + ERROR,), records(RAN), ("unknown", None, None)),
    ],
    ids=["before any record", "at the end", "in passing", "quoted"],
)
def test_an_error_of_the_program_ends_a_run_where_nothing_follows(
    tmp_path: Path, lines: tuple[str, ...], telemetry: str, told: tuple[str, str | None, int | None]
) -> None:
    assert said(ended(tmp_path, START_LINE, *lines, telemetry=telemetry)) == told


FINISHED = "    Finished `release` profile [optimized] target(s)"


@pytest.mark.parametrize(
    ("log", "meta", "requested_ms"),
    [
        ([f"{FINISHED} in 1m 30s"], None, 510_000),
        ([f"{FINISHED} in 90.00s"], None, 510_000),
        ([f"{FINISHED} in 1m 30.5s"], None, 509_500),
        ([f"{FINISHED} in 1h 0m 1s"], None, 600_000),
        ([FINISHED], None, 600_000),
        ([f"{FINISHED} in 30.00s"] * 20, None, 600_000),
        ([f"{FINISHED} in 2.00s"] * 20, None, 560_000),
        (["server said" + FINISHED + " in 1m 30s"], None, 600_000),
        ([f"{FINISHED} in 1m 30s"], '{"schema": "toolkit.run_meta/1", "requested_ms": 300000}', 600_000),
    ],
    ids=[
        "minutes",
        "seconds",
        "a fraction",
        "longer than all",
        "no time",
        "as long as all",
        "several",
        "quoted",
        "counted from the first telemetry",
    ],
)
def test_the_builds_that_a_log_shows_are_taken_off_the_requested_time(
    tmp_path: Path, log: list[str], meta: str | None, requested_ms: int
) -> None:
    if meta:
        (tmp_path / "run_meta.json").write_text(meta, encoding="utf-8")
    assert ended(tmp_path, *log, START_LINE, requested_ms=600_000).requested_ms == requested_ms


def test_a_run_that_was_stopped_on_time_after_its_build_did_not_die_early(tmp_path: Path) -> None:
    run = ended(tmp_path, f"{FINISHED} in 8.00s", START_LINE, telemetry=records(41), requested_ms=18_000)
    assert said(run) == ("timeout", None, None)


COMPILING = "   Compiling feedcore v0.1.0 (/x)"
RUNNING = "     Running `target/release/paraphina_live --foo`"
ARGUMENT = "error: unexpected argument '--foo' found"
MAIN_ERROR = 'Error: Os { code: 98, kind: AddrInUse, message: "Address already in use" }'
EXDEV = "error: failed to write target/libfeedcore.rmeta: Invalid cross-device link (os error 18)"


@pytest.mark.parametrize(
    ("log", "told"),
    [
        ((COMPILING, FINISHED, RUNNING, ARGUMENT), ("never_started", "configuration", 4)),
        ((FINISHED, RUNNING, MAIN_ERROR), ("never_started", "program_error", 3)),
        ((COMPILING, EXDEV, COMPILING, FINISHED, RUNNING), ("unknown", None, None)),
        ((COMPILING, FINISHED, RUNNING, COMPILING, EXDEV), ("blocked_build", "exdev", 5)),
        ((COMPILING, "     Running `rustc --crate-name x`", EXDEV), ("blocked_build", "exdev", 3)),
        ((COMPILING, MAIN_ERROR), ("unknown", None, None)),
        ((FINISHED, RUNNING, "it said " + MAIN_ERROR), ("unknown", None, None)),
    ],
    ids=["argument", "main", "a build that failed before", "a later build", "a shown compiler", "no program", "quoted"],
)
def test_what_the_program_says_after_its_build_is_no_error_of_the_build(
    tmp_path: Path, log: tuple[str, ...], told: tuple[str, str | None, int | None]
) -> None:
    assert said(ended(tmp_path, *log)) == told


@pytest.mark.parametrize(
    ("log", "told"),
    [((MAIN_ERROR,), ("crashed", "program_error", 2)), ((MAIN_ERROR, SPOKE), ("unknown", None, None))],
    ids=["last words", "somebody else's"],
)
def test_an_error_that_main_returned_is_the_last_that_a_program_says(
    tmp_path: Path, log: tuple[str, ...], told: tuple[str, str | None, int | None]
) -> None:
    assert said(ended(tmp_path, START_LINE, *log, telemetry=records(RAN))) == told


TARGET = "target/release/paraphina_live --trade-mode shadow"
FAILED = f"error: process didn't exit successfully: `{TARGET}`"
OOM = "Out of memory: Killed process 4242 (paraphina_live) total-vm:123kB"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (f"./run.sh: line 3:  4242 Killed                  {TARGET}", ("killed", "signal", 2)),
        (f"nightly-7.sh: line 3:  4242 Killed                  {TARGET}", ("killed", "signal", 2)),
        (f"bash: line 1: 12345 Segmentation fault      (core dumped) {TARGET}", ("killed", "signal", 2)),
        ("bash: line 1: 12345 Terminated              timeout 600 cargo run", ("killed", "signal", 2)),
        ('bash: line 1: 12345 Aborted                 "$BIN" --trade-mode shadow', ("killed", "signal", 2)),
        ("bash: line 1: 12345 Terminated              sleep 600", ("unknown", None, None)),
        (f"it said: bash: line 1: 12345 Killed                  {TARGET}", ("unknown", None, None)),
        (OOM, ("killed", "out_of_memory", 2)),
        (OOM.replace("paraphina_live", "chrome"), ("unknown", None, None)),
        ("server said " + OOM, ("unknown", None, None)),
        (f"{FAILED} (signal: 9, SIGKILL: kill)", ("killed", "signal", 2)),
        (f"{FAILED} (exit status: 2)", ("crashed", "exit_code", 2)),
        (f"server said {FAILED} (signal: 9, SIGKILL: kill)", ("unknown", None, None)),
    ],
)
def test_whoever_saw_the_program_die_of_a_signal_is_believed(
    tmp_path: Path, line: str, told: tuple[str, str | None, int | None]
) -> None:
    assert said(ended(tmp_path, START_LINE, line, telemetry=records(RAN))) == told


@pytest.mark.parametrize(
    ("log", "told"),
    [
        (
            ("error: could not compile `x` (lib)", "", "Caused by:",
             "  process didn't exit successfully: `rustc ...` (signal: 9, SIGKILL: kill)"),
            ("blocked_build", "compiler_killed", 5),
        ),
        (
            ("error: could not compile `x` (lib)", "", "Caused by:",
             "  process didn't exit successfully: `rustc ...` (signal: 11, SIGSEGV: invalid memory reference)"),
            ("blocked_build", "compiler_died", 5),
        ),
        (("error: process didn't exit successfully: `rustc -vV` (signal: 9, SIGKILL: kill)",), ("blocked_build", "compiler_killed", 2)),
        (("error: process didn't exit successfully: `rustc -vV` (exit status: 1)",), ("blocked_build", "build_failed", 2)),
        (("error: expected `)`, found (signal: 9, SIGKILL: kill)",), ("blocked_build", "build_failed", 2)),
    ],
    ids=["killed", "died", "asked its version", "refused", "quoted"],
)  # fmt: skip
def test_a_compiler_that_died_of_a_signal_is_what_stopped_the_build(
    tmp_path: Path, log: tuple[str, ...], told: tuple[str, str | None, int | None]
) -> None:
    assert said(ended(tmp_path, COMPILING, *log)) == told


def test_the_reason_of_a_kill_switch_is_taken_from_the_log(tmp_path: Path) -> None:
    run = ended(tmp_path, START_LINE, KILL_EVENT, telemetry=records(RAN))
    assert said(run) == ("completed", "kill_switch", 2)
    assert run.diagnosis
    assert run.diagnosis.text.endswith(": PnlHardBreach")


@pytest.mark.parametrize(
    ("panic", "told"),
    [
        (("'boom here', src/x.rs:1:2",), "boom here (src/x.rs:1:2)"),
        (("'it's', src/y.rs:3:4', src/x.rs:1:2",), "it's', src/y.rs:3:4 (src/x.rs:1:2)"),
        (("'assertion failed", "  left: `1`', src/x.rs:1:2"), "assertion failed"),
        (("src/x.rs:1:2:", "boom"), "boom (src/x.rs:1:2)"),
    ],
    ids=["one line", "quotes in the message", "several lines", "of today"],
)
def test_a_panic_has_its_message_and_its_place(tmp_path: Path, panic: tuple[str, ...], told: str) -> None:
    run = ended(tmp_path, START_LINE, "thread 'main' panicked at " + panic[0], *panic[1:], telemetry=records(RAN))
    assert said(run) == ("crashed", "panic", 2)
    assert run.diagnosis
    assert run.diagnosis.text == f"the program panicked: {told}"
