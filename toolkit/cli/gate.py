"""`toolkit gate`: check one run against limits; PASS, FAIL or INCONCLUSIVE."""

from __future__ import annotations

from dataclasses import replace

from toolkit.cli import options as opt
from toolkit.cli.options import Format
from toolkit.cli.output import emit, emit_page
from toolkit.cli.progress import TELEMETRY_READ, byte_progress
from toolkit.model.errors import ExitCode
from toolkit.model.vocabulary import OFF_MARKET_BPS, GateVerdict

_EXITS = {
    GateVerdict.PASS: ExitCode.OK,
    GateVerdict.FAIL: ExitCode.FAILED,
    GateVerdict.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
}


def gate(
    paths: opt.RunPaths,
    gates: opt.GatesOption = "frontier",
    baseline: opt.BaselineOption = None,
    format: opt.FormatOption = Format.TEXT,
    output: opt.OutputOption = None,
    db: opt.DbOption = opt.DEFAULT_DB,
    requested: opt.RequestedOption = None,
    segment: opt.SegmentOption = None,
    last: opt.LastOption = None,
    since_tick: opt.SinceTickOption = None,
    until_tick: opt.UntilTickOption = None,
    off_market: opt.OffMarketOption = OFF_MARKET_BPS,
    quiet: opt.QuietOption = False,
) -> int:
    """Check a run against limits: PASS, FAIL or INCONCLUSIVE.

    Every limit is printed beside the run's value. The exit code is 0 for PASS, 1 for FAIL, and 4 for INCONCLUSIVE: the
    evidence is not enough to decide.
    """
    from reports.pages import check_format
    from reports.views.gate import gate_page
    from toolkit.analysis.metrics import catalogue, definitions_of
    from toolkit.analysis.pipeline import Options, analyze
    from toolkit.gate import evaluate, plateau_limits_ms
    from toolkit.gate.gate_files import load_gate
    from toolkit.model.serialize import gate_json
    from toolkit.smoke.known_settings import known_settings

    check_format(format)
    rules = load_gate(gates, catalogue())
    window = opt.window(segment, last, since_tick, until_tick)
    limits = plateau_limits_ms(rules.rules)
    options = Options(
        window=window, plateau_limits_ms=limits, known_settings=known_settings,
        off_market_bps=off_market,
    )  # fmt: skip
    with byte_progress(quiet, TELEMETRY_READ) as progress:
        run = analyze(paths, db, replace(options, requested_ms=opt.duration_ms(requested)), progress)
        before = None if baseline is None else analyze([baseline], db, options, progress)
    result = evaluate(rules.rules, run, before, rules.name, rules.never_seen)
    if format is Format.JSON:
        emit(gate_json(result), output)
    else:
        definitions = definitions_of(row.figure for row in result.rules) if format is Format.HTML else {}
        emit_page(gate_page(result, run, format, definitions), format, output)
    return _EXITS[result.verdict]
