"""Compute the figures and documents of a pack again from its input files, and name what differs."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from toolkit.model.errors import ToolkitError
from toolkit.packs.contents import computed_files
from toolkit.packs.documents import Documents, Progress, analyze_runs, documents
from toolkit.packs.formats.bag import TAG_MANIFEST, digests_of
from toolkit.packs.index import (
    GATE_FOLDER,
    PATH,
    RUN_FOLDER,
    SPECIFICATION_FOLDER,
    PackedFile,
    PackIndex,
    encode,
    is_portable,
)
from toolkit.packs.verification.differences import first_difference
from toolkit.packs.verification.problems import Kind, Problem
from toolkit.streams.blocks import DecompressedStream, blocks


@dataclass(frozen=True, slots=True)
class Recomputed:
    """Problems of a recomputation, and what was computed; None where it failed."""

    problems: tuple[Problem, ...]
    documents: Documents | None = None


def check_index(root: Path, index: PackIndex, files: frozenset[str]) -> list[Problem]:
    """Return what does not hold of the index of a pack below `root` whose `files` are those of its manifests."""
    problems = list(_places(index, files))
    if problems:
        return problems
    digests = digests_of(root, [file.path for file in index.inputs])
    for file in index.inputs:
        if digests[file.path] != (file.bytes, file.sha256):
            problems.append(Problem(Kind.CHANGED, file.path, f"has another size or digest than {PATH} states"))
        elif zipfile.is_zipfile(root / file.path):
            problems.append(Problem(Kind.ADDED, file.path, "is an archive; the files of a packed run are none"))
        else:
            problems += _content(root, file)
    return problems


def _places(index: PackIndex, files: frozenset[str]) -> Iterator[Problem]:
    paths = {file.path for file in index.files}
    if index.gate not in paths or (index.specification is not None and index.specification not in paths):
        yield Problem(Kind.CHANGED, PATH, "names a gate or a specification that it does not list")
    sides = sorted({run.side for run in index.runs})
    if sides not in (["after", "before"], ["run"]) or len({run.name for run in index.runs}) != len(index.runs):
        yield Problem(Kind.CHANGED, PATH, "does not name one run, or a run of each side")
    for run in index.runs:
        if run.folder != f"{RUN_FOLDER}/{run.name}" or not is_portable(run.name) or "/" in run.name:
            yield Problem(Kind.CHANGED, PATH, f"names the run {run.name} and its folder {run.folder}")
        if any(str(PurePosixPath(file.path).parent) != run.folder for file in run.files):
            yield Problem(Kind.CHANGED, PATH, f"lists a file of the run {run.name} outside of its folder")
    for file in index.inputs:
        if file.path not in files or not file.path.startswith((GATE_FOLDER, RUN_FOLDER, SPECIFICATION_FOLDER)):
            yield Problem(Kind.MISSING, file.path, f"is listed by {PATH} and is not in the pack")


def _content(root: Path, file: PackedFile) -> Iterator[Problem]:
    """Check lines and size of the decompressed content. Nothing is decompressed beyond the size that is listed."""
    lines = 0
    with DecompressedStream((root / file.path).open("rb")) as stream:
        for block in blocks(stream):
            lines += max(block.data.count(b"\n"), 1)
            if stream.size > file.content_bytes + (8 << 20):
                break
        size = stream.size
    if (size, lines) != (file.content_bytes, file.lines):
        yield Problem(Kind.CHANGED, file.path, f"has another number of lines, or is longer, than {PATH} states")


def recompute(root: Path, index: PackIndex, files: frozenset[str], progress: Progress) -> Recomputed:
    """Compute everything in a pack again. The first difference comes with its values, then the other files that differ.

    `files` are all files of the pack below `root`.
    """
    try:
        analyses = analyze_runs(root, index, progress)
        made = documents(root, index, analyses)
        computed = computed_files(root, index, made)
    except ToolkitError as error:
        text = f"cannot be computed again: {error}".replace(f"{root}/", "")
        return Recomputed((Problem(Kind.NOT_COMPUTED, PATH, text),))
    known = {*computed, PATH, *(file.path for file in index.inputs)}
    problems = [Problem(Kind.MISSING, path, "is not in the pack") for path in sorted(computed.keys() - files)]
    problems += [Problem(Kind.ADDED, path, "is not a part of such a pack") for path in sorted(files - known)]
    stated = {run.name: run.run for run in index.runs}
    for name, analysis in analyses.items():
        if analysis.run.id != stated[name]:
            problems.append(
                Problem(Kind.DIFFERENT, PATH, "states another run", f"runs {name}.run", stated[name], analysis.run.id)
            )
    if (root / PATH).read_bytes() != encode(index):
        problems.append(Problem(Kind.CHANGED, PATH, "is not written as `toolkit pack` writes it"))
    # The manifests follow from the other files, so they would only repeat each difference.
    compared = [path for path in computed if path in files and not path.endswith("-sha256.txt")]
    different = [
        each for path in compared if (each := first_difference(path, (root / path).read_bytes(), computed[path]))
    ]
    if not (problems or different) and (root / TAG_MANIFEST).read_bytes() != computed[TAG_MANIFEST]:
        problems.append(Problem(Kind.CHANGED, TAG_MANIFEST, "is not the manifest of these files"))
    return Recomputed((*different, *problems), made)
