"""Parser of values that Rust's `{:?}` printed, such as `Config { book: Book { levels: 10 }, hosts: ["a"] }`."""

from __future__ import annotations

import re
from collections.abc import Iterator

_TOKEN = re.compile(
    r"\s*(?:(?P<text>\"(?:[^\"\\]|\\.)*\")|(?P<number>-?(?:\d[\d_]*(?:\.\d+)?(?:e-?\d+)?|inf)\b|NaN\b)"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<mark>[{}\[\](),:]))"
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}
_MAX_DEPTH = 50

Fields = dict[str, "Value"]
Value = str | list["Value"] | Fields
"""A scalar as printed (a string without its quotes), the elements of a list or tuple, or the fields of a struct."""


class DebugTextError(ValueError):
    """The text is not a complete value of the forms that the parser knows."""


def parse_debug(text: str) -> Value:
    """Return the value that the text prints. Raises `DebugTextError` unless the whole text is understood."""
    parser = _Parser(text)
    value = parser.value(0)
    if parser.peek() is not None:
        raise DebugTextError("text after the value")
    return value


def flatten(value: Value, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield each scalar with its path, such as `book.stale_ms`.

    An element of a list is named by its field `id`, or by its index if it has none.
    """
    if isinstance(value, str):
        yield path, value
        return
    named = value.items() if isinstance(value, dict) else ((_element_name(e, i), e) for i, e in enumerate(value))
    for name, each in named:
        yield from flatten(each, f"{path}.{name}" if path else name)


def _element_name(element: Value, index: int) -> str:
    identity = element.get("id") if isinstance(element, dict) else None
    return identity if isinstance(identity, str) else str(index)


class _Parser:
    """Recursive descent over the tokens of one text."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0

    def peek(self) -> str | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _next(self) -> str:
        token = self.peek()
        if token is None:
            raise DebugTextError("the text ends too early")
        self._at += 1
        return token

    def _expect(self, mark: str) -> None:
        if (token := self._next()) != mark:
            raise DebugTextError(f"{token} instead of {mark}")

    def value(self, depth: int) -> Value:
        """Return the next value: text, number, list, tuple, struct, or a variant such as `Some(1)` and `None`."""
        token = self._next()
        if depth > _MAX_DEPTH:
            raise DebugTextError("nested too deeply")
        if token.startswith('"'):
            return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), token[1:-1])
        if token in ("[", "("):
            return self._items({"[": "]", "(": ")"}[token], depth)
        if token == "{":
            return self._fields(depth)
        if token in ("}", "]", ")", ",", ":"):
            raise DebugTextError(f"{token} instead of a value")
        return self._variant(token, depth)

    def _variant(self, name: str, depth: int) -> Value:
        if self.peek() == "{":
            self._next()
            return self._fields(depth)
        if self.peek() != "(":
            return name
        self._next()
        items = self._items(")", depth)
        # `Some(x)` is x. Another variant that holds a scalar keeps its name.
        if len(items) == 1:
            (item,) = items
            return item if name == "Some" or not isinstance(item, str) else f"{name}({item})"
        return items

    def _items(self, end: str, depth: int) -> list[Value]:
        items = list[Value]()
        while self.peek() != end:
            items.append(self.value(depth + 1))
            if self.peek() != end:
                self._expect(",")
        self._next()
        return items

    def _fields(self, depth: int) -> Fields:
        fields: Fields = {}
        while self.peek() != "}":
            name = self._next()
            self._expect(":")
            fields[name.strip('"')] = self.value(depth + 1)
            if self.peek() != "}":
                self._expect(",")
        self._next()
        return fields


def _tokens(text: str) -> Iterator[str]:
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise DebugTextError(f"not understood at character {at}")
        yield match[0].strip() if match["text"] is None else match["text"]
        at = match.end()
