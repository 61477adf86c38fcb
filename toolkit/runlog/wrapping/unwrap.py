"""Take the lines of a block out of their wrappings; split lines are joined again."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from toolkit.runlog.wrapping.kinds import Unwrapped, Wrapping

_ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]")
_BOM = b"\xef\xbb\xbf"
_OPEN_LINES = 1_000
"""Lines after which an ended line of another stream is not continued any more."""


@dataclass
class UnwrappedLines:
    """Lines without their wrappings, one for each physical line.

    `at_ms` are the times (epoch ms) stamped on them, `senders` the containers or services that wrote them, empty where
    none is named. `parts` gives, for each line whose text was joined to an earlier
    line, the index of that line; the text of a part is empty. `open_from` is the index of the first line whose rest may
    follow the last line.
    """

    lines: list[bytes]
    at_ms: list[int | None]
    senders: list[str]
    parts: dict[int, int] = field(default_factory=dict)
    open_from: int = 0

    @property
    def data(self) -> bytes:
        """The lines as one text, each with its newline."""
        return b"\n".join(self.lines) + b"\n"

    @property
    def is_stamped(self) -> bool:
        """True if any line has a time."""
        return any(at_ms is not None for at_ms in self.at_ms)

    @property
    def parsed_singly(self) -> set[int]:
        """Indexes of lines that no group of similar lines may include.

        These are split lines, the lines that follow them and may continue a record, and lines that alone have no time.
        """
        unstamped = {index for index, at_ms in enumerate(self.at_ms) if at_ms is None} if self.is_stamped else set()
        return unstamped.union(self.parts, self.parts.values(), (part + 1 for part in self.parts))


def unwrap(layers: Sequence[Wrapping], lines: Sequence[bytes]) -> UnwrappedLines:
    """Take wrappings off, the outermost first. A line that is not wrapped is left as it is."""
    result = UnwrappedLines(list(lines), [None] * len(lines), [""] * len(lines), open_from=len(lines))
    for layer in layers:
        _take_off(layer, result)
    for part, whole in result.parts.items():
        # The line that an inner collector split may itself be a part of a line that the outer one split.
        result.parts[part] = result.parts.get(whole, whole)
    return result


def unwrap_line(layers: Sequence[Wrapping], line: bytes) -> tuple[bytes, int | None]:
    """Take the wrappings off one line; return it and the time (epoch ms) stamped on it."""
    unwrapped = unwrap(layers, [line])
    return unwrapped.lines[0], unwrapped.at_ms[0]


def rejoin_wrapped(layers: Sequence[Wrapping], head: bytes, rest: bytes) -> tuple[bytes, int | None] | None:
    """Return the line of which `rest` was cut off within the wrapping, and its time (epoch ms); None if it was not."""
    whole = head + rest.removeprefix(_BOM)
    if not layers or not head or _is_wrapped(layers, head) or not _is_wrapped(layers, whole):
        return None
    return None if _is_wrapped(layers[:1], rest) else unwrap_line(layers, whole)


def _is_wrapped(layers: Sequence[Wrapping], line: bytes) -> bool:
    """Return whether a line has all these wrappings around a text."""
    for layer in layers:
        if (found := without_wrapping(layer.unwrap, line)) is None or not found.line.strip():
            return False
        line = found.line
    return True


def without_wrapping(unwrap_one: Callable[[bytes], Unwrapped | None], line: bytes) -> Unwrapped | None:
    """Take one line out of a wrapping around which there may be colours; None for a line that is not wrapped so."""
    return unwrap_one(_ESCAPES.sub(b"", line.removeprefix(_BOM)) if b"\x1b" in line else line.removeprefix(_BOM))


def _take_off(layer: Wrapping, result: UnwrappedLines) -> None:
    begun: dict[bytes, int] = {}
    last: dict[bytes, int] = {}
    pieces: dict[int, list[bytes]] = {}
    for index, line in enumerate(result.lines):
        if (found := without_wrapping(layer.unwrap, line)) is None or index in result.parts:
            continue
        whole = last.get(found.stream) if found.part == "continued" else begun.get(found.stream)
        if found.part == "begun":
            begun.setdefault(found.stream, index)
        else:
            begun.pop(found.stream, None)
        if whole is None:
            result.lines[index] = found.line.replace(b"\n", b" ")
            result.at_ms[index] = found.at_ms if found.at_ms is not None else result.at_ms[index]
            if found.sender:
                result.senders[index] = found.sender.decode("utf-8", "replace").strip()
            last[found.stream] = index
        else:
            pieces.setdefault(whole, [result.lines[whole]]).append(found.line.replace(b"\n", b" "))
            result.lines[index] = b""
            result.parts[index] = whole
    for index, joined in pieces.items():
        result.lines[index] = b"".join(joined)
    if layer.splits:
        # The rest of the last line of each stream may follow.
        recent = (index for index in last.values() if index >= len(result.lines) - _OPEN_LINES)
        result.open_from = min([result.open_from, *begun.values(), *recent])
