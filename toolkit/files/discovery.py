"""Find the files of a run under the paths that a user typed: directories, files, zip archives, standard input."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path, PurePath
from typing import IO, BinaryIO, cast

from toolkit.files.detection import (
    EVIDENCE_ROLES,
    HEAD_BYTES,
    detect_role,
    detect_wrapping,
    has_program_phrase,
    log_section,
    may_be_log,
    named_log,
    reject_wide_encoding,
    wrapping_of_section,
)
from toolkit.files.rotation import RotatedPart, rotated_part
from toolkit.files.run_file import RunFile
from toolkit.model.errors import InputError
from toolkit.model.vocabulary import Role
from toolkit.streams.blocks import Opener
from toolkit.streams.spool import STANDARD_INPUT, Spool, is_pipe, reject_irregular, spooled_pipe, spooled_standard_input

SAMPLE = "sample:"
"""Prefix of a path that names a packaged sample run."""

NOT_PART_OF_A_RUN = frozenset({"run.json", "truth.jsonl"})
"""Expected results stored next to recorded examples; they are listed, but never read as evidence."""
_EXPECTED_FOLDER = "upstream"
_ZIP_MEMBER = b"PK\x03\x04"
"""First bytes of a zip archive. `zipfile` does not recognise an archive whose end is missing."""


def discover(paths: Iterable[str]) -> list[RunFile]:
    """Return the files of one run, with their roles, in order of rotation and name.

    Raises `InputError` for a path that does not exist or cannot be read, and where every file has the role `artifact`
    or `provenance`.
    """
    found = [file for path in paths for file in _files_under(path)]
    found = _with_wrappings_of_other_parts(_with_roles_of_other_parts(_with_named_logs(found)))
    if not any(file.role not in (Role.ARTIFACT, Role.PROVENANCE) for file in found):
        raise InputError(", ".join(paths), None, _why_not_a_run(found))
    found.sort(key=lambda file: (rotated_part(file.name), file.name))
    return [replace(file, file_no=number) for number, file in enumerate(found)]


def _with_named_logs(found: list[RunFile]) -> list[RunFile]:
    """Set the role of files that an arrival-times or event file names to `log`, whatever their content."""
    logs = {named_log(line) for file in found if file.role is Role.EVENTS if (line := file.first_line())}
    return [
        replace(file, role=Role.LOG) if file.role is Role.ARTIFACT and rotated_part(file.name).base in logs else file
        for file in found
    ]


def _with_wrappings_of_other_parts(found: list[RunFile]) -> list[RunFile]:
    """Give a part of a rotated log of which no wrapping was recognised the wrappings of the other parts."""
    wrappings = {_whole(file): file.wrapping for file in found if file.role is Role.LOG and file.wrapping}
    return [
        replace(file, wrapping=file.wrapping or wrappings.get(_whole(file), ())) if file.role is Role.LOG else file
        for file in found
    ]


def _whole(file: RunFile) -> RotatedPart:
    """Return the rotated file to which a part belongs, without the part's own number or date."""
    return replace(rotated_part(file.name), kind=0, before_last=0, date="")


def _with_roles_of_other_parts(found: list[RunFile]) -> list[RunFile]:
    """Set the role of an unrecognised part of a rotated file to that of the other parts.

    A part may be too short to be recognised, for example if it only has the rest of one line.
    """
    rotated = list(map(_whole, found))
    roles = {whole: file.role for whole, file in zip(rotated, found, strict=True) if file.role in EVIDENCE_ROLES}
    return [
        replace(file, role=roles.get(whole, file.role)) if file.role is Role.ARTIFACT else file
        for whole, file in zip(rotated, found, strict=True)
    ]


def _why_not_a_run(found: list[RunFile]) -> str:
    if not found:
        return "not a run: there is no file in it; name a directory with run.log or telemetry.jsonl"
    names = ", ".join(file.name for file in found[:5])
    if damaged := ", ".join(file.name for file in found if file.damaged):
        why = "is damaged, cut short or an archive within an archive: fetch it again, or unpack it"
        return f"not a run: nothing is recognised in {names}; {damaged} {why}"
    return f"not a run: no run log, telemetry or market_rx_stats recognised in {names}; name the files a producer wrote"


def _files_under(typed: str) -> Iterator[RunFile]:
    if typed == STANDARD_INPUT:
        yield from _spooled("standard input", spooled_standard_input())
        return
    if not typed:
        raise InputError("''", None, "an empty path names nothing; write . for the working directory")
    path = _sample(typed.removeprefix(SAMPLE)) if typed.startswith(SAMPLE) else Path(typed)
    if path.is_dir():
        yield from _directory(path)
    elif is_pipe(str(path)):
        yield from _pipe(path)
    elif path.exists():
        reject_irregular(path.stat().st_mode, typed)
        yield from _file(path, path.name)
    else:
        raise InputError(typed, None, "no such file or directory; check the path")


def _sample(name: str) -> Path:
    folder = Path(str(files("toolkit") / "samples"))
    names = sorted(entry.name for entry in folder.iterdir() if entry.is_dir())
    if name not in names:
        raise InputError(
            f"{SAMPLE}{name}", None, f"no such sample; there are {' and '.join(SAMPLE + n for n in names)}"
        )
    return folder / name


def _pipe(path: Path) -> Iterator[RunFile]:
    try:
        spool = spooled_pipe(path)
    except OSError as error:
        raise InputError(str(path), None, f"cannot be read: {error.strerror or error}") from error
    # The pipe of a descriptor is named by its number, which could be taken for that of a rotated part.
    yield from _spooled(f"pipe-{path.name}" if path.name.isdecimal() else path.name, spool)


def _spooled(name: str, spool: Spool) -> Iterator[RunFile]:
    with spool.open() as copy:
        is_archive = zipfile.is_zipfile(copy)
    if is_archive:
        # The archive keeps the copy open, which is deleted when it is closed.
        yield from _zip_members(name, spool.open())
    else:
        yield _detected(name, spool.open, None)


def _directory(folder: Path) -> Iterator[RunFile]:
    try:
        entries = sorted(entry for entry in folder.iterdir() if entry.is_file())
    except OSError as error:
        why = f"cannot be read: {error.strerror}; check the folder's permissions, or name another"
        raise InputError(str(folder), None, why) from error
    found = [file for entry in entries for file in _file(entry, entry.name)]
    runs = _run_folders(folder) if not any(file.role in EVIDENCE_ROLES for file in found) else []
    if len(runs) > 1:
        listed = ", ".join(run.name for run in runs[:4])
        raise InputError(str(folder), None, f"holds {len(runs)} runs, not one ({listed}, …); name one of them")
    if runs:
        yield from _directory(runs[0])
    yield from found


def _run_folders(folder: Path) -> list[Path]:
    folders = (entry for entry in sorted(folder.iterdir()) if entry.is_dir() and entry.name != _EXPECTED_FOLDER)
    return [each for each in folders if _contains_evidence(each)]


def _contains_evidence(folder: Path) -> bool:
    try:
        entries = sorted(entry for entry in folder.iterdir() if entry.is_file())
    except PermissionError:
        # It is not what the user named; a run in it can be named.
        return False
    return any(file.role in EVIDENCE_ROLES for entry in entries for file in _file(entry, entry.name))


def _not_read(name: str, opener: Opener) -> RunFile:
    return RunFile(0, name, Role.ARTIFACT, opener)


def _file(path: Path, name: str) -> Iterator[RunFile]:
    # A name that is not UTF-8 can be neither stored nor printed.
    name = name.encode(errors="backslashreplace").decode()
    if path.name in NOT_PART_OF_A_RUN:
        yield _not_read(name, lambda: path.open("rb"))
        return
    try:
        if zipfile.is_zipfile(path):
            yield from _zip_members(str(path), path)
            return
        yield _detected(name, lambda: path.open("rb"), path)
    except OSError as error:
        raise InputError(str(path), None, f"cannot be read: {error.strerror or error}") from error


def _zip_members(name: str, file: Path | IO[bytes]) -> Iterator[RunFile]:
    try:
        archive = zipfile.ZipFile(file)
    except zipfile.BadZipFile as error:
        raise InputError(name, None, f"damaged zip: {error}; fetch it again") from error
    for member in archive.infolist():
        path, opener = PurePath(member.filename), _member_opener(name, archive, member)
        if path.name in NOT_PART_OF_A_RUN:
            yield _not_read(member.filename, opener)
        elif not member.is_dir() and _EXPECTED_FOLDER not in path.parts[:-1]:
            yield _detected(member.filename, opener, None)


def _member_opener(name: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Opener:
    def opener() -> BinaryIO:
        try:
            return cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, archive.open(member))))
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
            raise InputError(f"{name}/{member.filename}", None, f"cannot be unpacked: {error}") from error

    return opener


def _detected(name: str, opener: Opener, path: Path | None) -> RunFile:
    """Return the file with the role that its content shows. Raises `InputError` for evidence in a wide encoding."""
    file = RunFile(0, name, Role.ARTIFACT, opener, path)
    with file.open() as stream:
        head = stream.read(HEAD_BYTES)
        compressed, is_archive = stream.compressed, head.startswith(_ZIP_MEMBER)
        reject_wide_encoding(head, name, compressed)
        # An archive within an archive may store a log uncompressed, and would then be taken for that log.
        role = Role.ARTIFACT if is_archive else detect_role(head, PurePath(name).name)
        role, wrapping = (role, ()) if is_archive else detect_wrapping(head, role)
        may_follow = role in (Role.ARTIFACT, Role.LOG) and may_be_log(head) and not has_program_phrase(head)
        if may_follow and (section := log_section(head, stream)):
            role, wrapping = Role.LOG, wrapping_of_section(section, wrapping)
        damaged = stream.damage is not None or is_archive
    return replace(file, role=role, path=None if compressed else path, damaged=damaged, wrapping=wrapping)
