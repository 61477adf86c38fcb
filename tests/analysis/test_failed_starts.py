"""A run whose program never started shows the cause, with its line, its report and no passed gate."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.analysis.metrics.sample_runs import START_LINE
from tests.analysis.test_diagnosis import COMPILING, CONNECTED, FINISHED, RUNNING, ended, outcome
from tests.sampling import sampled
from toolkit.cli import main

UPDATING = "    Updating git repository `https://github.com/example/feedcore`"
LOCK = "    Blocking waiting for file lock on build directory"
FAILED = "error: could not compile `feedcore` (lib) due to 1 previous error"
LINKING = "error: linking with `cc` failed: exit status: 1"
NOTE = "  = note: /usr/bin/ld: "
BUILD_SCRIPT = "error: failed to run custom build command for `openssl-sys v0.9.1`"
LOCK_FILE = "  lock file version `4` was found, but this version of Cargo does not understand this lock file"
GLIBC = (
    "./paraphina_live: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found (required by ./paraphina_live)"
)
CAUSE = ("", "Caused by:")

BLOCKED = [
    ("no_space", 5, (COMPILING, "error: failed to write `/x/invoked.timestamp`", *CAUSE, "  No space left on device (os error 28)")),
    ("no_space", 3, (COMPILING, LINKING, NOTE + "final link failed: No space left on device")),
    ("no_space", 3, (COMPILING, FAILED, "LLVM ERROR: IO failure on output stream: No space left on device")),
    ("out_of_memory", 2, (COMPILING, "LLVM ERROR: out of memory")),
    ("out_of_memory", 2, (COMPILING, "memory allocation of 4194304 bytes failed", FAILED)),
    ("compiler_killed", 5, (COMPILING, FAILED, *CAUSE, "  process didn't exit successfully: `rustc` (signal: 9, SIGKILL: kill)")),
    ("out_of_memory", 2, (COMPILING, "[12.5] Out of memory: Killed process 42 (rustc) total-vm:9kB", FAILED)),
    ("compiler_killed", 3, (COMPILING, LINKING, NOTE + "collect2: fatal error: ld terminated with signal 9 [Killed]")),
    ("compiler_died", 2, (COMPILING, "error: rustc interrupted by SIGSEGV, printing backtrace", FAILED)),
    ("no_network", 7, (UPDATING, "error: failed to load source for dependency `feedcore`", *CAUSE, "  Unable to update https://x", "Caused by:",
                       "  failed to resolve address for github.com: Temporary failure in name resolution; class=Net (12)")),
    ("no_network", 4, ("error: failed to get `serde` as a dependency of package `x v0.1.0`", *CAUSE, "  [6] Could not resolve host: index.crates.io")),
    ("no_network", 2, (COMPILING, "error: failed to download from `https://static.crates.io/x`")),
    ("no_access", 4, (UPDATING, "error: failed to load source", "Caused by:", "  failed to authenticate when downloading repository")),
    ("lock_file_version", 4, ("error: failed to parse lock file at: /x/Cargo.lock", *CAUSE, LOCK_FILE)),
    ("toolchain", 1, ("error: package `x v1.0.0` cannot be built because it requires rustc 1.85 or newer",)),
    ("missing_program", 2, (COMPILING, "error: linker `cc` not found")),
    ("missing_program", 4, (COMPILING, BUILD_SCRIPT, "  --- stderr", "  Error: failed to find tool. Is `cmake` not installed?")),
    ("missing_library", 3, (COMPILING, LINKING, NOTE + "cannot find -lssl: No such file or directory")),
    ("missing_library", 4, (COMPILING, BUILD_SCRIPT, "  --- stderr", "  Could not find directory of OpenSSL installation")),
    ("glibc", 3, (COMPILING, BUILD_SCRIPT, "  /x/build-script-build: /lib/libc.so.6: version `GLIBC_2.39' not found (required by /x)")),
    ("link_error", 2, (COMPILING, LINKING, NOTE + "undefined reference to `x'")),
    ("compile_error", 2, (COMPILING, "error[E0308]: mismatched types", '3 |     let x = "No space left on device";', FAILED)),
    ("no_space", 4, (COMPILING, "error[E0308]: mismatched types", FAILED, "error: No space left on device (os error 28)")),
    ("build_failed", 4, (COMPILING, BUILD_SCRIPT, "Caused by:", "  process didn't exit successfully: `x` (exit status: 101)")),
    ("build_lock", 1, (LOCK,)),
    ("build_lock", 2, (COMPILING, LOCK, "timeout: sending signal TERM to command 'cargo'")),
    ("build_lock", 3, (COMPILING, FINISHED, LOCK, "Terminated")),
    ("build_stopped", 2, (COMPILING, "timeout: sending signal TERM to command 'cargo'")),
    ("build_stopped", 2, (COMPILING, "Killed")),
    ("build_stopped", 3, (LOCK, COMPILING, "##[error]The operation was canceled.")),
]  # fmt: skip

NEVER = [
    ("glibc", 1, (GLIBC,)),
    ("glibc", 4, (COMPILING, FINISHED, RUNNING, GLIBC.replace("./paraphina_live: ", "target/release/paraphina_live: ", 1))),
    ("missing_library", 1, ("./paraphina_live: error while loading shared libraries: libssl.so.1.1: cannot open shared object file: No such file or directory",)),
    ("missing_program", 1, ("bash: ./paraphina_live: No such file or directory",)),
    ("missing_program", 1, ("./run.sh: line 3: cargo: command not found", "##[error]Process completed with exit code 127.")),
    ("missing_program", 1, ("timeout: failed to run command ‘./paraphina_live’: No such file or directory",)),
    ("no_permission", 1, ("./run.sh: line 3: target/release/paraphina_live: Permission denied",)),
    ("wrong_program", 1, ("bash: ./paraphina_live: cannot execute binary file: Exec format error",)),
    ("no_program_line", 2, ("Starting the soak", "Could not read the settings")),
]  # fmt: skip


@sampled(("code", "line", "log"), BLOCKED, 2)
def test_a_failed_or_waiting_build_shows_its_cause(tmp_path: Path, code: str, line: int, log: tuple[str, ...]) -> None:
    assert outcome(ended(tmp_path, *log)) == ("blocked_build", code, line)


@pytest.mark.parametrize(("code", "line", "log"), NEVER)
def test_a_program_that_could_not_start_shows_its_cause(
    tmp_path: Path, code: str, line: int, log: tuple[str, ...]
) -> None:
    assert outcome(ended(tmp_path, *log)) == ("never_started", code, line)


def test_the_last_cause_of_a_chain_is_the_text(tmp_path: Path) -> None:
    chain = ("Caused by:", "  Unable to update https://x", "", "Caused by:", "  object not found - no match for id")
    diagnosis = ended(tmp_path, UPDATING, "error: failed to load manifest", "", *chain).diagnosis
    assert diagnosis and diagnosis.text.endswith("failed to load manifest: object not found - no match for id")
    assert diagnosis.line == 8


def test_a_cause_is_found_among_many_similar_lines(tmp_path: Path) -> None:
    log = [COMPILING, *(f"  = note: object {number} written" for number in range(500)), FAILED]
    chain = [line for _ in range(100) for line in ("Caused by:", "  No space left on device (os error 28)")]
    assert outcome(ended(tmp_path, *log, *chain)) == ("blocked_build", "no_space", 504)


@pytest.mark.parametrize(
    "log",
    [
        (COMPILING, LOCK, COMPILING, FINISHED, RUNNING, START_LINE, CONNECTED),
        (UPDATING, "warning: spurious network error (2 tries remaining): [6] Could not resolve host", FINISHED, START_LINE),
        ("./prepare.sh: line 2: jq: command not found", START_LINE, CONNECTED),
    ],
)  # fmt: skip
def test_what_a_started_program_overcame_is_no_cause(tmp_path: Path, log: tuple[str, ...]) -> None:
    assert outcome(ended(tmp_path, *log))[0] not in ("blocked_build", "never_started")


def test_a_log_whose_lines_are_not_understood_does_not_say_that_the_program_never_started(tmp_path: Path) -> None:
    assert outcome(ended(tmp_path, "one", f"~~ {START_LINE}", f"<> {CONNECTED}"))[0] == "unknown"


@pytest.mark.parametrize("log", [(LOCK,), (GLIBC,), BLOCKED[0][2], ("Could not read the settings",)])
def test_a_run_that_never_began_has_a_report_and_passes_no_gate(
    tmp_path: Path, log: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    cause = ended(tmp_path, *log).diagnosis
    assert cause
    with pytest.raises(SystemExit) as gate:
        main(["gate", str(tmp_path), "--db", ":memory:"])
    verdict = capsys.readouterr().out
    with pytest.raises(SystemExit) as report:
        main(["report", str(tmp_path), str(tmp_path), "--db", ":memory:"])
    document = capsys.readouterr().out
    # The terminal's lines are wrapped.
    says_cause = " ".join(cause.text.split()) in " ".join(verdict.split())
    assert (gate.value.code, verdict.startswith("INCONCLUSIVE"), says_cause) == (4, True, True)
    assert (report.value.code, cause.text[:60] in document) == (0, True)
