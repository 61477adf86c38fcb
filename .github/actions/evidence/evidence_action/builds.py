"""Build both sides, one after the other, under `toolkit record`: a failed build is evidence, not an error."""

from __future__ import annotations

from evidence_action import processes
from evidence_action.inputs import Inputs, Side
from evidence_action.workflow_commands import grouped, warning

RUN_OF = {"base": "a", "head": "b"}
"""Name of the run directory of each side, as `toolkit ab` chooses it."""
SHELL = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")
"""The shell that runs commands of the workflow, with the options of the runner's own."""


def failed_builds(inputs: Inputs) -> list[str]:
    """Build both sides, and return the names of those whose build failed."""
    return [side.name for side in (inputs.base, inputs.head) if not _built(inputs, side)]


def _built(inputs: Inputs, side: Side) -> bool:
    if not side.build:
        return True
    index = (inputs.out / RUN_OF[side.name]).resolve()
    record = [inputs.toolkit, "record", "--out", str(index), "--id", f"build-{side.name}", "--"]
    with grouped(f"Build {side.name}"):
        code = processes.run([*record, *SHELL, side.build], side.directory)
    if code:
        warning(f"the build of the {side.name} failed with exit code {code}; the document says why")
    return code == 0


def side_command(side: Side, failed: list[str]) -> list[str]:
    """Return the command that runs one side.

    A build that failed is repeated before the program, so that the run holds its output and the document its cause.
    """
    script = f"{side.build}\n{side.program}" if side.name in failed else side.program
    return ["env", "-C", str(side.directory), *SHELL, script]
