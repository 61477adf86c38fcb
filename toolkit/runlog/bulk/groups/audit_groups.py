"""Audit lines of no known family in groups: their keys differ, and no reader needs more of them than their fields."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress

import numpy as np
import pyarrow as pa
from msgspec import json

from toolkit.runlog.bulk.groups.line_groups import LineGroup
from toolkit.runlog.bulk.numbers import BlockLines, Mask
from toolkit.runlog.parse import AUDIT_OTHER, LogRecord

MAX_AUDIT_GROUPS = 64
"""Groups of audit lines in a block; lines that name more venues and reasons are in no group."""
Record = tuple[int, LogRecord]
"""Index of a line in its block, and the record that it holds."""


@dataclass(frozen=True, slots=True)
class AuditGroup(LineGroup):
    """Audit lines of no known family; `fields` are those of each, of which the keys differ too."""

    fields: Sequence[Mapping[str, str]]

    @property
    def varying(self) -> Collection[str]:
        """The fields whose values may differ from line to line."""
        return set[str]().union(*self.fields)

    def select(self, mask: Mask) -> AuditGroup:
        """Return the group reduced to the lines that `mask` selects."""
        stamped_ms = None if self.stamped_ms is None else self.stamped_ms[mask]
        fields = list(compress(self.fields, mask.tolist()))
        return replace(self, indexes=self.indexes[mask], stamped_ms=stamped_ms, fields=fields)

    def texts(self, field: str) -> list[str]:
        """Return the value of a field in each line; empty where a line has no such field."""
        return [each.get(field, "") for each in self.fields]

    def json_texts(self, field: str) -> pa.StringArray:
        """Return the value of a field in each line, as it stands in a JSON string."""
        return pa.array([json.encode(each)[1:-1] for each in self.texts(field)], pa.string())

    def rows(self) -> Iterable[Mapping[str, str]]:
        """Return the fields of each line."""
        return self.fields


def audit_groups(lines: BlockLines, records: Iterable[Record]) -> tuple[list[AuditGroup], list[Record]]:
    """Return the audit lines of no known family in groups by venue and reason, and the records that are in none."""
    by_names, others = defaultdict[tuple[str | None, str | None], list[Record]](list), list[Record]()
    for each in records:
        record = each[1]
        if record.family == AUDIT_OTHER:
            by_names[record.venue, record.reason].append(each)
        else:
            others.append(each)
    if len(by_names) > MAX_AUDIT_GROUPS:
        return [], list(records)
    groups = [
        AuditGroup(
            of_names[0][1],
            lines,
            np.array([index for index, _ in of_names], np.int64),
            None,
            False,
            [record.fields for _, record in of_names],
        )
        for of_names in by_names.values()
    ]
    return groups, others
