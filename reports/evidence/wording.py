"""Word figures, values, tests and lines of the document: `Lighter reconnects`, `10 → 1`, `p = 0.006`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from reports.elements import Cell, CellKind, CitedLine, Rich, Safe
from reports.format import GAP, MINUS, NOT_INSTRUMENTED, NOTHING, UNKNOWN, number
from reports.views.run import RunView
from toolkit.model.comparisons import ComparisonRow
from toolkit.model.evidence import FindingChange
from toolkit.model.figures import Figure, Number
from toolkit.model.runbooks.references import Runbook, reference
from toolkit.model.runs import LineRef
from toolkit.model.units import Unit
from toolkit.model.vocabulary import Bound, ReconnectReason

ARROW = f"{GAP}→ "
NO_DIFFERENCE = Safe("~")
"""Mark of a row whose difference such runs cannot show."""
MAX_LINES = 10
"""Number of lines that one place cites; the rest is counted."""

REASONS = {
    ReconnectReason.SERVER_CLOSE: "closed by the venue",
    ReconnectReason.STREAM_ENDED: "connection lost",
    ReconnectReason.READ_TIMEOUT: "read timeout",
    ReconnectReason.STALE_WATCHDOG: "book watchdog",
    ReconnectReason.SESSION_TIMEOUT: "session timeout",
    ReconnectReason.SUBSCRIBE_ERROR: "subscription refused",
    ReconnectReason.UNKNOWN: "no line says why",
}
"""Reconnect reasons in words; the others are their own names."""
_METRICS = {
    "age_apply_ms.max": "oldest book",
    "age_apply_ms": "book age",
    "age_event_ms": "event age",
    "age_apply_unknown": "time without a known book age",
    "plateau_10s": "stretches with a book older than 10 s",
    "phase.total_us": "tick time",
    "phase.event_drain_us": "event drain time",
    "phase.engine_us": "engine time",
    "phase.submit_us": "submit time",
    "publisher": "publisher",
    "cap_hits": "cap hits",
}


def figure_name(figure: str) -> str:
    """Return the name of a figure in words: `Lighter reconnects`, `Extended book age p95`, `tick time p95`."""
    scope, metric = figure.split(".", 1)
    words = metric
    for name, text in _METRICS.items():
        if metric == name or metric.startswith(f"{name}."):
            words = f"{text} {metric[len(name) + 1 :]}".rstrip()
            break
    words = words.replace(".", " ").replace("_", " ")
    return words if scope == "run" else f"{scope[:1].upper()}{scope[1:]} {words}"


def reason_text(reason: str) -> str:
    """Return a reconnect reason in words."""
    return REASONS.get(ReconnectReason(reason), reason.replace("_", " ")) if reason in set(ReconnectReason) else reason


def seconds(figure: Figure | None, resolution_ms: Number | None) -> str:
    """Return a duration in ms as seconds without the unit: `11.2`, `0.75`, `< 0.25`."""
    if figure is None or figure.value is None:
        return NOT_INSTRUMENTED if figure is not None and NOT_INSTRUMENTED in (figure.note or "") else UNKNOWN
    apply_age = figure.metric.startswith("age_apply")
    if figure.value == 0 and resolution_ms and apply_age:
        return f"<{GAP}{resolution_ms / 1000:.2f}"
    value = figure.value / 1000
    sign = {Bound.LOWER: f"≥{GAP}", Bound.UPPER: f"≤{GAP}", Bound.ESTIMATE: f"≈{GAP}"}.get(figure.bound, "")
    return sign + (f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}")


def values(sides: Iterable[RunView], figure: str, in_seconds: bool = False, strong: bool = False) -> Rich:
    """Return the values of a figure on both sides, `10 → 1`, or one value where both read the same.

    Of a pair of which one side never ran, the value of the other stands alone; if none ran, it reads `blocked`.
    `in_seconds` writes durations as seconds without their unit.
    """
    both = tuple(sides)
    runs = tuple(run for run in both if not run.blocked) or both
    texts = [
        "blocked" if run.blocked else seconds(run.figures.get(figure), run.resolution_ms) if in_seconds else text
        for run, text in ((run, run.text(figure)) for run in runs)
    ]
    if len(set(texts)) == 1:
        known = any(figure in run.figures for run in runs)
        return Rich((Cell(texts[0], figure if known else None, strong),))
    cells = (
        Cell(text, figure if figure in run.figures else None, strong, side=run.side)
        for run, text in zip(runs, texts, strict=True)
    )
    return joined(cells, ARROW)


def joined(parts: Iterable[Cell | CitedLine], separator: str) -> Rich:
    """Return the parts with a separator between them."""
    found: list[str | Cell | CitedLine] = []
    for part in parts:
        found += [separator, part] if found else [part]
    return Rich(tuple(found))


def cited(lines: Iterable[LineRef], side: str = "", limit: int = MAX_LINES) -> Rich:
    """Return the lines of a run as ` (run.log 66, 94)`, grouped by file; empty if there are none."""
    files: dict[str, list[int]] = {}
    for file, line in dict.fromkeys(lines):
        files.setdefault(file, []).append(line)
    parts: list[str | Cell | CitedLine] = []
    for file, numbers in files.items():
        parts += ["; " if parts else " (", Cell(file, kind=CellKind.NAME), " "]
        for position, line in enumerate(sorted(numbers)[:limit]):
            parts += [", ", CitedLine(file, line, side)] if position else [CitedLine(file, line, side)]
        if len(numbers) > limit:
            parts.append(f" and {len(numbers) - limit} more")
    return Rich((*parts, ")")) if parts else Rich(())


def runs_with(change: FindingChange) -> str:
    """Return in how many runs a finding occurs: `, in 4 of 4 runs before, 0 of 4 after`; empty for one run a side."""
    if change.runs is None:
        return ""
    (before, of_before), (after, of_after) = change.runs
    return f", in {before} of {of_before} run{'s' if of_before > 1 else ''} before, {after} of {of_after} after"


def change(row: ComparisonRow, resolution_ms: Number | None = None) -> str:
    """Return the change of a row where it is larger than the rounding beside it, else an empty string."""
    if not row.delta:
        return ""
    metric = row.figure.split(".", 1)[1]
    if resolution_ms and metric.startswith("age_") and abs(row.delta) <= resolution_ms:
        return "within a tick"
    if row.unit == Unit.SHARE:
        points = row.delta * 100
        return f"{points:+.1f}{GAP}points".replace("-", MINUS) if abs(points) >= 0.1 else ""
    if row.ratio is None or row.before is None or min(abs(row.before), abs(row.after or 0)) < 1:
        return number(row.delta) if row.delta < 0 else f"+{number(row.delta)}"
    return f"×{GAP}{ratio(row.ratio)}"


def ratio(value: float) -> str:
    """Return a ratio with two decimals, three below 0.1; an exact 0 without any."""
    if value == 0:
        return "0"
    return f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"


def interval(low: float | None, high: float | None) -> str:
    """Return the limits of an interval of a ratio: `0.002–0.70`, `≥ 1.2`; an empty string if there is none."""
    if low is None:
        return ""
    return f"≥{GAP}{ratio(low)}" if high is None else f"{ratio(low)}–{ratio(high)}"


def p_value(p: float) -> str:
    """Return a probability: `p = 0.006`, `p < 0.001`."""
    return f"p{GAP}<{GAP}0.001" if p < 0.001 else f"p{GAP}={GAP}{p:.2g}" if p < 0.1 else f"p{GAP}={GAP}{p:.2f}"


def verdict_text(row: ComparisonRow | None) -> str:
    """Return the verdict of a row in words, with the test where it found a difference; `~` for no difference."""
    if row is not None and (row.before is None) != (row.after is None):
        return "now counted" if row.before is None else "no longer counted"
    if row is None or row.verdict == "not_comparable":
        return "not comparable"
    if row.verdict in ("improved", "regressed"):
        p = row.p if row.p_corrected is None else row.p_corrected
        return row.verdict if p is None else f"{row.verdict}, {p_value(p)}"
    return NO_DIFFERENCE


def is_tested(row: ComparisonRow) -> bool:
    """Return True if a test found the row to have improved or regressed."""
    return row.verdict in ("improved", "regressed")


def listed(texts: Iterable[str]) -> str:
    """Return texts joined by commas, or a dash if there are none."""
    return ", ".join(texts) or NOTHING


def sentences(parts: Iterable[Rich | str]) -> Iterator[Rich]:
    """Yield each part as rich text."""
    for part in parts:
        yield part if isinstance(part, Rich) else Rich((part,))


def bold(text: str, runbook: Runbook | None = None, code: str = "") -> Cell:
    """Return text that stands out, with the runbook entry of the code that it is about."""
    return Cell(text, strong=True, entry=reference(runbook, code) if runbook else None)


_MARKED = re.compile(r"\*\*([^*\n]+)\*\*|`([^`\n]+)`")


def marked_text(text: str) -> Rich:
    """Return text that people wrote, with its `**strong**` and code marks; any other markup stands as it is."""
    parts: list[str | Cell | CitedLine] = []
    end = 0
    for match in _MARKED.finditer(text):
        strong, code = match.groups()
        parts += [text[end : match.start()], Cell(strong, strong=True) if strong else Cell(code, kind=CellKind.NAME)]
        end = match.end()
    return Rich((*parts, text[end:]))
