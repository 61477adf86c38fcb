"""Detect how the lines of a log are wrapped, from a sample of its lines.

A wrapping is accepted only if more lines are understood without it than with it.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from toolkit.runlog.parse import UNKNOWN, parse
from toolkit.runlog.wrapping.kinds import WRAPPINGS, Unwrapped, Wrapping
from toolkit.runlog.wrapping.stamps import ISO, iso_ms
from toolkit.runlog.wrapping.unwrap import unwrap, without_wrapping

SAMPLE_LINES = 150
LEARNT = "learnt prefix"
"""Name of a wrapping of no known kind, whose prefix was learnt from the lines."""

_MAX_LAYERS = 3
_WRAPPED_SHARE = 0.05
"""Share of the lines that a known wrapping must fit: other programs may write lines of their own into the same file."""
_ENDED_SHARE = 0.2
"""Share of the lines of a known wrapping that must end."""
_LEAST_LEARNT = 4
"""Number of lines that must have a prefix for it to be learnt."""
_LEARNT_SHARE = 0.9
"""Share of the lines that must have a prefix for it to be learnt."""
_UNDERSTOOD_SHARE = 0.1
"""A prefix is learnt only where less than this share of the lines is understood otherwise."""
_LONGEST_PREFIX = 160
_WORD_START = re.compile(rb"(?<=\W)(?=\w)")
_STAMP = re.compile(rb"(?<!\d)" + ISO)
_NUMBER, _WORD = rb"\d+", rb"\w+"
_TOKEN = re.compile(rb"(?P<digits>\d+)|(?P<word>\w+)|(?P<blank> +)|(?P<mark>.)", re.DOTALL)


def detect(lines: Sequence[bytes]) -> tuple[Wrapping, ...]:
    """Return the wrappings around a log's lines, the outermost first; empty for a plain log."""
    kept = _not_blank(lines)
    if not kept:
        return ()
    understood, layers = _best(kept, _MAX_LAYERS)
    if understood < _UNDERSTOOD_SHARE:
        return _learnt_layers(kept) or layers
    return layers


def _best(lines: Sequence[bytes], depth: int) -> tuple[float, tuple[Wrapping, ...]]:
    """Return the wrappings without which most lines are understood, and the share of those lines."""
    best: tuple[float, tuple[Wrapping, ...]] = (_understood(lines), ())
    for kind in WRAPPINGS if depth else ():
        if best[0] < 1 and _fits(kind, lines):
            understood, inner = _best(_unwrapped(kind, lines), depth - 1)
            if understood > best[0]:
                best = understood, (kind, *inner)
    return best


def _learnt_layers(lines: Sequence[bytes]) -> tuple[Wrapping, ...]:
    """Return the layers up to a prefix that is learnt from the lines, or from the texts of a known wrapping."""
    if (learnt := _learn(lines)) is not None:
        return (learnt,)
    for kind in WRAPPINGS:
        if _fits(kind, lines) and (learnt := _learn(_unwrapped(kind, lines))) is not None:
            return kind, learnt
    return ()


def _unwrapped(kind: Wrapping, lines: Sequence[bytes]) -> list[bytes]:
    return _not_blank(unwrap((kind,), lines).lines)


def _not_blank(lines: Sequence[bytes]) -> list[bytes]:
    return [line for line in lines if line.strip()]


def _sample(lines: Sequence[bytes]) -> Sequence[bytes]:
    """Return at most `SAMPLE_LINES` of the lines, in their order.

    They are drawn, always in the same way: of evenly spaced lines all may be the first part of a split line.
    """
    if len(lines) <= SAMPLE_LINES:
        return lines
    return [lines[index] for index in sorted(random.Random(0).sample(range(len(lines)), SAMPLE_LINES))]


def _fits(kind: Wrapping, lines: Sequence[bytes]) -> bool:
    sample = _sample(lines)
    found = [each for line in sample if (each := without_wrapping(kind.unwrap, line)) is not None]
    # Where hardly any line ends, the lines are not of a kind that splits long ones.
    ended = sum(each.part != "begun" for each in found)
    return len(found) > _WRAPPED_SHARE * len(sample) and ended > _ENDED_SHARE * len(found)


def _understood(lines: Sequence[bytes]) -> float:
    sample = _sample(lines)
    return sum(map(_is_understood, sample)) / max(1, len(sample))


def _is_understood(line: bytes) -> bool:
    return parse(line.decode("utf-8", "replace")).records[0].family not in UNKNOWN


@dataclass(frozen=True, slots=True)
class _LearntPrefix:
    """Unwraps lines by a prefix that was learnt; a time stamp in the prefix is read."""

    pattern: re.Pattern[bytes]
    has_numbers: bool

    def __call__(self, line: bytes) -> Unwrapped | None:
        match = self.pattern.match(line)
        if match is None:
            return None
        stamp = _STAMP.search(match[0]) if self.has_numbers else None
        return Unwrapped(line[match.end() :], iso_ms(stamp["at"]) if stamp else None)


def _learn(lines: Sequence[bytes]) -> Wrapping | None:
    """Return the prefix before the words that are understood, if nearly all lines have it; else None."""
    lines = _sample(lines)
    prefixes = [prefix for line in lines if (prefix := _prefix(line)) is not None]
    for words_vary in (False, True):
        patterns = Counter(_pattern(prefix, words_vary) for prefix in prefixes)
        for pattern, _ in patterns.most_common(1):
            # Numbers vary, so that a time stamp is in no other pattern.
            has_numbers = _NUMBER in pattern or _WORD in pattern
            learnt = Wrapping(LEARNT, prefixes[0], _LearntPrefix(re.compile(pattern), has_numbers))
            fitting = sum(without_wrapping(learnt.unwrap, line) is not None for line in lines)
            if fitting >= _LEAST_LEARNT and fitting > _LEARNT_SHARE * len(lines):
                return learnt
    return None


def _prefix(line: bytes) -> bytes | None:
    """Return what stands before the first place from which a line is understood; None if there is no such place.

    A prefix does not end with a quotation mark, because the text then has one at its end too.
    """
    starts = (at for at in _word_starts(line[:_LONGEST_PREFIX]) if line[at - 1 : at] not in (b'"', b"'"))
    return next((line[:at] for at in starts if _is_understood(line[at:])), None)


def _word_starts(text: bytes) -> Iterator[int]:
    return (match.start() for match in _WORD_START.finditer(text))


def _pattern(prefix: bytes, words_vary: bool) -> bytes:
    """Return the regular expression of prefixes that differ from this one in numbers, and in words if they vary."""
    parts = list[bytes]()
    for token in _TOKEN.finditer(prefix):
        match token.lastgroup:
            case "digits":
                parts.append(_WORD if words_vary else _NUMBER)
            case "word" if words_vary:
                parts.append(_WORD)
            case "blank":
                parts.append(rb" +")
            case _:
                parts.append(re.escape(token[0]))
    if prefix.endswith(b" "):
        # Further blanks are the indentation of the line itself.
        parts[-1] = b" "
    return b"".join(parts)
