"""Explain one figure of a stored run: choose its source, repeat the steps, and collect the lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from reports.format import shown
from toolkit.analysis.metrics import definitions_of
from toolkit.evidence.explain.evidence_rows import create_evidence, rows_of
from toolkit.evidence.explain.sources import Source, sources_of
from toolkit.evidence.explain.statistics import Outcome, Sample, join_stretches, statistic
from toolkit.evidence.explain.stored_run import StoredRun
from toolkit.model.errors import UsageError
from toolkit.model.explanations import ExplainedLine, Explanation, SearchedFile
from toolkit.model.figures import Figure
from toolkit.model.units import thousands
from toolkit.model.vocabulary import Bound

_STATISTIC_WORDS = ("stat", "tw_stat", "stretch_stat")
"""Placeholders that name a statistic."""
_NEAREST = 3
_PROOF = "no such line; this one shows that the build prints them"

_Event = tuple[str, tuple[tuple[int, int], ...]]
"""A sentence about an event, and its lines as file number and line."""


@dataclass(frozen=True, slots=True)
class _Evidence:
    """Result of one source: its value, the steps, and the lines of each event in order."""

    value: float | None
    steps: tuple[str, ...]
    events: tuple[_Event, ...] = ()
    roles: tuple[str, ...] = ()


def explain_figure(run: StoredRun, name: str, most: int | None) -> Explanation:
    """Explain the figure `name`, or the figures whose names begin with it, with at most `most` lines (None: all).

    The lines have no texts. Raises `UsageError` where the run has no such figure; the message has the nearest names.
    """
    figure = run.figures.get(name)
    parts = tuple(each for each in run.figures.values() if each.figure.startswith(f"{name}."))
    if figure is None and not parts:
        raise UsageError(_unknown(name, run.figures))
    spec = definitions_of([(figure or parts[0]).figure]).get((figure or parts[0]).figure)
    found = _evidence(run, figure) if figure else _family(run, parts)
    names: dict[int, tuple[str, int]] = {number: (file, lines) for number, file, lines in _files(run)}
    refs = [(event, about, ref) for event, (about, lines) in enumerate(found.events, 1) for ref in lines]
    listed = refs if most is None else refs[:most]
    return Explanation(
        run=run.run,
        name=name,
        figure=figure,
        title=spec.title if spec else "",
        definition=(spec.definition if figure else spec.remark or spec.definition) if spec else "",
        source=spec.source if spec else "",
        parts=parts,
        searched=tuple(SearchedFile(*each) for each in _searched(run, found.roles)),
        steps=(*found.steps, *_last_step(figure)),
        lines=tuple(ExplainedLine(names[ref[0]][0], ref[1], None, about, event) for event, about, ref in listed),
        more=len(refs) - len(listed),
        events=len(found.events),
        recomputed=found.value,
    )


def _unknown(name: str, figures: Mapping[str, Figure]) -> str:
    nearest = get_close_matches(name, figures, _NEAREST, 0.5)
    hint = f"; nearest: {', '.join(nearest)}" if nearest else ""
    return f"{name}: this run has no such figure{hint}; `toolkit figures` lists all"


def _last_step(figure: Figure | None) -> Iterable[str]:
    if figure is None:
        return ()
    value = shown(figure)
    return (f"{figure.figure} = {value}" + (f": {figure.note}" if figure.note else ""),)


def _family(run: StoredRun, parts: Sequence[Figure]) -> _Evidence:
    """Return the lines of all figures of a family, each with the name of its figure."""
    events: list[_Event] = []
    roles: dict[str, None] = {}
    for part in parts:
        found = _evidence(run, part)
        events += [(f"{part.figure}: {about}" if about else part.figure, lines) for about, lines in found.events]
        roles |= dict.fromkeys(found.roles)
    steps = (f"{thousands(len(parts))} figures have a name that begins so; each has its own explanation",)
    return _Evidence(None, steps, tuple(events), tuple(roles))


def _evidence(run: StoredRun, figure: Figure) -> _Evidence:
    """Return what the best source of a figure gives: of those whose condition holds, the one with the largest value."""
    candidates = [
        (source, words)
        for source, words in sources_of(figure.figure)
        if source.when is None or run.scalar(f"coalesce((select {source.when} from run_log_proof), false)", words)
    ]
    found = [_evaluated(run, source, words, figure) for source, words in candidates]
    best = max(found, key=lambda each: (each.value is not None, each.value or 0, len(each.events)), default=None)
    if best is None:
        return _Evidence(None, (), (), _roles(figure.figure))
    return (
        best if best.events or figure.value != 0 else replace(best, value=best.value or 0.0, events=_proof(run, figure))
    )


def _proof(run: StoredRun, figure: Figure) -> tuple[_Event, ...]:
    """Return the line that proves that a build prints the lines that a 0 counts, where the figure rests on it."""
    ((none_seen, line),) = run.con.execute("select none_seen, proving_line from run_log_proof").fetchall()
    if none_seen is None or none_seen not in (figure.note or ""):
        return ()
    return ((_PROOF, _refs([line])),)


def _roles(figure: str) -> tuple[str, ...]:
    """Return the roles of the files in which the lines of a figure would be, were there any."""
    return tuple(
        dict.fromkeys(
            role for source, _ in sources_of(figure) if source.rows is not None for role in rows_of(source.rows).reads
        )
    )


def _evaluated(run: StoredRun, source: Source, words: Mapping[str, str], figure: Figure) -> _Evidence:
    if source.formula is not None:
        return _computed(run, source, words)
    assert source.rows is not None
    steps = create_evidence(run, source, words)
    chosen = next((words[each] for each in _STATISTIC_WORDS if each in words), "count")
    if source.stretch is not None:
        join_stretches(run.con, source)
    outcome = statistic(source.statistic or chosen)(Sample(run.con, source, _name(source, chosen)))
    return _Evidence(outcome.value, (*steps, *outcome.steps), _events(run, outcome, figure), rows_of(source.rows).reads)


def _name(source: Source, chosen: str) -> str:
    return chosen if source.statistic in (None, "weighted_percentile") else source.statistic


def _events(run: StoredRun, outcome: Outcome, figure: Figure) -> tuple[_Event, ...]:
    query = f"select shown, about, amount from evidence where {outcome.chosen} order by {outcome.order}"
    rows = run.con.execute(query).fetchall()
    return tuple((about or _amount(amount, figure), _refs(lines)) for lines, about, amount in rows)


def _refs(lines: Any) -> tuple[tuple[int, int], ...]:
    """Return the lines of one event in order, each once."""
    return tuple(sorted({(each["file_no"], each["line"]) for each in lines or () if each["line"] is not None}))


def _amount(amount: float | None, figure: Figure) -> str:
    return "" if amount is None else shown(replace(figure, value=amount, bound=Bound.EXACT, note=None))


def _computed(run: StoredRun, source: Source, words: Mapping[str, str]) -> _Evidence:
    """Return the value of a formula, with the steps and lines of its inputs."""
    inputs = {key: _named(pattern, words) for key, pattern in source.inputs.items()}
    steps, roles = list[str](), dict.fromkeys(source.stated)
    values: dict[str, Any] = dict(words)
    events: list[_Event] = []
    for key, name in inputs.items():
        for figure in _matching(run, name):
            values[key] = figure.value
            steps.append(f"{figure.figure} is {shown(figure)}")
            found = _evidence(run, figure)
            events += [(f"{figure.figure}: {about}", lines) for about, lines in found.events]
            roles |= dict.fromkeys(found.roles)
    assert source.formula is not None
    value = run.scalar(source.formula, values)
    return _Evidence(None if value is None else float(value), tuple(steps), tuple(events), tuple(roles))


def _named(pattern: str, words: Mapping[str, str]) -> str:
    for key, word in words.items():
        pattern = pattern.replace(f"<{key}>", word)
    return pattern


def _matching(run: StoredRun, name: str) -> list[Figure]:
    """Return the figure of this name, or for `<each>` as scope that of every venue."""
    if not name.startswith("<each>."):
        return [run.figures[name]] if name in run.figures else []
    return [each for each in run.figures.values() if each.metric == name.partition(".")[2] and each.scope != "run"]


def _files(run: StoredRun) -> list[tuple[int, str, int]]:
    return run.con.execute("select file_no, file, lines from file order by file_no").fetchall()


def _searched(run: StoredRun, roles: Sequence[str]) -> list[tuple[str, int]]:
    query = "select file, lines from file where role in (select unnest(?)) and copy_of is null order by file_no"
    return run.con.execute(query, [list(roles)]).fetchall()
