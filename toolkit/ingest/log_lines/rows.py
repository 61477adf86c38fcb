"""Rows of log lines for the tables `log_event`, `counter` and `rx_stat`, added singly or by block."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from toolkit.ingest.batch_writer import PendingRows, TableWriter
from toolkit.runlog.bulk.columns import (
    COUNTER_SCHEMA,
    EVENT_SCHEMA,
    BlockTables,
    counter_values,
    counter_venue,
)
from toolkit.runlog.bulk.numbers import IntVector
from toolkit.runlog.bulk.rx_columns import RX_SCHEMA, rx_values
from toolkit.runlog.ending_lines import Ref
from toolkit.runlog.parse import RX_STATS, LogRecord


class LogRows:
    """Pending rows of the three tables that are filled from logs."""

    def __init__(self, writer: TableWriter) -> None:
        self._events = PendingRows(writer, "log_event", EVENT_SCHEMA)
        self._counters = PendingRows(writer, "counter", COUNTER_SCHEMA)
        self._rx = PendingRows(writer, "rx_stat", RX_SCHEMA)
        self._encode = msgspec.json.Encoder().encode

    def add(
        self, record: LogRecord, ref: Ref, life: int, byte: int, stamped_ms: int | None, is_counted: bool = True
    ) -> None:
        """Add one record of a line; its counter readings are left out unless it `is_counted`.

        `stamped_ms` is the time stamped on the line (epoch).
        """
        if record.family == RX_STATS:
            self._rx.add((*ref, life, *rx_values(record.fields)))
            return
        fields = self._encode(record.fields)
        file_no, line = ref
        self._events.add(
            (file_no, line, life, record.column, record.family, record.venue, record.reason, stamped_ms, fields, byte)
        )
        if is_counted and (readings := counter_values(record)):
            venue = counter_venue(record)
            for reading in readings:
                self._counters.add((file_no, line, life, venue, *reading))

    def add_block(
        self, tables: BlockTables, file_no: int, first_line: int, lives_of: Callable[[IntVector], IntVector]
    ) -> None:
        """Add the tables of a block that begins at line `first_line`; `lives_of` maps lines of the file to lives."""
        for pending, rows in (
            (self._events, tables.events),
            (self._counters, tables.counters),
            (self._rx, tables.rx),
        ):
            if rows is not None:
                lives = lives_of(rows.column("line").to_numpy() + first_line)
                pending.add_table(file_no, first_line, lives, rows)

    def flush(self) -> None:
        """Pass all pending rows to the writer."""
        for each in (self._events, self._counters, self._rx):
            each.flush()
