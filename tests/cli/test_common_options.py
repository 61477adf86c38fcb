"""What every command takes and does alike: --quiet, --no-color, a closed pipe."""

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


def typed(*argv: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(list(argv))
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("option", ["--quiet", "-q", "--no-color"])
def test_every_command_takes_the_common_options(command: tuple[str, ...], option: str) -> None:
    assert typed(*command, option, "--help") == 0


@pytest.mark.parametrize("argv", [("--no-color", "figures", "run.ticks"), ("figures", "run.ticks", "--no-color")])
def test_no_color_may_stand_before_the_command_or_after_it(argv: tuple[str, ...]) -> None:
    assert typed(*argv) == 0


@pytest.mark.parametrize(
    ("option", "environment", "coloured"),
    [
        ((), {}, True),
        (("--no-color",), {}, False),
        ((), {"NO_COLOR": "please"}, False),
        ((), {"NO_COLOR": ""}, True),
    ],
)
def test_what_has_a_colour_on_a_terminal_has_none_where_none_is_wanted(
    tmp_path: Path, option: tuple[str, ...], environment: dict[str, str], coloured: bool
) -> None:
    ours, theirs = pty.openpty()
    inherited = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    settings = {"HOME": str(tmp_path), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    subprocess.run(
        [sys.executable, "-m", "toolkit", *option, "--install-completion", "bash"],
        stdout=theirs, stderr=subprocess.DEVNULL, env={**inherited, **settings, **environment}, check=True,
    )  # fmt: skip
    printed = os.read(ours, 1 << 16)
    os.close(theirs)
    os.close(ours)
    assert b"completion installed" in printed
    assert (b"\x1b[" in printed) == coloured


@pytest.mark.parametrize(
    ("argv", "note"),
    [
        (("runs", "--db", "{store}", "--remove", "loud"), "removed 1 run(s)"),
        (("env", "DEPTH"), "PARAPHINA_NONSENSE is set, and no connector reads it"),
        (("report", "sample:after", "sample:after", "--db", ":memory:", "-o", "{folder}/page.md"), "page.md"),
    ],
)
def test_quiet_leaves_out_notes_and_nothing_else(
    tmp_path: Path,
    argv: tuple[str, ...],
    note: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PARAPHINA_NONSENSE", "1")
    said = {}
    for option in ((), ("--quiet",)):
        store = tmp_path / f"{len(option)}.duckdb"
        if argv[0] == "runs":
            typed("analyze", "sample:after", "--db", str(store), "--label", "loud", "-q")
            capfd.readouterr()
        filled = [each.format(store=store, folder=tmp_path) for each in argv]
        assert typed(*filled, *option) == 0
        said[bool(option)] = capfd.readouterr()
    assert note in said[False].out + said[False].err
    assert note not in said[True].out + said[True].err
    assert said[True].err == ""
    assert argv[0] == "report" or said[True].out == said[False].out


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
def test_a_closed_pipe_is_no_error_and_changes_no_verdict(tmp_path: Path, argv: tuple[str, ...], code: int) -> None:
    (tmp_path / "undecided.toml").write_text(UNDECIDED)
    command = [sys.executable, "-m", "toolkit", *(each.format(folder=tmp_path) for each in argv)]
    reader, writer = os.pipe()
    os.close(reader)
    environment = {**os.environ, "TOOLKIT_DB": ":memory:"}
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, env=environment, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (code, b"")
