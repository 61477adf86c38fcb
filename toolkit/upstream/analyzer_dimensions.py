"""Dimensions 2 to 15 of `telemetry_analyzer` v1 beside ours.

Most series the tool computes as ours are defined. Where it can read every record of the run and there is one life, its
numbers are then ours, rounded as it prints them (a value half way between two may be printed as the other one); where
not, they are not worked out. Those that it computes by a rule of its own come from the store.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from toolkit.model.figures import Number
from toolkit.model.runs import CompatRow
from toolkit.upstream.explanation import SAME, OurFigures

STATS = ("mean", "p50", "p95", "p99", "max")
DIGITS = 6
"""Decimals that the tool rounds a series to."""

RUN = {
    "total_us": "run.phase.total_us", "reconcile_us": "run.phase.reconcile_us", "submit_us": "run.phase.submit_us",
    "order_tx_pending": "run.order_tx_pending", "dispersion": "run.dispersion_usd", "kf_p": "run.kalman.variance",
    "kf_x_hat": "run.kalman.log_price", "hedge_delta_h_t": "run.hedge_delta", "fv_short_vol": "run.vol.short",
    "fv_long_vol": "run.vol.long", "sigma_eff": "run.vol.effective", "regime_ratio": "run.vol.regime_ratio",
    "would_send_orders_count": "run.would_send", "dollar_delta_usd": "run.dollar_delta_usd",
    "q_global_tao": "run.position",
}  # fmt: skip
VENUE = {
    "mid": "mid_usd", "mid_delta_bps": "mid_step_bps", "fv_deviation": "fair_deviation_usd", "toxicity": "toxicity",
    "edge_local": "quotes.edge_usd", "delta_final": "quotes.half_spread_usd", "local_vol_short": "local_vol",
    "funding_rate_8h": "funding_rate_8h", "funding_age_ms": "funding_age_ms",
}  # fmt: skip
COUNTS = {
    "ticks >250us": "run.ticks_over_us.250", "ticks >1ms": "run.ticks_over_us.1000",
    "ticks >5ms": "run.ticks_over_us.5000", "ticks >50ms": "run.ticks_over_us.50000",
    "fv unavailable ticks": "run.fair_value.unavailable.ticks", "fills": "run.fills",
    "ticks with exits": "run.exits.ticks", "ticks with hedges": "run.hedges.ticks",
    "regime transitions": "run.regime.changes", "kill switch ticks": "run.kill.ticks",
    "would_send 0 ticks": "run.would_send.none.ticks",
    "would_send 0 longest": "run.would_send.longest_drought_ticks", "pnl_total final": "run.pnl_total.final",
    "anomalies": "run.anomalies.total",
}  # fmt: skip
"""The tool's words for what it computes as ours is defined, and our figures."""

_OWN_RULES = {
    "event_drain_us": (
        "phase.event_drain_us",
        "The tool takes the time since the tick began; ours is the phase alone.",
    ),
    "engine_us": ("phase.engine_us", "The tool takes the time since the tick began; ours is the phase alone."),
    "spread": ("spread_usd", "The tool counts no book as 0 and leaves a crossed one out; ours does not."),
    "depth": ("depth_usd", "The tool counts a record without a book as 0; ours leaves it out."),
}
_NOT_ALL_READ = (
    "Same definition; the tool skips records or counts across a restart here, so its number is not worked out."
)


@dataclass(frozen=True, slots=True)
class Series:
    """A series that the tool computes by a rule of its own; `venue` is None where it is the run's."""

    word: str
    venue: str | None
    stats: tuple[float, ...]
    n: int


def dimension_rows(
    series: tuple[Series, ...], places: Mapping[str, str], reads_all: bool, ours: OurFigures
) -> Iterator[tuple[str | None, CompatRow]]:
    """The rows, each with the venue it is of; `places` has for a venue the name that the tool gives its place."""
    for word, figure in RUN.items():
        yield from ((None, each) for each in _same(word, figure, reads_all, ours))
    for venue, named in places.items():
        for word, metric in VENUE.items():
            yield from ((venue, each) for each in _same(f"{word} {named}", f"{venue}.{metric}", reads_all, ours))
    for word, figure in COUNTS.items():
        if (value := ours.value(figure)) is not None:
            yield None, _row(word, value if reads_all else None, value, figure, SAME)
    for each in series:
        if each.venue is None or each.venue in places:
            name = each.word if each.venue is None else f"{each.word} {places[each.venue]}"
            yield from ((each.venue, row) for row in _own_rule(name, each, ours))


def _same(name: str, figure: str, reads_all: bool, ours: OurFigures) -> Iterator[CompatRow]:
    for stat in STATS:
        if (value := ours.value(f"{figure}.{stat}")) is not None:
            yield _row(f"{name} {stat}", round(value, DIGITS) if reads_all else None, value, f"{figure}.{stat}", SAME)
    if n := ours.n(f"{figure}.p50"):
        yield _row(f"{name} n", n if reads_all else None, n, f"{figure}.p50", SAME)


def _own_rule(name: str, series: Series, ours: OurFigures) -> Iterator[CompatRow]:
    metric, why = _OWN_RULES[series.word]
    figure = f"{series.venue or 'run'}.{metric}"
    for stat, counted in zip(STATS, series.stats, strict=True):
        value = ours.value(f"{figure}.{stat}")
        same = value is not None and round(value, DIGITS) == round(counted, DIGITS)
        yield _row(f"{name} {stat}", round(counted, DIGITS), value, f"{figure}.{stat}", "Same number." if same else why)
    n = ours.n(f"{figure}.p50")
    yield _row(f"{name} n", series.n, n, f"{figure}.p50", "Same count." if n == series.n else why)


def _row(name: str, upstream: Number | None, ours: Number | None, figure: str, why: str) -> CompatRow:
    told = _NOT_ALL_READ if upstream is None else why
    return CompatRow("telemetry_analyzer v1", name, upstream, ours, figure, told)
