"""Life-cycle lines of line groups: what the sessions and lives, which read line by line, need of each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from msgspec.structs import replace

from toolkit.runlog.bulk.groups.line_groups import LineGroup
from toolkit.runlog.bulk.numbers import IntVector
from toolkit.runlog.parse import LogRecord
from toolkit.runlog.session_lines import is_loopback, session_line

STAGES = ("ws_subscribed", "ws_first_message")
BOOKS = ("ws_first_book", "first_decoded_top")
_READ_FIELDS = ("count", "error", "frame", "keys", "snippet", "socket_role", "task", "times")
"""Fields of a life-cycle line on which sessions and lives depend, besides those that name its venue and reason."""


@dataclass(frozen=True, slots=True)
class LifeCycleGroup:
    """Life-cycle lines whose records differ in values of fields: one of the records, and their indexes, ascending.

    `texts` has the value of each line for the fields that differ and matter.
    """

    record: LogRecord
    indexes: IntVector
    texts: Mapping[str, Sequence[str]]

    def record_at(self, place: int) -> LogRecord:
        """Return the record of one of the lines, in which fields that do not matter are those of another line."""
        return replace(
            self.record, fields={**self.record.fields, **{key: each[place] for key, each in self.texts.items()}}
        )


class LifeCycleRecord(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The record of a life-cycle line that was parsed singly, and the line's index in the block."""

    index: int
    record: LogRecord


def is_life_cycle(record: LogRecord) -> bool:
    """Return true for a record of which sessions and lives must see every line; of stages they see the first ones."""
    return record.family not in (*STAGES, *BOOKS) and session_line(record, (0, 0)) is not None


def life_cycle_group(group: LineGroup) -> LifeCycleGroup:
    """Return what sessions and lives need of a group of life-cycle lines."""
    texts = {key: group.texts(key) for key in _READ_FIELDS if key in group.varying}
    return LifeCycleGroup(group.record, group.indexes, texts)


def in_order(indexes: Sequence[Sequence[int] | IntVector]) -> Iterator[tuple[int, int, int]]:
    """Yield index in the block, number of the group, and place in it, of each line of groups of a block, in order.

    `indexes` are those of each group, ascending.
    """
    numbers = np.repeat(np.arange(len(indexes)), [len(each) for each in indexes])
    places = np.concatenate([np.arange(len(each)) for each in indexes])
    all_indexes = np.concatenate([np.asarray(each, np.int64) for each in indexes])
    order = np.argsort(all_indexes, kind="stable")
    yield from zip(all_indexes[order].tolist(), numbers[order].tolist(), places[order].tolist(), strict=True)


def are_on_this_machine(group: LineGroup) -> frozenset[bool]:
    """Return whether sockets of a group of connecting lines lead to this machine; empty for other groups."""
    record = group.record
    if record.family != "ws_connecting" or not record.venue:
        return frozenset()
    urls = group.texts("url") if "url" in group.varying else [record.fields["url"]]
    return frozenset(map(is_loopback, urls))
