"""Evaluate the rules of a gate on a run, and derive the overall verdict.

- A figure that cannot change in this run is NOT_APPLICABLE.
- A figure with fewer samples than the rule requires is INCONCLUSIVE, and so is one without a value unless the rule says
  otherwise.
- A figure whose whole range is on one side of its limit is PASS or FAIL; one whose range includes the limit is
  INCONCLUSIVE.
- An empty run, a run that died, and a run with a venue that was never seen are never a PASS.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from toolkit.gate import explanation
from toolkit.gate.limits import GateRun, limit_of
from toolkit.model.figures import Figure, Number
from toolkit.model.gates import GateResult, GateRow, GateRule
from toolkit.model.runs import RunAnalysis
from toolkit.model.vocabulary import DiagnosisCode, Ended, FindingCode, GateVerdict, Role, SetAside

CANNOT_MOVE, CAP_SETTING_UNKNOWN = "cannot move", "cap setting unknown"
"""Parts of a figure's note that decide whether its rule applies."""

MIN_COVERAGE = 0.9
"""Share of the requested time that must be observed; below it the verdict is at most INCONCLUSIVE."""

_ON_NULL = {
    "inconclusive": GateVerdict.INCONCLUSIVE,
    "fail": GateVerdict.FAIL,
    "not_applicable": GateVerdict.NOT_APPLICABLE,
}
_DEAD_RUN_TEXTS = {
    Ended.CRASHED: "the run crashed",
    Ended.KILLED: "the run was killed",
    Ended.NEVER_STARTED: "the run never started",
    Ended.BLOCKED_BUILD: "the build was blocked, the run never started",
}


def evaluate(
    rules: Sequence[GateRule],
    analysis: RunAnalysis,
    baseline: RunAnalysis | None = None,
    gate: str = "",
    never_seen: GateVerdict = GateVerdict.INCONCLUSIVE,
) -> GateResult:
    """Evaluate the rules on a run and return the verdict with a row per rule and figure.

    `gate` is the name of the gate in the result. `never_seen` is the verdict on a configured venue that the rules cover
    and that was never seen. A rule relative to a baseline is INCONCLUSIVE if `baseline` is None.
    """
    run, baseline_run = GateRun(analysis), None if baseline is None else GateRun(baseline)
    rule_rows = [_row(rule, name, run, baseline_run) for rule in rules for name in _names(rule, run)]
    rows = (*rule_rows, *_never_seen_rows(run, rule_rows, never_seen), *_coverage_rows(run))
    verdict, why = _overall(run, rule_rows, rows)
    return GateResult(gate, verdict, why, rows)


def _names(rule: GateRule, run: GateRun) -> list[str]:
    """Return the full figure names that a rule covers in this run: at least one, even if the run has none of them."""
    scope, _, metric = rule.figure.partition(".")
    venues = [venue for venue in rule.venues or run.run.venues if fnmatchcase(venue, scope)]
    return [name for each in venues or [scope] for name in _matching(f"{each}.{metric}", run)]


def _matching(pattern: str, run: GateRun) -> list[str]:
    return [each for each in run.figures if "*" in pattern and _matches(each, pattern)] or [pattern]


def _matches(name: str, pattern: str) -> bool:
    parts, patterns = name.split("."), pattern.split(".")
    return len(parts) == len(patterns) and all(map(fnmatchcase, parts, patterns))


@dataclass(frozen=True, slots=True)
class _Outcome:
    verdict: GateVerdict
    why: str
    limit: Number | None
    value: Number | None = None


def _row(rule: GateRule, name: str, run: GateRun, baseline: GateRun | None) -> GateRow:
    outcome = _outcome(rule, name, run, baseline)
    limit, value = outcome.limit, outcome.value
    margin = None if limit is None or value is None else limit - value if rule.min is None else value - limit
    why = outcome.why if rule.why is None else f"{outcome.why}. {rule.why}"
    return GateRow(explanation.rule_text(rule), name, value, limit, outcome.verdict, margin, why)


def _outcome(rule: GateRule, name: str, run: GateRun, baseline: GateRun | None) -> _Outcome:
    fixed_limit = rule.max if rule.min is None else rule.min
    figure = run.figures.get(name)
    if figure is not None and _cannot_move(figure):
        return _Outcome(GateVerdict.NOT_APPLICABLE, f"not applicable: {figure.note}", fixed_limit, figure.value)
    if figure is None or figure.value is None:
        return _Outcome(_ON_NULL[rule.on_null], explanation.missing_value(name, figure, run), fixed_limit)
    measured = run.measured(figure, rule.per_10_min)
    if measured is None:
        why = "cannot be scaled to 10 minutes: run.span_ms is not known"
        return _Outcome(GateVerdict.INCONCLUSIVE, why, fixed_limit)
    if figure.n < rule.min_n:
        why = f"has {figure.n} samples, the rule requires {rule.min_n}"
        return _Outcome(GateVerdict.INCONCLUSIVE, why, fixed_limit, measured.value)
    limit = limit_of(rule, figure, run, baseline)
    if isinstance(limit, str):
        return _Outcome(GateVerdict.INCONCLUSIVE, limit, None, measured.value)
    verdict = measured.verdict_against(limit, upper=rule.min is None)
    return _Outcome(verdict, explanation.decision(verdict, rule, figure, measured, limit), limit.value, measured.value)


def _cannot_move(figure: Figure) -> bool:
    note = figure.note or ""
    return CANNOT_MOVE in note and CAP_SETTING_UNKNOWN not in note


def _never_seen_rows(run: GateRun, rows: Sequence[GateRow], verdict: GateVerdict) -> Iterator[GateRow]:
    """Yield a row for each configured venue that the rules cover and that was never seen while the run ran."""
    covered = {row.figure.partition(".")[0] for row in rows}
    for venue in run.run.venues:
        name = f"{venue}.age_apply_unknown.share"
        if venue in covered and run.value("run.ticks") and _never_seen(run, venue):
            why = f"{venue} was configured and never seen: its age is unknown at every tick"
            yield GateRow("every configured venue is seen", name, run.value(name), None, verdict, None, why)


def _never_seen(run: GateRun, venue: str) -> bool:
    unknown = run.value(f"{venue}.age_apply_unknown.share")
    if unknown is not None:
        return unknown >= 1
    ages = [run.figures[name] for kind in ("apply", "event") if (name := f"{venue}.age_{kind}_ms.p95") in run.figures]
    return bool(ages) and all(age.n == 0 for age in ages)


def _coverage_rows(run: GateRun) -> Iterator[GateRow]:
    """Yield a row if the requested time is known and less than `MIN_COVERAGE` of it was observed."""
    name, covered = "run.coverage.share", run.value("run.coverage.share")
    if covered is not None and covered < MIN_COVERAGE:
        rule, margin = f"{name} min {MIN_COVERAGE}", covered - MIN_COVERAGE
        why = f"only {explanation.number(covered)} of the requested time was observed"
        yield GateRow(rule, name, covered, MIN_COVERAGE, GateVerdict.INCONCLUSIVE, margin, why)


def _overall(run: GateRun, rule_rows: Sequence[GateRow], rows: Sequence[GateRow]) -> tuple[GateVerdict, str]:
    figures = {verdict: [row.figure for row in rows if row.verdict is verdict] for verdict in GateVerdict}
    remarks = list(_remarks(run, len(figures[GateVerdict.NOT_APPLICABLE])))
    if failed := figures[GateVerdict.FAIL]:
        return GateVerdict.FAIL, explanation.sentence(explanation.rules_text("failed", failed, rows), *remarks)
    obstacles = list(_obstacles(run, rule_rows))
    if undecided := figures[GateVerdict.INCONCLUSIVE]:
        obstacles.append(explanation.rules_text("could not be decided", undecided, rows))
    if obstacles:
        return GateVerdict.INCONCLUSIVE, explanation.sentence(*obstacles, *remarks)
    return GateVerdict.PASS, explanation.sentence(
        f"all applicable rules passed ({len(figures[GateVerdict.PASS])})", *remarks
    )


def _obstacles(run: GateRun, rule_rows: Sequence[GateRow]) -> Iterator[str]:
    """Yield the reasons why a run cannot pass, whatever its figures are."""
    if run.run.ended in _DEAD_RUN_TEXTS:
        diagnosis = f": {run.run.diagnosis.text}" if run.run.diagnosis else ""
        yield _DEAD_RUN_TEXTS[run.run.ended] + diagnosis
    if run.run.diagnosis and run.run.diagnosis.code == DiagnosisCode.UNDECIDED_EXIT:
        yield run.run.diagnosis.text
    if FindingCode.EARLIER_CRASH in run.finding_codes:
        yield "the program crashed or was killed before its last start"
    if not run.run.venues:
        yield "the run has no venues"
    if not run.value("run.ticks"):
        yield "the run has no telemetry"
    if all(row.verdict is GateVerdict.NOT_APPLICABLE for row in rule_rows):
        yield "no rule was applicable"
    if run.run.ended is Ended.UNKNOWN and (flaw := _telemetry_flaw(run)):
        yield f"it is not known how the run ended, and {flaw}"


def _telemetry_flaw(run: GateRun) -> str | None:
    """Return a clause that says why the telemetry of a run is incomplete; None if it is complete."""
    unread = [
        f"{ledger.file}:{each.line} {each.reason}"
        for ledger in run.ledger
        if ledger.role is Role.TELEMETRY and ledger.copy_of is None
        for each in ledger.where
        if each.reason != SetAside.BLANK
    ]
    if unread:
        return f"its telemetry is incomplete: {explanation.listed(unread)}"
    return None if run.value("run.span_ms") else "its length is not known"


def _remarks(run: GateRun, not_applicable: int) -> Iterator[str]:
    """Yield the remarks that belong to every verdict on this run."""
    if run.run.simulated:
        yield "the venues were SIMULATED"
    if run.run.ended is Ended.UNKNOWN and not _telemetry_flaw(run):
        yield "it is not known how the run ended, but its telemetry is complete"
    if run.run.ended is Ended.STILL_RUNNING:
        yield "the run is still running: this is the verdict so far"
    if not_applicable:
        yield f"rules not applicable: {not_applicable}"
