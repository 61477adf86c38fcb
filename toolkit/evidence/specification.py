"""Read `evidence.toml`: what people state about a change, with every mistake named by its line."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from toolkit.analysis.metrics import catalogue, matches
from toolkit.evidence.commands import command_index, is_blocked
from toolkit.evidence.toml.lines import KeyPath
from toolkit.evidence.toml.tables import (
    CITE,
    CommandTable,
    ExpectationTable,
    HypothesisTable,
    SettingTable,
    SpecificationFile,
    nearest,
    parse_file,
)
from toolkit.model.errors import UsageError
from toolkit.model.evidence import (
    Citation,
    CommandRow,
    Direction,
    Expectation,
    Hypothesis,
    Specification,
    Validation,
)
from toolkit.model.vocabulary import ReconnectReason, Role
from toolkit.streams.small_files import read_small_file

_MAX_BYTES = 200_000
"""Greatest size of a specification, and of the interpretation beside it."""


def read_specification(path: Path) -> Specification:
    """Return the specification in a file, with the files that it names: the interpretation and the command index.

    Raises `UsageError`, naming file, line and the nearest right word, for a file that cannot be read, invalid TOML, an
    unknown or missing key, a value of the wrong type, and an id that is given twice.
    """
    name = path.name
    content = parse_file(_text(path, str(path)), name)
    tables = content.tables
    hypotheses = [_hypothesis(content, number, table) for number, table in enumerate(tables.hypothesis)]
    _reject_repeated(content, "hypothesis", [each.id for each in hypotheses])
    stated = [_stated_command(content, number, table) for number, table in enumerate(tables.command)]
    _reject_repeated(content, "command", [each.id for each in stated])
    index = _named_file(content, path, "commands", tables.commands)
    recorded = command_index(read_small_file(index), index.name) if index else ()
    if twice := {each.id for each in recorded} & {each.id for each in stated}:
        number = next(number for number, each in enumerate(stated) if each.id in twice)
        raise content.error(
            ("command", number, "id"), f"{tables.commands} has a command {min(twice)} too; choose another id"
        )
    interpretation = _named_file(content, path, "interpretation", tables.interpretation)
    return Specification(
        file=name,
        title=tables.title,
        branch=tables.branch,
        base=tables.base,
        head=tables.head,
        mode=tables.mode,
        scope=tuple(tables.scope),
        hypotheses=tuple(hypotheses),
        validations=tuple(
            Validation(each.text, each.command, content.line("validation", number))
            for number, each in enumerate(tables.validation)
        ),
        blockers=tuple(each.text for each in tables.blocker),
        interpretation=_text(interpretation, interpretation.name) if interpretation else None,
        commands=(*stated, *recorded),
    )


def specification_files(path: Path) -> tuple[tuple[Path, Role], ...]:
    """Return the specification and the files that it names, as absolute paths, each with its role.

    Raises `UsageError` where `read_specification` does.
    """
    content = parse_file(_text(path, str(path)), path.name)
    named = (("interpretation", content.tables.interpretation), ("commands", content.tables.commands))
    roles = {"interpretation": Role.ARTIFACT, "commands": Role.COMMANDS}
    found = [(file, roles[key]) for key, name in named if (file := _named_file(content, path, key, name))]
    return ((path.resolve(), Role.ARTIFACT), *found)


def check_names(specification: Specification, figures: Collection[str], command_ids: Collection[str]) -> None:
    """Raise `UsageError` for a figure or a command id that a specification names and that does not exist.

    `figures` are the full names of the figures of both runs. A figure of the catalogue is known too, since a blocked
    run has none: with a venue of the runs, unless they have no venue, and with a reason of the taxonomy.
    """
    venues = {scope for scope in (each.partition(".")[0] for each in figures) if scope != "run"}
    for hypothesis in specification.hypotheses:
        for each in hypothesis.expects:
            if each.figure not in figures and not _is_in_catalogue(each.figure, venues):
                place = f"{specification.file}:{each.line}: hypothesis {hypothesis.id}"
                hint = _nearest_names(each.figure, figures or [spec.name for spec in catalogue()])
                raise UsageError(f"{place}: there is no figure {each.figure}{hint}; `toolkit figures` lists all")
    for line, place, id in _used_commands(specification):
        if id not in command_ids:
            known = _nearest_names(id, command_ids) if command_ids else "; no command is recorded or stated"
            raise UsageError(f"{specification.file}:{line}: {place}: there is no command {id}{known}")


def _is_in_catalogue(figure: str, venues: Collection[str]) -> bool:
    scope, _, metric = figure.partition(".")
    spec = next((spec for spec in catalogue() if metric and matches(spec.name, figure)), None)
    if spec is None or (scope != "run" and venues and scope not in venues):
        return False
    placeholder = spec.name.rpartition(".")[2]
    return placeholder != "<reason>" or figure.rpartition(".")[2] in set(ReconnectReason)


def _nearest_names(name: str, names: Collection[str]) -> str:
    found = nearest(name, names, 3)
    return f"; nearest: {', '.join(found)}" if found else f"; there are {', '.join(sorted(names)[:5])}, …"


def _used_commands(specification: Specification) -> Iterator[tuple[int | None, str, str]]:
    """Yield line, place and id of each use of a command."""
    for hypothesis in specification.hypotheses:
        for id, line in zip(hypothesis.commands, hypothesis.command_lines, strict=True):
            yield line, f"hypothesis {hypothesis.id}", id
    for validation in specification.validations:
        yield validation.line, f"validation {validation.text}", validation.command


def _hypothesis(content: SpecificationFile, number: int, table: HypothesisTable) -> Hypothesis:
    path: KeyPath = ("hypothesis", number)
    expects = tuple(
        _expectation(content, (*path, "expects", position), each) for position, each in enumerate(table.expects)
    )
    citations = tuple(
        citation
        for position, each in enumerate(table.implementation)
        for citation in _citations(content, (*path, "implementation", position), each.text, each.cite)
    )
    command_lines = tuple(content.line(*path, "commands", position) for position in range(len(table.commands)))
    commands = tuple(table.commands)
    return Hypothesis(table.id, table.finding, expects, citations, commands, content.line(*path), command_lines)


def _expectation(content: SpecificationFile, path: KeyPath, table: ExpectationTable) -> Expectation:
    has_limit = table.at_most is not None or table.at_least is not None
    if has_limit is (table.direction is not None):
        raise content.error(
            path, f"{table.figure}: give either `direction` ({', '.join(Direction)}) or a limit (`at_most`, `at_least`)"
        )
    if table.direction is not Direction.UNCHANGED and (table.within is not None or table.setting is not None):
        key = "setting" if table.within is None else "within"
        raise content.error(path, f'{table.figure}: `{key}` goes with direction = "unchanged" only')
    if table.at_most is not None and table.at_least is not None and table.at_least > table.at_most:
        raise content.error(path, f"{table.figure}: no value is at least {table.at_least} and at most {table.at_most}")
    setting = SettingTable(table.setting) if isinstance(table.setting, str) else table.setting
    return Expectation(
        table.figure,
        table.direction,
        table.at_most,
        table.at_least,
        _within(content, path, table.within),
        setting.name if setting else None,
        content.line(*path),
        *(None if value is None else str(value) for value in ((setting.before, setting.after) if setting else ())),
    )


def _within(
    content: SpecificationFile, path: KeyPath, within: float | tuple[float, float] | None
) -> tuple[float, float] | None:
    if within is None:
        return None
    low, high = within if isinstance(within, tuple) else (1 - within, 1 + within)
    if not 0 < low <= 1 <= high < float("inf") or low == high:
        raise content.error(
            (*path, "within"),
            "`within` is a share such as 0.1, or the limits of after over before, around 1, such as [0.9, 1.1]",
        )
    return float(low), float(high)


def _citations(content: SpecificationFile, path: KeyPath, text: str, cite: str) -> Iterator[Citation]:
    found = CITE.fullmatch(cite)
    ranges = [each.split("-") for each in found["ranges"].replace(" ", "").split(",")] if found else []
    for ends in ranges:
        first, last = int(ends[0]), int(ends[-1])
        if not 1 <= first <= last:
            raise content.error((*path, "cite"), f"{cite}: a range of lines is first-last, counted from 1")
        assert found is not None
        yield Citation(text, found["path"], first, last)
    if not found:
        raise content.error(
            (*path, "cite"), f'{cite}: write "path:first-last", for several ranges "path:15-62,706-754"'
        )


def _stated_command(content: SpecificationFile, number: int, table: CommandTable) -> CommandRow:
    if table.exit_code is not None and table.signal is not None:
        raise content.error(("command", number), f"{table.id}: give `exit_code` or `signal`, not both")
    blocked = table.blocked or is_blocked(table.exit_code, table.signal)
    return CommandRow(
        table.id, table.text, exit_code=table.exit_code, signal=table.signal, note=table.note, blocked=blocked
    )


def _reject_repeated(content: SpecificationFile, table: str, ids: Sequence[str]) -> None:
    counts = Counter[str]()
    for number, id in enumerate(ids):
        counts[id] += 1
        if counts[id] > 1:
            first = content.line(table, ids.index(id))
            raise content.error(
                (table, number, "id"), f"[[{table}]] {id} is in line {first} already; choose another id"
            )


def _named_file(content: SpecificationFile, path: Path, key: str, named: str | None) -> Path | None:
    """Return the file that a key names, relative to the specification; None if the key is missing."""
    if named is None:
        return None
    folder = path.parent.resolve()
    file = (folder / named).resolve()
    if not file.is_relative_to(folder):
        raise content.error((key,), f"`{key}` must be a file beside {path.name} or below its folder: {named}")
    if not file.is_file():
        raise content.error((key,), f"`{key}`: no such file {named} beside {path.name}")
    return file


def _text(path: Path, name: str) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
        if len(content) > _MAX_BYTES:
            raise UsageError(f"{name}: larger than {_MAX_BYTES:_} bytes; is it the right file?")
        return io.TextIOWrapper(io.BytesIO(content), "utf-8-sig").read()
    except FileNotFoundError as error:
        raise UsageError(
            f"{name}: no such file; `toolkit report --init {name} BEFORE AFTER` writes one to fill in"
        ) from error
    except OSError as error:
        raise UsageError(f"{name}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{name}: is not UTF-8 text") from error
