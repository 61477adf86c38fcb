"""The run directory of a side whose program could not be started: the cause is evidence too."""

from __future__ import annotations

import errno
from dataclasses import replace

from toolkit.host import machine
from toolkit.model.errors import InputError
from toolkit.model.redaction import redact
from toolkit.smoke import producer_env
from toolkit.smoke.pair.plan import CommandSide
from toolkit.smoke.recorder import LOG_NAME
from toolkit.smoke.run_directory import save_meta
from toolkit.smoke.stop_policy import StoppedBy
from toolkit.smoke.supervisor import first_record

NOT_FOUND = 127
"""Exit code of a shell whose command cannot be started."""


def record_failed_start(side: CommandSide, error: InputError) -> None:
    """Write the cause into the side's log, as a shell would, and the record of a run that ended before it began."""
    out = side.out.resolve()
    environment = producer_env.environment(side.plan.profile, out, side.environment)
    run = first_record(side.plan, environment, None)
    out.mkdir(parents=True, exist_ok=True)
    with (out / LOG_NAME).open("a", encoding="utf-8") as log:
        log.write(f"toolkit: {redact(side.plan.argv[0])}: {_reason(error)}\n")
    ended_ms = machine.now_ms()
    save_meta(
        replace(run, stopped_ms=ended_ms, ended_ms=ended_ms, stopped_by=StoppedBy.ITSELF, exit_code=NOT_FOUND), out
    )


def _reason(error: InputError) -> str:
    cause = error.__cause__
    if not isinstance(cause, OSError):
        return "not found"
    if cause.errno == errno.ENOEXEC:
        return f"cannot execute: {cause.strerror}"
    return cause.strerror or "not found"
