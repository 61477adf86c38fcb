"""Pictures as SVG files of their own, for documents that refer to them."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reports.pages import render_template
from reports.pictures import legend
from reports.pictures.distributions import HEIGHT, DistributionPicture, distribution_picture
from reports.pictures.reason_bars import ReasonPicture, reason_picture
from reports.pictures.strips import StripPicture, strip_picture
from reports.pictures.styles import picture_styles
from toolkit.model.runs import RunAnalysis

WIDTH = 900
"""Width of a file's picture in px."""
_MARGIN = 16
_TOP = 58
"""Height of the title and of the sentence below it."""
_COLUMNS = 3
_NOTE_CHARACTERS, _NOTE_LINE = 132, 17

_Picture = StripPicture | DistributionPicture | ReasonPicture


@dataclass(frozen=True, slots=True)
class Layout:
    """Positions of the parts of a file in px: entries of the legend, rows or panels, and lines of the note."""

    entries: Sequence[tuple[int, int, legend.LegendEntry]]
    rows: Sequence[tuple[int, int, Any]]
    axis_y: int
    note: Sequence[tuple[int, str]]
    height: int

    width: int = WIDTH


def picture_files(
    before: RunAnalysis | None, after: RunAnalysis, venues: Sequence[str] | None = None
) -> Mapping[str, bytes]:
    """Return the content of an SVG file for each picture, by file name; a picture without data has none.

    The files need nothing outside of themselves and follow the reader's light or dark scheme. `before` is None for one
    run. The analyses must have been made with the option `pictures`.
    """
    files = {}
    for name, (make, template, rows) in _FILES.items():
        if picture := make(before, after, venues):
            data = {"picture": picture, "layout": _layout(picture, list(rows(picture))), "styles": picture_styles()}
            files[name] = render_template(template, **data).encode()
    return files


def _strip_rows(picture: StripPicture) -> Iterator[tuple[int, object, int]]:
    for row in picture.venues:
        yield 0, row, 20 + picture.row_height + 6


def _panel_rows(picture: DistributionPicture) -> Iterator[tuple[int, object, int]]:
    wide = (WIDTH - 2 * _MARGIN) // _COLUMNS
    for number, panel in enumerate(picture.panels):
        is_last = number % _COLUMNS == _COLUMNS - 1 or number == len(picture.panels) - 1
        yield number % _COLUMNS * wide, panel, HEIGHT + 98 if is_last else 0


def _reason_rows(picture: ReasonPicture) -> Iterator[tuple[int, object, int]]:
    for row in picture.rows:
        yield 0, row, row.height + 8


_FILES: Mapping[str, tuple[Callable[..., Any], str, Callable[[Any], Iterable[tuple[int, object, int]]]]] = {
    "age-over-time.svg": (strip_picture, "age_strips_file.html.j2", _strip_rows),
    "age-distribution.svg": (distribution_picture, "age_distributions_file.html.j2", _panel_rows),
    "reconnects-by-reason.svg": (reason_picture, "reason_bars_file.html.j2", _reason_rows),
}


def _layout(picture: _Picture, rows: Sequence[tuple[int, object, int]]) -> Layout:
    entries = [(x + _MARGIN, y + _TOP, entry) for x, y, entry in legend.placed(picture.legend, WIDTH - 2 * _MARGIN)]
    y = max((y for _, y, _ in entries), default=_TOP) + legend.LINE_HEIGHT + 6
    placed = []
    for x, row, height in rows:
        placed.append((x + _MARGIN, y, row))
        y += height
    axis_y = y
    y += 18 if isinstance(picture, StripPicture) else 0
    lines = textwrap.wrap(picture.note, _NOTE_CHARACTERS, break_long_words=False)
    note = [(y + _NOTE_LINE * (number + 1), line) for number, line in enumerate(lines)]
    return Layout(entries, placed, axis_y, note, y + _NOTE_LINE * len(lines) + 12)
