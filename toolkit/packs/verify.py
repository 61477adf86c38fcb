"""Verify a pack: its form, its digests, and every figure and document, computed again from its input files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from toolkit.db.scratch import scratch_folder
from toolkit.model.errors import InputError
from toolkit.packs import index as pack_index
from toolkit.packs.documents import Progress
from toolkit.packs.formats.archive import is_canonical, unpack
from toolkit.packs.pack import PACKAGE
from toolkit.packs.verification.integrity import Listing, check_format, check_manifests, listing
from toolkit.packs.verification.problems import Checked, Kind, Problem, Verification
from toolkit.packs.verification.recomputation import check_index, recompute


def verify(path: Path, progress: Progress = lambda _: None) -> Verification:
    """Verify the pack at `path`, a directory or a `.zip`. Nothing outside of it is read, and nothing in it is written.

    Raises `InputError` for what is no pack or cannot be read, and for a pack of a newer format.
    """
    with opened(path) as (root, problems):
        found = listing(root)
        if not problems:
            check_format(root, found.files, path.name)
            problems = check_digests(root, found) or archive_problems(path, root, found)
        if problems:
            return Verification(tuple(problems), Checked(), None, version(PACKAGE))
        return _computed_again(root, found, progress)


def check_digests(root: Path, found: Listing) -> list[Problem]:
    """Return the problems of the files of a pack with its manifests and its index; nothing is computed again."""
    problems = check_manifests(root, found)
    if problems:
        return problems
    return check_index(root, pack_index.decode((root / pack_index.PATH).read_bytes()), found.files)


def archive_problems(path: Path, root: Path, found: Listing) -> list[Problem]:
    """Return the problem of an archive at `path` that has other bytes than its files below `root` give."""
    if path.is_dir() or is_canonical(path, root, found.files, root.with_name("again.zip")):
        return []
    return [Problem(Kind.CHANGED, "the archive", "has bytes around its files that `toolkit pack` does not write")]


def _computed_again(root: Path, found: Listing, progress: Progress) -> Verification:
    index = pack_index.decode((root / pack_index.PATH).read_bytes())
    result = recompute(root, index, found.files, progress)
    made = result.documents
    checked = Checked(
        files=len(found.files),
        bytes=sum((root / each).stat().st_size for each in found.files),
        runs=len(index.runs),
        lines=sum(file.lines for run in index.runs for file in run.files),
        masked=sum(file.masked for run in index.runs for file in run.files),
        figures=made.figures if made else None,
        documents=len(made.files) if made else None,
        citations=len(index.repository.citations) if index.repository else None,
    )
    return Verification(result.problems, checked, index.toolkit, version(PACKAGE))


@contextmanager
def opened(path: Path) -> Iterator[tuple[Path, list[Problem]]]:
    """Yield the directory of a pack and the problems of its archive; an archive is unpacked into a private one."""
    if path.is_dir():
        yield path, []
        return
    if not path.is_file():
        raise InputError(str(path), None, "no such file or directory; name a pack")
    with scratch_folder() as folder:
        root = folder / "pack"
        root.mkdir()
        yield root, unpack(path, root)
