"""Lines that are set aside while files are read: counts of all, places of the first ones of each reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from toolkit.model.runs import SetAsideLine
from toolkit.model.vocabulary import MAX_PLACES


@dataclass
class SetAsideLines:
    """Counts of set-aside lines by reason, with the places of the first `MAX_PLACES` and of the last one of each."""

    counts: Counter[str] = field(default_factory=Counter)
    _first: dict[str, list[SetAsideLine]] = field(default_factory=dict)
    _last: dict[str, SetAsideLine] = field(default_factory=dict)

    def add(self, place: SetAsideLine, count: int = 1) -> None:
        """Add a place; `count` is the number of lines from the last place of this reason to this one."""
        self.counts[place.reason] += count
        first = self._first.setdefault(place.reason, [])
        if len(first) < MAX_PLACES:
            first.append(place)
        self._last[place.reason] = place

    def extend(self, following: SetAsideLines) -> None:
        """Add the lines of a part of the file that follows this one's."""
        self.counts.update(following.counts)
        for reason, places in following._first.items():
            first = self._first.setdefault(reason, [])
            first += places[: MAX_PLACES - len(first)]
        self._last.update(following._last)

    def shifted(self, lines: int) -> SetAsideLines:
        """Return the same with line numbers raised by `lines`."""
        return SetAsideLines(
            self.counts.copy(),
            {reason: [_shifted(each, lines) for each in places] for reason, places in self._first.items()},
            {reason: _shifted(each, lines) for reason, each in self._last.items()},
        )

    def without(self, line: int) -> SetAsideLines:
        """Return the same without a line, which is known if it is among the first or the last of its reason."""
        left = SetAsideLines(self.counts.copy(), dict(self._first), dict(self._last))
        for reason in self.at(line):
            left.counts[reason] -= 1
            left._first[reason] = [each for each in self._first[reason] if each.line != line]
            if self._last[reason].line == line:
                del left._last[reason]
        return replace(left, counts=+left.counts)

    def at(self, line: int) -> list[str]:
        """Return the reasons for which a line is set aside."""
        return [
            reason
            for reason, places in self._first.items()
            if any(each.line == line for each in places) or (reason in self._last and self._last[reason].line == line)
        ]

    def is_listed(self, reason: str) -> bool:
        """Return whether the next place of a reason is listed, whatever follows it."""
        return self.counts[reason] < MAX_PLACES

    def __iter__(self) -> Iterator[SetAsideLine]:
        """Iterate over the listed places in the order of the file."""
        places = (each for first in self._first.values() for each in first)
        return iter(sorted(places, key=lambda each: (each.line, each.byte)))

    def __bool__(self) -> bool:
        """Return whether there is any."""
        return self.counts.total() > 0


def _shifted(place: SetAsideLine, lines: int) -> SetAsideLine:
    return replace(place, line=place.line + lines)
