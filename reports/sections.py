"""Sections of the pair page, and the figures that each shows, in order.

A name is a metric without its scope; `*` matches any rest. A figure belongs to the first section that names it. The
last section has the figures that no other section names, so every figure is shown exactly once.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import cache

SECTIONS: dict[str, tuple[str, ...]] = {
    "reconnects": (
        "connects", "reconnects", "reconnects.*", "connect_failures", "connect_failures.*", "socket_ends",
        "socket_ends.*", "downtime_ms.*", "time_to_first_book_ms.*", "backoff.*",
    ),
    "ages": (
        "age_apply_ms.p50", "age_apply_ms.p95", "age_apply_ms.p99", "age_apply_unknown.share",
        "age_event_ms.p50", "age_event_ms.p95", "age_event_ms.p99",
    ),
    "freshness": ("fresh.share", "stale.ms", "fresh_by_socket.share", "masked.*", "status.*", "status_flips"),
    "books": ("book.untrusted.share", "book.*", "depth_zero.*"),
    "plateaus": ("plateau_10s.*", "plateau_30s.*", "plateau_[0-9]*", "plateau_event_*"),
    "pressure": ("publisher.*", "cap_hits", "cap_hits.*", "rx.*"),
    "recovery": (
        "resyncs", "resyncs.*", "seq_gaps", "subscriptions.*", "read_timeouts_kept", "pollers.*", "pings.*", "rest.*",
        "rest_fallback.*", "enforcer.*", "supervisor.*", "core_freezes", "ts_fallbacks",
    ),
    "engine": (
        "phase.total_us.p50", "phase.total_us.p99", "phase.event_drain_us.p99", "phase.engine_us.p99",
        "phase.submit_us.p99", "anomalies.*", "unhealthy_together.share", "unhealthy.longest_ms", "mid_jumps",
        "spread_usd.p50", "depth_usd.p50", "dispersion_usd.p50", "dispersion_usd.p95", "fair_value.available.share",
        "fair_value_jumps", "vol.realised_annual", "toxicity.p95", "markout_usd.mean", "quotes.cut",
        "would_send.none.share", "would_send.longest_drought_ms", "orders.intents", "orders.acks", "orders.rejects",
        "fills", "exits", "hedges", "margin.use.max", "liquidation_sigma.min", "reconcile_drift",
        "regime.normal.share", "kill.ticks", "pnl_total.final", "pnl_total.max_drawdown",
        "funding_status.healthy.share", "funding_rate_8h.dispersion",
    ),
    "sampling": (
        "span_ms", "requested_ms", "coverage.share", "ticks", "ticks_missing", "ticks_unrecorded", "ticks_duplicate",
        "tick_gap_ms.*", "hole_ms", "lives", "log_time.*",
    ),
    "other": ("*",),
}  # fmt: skip


def arrange(metrics: Iterable[str]) -> dict[str, list[str]]:
    """Return the metrics of each section in the section's order. Metrics that match one `*` keep their given order."""
    ranked: dict[str, list[tuple[int, str]]] = {name: [] for name in SECTIONS}
    for metric in dict.fromkeys(metrics):
        section, rank = place(metric)
        ranked[section].append((rank, metric))
    return {name: [metric for _, metric in sorted(pairs, key=lambda each: each[0])] for name, pairs in ranked.items()}


@cache
def place(metric: str) -> tuple[str, int]:
    """Return the section that shows a metric, and the metric's rank in it."""
    return next(
        (section, rank)
        for section, names in SECTIONS.items()
        for rank, name in enumerate(names)
        if fnmatchcase(metric, name)
    )
