"""Page that explains one figure: value, definition, steps, and lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from reports.elements import Align, Cell, CellKind, Column, Table
from reports.format import shown
from reports.pages import render_page
from toolkit.model.explanations import ExplainedLine, Explanation
from toolkit.model.figures import Figure
from toolkit.model.units import thousands
from toolkit.model.vocabulary import Bound


@dataclass(frozen=True, slots=True)
class CountedEvent:
    """One thing that the figure counts or samples: a sentence about it, and its lines."""

    about: str
    lines: Sequence[ExplainedLine]


def explanation_page(explanation: Explanation, format: str) -> str:
    """Return the explanation of a figure in `format`: `text`, `markdown` or `html`.

    Raises `UsageError` for another format.
    """
    return render_page(
        "explanation",
        format,
        explanation=explanation,
        title=explanation.name,
        value=Cell(_value(explanation.figure), explanation.name, strong=True) if explanation.figure else None,
        parts=_parts(explanation.parts),
        searched=", ".join(f"{each.file} ({_lines(each.lines)})" for each in explanation.searched) or _NO_FILE,
        events=[
            CountedEvent(about, list(lines))
            for (_, about), lines in groupby(explanation.lines, key=lambda line: (line.event, line.about))
        ],
        lines_table=_lines_table(explanation.lines),
        heading=_heading(explanation),
        no_line=_no_line(explanation.figure),
    )


_NO_FILE = "no file, because the run has none of the kind that would hold the lines"


def _lines(count: int) -> str:
    return f"{thousands(count)} line{'' if count == 1 else 's'}"


def _value(figure: Figure) -> str:
    words = [shown(figure)]
    if figure.value is not None:
        words[0] += "" if figure.bound is Bound.EXACT else f" (between {_end(figure.low)} and {_end(figure.high)})"
    return ", ".join([*words, figure.bound, f"n {thousands(figure.n)}"])


def _end(value: float | None) -> str:
    return "no known end" if value is None else thousands(value, 0 if float(value).is_integer() else 3)


def _parts(figures: Sequence[Figure]) -> Table | None:
    shown_parts = [each for each in figures if each.value] or figures
    if not shown_parts:
        return None
    rows = ((Cell(each.figure, kind=CellKind.NAME), Cell(shown(each), each.figure)) for each in shown_parts)
    return Table((Column("part"), Column("value", Align.RIGHT)), tuple(rows))


def _heading(explanation: Explanation) -> str:
    listed = len(explanation.lines)
    if not listed:
        return ""
    more = f"; {thousands(explanation.more)} more with --all" if explanation.more else ""
    return f"Lines ({thousands(listed)}{more})"


def _no_line(figure: Figure | None) -> str:
    """Return the sentence in place of the lines, where there are none."""
    if figure is not None and figure.value == 0:
        return "No line: a 0 rests on the absence of such lines in the files that were read."
    if figure is None or figure.value is None:
        return "No line: none of the lines that were read counts for this figure."
    return "No line: a run without such files has this value."


def _lines_table(lines: Sequence[ExplainedLine]) -> Table | None:
    if not lines:
        return None
    rows = (
        (Cell(f"{each.file}:{each.line}", kind=CellKind.NAME), Cell(each.about), Cell(_text(each))) for each in lines
    )
    return Table((Column("line"), Column("what it is"), Column("text")), tuple(rows))


def _text(line: ExplainedLine) -> str:
    if line.text is None:
        return "–"
    return line.text + (f"… ({thousands(line.cut)} more characters)" if line.cut else "")
