"""Views of a gate result: the verdict, the rules that did not pass in full, and the others on one line each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from reports.elements import Align, Cell, CellKind, Column, Table
from reports.format import GAP, MINUS, NOTHING, in_unit
from reports.markup.html import definition_ids
from reports.pages import render_page
from reports.views.catalogue import NO_DEFINITIONS, values_by_subject
from reports.views.run import RunView
from toolkit.model.figures import FigureSpec, Number
from toolkit.model.gates import GateResult, GateRow
from toolkit.model.runs import RunAnalysis
from toolkit.model.vocabulary import GateVerdict

_NOT_PASSED = (GateVerdict.FAIL, GateVerdict.INCONCLUSIVE)


def gate_page(
    result: GateResult, run: RunAnalysis, format: str, definitions: Mapping[str, FigureSpec] = NO_DEFINITIONS
) -> str:
    """Return the verdict and every rule as a page: `text`, `markdown` or `html`.

    `definitions` has the definition of each figure by name; an HTML page shows those of the figures of its rules.
    Raises `UsageError` for another format.
    """
    view = RunView(run, "")
    used = {row.figure for row in result.rules} & definitions.keys() & view.figures.keys()
    values = values_by_subject(view, {name: spec for name, spec in definitions.items() if name in used})
    links = definition_ids(used)
    return render_page("gate_result", format, gate=GateView(result, view), brief=False, values=values, defined=links)


def gate_summary_text(result: GateResult, run: RunAnalysis) -> str:
    """Return the verdict, the rules that did not pass, and the number of rules that passed, for a terminal."""
    return render_page("gate_result", "text", gate=GateView(result, RunView(run, "")), brief=True)


@dataclass(frozen=True)
class GateView:
    """A gate result and the run that it is about."""

    result: GateResult
    run: RunView

    @property
    def title(self) -> str:
        """The verdict with the gate, the run, its window and its kind of feed."""
        run = self.run.analysis.run
        label = f" ({run.label})" if run.label else ""
        window = f", {run.window} only" if run.window else ""
        simulated = ", SIMULATED" if run.simulated else ""
        return f"{self.result.verdict}: gate {self.result.gate}, run {run.id}{label}{window}{simulated}"

    @cached_property
    def not_passed(self) -> tuple[GateRow, ...]:
        """Rules that failed, then those that could not be decided."""
        return tuple(row for verdict in _NOT_PASSED for row in self._rows(verdict))

    @cached_property
    def passed(self) -> tuple[GateRow, ...]:
        """Rules that passed."""
        return self._rows(GateVerdict.PASS)

    @cached_property
    def not_applicable(self) -> tuple[GateRow, ...]:
        """Rules that do not apply to the run."""
        return self._rows(GateVerdict.NOT_APPLICABLE)

    def _rows(self, verdict: GateVerdict) -> tuple[GateRow, ...]:
        return tuple(row for row in self.result.rules if row.verdict is verdict)

    @property
    def not_passed_table(self) -> Table:
        """Table of the rules that did not pass: verdict, figure, value, limit, margin."""
        rows = (
            (Cell(row.verdict, strong=row.verdict is GateVerdict.FAIL), *self._number_cells(row))
            for row in self.not_passed
        )
        return Table((Column("verdict"), *_NUMBER_COLUMNS), tuple(rows))

    @property
    def passed_table(self) -> Table:
        """Table of the rules that passed: figure, value, limit, margin."""
        return Table(_NUMBER_COLUMNS, tuple(self._number_cells(row) for row in self.passed))

    @property
    def remarks(self) -> tuple[tuple[str, str], ...]:
        """Figures of passed rules whose value has a note, and the note."""
        figures = self.run.figures
        notes = {row.figure: figures[row.figure].note for row in self.passed if row.figure in figures}
        return tuple((name, note) for name, note in notes.items() if note)

    def _number_cells(self, row: GateRow) -> tuple[Cell, ...]:
        return (
            Cell(row.figure, kind=CellKind.NAME),
            Cell(self._value_text(row), row.figure),
            Cell(self._text(row, row.limit, ("≥" if " min " in row.rule else "≤") + GAP)),
            Cell(self._text(row, row.margin)),
        )

    def _value_text(self, row: GateRow) -> str:
        """Return the value as other pages show it, unless the rule scales it."""
        return self.run.text(row.figure) if row.value == self.run.value(row.figure) else self._text(row, row.value)

    def _text(self, row: GateRow, value: Number | None, sign: str = "") -> str:
        if value is None:
            return NOTHING
        figure = self.run.figures.get(row.figure)
        text = in_unit(abs(value), figure.unit if figure else "", row.figure.partition(".")[2])
        return f"{sign}{MINUS if value < 0 else ''}{text}"


_NUMBER_COLUMNS = (
    Column("figure"),
    Column("value", Align.RIGHT),
    Column("limit", Align.RIGHT),
    Column("margin", Align.RIGHT),
)
