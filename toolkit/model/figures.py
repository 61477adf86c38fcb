"""Records of figures: the definition of a figure, and its value in one run.

The JSON of the commands is these records; the order of the fields is the published order.
"""

from __future__ import annotations

from dataclasses import dataclass

from toolkit.model.vocabulary import Better, Bound

Number = int | float


@dataclass(frozen=True, slots=True)
class FigureSpec:
    """Definition of a figure: one row of the catalogue.

    `name` is the pattern `scope.metric[.label]`, with placeholders such as `<venue>` and `<reason>`. `definition` is
    complete. Its parts are `meaning`, which belongs to this figure and its other statistics (empty where the figures
    of a title have one definition), `remark`, which is about all figures of the title, and the statistic in words.
    """

    name: str
    title: str
    unit: str
    better: Better
    definition: str
    source: str
    meaning: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of one run, in `unit`.

    `value` is None (never 0) where the evidence does not determine it. `n` counts the samples or events behind it.
    `low` and `high` are the range of the true value: both equal `value` when exact, None where unbounded.
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
        """The first part of the figure's name: a venue or `run`."""
        return self.figure.split(".", 1)[0]

    @property
    def metric(self) -> str:
        """The figure's name without the scope."""
        return self.figure.split(".", 1)[1]
