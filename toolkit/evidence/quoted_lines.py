"""Read the cited lines of both runs again, so that a page can quote them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from reports.elements import CitedLine
from toolkit.files.discovery import SAMPLE, discover
from toolkit.files.run_file import RunFile
from toolkit.model.errors import InputError
from toolkit.model.evidence import QuotedFile, QuotedLine
from toolkit.model.redaction import redact_log_line
from toolkit.streams.blocks import Block, blocks

MAX_LINES = 400
"""Largest number of lines that a page quotes; it names how many more are cited."""
MAX_CHARACTERS = 400
"""Largest number of characters of a quoted line."""
_READ_CHARACTERS = 20 * MAX_CHARACTERS
"""Characters of a line in which secrets are masked. It is more than are shown: a secret must not be cut before."""
_READ_AGAIN = "standard input cannot be read again"


def quoted_lines(paths: Mapping[str, str], cited: Iterable[CitedLine]) -> tuple[QuotedFile, ...]:
    """Return the text of cited lines, grouped by side and file in the order in which they are cited.

    `paths` are the paths of the runs by side. Lines beyond `MAX_LINES` are left out and counted. A file that cannot be
    read again has a `problem` instead of lines. Secrets are masked.
    """
    wanted: dict[tuple[str, str], list[int]] = {}
    skipped: dict[tuple[str, str], int] = {}
    for number, each in enumerate(dict.fromkeys(cited)):
        key = (each.side, each.file)
        if number < MAX_LINES:
            wanted.setdefault(key, []).append(each.line)
        else:
            skipped[key] = skipped.get(key, 0) + 1
    files = {
        side: run_files(path) for side, path in paths.items() if any(side == cited_side for cited_side, _ in wanted)
    }
    return tuple(
        _quoted(side, file, sorted(wanted.get((side, file), ())), skipped.get((side, file), 0), files.get(side))
        for side, file in dict.fromkeys((*wanted, *skipped))
    )


def run_files(path: str) -> Mapping[str, RunFile] | str:
    """Return the files of a run by name, or why they cannot be read again."""
    if path == "-":
        return _READ_AGAIN
    if not path.startswith(SAMPLE) and not (Path(path).is_file() or Path(path).is_dir()):
        return "the run is no file or directory that can be read again"
    try:
        found = discover([path])
    except InputError as error:
        return f"it cannot be read again: {error.why}"
    return {file.name: file for file in reversed(found)}


def _quoted(
    side: str, name: str, numbers: Sequence[int], skipped: int, files: Mapping[str, RunFile] | str | None
) -> QuotedFile:
    if files is None or isinstance(files, str):
        return QuotedFile(side, name, (), len(numbers) + skipped, files or "the path of the run is not known")
    file = files.get(name)
    if file is None:
        return QuotedFile(side, name, (), len(numbers) + skipped, "the run no longer has this file")
    try:
        lines = tuple(_lines(file, numbers))
    except InputError as error:
        return QuotedFile(side, name, (), len(numbers) + skipped, f"it cannot be read again: {error.why}")
    return QuotedFile(side, name, lines, skipped + len(numbers) - len(lines))


def _lines(file: RunFile, numbers: Sequence[int]) -> Iterator[QuotedLine]:
    for number, line in lines_of(file, numbers):
        text, cut = quoted_text(line)
        yield QuotedLine(number, text, cut)


def lines_of(file: RunFile, numbers: Sequence[int]) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a file with these ascending numbers, each with its number.

    Raises `InputError` where the file cannot be read.
    """
    if not numbers:
        return
    with file.open() as stream:
        for block in blocks(stream):
            yield from _lines_of_block(block, numbers)
            if block.first_line + block.data.count(b"\n") > numbers[-1]:
                return


def _lines_of_block(block: Block, numbers: Collection[int]) -> Iterator[tuple[int, bytes]]:
    at, number = 0, block.first_line
    last = number + max(block.data.count(b"\n"), 1)
    for wanted in numbers:
        if not number <= wanted < last or block.skipped:
            continue
        while number < wanted:
            at, number = block.data.index(b"\n", at) + 1, number + 1
        end = block.data.find(b"\n", at)
        yield wanted, block.data[at : end if end >= 0 else len(block.data)]


def quoted_text(line: bytes) -> tuple[str, int]:
    """Return the text of a line, with secrets masked and cut to `MAX_CHARACTERS`, and the number of characters cut."""
    text = line.decode("utf-8", "surrogateescape").rstrip("\r")
    masked = redact_log_line(text[:_READ_CHARACTERS])
    cut = max(0, len(masked) + len(text[_READ_CHARACTERS:]) - MAX_CHARACTERS)
    return masked[:MAX_CHARACTERS], cut
