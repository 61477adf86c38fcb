"""Table of bad places: each command in each place, with its exit code and what is wrong with its messages.

`python -m tests.cli.boundary.places_table [WORD…]` runs the commands and places whose name contains a WORD, by default
all, and prints the table as Markdown. A cell with more than the exit code is a defect: a traceback, several lines of message, or
a code that neither a good place nor bad input (3) has.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.cli.boundary.bad_places import without_override
from tests.environments import unmeasured

ROOT = Path(__file__).parents[3]
_WRITES = "import sys, time; print('x' * 9000, flush=True); sys.exit(3)"
COMMANDS: dict[str, tuple[str, ...]] = {
    "--help": ("--help",),
    "--version": ("--version",),
    "analyze": ("analyze", "sample:after"),
    "analyze -o": ("analyze", "sample:after", "--format", "html", "-o", "out/page.html"),
    "compare": ("compare", "sample:before", "sample:after"),
    "env": ("env",),
    "ab": (
        "ab",
        "--minutes",
        "0.03",
        "--out",
        "pair",
        "--a",
        "PARAPHINA_HL_STALE_MS=4000",
        "--b",
        "PARAPHINA_HL_STALE_MS=5000",
    ),
    "explain": ("explain", "sample:after", "run.ticks"),
    "figures": ("figures", "run.ticks"),
    "gate": ("gate", "sample:after"),
    "pack": ("pack", "sample:after", "-o", "pack"),
    "record": ("record", "--", sys.executable, "-c", _WRITES),
    "report": ("report", "sample:before", "sample:after", "-o", "evidence.md"),
    "runs": ("runs", "--db", "stored.duckdb"),
    "smoke": ("smoke", "--minutes", "0.03", "--out", "run"),
    "smoke CMD": ("smoke", "--minutes", "0.03", "--out", "run", "--", sys.executable, "-c", _WRITES),
    "sql": ("sql", "select figure from figures limit 3", "--db", "stored.duckdb"),
    "validate": ("validate", "telemetry.jsonl"),
    "verify": ("verify", "packed"),
    "venues serve": ("venues", "serve", "--minutes", "0.02"),
}
LONGEST_S = 120


@dataclass(frozen=True)
class Place:
    """What is bad: variables (None: unset), streams, limits set in the new process, or the working directory."""

    env: Mapping[str, str | None] = field(default_factory=dict)
    streams: Mapping[str, Any] = field(default_factory=dict)
    start: Callable[[], object] | None = None
    protected: bool = False


def limit(kind: int, value: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(kind, (value, value))


def close(*numbers: int) -> Callable[[], None]:
    return lambda: [os.close(number) for number in numbers] and None


PLACES = {
    "good": Place(),
    "TERM=dumb": Place({"TERM": "dumb"}),
    "no HOME": Place({"HOME": None}),
    "HOME missing": Place({"HOME": "/nonexistent"}),
    "PATH empty": Place({"PATH": ""}),
    "COLUMNS=1": Place({"COLUMNS": "1", "LINES": "0"}),
    "LC_ALL=C": Place({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
    "ascii": Place({"PYTHONIOENCODING": "ascii"}),
    "OPTIMIZE=2": Place({"PYTHONOPTIMIZE": "2"}),
    "SAFEPATH": Place({"PYTHONSAFEPATH": "1"}),
    "WARNINGS=error": Place({"PYTHONWARNINGS": "error"}),
    "DEVMODE": Place({"PYTHONDEVMODE": "1"}),
    "proxy foo:": Place(dict.fromkeys(("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "https_proxy"), "foo://127.0.0.1:1")),
    "TMPDIR missing": Place({"TMPDIR": "/nonexistent"}),
    "nothing writable": Place({"TMPDIR": "/proc", "HOME": "/proc"}, protected=True),
    "stdout full": Place(streams={"stdout": "/dev/full"}),
    "stdout closed": Place(start=close(1)),
    "stderr full": Place(streams={"stderr": "/dev/full"}),
    "stderr closed": Place(start=close(2)),
    "stdin closed": Place(start=close(0)),
    "all closed": Place(start=close(0, 1, 2)),
    "8 files": Place(start=limit(resource.RLIMIT_NOFILE, 8)),
    "12 files": Place(start=limit(resource.RLIMIT_NOFILE, 12)),
    "file ≤ 0": Place(start=limit(resource.RLIMIT_FSIZE, 0)),
    "file ≤ 8 kB": Place(start=limit(resource.RLIMIT_FSIZE, 8_192)),
    "file ≤ 1 MB": Place(start=limit(resource.RLIMIT_FSIZE, 1 << 20)),
    "300 MB": Place(start=limit(resource.RLIMIT_AS, 300_000 << 10)),
    "100 MB": Place(start=limit(resource.RLIMIT_AS, 100_000 << 10)),
    "data 200 MB": Place(start=limit(resource.RLIMIT_DATA, 200_000 << 10)),
}


def run(argv: tuple[str, ...], place: Place, folder: Path) -> subprocess.CompletedProcess[bytes]:
    """Run a command in a place; a signal that ends it is a negative exit code."""
    env = {**unmeasured(), "PYTHONPATH": str(ROOT), **place.env}
    streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
    streams |= {name: os.open(file, os.O_WRONLY) for name, file in place.streams.items()}

    def start() -> None:
        if place.protected:
            without_override()
        if place.start:
            place.start()

    try:
        return subprocess.run(
            [sys.executable, "-m", "toolkit", *argv], cwd=folder, preexec_fn=start, check=False, timeout=LONGEST_S,
            env={name: text for name, text in env.items() if text is not None}, **streams,
        )  # fmt: skip
    finally:
        for name in place.streams:
            os.close(streams[name])


def cell(argv: tuple[str, ...], place: Place, usual: int | None) -> tuple[int, str]:
    """Return the exit code, and the code with what is wrong."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copy(STORED, folder / "stored.duckdb")
        shutil.copy(TELEMETRY, folder / "telemetry.jsonl")
        shutil.copytree(PACKED, folder / "packed")
        if place.protected:
            folder.chmod(0o555)
        try:
            done = run(argv, place, folder)
        except subprocess.TimeoutExpired:
            return -1, "**no end**"
        finally:
            folder.chmod(0o755)
    messages = (done.stderr or b"").decode(errors="replace").splitlines()
    wrong = []
    if "Traceback" in "".join(messages):
        wrong.append("traceback")
    if done.returncode not in (usual, 3) and usual is not None:
        wrong.append("code")
    # `smoke` and `ab` have notes before their message.
    if done.returncode in (3, 70) and usual not in (3, 70) and len(messages) > 1 and argv[0] not in ("ab", "smoke"):
        wrong.append(f"{len(messages)} lines")
    if wrong:
        print(f"{' '.join(argv)[:60]}: {done.returncode}\n   " + "\n   ".join(messages[-4:]), file=sys.stderr)
    return done.returncode, f"{done.returncode}" + (f" **{', '.join(wrong)}**" if wrong else "")


def _chosen(names: Iterable[str], words: list[str]) -> list[str]:
    names = list(names)
    return [name for name in names if any(word in name for word in words)] or names


def main() -> None:
    """Print the table."""
    from toolkit.cli import COMMANDS as KNOWN

    words = sys.argv[1:]
    names = [name for name, argv in COMMANDS.items() if argv[0] in (*KNOWN, "--help", "--version")]
    names = _chosen(names, words)
    print("| place | " + " | ".join(names) + " |\n|---" * 1 + "|---" * len(names) + "|")
    usual: dict[str, int] = {}
    for title, place in ((each, PLACES[each]) for each in dict.fromkeys(("good", *_chosen(PLACES, words)))):
        cells = []
        for name in names:
            code, text = cell(COMMANDS[name], place, usual.get(name))
            usual.setdefault(name, code)
            cells.append(text)
        print(f"| {title} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        STORED, TELEMETRY = Path(made, "stored.duckdb"), Path(made, "telemetry.jsonl")
        PACKED = Path(made, "packed")
        toolkit = [sys.executable, "-m", "toolkit"]
        subprocess.run([*toolkit, "analyze", "sample:after", "--db", str(STORED), "-o", "/dev/null"], check=True)
        subprocess.run([*toolkit, "pack", "sample:after", "-o", str(PACKED), "--db", ":memory:"], check=True)
        packed = ROOT / "toolkit" / "samples" / "after" / "telemetry.jsonl.zst"
        shutil.copy(packed, TELEMETRY)
        main()
