"""Lines of the runner in `run.log` and `market_rx_stats.log`, in the format that log readers parse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.recording.log_lines import AUDIT
from connectors.runner.market_state import MarketView
from connectors.runner.queue import Pressure
from connectors.runner.telemetry import TickTiming
from connectors.runner.tick import RxStats
from connectors.session.counters import is_logged
from connectors.text import plain_decimal, printable, quoted


def startup(
    *, network: str, venues: Sequence[str], version: str, interval_ms: int, build_id: str, dirty: bool, digest: str
) -> str:
    """Return the start-up line, which begins a life; `venues` are in the order of the telemetry arrays."""
    names = ",".join(venues)
    return (
        f"paraphina_live | trade_mode=shadow | network={printable(network)} | venues={names} | connectors={names} "
        f"| cfg={version} | cfg_hash=0x{digest} | build_id={build_id} | dirty={str(dirty).lower()} "
        f"| intervals_ms=main:{interval_ms} | metrics_addr=none"
    )


def zero_counters() -> list[str]:
    """Return an audit line with value 0 for each pressure counter, so that an unchanged counter is a measured zero."""
    return [f"{AUDIT}component=market_publisher {pressure}=0" for pressure in Pressure]


def first_applied(view: MarketView, index: int, market: str) -> list[str]:
    """Return the lines of a venue's first two-sided book, which are written once per life.

    `index` is the venue's index in the telemetry arrays. There are no lines if the book is no longer two-sided.
    """
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
    """Return the line with the counts of a tick: `raw_` for drained events, `out_` for those left after coalescing.

    `other` is always 0, because every kind of event has a counter.
    """
    counts = stats.as_dict()
    raw = " ".join(f"raw_{name}={counts[name]}" for name in _RAW_COUNTERS)
    out = " ".join(f"{name}={counts[name]}" for name in _OUT_COUNTERS)
    return f"market_rx_stats tick={tick} {raw} {out} other=0 cap_hits={stats.cap_hits}"


_RAW_COUNTERS = ("drained", "l2_delta", "l2_snapshot", "trade", "funding_update")
_OUT_COUNTERS = ("out_market", "out_l2_delta", "out_l2_snapshot", "out_trade", "out_funding_update")


def overrun(tick: int, timing: TickTiming, budget_us: int) -> str | None:
    """Return the line of a tick that took more than 80 % of `budget_us`, its interval; None for a shorter tick."""
    if timing.total_us > budget_us:
        return (
            f"[runner] tick={tick} OVERRUN: {timing.total_us}us > {budget_us}us budget (reconcile=0us "
            f"drain={timing.drained_us}us engine={timing.applied_us}us submit=0us order_tx_pending=0)"
        )
    if timing.total_us * 5 > budget_us * 4:
        return f"[runner] tick={tick} WARN: {timing.total_us}us > 80% of {budget_us}us budget"
    return None


def telemetry_dropped(tick: int, capacity: int, count: int) -> str | None:
    """Return the line of a dropped record, None for a `count` that is not logged (see `is_logged`)."""
    if not is_logged(count):
        return None
    return f"[telemetry] queue full (capacity={capacity}), record of tick={tick} dropped (count={count})"


def blocked(remedy: str, failures: Mapping[str, str]) -> str:
    """Return the line of a run that reached no venue: what to do, and the last failure of each venue."""
    shown = "; ".join(f"{venue}: {quoted(failure)}" for venue, failure in failures.items())
    # What to do comes first: a long text is cut where it is quoted.
    return f"paraphina_live | error=no_venue_reached no venue can be reached; {remedy} ({shown})"


def telemetry_failed(reason: str) -> str:
    """Return the line of a write error after which no telemetry is written; the run goes on."""
    return f"[telemetry] async writer: write error, disabling: {quoted(reason)}"


def client_refused(notice: str) -> str:
    """Return the line of a simulated venue that refused a client; `notice` begins with the venue and a colon."""
    venue, _, what = notice.partition(": ")
    return f"toolkit smoke: simulated {venue}: {quoted(what)}"
