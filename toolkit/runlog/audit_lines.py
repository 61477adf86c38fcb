"""Audit lines: their `key=value` pairs, and the family that these define."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from toolkit.runlog.grammar import AuditFamily, audit_families, audit_text, required_audit_keys

_VALUED_KEYS = ("component", "subsystem", "reason")
"""Keys of which families require certain values."""


def audit_fields(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the `key=value` pairs up to the first value from outside, and the pairs after it.

    A value of the rest of the line is kept whole. Of the pairs that repeat a key, the first counts, and among those
    after a value from outside the last, because that value may hold the others.
    """
    own, words = dict[str, str](), text.split(" ")
    for word in words:
        key, equals, value = word.partition("=")
        if equals:
            own[key] = value
    if len(own) < len(words) or not audit_text().outside.isdisjoint(own):
        return _fields_with_text(text, words)
    return {key: value.rstrip(",") for key, value in own.items()} if "," in text else own, {}


def _fields_with_text(text: str, words: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the same of words that are no pairs, repeat a key or have a value from outside."""
    own, later, at = dict[str, str](), dict[str, str](), 0
    kinds, fields = audit_text(), own
    for word in words:
        key, equals, value = word.partition("=")
        if equals and key not in own:
            if key in kinds.rest:
                fields[key] = text[at + len(key) + 1 :]
                break
            fields[key] = value.rstrip(",")
            if key in kinds.word:
                fields = later
        at += len(word) + 1
    return own, later


def find_audit_family(fields: Mapping[str, str]) -> AuditFamily | None:
    """Return the audit family of a line by the pairs before any text from outside; None for an unknown line."""
    known, venue = required_audit_keys(), fields.get("venue")
    keys = known.intersection(fields)
    if venue:
        for key in fields:
            if key.startswith(venue) and (of_venue := f"<venue>{key[len(venue) :]}") in known:
                keys |= {of_venue}
    if not keys:
        return None
    if keys.isdisjoint(_VALUED_KEYS):
        return _find(keys, ())
    valued = audit_text().components
    pairs = [pair for key in _VALUED_KEYS if key in fields and (pair := f"{key}={fields[key]}") in valued]
    return _find(keys, tuple(pairs))


@lru_cache(4_096)
def _find(keys: frozenset[str], pairs: Sequence[str]) -> AuditFamily | None:
    """Return the audit family of a line by those of its keys and `key=value` pairs that families require."""
    # A line that names its component belongs to that component's family, whatever other keys it holds.
    of_component = not keys.isdisjoint(("component", "subsystem"))
    families = (each for each in audit_families() if each.is_component or not of_component)
    held = keys.union(pairs)
    return next((each for each in families if held.issuperset(each.required_keys)), None)
