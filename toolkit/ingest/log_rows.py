"""What the lines of a log leave in the store (`log_event`, `counter`, `rx_stat`), one by one or by the group."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
import pyarrow as pa

from toolkit.ingest.rx_stats import RX, rx_columns, rx_values
from toolkit.ingest.waiting import Place, Waiting, Writer, whole_numbers
from toolkit.runlog.facts import Ref
from toolkit.runlog.parse import OTHER, RX_STATS, Found
from toolkit.runlog.repeats import Group
from toolkit.vocabulary import CounterKind

_PLACE = (("file_no", pa.int32()), ("line", pa.int64()), ("life", pa.int32()))
_EVENT = pa.schema(
    [
        *_PLACE, ("col", pa.int32()), ("family", pa.string()), ("venue", pa.string()), ("reason", pa.string()),
        ("at_ms", pa.int64()), ("fields", pa.string()), ("byte", pa.int64()),
    ]
)  # fmt: skip
_COUNTER = pa.schema(
    [*_PLACE, ("venue", pa.string()), ("name", pa.string()), ("value", pa.float64()), ("kind", pa.string())]
)


class LogRows:
    """Rows waiting to be written, some hundred thousand at a time."""

    def __init__(self, writer: Writer) -> None:
        self._events = Waiting(writer, "log_event", _EVENT)
        self._counters = Waiting(writer, "counter", _COUNTER)
        self._rx = Waiting(writer, "rx_stat", RX)

    def add(self, found: Found, ref: Ref, life: int, byte: int, stamped_ms: int | None, torn: bool = False) -> None:
        """Take one record. `stamped_ms` is the time (epoch) stamped on its line. A torn record's numbers may be cut."""
        if found.family == RX_STATS:
            self._rx.add((*ref, life, *rx_values(found.fields)))
            return
        fields = msgspec.json.encode(found.fields).decode()
        self._events.add((*ref, life, found.column, found.family, found.venue, found.reason, stamped_ms, fields, byte))
        for name, key, kind in () if torn else readings(found):
            if (value := _whole(found.fields[key])) is not None:
                self._counters.add((*ref, life, counted_for(found), name, value, str(kind)))

    def add_group(self, group: Group, place: Place) -> None:
        """Take the lines of one shape at once."""
        found = group.plan.found
        if found.family == OTHER:
            return
        if found.family == RX_STATS:
            self._rx.add_group(place, rx_columns(group))
            return
        same = {"col": found.column, "family": found.family, "venue": found.venue, "reason": found.reason}
        fields = pa.array(group.fields(), pa.string())
        at_ms = pa.array(group.stamped_ms, pa.int64()) if group.plan.stamped else None
        self._events.add_group(place, {**same, "at_ms": at_ms, "fields": fields, "byte": place.bytes})
        for name, key, kind in readings(found):
            # The numbers of a group have 18 digits at most; a value without a free number is the same in every line.
            whole = _INTEGER.fullmatch if key in group.plan.varying else _WHOLE.fullmatch
            if not whole(found.fields[key]):
                continue
            values = whole_numbers(group.column(key))
            same = {"venue": counted_for(found), "name": name, "kind": str(kind)}
            self._counters.add_group(place, {**same, "value": values})

    def flush(self) -> None:
        """Write what is waiting."""
        for each in (self._events, self._counters, self._rx):
            each.flush()


def readings(found: Found) -> Iterator[tuple[str, str, CounterKind]]:
    """The counters that a record reads: each one's name, the key that holds its value, and its kind."""
    if found.family == "audit_reconnect":
        yield f"reconnect.{found.reason}", "count", CounterKind.CUMULATIVE
    if found.audit is not None:
        for declared, kind in found.audit.counters.items():
            name = declared.replace("<venue>", found.venue or "")
            if name in found.fields:
                yield name, name, kind


def counted_for(found: Found) -> str | None:
    """The venue whose counter it is; None where it is the process's."""
    return None if found.venue == "all" else found.venue


def _whole(value: str) -> int | None:
    return int(value) if _WHOLE.fullmatch(value) else None


_WHOLE = re.compile(r"-?[0-9]{1,18}")
_INTEGER = re.compile(r"-?[0-9]+")
