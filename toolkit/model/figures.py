"""The records that pass between rooms: frozen, without behaviour beyond naming themselves.

JSON of a command is these records encoded as they stand (field order is the published order).
All times are epoch milliseconds, all lines one-based, all byte offsets zero-based into the decompressed file.
"""

from __future__ import annotations

from dataclasses import dataclass

from toolkit.model.vocabulary import Better, Bound

Number = int | float


@dataclass(frozen=True, slots=True)
class FigureSpec:
    """One row of the catalogue: what a figure's name means, before any run gives it a value.

    `name` is the pattern `scope.metric[.label]` with `<venue>`, `<reason>` and the like where a run fills in.
    """

    name: str
    title: str
    unit: str
    better: Better
    definition: str
    source: str


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of one run, and what it rests on.

    `value` is None where the evidence does not tell (never 0 instead); `n` counts the samples or events behind it;
    `low` and `high` are the range it lies in (both equal to `value` when exact, None where unbounded).
    """

    figure: str
    value: Number | None
    unit: str
    n: int
    bound: Bound
    low: Number | None
    high: Number | None
    note: str | None
    better: Better

    @property
    def scope(self) -> str:
        """The venue, or `run`."""
        return self.figure.split(".", 1)[0]

    @property
    def metric(self) -> str:
        """The name without its scope."""
        return self.figure.split(".", 1)[1]
