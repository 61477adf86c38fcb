"""Tables and keys of `evidence.toml`, and the messages for text that does not follow them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any

import msgspec

from toolkit.evidence.toml.lines import KeyPath, key_lines, line_of
from toolkit.model.errors import UsageError
from toolkit.model.evidence import Direction

Text = Annotated[str, msgspec.Meta(min_length=1)]
Id = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,31}$")]
Limit = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)] | Annotated[float, msgspec.Meta(ge=-1e300, le=1e300)]

CITE = re.compile(r"(?P<path>[^:\s][^:]*):(?P<ranges>[1-9]\d{0,8}(?:-\d{1,9})?(?:, ?\d{1,9}(?:-\d{1,9})?)*)")
"""Form of a citation: a path, then one or several ranges of lines."""


class SettingTable(msgspec.Struct, forbid_unknown_fields=True):
    """`setting` of an expectation: its name, and the values that the author states for a run that prints none."""

    name: Text
    before: str | int | float | None = None
    after: str | int | float | None = None


class ExpectationTable(msgspec.Struct, forbid_unknown_fields=True):
    """One entry of `expects`."""

    figure: Text
    direction: Direction | None = None
    at_most: Limit | None = None
    at_least: Limit | None = None
    within: float | tuple[float, float] | None = None
    setting: Text | SettingTable | None = None


class ImplementationTable(msgspec.Struct, forbid_unknown_fields=True):
    """One entry of `implementation`."""

    text: Text
    cite: Text


class HypothesisTable(msgspec.Struct, forbid_unknown_fields=True):
    """`[[hypothesis]]`."""

    id: Id
    finding: Text
    expects: Annotated[list[ExpectationTable], msgspec.Meta(min_length=1)]
    implementation: list[ImplementationTable] = []
    commands: list[Text] = []


class ValidationTable(msgspec.Struct, forbid_unknown_fields=True):
    """`[[validation]]`."""

    text: Text
    command: Text


class BlockerTable(msgspec.Struct, forbid_unknown_fields=True):
    """`[[blocker]]`."""

    text: Text


class CommandTable(msgspec.Struct, forbid_unknown_fields=True):
    """`[[command]]`: a command that the author states."""

    id: Id
    text: Text
    exit_code: Annotated[int, msgspec.Meta(ge=0, le=255)] | None = None
    signal: Annotated[str, msgspec.Meta(pattern=r"^SIG[A-Z0-9+-]{1,12}$")] | None = None
    note: Text | None = None
    blocked: bool = False


class Tables(msgspec.Struct, forbid_unknown_fields=True):
    """The whole file."""

    title: Text
    branch: Text | None = None
    base: Text | None = None
    head: Text | None = None
    mode: Text | None = None
    scope: list[Text] = []
    interpretation: Text | None = None
    commands: Text | None = None
    hypothesis: list[HypothesisTable] = []
    validation: list[ValidationTable] = []
    blocker: list[BlockerTable] = []
    command: list[CommandTable] = []


_TABLES: Mapping[KeyPath, type[msgspec.Struct]] = {
    (): Tables,
    ("hypothesis",): HypothesisTable,
    ("hypothesis", "expects"): ExpectationTable,
    ("hypothesis", "expects", "setting"): SettingTable,
    ("hypothesis", "implementation"): ImplementationTable,
    ("validation",): ValidationTable,
    ("blocker",): BlockerTable,
    ("command",): CommandTable,
}


@dataclass(frozen=True, slots=True)
class SpecificationFile:
    """Tables of a specification, with the name of the file and the lines of its keys."""

    name: str
    tables: Tables
    lines: Mapping[KeyPath, int]

    def line(self, *path: str | int) -> int:
        """Return the line of a key or table."""
        return line_of(self.lines, path)

    def error(self, path: KeyPath, text: str) -> UsageError:
        """Return an error that names the file and the line of a key."""
        return _error(self.name, self.lines, path, text)


def _error(name: str, lines: Mapping[KeyPath, int], path: KeyPath, text: str) -> UsageError:
    return UsageError(f"{name}:{line_of(lines, path)}: {text}")


def parse_file(text: str, name: str) -> SpecificationFile:
    """Return the tables of a TOML text. Raises `UsageError` with the line of what is wrong."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(_syntax_message(text, name, str(error))) from error
    except RecursionError as error:
        raise UsageError(f"{name}: not valid TOML: nested too deeply") from error
    lines = key_lines(text)
    try:
        tables = msgspec.convert(_with_document_keys(content, lines), Tables)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `")
        path = _path(place.removesuffix("`"))
        raise _error(name, lines, *_explained(message, path)) from error
    return SpecificationFile(name, tables, lines)


def _syntax_message(text: str, name: str, message: str) -> str:
    found = re.fullmatch(r"(.*?) \(at (?:line (\d+), column \d+|end of document)\)", message, re.DOTALL)
    if not found:
        return f"{name}: not valid TOML: {message}"
    return f"{name}:{found[2] or len(text.splitlines()) or 1}: not valid TOML: {found[1]}"


def _with_document_keys(content: dict[str, Any], lines: dict[KeyPath, int]) -> dict[str, Any]:
    """Move the document's own keys that stand below a table to the top.

    TOML gives a key to the table above it. A key that this table does not have, but the document, is the document's.
    """
    moved = dict(content)
    for table, known in ((path[0], struct) for path, struct in _TABLES.items() if len(path) == 1):
        entries = content.get(str(table))
        if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
            continue
        for number, entry in enumerate(entries):
            for key in sorted((entry.keys() & _scalar_keys()) - set(known.__struct_fields__) - moved.keys()):
                moved[key] = entry.pop(key)
                lines[(key,)] = line_of(lines, (table, number, key))
    return moved


def _scalar_keys() -> set[str]:
    return set(Tables.__struct_fields__) - {str(path[0]) for path in _TABLES if path}


def _path(place: str) -> KeyPath:
    """Return the path that msgspec writes as `$.hypothesis[0].id`."""
    parts = re.findall(r"\.(\w+)|\[(\d+)\]", place)
    return tuple(int(number) if number else key for key, number in parts)


def _explained(message: str, path: KeyPath) -> tuple[KeyPath, str]:
    """Return the path and the text of a message of msgspec, for a reader who sees the TOML."""
    names: KeyPath = tuple(each for each in path if isinstance(each, str))
    struct = _TABLES.get(names, Tables)
    table = f"[[{names[0]}]]" if len(names) == 1 else ".".join(map(str, names))
    if found := re.fullmatch(r"Object contains unknown field `(.*)`", message, re.DOTALL):
        close = nearest(found[1], struct.__struct_fields__, 1)
        hint = f"; did you mean `{close[0]}`?" if close else f"; it may have {', '.join(struct.__struct_fields__)}"
        return (*path, found[1]), f"{table or 'the file'} has no key `{found[1]}`{hint}"
    if found := re.fullmatch(r"Object missing required field `(.*)`", message):
        return path, f"{table or 'the file'} needs a key `{found[1]}`"
    key = next((each for each in reversed(path) if isinstance(each, str)), "")
    if found := re.fullmatch(r"Invalid enum value '?(.*?)'?", message, re.DOTALL):
        close = nearest(found[1], list(Direction), 1)
        hint = f"; did you mean {close[0]}?" if close else ""
        return path, f"`{key}` is {', '.join(Direction)}, not {found[1]}{hint}"
    if "matching regex" in message:
        return path, f"`{key}`: {_FORMS.get(str(key), message)}"
    return path, f"`{key}`: {_without_type_names(message)}"


_FORMS = {
    "id": "an id is a letter, then at most 31 letters, digits, `_`, `.` or `-`, such as U12",
    "signal": "the name of a signal, such as SIGKILL",
}
"""Form of a key that has one of its own, in words."""
_TYPE_NAMES = {"str": "text in quotes", "array": "a list", "object": "a table", "bool": "true or false",
               "int": "a whole number", "float": "a number", "null": ""}  # fmt: skip


def _without_type_names(message: str) -> str:
    def words(found: re.Match[str]) -> str:
        names = (_TYPE_NAMES.get(each, each) for each in found[1].split(" | "))
        return " or ".join(dict.fromkeys(each for each in names if each))

    return re.sub(r"`([a-z |]+)`", words, message[:1].lower() + message[1:])


def nearest(word: str, words: Collection[str], most: int) -> list[str]:
    """Return at most `most` of the words that are spelt nearly alike, the nearest first."""
    return get_close_matches(word, sorted(words), most, 0.5)
