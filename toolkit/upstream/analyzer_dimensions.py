"""Compare dimensions 2 to 15 of `telemetry_analyzer` v1 with our figures.

The tool defines most of its series as our figures are defined. If it can read every record and the run is one process
(one life), its numbers are ours, rounded as it prints them; a value half way between two decimals may be printed as the
other one. Otherwise its numbers are not computed. Series with a rule of the tool's own are computed from the store.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from toolkit.model.figures import Number
from toolkit.model.runs import CompatRow
from toolkit.upstream.explanation import SAME, OurFigures

STATS = ("mean", "p50", "p95", "p99", "max")
DIGITS = 6
"""Decimals to which the tool rounds a series."""

RUN_SERIES = {
    "total_us": "run.phase.total_us", "reconcile_us": "run.phase.reconcile_us", "submit_us": "run.phase.submit_us",
    "order_tx_pending": "run.order_tx_pending", "dispersion": "run.dispersion_usd", "kf_p": "run.kalman.variance",
    "kf_x_hat": "run.kalman.log_price", "hedge_delta_h_t": "run.hedge_delta", "fv_short_vol": "run.vol.short",
    "fv_long_vol": "run.vol.long", "sigma_eff": "run.vol.effective", "regime_ratio": "run.vol.regime_ratio",
    "would_send_orders_count": "run.would_send", "dollar_delta_usd": "run.dollar_delta_usd",
    "q_global_tao": "run.position",
}  # fmt: skip
VENUE_SERIES = {
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
"""Counts with the same definition as ours: the tool's name and our figure.

`RUN_SERIES` and `VENUE_SERIES` hold the series of the same kind.
"""

PROFIT = "pnl_total final"
"""The one count with another definition: see `_SORTED_PROFITS`."""
_SORTED_PROFITS = "The tool sorts the profits before it takes the last, so it prints the highest; ours is the last."
_OWN_RULES = {
    "event_drain_us": (
        "phase.event_drain_us",
        "The tool measures from the start of the tick; ours is the phase alone.",
    ),
    "engine_us": ("phase.engine_us", "The tool measures from the start of the tick; ours is the phase alone."),
    "spread": ("spread_usd", "The tool counts a missing book as 0; ours leaves it out, and counts what it leaves out."),
    "depth": ("depth_usd", "The tool counts a record without a book as 0; ours leaves it out."),
}
_NOT_ALL_READ = (
    "Same definition; the tool skips records or counts across a restart in this run, so its number is not computed."
)


@dataclass(frozen=True, slots=True)
class Series:
    """A series that the tool computes by its own rule.

    `name` is the tool's; `venue` is None for a series of the run; `stats` are in the order of `STATS`.
    """

    name: str
    venue: str | None
    stats: tuple[float, ...]
    n: int


def dimension_rows(
    series: tuple[Series, ...], tool_names: Mapping[str, str], reads_all: bool, ours: OurFigures
) -> Iterator[tuple[str | None, CompatRow]]:
    """Yield the rows, each with its venue (None for the run).

    `tool_names` maps a venue to the name that the tool gives to its position in the record. `reads_all` says that the
    tool reads every record of a run of one life.
    """
    for name, figure in RUN_SERIES.items():
        yield from ((None, each) for each in _same_definition(name, figure, reads_all, ours))
    for venue, tool_name in tool_names.items():
        for name, metric in VENUE_SERIES.items():
            yield from (
                (venue, each) for each in _same_definition(f"{name} {tool_name}", f"{venue}.{metric}", reads_all, ours)
            )
    for name, figure in COUNTS.items():
        if (value := ours.value(figure)) is not None:
            printed = ours.value("run.pnl_total.max") if name == PROFIT else value
            why = SAME if printed == value else _SORTED_PROFITS
            yield None, _row(name, printed if reads_all else None, value, figure, why)
    for each in series:
        if each.venue is None or each.venue in tool_names:
            name = each.name if each.venue is None else f"{each.name} {tool_names[each.venue]}"
            yield from ((each.venue, row) for row in _own_rule(name, each, ours))


def _same_definition(name: str, figure: str, reads_all: bool, ours: OurFigures) -> Iterator[CompatRow]:
    for stat in STATS:
        if (value := ours.value(f"{figure}.{stat}")) is not None:
            yield _row(f"{name} {stat}", round(value, DIGITS) if reads_all else None, value, f"{figure}.{stat}", SAME)
    if n := ours.n(f"{figure}.p50"):
        yield _row(f"{name} n", n if reads_all else None, n, f"{figure}.p50", SAME)


def _own_rule(name: str, series: Series, ours: OurFigures) -> Iterator[CompatRow]:
    metric, difference = _OWN_RULES[series.name]
    figure = f"{series.venue or 'run'}.{metric}"
    for stat, printed in zip(STATS, series.stats, strict=True):
        value = ours.value(f"{figure}.{stat}")
        same = value is not None and round(value, DIGITS) == round(printed, DIGITS)
        yield _row(
            f"{name} {stat}", round(printed, DIGITS), value, f"{figure}.{stat}", "Same number." if same else difference
        )
    n = ours.n(f"{figure}.p50")
    yield _row(f"{name} n", series.n, n, f"{figure}.p50", "Same count." if n == series.n else difference)


def _row(name: str, upstream: Number | None, ours: Number | None, figure: str, why: str) -> CompatRow:
    return CompatRow("telemetry_analyzer v1", name, upstream, ours, figure, _NOT_ALL_READ if upstream is None else why)
