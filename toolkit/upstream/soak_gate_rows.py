"""The gate of the soak report v1 beside ours: each of its checks, then its verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from toolkit.model.figures import Number
from toolkit.model.runs import CompatRow
from toolkit.upstream import explanation
from toolkit.upstream.explanation import OurFigures, figure_of
from toolkit.upstream.soak_gate import Check, checks
from toolkit.upstream.soak_report import TOOL, LogSection, Reconnect, SoakReport

Value = Number | str | None


def row(name: str, upstream: Value, ours: Value, sentence: str, figure: str | None = None) -> CompatRow:
    """A row of the compat view of the soak report."""
    return CompatRow(TOOL, name, upstream, ours, figure, sentence)


def combined(key: Reconnect, log: LogSection, ours: OurFigures) -> CompatRow:
    """The count of a venue's reconnects by a reason that the report's gate judges."""
    figure = figure_of(key)
    told = explanation.reconnects(key, log, ours)
    return row(f"reconnects {key[0]} {key[1]}", log.combined(key), ours.value(figure), told, figure)


def judged(
    report: SoakReport, numbers: Sequence[CompatRow], ours: OurFigures, verdict: str | None
) -> Iterator[CompatRow]:
    """The gate's checks in its order, then its verdict beside `verdict`, ours; `numbers` are the rows they judge."""
    by_name = {each.name: each for each in numbers}
    made = [(check, _number(check, by_name, report, ours)) for check in checks(report)]
    for check, number in made:
        said = check.failure or ("passed" if check.made else "not checked")
        yield row(f"gate {check.number}", said, number.ours, _why(check, number), number.figure)
    failed = [_fits(check, number) for check, number in made if check.failure is not None]
    passed = [_fits(check, number) for check, number in made if check.failure is None and check.made]
    told = explanation.verdict(len(failed), failed.count(False), len(passed), passed.count(True), ours)
    yield row("gate", "FAIL" if failed else "PASS", verdict, told)


def _number(check: Check, numbers: dict[str, CompatRow], report: SoakReport, ours: OurFigures) -> CompatRow:
    """The row of the number that a check judges; the gate also judges what the tables leave out."""
    if (known := numbers.get(check.number)) is not None:
        return known
    match check.number.split():
        case "reconnects", venue, reason:
            return combined((venue, reason), report.log, ours)
        case _:
            return row(check.number, None, None, "Neither has a value.")


def _fits(check: Check, number: CompatRow) -> bool | None:
    """Whether our value keeps the check's limit; None where it is not known."""
    if not isinstance(number.ours, int | float):
        return None
    return number.ours > 0 if check.limit is None else number.ours <= check.limit


def _why(check: Check, number: CompatRow) -> str:
    if not check.made:
        return "Not checked: there is no number to hold against the limit, and that alone fails nothing."
    limit = "to be there" if check.limit is None else f"at most {check.limit}"
    fits = _fits(check, number)
    if fits is None:
        return number.why
    is_or_not = "is" if fits else "is not"
    if fits is (check.failure is None):
        return f"Asked {limit}: it {is_or_not}, by both."
    return f"Asked {limit}, by ours it {is_or_not}: {number.why[0].lower()}{number.why[1:]}"
