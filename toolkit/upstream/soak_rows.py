"""Every number of the soak report v1 for a run, ours beside it, and why they differ.

Names follow the report: its table or list, then the row and the column (`ages aster apply_p95`,
`reconnects lighter read_timeout ws_audit_count`, `plateau extended 10000 max_duration_s`). A number is as printed: ages
with one digit after the point, seconds with two. What the report leaves out has no `upstream`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from toolkit.model.figures import Figure, Number
from toolkit.model.runs import CompatRow, RunInfo
from toolkit.upstream import explanation
from toolkit.upstream.explanation import OurFigures, figure_of
from toolkit.upstream.soak_gate_rows import Value, combined, judged, row
from toolkit.upstream.soak_report import (
    NO_REPORT,
    PLATEAUS_MS,
    Ages,
    CapHitSection,
    LogSection,
    MissingReport,
    Plateau,
    Reconnect,
    SoakReport,
    TelemetrySection,
)

NONE = "n/a"


def rows(
    report: SoakReport | MissingReport, run: RunInfo, figures: Iterable[Figure], verdict: str | None = None
) -> tuple[CompatRow, ...]:
    """The compat view of a run; `verdict` is that of our own gate, where one was asked."""
    ours = OurFigures(run, {figure.figure: figure for figure in figures})
    if isinstance(report, MissingReport):
        why_not = f"Exit code 2 and no report: {report.why}; ours reads what there is."
        return tuple(
            replace(each, upstream=NO_REPORT, why=why_not)
            for each in (*_numbers(SoakReport(), ours), row("gate", None, verdict, ""))
        )
    numbers = list(_numbers(report, ours))
    return (*numbers, *judged(report, numbers, ours, verdict))


def _numbers(report: SoakReport, ours: OurFigures) -> Iterator[CompatRow]:
    yield from _ranges(report.telemetry, ours)
    venues = sorted({*report.telemetry.venues, *ours.run.venues})
    for venue in venues:
        yield from _ages("apply", venue, report.telemetry.apply_ages.get(venue), ours)
        yield from _ages("event", venue, report.telemetry.event_ages.get(venue), ours)
    for key in _reconnect_keys(report.log, ours):
        yield from _reconnects(key, report.log, ours)
    for name in sorted({*_PUBLISHER, *report.log.publisher}):
        yield _publisher(name, report.log.publisher.get(name), ours)
    yield from _caps(report.caps, ours)
    for venue in venues:
        for limit_ms in PLATEAUS_MS:
            longest = report.telemetry.plateaus.get((venue, limit_ms), Plateau())
            yield from _plateau(venue, limit_ms, longest, ours)


def _ranges(telemetry: TelemetrySection, ours: OurFigures) -> Iterator[CompatRow]:
    ticks = ours.value("run.ticks")
    same = (
        "Same count." if ticks == telemetry.rows else "Ours counts records that have a tick, whatever line they are on."
    )
    yield row("telemetry rows", telemetry.rows, ticks, same, "run.ticks")
    counted = "A range hides holes and restarts; ours counts them: run.ticks_missing, run.ticks_duplicate, run.lives."
    yield row("telemetry tick range", _range(telemetry.ticks), None, counted)
    span = _range(map(_time, telemetry.as_of_ms))
    our_span = _range(map(_time, (ours.run.started_ms, ours.run.ended_ms)))
    same = (
        "Same wall clocks." if span == our_span else "The report takes the first and the last clock, ours the extremes."
    )
    yield row("telemetry as_of range", span, our_span, same)


def _range(ends: Iterable[Value]) -> str:
    return " -> ".join(NONE if end is None else str(end) for end in ends)


def _time(at_ms: int | None) -> str | None:
    if at_ms is None:
        return None
    try:
        return datetime.fromtimestamp(at_ms / 1_000, tz=UTC).isoformat()
    except (ValueError, OSError, OverflowError):
        return str(at_ms)


def _ages(kind: str, venue: str, ages: Ages | None, ours: OurFigures) -> Iterator[CompatRow]:
    metric = f"{venue}.age_{kind}_ms"
    n = ours.n(f"{metric}.p50")
    differs = n if ages is not None and ages.n != n else None
    told = explanation.ages(kind, venue, differs, ours, f"{metric}.p50")
    yield row(f"ages {venue} {kind}_n", None if ages is None else ages.n, n, told, f"{metric}.p50")
    for p in (50, 95, 99):
        value, counted = ours.value(f"{metric}.p{p}"), None if ages is None else ages.percentile(p)
        if value is None and counted is None:
            continue
        told = explanation.ages(kind, venue, _differing(counted, value, 1), ours, f"{metric}.p{p}")
        yield row(f"ages {venue} {kind}_p{p}", _printed(counted, 1), value, told, f"{metric}.p{p}")


def _printed(value: Number | None, digits: int) -> float | str:
    return NONE if value is None else float(f"{value:.{digits}f}")


def _differing(theirs: Number | None, ours: Number | None, digits: int) -> Number | None:
    return None if _printed(theirs, digits) == _printed(ours, digits) else ours


def _reconnect_keys(log: LogSection, ours: OurFigures) -> list[Reconnect]:
    """The rows of the report, and what ours counts that it has no row for."""
    words = {reason: word for word, reason in explanation.OUR_REASON.items()}
    named = [figure.figure.split(".") for figure in ours.figures.values() if figure.value]
    silent = {
        (venue, words.get(reason, reason))
        for venue, *metric in named
        if len(metric) == 2 and metric[0] in ("reconnects", "connect_failures")
        for reason in metric[1:]
        if figure_of((venue, words.get(reason, reason))) == f"{venue}.{metric[0]}.{reason}"
    }
    return sorted({*log.reconnects, *silent})


def _reconnects(key: Reconnect, log: LogSection, ours: OurFigures) -> Iterator[CompatRow]:
    yield combined(key, log, ours)
    if key not in log.reconnects:
        return
    name, figure = f"reconnects {key[0]} {key[1]}", figure_of(key)
    value = ours.value(figure)
    audit, signature = log.audit.get(key, 0), log.signature.get(key, 0)
    told = (
        "Same count." if audit == value else "The largest count in an audit line; an ending without one is not in it."
    )
    yield row(f"{name} ws_audit_count", audit, value, told, figure)
    told = "Same count." if signature == value else "Lines with the words of this reason, audit lines among them."
    yield row(f"{name} signature_count", signature, value, told, figure)


_PUBLISHER = {
    "mp_try_send_full_count": "run.publisher.try_send_full",
    "mp_pending_latest_replaced_count": "run.publisher.pending_latest_replaced",
    "mp_lossless_wait_count": "run.publisher.lossless_wait",
}


def _publisher(name: str, counted: int | None, ours: OurFigures) -> CompatRow:
    figure = _PUBLISHER.get(name)
    known = ours.figures.get(figure) if figure else None
    return row(
        f"publisher {name}",
        counted,
        known.value if known else None,
        explanation.publisher(counted, known, ours),
        figure,
    )


def _caps(caps: CapHitSection | None, ours: OurFigures) -> Iterator[CompatRow]:
    total, most, n = ours.value("run.cap_hits"), ours.value("run.cap_hits.max_per_tick"), ours.n("run.cap_hits")
    if caps is None:
        absent = "The run has no market_rx_stats.log; ours takes the lines in the log, or telemetry's copy."
        yield row("cap_hits estimated total", None, total, absent, "run.cap_hits")
        return
    told = (
        "Same count." if caps.lines == n else "Ours counts the ticks with a reading, and takes the more complete copy."
    )
    yield row("cap_hits parsed lines", caps.lines, n, told, "run.cap_hits")
    yield row("cap_hits tick range", _range(caps.ticks), None, "A range hides holes and restarts.")
    yield row("cap_hits last", NONE if caps.last is None else caps.last, None, "The count of the last tick alone.")
    told = SAME_MOST if caps.most == most else "Ours takes the more complete of the file and telemetry's copy."
    yield row("cap_hits max observed", caps.most, most, told, "run.cap_hits.max_per_tick")
    told = "Same count." if caps.total == total else _PER_TICK + " and adds its rises only; ours adds every tick."
    yield row("cap_hits estimated total", caps.total, total, told, "run.cap_hits")
    told = (
        "Same number."
        if caps.burst == most
        else "A rise between two lines, the first left out; ours is the most in a tick."
    )
    yield row("cap_hits worst interval burst", caps.burst, most, told, "run.cap_hits.max_per_tick")
    yield row("cap_hits worst interval burst ticks", _range(caps.burst_ticks), None, "Where the report sees that rise.")
    yield row("cap_hits counter resets", caps.resets, None, _PER_TICK + "; each fall is taken for a reset.")


SAME_MOST = "Same definition: the most in one tick."
_PER_TICK = "The count is per tick; the report reads it as cumulative"


def _plateau(venue: str, limit_ms: int, longest: Plateau, ours: OurFigures) -> Iterator[CompatRow]:
    name, limit_s = f"plateau {venue} {limit_ms}", limit_ms // 1_000
    figure = f"{venue}.plateau_{limit_s}s.longest_ms"
    longest_ms = ours.value(figure)
    ours_s = None if longest_ms is None else longest_ms / 1_000
    counted_s = None if longest.duration_ms is None else longest.duration_ms / 1_000
    told = explanation.plateau(venue, limit_s, counted_s, ours_s, ours, figure)
    yield row(f"{name} max_duration_s", _printed(counted_s, 2), ours_s, told, figure)
    placed = "Ours places a stretch by time, not by tick."
    yield row(f"{name} ticks", longest.records, None, placed)
    if longest.records:
        yield row(f"{name} start_tick", longest.first_tick, None, placed)
        yield row(f"{name} end_tick", longest.last_tick, None, placed)
