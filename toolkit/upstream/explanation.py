"""The one sentence beside two numbers: why they differ, or that they need not."""

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
"""The report's word for a reason, where ours is another one."""
_NO_CONNECTION = ("connect_timeout", "connect_error")


@dataclass(frozen=True, slots=True)
class OurFigures:
    """Our figures of the run, by name."""

    run: RunInfo
    figures: Mapping[str, Figure]

    def value(self, name: str) -> Number | None:
        """A figure's value; None where it is not known or not there."""
        figure = self.figures.get(name)
        return figure.value if figure else None

    def count(self, name: str) -> Number:
        """A figure's value, 0 where it is not known."""
        return self.value(name) or 0

    def n(self, name: str) -> int:
        """How many samples a figure rests on."""
        figure = self.figures.get(name)
        return figure.n if figure else 0

    def unknown(self, name: str) -> str:
        """Why a figure has no value."""
        figure = self.figures.get(name)
        note = figure.note if figure and figure.note else "this run has no such figure"
        return f"Ours is not known: {note}."


def figure_of(key: Reconnect) -> str:
    """Our figure for a venue and the report's word for a reason."""
    venue, word = key
    metric = "connect_failures" if word in _NO_CONNECTION else "reconnects"
    return f"{venue}.{metric}.{OUR_REASON.get(word, word)}"


def ages(kind: str, venue: str, printed: Number | None, ours: OurFigures, figure: str) -> str:
    """Of an age percentile or its n; `printed` is ours with as many digits as the report prints, None if equal."""
    if ours.value(figure) is None:
        return ours.unknown(figure)
    if printed is not None:
        bogus = ours.count(f"{venue}.age_event_bogus")
        if kind == "event" and bogus:
            return f"{bogus:g} ages of a missing time stamp are set aside in {venue}.age_event_bogus."
        return f"The two rest on different records: ours on {ours.n(figure)} with a known age."
    unknown = ours.count(f"{venue}.age_apply_unknown.share")
    if kind == "apply" and unknown:
        return (
            f"Same definition; the {share(unknown)} of the time without a known age is {venue}.age_apply_unknown.share."
        )
    return SAME


def reconnects(key: Reconnect, log: LogSection, ours: OurFigures) -> str:
    """Of the combined count of a venue's reconnects by a reason."""
    figure, counted = figure_of(key), log.combined(key)
    if key[0] not in ours.run.venues:
        return "No venue of the run is named in the line; ours tells from a line's form whose socket it speaks of."
    if ours.value(figure) is None:
        return ours.unknown(figure)
    told = ours.count(figure)
    if counted == told:
        return "Same count." if counted else "Neither has one."
    return _more(key, log, ours) if counted > told else _fewer(counted, ours)


def _more(key: Reconnect, log: LogSection, ours: OurFigures) -> str:
    venue, reason = key
    twice = log.signature.get(key, 0) > log.audit.get(key, 0) > 0
    resyncs, kept = f"{venue}.resyncs.{reason}", f"{venue}.read_timeouts_kept"
    if ours.count(resyncs):
        beside = ", and the report counts an event's audit line beside its own line" if twice else ""
        return f"The socket stayed: a resync, no reconnect ({resyncs} = {ours.count(resyncs):g}){beside}."
    if reason == "read_timeout" and ours.count(kept):
        return f"A timeout that kept its socket is no reconnect ({kept} = {ours.count(kept):g})."
    if twice:
        return "The report finds its signature in the audit line of the same event too, and counts both lines."
    if reason in _NO_CONNECTION:
        return "The report counts every line that says so; ours counts attempts, each once."
    if ours.count(f"{venue}.connect_failures.{reason}"):
        return f"Some ended an attempt that never connected ({venue}.connect_failures.{reason})."
    if ours.count(f"{venue}.disconnects.{reason}") > ours.count(f"{venue}.reconnects.{reason}"):
        return "One of them ended the last session of its life: nothing reconnected after it."
    if reason == "subscribe_error":
        return "The producer audits one such failure at two places; ours counts the session that it ended, once."
    return "The report counts lines; ours counts the public sessions that ended so, each once."


def _fewer(counted: int, ours: OurFigures) -> str:
    if ours.run.lives > 1 and counted:
        return f"Counts restart with the process: the report keeps the largest, ours adds the {ours.run.lives} lives."
    silent = "Such endings leave" if not counted else "Some of these endings leave"
    return f"{silent} no line that the report has a signature for; ours follows each socket from its connecting line."


def publisher(counted: int | None, figure: Figure | None, ours: OurFigures) -> str:
    """Of a publisher counter."""
    if figure is None or figure.value is None:
        return ours.unknown(figure.figure if figure else "")
    if counted is None:
        return "No line of this counter: no row in the report, 0 for its gate; ours is 0 as other audit lines prove it."
    if figure.bound is Bound.LOWER:
        return f"Printed at n ≤ 3 and each 1000th: the report shows the last reading, ours says up to {figure.high}."
    if counted == figure.value:
        return "Same count: below 3 and at a multiple of 1000 the last reading is exact."
    if ours.run.lives > 1:
        return (
            f"The count restarts with the process: the report keeps the largest, ours adds the {ours.run.lives} lives."
        )
    return "The later form prints what each interval added: the report keeps the largest, ours adds them."


def plateau(
    venue: str, limit_s: int, counted_s: float | None, ours_s: float | None, ours: OurFigures, figure: str
) -> str:
    """Of the longest stretch above a limit, in seconds; `counted_s` is None where the report has none."""
    if ours_s is None:
        return ours.unknown(figure)
    if not ours_s:
        return f"Neither has a stretch above {limit_s} s." if counted_s is None else f"Ours has none for {venue}."
    if counted_s is None:
        return "Fewer than three consecutive records: the report leaves the stretch out, ours keeps it."
    return (
        "The report measures from the first to the last record above the limit; ours from the moment that the age "
        "proves to the first record back under it."
    )


ENDED_BADLY = {
    Ended.CRASHED: "the run crashed",
    Ended.KILLED: "the run was killed",
    Ended.NEVER_STARTED: "the run never started",
    Ended.BLOCKED_BUILD: "the build was blocked",
}


def verdict(failed: int, failed_by_ours: int, passed: int, passed_by_ours: int, ours: OurFigures) -> str:
    """Of the gate as a whole: how many of its failures, or else of its passes, hold by our figures."""
    if failed:
        return f"Failures that hold by our figures: {failed_by_ours} of {failed}."
    passes = f"Passes that hold by our figures: {passed_by_ours} of {passed}"
    if (badly := ENDED_BADLY.get(ours.run.ended)) is not None:
        return f"{passes}; but {badly}, which its gate does not look at."
    return f"{passes}; what it does not see it passes too."
