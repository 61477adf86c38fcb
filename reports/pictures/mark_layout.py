"""Places of the marks of a strip: none covers another, even on a phone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from reports.pictures.events import Event
from reports.pictures.reasons import Reason
from reports.pictures.scales import short

_ROWS_Y = (7, 19, 31)
"""Heights of the marks in px. A mark that would cover another is drawn one row lower."""
MAX_TITLES = 5
"""Events of one mark that its title describes; the rest is counted."""
_MARK_SHARE = 0.044
"""Width of a mark as a share of the narrowest strip: 11 of 250 px on a phone."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Mark of one event, or of several that would cover each other. `x` is in percent, `y` in px.

    `low` and `high` are the range of its time in percent, None where the time is known well enough.
    """

    x: str
    y: int
    reason: Reason
    title: str
    anchor: str
    count: int = 1
    low: str | None = None
    high: str | None = None


@dataclass(slots=True)
class _Cluster:
    """Events of one shape that one mark stands for."""

    at_ms: float
    row: int
    events: list[Event]


def placed_marks(events: Iterable[Event], own_ms: int, length_ms: int) -> Iterator[Mark]:
    """Yield the marks of events. Equal ones that would cover each other are counted, others drawn one row lower.

    `own_ms` is the length of the run, `length_ms` that of the longer run, which has the full width.
    """
    width_ms = _MARK_SHARE * length_ms
    clusters: list[_Cluster] = []
    for event in sorted((each for each in events if each.at_ms is not None), key=lambda each: each.at_ms or 0):
        at_ms = event.at_ms or 0.0
        near = [each for each in clusters if at_ms - each.at_ms < width_ms * (1 + 0.7 * (len(each.events) > 1))]
        same = next((each for each in near if each.events[0].reason == event.reason), None)
        taken = {each.row for each in near}
        free = next((row for row in range(len(_ROWS_Y)) if row not in taken), None)
        if same is not None:
            same.events.append(event)
        elif free is not None:
            clusters.append(_Cluster(at_ms, free, [event]))
        else:
            near[-1].events.append(event)
    for cluster in clusters:
        yield _mark(cluster, own_ms)


def _mark(cluster: _Cluster, own_ms: int) -> Mark:
    first = cluster.events[0]
    wide = [each for each in cluster.events if each.is_wide]
    low = min((each.low_ms or 0 for each in wide), default=None)
    high = max((each.high_ms or 0 for each in wide), default=None)
    return Mark(
        x=short(100 * cluster.at_ms / own_ms),
        y=_ROWS_Y[cluster.row],
        reason=first.reason,
        title=_title(cluster.events),
        anchor=first.anchor,
        count=len(cluster.events),
        low=None if low is None else short(100 * low / own_ms),
        high=None if high is None else short(100 * high / own_ms),
    )


def _title(events: Sequence[Event]) -> str:
    more = len(events) - MAX_TITLES
    return " · ".join([*(each.title for each in events[:MAX_TITLES]), *([f"and {more} more"] if more > 0 else [])])
