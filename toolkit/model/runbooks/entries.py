"""Entries of the runbooks: what a code means, what to look at and what to do. The files in `runbooks/` print them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from toolkit.model.runbooks.references import Runbook


@dataclass(frozen=True, slots=True)
class RunbookEntry:
    """Explanation of one code. Words in backquotes are code. `log` has lines of a log that show it, if it has any."""

    code: str
    meaning: str
    look: str
    do: str
    log: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """Part of a runbook: entries under one title, in the order of reading."""

    title: str
    entries: tuple[RunbookEntry, ...]


@cache
def parts(runbook: Runbook) -> tuple[Part, ...]:
    """Return the parts of a runbook."""
    text = (files("toolkit.model.runbooks") / f"{runbook}.toml").read_text(encoding="utf-8")
    return tuple(
        Part(part["title"], tuple(RunbookEntry(code, **_stripped(fields)) for code, fields in part["entry"].items()))
        for part in tomllib.loads(text)["part"]
    )


def _stripped(fields: Mapping[str, str]) -> dict[str, str]:
    return {name: text.strip("\n") for name, text in fields.items()}


@cache
def entries(runbook: Runbook) -> Mapping[str, RunbookEntry]:
    """Return the entries of a runbook by code."""
    return {entry.code: entry for part in parts(runbook) for entry in part.entries}
