"""Wrappings of a log that change from section to section, learnt from lines that were not understood so far."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.runlog.parse import UNKNOWN, parse
from toolkit.runlog.wrapping.detect import LEARNT, detect
from toolkit.runlog.wrapping.kinds import WRAPPINGS, Wrapping
from toolkit.runlog.wrapping.unwrap import UnwrappedLines, unwrap, unwrap_line, without_wrapping

MAX_WRAPPINGS = 16
"""Ways of wrapping that are learnt for one log."""
LEAST_UNREAD = 2
"""Lines of a block that must hold the program's words without being understood for a further wrapping to be sought."""

Layers = tuple[Wrapping, ...]


class LogWrappings:
    """The ways in which the lines of one log are wrapped, each with its layers, the outermost first.

    Until a second one is learnt, all lines are taken out of the same layers. From then on each line is taken out of the
    layers that fit it, and a line that is understood as it is is left so.
    """

    def __init__(self, layers: Layers = ()) -> None:
        self._ways = [layers] if layers else []
        self._several = False

    @property
    def are_wrapped(self) -> bool:
        """True if any way of wrapping is known."""
        return bool(self._ways)

    @property
    def split_lines(self) -> bool:
        """True if any layer is of a kind that splits long lines."""
        return any(layer.splits for way in self._ways for layer in way)

    def learn(self, unread: Sequence[bytes]) -> bool:
        """Learn a further way from lines that were not understood; return true if there is one."""
        if len(unread) < LEAST_UNREAD or len(self._ways) >= MAX_WRAPPINGS:
            return False
        layers = detect(unread)
        # Lines of a section with a prefix of no known kind may be of another program that quotes those of this one.
        if not layers or LEARNT in [each.name for each in layers] or _examples(layers) in map(_examples, self._ways):
            return False
        self._ways = sorted([*self._ways, layers], key=_specificity)
        self._several = True
        return True

    def unwrap(self, lines: Sequence[bytes]) -> UnwrappedLines:
        """Take lines out of their wrappings."""
        if not self._several:
            return unwrap(self._ways[0], lines) if self._ways else unwrap((), lines)
        result = UnwrappedLines(list(lines), [None] * len(lines), [""] * len(lines), open_from=len(lines))
        chosen = [self._way_of(line) for line in lines]
        for number, layers in enumerate(self._ways):
            indexes = [index for index, each in enumerate(chosen) if each == number]
            _merge(unwrap(layers, [lines[index] for index in indexes]), indexes, result)
        return result

    def _way_of(self, line: bytes) -> int | None:
        """Return the number of the way in which a line is wrapped; None for a line that is not wrapped."""
        fitting = [n for n, way in enumerate(self._ways) if without_wrapping(way[0].unwrap, line) is not None]
        if not fitting or _is_understood(line):
            return None
        if len(fitting) == 1:
            return fitting[0]
        return next((n for n in fitting if _is_understood(unwrap_line(self._ways[n], line)[0])), fitting[0])


def _merge(part: UnwrappedLines, indexes: Sequence[int], whole: UnwrappedLines) -> None:
    """Put the unwrapped lines of one way at their indexes among all lines."""
    for at, index in enumerate(indexes):
        whole.lines[index], whole.at_ms[index], whole.senders[index] = part.lines[at], part.at_ms[at], part.senders[at]
    whole.parts |= {indexes[each]: indexes[first] for each, first in part.parts.items()}
    if part.open_from < len(indexes):
        whole.open_from = min(whole.open_from, indexes[part.open_from])


def _examples(layers: Layers) -> list[bytes]:
    return [layer.example for layer in layers]


def _specificity(layers: Layers) -> tuple[int, int]:
    """Return the place of the outermost layer among the known kinds, the more special ones first, and the depth."""
    kinds = [kind.example for kind in WRAPPINGS]
    outermost = layers[0].example
    return kinds.index(outermost) if outermost in kinds else len(kinds), -len(layers)


def _is_understood(line: bytes) -> bool:
    return parse(line.decode("utf-8", "replace")).records[0].family not in UNKNOWN
