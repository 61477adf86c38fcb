"""Explanation of a figure: its value, definition, the steps from lines to the number, and the lines."""

from __future__ import annotations

from dataclasses import dataclass

from toolkit.model.figures import Figure


@dataclass(frozen=True, slots=True)
class ExplainedLine:
    """Line of a run's file behind a figure.

    `text` is the line with secrets masked; it is cut to a limited length, and `cut` counts the characters left out.
    `text` is None where the file cannot be read again. `event` numbers what the figure counts or samples; the lines of
    one event have the same number. `about` says what the event is.
    """

    file: str
    line: int
    text: str | None
    about: str
    event: int
    cut: int = 0


@dataclass(frozen=True, slots=True)
class SearchedFile:
    """File of the run in which the lines of a figure were searched, and its number of lines."""

    file: str
    lines: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """Explanation of one figure, or of the figures whose names begin with `name`.

    `figure` is None where no figure has exactly that name; `parts` are the figures below it. `definition` and `source`
    are those of the catalogue. `steps` are sentences in order. `events` is the number of things that the figure counts
    or samples and whose lines are listed, and `more` the number of lines beyond those listed. `unread` says why the
    texts of lines are missing. `recomputed` is the value that the lines give, None where the figure has none.
    """

    run: str
    name: str
    figure: Figure | None
    title: str
    definition: str
    source: str
    parts: tuple[Figure, ...]
    searched: tuple[SearchedFile, ...]
    steps: tuple[str, ...]
    lines: tuple[ExplainedLine, ...]
    more: int
    events: int
    recomputed: float | None = None
    unread: str | None = None
