"""What the runner itself says in `run.log` and `market_rx_stats.log`, in the words that readers of both know."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.recording.log_lines import AUDIT
from connectors.runner.market_state import MarketView
from connectors.runner.queue import Pressure
from connectors.runner.telemetry import TickTiming
from connectors.runner.tick import RxStats
from connectors.session.counters import is_logged
from connectors.text import plain_decimal, printable


def startup(
    *, network: str, venues: Sequence[str], version: str, interval_ms: int, build_id: str, dirty: bool, digest: str
) -> str:
    """The first line of a life: its venues in the order of the telemetry arrays."""
    listed = ",".join(venues)
    return (
        f"paraphina_live | trade_mode=shadow | network={printable(network)} | venues={listed} | connectors={listed} "
        f"| cfg={version} | cfg_hash=0x{digest} | build_id={build_id} | dirty={str(dirty).lower()} "
        f"| intervals_ms=main:{interval_ms} | metrics_addr=none"
    )


def zero_counters() -> list[str]:
    """The publisher's counters at the start: what is not counted up from here stays a measured zero."""
    return [f"{AUDIT}component=market_publisher {pressure}=0" for pressure in Pressure]


def first_applied(view: MarketView, index: int, market: str) -> list[str]:
    """A venue's first book with two sides reached the runner: once in a life."""
    bid, ask = view.book.top()
    if bid is None or ask is None:
        return []
    mid, spread, depth = (plain_decimal(format(value, "f")) for value in (view.mid, view.spread, view.depth))
    best = " ".join(
        f"{name}={plain_decimal(format(value, 'f'))}"
        for name, value in zip(("bid_px", "bid_sz", "ask_px", "ask_sz"), (*bid, *ask), strict=True)
    )
    symbol = printable(market).replace(" ", "_")
    return [
        f"FIRST_BOOK_UPDATE venue={view.venue} symbol={symbol} mid={mid} spread={spread} ts={view.event_unix_ms}",
        f"FIRST_NOTIONAL_DEPTH venue={view.venue} depth_usd={depth} {best}",
        f"APPLIED_BOOK venue={view.venue} venue_index={index} mid={mid} spread={spread} depth_usd={depth}",
    ]


def rx_stats(tick: int, stats: RxStats) -> str:
    """What one tick drained; the keys of what came in are `raw_`, every kind is known and `other` is 0."""
    counts = stats.as_dict()
    came = " ".join(f"raw_{name}={counts[name]}" for name in _CAME)
    went = " ".join(f"{name}={counts[name]}" for name in _WENT)
    return f"market_rx_stats tick={tick} {came} {went} other=0 cap_hits={stats.cap_hits}"


_CAME = ("drained", "l2_delta", "l2_snapshot", "trade", "funding_update")
_WENT = ("out_market", "out_l2_delta", "out_l2_snapshot", "out_trade", "out_funding_update")


def overrun(tick: int, timing: TickTiming, budget_us: int) -> str | None:
    """A tick that took longer than its interval, or more than four fifths of it."""
    if timing.total_us > budget_us:
        return (
            f"[runner] tick={tick} OVERRUN: {timing.total_us}us > {budget_us}us budget (reconcile=0us "
            f"drain={timing.drained_us}us engine={timing.applied_us}us submit=0us order_tx_pending=0)"
        )
    if timing.total_us * 5 > budget_us * 4:
        return f"[runner] tick={tick} WARN: {timing.total_us}us > 80% of {budget_us}us budget"
    return None


def telemetry_dropped(tick: int, capacity: int, count: int) -> str | None:
    """A record found the queue of the telemetry writer full; told as often as other counters are."""
    if not is_logged(count):
        return None
    return f"[telemetry] queue full (capacity={capacity}), record of tick={tick} dropped (count={count})"


def telemetry_failed(why: str) -> str:
    """Telemetry cannot be written any more; the rest goes on."""
    return f"[telemetry] async writer: write error, disabling: {printable(why)}"
