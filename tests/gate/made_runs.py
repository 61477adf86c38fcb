"""Made-up figures and runs for the tests of the gate."""

from __future__ import annotations

from dataclasses import replace

from toolkit.model.figures import Figure, Number
from toolkit.model.runs import FileLedger, RunAnalysis, RunInfo, SetAsideLine
from toolkit.model.vocabulary import Better, Bound, Ended, Role

VENUES = ("extended", "lighter")


def figure(name: str, value: Number | None, **other: object) -> Figure:
    """Return an exact count of 1000 samples; `other` replaces fields."""
    exact = Figure(name, value, "count", 1000, Bound.EXACT, value, value, None, Better.LOWER)
    return replace(exact, **other)  # type: ignore[arg-type]


def telemetry(*set_aside: str) -> FileLedger:
    where = tuple(SetAsideLine(line, 0, reason) for line, reason in enumerate(set_aside, 1))
    counts = {reason: set_aside.count(reason) for reason in set_aside}
    return FileLedger("telemetry.jsonl", Role.TELEMETRY, 10, "0" * 64, 100, 100 - len(set_aside), counts, where)


def run(
    *figures: Figure,
    venues: tuple[str, ...] = VENUES,
    ended: Ended = Ended.TIMEOUT,
    simulated: bool | None = None,
    set_aside: tuple[str, ...] = (),
    ticks: int | None = 2400,
    span_ms: int | None = 600_000,
) -> RunAnalysis:
    """Return a run of ten minutes whose venues were all seen, with the given figures."""
    info = RunInfo(
        id="0123456789abcdef", label=None, kind="unknown", simulated=simulated, started_ms=0, ended_ms=span_ms,
        requested_ms=None, observed_ms=span_ms, lives=1, ended=ended, diagnosis=None, venues=venues, build_id=None,
        semantics={},
    )  # fmt: skip
    base = [figure("run.ticks", ticks), figure("run.span_ms", span_ms)]
    base += [figure(f"{venue}.age_apply_unknown.share", 0.001) for venue in venues]
    by_name = {each.figure: each for each in (*base, *figures)}
    return RunAnalysis(info, (telemetry(*set_aside),), tuple(by_name.values()))
