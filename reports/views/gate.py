"""Views of a gate result: text for a terminal, and a page in Markdown or HTML."""

from __future__ import annotations

from dataclasses import replace

from reports.elements import Align, Cell, CellKind, Column, Table
from reports.escape import terminal
from reports.format import MINUS, NOTHING, number
from reports.pages import simple_page
from reports.render import text_table
from toolkit.model.figures import Number
from toolkit.model.gates import GateResult, GateRow
from toolkit.model.runs import RunAnalysis
from toolkit.model.vocabulary import GateVerdict

_WORST_FIRST = (GateVerdict.FAIL, GateVerdict.INCONCLUSIVE, GateVerdict.PASS, GateVerdict.NOT_APPLICABLE)


def gate_text(result: GateResult, run: RunAnalysis) -> str:
    """Return the verdict and a table of every rule with value, limit and reason, failures first."""
    head = [_title(result, run), result.why]
    return "\n".join([*map(terminal, head), "", text_table(_rule_table(result))])


def gate_summary_text(result: GateResult, run: RunAnalysis) -> str:
    """Return the verdict, the rules that did not pass, and the number of rules that passed."""
    passed = sum(row.verdict is GateVerdict.PASS for row in result.rules)
    not_passed = replace(result, rules=tuple(row for row in result.rules if row.verdict is not GateVerdict.PASS))
    text = gate_text(not_passed, run)
    if not_passed.rules:
        return f"{text}\n{passed} of {len(result.rules)} rules passed; `toolkit gate` lists them all"
    return f"{text.splitlines()[0]}\nall {passed} rules passed; `toolkit gate` lists them with their limits"


def gate_page(result: GateResult, run: RunAnalysis, format: str) -> str:
    """Return the verdict and the table of rules as a page; `format` is `markdown` or `html`.

    Raises `UsageError` for another format.
    """
    title = _title(result, run)
    # An HTML page shows its title as a heading already.
    head = [Cell(title, strong=True)] if format == "markdown" else []
    return simple_page(title, [*head, result.why, _rule_table(result)], format)


def _title(result: GateResult, run: RunAnalysis) -> str:
    label = f" ({run.run.label})" if run.run.label else ""
    window = f", {run.run.window} only" if run.run.window else ""
    simulated = ", SIMULATED" if run.run.simulated else ""
    return f"{result.verdict}: gate {result.gate}, run {run.run.id}{label}{window}{simulated}"


def _rule_table(result: GateResult) -> Table:
    numbers = ("value", "limit", "margin")
    titles = ("verdict", "figure", *numbers, "rule", "why")
    columns = tuple(Column(title, Align.RIGHT if title in numbers else Align.LEFT) for title in titles)
    ordered = sorted(result.rules, key=lambda row: _WORST_FIRST.index(row.verdict))
    return Table(columns, tuple(_rule_cells(row) for row in ordered))


def _rule_cells(row: GateRow) -> tuple[Cell, ...]:
    return (
        Cell(row.verdict, strong=row.verdict is GateVerdict.FAIL),
        Cell(row.figure, kind=CellKind.NAME),
        Cell(_number_text(row.value), row.figure),
        Cell(_number_text(row.limit)),
        Cell(_number_text(row.margin)),
        Cell(row.rule, kind=CellKind.NAME),
        Cell(row.why),
    )


def _number_text(value: Number | None) -> str:
    if value is None:
        return NOTHING
    # Limits of shares are numbers such as 0.95: with three digits 0.9996 would read as 1.
    return f"{value:.4g}".replace("-", MINUS) if 0 < abs(value) < 1 else number(value)
