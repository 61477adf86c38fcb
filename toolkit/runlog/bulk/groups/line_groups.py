"""Groups of lines of a block whose records differ only in the values of fields."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import repeat
from typing import Self

import pyarrow as pa

from toolkit.runlog.bulk.numbers import BlockLines, IntVector, Mask
from toolkit.runlog.parse import LogRecord


@dataclass(frozen=True, slots=True)
class LineGroup(ABC):
    """Lines of a block that hold one record each, of the same family, venue and reason.

    `record` is that of one of them. `indexes` are the lines' indexes in the block, ascending. `stamped_ms` are the
    times (epoch ms) stamped on the lines, None if none is. Lines that are `is_decorated` hold more than the text that
    is parsed.
    """

    record: LogRecord
    lines: BlockLines
    indexes: IntVector
    stamped_ms: IntVector | None
    is_decorated: bool

    @property
    @abstractmethod
    def varying(self) -> Collection[str]:
        """The fields whose values may differ from line to line."""

    @abstractmethod
    def select(self, mask: Mask) -> Self:
        """Return the group reduced to the lines that `mask` selects."""

    @abstractmethod
    def texts(self, field: str) -> list[str]:
        """Return the value of a varying field in each line."""

    def rows(self) -> Iterable[Mapping[str, str]]:
        """Return the fields of each line."""
        fields, varying = self.record.fields, self.varying
        if not varying:
            return repeat(fields, len(self.indexes))
        columns = [self.texts(name) if name in varying else repeat(value) for name, value in fields.items()]
        return [dict(zip(fields, row, strict=False)) for row in zip(*columns, strict=False)]

    @abstractmethod
    def json_texts(self, field: str) -> pa.StringArray:
        """Return the value of a varying field in each line, as it stands in a JSON string."""

    def stamped(self, times_ms: IntVector) -> Self:
        """Return the group with the times (epoch ms) stamped on its lines."""
        return replace(self, stamped_ms=times_ms)
