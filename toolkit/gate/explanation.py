"""Sentences of a gate result: why a rule passed, failed or could not be decided."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from toolkit.gate.limits import GateRun, Range
from toolkit.model.figures import Figure, Number
from toolkit.model.gates import GateRule
from toolkit.model.units import Unit
from toolkit.model.vocabulary import GateVerdict

_MAX_LISTED = 4


def rule_text(rule: GateRule) -> str:
    """Return a rule on one line: `*.reconnects max 3 per 10 min`."""
    limits = {
        "max": rule.max,
        "min": rule.min,
        "max baseline ×": rule.max_ratio_to_baseline,
        "max baseline +": rule.max_delta_to_baseline,
    }
    parts = [f"{kind} {_digits(limit)}" for kind, limit in limits.items() if limit is not None]
    parts += ["per 10 min"] if rule.per_10_min else []
    parts += [f"on {', '.join(rule.venues)}"] if rule.venues else []
    return " ".join([rule.figure, *parts])


def number(value: Number, unit: str = "") -> str:
    """Return a number with at most four decimals, digits in groups of three, and its unit; shares as a percentage."""
    if unit == Unit.SHARE:
        return f"{_digits(value * 100)}\u00a0%"
    text = _digits(value, ",").replace(",", "\u00a0")
    return text if unit in ("", Unit.COUNT, Unit.NUMBER) else f"{text}\u00a0{unit}"


def _digits(value: Number, groups: str = "") -> str:
    return f"{value:{groups}}" if isinstance(value, int) else f"{value:{groups}.4f}".rstrip("0").rstrip(".")


def decision(verdict: GateVerdict, rule: GateRule, figure: Figure, measured: Range, limit: Range) -> str:
    """Return why a known value passed, failed or could not be decided."""
    scaled = f" ({number(figure.value)} in the run, scaled to 10 minutes)" if rule.per_10_min and figure.value else ""
    value, limit_text = (number(each.value, figure.unit) for each in (measured, limit))
    if value == limit_text and measured.value != limit.value:
        value, limit_text = f"{measured.value:.12g}", f"{limit.value:.12g}"
    value += scaled
    relation = "above" if rule.min is None else "below"
    note = f" ({figure.note})" if figure.note else ""
    if verdict is GateVerdict.INCONCLUSIVE:
        return f"{value}{_range_text(measured)} may be on either side of {limit_text}{_range_text(limit)}{note}"
    return f"{value} is {'not ' if verdict is GateVerdict.PASS else ''}{relation} {limit_text}{note}"


def _range_text(value: Range) -> str:
    if value.low == value.high is not None:
        return ""
    low, high = ("unbounded" if end is None else number(end) for end in (value.low, value.high))
    return f" (from {low} to {high})"


def missing_value(name: str, figure: Figure | None, run: GateRun) -> str:
    """Return why a figure has no value in this run."""
    if figure is not None:
        return f"not known: {figure.note or 'the files of the run do not show it'}"
    scope = name.partition(".")[0]
    if "*" in scope:
        return "the run has no venue"
    if scope != "run" and scope not in run.run.venues:
        return f"{scope} is not a venue of this run ({listed(run.run.venues) or 'it has none'})"
    nearest = get_close_matches(name, run.figures, 1)
    return "the run has no such figure" + (f"; nearest: {nearest[0]}" if nearest else "")


def rules_text(outcome: str, figures: Sequence[str], rows: Sequence[object]) -> str:
    """Return `2 of 31 rules failed (lighter.reconnects, aster.reconnects)`."""
    return f"{len(figures)} of {len(rows)} rules {outcome} ({listed(figures)})"


def listed(items: Sequence[str]) -> str:
    """Return the first items, comma-separated, and the number of the others."""
    more = len(items) - _MAX_LISTED
    return ", ".join(items[:_MAX_LISTED]) + (f" and {more} more" if more > 0 else "")


def sentence(*clauses: str) -> str:
    """Return the clauses as one sentence: joined by semicolons, with a capital letter and a full stop."""
    joined = "; ".join(clauses)
    return f"{joined[:1].upper()}{joined[1:]}."
