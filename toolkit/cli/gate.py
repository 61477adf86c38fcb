"""`toolkit gate`: hold one run against limits, and say PASS, FAIL or INCONCLUSIVE."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.options import (
    DEFAULT_DB,
    DbOption,
    Format,
    FormatOption,
    LastOption,
    OutputOption,
    QuietOption,
    RequestedOption,
    RunPaths,
    SegmentOption,
    SinceTickOption,
    UntilTickOption,
    duration_ms,
    window,
)
from toolkit.cli.output import emit
from toolkit.cli.progress import TELEMETRY_READ, byte_progress
from toolkit.model.errors import ExitCode
from toolkit.model.figures import Number
from toolkit.model.gates import GateResult, GateRow
from toolkit.model.runs import RunAnalysis
from toolkit.model.vocabulary import GateVerdict

if TYPE_CHECKING:
    from reports.elements import Cell, Table

_EXITS = {
    GateVerdict.PASS: ExitCode.OK,
    GateVerdict.FAIL: ExitCode.FAILED,
    GateVerdict.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
}
_WORST_FIRST = (GateVerdict.FAIL, GateVerdict.INCONCLUSIVE, GateVerdict.PASS, GateVerdict.NOT_APPLICABLE)


def gate(
    paths: RunPaths,
    gates: Annotated[
        str, typer.Option("--gates", metavar="GATE", help="A gate file, or a built-in gate: frontier, strict.")
    ] = "frontier",
    baseline: Annotated[
        str | None, typer.Option("--baseline", metavar="RUN", help="The run that relative limits refer to.")
    ] = None,
    format: FormatOption = Format.TEXT,
    output: OutputOption = None,
    db: DbOption = DEFAULT_DB,
    requested: RequestedOption = None,
    segment: SegmentOption = None,
    last: LastOption = None,
    since_tick: SinceTickOption = None,
    until_tick: UntilTickOption = None,
    quiet: QuietOption = False,
) -> int:
    """Hold a run against limits: 0 it passes, 1 it fails, 4 the evidence does not tell."""
    from reports.pages import check_format
    from toolkit.analysis.metrics import catalogue
    from toolkit.analysis.pipeline import Options, analyze
    from toolkit.gate import evaluate, plateau_limits_ms
    from toolkit.gate.gate_files import load_gate
    from toolkit.model.serialize import gate_json
    from toolkit.smoke.known_settings import known_settings

    check_format(format)
    rules = load_gate(gates, catalogue())
    part = window(segment, last, since_tick, until_tick)
    theirs = Options(window=part, plateau_limits_ms=plateau_limits_ms(rules.rules), known_settings=known_settings)
    with byte_progress(quiet, TELEMETRY_READ) as progress:
        run = analyze(paths, db, replace(theirs, requested_ms=duration_ms(requested)), progress)
        before = None if baseline is None else analyze([baseline], db, theirs, progress)
    result = evaluate(rules.rules, run, before, rules.name, rules.never_seen)
    pages = {Format.JSON: lambda: gate_json(result), Format.TEXT: lambda: text(result, run)}
    emit(pages.get(format, lambda: document(result, run, format))(), output)
    return _EXITS[result.verdict]


def text(result: GateResult, run: RunAnalysis) -> str:
    """The verdict, then every rule with its value, its limit and why; failures first."""
    from reports.escape import terminal
    from reports.render import text_table

    head = [f"{result.verdict}: gate {result.gate}, run {_named(run)}", result.why]
    return "\n".join([*map(terminal, head), "", text_table(_table(result))])


def brief(result: GateResult, run: RunAnalysis) -> str:
    """The verdict and the rules that did not pass; how many did is a number."""
    passed = sum(row.verdict is GateVerdict.PASS for row in result.rules)
    rest = replace(result, rules=tuple(row for row in result.rules if row.verdict is not GateVerdict.PASS))
    if rest.rules:
        return f"{text(rest, run)}\n{passed} of {len(result.rules)} rules passed; `toolkit gate` shows each"
    return f"{text(rest, run).splitlines()[0]}\nall {passed} rules passed; `toolkit gate` shows each beside its limit"


def document(result: GateResult, run: RunAnalysis, format: Format) -> str:
    """The same for a document, in Markdown or HTML."""
    from reports.elements import Cell
    from reports.pages import simple_page

    title = f"{result.verdict}: gate {result.gate}, run {_named(run)}"
    # A page of HTML has its title as heading.
    head = [Cell(title, strong=True)] if format is Format.MARKDOWN else []
    return simple_page(title, [*head, result.why, _table(result)], format)


def _named(run: RunAnalysis) -> str:
    label = f" ({run.run.label})" if run.run.label else ""
    window = f", {run.run.window} only" if run.run.window else ""
    return f"{run.run.id}{label}{window}{', SIMULATED' if run.run.simulated else ''}"


def _table(result: GateResult) -> Table:
    from reports.elements import Align, Column, Table

    numbers = ("value", "limit", "margin")
    titles = ("verdict", "figure", *numbers, "rule", "why")
    columns = tuple(Column(title, Align.RIGHT if title in numbers else Align.LEFT) for title in titles)
    ordered = sorted(result.rules, key=lambda row: _WORST_FIRST.index(row.verdict))
    return Table(columns, tuple(_cells(row) for row in ordered))


def _cells(row: GateRow) -> tuple[Cell, ...]:
    from reports.elements import Cell, CellKind

    verdict = Cell(row.verdict, strong=row.verdict is GateVerdict.FAIL)
    values = Cell(_shown(row.value), row.figure), Cell(_shown(row.limit)), Cell(_shown(row.margin))
    return verdict, Cell(row.figure, kind=CellKind.NAME), *values, Cell(row.rule, kind=CellKind.NAME), Cell(row.why)


def _shown(value: Number | None) -> str:
    from reports.format import MINUS, NOTHING, number

    if value is None:
        return NOTHING
    # Shares are held against limits such as 0.95: three digits would print 0.9996 as 1.
    return f"{value:.4g}".replace("-", MINUS) if 0 < abs(value) < 1 else number(value)
