"""What a run is made of: its files, found under the paths a user typed."""

from __future__ import annotations

import hashlib
import io
import shutil
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path, PurePath
from typing import IO, BinaryIO, cast

from toolkit.files.detection import EVIDENCE, HEAD_BYTES, holds_log_line, log_named, may_be_log, recognise, refuse_wide
from toolkit.files.rotation import RotatedPart, rotated_part
from toolkit.model.errors import InputError
from toolkit.model.vocabulary import Role
from toolkit.streams.blocks import DecompressedStream, Opener, blocks

_PEEK_BYTES = 64 << 10
SAMPLE = "sample:"
"""A path that begins so names one of the packaged sample runs."""

NOT_PART_OF_A_RUN = frozenset({"run.json", "truth.jsonl"})
"""Answers that lie beside recorded examples, never read as evidence."""
_ANSWERS_FOLDER = "upstream"
_ZIP_MEMBER = b"PK\x03\x04"
"""How an archive begins; one whose end is missing is no archive to its reader."""


@dataclass(frozen=True, slots=True)
class RunFile:
    """One file of a run.

    `name` is how the user may refer to it; `path` is where it lies, if it lies plain on disk. `damaged`: what its
    beginning is packed in is cut short or broken.
    """

    file_no: int
    name: str
    role: Role
    opener: Opener
    path: Path | None = None
    damaged: bool = False

    def open(self) -> DecompressedStream:
        """Open the decompressed bytes. Raises `InputError` when the file cannot be read."""
        try:
            return DecompressedStream(self.opener())
        except OSError as error:
            raise InputError(self.name, None, f"cannot be read: {error.strerror or error}") from error

    def first_line(self) -> bytes | None:
        """The first line without its newline; None in an empty file, or where it is too long to be read."""
        with self.open() as stream:
            block = next(blocks(stream, _PEEK_BYTES), None)
        return None if block is None or block.skipped else block.data.split(b"\n", 1)[0]


def discover(paths: Iterable[str]) -> list[RunFile]:
    """Find and recognise the files of one run.

    Raises `InputError` for a path that does not exist or cannot be read, and where nothing is recognised.
    """
    found = _like_their_parts(_as_they_are_named([source for path in paths for source in _under(path)]))
    if not any(source.role not in (Role.ARTIFACT, Role.PROVENANCE) for source in found):
        raise InputError(", ".join(paths), None, _why_not_a_run(found))
    found.sort(key=lambda source: (rotated_part(source.name), source.name))
    return [replace(source, file_no=number) for number, source in enumerate(found)]


def _as_they_are_named(found: list[RunFile]) -> list[RunFile]:
    """What a file of arrival times names is a log, whatever the program wrote into it."""
    logs = {log_named(line) for source in found if source.role is Role.EVENTS if (line := source.first_line())}
    return [
        replace(each, role=Role.LOG) if each.role is Role.ARTIFACT and rotated_part(each.name).base in logs else each
        for each in found
    ]


def _like_their_parts(found: list[RunFile]) -> list[RunFile]:
    """A part of a rotated file that holds too little to be recognised, as the rest of one line, is what others are."""
    whose = [replace(rotated_part(source.name), kind=0, before_last=0, date="") for source in found]
    roles = {whole: source.role for whole, source in zip(whose, found, strict=True) if source.role in EVIDENCE}
    return [
        replace(source, role=roles.get(whole, source.role)) if source.role is Role.ARTIFACT else source
        for whole, source in zip(whose, found, strict=True)
    ]


def continues(source: RunFile, before: RunFile | None) -> bool:
    """Whether the source is a part of a rotated file that was written after `before`, another part of it."""
    if before is None or source.role is not before.role:
        return False
    return rotated_part(source.name).continues(rotated_part(before.name))


def adjoins(source: RunFile, before: RunFile | None) -> bool:
    """Whether the source continues `before` and its first byte was written right after the last one of `before`."""
    if before is None or not continues(source, before):
        return False
    return rotated_part(source.name).adjoins(rotated_part(before.name))


def distinct(sources: Sequence[RunFile]) -> list[RunFile]:
    """The sources without those that repeat, byte for byte, another one of the same role; empty ones repeat nothing.

    Raises `InputError` where two that differ have one place among the parts of a file, as `run.log` and `run.log.gz`.
    """
    roles = Counter(source.role for source in sources)
    seen: set[tuple[Role, str]] = set()
    kept, places = [], dict[tuple[Role, RotatedPart], RunFile]()
    for source in sources:
        if roles[source.role] > 1 and source.role in EVIDENCE:
            key = (source.role, _digest(source))
            if key in seen and key[1] != _DIGEST_OF_NOTHING:
                continue
            seen.add(key)
            if key[1] != _DIGEST_OF_NOTHING:
                _one_place(source, places.setdefault((source.role, rotated_part(source.name)), source))
        kept.append(source)
    return [replace(source, file_no=number) for number, source in enumerate(kept)]


def _one_place(source: RunFile, other: RunFile) -> None:
    """Two of one name may come from two folders; of one name in two packings one is older, and nothing says which."""
    if source.name == other.name:
        return
    part = rotated_part(source.name)
    rename = "" if part.date else f", or name the older one {part.base}.{1 - part.before_last} to have it read before"
    raise InputError(
        f"{other.name} and {source.name}",
        None,
        "hold different content, and their names do not tell which was written first; leave out the one that is a copy"
        + rename,
    )


_DIGEST_OF_NOTHING = hashlib.sha256().hexdigest()


def _digest(source: RunFile) -> str:
    with source.open() as stream:
        while stream.read(1 << 20):
            pass
        return stream.sha256


def _why_not_a_run(found: list[RunFile]) -> str:
    if not found:
        return "not a run: there is no file in it; name a directory with run.log or telemetry.jsonl"
    names = ", ".join(source.name for source in found[:5])
    if damaged := ", ".join(source.name for source in found if source.damaged):
        why = "is damaged, cut short or an archive within an archive: fetch it again, or unpack it"
        return f"not a run: nothing is recognised in {names}; {damaged} {why}"
    return f"not a run: no run log, telemetry or market_rx_stats recognised in {names}; name the files a producer wrote"


def _under(path: str) -> Iterator[RunFile]:
    if path == "-":
        yield from _standard_input()
        return
    if not path:
        raise InputError("''", None, "an empty path names nothing; write . for the working directory")
    place = _sample(path.removeprefix(SAMPLE)) if path.startswith(SAMPLE) else Path(path)
    if place.is_dir():
        yield from _directory(place)
    elif place.exists():
        yield from _file(place, place.name)
    else:
        raise InputError(path, None, "no such file or directory; check the path")


def _sample(name: str) -> Path:
    folder = Path(str(files("toolkit") / "samples"))
    names = sorted(entry.name for entry in folder.iterdir() if entry.is_dir())
    if name not in names:
        raise InputError(
            f"{SAMPLE}{name}", None, f"no such sample; there are {' and '.join(SAMPLE + n for n in names)}"
        )
    return folder / name


def _standard_input() -> Iterator[RunFile]:
    if sys.stdin is None:
        raise InputError("standard input", None, "is closed; name a file, or pipe one in")
    spool = tempfile.NamedTemporaryFile(prefix="toolkit-stdin-")  # noqa: SIM115  lives as long as the source
    shutil.copyfileobj(sys.stdin.buffer, spool)
    spool.flush()

    def opener() -> BinaryIO:
        return open(spool.name, "rb")  # noqa: PTH123

    if zipfile.is_zipfile(spool.name):
        # The archive holds the spool open.
        yield from _zip_members("standard input", cast(IO[bytes], spool))
    else:
        yield _recognised("standard input", opener, None)


def _directory(place: Path) -> Iterator[RunFile]:
    try:
        entries = sorted(entry for entry in place.iterdir() if entry.is_file())
    except OSError as error:
        raise InputError(str(place), None, f"cannot be read: {error.strerror}") from error
    sources = [source for entry in entries for source in _file(entry, entry.name) if _is_part(source.name)]
    runs = _runs_within(place) if not any(source.role in EVIDENCE for source in sources) else []
    if len(runs) > 1:
        listed = ", ".join(run.name for run in runs[:4])
        raise InputError(str(place), None, f"holds {len(runs)} runs, not one ({listed}, …); name one of them")
    if runs:
        yield from _directory(runs[0])
    yield from sources


def _runs_within(place: Path) -> list[Path]:
    folders = (entry for entry in sorted(place.iterdir()) if entry.is_dir() and entry.name != _ANSWERS_FOLDER)
    return [folder for folder in folders if _holds_evidence(folder)]


def _holds_evidence(folder: Path) -> bool:
    entries = (entry for entry in sorted(folder.iterdir()) if entry.is_file() and _is_part(entry.name))
    return any(source.role in EVIDENCE for entry in entries for source in _file(entry, entry.name))


def _is_part(name: str) -> bool:
    pure = PurePath(name)
    return pure.name not in NOT_PART_OF_A_RUN and _ANSWERS_FOLDER not in pure.parts[:-1]


def _file(place: Path, name: str) -> Iterator[RunFile]:
    try:
        if zipfile.is_zipfile(place):
            yield from _zip_members(str(place), place)
            return
        yield _recognised(name, lambda: place.open("rb"), place)
    except OSError as error:
        raise InputError(str(place), None, f"cannot be read: {error.strerror or error}") from error


def _zip_members(name: str, file: Path | IO[bytes]) -> Iterator[RunFile]:
    try:
        archive = zipfile.ZipFile(file)
    except zipfile.BadZipFile as error:
        raise InputError(name, None, f"damaged zip: {error}; fetch it again") from error
    for member in archive.infolist():
        if not member.is_dir() and _is_part(member.filename):
            yield _recognised(member.filename, _member_opener(name, archive, member), None)


def _member_opener(name: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Opener:
    def opener() -> BinaryIO:
        try:
            return cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, archive.open(member))))
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
            raise InputError(f"{name}/{member.filename}", None, f"cannot be unpacked: {error}") from error

    return opener


def _recognised(name: str, opener: Opener, path: Path | None) -> RunFile:
    source = RunFile(0, name, Role.ARTIFACT, opener, path)
    with source.open() as stream:
        head = stream.read(HEAD_BYTES)
        packed, archive = stream.compressed, head.startswith(_ZIP_MEMBER)
        refuse_wide(head, name, packed)
        # An archive within an archive may hold a run as it is; it is not one.
        role = Role.ARTIFACT if archive else recognise(head, PurePath(name).name)
        if role is Role.ARTIFACT and may_be_log(head) and holds_log_line(head, stream):
            role = Role.LOG
        damaged = stream.damage is not None or archive
    return replace(source, role=role, path=None if packed else path, damaged=damaged)
