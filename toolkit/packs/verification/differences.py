"""Name the first difference between a file of a pack and the same file computed again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from toolkit.packs.verification.problems import Kind, Problem

_NAMES = ("figure", "rule", "file", "code", "tool", "@id", "name")
"""Keys by which a reader knows an entry of a list."""
_MAX_CHARACTERS = 200
_ABSENT = "absent"


def first_difference(path: str, packed: bytes, computed: bytes) -> Problem | None:
    """Return the first difference of two contents of a file; None where they are equal.

    In JSON the place is the name of the figure and of the field, in other files the line.
    """
    if packed == computed:
        return None
    values = _decoded(packed), _decoded(computed)
    found = None if None in values else next(_differences("", *values), None)
    place, old, new = found or _first_line(packed, computed)
    return Problem(Kind.DIFFERENT, path, "differs from what the input files give", place, _cut(old), _cut(new))


def _decoded(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _differences(place: str, packed: Any, computed: Any) -> Iterator[tuple[str, str, str]]:
    if isinstance(packed, dict) and isinstance(computed, dict):
        for key in dict.fromkeys((*packed, *computed)):
            inner = f"{place}.{key}" if place else key
            yield from _differences(inner, packed.get(key, _ABSENT), computed.get(key, _ABSENT))
    elif isinstance(packed, list) and isinstance(computed, list):
        for number, (old, new) in enumerate(zip_longest(packed, computed, fillvalue=_ABSENT)):
            yield from _differences(f"{place} {_name(new if isinstance(new, dict) else old, number)}", old, new)
    elif packed != computed or type(packed) is not type(computed):
        yield place, json.dumps(packed, ensure_ascii=False), json.dumps(computed, ensure_ascii=False)


def _name(entry: Any, number: int) -> str:
    names = [entry[key] for key in _NAMES if isinstance(entry.get(key), str)] if isinstance(entry, dict) else []
    return names[0] if names else f"[{number}]"


def _first_line(packed: bytes, computed: bytes) -> tuple[str, str, str]:
    lines = zip_longest(packed.split(b"\n"), computed.split(b"\n"), fillvalue=_ABSENT.encode())
    number, old, new = next((number, old, new) for number, (old, new) in enumerate(lines, start=1) if old != new)
    old, new = _around(old, new)
    return f"line {number}", old.decode("utf-8", "backslashreplace"), new.decode("utf-8", "backslashreplace")


def _around(old: bytes, new: bytes) -> tuple[bytes, bytes]:
    """Return two lines from shortly before their first difference on."""
    at = next((at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    begin = max(0, at - 40)
    return old[begin:], new[begin:]


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_CHARACTERS else f"{text[:_MAX_CHARACTERS]}…"
