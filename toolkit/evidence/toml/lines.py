"""Find the lines of the keys, tables and list elements of a TOML text, for messages that name them."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

KeyPath = tuple[str | int, ...]
"""Keys and zero-based positions from the top of a document: `("hypothesis", 0, "expects", 1, "figure")`."""


def key_lines(text: str) -> dict[KeyPath, int]:
    """Return the one-based line of every key, table and list element of a valid TOML text."""
    found: dict[KeyPath, int] = {(): 1}
    tables: Counter[KeyPath] = Counter()
    table: KeyPath = ()
    for first, lines in _statements(text):
        value = tomllib.loads("\n".join(lines))
        if lines[0].lstrip().startswith("["):
            table = _table_path(value, tables)
            for length in range(1, len(table) + 1):
                found.setdefault(table[:length], first)
        else:
            found.update((table + path, first + offset) for path, offset in _value_lines(value, lines))
    return found


def line_of(lines: Mapping[KeyPath, int], path: KeyPath) -> int:
    """Return the line of a path, or of the nearest table or list around it."""
    while path not in lines:
        path = path[:-1]
    return lines[path]


def _statements(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the statements of the text, each with its first line: a table header, or a key with its value.

    A statement is valid TOML by itself, and what is cut off within a string or a list is not.
    """
    first, lines = 1, list[str]()
    for number, line in enumerate(text.split("\n"), 1):
        lines.append(line.removesuffix("\r"))
        if _is_valid("\n".join(lines)):
            yield first, lines
            first, lines = number + 1, []


def _is_valid(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _table_path(header: Mapping[str, Any], tables: Counter[KeyPath]) -> KeyPath:
    """Return the path of a table from its parsed header, and count it if it is an element of a list."""
    path: KeyPath = ()
    while header:
        key, inner = next(iter(header.items()))
        path = (*path, key)
        if isinstance(inner, list):
            tables[path] += 1
            inner = inner[0]
        if tables[path]:
            path = (*path, tables[path] - 1)
        header = inner
    return path


def _value_lines(value: object, lines: list[str], path: KeyPath = (), offset: int = 0) -> Iterator[tuple[KeyPath, int]]:
    """Yield the path of each part of a statement's value, and its line within the statement (zero-based)."""
    if path:
        yield path, offset
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _value_lines(inner, lines, (*path, key), offset)
    elif isinstance(value, list):
        is_whole_value = all(isinstance(key, str) for key in path)
        offsets = _element_offsets(path, lines, len(value)) if is_whole_value else [offset] * len(value)
        for position, inner in enumerate(value):
            yield from _value_lines(inner, lines, (*path, position), offsets[position])


def _element_offsets(path: KeyPath, lines: list[str], count: int) -> list[int]:
    """Return the line that completes each element of a list: it is closed after each line and parsed."""
    offsets = list[int]()
    for offset in range(len(lines) - 1):
        try:
            value: Any = tomllib.loads("\n".join([*lines[: offset + 1], "]"]))
        except tomllib.TOMLDecodeError:
            continue
        for key in path:
            value = value[key]
        offsets += [offset] * (len(value) - len(offsets))
    return offsets + [len(lines) - 1] * (count - len(offsets))
