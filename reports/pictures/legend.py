"""Legend of a picture: a sample of what is drawn and its words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reports.pictures.reasons import Reason

_WIDTHS = {"limit": 20, "upright": 8, "outage": 20, "masked": 20, "range": 20, "mark": 12, "curve": 28, "box": 22}
SAMPLE_HEIGHT = 12
LINE_HEIGHT = 20
"""Height of a line of a legend in a file, px."""
MAX_WORDS = 4
"""Reasons of one shape that the legend names; the rest is counted."""
_CHARACTER_WIDTH, _SAMPLE_GAP, _ENTRY_GAP = 6.7, 6, 20


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """One entry. `kind` selects the sample and `side` its style.

    `shape` is the path of a mark, `name` a bold first word.
    """

    kind: str
    text: str
    shape: str = ""
    side: str = ""
    name: str = ""

    @property
    def width(self) -> int:
        """Width of the sample in px; 0 without one."""
        return _WIDTHS.get(self.kind, 0)


def marks(reasons: Iterable[Reason]) -> Iterator[LegendEntry]:
    """Yield an entry for each shape, with the words of all reasons that have it."""
    words: dict[str, list[str]] = {}
    for reason in sorted(reasons):
        words.setdefault(reason.shape, []).append(reason.words)
    for shape, texts in words.items():
        more = len(texts) - MAX_WORDS
        yield LegendEntry(
            "mark", f"{', '.join(texts[:MAX_WORDS])}{f' and {more} more' if more > 0 else ''}", shape=shape
        )


def placed(entries: Iterable[LegendEntry], width: int) -> list[tuple[int, int, LegendEntry]]:
    """Return the entries with their positions in lines of at most `width` px, for a file, where no browser wraps them.

    The width of a text is estimated from its length.
    """
    positions: list[tuple[int, int, LegendEntry]] = []
    x = y = 0
    for entry in entries:
        length = len(entry.text) + (len(entry.name) + 1 if entry.name else 0)
        needed = entry.width + (_SAMPLE_GAP if entry.width else 0) + round(length * _CHARACTER_WIDTH)
        if x and x + needed > width:
            x, y = 0, y + LINE_HEIGHT
        positions.append((x, y, entry))
        x += needed + _ENTRY_GAP
    return positions
