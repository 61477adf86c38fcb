"""Sizes and ledger rows of files that are listed without being parsed (provenance, artifacts)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from toolkit.files.copies import FileCopy
from toolkit.files.ledger import LedgerBuilder
from toolkit.files.run_file import RunFile
from toolkit.model.runs import FileLedger, SetAsideLine
from toolkit.model.vocabulary import Role, SetAside
from toolkit.streams.blocks import Block, blocks, count_newlines


def unparsed_ledger(source: RunFile) -> FileLedger:
    """Return the ledger row of a file whose lines are only counted: as used, or those of an artifact as not read.

    A line that is too long is not used. Raises `InputError` for an unreadable file.
    """
    ledger = LedgerBuilder()
    with source.open() as stream:
        for block in blocks(stream):
            ledger.lines += _line_count(block)
            if block.skipped and source.role is not Role.ARTIFACT:
                ledger.where.add(SetAsideLine(block.first_line, block.first_byte, SetAside.TOO_LONG))
        ledger.record_end(stream)
    ledger.used = ledger.lines - ledger.where.counts.total()
    row = ledger.ledger(source)
    if source.role is not Role.ARTIFACT:
        return row
    where = (SetAsideLine(1, 0, SetAside.NOT_READ), *row.where)
    return replace(row, used=0, set_aside={SetAside.NOT_READ.value: row.lines}, where=where)


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
