"""The `run_meta.json` records of a run that this process makes itself."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from connectors.clock import Clock
from connectors.simulator.scenario import Scenario
from toolkit.host import machine, provenance, system
from toolkit.model.quotes import quoted
from toolkit.model.recorded import run_meta
from toolkit.model.recorded.run_meta import RunMeta
from toolkit.model.redaction import redact_argv, redact_environment, redact_value
from toolkit.smoke import producer_env
from toolkit.smoke.plan import ShadowPlan
from toolkit.smoke.stop_policy import StoppedBy

PRODUCER = "toolkit"


def first_record(plan: ShadowPlan, environ: Mapping[str, str]) -> RunMeta:
    """Return the record that is written before anything runs; secrets in `environ` are masked."""
    cwd = Path.cwd()
    binary = provenance.binary(Path(sys.executable))
    return RunMeta(
        schema=run_meta.SCHEMA,
        producer=PRODUCER,
        label=quoted(redact_value(plan.label)) if plan.label else plan.label,
        profile=None,
        simulated=plan.simulated,
        argv=redact_argv(plan.argv),
        cwd=redact_value(str(cwd)),
        requested_ms=plan.run_ms,
        build_limit_ms=0,
        grace_ms=0,
        started_ms=machine.now_ms(),
        host=machine.host(),
        clock=machine.clock(),
        load=(machine.load(),),
        environment=redact_environment(environ),
        environment_set=(),
        source=provenance.checkout(cwd),
        binaries=(binary,) if binary else (),
        options=_options(plan),
        pair=plan.pair,
    )


def _options(plan: ShadowPlan) -> dict[str, str]:
    """Return the command-line options that determine the market data of the run."""
    options = {"--feed": str(plan.feed), "--base": plan.base, "--venues": ",".join(plan.venues)}
    if plan.own_venues:
        options |= {"--seed": str(plan.seed), "--scenario": f"{plan.scenario.name} ({_fault_digest(plan.scenario)})"}
    return {name: redact_value(value) for name, value in options.items()}


def _fault_digest(scenario: Scenario) -> str:
    """Return the number of faults and a digest that differs between different fault lists."""
    planned = [
        (
            each.venue,
            each.fault.kind,
            each.at_ms,
            each.for_ms,
            each.every_ms,
            each.until_ms,
            sorted(each.values.items()),
        )
        for each in scenario.faults
    ]
    digest = hashlib.sha256(repr(planned).encode()).hexdigest()[:12]
    return f"{len(planned)} fault{'s' if len(planned) != 1 else ''}, digest {digest}" if planned else "no fault"


def with_load_sample(run: RunMeta) -> RunMeta:
    """Return the record with one more sample of the host's load."""
    return replace(run, load=(*run.load, machine.load()))


def last_record(
    run: RunMeta, clock: Clock, stopped_by: StoppedBy | None, exit_code: int, cpu_ms: int, output: dict[str, int | str]
) -> RunMeta:
    """Return the record of the ended run.

    `cpu_ms` is the processor time of the run, `output` the bytes, lines and SHA-256 of its log.
    """
    now_ms = machine.now_ms()
    return replace(
        run,
        stopped_ms=run.stopped_ms or now_ms,
        ended_ms=now_ms,
        stopped_by=stopped_by,
        exit_code=exit_code,
        cpu_ms=cpu_ms,
        max_rss_bytes=system.own_peak_memory_bytes(),
        load=(*run.load, machine.load()),
        clock_after=machine.clock(),
        wall_drift_ms=time.time_ns() // 1_000_000 - clock.unix_ms(),
        output=output,
    )


def environment_fields(environ: Mapping[str, str], before: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields of `RunMeta` that describe the environment: redacted values, and the names set by us."""
    added = sorted(name for name in environ if environ[name] != before.get(name))
    names = {*producer_env.paraphina_environment(Path()), *added}
    return {"environment": redact_environment(environ), "environment_set": tuple(sorted(names))}
