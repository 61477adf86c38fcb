"""The hypotheses of the document: what was expected, what was observed, and the answer."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import groupby

from reports.elements import Cell, CellKind, Column, Rich, Table
from reports.evidence.context import Context
from reports.evidence.wording import cited, figure_name, interval, p_value, ratio, values
from reports.format import GAP, number
from toolkit.model.evidence import (
    Answer,
    CheckedCitation,
    Citation,
    CommandRow,
    Direction,
    Expectation,
    Hypothesis,
    HypothesisAnswer,
    Observation,
    ValidationResult,
)
from toolkit.model.runs import LineRef
from toolkit.model.units import duration

_COLUMNS = (Column("hypothesis"), Column("expected"), Column("observed"), Column("answer"))
_DIRECTIONS = {
    Direction.LOWER: "lower",
    Direction.HIGHER: "higher",
    Direction.UNCHANGED: "no change",
    Direction.INSTRUMENTED: "present",
}


def hypothesis_table(context: Context) -> Table:
    """Return a table with a row per hypothesis."""
    return Table(_COLUMNS, tuple(_row(context, each) for each in context.evidence.answers))


def _row(context: Context, each: HypothesisAnswer) -> tuple[Cell | Rich, ...]:
    return (
        Rich((Cell(each.hypothesis.id, strong=True), f" {each.hypothesis.finding}")),
        Rich((_expectations(each),)),
        _observed(context, each),
        Rich((Cell(each.answer, strong=each.answer is not Answer.INCONCLUSIVE),)),
    )


def _expectations(each: HypothesisAnswer) -> str:
    """Return the expectations; figures of which the same is expected share it."""
    figures: dict[str, list[str]] = {}
    for found in each.observations:
        figures.setdefault(_expected(found.expectation), []).append(figure_name(found.expectation.figure))
    return "; ".join(f"{', '.join(dict.fromkeys(names))}: {expected}" for expected, names in figures.items())


def _expected(expectation: Expectation) -> str:
    if expectation.direction is not None:
        return _DIRECTIONS[expectation.direction]
    limits = [f"at least {number(expectation.at_least)}" if expectation.at_least is not None else ""]
    limits += [f"at most {number(expectation.at_most)}" if expectation.at_most is not None else ""]
    return " and ".join(limit for limit in limits if limit)


def _observed(context: Context, each: HypothesisAnswer) -> Rich:
    """Return the observations of a hypothesis. Neighbours that say the same share their details and lines."""
    text = Rich(())
    for (details, lines), group in groupby(each.observations, _details):
        figures = [found.expectation.figure for found in group]
        text += Rich(("; " if text.parts else "",))
        # Figures that also read the same share their values.
        alike = groupby(figures, lambda figure: str(values(context.sides, figure)))
        for position, (_, same) in enumerate(alike):
            first, *others = same
            names = ", ".join(figure_name(figure) for figure in (first, *others))
            text += Rich((", " if position else "", f"{names} ")) + values(context.sides, first)
        text += Rich((f": {details}" if details else "",)) + cited(lines, "after")
    return text


_SAID = ("the limit is", "new: before")
"""Beginnings of reasons that the expectation or the values say already."""


def _details(found: Observation) -> tuple[str, tuple[LineRef, ...]]:
    """Return what is said of an observation beside its values, and its lines.

    The cause of a blocked side stands in the answer.
    """
    if found.answer is Answer.BLOCKED:
        return "", ()
    reasons = [reason for reason in found.why.split("; ") if not reason.startswith(_SAID)]
    return "; ".join(part for part in (_statistics(found), *reasons) if part), found.lines


def _statistics(found: Observation) -> str:
    if found.p is None:
        return ""
    parts = [p_value(found.p if found.p_corrected is None else found.p_corrected)]
    if found.low is not None:
        parts.append(f"95{GAP}% interval of the ratio {interval(found.low, found.high)}")
    if found.mde is not None and found.answer is Answer.INCONCLUSIVE:
        parts.append(f"smallest change that these runs show: ×{GAP}{ratio(found.mde)}")
    return ", ".join(parts)


def implementation(context: Context, hypothesis: Hypothesis) -> tuple[Rich, ...]:
    """Return one line for each citation of a hypothesis, with what its check found."""
    checked = {each.citation: each for each in context.evidence.citations}
    return tuple(_citation(citation, checked.get(citation)) for citation in hypothesis.implementation)


def _citation(citation: Citation, check: CheckedCitation | None) -> Rich:
    last = f"-{citation.last_line}" if citation.last_line != citation.first_line else ""
    place = Cell(f"{citation.path}:{citation.first_line}{last}", kind=CellKind.NAME)
    text = Rich((place, f" {citation.text}" if citation.text else ""))
    if check is None:
        return text
    if check.problem:
        return text + Rich((" ", Cell(f"not found: {check.problem}", strong=True)))
    digest = Cell((check.sha256 or "")[:12], kind=CellKind.DIGEST)
    return text + Rich((" · found, excerpt SHA-256 ", digest))


_COMMAND_COLUMNS = (
    Column("id"),
    Column("command"),
    Column("start, UTC"),
    Column("took"),
    Column("end"),
    Column("output"),
)


def command_table(context: Context) -> Table:
    """Return the command index: id, command, start, duration, exit code or signal, digest of the output.

    If none was recorded, there are id, command and stated end.
    """
    rows = tuple(_command_row(command) for command in context.evidence.commands)
    if commands_recorded(context):
        return Table(_COMMAND_COLUMNS, rows)
    ends = (Cell(_end(command)) for command in context.evidence.commands)
    stated = ((*row[:2], end) for row, end in zip(rows, ends, strict=True))
    return Table((*_COMMAND_COLUMNS[:2], Column("end")), tuple(stated))


def commands_recorded(context: Context) -> bool:
    """Return True if any command was recorded, not only stated."""
    return any(command.file is not None for command in context.evidence.commands)


def _command_row(command: CommandRow) -> tuple[Cell, ...]:
    recorded = command.file is not None
    return (
        Cell(command.id, strong=True),
        Cell(command.text, kind=CellKind.NAME) if recorded else Cell(command.text),
        Cell(_utc(command.started_ms) if command.started_ms is not None else "not recorded"),
        Cell(duration(command.duration_ms) if command.duration_ms is not None else ""),
        Cell(command_end(command)),
        Cell((command.sha256 or "")[:12], kind=CellKind.DIGEST),
    )


def _utc(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def command_end(command: CommandRow | None) -> str:
    """Return how a command ended: `exit 0`, `SIGKILL`; with `stated` where it was not recorded."""
    if command is None:
        return "not recorded"
    stated = "" if command.file is not None else "stated by the author"
    return ", ".join(part for part in (_end(command), stated) if part)


def _end(command: CommandRow) -> str:
    end = command.signal or (f"exit {command.exit_code}" if command.exit_code is not None else "")
    return ", ".join(part for part in (end, command.note or "") if part)


_VALIDATION_COLUMNS = (Column("check"), Column("command"), Column("result"), Column("how it ended"))


def validation_table(context: Context) -> Table:
    """Return the checks of the change and what their commands decide."""
    return Table(_VALIDATION_COLUMNS, tuple(_validation_row(each) for each in context.evidence.validations))


def _validation_row(each: ValidationResult) -> tuple[Cell | Rich, ...]:
    return (
        Cell(each.validation.text),
        Cell(each.validation.command),
        Cell(each.result, strong=each.result != "passed"),
        Cell(command_end(each.command)),
    )


def problems(context: Context) -> tuple[CheckedCitation, ...]:
    """Return the citations that do not hold at the cited commit, unless the repository or the commit is missing."""
    missing = context.evidence.repository_problems
    checked = (each for each in context.evidence.citations if each.problem)
    return tuple(each for each in checked if not any(text.endswith(each.problem or "") for text in missing))
