"""Limits on the number of names that a log may bring: what names further ones is counted under one name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

import numpy as np
import pyarrow as pa
from msgspec.structs import replace

from toolkit.model.vocabulary import MAX_REASONS, MAX_VENUES, OTHER_NAME
from toolkit.runlog.bulk.block import ParsedBlock
from toolkit.runlog.bulk.columns import BlockTables
from toolkit.runlog.bulk.numbers import IntVector
from toolkit.runlog.bulk.summaries import Named
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
        reasons = self._reasons.get(record.venue or "")
        if record.venue is None or (reasons is not None and (record.reason is None or record.reason in reasons)):
            return record
        venue, reason = self.of_family(record.family, record.venue, record.reason, count)
        if venue == record.venue and reason == record.reason:
            return record
        return replace(record, venue=venue, reason=reason)

    def _has_room(self, family: str, venue: str | None, reason: str | None) -> bool:
        """Return whether a venue or a reason that records of a family name is new and would be kept."""
        if venue is None or (family == AUDIT_OTHER and venue not in self._reasons):
            return False
        if (reasons := self._reasons.get(venue)) is None:
            return len(self._reasons) < MAX_VENUES
        return reason is not None and reason not in reasons and len(reasons) < MAX_REASONS

    def _keep(self, family: str, venue: str | None, reason: str | None) -> None:
        """Keep the names of records of a family while the limits allow it."""
        if venue is not None and self._has_room(family, venue, reason):
            self.names(venue, reason)

    def of_family(
        self, family: str, venue: str | None, reason: str | None, count: int
    ) -> tuple[str | None, str | None]:
        """Return a venue and a reason that `count` records of a family name, within the limits."""
        if venue is None:
            return venue, reason
        # The venue key of an audit line of no known family may hold anything.
        return self.names(venue, reason, count if family != AUDIT_OTHER or venue in self._reasons else 0)

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

    def of_block(self, block: ParsedBlock) -> list[list[Named]]:
        """Return the names of each summary of a block within the limits; call it before the block's lines are read."""
        named = [(at, each.family, venue, reason) for each in block.summaries for venue, reason, _, at in each.names]
        if any(self._has_room(family, venue, reason) for _, family, venue, reason in named):
            named += [(each.index, r.family, r.venue, r.reason) for each in block.single for r in each.parsed.records]
            for _, family, venue, reason in sorted(named, key=itemgetter(0)):
                self._keep(family, venue, reason)
        return [
            [(*self.of_family(each.family, venue, reason, count), count, at) for venue, reason, count, at in each.names]
            for each in block.summaries
        ]

    def tables(self, tables: BlockTables, named: Iterable[tuple[str | None, str | None]]) -> BlockTables:
        """Return the tables of a block with names within the limits; `named` are the venues and reasons in its rows.

        A counter of a further venue is left out.
        """
        if all(self._pair(venue, reason) == (venue, reason) for venue, reason in named):
            return tables
        events, counters = tables.events, tables.counters
        if events is not None:
            pairs, rows = _distinct_labels(events, "venue", "reason")
            venues, reasons = zip(*(self._pair(*each) for each in pairs), strict=True)
            events = _with_labels(events, {"venue": (venues, rows), "reason": (reasons, rows)})
        if counters is not None:
            pairs, rows = _distinct_labels(counters, "venue", "name")
            names = [self.counter_name(venue, name or "") for venue, name in pairs]
            is_kept = np.array([self.is_known(venue) for venue, _ in pairs], bool)
            counters = _with_labels(counters, {"name": (names, rows)}).filter(pa.array(is_kept[rows]))
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


def _distinct_labels(table: pa.Table, *columns: str) -> tuple[list[tuple[str | None, ...]], IntVector]:
    """Return the distinct rows that columns of labels hold, and the number of each row of the table among them."""
    codes, labels = np.zeros(len(table), np.int64), list[list[str | None]]()
    for name in columns:
        column = table.column(name).unify_dictionaries().combine_chunks()
        known = [*column.dictionary.to_pylist(), None]
        codes = codes * len(known) + column.indices.fill_null(len(known) - 1).to_numpy()
        labels.append(known)
    distinct, rows = np.unique(codes, return_inverse=True)
    values = list[list[str | None]]()
    for known in reversed(labels):
        values.append([known[number] for number in (distinct % len(known)).tolist()])
        distinct //= len(known)
    return list(zip(*reversed(values), strict=True)), rows


def _with_labels(table: pa.Table, columns: Mapping[str, tuple[Sequence[str | None], IntVector]]) -> pa.Table:
    """Return a table with other labels; each row has the one of its number."""
    for name, (labels, rows) in columns.items():
        index = table.schema.get_field_index(name)
        kind = table.schema.field(index).type
        values = pa.array(labels, pa.string()).take(pa.array(rows)).dictionary_encode()
        table = table.set_column(index, name, values.cast(kind))
    return table
