"""What the lines of a log leave in the store (`log_event`, `counter`, `rx_stat`), one by one or by the block."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from toolkit.ingest.batch_writer import PendingRows, TableWriter
from toolkit.runlog.bulk.columns import COUNTER, EVENT, WHOLE, Columns, counted_for, readings
from toolkit.runlog.bulk.numbers import Whole
from toolkit.runlog.bulk.rx_columns import RX, rx_values
from toolkit.runlog.facts import Ref
from toolkit.runlog.parse import RX_STATS, Found


class LogRows:
    """Rows waiting to be written, some hundred thousand at a time."""

    def __init__(self, writer: TableWriter) -> None:
        self._events = PendingRows(writer, "log_event", EVENT)
        self._counters = PendingRows(writer, "counter", COUNTER)
        self._rx = PendingRows(writer, "rx_stat", RX)

    def add(self, found: Found, ref: Ref, life: int, byte: int, stamped_ms: int | None, torn: bool = False) -> None:
        """Take one record. `stamped_ms` is the time (epoch) stamped on its line. A torn record's numbers may be cut."""
        if found.family == RX_STATS:
            self._rx.add((*ref, life, *rx_values(found.fields)))
            return
        fields = msgspec.json.encode(found.fields).decode()
        self._events.add((*ref, life, found.column, found.family, found.venue, found.reason, stamped_ms, fields, byte))
        for name, key, kind in () if torn else readings(found):
            if WHOLE.fullmatch(value := found.fields[key]):
                self._counters.add((*ref, life, counted_for(found), name, float(value), str(kind)))

    def add_block(self, columns: Columns, file_no: int, first_line: int, lives: Callable[[Whole], Whole]) -> None:
        """Take what the groups of a block left; `lives` tells those of lines by their numbers in the file."""
        of = (self._events, columns.events), (self._counters, columns.counters), (self._rx, columns.rx)
        for waiting, rows in of:
            if rows is not None:
                own = lives(rows.column("line").to_numpy() + first_line)
                waiting.add_table(file_no, first_line, own, rows)

    def flush(self) -> None:
        """Write what is waiting."""
        for each in (self._events, self._counters, self._rx):
            each.flush()
