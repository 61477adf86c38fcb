"""Find the lines of a run that state a figure or contribute to it."""

from __future__ import annotations

from toolkit.model.runs import Episode, LineRef, RunAnalysis

_EPISODES = {
    "reconnects": "reconnect", "disconnects": "reconnect", "resyncs": "resync", "read_timeouts_kept": "kept",
    "masked": "masked",
}  # fmt: skip
"""Kind of the episodes that a metric counts, by its first word."""
_BY_REASON = ("reconnects", "disconnects", "resyncs")
"""Metrics whose label is the reason of the episode."""


def figure_lines(run: RunAnalysis, figure: str) -> tuple[LineRef, ...]:
    """Return the lines of a run that a figure counts, and those of the episodes and findings that name it, in order."""
    scope, _, metric = figure.partition(".")
    lines = list(run.figure_lines.get(figure, ()))
    lines += [line for episode in run.episodes if _counts(scope, metric, episode) for line in episode.lines]
    lines += [line for finding in run.findings if figure in finding.figures for line in finding.lines]
    return tuple(sorted(set(lines)))


def _counts(scope: str, metric: str, episode: Episode) -> bool:
    name, _, label = metric.partition(".")
    if episode.kind != _EPISODES.get(name) or scope not in (episode.venue, "run"):
        return False
    return not label or name == "masked" or (name in _BY_REASON and label == episode.reason)
