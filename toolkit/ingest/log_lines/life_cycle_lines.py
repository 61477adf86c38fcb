"""Life-cycle lines whose rows are made by block: sessions and lives read them one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import msgspec
from msgspec import structs

from toolkit.ingest.log_lines.name_limits import NameLimits
from toolkit.runlog.bulk.block import ParsedBlock
from toolkit.runlog.bulk.life_cycle import in_order
from toolkit.runlog.ending_lines import Ref
from toolkit.runlog.parse import LogRecord
from toolkit.runlog.session_lines import SessionLine, counted_failures


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
    groups = [replace(each, record=names.record(each.record, 0)) for each in block.life_cycle]
    single = block.life_cycle_single
    events = [names.session_line(each.record, (0, 0)) for each in groups]
    for index, number, place in in_order([*(each.indexes for each in groups), [each.index for each in single]]):
        ref = file_no, first_line + index
        if number == len(groups):
            yield LifeCycleLine(ref, single[place].record, None, True)
            continue
        group, event = groups[number], events[number]
        if not group.texts:
            yield LifeCycleLine(ref, group.record, None if event is None else structs.replace(event, ref=ref))
        elif event is not None and group.texts.keys() == {"times"}:
            failures = counted_failures(group.record.family, group.texts["times"][place])
            yield LifeCycleLine(ref, group.record, structs.replace(event, ref=ref, failures=failures))
        else:
            record = group.record_at(place)
            yield LifeCycleLine(ref, record, None if event is None else names.session_line(record, ref))
