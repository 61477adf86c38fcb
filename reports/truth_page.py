"""Page that compares a run with the record of its venues."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reports.elements import Align, Cell, Column, Table
from reports.format import NOTHING, number
from reports.pages import simple_page
from toolkit.model.recorded.ground_truth import TruthComparison, VenueComparison
from toolkit.model.units import duration

TITLE = "The run and the record of its venues"
_COLUMNS = (
    Column("venue"),
    Column("connects want/got", Align.RIGHT),
    Column("failed attempts want/got", Align.RIGHT),
    Column("longest silence want/got", Align.RIGHT),
    Column("ticks with a foreign book", Align.RIGHT),
    Column("endings want"),
    Column("endings got"),
)


def truth_page(comparison: TruthComparison, format: str) -> str:
    """Return the page in `format`: a table with a row per venue, then every difference as a sentence."""
    return simple_page(TITLE, _blocks(comparison), format)


def _blocks(comparison: TruthComparison) -> Iterator[str | Table]:
    yield f"want is the record {comparison.file} of the venues, got is what the files of the run tell."
    yield Table(_COLUMNS, tuple(_row(each) for each in comparison.venues))
    differences = [text for venue in comparison.venues for text in venue.differences]
    if differences:
        title = "1 difference" if len(differences) == 1 else f"{len(differences)} differences"
        yield Table((Column(title),), tuple((Cell(text),) for text in differences))
    else:
        yield "No differences."
    yield (
        "A book is foreign if no frame of the venue had the same mid and spread, and levels worth at most the depth, "
        f"within {duration(comparison.window_ms)} before the time that the book's age gives. Books fetched over REST "
        "are not in the record. A silence may span several connections."
    )
    if comparison.outside:
        yield f"{comparison.outside} handshakes outside of the observed time are not counted."
    if comparison.unread_lines:
        yield f"{comparison.unread_lines} lines of the record could not be read."


def _row(venue: VenueComparison) -> tuple[Cell, ...]:
    foreign = NOTHING if venue.foreign_books is None else f"{number(venue.foreign_books)} of {number(venue.books)}"
    return (
        Cell(venue.venue, strong=bool(venue.differences)),
        Cell(f"{venue.connects_want} / {_count(venue.connects_got)}"),
        Cell(f"{venue.failed_want} / {_count(venue.failed_got)}"),
        Cell(f"{_time(venue.silence_ms_want)} / {_time(venue.silence_ms_got)}"),
        Cell(foreign),
        Cell(_endings(venue.endings_want)),
        Cell(_endings(venue.endings_got)),
    )


def _count(value: float | None) -> str:
    return NOTHING if value is None else number(value)


def _time(value: float | None) -> str:
    return NOTHING if value is None else duration(value)


def _endings(counts: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {number(count)}" for name, count in counts.items()) or NOTHING
