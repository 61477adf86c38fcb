"""`toolkit verify`: check a pack, and compute its figures and documents again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli import options as opt
from toolkit.cli.output import emit, emit_page
from toolkit.cli.progress import TELEMETRY_READ, byte_progress
from toolkit.model.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from toolkit.packs.verification.problems import Problem, Verification

PackPath = Annotated[Path, typer.Argument(metavar="PATH", help="The directory or the .zip that `toolkit pack` wrote.")]

_MAX_PROBLEMS = 20


def verify(
    path: PackPath,
    format: opt.FormatOption = opt.Format.TEXT,
    output: opt.OutputOption = None,
    quiet: opt.QuietOption = False,
) -> int:
    """Verify a pack: digests, and every figure and document computed again.

    The exit code is 0 if all of it holds, 1 if anything is missing, added, renamed, linked, changed or different from
    what the packed runs give, and 3 for what is no pack or cannot be read.
    """
    from toolkit.packs.verify import verify as verify_pack

    if format not in (opt.Format.TEXT, opt.Format.JSON):
        raise UsageError(f"--format {format}: verify prints text or json")
    with byte_progress(quiet, TELEMETRY_READ) as progress:
        result = verify_pack(path, progress)
    if format is opt.Format.JSON:
        emit(_json(result), output)
    else:
        emit_page("\n".join(_lines(result)), format, output)
    return ExitCode.OK if result.verified else ExitCode.FAILED


def _json(result: Verification) -> str:
    import msgspec

    from toolkit.model.quotes import harmless_json
    from toolkit.model.redaction import redact_all

    document = {"schema": "toolkit.verification/1", "verified": result.verified, **msgspec.to_builtins(result)}
    return harmless_json(msgspec.json.format(msgspec.json.encode(redact_all(document)), indent=1).decode())


def _lines(result: Verification) -> list[str]:
    if result.problems:
        count = len(result.problems)
        lines = [f"FAIL: the pack does not verify: {count} problem{'s' if count > 1 else ''}", *_versions(result), ""]
        lines += [line for problem in result.problems[:_MAX_PROBLEMS] for line in _problem(problem)]
        return [*lines, f"and {count - _MAX_PROBLEMS} more"] if count > _MAX_PROBLEMS else lines
    return ["PASS: the pack verifies", *_versions(result), "", *_table(result)]


def _versions(result: Verification) -> list[str]:
    if result.made_by in (None, result.verified_by):
        return []
    return [f"made by toolkit {result.made_by}, computed again by toolkit {result.verified_by}"]


def _problem(problem: Problem) -> list[str]:
    from reports.escape import terminal

    where = f" {terminal(problem.place)}" if problem.place else ""
    lines = [
        f"{problem.kind:<12}  {terminal(problem.path)}{':' if where else ''}{where}",
        f"              {terminal(problem.text)}",
    ]
    for name, value in (("packed", problem.packed), ("computed", problem.computed)):
        lines += [] if value is None else [f"              {name}: {terminal(value)}"]
    return lines


def _table(result: Verification) -> list[str]:
    from toolkit.model.units import size, thousands

    checked = result.checked
    rows = [
        (
            "files",
            thousands(checked.files or 0),
            f"{size(checked.bytes or 0)}; none missing, added, renamed, linked or changed",
        ),
        (
            "runs",
            thousands(checked.runs or 0),
            f"{thousands(checked.lines or 0)} lines, {thousands(checked.masked or 0)} of them masked before packing",
        ),
        ("figures", thousands(checked.figures or 0), "computed again from the packed runs, all equal"),
        (
            "documents",
            thousands(checked.documents or 0),
            "analyses, gates and reports, made again, equal byte for byte",
        ),
    ]
    if checked.citations is not None:
        rows.append(("citations", thousands(checked.citations), "as packed; the repository is not in the pack"))
    width = max(len(value) for _, value, _ in rows)
    return [f"{name:<10} {value:>{width}}  {text}" for name, value, text in rows]
