"""Environments for programs that tests start."""

from __future__ import annotations

import os


def unmeasured() -> dict[str, str]:
    """Return the environment without the variables that measure coverage in a program.

    A measurement writes a file at the end, and prints a warning where no code of the toolkit ran.
    """
    return {name: text for name, text in os.environ.items() if not name.startswith(("COV_", "COVERAGE_"))}
