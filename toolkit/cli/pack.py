"""`toolkit pack`: redacted runs and everything computed from them, in a form that other programs verify."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli import options as opt
from toolkit.cli.compare import Afters, Befores, Paired
from toolkit.cli.output import emit
from toolkit.cli.progress import TELEMETRY_READ, byte_progress
from toolkit.cli.report import DiffOption, RepoOption, SpecOption, check_repository_options
from toolkit.model.errors import UsageError
from toolkit.model.vocabulary import OFF_MARKET_BPS
from toolkit.streams.spool import STANDARD_INPUT, is_pipe

if TYPE_CHECKING:
    from toolkit.packs.pack import Packed

Runs = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="RUN…", show_default=False, help="One run, or the run before the change and the run after it."
    ),
]
PackOption = Annotated[
    Path, typer.Option("--output", "-o", metavar="DIR", help="Directory to create, or a file that ends in .zip.")
]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace an earlier pack.")]


def pack(
    output: PackOption,
    runs: Runs = None,
    befores: Befores = None,
    afters: Afters = None,
    paired: Paired = False,
    spec: SpecOption = None,
    gates: opt.GatesOption = "frontier",
    repo: RepoOption = None,
    diff: DiffOption = False,
    force: ForceOption = False,
    requested: opt.RequestedOption = None,
    segment: opt.SegmentOption = None,
    last: opt.LastOption = None,
    since_tick: opt.SinceTickOption = None,
    until_tick: opt.UntilTickOption = None,
    plateau: opt.PlateauOption = None,
    off_market: opt.OffMarketOption = OFF_MARKET_BPS,
    quiet: opt.QuietOption = False,
) -> int:
    """Pack runs, their figures and their document so that anyone can verify them.

    Secrets, addresses and home directories are masked first, and no figure may change by that. The pack is a BagIt
    directory with RO-Crate metadata and in-toto statements; `toolkit verify` computes each figure again.
    """
    from toolkit.packs.index import Settings
    from toolkit.packs.pack import PackRequest
    from toolkit.packs.pack import pack as write_pack

    check_repository_options(spec, repo, diff)
    settings = Settings(
        opt.duration_ms(requested), opt.window(segment, last, since_tick, until_tick), opt.plateau_limits_ms(plateau),
        off_market, paired,
    )  # fmt: skip
    request = PackRequest(sides_of(runs, befores, afters), settings, gates, spec, repo, diff)
    if len(request.sides) == 1 and (spec is not None or paired):
        raise UsageError("--spec and --paired compare two runs; name the run before the change and the run after it")
    with byte_progress(quiet, TELEMETRY_READ) as progress:
        packed = write_pack(request, output, force=force, progress=progress)
    emit(_summary(packed, output))
    return 0


def sides_of(
    runs: list[str] | None, befores: list[str] | None, afters: list[str] | None
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the paths of the runs by side: `run` for a single run, else `before` and `after`.

    Raises `UsageError` where the sides are not clear.
    """
    named, chosen = list(runs or ()), bool(befores or afters)
    for path in (*named, *(befores or ()), *(afters or ())):
        if is_pipe(path):
            what = "standard input" if path == STANDARD_INPUT else "a pipe"
            raise UsageError(f"{path}: {what} cannot be read twice; write it to a file, and pack that")
    if len(named) == 1 and not chosen:
        return (("run", (named[0],)),)
    if len(named) == 2 and not chosen:
        return ("before", (named[0],)), ("after", (named[1],))
    if befores and afters and not named:
        return ("before", tuple(befores)), ("after", tuple(afters))
    raise UsageError(
        "write one run, or two (BEFORE AFTER), or several a side (--before A --before B --after C --after D)"
    )


def _summary(packed: Packed, output: Path) -> str:
    from reports.escape import terminal
    from toolkit.model.units import size, thousands

    index = packed.index
    lines = []
    for run in index.runs:
        count, masked = sum(file.lines for file in run.files), sum(file.masked for file in run.files)
        bytes_ = size(sum(file.bytes for file in run.files))
        name = run.name if run.name == run.side else f"{run.side} ({terminal(run.name)})"
        lines.append(
            f"{name}: {len(run.files)} files, {bytes_}, {thousands(count)} lines, {thousands(masked)} of them masked"
        )
        lines += [f"  left out: {terminal(each.name)} ({each.why})" for each in run.left_out]
    total = size(sum(packed.sizes.values()))
    lines.append(
        f"{thousands(packed.figures)} figures, {packed.documents} documents, {len(packed.sizes)} files, {total}"
    )
    return "\n".join([*lines, "", str(output), f"check it: toolkit verify {terminal(str(output))}"])
