"""The one form of a pack as a `.zip`: members stored without compression, sorted, without times.

No program compresses in exactly the same way as another, so that only stored members give the same bytes everywhere.
"""

from __future__ import annotations

import errno
import shutil
import stat
import struct
import zipfile
from collections.abc import Iterable
from pathlib import Path

from toolkit.model.errors import InputError
from toolkit.packs.index import is_portable
from toolkit.packs.verification.problems import Kind, Problem

_EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The earliest time that the format can hold."""
_DAMAGE = (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError, struct.error)
_PIECE_BYTES = 1 << 20


def write_archive(root: Path, paths: Iterable[str], target: Path) -> None:
    """Write the files below `root` as an archive. The same files give the same bytes."""
    with zipfile.ZipFile(target, "x", zipfile.ZIP_STORED) as archive:
        for path in sorted(paths):
            member = zipfile.ZipInfo(path, _EARLIEST)
            member.create_system, member.external_attr = 3, (stat.S_IFREG | 0o644) << 16
            member.file_size = (root / path).stat().st_size
            with (root / path).open("rb") as source, archive.open(member, "w") as out:
                shutil.copyfileobj(source, out, _PIECE_BYTES)


def unpack(path: Path, root: Path) -> list[Problem]:
    """Write the members of an archive below `root`, unless there is a problem with any; return the problems.

    Nothing is written outside of `root`, and no more than the size of the archive. Raises `InputError` for a file that
    is no archive, or not one that `write_archive` wrote.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _reject_other_archives(path, members)
            problems = _problems(members)
            return problems or _write_members(archive, members, root)
    except (*_DAMAGE, OSError) as error:
        # A damaged offset gives a place in the file that the system does not accept.
        if isinstance(error, OSError) and error.errno != errno.EINVAL:
            raise
        raise InputError(path.name, None, f"is no archive that can be read: {error}; fetch it again") from error


def is_canonical(path: Path, root: Path, paths: Iterable[str], beside: Path) -> bool:
    """Return whether an archive has no byte that `write_archive` would not write for its members below `root`."""
    write_archive(root, paths, beside)
    with path.open("rb") as one, beside.open("rb") as other:
        while piece := one.read(_PIECE_BYTES):
            if piece != other.read(_PIECE_BYTES):
                return False
        return not other.read(1)


def _reject_other_archives(path: Path, members: list[zipfile.ZipInfo]) -> None:
    size = path.stat().st_size
    stored = [each for each in members if each.compress_type == zipfile.ZIP_STORED and not each.flag_bits & 1]
    sizes = [each.file_size for each in members if each.file_size == each.compress_size]
    if not len(stored) == len(sizes) == len(members) or sum(sizes) > size:
        why = "is not as `toolkit pack` writes archives: members are compressed; unpack it, and verify the folder"
        raise InputError(path.name, None, why)


def _problems(members: list[zipfile.ZipInfo]) -> list[Problem]:
    found, seen = list[Problem](), set[str]()
    for each in members:
        name, mode = each.orig_filename, each.external_attr >> 16
        if name in seen:
            found.append(Problem(Kind.DUPLICATE, name, "the archive has more than one member of this name"))
        elif stat.S_ISLNK(mode):
            found.append(Problem(Kind.LINKED, name, "the member is a symbolic link"))
        elif name.startswith("/") or "\\" in name or ".." in name.split("/"):
            found.append(Problem(Kind.OUTSIDE, name, "the path leads out of the pack"))
        elif not is_portable(name):
            found.append(Problem(Kind.ADDED, name, "no pack has a member of such a name"))
        seen.add(name)
    return found


def _write_members(archive: zipfile.ZipFile, members: Iterable[zipfile.ZipInfo], root: Path) -> list[Problem]:
    folded = dict[str, str]()
    for member in members:
        if (other := folded.setdefault(member.filename.casefold(), member.filename)) != member.filename:
            return [Problem(Kind.CASE, member.filename, f"differs from {other} in upper and lower case only")]
        target = root / member.filename
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(member) as source, target.open("xb") as out:
                shutil.copyfileobj(source, out, _PIECE_BYTES)
        except (FileExistsError, NotADirectoryError):
            return [Problem(Kind.DUPLICATE, member.filename, "is a file and a folder")]
        except (zipfile.BadZipFile, EOFError) as error:
            return [Problem(Kind.CHANGED, member.filename, f"the member is damaged: {error}")]
    return []
