"""Lenient decoding: the JSON values of a damaged line, and loosely typed values as the types of the record."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import inspect

MAX_EXACT_INT = 1 << 53
"""Integers of a larger magnitude count as unknown: a float cannot represent them, and sums of many overflow."""

TORN = object()
"""Marker for a stretch of text that is no JSON value."""

PADDING = "\ufeff\x00\r\n\t "
"""Characters that may stand before or after a record without belonging to it."""

_DECODER = json.JSONDecoder()
_MAX_ATTEMPTS = 20_000


def lenient_json(data: bytes) -> object:
    """Decode JSON with the standard library, which accepts NaN and Infinity; None if that fails too."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def json_values(text: str) -> Iterator[Any]:
    """Yield the JSON values of one line in order, and `TORN` for each stretch that is no value.

    At most 20 000 values and stretches are tried, so that a hostile line takes bounded time.
    """
    position, attempts = 0, 0
    while position < len(text) and attempts < _MAX_ATTEMPTS:
        attempts += 1
        try:
            value, end = _DECODER.raw_decode(text, position)
        except (ValueError, RecursionError):
            yield TORN
            position = _next_object(text, position + 1)
            continue
        yield value if position == 0 or isinstance(value, dict) else TORN
        position = end
        while position < len(text) and text[position] in " \t\r\x00":
            position += 1


def _next_object(text: str, position: int) -> int:
    """Return the position of the next possible object.

    It may be an object nested in a torn record; such a one has no tick, and readers ignore it.
    """
    found = text.find('{"', position)
    return len(text) if found < 0 else found


def lenient_int(value: object) -> int | None:
    """Convert an integer, `250.0` or the text `"250"` to an integer; None for anything else or beyond 2^53."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            value = float(value) if not value.strip().lstrip("+-").isdigit() else int(value)
        except ValueError:
            return None
    if isinstance(value, float):
        if not math.isfinite(value) or value != int(value):
            return None
        value = int(value)
    return value if isinstance(value, int) and -MAX_EXACT_INT <= value <= MAX_EXACT_INT else None


def _lenient_float(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def lenient_guidance(value: object) -> dict[str, Any] | None:
    """Return the usable fields of a `treasury_guidance` value; None if it is no object."""
    if not isinstance(value, dict):
        return None
    venues = msgspec.Raw(msgspec.json.encode(valid_venue_names(value.get("venues"))))
    return {"as_of_ms": lenient_int(value.get("as_of_ms")), "venues": venues}


def valid_venue_names(venues: object) -> list[dict[str, Any]]:
    """Return the entries of a venue list that have an integer index and a text id."""
    return [
        {"venue_index": index, "venue_id": each["venue_id"]}
        for each in (venues if isinstance(venues, list) else [])
        if isinstance(each, dict)
        and isinstance(each.get("venue_id"), str)
        and (index := lenient_int(each.get("venue_index"))) is not None
    ]


def lenient_value(value: object, kind: inspect.Type) -> Any:
    """Convert a value to a type: None stands for what has another type; lists of objects keep only their objects."""
    match kind:
        case inspect.UnionType(types=(first, *_)):
            return lenient_value(value, first)
        case inspect.IntType():
            return lenient_int(value)
        case inspect.FloatType():
            return _lenient_float(value)
        case inspect.StrType():
            return value if isinstance(value, str) else None
        case inspect.BoolType():
            return value if isinstance(value, bool) else None
        case inspect.StructType(fields=fields):
            if not isinstance(value, dict):
                return None
            return {field.name: lenient_value(value.get(field.name), field.type) for field in fields}
        case inspect.ListType(item_type=item) if isinstance(value, list):
            objects_only = isinstance(item, inspect.StructType)
            return [lenient_value(each, item) for each in value if not objects_only or isinstance(each, dict)]
    return None
