"""Findings on books that are crossed, locked, one-sided, frozen or off the market."""

from __future__ import annotations

from collections.abc import Iterator

from toolkit.analysis.findings.finding_input import FindingInput
from toolkit.model.runs import Episode, Finding
from toolkit.model.units import duration, thousands
from toolkit.model.vocabulary import FindingCode

_BOOK_FAULTS = {
    "frozen_mid": (
        "frozen", FindingCode.FROZEN_MID, "high",
        "the mid of a fresh book did not move, while at least two other venues moved by more than 5 bps: the same book "
        "was applied repeatedly",
    ),
    "off_market": (
        "off_market", FindingCode.OFF_MARKET, "high",
        "the venue was fresh and Healthy with a mid away from the median of the other fresh venues",
    ),
    "crossed": ("crossed", FindingCode.CROSSED_BOOK, "high", "the bid was above the ask"),
    "locked": ("locked", FindingCode.LOCKED_BOOK, "medium", "the bid was equal to the ask"),
    "one_sided": ("one_sided", FindingCode.ONE_SIDED_BOOK, "medium", "one side of the book was empty"),
}  # fmt: skip
"""Of each kind of episode: its word in figures, the code and severity of its finding, and its fact."""
BOOK_FAULT_MS = 1_000
"""Shortest total time of a book fault that is a finding: a book may be wrong between two messages of the venue."""
LASTING_SHARE = 0.9
"""Share of the compared records from which on a distance is constant."""


def book_faults(evidence: FindingInput) -> Iterator[Finding]:
    """Yield a finding per venue and kind of wrong book that lasted for at least `BOOK_FAULT_MS` in all."""
    longest: dict[tuple[str, str], Episode] = {}
    for each in sorted(evidence.episodes, key=lambda each: (each.from_ms or 0) - (each.to_ms or 0)):
        if each.kind in _BOOK_FAULTS:
            longest.setdefault((each.kind, each.venue), each)
    for (kind, venue), episode in sorted(longest.items()):
        name, code, severity, fact = _BOOK_FAULTS[kind]
        figure = f"{venue}.book.{name}"
        total, most = (evidence.value(f"{figure}.{stat}") or 0 for stat in ("ms", "longest_ms"))
        if total >= BOOK_FAULT_MS:
            text = f"for {duration(total)} {fact}{_distance(evidence, figure)}"
            text += _stretches(evidence, figure, episode) + _intents(evidence, figure)
            names = (f"{figure}.ms", f"{figure}.longest_ms")
            yield Finding(code, severity if most >= BOOK_FAULT_MS else "low", venue, text, names, episode.lines)


def _distance(evidence: FindingInput, figure: str) -> str:
    """Return how far an off-market venue was from the others, and whether the distance lasted for the whole run."""
    middle, most = (evidence.value(f"{figure}.{stat}_bps") for stat in ("p50", "max"))
    if middle is None or most is None:
        return ""
    samples = {each.figure: each.n for each in evidence.figures if each.figure.startswith(figure)}
    lasting = samples[f"{figure}.p50_bps"] >= LASTING_SHARE * samples[f"{figure}.ms"]
    basis = (
        "; so constant a distance may be a true difference of the markets (basis), above which --off-market can be set"
    )
    return f" (median {middle:+.1f} bps, at most {most:.1f} bps{basis if lasting else ''})"


def _stretches(evidence: FindingInput, figure: str, longest: Episode) -> str:
    ticks = f"ticks {longest.from_tick} to {longest.to_tick}"
    if (count := evidence.value(f"{figure}.count") or 1) == 1:
        return f", in one stretch ({ticks})"
    lasted = duration(evidence.value(f"{figure}.longest_ms") or 0)
    return f", in {thousands(count)} stretches, the longest of {lasted} ({ticks})"


def _intents(evidence: FindingInput, figure: str) -> str:
    """Return the number of order intents during a book fault; nothing where the telemetry has none."""
    stats = ("intents", "longest_intents", "venue_intents")
    total, longest, own = (evidence.value(f"{figure}.{stat}") for stat in stats)
    if total is None or longest is None:
        return ""
    text = f"; order intents in that time: {thousands(total)}"
    text += f", in the longest stretch {thousands(longest)}" if longest != total else ""
    return text + ("" if own is None else f", for this venue {thousands(own)}")
