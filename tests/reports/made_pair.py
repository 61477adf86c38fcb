"""A made-up pair of runs with the figures of a recorded pair, and a run whose build was blocked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from toolkit.model.figures import Figure, Number
from toolkit.model.runs import Diagnosis, FileLedger, Finding, RunAnalysis, RunInfo, SetAsideLine
from toolkit.model.vocabulary import Better, Bound, Ended, ReconnectReason, Role

VENUES = ("extended", "hyperliquid", "aster", "lighter", "paradex")
NOT_INSTRUMENTED = "not instrumented"

REASONS_BEFORE = {
    "extended": {"read_timeout": 1, "stream_ended": 2, "server_close": 1, "unknown": 1},
    "hyperliquid": {"stale_watchdog": 1, "stream_ended": 1, "unknown": 1},
    "aster": {"server_close": 1, "stream_ended": 1},
    "lighter": {"server_close": 9, "stream_ended": 1},
    "paradex": {"stream_ended": 2, "unknown": 1},
}
REASONS_AFTER = {**REASONS_BEFORE, "lighter": {"stream_ended": 1}}
AGES = {  # p50, p95, p99
    "extended": (0, 11249, 17250),
    "hyperliquid": (248, 252, 6008),
    "aster": (0, 0, 0),
    "lighter": (0, 0, 500),
    "paradex": (0, 0, 0),
}


def figure(name: str, value: Number | None, unit: str = "count", **other: Any) -> Figure:
    """Return an exact figure of 2399 samples (without a value: bound unknown); `other` replaces fields."""
    bound = Bound.UNKNOWN if value is None else Bound.EXACT
    return replace(Figure(name, value, unit, 2399, bound, value, value, None, Better.LOWER), **other)


def run_info(**other: Any) -> RunInfo:
    info = RunInfo(
        id="3cf90467f0c762ad", label=None, kind="paraphina_live", simulated=True, started_ms=1795508135417,
        ended_ms=1795508734916, requested_ms=600_000, observed_ms=599_499, lives=1, ended=Ended.TIMEOUT, diagnosis=None,
        venues=VENUES, build_id="unknown", semantics={"venue_age_ms": "apply"}, trade_mode="shadow", vintage="b2e29e2",
    )  # fmt: skip
    return replace(info, **other)


def telemetry(**other: Any) -> FileLedger:
    whole = FileLedger("telemetry.jsonl", Role.TELEMETRY, 24_161_698, "b0" * 32, 2399, 2399, {}, ())
    return replace(whole, **other)


def run_figures(ticks: int = 2399, span_ms: int = 599_499, gap_ms: int = 250) -> Iterator[Figure]:
    yield figure("run.ticks", ticks, better=Better.NONE)
    yield figure("run.span_ms", span_ms, "ms", better=Better.NONE)
    yield figure("run.ticks_missing", 0)
    yield figure("run.tick_gap_ms.p50", gap_ms, "ms")
    yield figure("run.coverage.share", 0.99916, "share", better=Better.HIGHER)


def reconnect_figures(venue: str, reasons: dict[str, int]) -> Iterator[Figure]:
    total = sum(reasons.values())
    yield figure(f"{venue}.connects", total + 1, n=total + 1)
    yield figure(f"{venue}.connect_failures", 0, n=total + 1)
    yield figure(f"{venue}.reconnects", total, n=total)
    for reason in ReconnectReason:
        yield figure(f"{venue}.reconnects.{reason}", reasons.get(reason, 0), n=total)


def age_figures(venue: str, ages: tuple[int, int, int], unknown: float = 0.000417) -> Iterator[Figure]:
    for stat, age in zip(("p50", "p95", "p99"), ages, strict=True):
        yield figure(f"{venue}.age_apply_ms.{stat}", age, "ms")
    yield figure(f"{venue}.age_apply_unknown.share", unknown, "share")
    yield figure(f"{venue}.plateau_10s.count", 2 if ages[2] > 10_000 else 0)
    yield figure(f"{venue}.plateau_10s.longest_ms", 20_000 if ages[2] > 10_000 else 0, "ms")


def before() -> RunAnalysis:
    """Return the before run: ten reconnects of Lighter, no audit lines."""
    figures = [*run_figures()]
    for venue in VENUES:
        figures += reconnect_figures(venue, REASONS_BEFORE[venue])
        figures += age_figures(venue, AGES[venue])
        figures += [figure(f"{venue}.{name}", None, note=NOT_INSTRUMENTED, n=0) for name in ("rest.injections",)]
    figures += [figure("extended.read_timeouts_kept", None, note=NOT_INSTRUMENTED, n=0)]
    figures += [figure(f"run.publisher.{name}", None, note=NOT_INSTRUMENTED, n=0) for name in PUBLISHER_COUNTERS]
    figures += [figure("run.cap_hits", 0, note="whether a buffer cap was set is not in the files")]
    finding = Finding(
        "repeated_close", "medium", "lighter",
        "9 closes by the venue, each about 60 s after the last frame we sent: an idle client is dropped",
        ("lighter.reconnects.server_close",), (("run.log", 70), ("run.log", 95)),
    )  # fmt: skip
    log = FileLedger("run.log", Role.LOG, 27132, "ef" * 32, 292, 292, {}, ())
    return RunAnalysis(run_info(), (log, telemetry()), tuple(figures), findings=(finding,))


def after() -> RunAnalysis:
    """Return the after run: one reconnect of Lighter, audit lines, and a throttled counter."""
    figures = [*run_figures(span_ms=599_493)]
    for venue in VENUES:
        figures += reconnect_figures(venue, REASONS_AFTER[venue])
        figures += age_figures(venue, (*AGES[venue][:2], 0) if venue == "lighter" else AGES[venue])
        figures += [figure(f"{venue}.{name}", None, note=NOT_INSTRUMENTED, n=0) for name in ("rest.injections",)]
    figures += [figure("extended.read_timeouts_kept", 6)]
    figures += [
        figure(f"run.publisher.{name}", 0, note="printed at 1, 2, 3 and every 1000") for name in PUBLISHER_COUNTERS[:2]
    ]
    figures += [
        figure(
            "run.publisher.lossless_wait", 1000, bound=Bound.LOWER, low=1000, high=1999,
            note="printed at 1, 2, 3 and every 1000",
        ),
        figure("run.cap_hits", 0, note="whether a buffer cap was set is not in the files"),
    ]  # fmt: skip
    log = FileLedger("run.log", Role.LOG, 17383, "7e" * 32, 191, 191, {}, ())
    torn = telemetry(
        sha256="35" * 32, lines=2400, set_aside={"torn_tail": 1}, where=(SetAsideLine(2400, 24_196_151, "torn_tail"),)
    )
    info = run_info(id="c9b671a872ef775a", observed_ms=599_493, vintage="29c19fd", build_id="29c19fd4a1")
    return RunAnalysis(info, (log, torn), tuple(figures))


PUBLISHER_COUNTERS = ("try_send_full", "pending_latest_replaced", "lossless_wait")


def blocked() -> RunAnalysis:
    """Return a run whose build failed: no figures, no venues, a diagnosis."""
    info = run_info(
        id="1e283e9a476a7a9f", kind="unknown", simulated=None, started_ms=None, ended_ms=None, observed_ms=None,
        ended=Ended.BLOCKED_BUILD, venues=(), build_id=None, semantics={}, trade_mode=None, vintage=None,
        diagnosis=Diagnosis("exdev", "the build could not move a file across devices (os error 18)", "run.log", 9),
    )  # fmt: skip
    log = FileLedger("run.log", Role.LOG, 598, "18" * 32, 13, 13, {}, ())
    return RunAnalysis(info, (log,), (figure("run.ticks", 0), figure("run.span_ms", None, "ms", note="no telemetry")))
