"""Tests of what all commands share: --quiet, --no-color, --db, a closed pipe."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from toolkit.cli import main

COMMANDS = (
    ("analyze",), ("compare",), ("env",), ("figures",), ("gate",), ("record",), ("report",), ("runs",), ("smoke",), ("sql",),
    ("validate",), ("venues", "serve"), ("venues", "faults"),
)  # fmt: skip


def run_command(*argv: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(argv))
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("option", ["--quiet", "-q", "--no-color", "--db=:memory:"])
def test_every_command_takes_the_common_options(command: tuple[str, ...], option: str) -> None:
    assert run_command(*command, option, "--help") == 0


@pytest.mark.parametrize("argv", [("--no-color", "figures", "run.ticks"), ("figures", "run.ticks", "--no-color")])
def test_no_color_is_accepted_before_and_after_the_command(argv: tuple[str, ...]) -> None:
    assert run_command(*argv) == 0


@pytest.mark.parametrize(
    ("option", "environment", "colored"),
    [
        ((), {}, True),
        (("--no-color",), {}, False),
        ((), {"NO_COLOR": "please"}, False),
        ((), {"NO_COLOR": ""}, True),
    ],
)
def test_no_color_removes_colours_on_a_terminal(
    tmp_path: Path, option: tuple[str, ...], environment: dict[str, str], colored: bool
) -> None:
    terminal, child_terminal = pty.openpty()
    inherited = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    settings = {"HOME": str(tmp_path), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    subprocess.run(
        [sys.executable, "-m", "toolkit", *option, "--install-completion", "bash"],
        stdout=child_terminal, stderr=subprocess.DEVNULL, env={**inherited, **settings, **environment}, check=True,
    )  # fmt: skip
    printed = os.read(terminal, 1 << 16)
    os.close(child_terminal)
    os.close(terminal)
    assert b"completion installed" in printed
    assert (b"\x1b[" in printed) == colored


@pytest.mark.parametrize(
    ("argv", "note"),
    [
        (("runs", "--db", "{store}", "--remove", "loud"), "removed 1 run(s)"),
        (("env", "DEPTH"), "PARAPHINA_NONSENSE is set, and no connector reads it"),
        (("report", "sample:after", "sample:after", "--db", ":memory:", "-o", "{folder}/page.md"), "page.md"),
    ],
)
def test_quiet_omits_only_notes(
    tmp_path: Path,
    argv: tuple[str, ...],
    note: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PARAPHINA_NONSENSE", "1")
    printed = {}
    for option in ((), ("--quiet",)):
        store = tmp_path / f"{len(option)}.duckdb"
        if argv[0] == "runs":
            run_command("analyze", "sample:after", "--db", str(store), "--label", "loud", "-q")
            capfd.readouterr()
        arguments = [each.format(store=store, folder=tmp_path) for each in argv]
        assert run_command(*arguments, *option) == 0
        printed[bool(option)] = capfd.readouterr()
    assert note in printed[False].out + printed[False].err
    assert note not in printed[True].out + printed[True].err
    assert printed[True].err == ""
    assert argv[0] == "report" or printed[True].out == printed[False].out


UNDECIDED = '[[rule]]\nfigure = "*.age_apply_ms.p50"\nmax = 60000\nmin_n = 1000000'


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (("figures", "--format", "json"), 0),
        (("--help",), 0),
        (("gate", "--help"), 0),
        (("gate", "sample:after", "--gates", "{folder}/undecided.toml"), 4),
    ],
)
def test_a_closed_pipe_is_no_error_and_keeps_the_exit_code(tmp_path: Path, argv: tuple[str, ...], code: int) -> None:
    (tmp_path / "undecided.toml").write_text(UNDECIDED)
    command = [sys.executable, "-m", "toolkit", *(each.format(folder=tmp_path) for each in argv)]
    reader, writer = os.pipe()
    os.close(reader)
    environment = {**os.environ, "TOOLKIT_DB": ":memory:"}
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, env=environment, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (code, b"")
