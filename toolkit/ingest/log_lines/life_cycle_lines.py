"""Life-cycle lines whose rows are made by block: sessions and lives read them one by one."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from operator import attrgetter

import msgspec
from msgspec import structs

from toolkit.ingest.log_lines.name_limits import NameLimits
from toolkit.runlog.bulk.block import ParsedBlock
from toolkit.runlog.bulk.life_cycle import LifeCycleGroup, in_order
from toolkit.runlog.ending_lines import Ref
from toolkit.runlog.parse import LogRecord
from toolkit.runlog.session_lines import SessionLine, counted_failures

_place = attrgetter("ref")


class LifeCycleLine(msgspec.Struct, frozen=True, gc=False):
    """A life-cycle line whose rows are made: its place, its record, and the line for the sessions, if they read it.

    A `single` one is of no group: its names may be beyond the limits, and `session_line` is not known yet.
    """

    ref: Ref
    record: LogRecord
    session_line: SessionLine | None
    single: bool = False


def life_cycle_lines(block: ParsedBlock, names: NameLimits, file_no: int, first_line: int) -> Iterator[LifeCycleLine]:
    """Yield the life-cycle lines of a block that begins at line `first_line`, in order."""
    grouped = _grouped_lines(block.life_cycle, names, file_no, first_line)
    records = block.life_cycle_single
    single = (LifeCycleLine((file_no, first_line + each.index), each.record, None, True) for each in records)
    return heapq.merge(grouped, single, key=_place) if block.life_cycle and records else chain(grouped, single)


def _grouped_lines(
    groups: Sequence[LifeCycleGroup], names: NameLimits, file_no: int, first_line: int
) -> Iterator[LifeCycleLine]:
    named = [replace(each, record=names.record(each.record, 0)) for each in groups]
    common = [names.session_line(each.record, (0, 0)) for each in named]
    for index, number, place in in_order(named):
        ref, group, event = (file_no, first_line + index), named[number], common[number]
        if event is not None and group.texts.keys() == {"times"}:
            failures = counted_failures(group.record.family, group.texts["times"][place])
            yield LifeCycleLine(ref, group.record, structs.replace(event, ref=ref, failures=failures))
        elif group.texts:
            record = group.record_at(place)
            yield LifeCycleLine(ref, record, None if event is None else names.session_line(record, ref))
        else:
            yield LifeCycleLine(ref, group.record, None if event is None else structs.replace(event, ref=ref))
