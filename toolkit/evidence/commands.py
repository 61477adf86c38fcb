"""Commands of the evidence: the indexes of the runs and of the specification, and the ends of the validations."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import PurePath

from toolkit.files.discovery import SAMPLE, discover
from toolkit.host.commands import Command, parse
from toolkit.model.evidence import CommandRow, Specification, ValidationResult
from toolkit.model.redaction import redact_argv, redact_value
from toolkit.model.vocabulary import Role
from toolkit.streams.spool import is_pipe

_COULD_NOT_START = (126, 127)
"""Exit codes of a command that a shell found not executable, or did not find."""
_LATEST_MS = 4_102_444_800_000
"""Year 2100: a later start is a mistake."""
_UNREADABLE = "{count} of the {lines} lines of {file} cannot be read"


def command_index(content: bytes, file: str) -> tuple[CommandRow, ...]:
    """Return the rows of a command index, whose name is `file`.

    A line that cannot be read, such as a torn last one, is counted in the note of the last row.
    """
    commands = list(parse(content))
    lines = sum(not line.isspace() for line in content.splitlines() if line)
    rows = [_row(each, file) for each in commands]
    if rows and len(rows) < lines:
        note = _UNREADABLE.format(count=lines - len(rows), lines=lines, file=file)
        rows[-1] = replace(rows[-1], note="; ".join(each for each in (rows[-1].note, note) if each))
    return tuple(rows)


def _row(command: Command, file: str) -> CommandRow:
    return CommandRow(
        id=command.id,
        text=shlex.join(redact_argv(command.argv)),
        started_ms=command.started_ms if 0 <= command.started_ms < _LATEST_MS else None,
        duration_ms=command.duration_ms if command.duration_ms >= 0 else None,
        exit_code=command.exit_code,
        signal=command.signal,
        sha256=command.stdout.sha256,
        file=file,
        note=redact_value(command.problem) if command.problem else None,
        blocked=command.problem is not None or is_blocked(command.exit_code, command.signal),
    )


def is_blocked(exit_code: int | None, signal: str | None) -> bool:
    """Return True if a command could not be started, or did not end by itself."""
    return signal is not None or exit_code in _COULD_NOT_START


def command_rows(run_paths: Iterable[str], specification: Specification | None) -> tuple[CommandRow, ...]:
    """Return the commands of a specification, then those in the command indexes of the runs, each with its own id.

    An id that is used more than once belongs to the specification; the rows of the runs then have the name of their run
    before the id: `prb_after/U01`.
    """
    own = specification.commands if specification else ()
    recorded = [(path, row) for path in dict.fromkeys(run_paths) for row in _run_rows(path)]
    counts = Counter([each.id for each in own] + [row.id for _, row in recorded])
    prefixes = _run_names([path for path, _ in recorded])
    return (*own, *(
        row if counts[row.id] == 1 else replace(row, id=f"{prefixes[path]}/{row.id}") for path, row in recorded
    ))  # fmt: skip


def _run_rows(path: str) -> Iterable[CommandRow]:
    # A pipe has been read by the analysis and cannot be read again.
    files = [] if is_pipe(path) else [each for each in discover([path]) if each.role is Role.COMMANDS]
    for file in files:
        yield from command_index(file.content(), f"{_run_name(path)}/{file.name}")


def _run_name(path: str) -> str:
    return PurePath(path.removeprefix(SAMPLE)).name or path


def _run_names(paths: Sequence[str]) -> dict[str, str]:
    """Return a name for each path: its last part, or all of it where two have the same last part."""
    names = Counter(_run_name(path) for path in dict.fromkeys(paths))
    return {path: _run_name(path) if names[_run_name(path)] == 1 else path for path in paths}


def validation_results(specification: Specification, rows: Iterable[CommandRow]) -> tuple[ValidationResult, ...]:
    """Return the result of each validation: `passed`, `failed`, `blocked` or `not recorded`."""
    commands = {row.id: row for row in rows}
    found = ((each, commands.get(each.command)) for each in specification.validations)
    return tuple(ValidationResult(each, command, _result(command)) for each, command in found)


def _result(command: CommandRow | None) -> str:
    if command is not None and command.blocked:
        return "blocked"
    if command is None or command.exit_code is None:
        return "not recorded"
    return "passed" if command.exit_code == 0 else "failed"
