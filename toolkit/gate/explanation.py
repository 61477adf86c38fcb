"""The sentences of a gate: why a rule passed, failed or could not be decided."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from toolkit.gate.limits import GateRun, Range
from toolkit.model.figures import Figure, Number
from toolkit.model.gates import GateRule
from toolkit.model.vocabulary import GateVerdict

_MOST_LISTED = 4


def rule(stated: GateRule) -> str:
    """A rule in one line: `*.reconnects max 3 per 10 min`."""
    limits = {
        "max": stated.max,
        "min": stated.min,
        "max baseline ×": stated.max_ratio_to_baseline,
        "max baseline +": stated.max_delta_to_baseline,
    }
    parts = [f"{kind} {number(limit)}" for kind, limit in limits.items() if limit is not None]
    parts += ["per 10 min"] if stated.per_10_min else []
    parts += [f"on {', '.join(stated.venues)}"] if stated.venues else []
    return " ".join([stated.figure, *parts])


def number(value: Number, unit: str = "") -> str:
    """A number as a person reads it, with its unit unless that goes without saying."""
    text = str(value) if isinstance(value, int) else f"{value:.4f}".rstrip("0").rstrip(".")
    return text if unit in ("", "count", "share", "number") else f"{text} {unit}"


def compared(verdict: GateVerdict, stated: GateRule, figure: Figure, measured: Range, limit: Range) -> str:
    """Why a known value passed, failed or could not be decided."""
    scaled = f" ({number(figure.value)} in the run, scaled to 10 minutes)" if stated.per_10_min and figure.value else ""
    value, bound = (number(each.value, figure.unit) for each in (measured, limit))
    if value == bound and measured.value != limit.value:
        value, bound = f"{measured.value:.12g}", f"{limit.value:.12g}"
    value += scaled
    beyond = "above" if stated.min is None else "below"
    note = f" ({figure.note})" if figure.note else ""
    if verdict is GateVerdict.INCONCLUSIVE:
        return f"{value}{_extent(measured)} may be on either side of {bound}{_extent(limit)}{note}"
    return f"{value} is {'not ' if verdict is GateVerdict.PASS else ''}{beyond} {bound}{note}"


def _extent(span: Range) -> str:
    if span.low == span.high is not None:
        return ""
    low, high = ("unbounded" if end is None else number(end) for end in (span.low, span.high))
    return f" (from {low} to {high})"


def unknown(name: str, figure: Figure | None, run: GateRun) -> str:
    """Why a figure has no value in this run."""
    if figure is not None:
        return f"not known: {figure.note or 'the evidence does not tell'}"
    scope = name.partition(".")[0]
    if "*" in scope:
        return "the run has no venue"
    if scope != "run" and scope not in run.run.venues:
        return f"{scope} is no venue of this run ({listed(run.run.venues) or 'it has none'})"
    nearest = get_close_matches(name, run.figures, 1)
    return "the run has no such figure" + (f"; nearest: {nearest[0]}" if nearest else "")


def of_rules(did: str, some: Sequence[str], every: Sequence[object]) -> str:
    """`2 of 31 rules failed (lighter.reconnects, aster.reconnects)`."""
    return f"{len(some)} of {len(every)} rules {did} ({listed(some)})"


def listed(items: Sequence[str]) -> str:
    """The items, cut after a few."""
    more = len(items) - _MOST_LISTED
    return ", ".join(items[:_MOST_LISTED]) + (f" and {more} more" if more > 0 else "")


def sentence(*parts: str) -> str:
    """The parts as one sentence."""
    joined = "; ".join(parts)
    return f"{joined[:1].upper()}{joined[1:]}."
