"""Every rule applied to every figure it stands for, and the verdict of the whole.

A figure that cannot move is outside the verdict; one that is not known, or rests on too few samples, decides nothing;
one whose whole range is on one side of its limit passes or fails; one whose range holds the limit decides nothing.
Nothing passes without evidence: an empty run, a dead one, a venue that was never seen is never a PASS.
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
from toolkit.model.vocabulary import Ended, GateVerdict, Role, SetAside

CANNOT_MOVE, CAP_SETTING_UNKNOWN = "cannot move", "cap setting unknown"
"""Words in a figure's note that a verdict depends on."""

LEAST_COVERAGE = 0.9
"""Share of the requested time below which a run shows too little of itself."""

_ON_NULL = {
    "inconclusive": GateVerdict.INCONCLUSIVE,
    "fail": GateVerdict.FAIL,
    "not_applicable": GateVerdict.NOT_APPLICABLE,
}
_DEAD = {
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
    """Judge a run by rules.

    `gate` names the rules in the result; `never_seen` is the verdict on a configured venue that they judge and that
    was never seen. A rule that asks for a baseline where none is given decides nothing.
    """
    run, before = GateRun(analysis), None if baseline is None else GateRun(baseline)
    stated = [_row(rule, name, run, before) for rule in rules for name in _names(rule, run)]
    rows = (*stated, *_unseen(run, stated, never_seen), *_uncovered(run))
    verdict, why = _whole(run, stated, rows)
    return GateResult(gate, verdict, why, rows)


def _names(rule: GateRule, run: GateRun) -> list[str]:
    """The full names that a rule's figure stands for in this run: one at least, even where the run has none."""
    scope, _, metric = rule.figure.partition(".")
    venues = [venue for venue in rule.venues or run.run.venues if fnmatchcase(venue, scope)]
    return [name for each in venues or [scope] for name in _expanded(f"{each}.{metric}", run)]


def _expanded(name: str, run: GateRun) -> list[str]:
    return [each for each in run.figures if "*" in name and _fits(each, name)] or [name]


def _fits(name: str, pattern: str) -> bool:
    parts, wanted = name.split("."), pattern.split(".")
    return len(parts) == len(wanted) and all(map(fnmatchcase, parts, wanted))


@dataclass(frozen=True, slots=True)
class _Judged:
    verdict: GateVerdict
    why: str
    limit: Number | None
    value: Number | None = None


def _row(rule: GateRule, name: str, run: GateRun, before: GateRun | None) -> GateRow:
    judged = _judged(rule, name, run, before)
    limit, value = judged.limit, judged.value
    margin = None if limit is None or value is None else limit - value if rule.min is None else value - limit
    why = judged.why if rule.why is None else f"{judged.why}. {rule.why}"
    return GateRow(explanation.rule(rule), name, value, limit, judged.verdict, margin, why)


def _judged(rule: GateRule, name: str, run: GateRun, before: GateRun | None) -> _Judged:
    stated = rule.max if rule.min is None else rule.min
    figure = run.figures.get(name)
    if figure is not None and _cannot_move(figure):
        return _Judged(GateVerdict.NOT_APPLICABLE, f"outside the verdict: {figure.note}", stated, figure.value)
    if figure is None or figure.value is None:
        return _Judged(_ON_NULL[rule.on_null], explanation.unknown(name, figure, run), stated)
    measured = run.measured(figure, rule.per_10_min)
    if measured is None:
        why = "cannot be scaled to 10 minutes: run.span_ms is not known"
        return _Judged(GateVerdict.INCONCLUSIVE, why, stated)
    if figure.n < rule.min_n:
        why = f"rests on {figure.n} samples, the rule asks for {rule.min_n}"
        return _Judged(GateVerdict.INCONCLUSIVE, why, stated, measured.value)
    limit = limit_of(rule, figure, run, before)
    if isinstance(limit, str):
        return _Judged(GateVerdict.INCONCLUSIVE, limit, None, measured.value)
    verdict = measured.against(limit, upper=rule.min is None)
    return _Judged(verdict, explanation.compared(verdict, rule, figure, measured, limit), limit.value, measured.value)


def _cannot_move(figure: Figure) -> bool:
    note = figure.note or ""
    return CANNOT_MOVE in note and CAP_SETTING_UNKNOWN not in note


def _unseen(run: GateRun, rows: Sequence[GateRow], verdict: GateVerdict) -> Iterator[GateRow]:
    """A row for each configured venue that the rules judge and that was never seen while the run ran."""
    judged = {row.figure.partition(".")[0] for row in rows}
    for venue in run.run.venues:
        name = f"{venue}.age_apply_unknown.share"
        if venue in judged and run.value("run.ticks") and _never_seen(run, venue):
            why = f"{venue} was configured and never seen: its age is unknown at every tick"
            yield GateRow("every configured venue is seen", name, run.value(name), None, verdict, None, why)


def _never_seen(run: GateRun, venue: str) -> bool:
    unknown = run.value(f"{venue}.age_apply_unknown.share")
    if unknown is not None:
        return unknown >= 1
    ages = [run.figures[name] for kind in ("apply", "event") if (name := f"{venue}.age_{kind}_ms.p95") in run.figures]
    return bool(ages) and all(age.n == 0 for age in ages)


def _uncovered(run: GateRun) -> Iterator[GateRow]:
    """A row where the requested time is known and too little of it was seen."""
    name, covered = "run.coverage.share", run.value("run.coverage.share")
    if covered is not None and covered < LEAST_COVERAGE:
        rule, margin = f"{name} min {LEAST_COVERAGE}", covered - LEAST_COVERAGE
        why = f"only {explanation.number(covered)} of the requested time was observed"
        yield GateRow(rule, name, covered, LEAST_COVERAGE, GateVerdict.INCONCLUSIVE, margin, why)


def _whole(run: GateRun, stated: Sequence[GateRow], rows: Sequence[GateRow]) -> tuple[GateVerdict, str]:
    of = {verdict: [row.figure for row in rows if row.verdict is verdict] for verdict in GateVerdict}
    remarks = list(_remarks(run, len(of[GateVerdict.NOT_APPLICABLE])))
    if failed := of[GateVerdict.FAIL]:
        return GateVerdict.FAIL, explanation.sentence(explanation.of_rules("failed", failed, rows), *remarks)
    lacking = list(_lacking(run, stated))
    if undecided := of[GateVerdict.INCONCLUSIVE]:
        lacking.append(explanation.of_rules("could not be decided", undecided, rows))
    if lacking:
        return GateVerdict.INCONCLUSIVE, explanation.sentence(*lacking, *remarks)
    return GateVerdict.PASS, explanation.sentence(
        f"all rules that apply passed ({len(of[GateVerdict.PASS])})", *remarks
    )


def _lacking(run: GateRun, stated: Sequence[GateRow]) -> Iterator[str]:
    """What keeps a run from passing, whatever its figures say."""
    if run.run.ended in _DEAD:
        told = f": {run.run.diagnosis.text}" if run.run.diagnosis else ""
        yield _DEAD[run.run.ended] + told
    if not run.run.venues:
        yield "the run has no venues"
    if not run.value("run.ticks"):
        yield "there is no telemetry to judge"
    if all(row.verdict is GateVerdict.NOT_APPLICABLE for row in stated):
        yield "no rule was applicable"
    if run.run.ended is Ended.UNKNOWN and (flaw := _flaw(run)):
        yield f"how the run ended is not known, and {flaw}"


def _flaw(run: GateRun) -> str | None:
    """What makes the telemetry of a run less than whole."""
    lost = [
        f"{ledger.file}:{each.line} {each.reason}"
        for ledger in run.ledger
        if ledger.role is Role.TELEMETRY
        for each in ledger.where
        if each.reason != SetAside.BLANK
    ]
    if lost:
        return f"its telemetry is not whole: {explanation.listed(lost)}"
    return None if run.value("run.span_ms") else "neither is how long it lasted"


def _remarks(run: GateRun, outside: int) -> Iterator[str]:
    """What a reader of any verdict must know beside it."""
    if run.run.simulated:
        yield "the venues were SIMULATED"
    if run.run.ended is Ended.UNKNOWN and not _flaw(run):
        yield "how the run ended is not known, its telemetry is whole"
    if run.run.ended is Ended.STILL_RUNNING:
        yield "the run is still running: this is the verdict so far"
    if outside:
        yield f"rules not applicable: {outside}"
