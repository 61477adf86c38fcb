"""Search for the causes of failed builds in many lines at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from toolkit.runlog.build_causes import MAX_LINE_CHARS, NOTE, SOURCE, build_cause, build_causes
from toolkit.runlog.bulk.numbers import BlockLines, IntVector
from toolkit.runlog.bulk.text_search import MIN_LINES, matching


def first_of_each_cause(lines: BlockLines, indexes: IntVector) -> list[int]:
    """Return the index of the first line that shows each cause, among some lines of a block without decoration.

    A line shows its most specific cause only.
    """
    if len(indexes) < MIN_LINES:
        places = indexes.tolist()
        return [places[place] for place in _first_places([lines[index].decode() for index in places])]
    return _first_indexes(lines, indexes)


def first_text_of_each_cause(texts: Sequence[str]) -> list[int]:
    """Return the place, from 0, of the first text that shows each cause."""
    if len(texts) < MIN_LINES:
        return _first_places(texts)
    lines = BlockLines("".join(f"{each[:MAX_LINE_CHARS]}\n" for each in texts).encode())
    return _first_indexes(lines, np.arange(len(texts)))


def _first_places(texts: Sequence[str]) -> list[int]:
    causes = list(map(build_cause, texts))
    return list({cause: place for place, cause in reversed(list(enumerate(causes))) if cause is not None}.values())


def _first_indexes(lines: BlockLines, indexes: IntVector) -> list[int]:
    data, lowered = lines.data, lines.data.lower()
    likely = [each for each in build_causes() if any(word.encode() in lowered for word in each.words)]
    if not likely:
        return []
    is_open = np.zeros(len(lines), np.bool_)
    is_open[indexes] = True
    is_open &= ~matching(data, f"^(?:{SOURCE.pattern})") | matching(data, NOTE)
    found = list[int]()
    for cause in likely:
        shows = is_open & matching(data, cause.pattern.pattern)
        is_open &= ~shows
        # RE2 takes more letters for the same, in another case, than the pattern does.
        places = (place for place in np.flatnonzero(shows).tolist() if build_cause(lines[place].decode()) is cause)
        found += [place for place in (next(places, None),) if place is not None]
    return found
