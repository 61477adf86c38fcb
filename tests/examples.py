"""Write the documents in `reports/examples/`: `python -m tests.examples`, from the root of the checkout.

A test compares them with what the commands write; read the difference before you commit it.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from toolkit.cli import main

EXAMPLES = Path("reports/examples")
RUNS = {
    "pr_b": ("sample:before", "sample:after"),
    "blocked": (f"{EXAMPLES}/blocked/before", f"{EXAMPLES}/blocked/after"),
    "ab": ("tests/data/ab/a", "tests/data/ab/b"),
}
"""Runs before and after of each example."""


def write(name: str, root: Path) -> None:
    """Write the documents of an example below `root`, which has its specification and its runs."""
    folder = EXAMPLES / name
    outputs = ["-o", f"{folder}/evidence.md", "--html", f"{folder}/evidence.html"]
    outputs += ["--comment", f"{folder}/comment.md", "--assets", str(folder)]
    options = ["--spec", f"{folder}/evidence.toml", "--db", ":memory:", "--quiet"]
    os.environ.pop("GITHUB_WORKFLOW", None)
    with contextlib.chdir(root), contextlib.suppress(SystemExit):
        main(["report", *RUNS[name], *outputs, *options])


if __name__ == "__main__":
    for example in RUNS:
        write(example, Path.cwd())
