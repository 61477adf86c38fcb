"""`toolkit gate`: hold one run against limits, and say PASS, FAIL or INCONCLUSIVE."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

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
from toolkit.model.vocabulary import GateVerdict

_EXITS = {
    GateVerdict.PASS: ExitCode.OK,
    GateVerdict.FAIL: ExitCode.FAILED,
    GateVerdict.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
}


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
    from reports.gate_view import gate_page, gate_text
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
    match format:
        case Format.JSON:
            emit(gate_json(result), output)
        case Format.TEXT:
            emit(gate_text(result, run), output)
        case _:
            emit(gate_page(result, run, format), output)
    return _EXITS[result.verdict]
