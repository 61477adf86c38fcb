"""The answer: one paragraph that says what the change did, and what limits that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from reports.elements import Cell, CellKind, CitedLine, Rich
from reports.evidence.blocked import blocked_sentences
from reports.evidence.context import Context
from reports.evidence.sections.mechanisms import mechanisms
from reports.evidence.sections.mechanisms import sentence as mechanism_sentence
from reports.evidence.sections.stalls import longer_stalls
from reports.evidence.wording import (
    bold,
    figure_name,
    interval,
    p_value,
    ratio,
    seconds,
    values,
)
from reports.format import GAP, setting
from reports.review_summary import missing_data
from toolkit.model.comparisons import ComparisonRow, SettingRow, different_settings
from toolkit.model.evidence import Answer, HypothesisAnswer, Observation
from toolkit.model.vocabulary import GateVerdict

LIMIT = 600
"""Largest number of characters of the answer."""

Part = str | Cell | CitedLine
_MOST_NAMED = 3


def answer(context: Context) -> tuple[Rich, ...]:
    """Return the sentences of the answer, at most `LIMIT` characters in all.

    Sentences carry a rank; the least important ones are left out first.
    """
    ranked = list(_sentences(context))
    while sum(len(str(text)) + 1 for _, text in ranked) > LIMIT and len(ranked) > 1:
        ranked.remove(max(ranked, key=lambda each: each[0]))
    return tuple(text for _, text in ranked)


def _sentences(context: Context) -> Iterator[tuple[int, Rich]]:
    if context.same_run and not context.blocked:
        yield 0, Rich((bold("Both sides are the same run."),))
    yield from ((0, sentence) for sentence in blocked_sentences(context))
    for sentence in context.comparison.disturbances:
        yield 1, Rich((bold(f"{sentence[:1].upper()}{sentence[1:]}."),))
    yield from ((0, sentence) for sentence in _without_book(context))
    yield from _settings(context)
    for mechanism in mechanisms(context):
        yield (3 if mechanism.vanished else 0), mechanism_sentence(mechanism)
    yield from _hypotheses(context)
    yield from ((1, sentence) for sentence in islice(longer_stalls(context), 2))
    if not context.blocked and not context.same_run:
        yield from _tested(context)
    yield 2, _gate(context)
    yield 1, Rich((bold(_feed(context)),))
    if len(context.blocked) < 2:
        yield 3, _data(context)


def _without_book(context: Context) -> Iterator[Rich]:
    for run in context.sides:
        venues = () if run.blocked else context.pair.venues_without_book(run)
        if venues:
            named = ", ".join(venue.capitalize() for venue in venues)
            yield Rich((bold(f"{named} never had a book {run.side} the change."),))


def _settings(context: Context) -> Iterator[tuple[int, Rich]]:
    settings = context.comparison.settings or ()
    pair = context.side_by_side
    under_test = [row for row in settings if pair is not None and row.name in pair.under_test]
    if under_test:
        yield 1, Rich((bold("Under test:"), f" {_named(under_test)}."))
    if rows := different_settings(settings):
        yield 1, Rich((bold("Settings differ:" if len(rows) > 1 else "A setting differs:"), f" {_named(rows)}."))


def _named(rows: Sequence[SettingRow]) -> str:
    """Return the first settings with both values, or one where they are equal, and how many more there are."""
    texts = [(setting(row, row.before), setting(row, row.after)) for row in rows[:2]]
    changes = [f"{before} on both sides" if before == after else f"{before} → {after}" for before, after in texts]
    named = "; ".join(f"{row.name} {change}" for row, change in zip(rows, changes, strict=False))
    return named + (f" and {len(rows) - 2} more" if len(rows) > 2 else "")


def _hypotheses(context: Context) -> Iterator[tuple[int, Rich]]:
    """Yield the answers to the hypotheses: the first that its numbers show in full, the others in a word each."""
    answers = context.evidence.answers
    lead = next((each for each in answers if _shown_by(each)), None)
    if lead is not None:
        yield 1, _lead(context, lead)
    rest = [each for each in answers if each is not lead]
    parts: list[Part] = []
    for each in rest:
        text = f"{each.hypothesis.id} {each.answer}"
        strong = each.answer in (Answer.NOT_SUPPORTED, Answer.BLOCKED)
        parts += [" · " if parts else "", Cell(text, strong=strong)]
    if parts:
        yield 1, Rich((*parts[1:], "."))


def _shown_by(each: HypothesisAnswer) -> Observation | None:
    """Return the observation with a test that supports a hypothesis; None if there is none."""
    tested = (found for found in each.observations if found.p is not None)
    return next(tested, None) if each.answer is Answer.SUPPORTED else None


def _lead(context: Context, each: HypothesisAnswer) -> Rich:
    found = _shown_by(each)
    assert found is not None and found.p is not None
    figure = found.expectation.figure
    p = found.p if found.p_corrected is None else found.p_corrected
    statistics = f"declared one-sided test, {p_value(p)}"
    if limits := interval(found.low, found.high):
        statistics = f"95{GAP}% interval of the ratio {limits}; {statistics}"
    head = Rich((bold(f"{each.hypothesis.id} supported:"), f" {figure_name(figure)} "))
    return head + values(context.sides, figure, strong=True) + Rich((f" ({statistics}).",))


def _tested(context: Context) -> Iterator[tuple[int, Rich]]:
    answered = {found.expectation.figure for each in context.evidence.answers for found in each.observations}
    improved = [row for row in _independent(context.improved) if row.figure not in answered]
    if improved:
        yield 2, _rows(context, "Improved:", improved)
    if context.regressed:
        title = "Regressed, seen twice:" if context.checked_again else "Regressed:"
        yield 0, _rows(context, title, _independent(context.regressed))
    elif not context.comparison.comparable:
        yield 0, Rich((bold("Nothing can be compared:"), " ", "; ".join(context.comparison.why_not[:2]), "."))
    else:
        yield 0, Rich((bold("Nothing tested got worse."),))
    if context.comparison.comparable and (why := context.ages_not_compared):
        yield 0, Rich((f"Ages were not compared: {why}.",))
    yield from _not_called(context)


def _not_called(context: Context) -> Iterator[tuple[int, Rich]]:
    """Yield what had got worse in this pair and is not called a regression, because a fresh pair did not show it."""
    called = {row.figure for row in context.regressed}
    for state, figures in context.checked_again.items():
        rows = [row for figure in figures if figure not in called and (row := context.row(figure)) is not None]
        if rows and "not called" in state:
            first = _independent(rows)[0]
            text = Rich((bold(f"{state[:1].upper()}{state[1:]}:"), f" {figure_name(first.figure)} "))
            yield 0, text + values(context.sides, first.figure) + Rich((".",))


def _independent(rows: Sequence[ComparisonRow]) -> list[ComparisonRow]:
    """Return the first row of each venue: its reasons, percentiles and ages follow from the same events."""
    found: dict[str, ComparisonRow] = {}
    for row in rows:
        found.setdefault(row.figure.split(".", 1)[0], row)
    return list(found.values())


def _rows(context: Context, title: str, rows: Sequence[ComparisonRow]) -> Rich:
    text = Rich((bold(title),))
    for position, row in enumerate(rows[:_MOST_NAMED]):
        name = figure_name(row.figure)
        text += Rich((f"; {name} " if position else f" {name} ",)) + values(context.sides, row.figure, strong=True)
        if not position:
            text += Rich((f" ({_statistics(row)})",))
    more = f" and {len(rows) - _MOST_NAMED} more" if len(rows) > _MOST_NAMED else ""
    return text + Rich((f"{more}.",))


def _statistics(row: ComparisonRow) -> str:
    p = row.p if row.p_corrected is None else row.p_corrected
    parts = [f"ratio {ratio(row.ratio)}" if row.ratio is not None else ""]
    parts += [f"95{GAP}% interval {interval(row.low, row.high)}" if row.low is not None else ""]
    parts += [f"corrected {p_value(p)}" if p is not None else ""]
    return ", ".join(part for part in parts if part)


def _gate(context: Context) -> Rich:
    before, after = context.evidence.gates
    name = Cell(before.gate, kind=CellKind.NAME)
    failures = [{row.figure for row in gate.rules if row.verdict is GateVerdict.FAIL} for gate in (before, after)]
    same = before.verdict == after.verdict and failures[0] == failures[1]
    verdicts = (
        bold(f"{before.verdict} before and after")
        if before.verdict == after.verdict
        else bold(f"{before.verdict} before, {after.verdict} after")
    )
    if context.several_runs:
        # The values beside the answer are medians of the runs, a gate's are of one run.
        names = sorted(failures[0] | failures[1])
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        causes = f"; {figure_name(names[0])}{more}" if names else ""
        return Rich(("Gate ", name, ", worst run of each side: ", verdicts, causes, "."))
    text = Rich(("Gate ", name, ": ", verdicts))
    if same and failures[0]:
        return text + Rich((", same cause: ",)) + _failure(context, sorted(failures[0])) + Rich((".",))
    for run, gate, failed in zip(context.sides, (before, after), failures, strict=True):
        if failed and not (same or run.blocked):
            first = min(failed)
            value = f"{seconds(run.figures.get(first), None)}{GAP}s" if _is_age(first) else run.text(first)
            text += Rich((f"; {run.side}: {figure_name(first)} {value}",))
            text += Rich((f" and {len(failed) - 1} more",)) if len(failed) > 1 else Rich(())
        elif gate.verdict is GateVerdict.INCONCLUSIVE and not run.blocked:
            text += Rich((f"; {run.side}: {gate.why.rstrip('.')}",))
    return text + Rich((".",))


def _failure(context: Context, figures: Sequence[str]) -> Rich:
    rule = next(row for row in context.evidence.gates[1].rules if row.figure == figures[0])
    limit = "" if rule.limit is None else f", limit {_limit_text(rule.figure, rule.limit)}"
    more = f" and {len(figures) - 1} more" if len(figures) > 1 else ""
    return (
        Rich((f"{figure_name(figures[0])} ",))
        + values(context.sides, figures[0], in_seconds=_is_age(figures[0]))
        + Rich((f"{GAP}s" if _is_age(figures[0]) else "", limit, more))
    )


def _is_age(figure: str) -> bool:
    return ".age_" in figure and "_ms." in figure


def _limit_text(figure: str, limit: float) -> str:
    return f"{limit / 1000:g}{GAP}s" if _is_age(figure) else f"{limit:g}"


def _feed(context: Context) -> str:
    feeds = context.pair.feeds
    if not feeds:
        return "No run ran."
    if len(feeds) > 1:
        return f"Venues: {', '.join(feeds)}."
    return {"SIMULATED": "SIMULATED venues.", "live": "Live venues."}.get(feeds[0], "Not known whether live.")


def _data(context: Context) -> Rich:
    ran = {context.label(run): ", ".join(missing_data(run)) for run in context.all_runs if not run.blocked}
    texts = {label: text for label, text in ran.items() if text}
    if not texts:
        return Rich(("No line or tick lost.",))
    if len(texts) == len(context.all_runs) and len(set(texts.values())) == 1:
        where = "in every run" if context.several_runs else "on both sides"
        return Rich((f"Lost {where}: {min(texts.values())}.",))
    colon = ":" if context.several_runs else ""
    lost = [f"{label}{colon} {text}" for label, text in texts.items()]
    more = f"; and {len(lost) - _MOST_NAMED} more runs" if len(lost) > _MOST_NAMED else ""
    return Rich((f"Lost: {'; '.join(lost[:_MOST_NAMED])}{more}.",))
