"""Limits on the number of names that a log may bring: what names further ones is counted under one name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec.structs import replace

from toolkit.model.vocabulary import MAX_REASONS, MAX_VENUES, OTHER_NAME
from toolkit.runlog.bulk.block import ParsedBlock
from toolkit.runlog.bulk.columns import BlockTables
from toolkit.runlog.bulk.numbers import IntVector
from toolkit.runlog.bulk.summaries import Named
from toolkit.runlog.ending_lines import Ref
from toolkit.runlog.parse import AUDIT_OTHER, LogRecord
from toolkit.runlog.session_lines import SessionLine, session_line

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

    @property
    def venues(self) -> Collection[str]:
        """The venues that keep their names."""
        return self._reasons.keys()

    def record(self, record: LogRecord, count: int = 1) -> LogRecord:
        """Return a record with names within the limits; `count` records have them."""
        if record.venue is None:
            return record
        reasons = self._reasons.get(record.venue)
        if reasons is not None and (record.reason is None or record.reason in reasons):
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
        self, family: str, venue: str | None, reason: str | None, count: int, keep: bool = True
    ) -> tuple[str | None, str | None]:
        """Return a venue and a reason that `count` records of a family name, within the limits.

        New ones are kept unless `keep` is false.
        """
        if venue is None:
            return venue, reason
        # The venue key of an audit line of no known family may hold anything.
        return self.names(venue, reason, count if family != AUDIT_OTHER or venue in self._reasons else 0, keep)

    @staticmethod
    def cut(record: LogRecord) -> LogRecord:
        """Return a record of a long line with values of at most `MAX_TEXT_CHARS` characters."""
        return replace(record, fields={key: each[:MAX_TEXT_CHARS] for key, each in record.fields.items()})

    def session_line(self, record: LogRecord, ref: Ref) -> SessionLine | None:
        """Return a record with names within the limits as a life-cycle line.

        None if sessions do not read it, or if it is about a further venue.
        """
        if record.venue == OTHER_NAME and self.further_venues:
            return None
        line = session_line(record, ref)
        if line is None or (line.venue == record.venue != OTHER_NAME and line.reason == record.reason):
            return line
        venue, reason = self.names(line.venue, line.reason, 0)
        if venue == OTHER_NAME and self.further_venues:
            return None
        return line if (venue, reason) == (line.venue, line.reason) else replace(line, venue=venue, reason=reason)

    def names(self, venue: str, reason: str | None, count: int = 1, keep: bool = True) -> tuple[str, str | None]:
        """Return a venue and a reason within the limits; `count` records have them, 0 only asks.

        New ones are kept unless `keep` is false.
        """
        reasons = self._reasons.get(venue)
        if reasons is not None and (reason is None or reason in reasons):
            return venue, reason
        if reasons is None and len(self._reasons) >= MAX_VENUES:
            self.further_venues += count
            return OTHER_NAME, None
        if reasons is not None and len(reasons) >= MAX_REASONS:
            self.further_reasons[venue] += count
            return venue, OTHER_NAME
        if count and keep:
            known = self._reasons.setdefault(venue, set())
            if reason is not None:
                known.add(reason)
        return venue, reason

    def of_block(self, block: ParsedBlock) -> list[list[Named]]:
        """Return the names of each summary of a block within the limits; call it before the block's lines are read."""
        named = [(at, each.family, venue, reason) for each in block.summaries for venue, reason, _, at in each.names]
        if any(self._has_room(family, venue, reason) for _, family, venue, reason in named):
            single = [(each.index, record) for each in block.single for record in each.parsed.records]
            single += [(each.index, each.record) for each in block.life_cycle_single]
            named += [(at, record.family, record.venue, record.reason) for at, record in single]
            for _, family, venue, reason in sorted(named, key=itemgetter(0)):
                self._keep(family, venue, reason)
        return [
            [
                (*self.of_family(each.family, venue, reason, count, keep=False), count, at)
                for venue, reason, count, at in each.names
            ]
            for each in block.summaries
        ]

    def tables(self, tables: BlockTables) -> BlockTables:
        """Return the tables of a block, of which all lines are read, with names within the limits.

        A counter of a further venue is left out.
        """
        if len(self._reasons) < MAX_VENUES and all(len(each) < MAX_REASONS for each in self._reasons.values()):
            return tables
        events, counters = tables.events, tables.counters
        if events is not None:
            venues, reasons = _texts(events, "venue"), _texts(events, "reason")
            of_further, further = self._further(venues, reasons)
            reasons = pc.if_else(of_further, pa.scalar(None, pa.string()), pc.if_else(further, OTHER_NAME, reasons))
            events = _with_labels(events, venue=pc.if_else(of_further, OTHER_NAME, venues), reason=reasons)
        if counters is not None:
            venues, names = _texts(counters, "venue"), _texts(counters, "name")
            is_reconnect = pc.starts_with(names, _RECONNECT)
            of_further, further = self._further(venues, pc.utf8_slice_codeunits(names, len(_RECONNECT)))
            names = pc.if_else(pc.and_(is_reconnect, further), _RECONNECT + OTHER_NAME, names)
            counters = _with_labels(counters, name=names).filter(pc.invert(of_further))
        return BlockTables(events, counters, tables.rx)

    def _further(self, venues: pa.ChunkedArray, reasons: pa.ChunkedArray) -> tuple[pa.BooleanArray, pa.BooleanArray]:
        """Return masks of the rows of further venues, and of those of further reasons of other venues."""
        known = [*set().union(*self._reasons.values()), None]
        places = {reason: place for place, reason in enumerate(known)}
        keeps = np.ones((len(self._reasons) + 2, len(known) + 1), np.bool_)
        for row, of_venue in zip(keeps, self._reasons.values(), strict=False):
            if len(of_venue) >= MAX_REASONS:
                row[:] = False
                row[[places[None], *map(places.__getitem__, of_venue)]] = True
        venue_codes = _codes(venues, [*self._reasons, None])
        is_further_venue = (venue_codes == len(keeps) - 1) & (len(self._reasons) >= MAX_VENUES)
        is_further_reason = ~keeps[venue_codes, _codes(reasons, known)]
        return pa.array(is_further_venue), pa.array(is_further_reason)


def _texts(table: pa.Table, name: str) -> pa.ChunkedArray:
    return table.column(name).cast(pa.string())


def _codes(values: pa.ChunkedArray, known: Sequence[str | None]) -> IntVector:
    """Return the place of each value among the known ones; that after the last one for others."""
    codes: IntVector = pc.index_in(values, pa.array(known, pa.string())).fill_null(len(known)).to_numpy()
    return codes


def _with_labels(table: pa.Table, **columns: pa.ChunkedArray) -> pa.Table:
    """Return a table with other labels in some columns."""
    for name, values in columns.items():
        index = table.schema.get_field_index(name)
        table = table.set_column(index, name, values.dictionary_encode().cast(table.schema.field(index).type))
    return table
