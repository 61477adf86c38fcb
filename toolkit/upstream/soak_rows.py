"""Compare every number of the soak report v1 with our figures, and explain each difference.

Names follow the report: its table or list, then the row and the column (`ages aster apply_p95`,
`reconnects lighter read_timeout ws_audit_count`, `plateau extended 10000 max_duration_s`). Numbers are rounded as
printed: ages (ms) to one decimal, seconds to two. A number that the report leaves out has no `upstream`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from toolkit.model.figures import Figure, Number
from toolkit.model.runs import CompatRow, RunInfo
from toolkit.upstream import explanation
from toolkit.upstream.explanation import OurFigures, figure_of
from toolkit.upstream.soak_gate_rows import Value, combined_row, gate_rows, soak_row
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


def soak_rows(
    report: SoakReport | MissingReport, run: RunInfo, figures: Iterable[Figure], verdict: str | None = None
) -> tuple[CompatRow, ...]:
    """Return the rows that compare the soak report with our figures; `verdict` is that of our gate, if there is one."""
    ours = OurFigures(run, {figure.figure: figure for figure in figures})
    if isinstance(report, MissingReport):
        why = f"Exit code 2 and no report: {report.why}; ours reads the files that exist."
        return tuple(
            replace(each, upstream=NO_REPORT, why=why)
            for each in (*_number_rows(SoakReport(), ours), soak_row("gate", None, verdict, ""))
        )
    numbers = list(_number_rows(report, ours))
    return (*numbers, *gate_rows(report, numbers, ours, verdict))


def _number_rows(report: SoakReport, ours: OurFigures) -> Iterator[CompatRow]:
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
    why = (
        "Same count." if ticks == telemetry.rows else "Ours counts the records with a tick, whatever line they are on."
    )
    yield soak_row("telemetry rows", telemetry.rows, ticks, why, "run.ticks")
    why = "A range hides gaps and restarts; ours counts them: run.ticks_missing, run.ticks_duplicate, run.lives."
    yield soak_row("telemetry tick range", _range_text(telemetry.ticks), None, why)
    span = _range_text(map(_time_text, telemetry.as_of_ms))
    our_span = _range_text(map(_time_text, (ours.run.started_ms, ours.run.ended_ms)))
    why = (
        "Same wall-clock times."
        if span == our_span
        else "The report takes the first and the last time in the file, ours the earliest and the latest."
    )
    yield soak_row("telemetry as_of range", span, our_span, why)


def _range_text(ends: Iterable[Value]) -> str:
    return " -> ".join(NONE if end is None else str(end) for end in ends)


def _time_text(at_ms: int | None) -> str | None:
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
    why = explanation.ages_why(kind, venue, differs, ours, f"{metric}.p50")
    yield soak_row(f"ages {venue} {kind}_n", None if ages is None else ages.n, n, why, f"{metric}.p50")
    for p in (50, 95, 99):
        value, counted = ours.value(f"{metric}.p{p}"), None if ages is None else ages.percentile(p)
        if value is None and counted is None:
            continue
        why = explanation.ages_why(kind, venue, _if_differing(counted, value, 1), ours, f"{metric}.p{p}")
        yield soak_row(f"ages {venue} {kind}_p{p}", _as_printed(counted, 1), value, why, f"{metric}.p{p}")


def _as_printed(value: Number | None, digits: int) -> float | str:
    return NONE if value is None else float(f"{value:.{digits}f}")


def _if_differing(theirs: Number | None, ours: Number | None, digits: int) -> Number | None:
    return None if _as_printed(theirs, digits) == _as_printed(ours, digits) else ours


def _reconnect_keys(log: LogSection, ours: OurFigures) -> list[Reconnect]:
    """Return the keys of the report's rows, and of counts of ours that the report has no row for."""
    report_names = {ours: theirs for theirs, ours in explanation.OUR_REASON.items()}
    names = [figure.figure.split(".") for figure in ours.figures.values() if figure.value]
    without_row = {
        (venue, report_names.get(reason, reason))
        for venue, *metric in names
        if len(metric) == 2 and metric[0] in ("reconnects", "connect_failures")
        for reason in metric[1:]
        if figure_of((venue, report_names.get(reason, reason))) == f"{venue}.{metric[0]}.{reason}"
    }
    return sorted({*log.reconnects, *without_row})


def _reconnects(key: Reconnect, log: LogSection, ours: OurFigures) -> Iterator[CompatRow]:
    yield combined_row(key, log, ours)
    if key not in log.reconnects:
        return
    name, figure = f"reconnects {key[0]} {key[1]}", figure_of(key)
    value = ours.value(figure)
    audit, signature = log.audit.get(key, 0), log.signature.get(key, 0)
    why = (
        "Same count."
        if audit == value
        else "The largest count in an audit line; endings without an audit line are not counted."
    )
    yield soak_row(f"{name} ws_audit_count", audit, value, why, figure)
    why = (
        "Same count."
        if signature == value
        else "The number of lines with the words of this reason, including audit lines."
    )
    yield soak_row(f"{name} signature_count", signature, value, why, figure)


_PUBLISHER = {
    "mp_try_send_full_count": "run.publisher.try_send_full",
    "mp_pending_latest_replaced_count": "run.publisher.pending_latest_replaced",
    "mp_lossless_wait_count": "run.publisher.lossless_wait",
}


def _publisher(name: str, counted: int | None, ours: OurFigures) -> CompatRow:
    figure = _PUBLISHER.get(name)
    known = ours.figures.get(figure) if figure else None
    return soak_row(
        f"publisher {name}",
        counted,
        known.value if known else None,
        explanation.publisher_why(counted, known, ours),
        figure,
    )


def _caps(caps: CapHitSection | None, ours: OurFigures) -> Iterator[CompatRow]:
    total, most, n = ours.value("run.cap_hits"), ours.value("run.cap_hits.max_per_tick"), ours.n("run.cap_hits")
    if caps is None:
        why = "The run has no market_rx_stats.log; ours uses the lines in the log, or the copy in telemetry."
        yield soak_row("cap_hits estimated total", None, total, why, "run.cap_hits")
        return
    why = (
        "Same count."
        if caps.lines == n
        else "Ours counts the ticks with a reading, from the more complete of the two copies."
    )
    yield soak_row("cap_hits parsed lines", caps.lines, n, why, "run.cap_hits")
    yield soak_row("cap_hits tick range", _range_text(caps.ticks), None, "A range hides gaps and restarts.")
    yield soak_row("cap_hits last", NONE if caps.last is None else caps.last, None, "The count of the last tick alone.")
    why = _SAME_MAXIMUM if caps.most == most else "Ours uses the more complete of the file and the copy in telemetry."
    yield soak_row("cap_hits max observed", caps.most, most, why, "run.cap_hits.max_per_tick")
    why = "Same count." if caps.total == total else _PER_TICK + " and adds only its rises; ours adds every tick."
    yield soak_row("cap_hits estimated total", caps.total, total, why, "run.cap_hits")
    why = (
        "Same number."
        if caps.burst == most
        else "The largest rise between two lines, without the first line; ours is the largest count of a tick."
    )
    yield soak_row("cap_hits worst interval burst", caps.burst, most, why, "run.cap_hits.max_per_tick")
    yield soak_row(
        "cap_hits worst interval burst ticks",
        _range_text(caps.burst_ticks),
        None,
        "The ticks between which the report finds that rise.",
    )
    yield soak_row("cap_hits counter resets", caps.resets, None, _PER_TICK + "; it takes each fall for a reset.")


_SAME_MAXIMUM = "Same definition: the largest count of one tick."
_PER_TICK = "The count is per tick; the report reads it as cumulative"


def _plateau(venue: str, limit_ms: int, longest: Plateau, ours: OurFigures) -> Iterator[CompatRow]:
    name, limit_s = f"plateau {venue} {limit_ms}", limit_ms // 1_000
    figure = f"{venue}.plateau_{limit_s}s.longest_ms"
    longest_ms = ours.value(figure)
    ours_s = None if longest_ms is None else longest_ms / 1_000
    counted_s = None if longest.duration_ms is None else longest.duration_ms / 1_000
    why = explanation.plateau_why(venue, limit_s, counted_s, ours_s, ours, figure)
    yield soak_row(f"{name} max_duration_s", _as_printed(counted_s, 2), ours_s, why, figure)
    why = "Ours locates a stretch by time, not by tick."
    yield soak_row(f"{name} ticks", longest.records, None, why)
    if longest.records:
        yield soak_row(f"{name} start_tick", longest.first_tick, None, why)
        yield soak_row(f"{name} end_tick", longest.last_tick, None, why)
