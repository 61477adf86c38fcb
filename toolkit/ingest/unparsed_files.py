"""Sizes and ledger rows of files that are listed without being parsed (provenance, artifacts)."""

from __future__ import annotations

from collections.abc import Iterable

from toolkit.files.copies import FileCopy
from toolkit.files.run_file import RunFile
from toolkit.model.runs import FileLedger, SetAsideLine
from toolkit.model.vocabulary import Role, SetAside
from toolkit.streams.blocks import Block, blocks, count_newlines


def unparsed_ledger(source: RunFile) -> FileLedger:
    """Return the ledger row of a file whose lines are only counted: as used, or those of an artifact as not read.

    Raises `InputError` for an unreadable file.
    """
    with source.open() as stream:
        lines = sum(_line_count(block) for block in blocks(stream))
        where = (SetAsideLine(lines + 1, stream.size, SetAside.DAMAGED),) if stream.damage else ()
        digest = stream.sha256
        if source.role is Role.ARTIFACT:
            where = (SetAsideLine(1, 0, SetAside.NOT_READ), *where)
            aside = {SetAside.NOT_READ.value: lines}
            return FileLedger(source.name, source.role, stream.size, digest, lines, 0, aside, where)
        return FileLedger(source.name, source.role, stream.size, digest, lines, lines, {}, where)


def copy_ledger(copy: FileCopy) -> FileLedger:
    """Return the ledger row of a copy: all its lines are set aside, as the other file has them."""
    aside, where = {SetAside.COPY.value: copy.lines}, (SetAsideLine(1, 0, SetAside.COPY),)
    return FileLedger(
        copy.file.name, copy.file.role, copy.bytes, copy.sha256, copy.lines, 0, aside, where, copy_of=copy.of.name
    )


def _line_count(block: Block) -> int:
    return count_newlines(block.data) + (1 if block.torn or block.skipped else 0)


def plain_file_bytes(sources: Iterable[RunFile]) -> int:
    """Return the total bytes of the plain files on disk; the size of a compressed file is unknown until it is read."""
    return sum(source.path.stat().st_size for source in sources if source.path is not None)
