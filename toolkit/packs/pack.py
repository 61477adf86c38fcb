"""Make an evidence pack: mask and copy the runs, compute the documents, write the bag."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from toolkit.analysis import pipeline
from toolkit.analysis.metrics import catalogue
from toolkit.evidence.citations import check_citations, repository_problems, uncited_files
from toolkit.evidence.specification import read_specification, specification_files
from toolkit.files.discovery import SAMPLE, discover
from toolkit.files.run_file import RunFile
from toolkit.gate import plateau_limits_ms
from toolkit.gate.gate_files import BUILT_IN, load_gate
from toolkit.model.errors import InputError
from toolkit.model.redaction import redact
from toolkit.model.runs import RunAnalysis
from toolkit.model.vocabulary import PLATEAU_LIMITS_MS, Role
from toolkit.packs.contents import computed_files
from toolkit.packs.documents import Progress, analyze_runs, documents, options_of
from toolkit.packs.index import (
    GATE_FOLDER,
    PATH,
    RUN_FOLDER,
    SCHEMA,
    SPECIFICATION_FOLDER,
    CheckedRepository,
    PackedFile,
    PackedRun,
    PackIndex,
    Settings,
    encode,
    is_portable,
)
from toolkit.packs.inputs.copies import copy_masked, copy_run
from toolkit.packs.inputs.kept_figures import check_figures_kept
from toolkit.packs.output import check_output, placed

PACKAGE = "run-evidence-toolkit"


@dataclass(frozen=True, slots=True)
class PackRequest:
    """A request for a pack: the paths of the runs by side, and everything that the documents depend on.

    `gate` is a built-in gate or the path of a gate file. `repository` is the checkout in which the specification is
    checked; `list_uncited` asks for its changed files that are not cited.
    """

    sides: tuple[tuple[str, tuple[str, ...]], ...]
    settings: Settings = field(default_factory=Settings)
    gate: str = "frontier"
    specification: Path | None = None
    repository: Path | None = None
    list_uncited: bool = False


@dataclass(frozen=True, slots=True)
class Packed:
    """A pack that was written: its index, its files by size in bytes, and the number of its figures and documents."""

    index: PackIndex
    sizes: dict[str, int]
    figures: int
    documents: int


def pack(request: PackRequest, output: Path, *, force: bool = False, progress: Progress = lambda _: None) -> Packed:
    """Write a pack to `output`, a directory or a `.zip`; it is complete or not there.

    Raises `UsageError` for an output that exists, unless `force` allows to replace an earlier pack, for runs that are
    no pair, and for an invalid specification or gate file; `InputError` for a run that cannot be read, and where
    masking would change a figure.
    """
    check_output(output, [path for _, paths in request.sides for path in paths], force)
    with placed(output, force) as root:
        index = _copied(request, root)
        analyses = analyze_runs(root, index, progress)
        index = replace(index, runs=tuple(_checked_runs(request, index, analyses, progress)))
        (root / PATH).write_bytes(encode(index))
        made = documents(root, index, analyses)
        computed = computed_files(root, index, made)
        for path, content in computed.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content)
        paths = [*computed, PATH, *(file.path for file in index.inputs)]
        sizes = {path: (root / path).stat().st_size for path in sorted(paths)}
    return Packed(index, sizes, made.figures, len(made.files))


def _copied(request: PackRequest, root: Path) -> PackIndex:
    """Copy all input files below `root`, and return their index; the ids of the runs are not known yet."""
    gate = load_gate(request.gate, catalogue())
    packed_gate, *stated = _copied_files(request, root)
    specification = stated[0].path if stated else None
    limits = {*request.settings.plateau_limits_ms, *plateau_limits_ms(gate.rules)} - set(PLATEAU_LIMITS_MS)
    return PackIndex(
        schema=SCHEMA,
        toolkit=version(PACKAGE),
        settings=replace(request.settings, plateau_limits_ms=tuple(sorted(limits))),
        gate=packed_gate.path,
        specification=specification,
        runs=tuple(_copied_runs(request, root)),
        files=(packed_gate, *stated),
        repository=_checked_repository(request, root / specification if specification else None),
    )


def _copied_runs(request: PackRequest, root: Path) -> Iterator[PackedRun]:
    taken = set[str]()
    for side, paths in request.sides:
        for number, path in enumerate(paths, start=1):
            name = _run_name(path, f"{side}-{number}", taken)
            folder = f"{RUN_FOLDER}/{name}"
            packed, left_out = copy_run(discover([path]), root, folder)
            yield PackedRun(name, side, folder, "", "", tuple(packed), tuple(left_out))


def _run_name(path: str, otherwise: str, taken: set[str]) -> str:
    """Return the last part of a path, by which reports call the run, or `otherwise` where that cannot be used."""
    names = (Path(path.removeprefix(SAMPLE)).name, Path(path).resolve().name, otherwise, f"run-{otherwise}")
    name = next(each for each in names if is_portable(each) and redact(each) == each and each.casefold() not in taken)
    taken.add(name.casefold())
    return name


def _copied_files(request: PackRequest, root: Path) -> Iterator[PackedFile]:
    """Copy the gate file, then the specification and the files that it names."""
    name = request.gate
    if name in BUILT_IN:
        built_in = files("toolkit.gate") / "builtin" / f"{name}.toml"
        yield _copied_file(Path(str(built_in)), root, f"{GATE_FOLDER}/{name}.toml")
    else:
        stem = Path(name).stem
        yield _copied_file(Path(name), root, f"{GATE_FOLDER}/{stem if is_portable(stem) else 'gate'}.toml")
    if request.specification is not None:
        for path, role in specification_files(request.specification):
            relative = path.relative_to(request.specification.parent.resolve()).as_posix()
            if not is_portable(relative):
                raise InputError(str(path), None, "has a name that not every system allows; rename it")
            yield _copied_file(path, root, f"{SPECIFICATION_FOLDER}/{relative}", role)


def _copied_file(path: Path, root: Path, target: str, role: Role = Role.ARTIFACT) -> PackedFile:
    return copy_masked(RunFile(0, path.name, role, lambda: path.open("rb")), root, target)


def _checked_repository(request: PackRequest, specification: Path | None) -> CheckedRepository | None:
    if request.repository is None or specification is None:
        return None
    stated = read_specification(specification)
    return CheckedRepository(
        repository_problems(stated, request.repository),
        check_citations(stated, request.repository),
        uncited_files(stated, request.repository) if request.list_uncited else None,
    )


def _checked_runs(
    request: PackRequest, index: PackIndex, analyses: Mapping[str, RunAnalysis], progress: Progress
) -> Iterator[PackedRun]:
    """Return the runs with their ids. A run in which something was masked or left out is held against the original."""
    typed = [path for _, paths in request.sides for path in paths]
    for run, path in zip(index.runs, typed, strict=True):
        masked = analyses[run.name]
        original_run = masked.run.id
        if run.left_out or any(file.masked for file in run.files):
            original = pipeline.analyze([path], options=options_of(index.settings, pictures=False), progress=progress)
            check_figures_kept(path, original, masked)
            original_run = original.run.id
        yield replace(run, run=masked.run.id, original_run=original_run)
