"""Check the files of a pack against its manifests: none is missing, added, renamed, linked or changed."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from toolkit.model.errors import InputError
from toolkit.packs import index as pack_index
from toolkit.packs.formats.bag import DECLARATION, MANIFEST, TAG_MANIFEST, digests_of, parse_manifest
from toolkit.packs.index import is_portable
from toolkit.packs.verification.problems import Kind, Problem

_PAYLOAD = "data/"


@dataclass(frozen=True, slots=True)
class Listing:
    """Regular files of a pack, its folders, and the problems of everything else in it."""

    files: frozenset[str]
    folders: frozenset[str]
    problems: tuple[Problem, ...]


def listing(root: Path) -> Listing:
    """List what is below `root` without following a link. Raises `InputError` for a folder that cannot be read."""
    files, folders, problems = set[str](), set[str](), list[Problem]()

    def unreadable(error: OSError) -> None:
        raise InputError(str(error.filename), None, f"cannot be read: {error.strerror}; allow it") from error

    for folder, names, others in os.walk(root, onerror=unreadable):
        for name in (*names, *others):
            entry = Path(folder) / name
            path = entry.relative_to(root).as_posix()
            status = entry.lstat()
            if stat.S_ISDIR(status.st_mode):
                folders.add(path)
            elif problem := _problem_of_entry(path, status):
                problems.append(problem)
            else:
                files.add(path)
    return Listing(frozenset(files), frozenset(folders), tuple(problems))


def _problem_of_entry(path: str, status: os.stat_result) -> Problem | None:
    if stat.S_ISLNK(status.st_mode):
        return Problem(Kind.LINKED, path, "is a symbolic link; a pack holds its files themselves")
    if not stat.S_ISREG(status.st_mode):
        return Problem(Kind.ADDED, path, "is neither a file nor a folder")
    if status.st_nlink > 1:
        return Problem(Kind.LINKED, path, "has another name outside or inside of the pack (a hard link); copy the pack")
    return None


def check_format(root: Path, files: Iterable[str], name: str) -> None:
    """Raise `InputError` for a directory that is no pack, and for a pack of a newer format."""
    if not {DECLARATION, MANIFEST, pack_index.PATH} & set(files):
        raise InputError(name, None, "is not a pack: it has no bagit.txt and no data/pack.json; name a pack")
    if pack_index.PATH not in files:
        return
    content = (root / pack_index.PATH).read_bytes()
    is_listed = MANIFEST in files and hashlib.sha256(content).hexdigest().encode() in (root / MANIFEST).read_bytes()
    if is_listed and (pack_index.format_version(content) or 0) > pack_index.VERSION:
        pack_index.decode(content)


def check_manifests(root: Path, found: Listing) -> list[Problem]:
    """Return the problems of the files below `root` with both manifests; no file that a problem names is opened."""
    problems = list(found.problems)
    listed = dict[str, str]()
    for name, is_own in ((TAG_MANIFEST, _is_tag), (MANIFEST, _is_payload)):
        digests = parse_manifest((root / name).read_bytes()) if name in found.files else {}
        if digests is None:
            problems.append(Problem(Kind.CHANGED, name, "is not a sorted list of digests and paths"))
            continue
        problems += [
            Problem(Kind.OUTSIDE, path, f"{name} names a path that leads elsewhere")
            for path in digests
            if not is_own(path)
        ]
        listed |= {path: digest for path, digest in digests.items() if is_own(path)}
    bad = {each.path for each in problems}
    expected = {TAG_MANIFEST: None, DECLARATION: None, MANIFEST: None, pack_index.PATH: None} | listed
    actual = {path: sha256 for path, (_, sha256) in digests_of(root, sorted(found.files)).items()}
    problems += _absent_and_added(expected, actual, found.folders, bad)
    problems += _same_but_for_case({*expected, *found.files})
    for path in sorted(expected.keys() & actual.keys()):
        if expected[path] not in (None, actual[path]):
            problems.append(Problem(Kind.CHANGED, path, "has another content than the manifest states"))
    return problems


def _is_payload(path: str) -> bool:
    return is_portable(path) and path.startswith(_PAYLOAD)


def _is_tag(path: str) -> bool:
    return is_portable(path) and "/" not in path and path != TAG_MANIFEST


def _absent_and_added(
    expected: Mapping[str, str | None], actual: Mapping[str, str], folders: frozenset[str], bad: set[str]
) -> Iterator[Problem]:
    absent = [path for path in expected if path not in actual and path not in bad]
    added = [path for path in actual if path not in expected]
    for path in absent:
        new = next((each for each in added if actual[each] == expected[path]), None)
        if new is None:
            yield Problem(Kind.MISSING, path, "is not in the pack")
        else:
            added.remove(new)
            yield Problem(Kind.RENAMED, path, f"is now {new}")
    known = {str(parent) for path in (*expected, *actual) for parent in PurePosixPath(path).parents}
    for path in (*added, *sorted(folders - known)):
        yield Problem(Kind.ADDED, path, "is in no manifest")


def _same_but_for_case(paths: Iterable[str]) -> Iterator[Problem]:
    folded = dict[str, str]()
    for path in sorted(paths):
        if (other := folded.setdefault(path.casefold(), path)) != path:
            yield Problem(Kind.CASE, path, f"differs from {other} in upper and lower case only")
