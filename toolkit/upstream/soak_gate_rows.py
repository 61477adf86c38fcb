"""Compare the gate of the soak report v1 with our figures: a row per check, then its verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from toolkit.model.figures import Number
from toolkit.model.runs import CompatRow
from toolkit.upstream import explanation
from toolkit.upstream.explanation import OurFigures, figure_of
from toolkit.upstream.soak_gate import Check, checks
from toolkit.upstream.soak_report import TOOL, LogSection, Reconnect, SoakReport

Value = Number | str | None


def soak_row(name: str, upstream: Value, ours: Value, why: str, figure: str | None = None) -> CompatRow:
    """Return a row that compares a number of the soak report with ours."""
    return CompatRow(TOOL, name, upstream, ours, figure, why)


def combined_row(key: Reconnect, log: LogSection, ours: OurFigures) -> CompatRow:
    """Return the row of a venue's reconnects by a reason, with the combined count that the report's gate checks."""
    figure = figure_of(key)
    why = explanation.reconnects_why(key, log, ours)
    return soak_row(f"reconnects {key[0]} {key[1]}", log.combined(key), ours.value(figure), why, figure)


def gate_rows(
    report: SoakReport, numbers: Sequence[CompatRow], ours: OurFigures, verdict: str | None
) -> Iterator[CompatRow]:
    """Yield a row per check of the gate, in its order, then the row of the verdicts.

    `numbers` are the rows of the report's numbers, `verdict` is that of our gate.
    """
    by_name = {each.name: each for each in numbers}
    checked = [(check, _number_row(check, by_name, report, ours)) for check in checks(report)]
    for check, number in checked:
        outcome = check.failure or ("passed" if check.made else "not checked")
        yield soak_row(f"gate {check.number}", outcome, number.ours, _check_why(check, number), number.figure)
    failed = [_ours_passes(check, number) for check, number in checked if check.failure is not None]
    passed = [_ours_passes(check, number) for check, number in checked if check.failure is None and check.made]
    why = explanation.verdict_why(len(failed), failed.count(False), len(passed), passed.count(True), ours)
    yield soak_row("gate", "FAIL" if failed else "PASS", verdict, why)


def _number_row(check: Check, numbers: dict[str, CompatRow], report: SoakReport, ours: OurFigures) -> CompatRow:
    """Return the row of the number that a check is about; the gate also checks numbers that the tables leave out."""
    if (known := numbers.get(check.number)) is not None:
        return known
    match check.number.split():
        case "reconnects", venue, reason:
            return combined_row((venue, reason), report.log, ours)
        case _:
            return soak_row(check.number, None, None, "Neither has a value.")


def _ours_passes(check: Check, number: CompatRow) -> bool | None:
    """Return True if our value is within the check's limit; None if our value is not known."""
    if not isinstance(number.ours, int | float):
        return None
    return number.ours > 0 if check.limit is None else number.ours <= check.limit


def _check_why(check: Check, number: CompatRow) -> str:
    if not check.made:
        return "Not checked: there is no number to compare with the limit, and that alone is not a failure."
    limit = "there is a value" if check.limit is None else f"at most {check.limit}"
    passes = _ours_passes(check, number)
    if passes is None:
        return number.why
    outcome = "met" if passes else "not met"
    if passes is (check.failure is None):
        return f"Required: {limit}; {outcome} by both."
    return f"Required: {limit}; {outcome} by ours: {number.why[0].lower()}{number.why[1:]}"
