"""Sentences that explain why a number of the producer's tools and our figure differ, or that they agree.

Each is one sentence, and the `why` of its row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from toolkit.model.figures import Figure, Number
from toolkit.model.runs import RunInfo
from toolkit.model.units import share
from toolkit.model.vocabulary import Bound, Ended
from toolkit.upstream.soak_report import LogSection, Reconnect

SAME = "Same definition."
OUR_REASON = {"ws_closed": "server_close"}
"""Reconnect reasons that the report names differently: its name and ours."""
_NO_CONNECTION = ("connect_timeout", "connect_error")


@dataclass(frozen=True, slots=True)
class OurFigures:
    """Our figures of the run, by full name."""

    run: RunInfo
    figures: Mapping[str, Figure]

    def value(self, name: str) -> Number | None:
        """Return the value of a figure; None if the run has no such figure or its value is not known."""
        figure = self.figures.get(name)
        return figure.value if figure else None

    def count(self, name: str) -> Number:
        """Return the value of a figure; 0 if it is not known."""
        return self.value(name) or 0

    def n(self, name: str) -> int:
        """Return the number of samples of a figure; 0 if the run has no such figure."""
        figure = self.figures.get(name)
        return figure.n if figure else 0

    def unknown_why(self, name: str) -> str:
        """Return the sentence that says why a figure has no value."""
        figure = self.figures.get(name)
        note = figure.note if figure and figure.note else "this run has no such figure"
        return f"Ours is not known: {note}."


def figure_of(key: Reconnect) -> str:
    """Return the name of our figure for a venue and the report's name of a reason."""
    venue, reason = key
    metric = "connect_failures" if reason in _NO_CONNECTION else "reconnects"
    return f"{venue}.{metric}.{OUR_REASON.get(reason, reason)}"


def ages_why(kind: str, venue: str, differing: Number | None, ours: OurFigures, figure: str) -> str:
    """Explain an age percentile or its n. `differing` is our number if it differs from the printed one, else None."""
    if ours.value(figure) is None:
        return ours.unknown_why(figure)
    if differing is not None:
        bogus = ours.count(f"{venue}.age_event_bogus")
        if kind == "event" and bogus:
            return f"{bogus:g} ages without a time stamp are set aside in {venue}.age_event_bogus."
        return f"The two are computed from different records: ours from {ours.n(figure)} with a known age."
    unknown = ours.count(f"{venue}.age_apply_unknown.share")
    if kind == "apply" and unknown:
        return (
            f"Same definition; the {share(unknown)} of the time without a known age is {venue}.age_apply_unknown.share."
        )
    return SAME


def reconnects_why(key: Reconnect, log: LogSection, ours: OurFigures) -> str:
    """Explain the combined count of a venue's reconnects by a reason."""
    figure, counted = figure_of(key), log.combined(key)
    if key[0] not in ours.run.venues:
        return "The line names no venue of the run; ours recognises the venue by the form of the line."
    if ours.value(figure) is None:
        return ours.unknown_why(figure)
    our_count = ours.count(figure)
    if counted == our_count:
        return "Same count." if counted else "Neither counts one."
    return _report_counts_more_why(key, log, ours) if counted > our_count else _report_counts_fewer_why(counted, ours)


def _report_counts_more_why(key: Reconnect, log: LogSection, ours: OurFigures) -> str:
    venue, reason = key
    twice = log.signature.get(key, 0) > log.audit.get(key, 0) > 0
    resyncs, kept = f"{venue}.resyncs.{reason}", f"{venue}.read_timeouts_kept"
    if ours.count(resyncs):
        suffix = ", and the report counts both the audit line and the log line of an event" if twice else ""
        return f"The socket stayed open: a resync, not a reconnect ({resyncs} = {ours.count(resyncs):g}){suffix}."
    if reason == "read_timeout" and ours.count(kept):
        return f"A timeout that kept its socket is not a reconnect ({kept} = {ours.count(kept):g})."
    if twice:
        return "The report also finds its signature in the audit line of the same event, and counts both lines."
    if reason in _NO_CONNECTION:
        return "The report counts every line with these words; ours counts each failed attempt once."
    if ours.count(f"{venue}.connect_failures.{reason}"):
        return f"Some of them ended an attempt that never connected ({venue}.connect_failures.{reason})."
    if ours.count(f"{venue}.disconnects.{reason}") > ours.count(f"{venue}.reconnects.{reason}"):
        return "One of them ended the last session of its process: no reconnect followed it."
    if reason == "subscribe_error":
        return "The producer writes two audit lines for one such failure; ours counts the session that it ended once."
    return "The report counts lines; ours counts each public session that ended for this reason once."


def _report_counts_fewer_why(counted: int, ours: OurFigures) -> str:
    if ours.run.lives > 1 and counted:
        return f"Counts restart with each process: the report keeps the largest, ours adds the {ours.run.lives} counts."
    subject = "Such endings leave" if not counted else "Some of these endings leave"
    return f"{subject} no line with a signature of the report; ours follows each socket from its connecting line."


def publisher_why(counted: int | None, figure: Figure | None, ours: OurFigures) -> str:
    """Explain a publisher counter. `counted` is None if the report has no row for it."""
    if figure is None or figure.value is None:
        return ours.unknown_why(figure.figure if figure else "")
    if counted is None:
        return (
            "No line of this counter: the report has no row, its gate uses 0; other audit lines prove that ours is 0."
        )
    if figure.bound is Bound.LOWER:
        return f"Printed at n ≤ 3 and every 1000th: the report has the last reading, ours a range up to {figure.high}."
    if counted == figure.value:
        return "Same count: below 3 and at a multiple of 1000 the last reading is exact."
    if ours.run.lives > 1:
        return f"Counts restart with each process: the report keeps the largest, ours adds the {ours.run.lives} counts."
    return "The later log format prints the increment of each interval: the report keeps the largest, ours adds them."


def plateau_why(
    venue: str, limit_s: int, counted_s: float | None, ours_s: float | None, ours: OurFigures, figure: str
) -> str:
    """Explain the longest stretch above a limit, in seconds. `counted_s` is None if the report has none."""
    if ours_s is None:
        return ours.unknown_why(figure)
    if not ours_s:
        return f"Neither has a stretch above {limit_s} s." if counted_s is None else f"Ours has none for {venue}."
    if counted_s is None:
        return "Fewer than three consecutive records: the report ignores the stretch, ours counts it."
    return (
        "The report measures from the first to the last record above the limit; ours from the time of the first record "
        "less its age to the first record back under the limit."
    )


_FAILED_ENDS = {
    Ended.CRASHED: "the run crashed",
    Ended.KILLED: "the run was killed",
    Ended.NEVER_STARTED: "the run never started",
    Ended.BLOCKED_BUILD: "the build was blocked",
}


def verdict_why(failed: int, failed_by_ours: int, passed: int, passed_by_ours: int, ours: OurFigures) -> str:
    """Explain the verdict of the report's gate: how many of its failures, or else its passes, our figures confirm."""
    if failed:
        return f"Our figures confirm {failed_by_ours} of {failed} failures."
    passes = f"Our figures confirm {passed_by_ours} of {passed} passed checks"
    if (failed_end := _FAILED_ENDS.get(ours.run.ended)) is not None:
        return f"{passes}; but {failed_end}, which its gate does not check."
    return f"{passes}; its gate also passes what it has no data for."
