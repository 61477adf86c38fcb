"""Check of telemetry files against the contract, in one pass with one block in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from toolkit.files.discovery import discover
from toolkit.files.run_file import RunFile
from toolkit.model.errors import InputError
from toolkit.model.vocabulary import Role
from toolkit.streams.blocks import blocks
from toolkit.streams.spool import is_pipe
from toolkit.telemetry.contract import FileCheck, FileReport

Progress = Callable[[int], None]
"""Callback that receives the number of bytes read since its last call."""


def validate(paths: Sequence[str], progress: Progress = lambda _: None) -> list[FileReport]:
    """Check the telemetry under each path: a file, a directory, a `.zip`, or `-` for standard input.

    Raises `InputError` for a path that does not exist, cannot be read, or holds no telemetry.
    """
    return [_check_file(source, progress) for path in paths for source in _telemetry_files(path)]


def _telemetry_files(path: str) -> Iterator[RunFile]:
    """Yield the telemetry files under a path, each named by a path that the user can open."""
    sources = discover([path])
    found = [source for source in sources if source.role is Role.TELEMETRY]
    if not found:
        names = ", ".join(source.name for source in sources[:4])
        raise InputError(path, None, f"there is no telemetry in it (found {names}); name a telemetry.jsonl")
    for source in found:
        given_path = Path(path)
        name = path if given_path.name == source.name else str(given_path / source.name)
        yield source if is_pipe(path) else replace(source, name=name)


def _check_file(source: RunFile, progress: Progress) -> FileReport:
    check = FileCheck(source.name)
    with source.open() as stream:
        for block in blocks(stream):
            if block.skipped:
                check.add_unreadable(block.first_line, "is too long to be read")
                continue
            lines = block.data.split(b"\n")
            for number, line in enumerate(lines if block.torn else lines[:-1], block.first_line):
                check.check_line(number, line, last=block.torn)
            progress(len(block.data))
        if stream.damage:
            check.add_notice("damaged", stream.damage)
    return check.report()
