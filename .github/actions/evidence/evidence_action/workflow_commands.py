"""Messages and outputs for the workflow runner: annotations, step outputs, text that is not interpreted."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def warning(text: str) -> None:
    """Print a warning that the runner shows beside the run. It never fails the run."""
    _print(f"::warning title=Run evidence::{_escape(text)}")


def notice(text: str) -> None:
    """Print a message that the runner shows beside the run."""
    _print(f"::notice title=Run evidence::{_escape(text)}")


def error(text: str) -> None:
    """Print an error that the runner shows beside the run. The exit code of the step decides whether it fails."""
    _print(f"::error title=Run evidence::{_escape(text)}")


def set_output(name: str, value: str) -> None:
    """Write an output of the step. A random delimiter keeps lines of `value` from being read as other outputs."""
    path = os.environ.get("GITHUB_OUTPUT")
    if path:
        delimiter = secrets.token_hex(16)
        with Path(path).open("a", encoding="utf-8") as stream:
            stream.write(f"{name}<<{delimiter}\n{value}\n{delimiter}\n")


@contextmanager
def uninterpreted() -> Iterator[None]:
    """Keep the runner from executing workflow commands (`::error::`, `::set-output::`) in text printed inside."""
    token = secrets.token_hex(16)
    _print(f"::stop-commands::{token}")
    try:
        yield
    finally:
        _print(f"\n::{token}::")


@contextmanager
def grouped(title: str) -> Iterator[None]:
    """Fold the lines printed inside under a title in the log."""
    _print(f"::group::{_escape(title)}")
    try:
        yield
    finally:
        _print("::endgroup::")


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
