"""Records of a run's pictures: ages over time and their distribution, stretches without a book, and events.

Times are epoch milliseconds, ages milliseconds. The records are no part of the published JSON.
"""

from __future__ import annotations

from dataclasses import dataclass

CURVE_STEPS = 1_200
"""Most steps of a curve. A step is a second, or as many seconds as a longer run needs."""

QUANTILES = (
    *(each / 100 for each in range(90)),
    *(each / 1_000 for each in range(900, 990)),
    *(each / 10_000 for each in range(9_900, 9_990, 5)),
    0.999,
    1.0,
)
"""Shares at which the distribution of ages is known, dense in the tail."""


@dataclass(frozen=True, slots=True)
class AgeCurve:
    """Ages of one venue. `limit_ms` is its stale limit.

    `ages_ms` has the largest apply age of each step of the run, None for a step without a known age. The quantiles are
    those of the apply and the event age at `QUANTILES`; empty where no such age is known.
    """

    venue: str
    limit_ms: int
    ages_ms: tuple[int | None, ...]
    apply_quantiles_ms: tuple[int, ...] = ()
    event_quantiles_ms: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class AgeStretch:
    """AgeStretch of time of a venue: an `outage` (`cls` is its class), or one `masked` by books fetched over REST.

    `peak_ms` is the largest apply age in it, None where none above the stale limit is known.
    """

    venue: str
    kind: str
    cls: str | None
    from_ms: int
    to_ms: int
    peak_ms: int | None = None
    lines: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class EventMark:
    """Event of a venue's socket: a `reconnect`, a `resync`, or a timeout that `kept` the socket.

    It happened between `low_ms` and `high_ms`, None where no time is known. `stated` is the reason that the venue gave
    in its close frame, as the log prints it.
    """

    venue: str
    kind: str
    reason: str | None
    low_ms: int | None
    high_ms: int | None
    stated: str | None = None
    lines: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class RunPictures:
    """Data of a run's pictures. `tick_ms` is the median time between records, `step_ms` that of the curves' steps.

    `marks` are in order of time; those without a time come last.
    """

    start_ms: int
    end_ms: int
    tick_ms: float
    step_ms: int
    curves: tuple[AgeCurve, ...]
    stretches: tuple[AgeStretch, ...] = ()
    marks: tuple[EventMark, ...] = ()
