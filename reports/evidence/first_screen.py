"""First screen below the answer: the venues, books that were wrong, and why a venue changed."""

from __future__ import annotations

from reports.elements import Align, Cell, CitedLine, Column, Rich, Safe, Table
from reports.evidence.context import Context
from reports.evidence.wording import NO_DIFFERENCE, bold, cited, is_tested, runs_with, values
from toolkit.model.evidence import FindingChange, FindingState
from toolkit.model.runbooks.references import Runbook
from toolkit.model.units import duration
from toolkit.model.vocabulary import Verdict

Part = str | Cell | CitedLine

_VENUE_COLUMNS = (
    Column("venue"),
    Column("reconnects", Align.RIGHT),
    Column("book age p95, s", Align.RIGHT),
    Column("oldest book, s", Align.RIGHT),
    Column("result"),
)


def venue_table(context: Context) -> Table:
    """Return the table of venues: reconnects, apply age p95, largest age, and the verdict."""
    return Table(_VENUE_COLUMNS, tuple(_venue_row(context, venue) for venue in context.venues))


def _venue_row(context: Context, venue: str) -> tuple[Cell | Rich, ...]:
    tested = bool(context.tested(venue))
    return (
        Cell(venue, strong=tested),
        values(context.sides, f"{venue}.reconnects", strong=tested),
        values(context.sides, f"{venue}.age_apply_ms.p95", in_seconds=True),
        values(context.sides, f"{venue}.age_apply_ms.max", in_seconds=True),
        Cell(venue_result(context, venue), strong=tested),
    )


def venue_result(context: Context, venue: str) -> str:
    """Return the result of a venue: improved, regressed, no book, not comparable, or `~`."""
    for run in context.sides:
        if not run.blocked and run.value(f"{venue}.age_apply_unknown.share") == 1:
            return f"no book {run.side}"
    if context.blocked:
        return "not compared"
    rows = context.venue_rows(venue)
    found = dict.fromkeys(str(row.verdict) for row in rows if is_tested(row))
    if found:
        return " and ".join(sorted(found))
    comparable = any(row.verdict is not Verdict.NOT_COMPARABLE for row in rows)
    if comparable and context.ages_not_compared:
        return Safe(f"{NO_DIFFERENCE}, ages not compared")
    return NO_DIFFERENCE if comparable else "not comparable"


_BOOK_FAULTS = {"crossed": "crossed", "locked": "locked", "one_sided": "one-sided", "frozen": "frozen",
                "off_market": "off the other venues' mid"}  # fmt: skip


def book_sentence(context: Context) -> Rich:
    """Return the sentence on books that were wrong while the venue looked fresh."""
    parts: list[Part] = []
    for run in context.sides:
        for venue in run.venues:
            for fault, words in _BOOK_FAULTS.items():
                name = f"{venue}.book.{fault}.ms"
                if (value := run.value(name)) and value > 0:
                    parts += [
                        "; " if parts else "",
                        f"{venue} {words} {run.side} for ",
                        Cell(duration(value), name, True),
                    ]
    if not parts:
        return Rich(
            ("No book was crossed, locked, one-sided, frozen or off the other venues' mid while it looked fresh.",)
        )
    return Rich((bold("Books that could not be trusted although fresh:"), " ", *parts[1:], "."))


def why(context: Context) -> tuple[Rich, ...]:
    """Return, for each venue with a verdict, the findings that came or went with the change."""
    return tuple(_finding_change(each) for each in reasons(context))


def reasons(context: Context) -> tuple[FindingChange, ...]:
    """Return the findings that came or went at the venues with a verdict."""
    venues = {venue for venue in context.venues if context.tested(venue)}
    states = (FindingState.GONE, FindingState.NEW)
    return tuple(each for each in context.evidence.findings if each.finding.venue in venues and each.state in states)


def _finding_change(change: FindingChange) -> Rich:
    finding, is_gone = change.finding, change.state is FindingState.GONE
    side, other = ("before", "after") if is_gone else ("after", "before")
    title = bold(f"Why {finding.venue}:", Runbook.FINDINGS, finding.code)
    head = Rich((title, f" {side}{runs_with(change)}, {finding.text}"))
    return (
        head + cited(finding.lines, change.before_side if is_gone else change.after_side) + Rich((f"; {other}: none.",))
    )
