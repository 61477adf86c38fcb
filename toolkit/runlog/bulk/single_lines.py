"""Lines that are read one by one, because they differ from all others or because their order matters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat

import msgspec
import numpy as np
from msgspec import structs

from toolkit.runlog.bulk.groups.line_groups import LineGroup
from toolkit.runlog.bulk.numbers import BlockLines, IntVector
from toolkit.runlog.bulk.text_search import look_up_of_lines
from toolkit.runlog.parse import UNKNOWN, LogRecord, ParsedLine, parse_plain
from toolkit.runlog.sanitize import strip_decoration
from toolkit.runlog.search.families import LookUp

MANY_LINES = 4_000
"""Lines of a block from which on its families are looked up once for all of them."""


class SingleLine(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A line parsed singly: its index in the block (from 0) and the offset of its first byte in the file.

    `text` is the line without decoration.
    `sender` is the container or service that wrote it; empty if the log does not tell.
    """

    index: int
    byte: int
    text: str
    parsed: ParsedLine
    sender: str = ""


def parse_single(
    data: bytes,
    index: int,
    byte: int,
    at_ms: int | None = None,
    sender: str = "",
    look_up: LookUp | None = None,
) -> SingleLine:
    """Parse one line at `index` of its block and offset `byte` of its file; bytes that are no UTF-8 are replaced.

    `at_ms` is the time (epoch ms) stamped on the line's wrapping, None if there is none; `sender` is what the wrapping
    names as its writer. `look_up` is the look-up of what lines of the block may be.
    """
    whole = data.decode("utf-8", "replace")
    text, stamped_ms = strip_decoration(whole)
    # Without decoration inside it, a line may hold texts that its block does not.
    parsed = parse_plain(text, stamped_ms if at_ms is None else at_ms, look_up if whole.endswith(text) else None)
    return SingleLine(index, byte, text, parsed, sender)


@dataclass(frozen=True)
class SingleLineReader:
    """Reader of single lines of a block: `offsets` are those of its lines in the file.

    `at_ms` and `senders` are what the lines' wrappings tell; None for a plain log.
    """

    lines: BlockLines
    offsets: IntVector
    at_ms: Sequence[int | None] | None
    senders: Sequence[str] | None

    def parse(self, indexes: Sequence[int]) -> list[SingleLine]:
        """Parse the lines at indexes in the block."""
        data, (starts, ends, bytes_) = self.lines.data, self._places
        look_up = look_up_of_lines(self.lines) if len(indexes) >= MANY_LINES else None
        at_ms, senders = self.at_ms, self.senders
        if at_ms is None or senders is None:
            return [parse_single(data[starts[i] : ends[i]], i, bytes_[i], look_up=look_up) for i in indexes]
        return [parse_single(data[starts[i] : ends[i]], i, bytes_[i], at_ms[i], senders[i], look_up) for i in indexes]

    def of_records(self, records: Iterable[tuple[int, LogRecord]]) -> list[SingleLine]:
        """Return lines without decoration from their indexes in the block and the only record of each."""
        data, (starts, ends, bytes_), at_ms, senders = self.lines.data, self._places, self.at_ms, self.senders
        return [
            SingleLine(
                index,
                bytes_[index],
                data[starts[index] : ends[index]].decode(),
                ParsedLine((record,), None if at_ms is None else at_ms[index]),
                "" if senders is None else senders[index],
            )
            for index, record in records
        ]

    def from_group(self, group: LineGroup) -> list[SingleLine]:
        """Return the lines of a group as the parser reads them."""
        data, (starts, ends, bytes_), indexes = self.lines.data, self._places, group.indexes.tolist()
        texts: Iterable[str] = [data[starts[i] : ends[i]].decode() for i in indexes]
        if group.is_decorated:
            texts = [strip_decoration(each)[0] for each in texts]
        head = group.record
        records = [LogRecord(head.family, head.venue, head.reason, row, head.column) for row in group.rows()]
        parsed = map(ParsedLine, zip(records), self._times(group, indexes))
        senders = repeat("") if self.senders is None else map(self.senders.__getitem__, indexes)
        return list(map(SingleLine, indexes, map(bytes_.__getitem__, indexes), texts, parsed, senders))

    @cached_property
    def _places(self) -> tuple[list[int], list[int], list[int]]:
        # Lists are indexed in a third of the time of arrays.
        return self.lines.starts.tolist(), self.lines.ends.tolist(), self.offsets.tolist()

    def _times(self, group: LineGroup, indexes: Sequence[int]) -> Iterable[int | None]:
        """Return the time (epoch ms) stamped on each line of a group; that of the wrapping takes precedence."""
        own: Iterable[int | None] = repeat(None) if group.stamped_ms is None else group.stamped_ms.tolist()
        if self.at_ms is None:
            return own
        wrapped = map(self.at_ms.__getitem__, indexes)
        return [inner if outer is None else outer for outer, inner in zip(wrapped, own, strict=False)]


def without_lines(groups: Iterable[LineGroup], indexes: Iterable[int]) -> list[LineGroup]:
    """Return groups without the lines at some indexes, and without those of which no line is left."""
    left_out = np.fromiter(indexes, np.int64)
    if not len(left_out):
        return list(groups)
    remaining = (each.select(~np.isin(each.indexes, left_out)) for each in groups)
    return [each for each in remaining if len(each.indexes)]


def rejoined(line: SingleLine, partial: str | None) -> SingleLine | None:
    """Return the whole record whose rest a line is, in place of the line; None if the line is not the rest of one.

    `partial` is the beginning of a record that other output interrupted on the line before.
    """
    if partial is None or line.parsed.records[0].family not in UNKNOWN:
        return None
    whole, _ = strip_decoration(partial + line.text)
    parsed = parse_plain(whole, line.parsed.stamped_ms)
    return None if parsed.records[0].family in UNKNOWN else structs.replace(line, text=whole, parsed=parsed)


def readings(single: Iterable[SingleLine]) -> Iterator[SingleLine]:
    """Yield the lines as they may read, whatever the lines before and after them are."""
    partial = None
    for each in single:
        yield each
        if (whole := rejoined(each, partial)) is not None:
            yield whole
        if each.parsed.alone is not None:
            yield structs.replace(each, parsed=each.parsed.if_alone)
        partial = each.parsed.partial
