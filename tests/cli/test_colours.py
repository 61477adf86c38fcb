"""Colours of the pages for a terminal: verdicts and high findings only, on a terminal only."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from toolkit.cli.output import colored

RED, GREEN, RESET = "\x1b[31m", "\x1b[32m", "\x1b[0m"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("FAIL: gate frontier", f"{RED}FAIL{RESET}: gate frontier"),
        ("PASS: 5 of 6 rules", f"{GREEN}PASS{RESET}: 5 of 6 rules"),
        ("  high    lighter: no book", f"  {RED}high{RESET}    lighter: no book"),
        ("  low     lighter: no book", "  low     lighter: no book"),
        ("a run that should FAIL", "a run that should FAIL"),
        ("PASSED", "PASSED"),
        ("higher", "higher"),
    ],
)
def test_only_verdicts_and_high_findings_at_the_start_of_a_line_have_a_colour(line: str, expected: str) -> None:
    assert colored(f"first\n{line}\nlast") == f"first\n{expected}\nlast"


@pytest.mark.parametrize(
    ("terminal", "environment", "coloured"),
    [(True, {}, True), (True, {"NO_COLOR": "1"}, False), (True, {"TERM": "dumb"}, False), (False, {}, False)],
)
def test_a_page_has_colours_on_a_terminal_only(terminal: bool, environment: dict[str, str], coloured: bool) -> None:
    inherited = {name: value for name, value in os.environ.items() if name != "NO_COLOR"} | {"TERM": "xterm"}
    code = "from toolkit.cli.output import emit_page; emit_page('FAIL: it', 'text')"
    parent, child = pty.openpty() if terminal else os.pipe()
    subprocess.run([sys.executable, "-c", code], stdout=child, env=inherited | environment, check=True)
    printed = os.read(parent, 1 << 16)
    os.close(parent)
    os.close(child)
    assert (b"\x1b[31mFAIL" in printed) is coloured and b"FAIL" in printed
