"""Findings: sentences worth a reader's time, each resting on figures, episodes or lines that can be looked up.

A finding states what the evidence shows and nothing it does not; a run without any has none. Its text does not repeat
the venue, which stands beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from toolkit.files.rotation import missing_parts
from toolkit.model.figures import Figure
from toolkit.model.runs import Episode, FileLedger, Finding, LineRef, RunInfo
from toolkit.model.units import duration, share, thousands
from toolkit.model.vocabulary import ReconnectReason, Role, SetAside

IDLE_CLOSES = 3
IDLE_SPREAD = 0.1
"""So many closes by the venue after sessions of so nearly the same length are a rule of the venue, not chance."""

LONGEST_QUOTE = 160


@dataclass(frozen=True, slots=True)
class Look:
    """All that findings are drawn from."""

    run: RunInfo
    ledgers: Sequence[FileLedger]
    figures: Sequence[Figure]
    episodes: Sequence[Episode]
    log_lives: int
    telemetry_lives: int
    unknown_components: dict[str, int]
    earlier_ends: Sequence[tuple[LineRef, str]] = ()
    """Lines that may say why a life before the last one ended, and their words."""

    def value(self, figure: str) -> float | None:
        """A figure's value, None where it has none."""
        return next((each.value for each in self.figures if each.figure == figure), None)

    def above_zero(self, metric: str) -> Iterator[tuple[str, float]]:
        """The scopes where a metric is above 0, with its value."""
        for each in self.figures:
            if each.metric == metric and each.value:
                yield each.scope, each.value


def findings(look: Look) -> tuple[Finding, ...]:
    """All findings of a run, the gravest first."""
    found = [finding for rule in _RULES for finding in rule(look)]
    order = {"high": 0, "medium": 1, "low": 2}
    return tuple(sorted(found, key=lambda each: order[each.severity]))


def _never_spoke(look: Look) -> Iterator[Finding]:
    for venue in look.run.venues:
        unknown = look.value(f"{venue}.age_apply_unknown.share")
        if unknown == 1:
            text = "no book was ever applied: the ages are unknown all the time, not good"
            yield Finding("never_spoke", "high", venue, text, (f"{venue}.age_apply_unknown.share",))


def _masked(look: Look) -> Iterator[Finding]:
    for venue, fresh_ms in look.above_zero("masked.fresh_ms"):
        silent = duration(look.value(f"{venue}.masked.ms") or fresh_ms)
        text = (
            f"the socket brought no book for {silent}, and for {duration(fresh_ms)} of it snapshots fetched over REST "
            "made the venue look fresh: its ages do not show the whole silence"
        )
        lines = _lines(look.episodes, venue, "masked")
        yield Finding("rest_masking", "high", venue, text, (f"{venue}.masked.ms", f"{venue}.masked.fresh_ms"), lines)


def _idle_closes(look: Look) -> Iterator[Finding]:
    for venue in look.run.venues:
        events = [each for each in look.episodes if each.venue == venue and each.kind == "reconnect"]
        closed = [
            (after.from_ms - before.to_ms, after)
            for before, after in pairwise(events)
            if after.reason == ReconnectReason.SERVER_CLOSE and after.from_ms is not None and before.to_ms is not None
        ]
        lasted = [ms for ms, _ in closed]
        if len(lasted) < IDLE_CLOSES or max(lasted) - min(lasted) > IDLE_SPREAD * median(lasted):
            continue
        text = (
            f"{len(lasted)} sessions were closed by the venue, each {duration(median(lasted))} after its "
            "first book: a rule of the venue, as when it drops a client that sends nothing"
        )
        lines = tuple(ref for _, each in closed for ref in each.lines)
        yield Finding("idle_close", "medium", venue, text, (f"{venue}.disconnects.server_close",), lines)


def _silent_endings(look: Look) -> Iterator[Finding]:
    for venue, count in look.above_zero("disconnects.unknown"):
        sockets = "socket" if count == 1 else "sockets"
        text = f"{thousands(count)} {sockets} ended and left no line that says why"
        lines = _lines(look.episodes, venue, "reconnect", "unknown")
        yield Finding("silent_ending", "low", venue, text, (f"{venue}.disconnects.unknown",), lines)


def _stalls(look: Look) -> Iterator[Finding]:
    stalls = [each for each in look.episodes if each.kind == "local_stall"]
    if stalls:
        text = f"{len(stalls)} times three venues or more went stale within a second: this host stalled, not the venues"
        yield Finding("local_stall", "high", None, text)


def _frozen(look: Look) -> Iterator[Finding]:
    for each in look.episodes:
        if each.kind == "frozen_mid" and each.from_ms is not None and each.to_ms is not None:
            text = (
                f"the mid did not move for {duration(each.to_ms - each.from_ms)} with fresh ages, while "
                "others moved by more than 5 bps: the same book was applied again and again"
            )
            yield Finding("frozen_mid", "high", each.venue, text)


def _freezes(look: Look) -> Iterator[Finding]:
    for venue, count in look.above_zero("core_freezes"):
        text = f"the runner froze the book {thousands(count)} times by its own sanity filter"
        yield Finding("runner_freeze", "medium", venue, text, (f"{venue}.core_freezes",))


def _lives(look: Look) -> Iterator[Finding]:
    if look.telemetry_lives and look.log_lives and look.telemetry_lives != look.log_lives:
        text = (
            f"the log shows {look.log_lives} lives and the telemetry {look.telemetry_lives}: "
            "one of the files does not cover the whole run"
        )
        yield Finding("lives_differ", "high", None, text, ("run.lives",))


def _earlier_ends(look: Look) -> Iterator[Finding]:
    if look.earlier_ends:
        lines, words = zip(*look.earlier_ends, strict=True)
        count = "a line tells" if len(lines) == 1 else f"{thousands(len(lines))} lines tell"
        text = f"{count} of trouble before the last life began, first: {words[0][:LONGEST_QUOTE]}"
        yield Finding("earlier_end", "high", None, text, (), lines)


def _lost(look: Look) -> Iterator[Finding]:
    if missing := look.value("run.ticks_missing"):
        text = f"{thousands(missing)} records were never written: the tick number skips them, as after a full queue"
        yield Finding("records_dropped", "medium", None, text, ("run.ticks_missing",))
    if hole := look.value("run.hole_ms"):
        text = f"{duration(hole)} of the run lie in holes between records; no share of time includes them"
        yield Finding("holes", "medium", None, text, ("run.hole_ms",))


_NO_DAMAGE = (SetAside.BLANK, SetAside.TORN_TAIL, SetAside.OTHER_LOG)


def _times_of_another_log(look: Look) -> Iterator[Finding]:
    for ledger in look.ledgers:
        if any(each.reason == SetAside.OTHER_LOG for each in ledger.where):
            text = (
                f"{ledger.file} tells of a log that is not all here: its beginning may have been cut off, so that no "
                "line took a time from it; put the missing part back beside the log"
            )
            yield Finding("times_without_log", "medium", None, text, (), ((ledger.file, 1),))


def _damage(look: Look) -> Iterator[Finding]:
    for ledger in look.ledgers:
        bad = [each for each in ledger.where if each.reason not in _NO_DAMAGE]
        if bad:
            why = ", ".join(sorted({each.reason for each in bad}))
            text = f"{ledger.file}: {thousands(len(bad))} places could not be used ({why})"
            yield Finding(
                "damaged_file", "medium", None, text, (), tuple((ledger.file, each.line) for each in bad[:20])
            )


def _missing_parts(look: Look) -> Iterator[Finding]:
    written = (ledger.file for ledger in look.ledgers if ledger.role in (Role.LOG, Role.TELEMETRY, Role.RX_STATS))
    for before, after in missing_parts(written):
        text = f"what was written between {before} and {after} is missing: nothing that happened there is counted"
        yield Finding("part_missing", "high", None, text)


def _bogus(look: Look) -> Iterator[Finding]:
    for venue, count in look.above_zero("age_event_bogus"):
        text = f"{thousands(count)} records carry an event age without a time stamp, left out of percentiles"
        yield Finding("event_without_time", "low", venue, text, (f"{venue}.age_event_bogus",))


def _one_sided(look: Look) -> Iterator[Finding]:
    for venue, value in look.above_zero("depth_zero.share"):
        longest = look.value(f"{venue}.depth_zero.longest_ms") or 0
        # Where no book ever came neither side was empty: there was none.
        if longest >= 1_000 and look.value(f"{venue}.age_apply_unknown.share") != 1:
            once = duration(longest)
            text = f"one side of the book was empty for {share(value)} of the time, up to {once} at once"
            yield Finding(
                "one_sided_book", "medium", venue, text, (f"{venue}.depth_zero.share", f"{venue}.depth_zero.longest_ms")
            )


def _novel(look: Look) -> Iterator[Finding]:
    if look.unknown_components:
        listed = ", ".join(f"{name} ({count})" for name, count in sorted(look.unknown_components.items())[:10])
        text = f"audit lines of kinds this version does not know, kept verbatim: {listed}"
        yield Finding("unknown_audit_lines", "low", None, text)


def _lines(episodes: Iterable[Episode], venue: str, kind: str, reason: str | None = None) -> tuple[LineRef, ...]:
    return tuple(
        ref
        for each in episodes
        if each.venue == venue and each.kind == kind and (reason is None or each.reason == reason)
        for ref in each.lines
    )


_RULES = (
    _never_spoke, _masked, _stalls, _frozen, _lives, _earlier_ends, _idle_closes, _freezes, _lost, _damage,
    _times_of_another_log, _missing_parts, _one_sided, _silent_endings, _bogus, _novel,
)  # fmt: skip
