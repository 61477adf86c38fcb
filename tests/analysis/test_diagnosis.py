"""The end of a run is that of its last life, with the log line that shows the cause."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.analysis.metrics.sample_runs import START_LINE, record
from toolkit.analysis.pipeline import Options, analyze
from toolkit.model.runs import RunInfo

CONNECTED = "INFO: Lighter public WS connected url=wss://api.example/x"
PANIC = ("thread 'main' panicked at src/x.rs:1:2:", "boom")
ERROR = "paraphina_live | error=account_snapshot_failed connector=aster"
RECORDS = 30
KILL_EVENT = '{"basis_b_t":0.0,"kill_reason":"PnlHardBreach","timebase_id":"x"}'


def records(count: int, **more: object) -> str:
    return "".join(record(t, t / 4, (0, 0, 0), **more) for t in range(count))


def ended(
    folder: Path, *log: str, telemetry: str = "", requested_ms: int | None = None, before: tuple[str, ...] = ()
) -> RunInfo:
    """Analyse a run with these log lines, in the scope with the fewest figures, since no end depends on a figure.

    `before` is an earlier part of a rotated log.
    """
    for name, lines in (("run.log.1", before), ("run.log", log)):
        if lines:
            (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    if telemetry:
        (folder / "telemetry.jsonl").write_text(telemetry, encoding="utf-8")
    return analyze([str(folder)], options=Options(requested_ms=requested_ms, scope="ages")).run


def outcome(run: RunInfo) -> tuple[str, str | None, int | None]:
    """Return how the run ended, the code of the cause, and its line."""
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
def test_the_end_of_an_earlier_life_is_not_the_end_of_the_run(tmp_path: Path, first_life: tuple[str, ...]) -> None:
    assert outcome(ended(tmp_path, *first_life, START_LINE, CONNECTED, telemetry=records(RECORDS))) == (
        "unknown",
        None,
        None,
    )


def test_the_end_of_an_earlier_life_is_a_finding_with_its_line(tmp_path: Path) -> None:
    ended(tmp_path, START_LINE, "Killed", START_LINE, CONNECTED, telemetry=records(RECORDS))
    assert ("earlier_end", (("run.log", 2),)) in [(each.code, each.lines) for each in analyze([str(tmp_path)]).findings]


@pytest.mark.parametrize(("log", "place"), [((), ("telemetry.jsonl", 2)), ((START_LINE, KILL_EVENT), ("run.log", 2))])
def test_a_kill_switch_of_an_earlier_life_is_one_finding_from_the_log_or_telemetry(
    tmp_path: Path, log: tuple[str, ...], place: tuple[str, int]
) -> None:
    killed = record(0, 0, (0, 0, 0)) + record(1, 1, (0, 0, 0), kill_switch=True, kill_reason="PnlHardBreach") * 2
    ended(tmp_path, *log, *((START_LINE, CONNECTED) if log else ()), telemetry=killed + records(1))
    found = [each for each in analyze([str(tmp_path)]).findings if each.code == "earlier_end"]
    assert [each.lines for each in found] == [(place,)]
    assert "PnlHardBreach" in found[0].text


def test_a_kill_switch_in_the_telemetry_of_an_earlier_life_did_not_end_the_run(tmp_path: Path) -> None:
    telemetry = records(3, kill_switch=True, kill_reason="PnlHardBreach") + records(RECORDS)
    assert outcome(ended(tmp_path, START_LINE, START_LINE, telemetry=telemetry)) == ("unknown", None, None)


def test_the_last_life_of_a_rotated_log_may_begin_in_an_earlier_part(tmp_path: Path) -> None:
    run = ended(tmp_path, CONNECTED, *PANIC, before=(START_LINE, "Killed", START_LINE), telemetry=records(RECORDS))
    assert outcome(run) == ("crashed", "panic", 2)


def test_a_start_in_a_later_part_of_a_rotated_log_begins_a_life(tmp_path: Path) -> None:
    run = ended(tmp_path, START_LINE, CONNECTED, before=(START_LINE, "Killed"), telemetry=records(RECORDS))
    assert outcome(run) == ("unknown", None, None)


def test_a_repeated_shell_message_belongs_to_the_life_of_its_line(tmp_path: Path) -> None:
    run = ended(tmp_path, START_LINE, *["Killed"] * 50, START_LINE, CONNECTED, "Killed", telemetry=records(RECORDS))
    assert outcome(run) == ("killed", "signal", 54)


@pytest.mark.parametrize(
    ("lines", "telemetry", "expected"),
    [
        ((ERROR,), "", ("never_started", "configuration", 2)),
        ((ERROR,), records(RECORDS), ("crashed", "program_error", 2)),
        ((ERROR, CONNECTED), records(RECORDS), ("unknown", "program_error", 2)),
        (("server said " + ERROR,), records(RECORDS), ("unknown", None, None)),
    ],
    ids=["before any record", "at the end", "in passing", "quoted"],
)
def test_a_program_error_ends_a_run_if_no_line_follows(
    tmp_path: Path, lines: tuple[str, ...], telemetry: str, expected: tuple[str, str | None, int | None]
) -> None:
    assert outcome(ended(tmp_path, START_LINE, *lines, telemetry=telemetry)) == expected


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
def test_build_times_in_the_log_are_subtracted_from_the_requested_time(
    tmp_path: Path, log: list[str], meta: str | None, requested_ms: int
) -> None:
    if meta:
        (tmp_path / "run_meta.json").write_text(meta, encoding="utf-8")
    assert ended(tmp_path, *log, START_LINE, requested_ms=600_000).requested_ms == requested_ms


def test_a_run_stopped_on_time_after_its_build_did_not_die_early(tmp_path: Path) -> None:
    run = ended(tmp_path, f"{FINISHED} in 8.00s", START_LINE, telemetry=records(41), requested_ms=18_000)
    assert outcome(run) == ("timeout", None, None)


COMPILING = "   Compiling feedcore v0.1.0 (/x)"
RUNNING = "     Running `target/release/paraphina_live --foo`"
ARGUMENT = "error: unexpected argument '--foo' found"
MAIN_ERROR = 'Error: Os { code: 98, kind: AddrInUse, message: "Address already in use" }'
EXDEV = "error: failed to write target/libfeedcore.rmeta: Invalid cross-device link (os error 18)"


@pytest.mark.parametrize(
    ("log", "expected"),
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
def test_an_error_of_the_program_after_its_build_is_no_build_error(
    tmp_path: Path, log: tuple[str, ...], expected: tuple[str, str | None, int | None]
) -> None:
    assert outcome(ended(tmp_path, *log)) == expected


@pytest.mark.parametrize(
    ("log", "expected"),
    [((MAIN_ERROR,), ("crashed", "program_error", 2)), ((MAIN_ERROR, CONNECTED), ("unknown", None, None))],
    ids=["last words", "somebody else's"],
)
def test_an_error_returned_by_main_counts_only_as_the_last_line(
    tmp_path: Path, log: tuple[str, ...], expected: tuple[str, str | None, int | None]
) -> None:
    assert outcome(ended(tmp_path, START_LINE, *log, telemetry=records(RECORDS))) == expected


TARGET = "target/release/paraphina_live --trade-mode shadow"
FAILED = f"error: process didn't exit successfully: `{TARGET}`"
OOM = "Out of memory: Killed process 4242 (paraphina_live) total-vm:123kB"


@pytest.mark.parametrize(
    ("line", "expected"),
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
def test_a_report_of_the_program_s_death_by_a_signal_is_the_cause(
    tmp_path: Path, line: str, expected: tuple[str, str | None, int | None]
) -> None:
    assert outcome(ended(tmp_path, START_LINE, line, telemetry=records(RECORDS))) == expected


@pytest.mark.parametrize(
    ("lines", "memory"),
    [
        (("Killed",), False),
        ((f"./run.sh: line 3:  4242 Killed                  {TARGET}",), False),
        ((f"{FAILED} (signal: 9, SIGKILL: kill)",), False),
        ((OOM, "Killed"), True),
        (("memory allocation of 99 bytes failed", "Killed"), True),
    ],
)
def test_memory_is_named_only_where_a_line_shows_that_it_ran_out(
    tmp_path: Path, lines: tuple[str, ...], memory: bool
) -> None:
    run = ended(tmp_path, START_LINE, CONNECTED, *lines, telemetry=records(RECORDS))
    assert run.diagnosis is not None
    assert ("memory" in run.diagnosis.text) is memory


@pytest.mark.parametrize(
    ("log", "expected"),
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
def test_a_compiler_killed_by_a_signal_is_the_cause_of_a_failed_build(
    tmp_path: Path, log: tuple[str, ...], expected: tuple[str, str | None, int | None]
) -> None:
    assert outcome(ended(tmp_path, COMPILING, *log)) == expected


def test_the_reason_of_a_kill_switch_is_taken_from_the_log(tmp_path: Path) -> None:
    run = ended(tmp_path, START_LINE, KILL_EVENT, telemetry=records(RECORDS))
    assert outcome(run) == ("completed", "kill_switch", 2)
    assert run.diagnosis
    assert run.diagnosis.text.endswith(": PnlHardBreach")


@pytest.mark.parametrize(
    ("panic", "expected"),
    [
        (("'boom here', src/x.rs:1:2",), "boom here (src/x.rs:1:2)"),
        (("'it's', src/y.rs:3:4', src/x.rs:1:2",), "it's', src/y.rs:3:4 (src/x.rs:1:2)"),
        (("'assertion failed", "  left: `1`', src/x.rs:1:2"), "assertion failed"),
        (("src/x.rs:1:2:", "boom"), "boom (src/x.rs:1:2)"),
    ],
    ids=["one line", "quotes in the message", "several lines", "of today"],
)
def test_a_panic_is_reported_with_its_message_and_source_position(
    tmp_path: Path, panic: tuple[str, ...], expected: str
) -> None:
    run = ended(tmp_path, START_LINE, "thread 'main' panicked at " + panic[0], *panic[1:], telemetry=records(RECORDS))
    assert outcome(run) == ("crashed", "panic", 2)
    assert run.diagnosis
    assert run.diagnosis.text == f"the program panicked: {expected}"


CHAIN = (
    "Error: failed to start",
    "",
    "Caused by:",
    "    0: error sending request",
    "    1: client error",
    "    2: dns error",
)
CHAIN_TEXT = "failed to start: error sending request: client error: dns error"


@pytest.mark.parametrize(
    ("log", "text"),
    [
        (CHAIN, CHAIN_TEXT),
        ((*CHAIN, "    2: not of the chain", "3: nor this"), CHAIN_TEXT),
        ((*CHAIN[:3], "    only one cause", "    1: another line"), "failed to start: only one cause"),
        ((CHAIN[0], "", "", "", *CHAIN[2:]), "failed to start"),
        ((*CHAIN[:4], *(f"    {n}: {'x' * 99}" for n in range(1, 40))), "failed to start: error sending request: " + "x" * 99),
    ],
    ids=["a chain", "further lines", "a single cause", "the causes of something else", "a long chain"],
)  # fmt: skip
def test_an_error_of_the_program_is_quoted_with_all_its_causes(tmp_path: Path, log: tuple[str, ...], text: str) -> None:
    run = ended(tmp_path, START_LINE, CONNECTED, *log, telemetry=records(RECORDS))
    assert run.diagnosis is not None
    message = run.diagnosis.text.removeprefix("the program ended with an error: ")
    assert message.startswith(text) if "x" in text else message == text
    assert len(message) < 300


def test_the_cause_of_a_failed_build_is_quoted_with_the_whole_numbered_chain(tmp_path: Path) -> None:
    run = ended(tmp_path, "error: failed to run custom build command for `x`", *CHAIN[1:])
    assert run.diagnosis is not None
    assert "error sending request: client error: dns error" in run.diagnosis.text
