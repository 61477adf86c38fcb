"""Inputs of the action, read from the environment that `action.yml` sets, and the names of its files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

FAIL_ON = ("regression", "unproven", "nothing")
"""Values of the input `fail-on`: red on FAIL, red on INCONCLUSIVE too, never red."""

COMMENT_NAME = "comment.md"
"""Name of the file with the comment's text."""


class InvalidInputError(Exception):
    """An input of the action cannot be used; the message says what to write."""


@dataclass(frozen=True)
class Side:
    """One side of the pair: its name (`base`, `head`), its checkout, and the shell commands that build and run it."""

    name: str
    directory: Path
    build: str
    program: str


@dataclass(frozen=True)
class Inputs:
    """The inputs of the action. `minutes` is the length of each run; `gates` is empty where no gate decides."""

    toolkit: str
    base: Side
    head: Side
    minutes: str
    profile: str
    spec: Path | None
    gates: str
    fail_on: str
    out: Path

    @property
    def report(self) -> Path:
        """The evidence document."""
        return self.out / "evidence.md"

    @property
    def page(self) -> Path:
        """The evidence document as a page."""
        return self.out / "evidence.html"

    @property
    def comment(self) -> Path:
        """The comment's text, which is also the summary of the job."""
        return self.out / COMMENT_NAME

    @property
    def comparison(self) -> Path:
        """Every figure of both sides with its verdict, for programs."""
        return self.out / "comparison.json"

    @property
    def pictures(self) -> Path:
        """Directory of the pictures of the document."""
        return self.out / "pictures"

    @property
    def pack(self) -> Path:
        """The pack, which `toolkit verify` checks. Unlike the run directories, it has secrets masked."""
        return self.out / "pack.zip"

    @property
    def second_pair(self) -> Path:
        """Directory of the second pair of runs, which exists if the first showed a regression."""
        return self.out / "confirm"

    @property
    def second_pack(self) -> Path:
        """The pack of the second pair."""
        return self.out / "pack-confirm.zip"


def read_inputs() -> Inputs:
    """Return the inputs. Raises `InvalidInputError` where one is missing or has no meaning."""
    base, head = (_side(name) for name in ("base", "head"))
    return Inputs(
        toolkit=os.environ.get("EVIDENCE_TOOLKIT") or "toolkit",
        base=base,
        head=head,
        minutes=_value("minutes") or "10",
        profile=_value("profile"),
        spec=Path(_value("spec")) if _value("spec") else None,
        gates=_value("gates"),
        fail_on=fail_on(),
        out=_out(),
    )


def fail_on() -> str:
    """Return when the check turns red. Raises `InvalidInputError` for another value than those of `FAIL_ON`."""
    value = _value("fail-on") or FAIL_ON[0]
    if value not in FAIL_ON:
        raise InvalidInputError(f"fail-on: {value} is none of {', '.join(FAIL_ON)}")
    return value


def comment_file() -> Path:
    """Return the file with the comment's text."""
    return _out() / COMMENT_NAME


def _out() -> Path:
    return Path(_value("out") or "evidence")


def _side(name: str) -> Side:
    directory = Path(_value(f"{name}-directory") or name)
    program = _value(f"{name}-run") or _value("run")
    if not program:
        raise InvalidInputError(f"run: write the command that starts the program, or {name}-run for this side alone")
    if not directory.is_dir():
        raise InvalidInputError(f"{name}-directory: no directory {directory}; check the commit out into it first")
    return Side(name, directory, _value(f"{name}-build") or _value("build"), program)


def _value(name: str) -> str:
    return os.environ.get(f"EVIDENCE_{name.upper().replace('-', '_')}", "").strip()
