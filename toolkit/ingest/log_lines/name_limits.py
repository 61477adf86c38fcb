"""Limits on the number of names that a log may bring: what names further ones is counted under one name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
from msgspec.structs import replace

from toolkit.model.vocabulary import MAX_REASONS, MAX_VENUES, OTHER_NAME
from toolkit.runlog.bulk.columns import BlockTables
from toolkit.runlog.parse import AUDIT_OTHER, LogRecord
from toolkit.runlog.session_lines import SessionLine

MAX_TEXT_CHARS = 64 << 10
"""Characters that are kept of a line and of a value in it, so that long lines cannot fill the memory."""
_RECONNECT = "reconnect."
"""Beginning of the names of the counters of one reason each."""


@dataclass
class NameLimits:
    """The venues of a run, and the reasons of each, in the order of its lines.

    `MAX_VENUES` venues and `MAX_REASONS` reasons of each keep their names; further ones become `OTHER_NAME`.
    """

    further_venues: int = 0
    """Records that name a further venue."""
    further_reasons: Counter[str] = field(default_factory=Counter)
    """Records that name a further reason, by venue."""
    further_settings: int = 0
    """Statements of settings beyond `MAX_SETTINGS`."""
    further_values: Counter[str] = field(default_factory=Counter)
    """Statements of values beyond `MAX_SETTING_VALUES`, by setting."""
    _reasons: dict[str, set[str]] = field(default_factory=dict)

    def record(self, record: LogRecord, count: int = 1) -> LogRecord:
        """Return a record with names within the limits; `count` records have them."""
        if record.venue is None:
            return record
        # The venue key of an audit line of no known family may hold anything.
        add = count if record.family != AUDIT_OTHER or record.venue in self._reasons else 0
        venue, reason = self.names(record.venue, record.reason, add)
        if venue == record.venue and reason == record.reason:
            return record
        return replace(record, venue=venue, reason=reason)

    @staticmethod
    def cut(record: LogRecord) -> LogRecord:
        """Return a record of a long line with values of at most `MAX_TEXT_CHARS` characters."""
        return replace(record, fields={key: each[:MAX_TEXT_CHARS] for key, each in record.fields.items()})

    def session_line(self, line: SessionLine) -> SessionLine | None:
        """Return a line about a session with names within the limits; None if it is about a further venue."""
        venue, reason = self.names(line.venue, line.reason, 0)
        if venue == OTHER_NAME and self.further_venues:
            return None
        return line if (venue, reason) == (line.venue, line.reason) else replace(line, venue=venue, reason=reason)

    def names(self, venue: str, reason: str | None, count: int = 1) -> tuple[str, str | None]:
        """Return a venue and a reason within the limits; `count` records have them, 0 only asks."""
        reasons = self._reasons.get(venue)
        if reasons is not None and (reason is None or reason in reasons):
            return venue, reason
        if reasons is None and len(self._reasons) >= MAX_VENUES:
            self.further_venues += count
            return OTHER_NAME, None
        if reasons is not None and len(reasons) >= MAX_REASONS:
            self.further_reasons[venue] += count
            return venue, OTHER_NAME
        if count:
            known = self._reasons.setdefault(venue, set())
            if reason is not None:
                known.add(reason)
        return venue, reason

    def tables(self, tables: BlockTables, records: Iterable[LogRecord]) -> BlockTables:
        """Return the tables of a block with names within the limits; `records` are those of the block's groups.

        A counter of a further venue is left out.
        """
        renamed = any(
            each.venue is not None and self.names(each.venue, each.reason, 0) != (each.venue, each.reason)
            for each in records
        )
        if not renamed:
            return tables
        events, counters = tables.events, tables.counters
        if events is not None:
            pairs = [self._pair(*each) for each in _rows(events, "venue", "reason")]
            events = _with_labels(
                events, {"venue": [venue for venue, _ in pairs], "reason": [each for _, each in pairs]}
            )
        if counters is not None:
            kept = [self.is_known(venue) for (venue,) in _rows(counters, "venue")]
            counters = counters.filter(pa.array(kept, pa.bool_()))
            names = [self.counter_name(*each) for each in _rows(counters, "venue", "name")]
            counters = _with_labels(counters, {"name": names})
        return BlockTables(events, counters, tables.rx)

    def is_known(self, venue: str | None) -> bool:
        """Return whether counters of a venue are kept."""
        return venue is None or self.names(venue, None, 0)[0] == venue

    def counter_name(self, venue: str | None, name: str) -> str:
        """Return the name of a counter within the limits."""
        if venue is None or not name.startswith(_RECONNECT):
            return name
        return f"{_RECONNECT}{self.names(venue, name.removeprefix(_RECONNECT), 0)[1]}"

    def _pair(self, venue: str | None, reason: str | None) -> tuple[str | None, str | None]:
        return (None, reason) if venue is None else self.names(venue, reason, 0)


def _rows(table: pa.Table, *columns: str) -> Iterable[tuple[str, ...]]:
    return zip(*(table.column(each).to_pylist() for each in columns), strict=True)


def _with_labels(table: pa.Table, columns: Mapping[str, Sequence[str | None]]) -> pa.Table:
    for name, values in columns.items():
        index = table.schema.get_field_index(name)
        kind = table.schema.field(index).type
        table = table.set_column(index, name, pa.array(values, pa.string()).dictionary_encode().cast(kind))
    return table
