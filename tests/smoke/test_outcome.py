"""Tests of the exit code and the sentence that summarise a run and its gate."""

from __future__ import annotations

from dataclasses import replace

import pytest

from toolkit.model.errors import ExitCode
from toolkit.model.recorded.run_meta import SCHEMA, Host, HostClock, RunMeta
from toolkit.model.vocabulary import GateVerdict
from toolkit.smoke.outcome import exit_code, outcome_sentence, worst_exit_code

STARTED_MS = 1_700_000_000_000
COMPLETED = RunMeta(
    schema=SCHEMA, producer="command", label=None, profile=None, simulated=None, argv=("program",), cwd="~",
    requested_ms=600_000, build_limit_ms=3_600_000, grace_ms=10_000, started_ms=STARTED_MS,
    host=Host(2, None, "Linux", "6", "x86_64", "3.11"), clock=HostClock(STARTED_MS, None, None, "no estimate"), load=(),
    environment={}, environment_set=(), source=None, binaries=(), first_telemetry_ms=STARTED_MS + 90_000,
    build_ms=90_000, stopped_ms=STARTED_MS + 690_000, ended_ms=STARTED_MS + 690_200, stopped_by="time", signal="SIGTERM",
)  # fmt: skip
PASS, FAIL, INCONCLUSIVE = GateVerdict.PASS, GateVerdict.FAIL, GateVerdict.INCONCLUSIVE
BLOCKED = replace(COMPLETED, first_telemetry_ms=None, build_ms=None)


@pytest.mark.parametrize(
    ("run", "gate", "code"),
    [
        (COMPLETED, PASS, ExitCode.OK),
        (COMPLETED, FAIL, ExitCode.FAILED),
        (COMPLETED, INCONCLUSIVE, ExitCode.INCONCLUSIVE),
        (replace(COMPLETED, killed=True, signal="SIGKILL"), PASS, ExitCode.OK),
        (replace(COMPLETED, stopped_by="itself", signal=None, exit_code=0), FAIL, ExitCode.FAILED),
        (replace(COMPLETED, stopped_by="itself", signal=None, exit_code=1), FAIL, ExitCode.RUN_BLOCKED),
        (replace(COMPLETED, stopped_by="itself", signal="SIGSEGV"), PASS, ExitCode.RUN_BLOCKED),
        (replace(BLOCKED, stopped_by="itself", signal=None, exit_code=0), FAIL, ExitCode.RUN_BLOCKED),
        (replace(BLOCKED, stopped_by="build_limit"), FAIL, ExitCode.RUN_BLOCKED),
        (replace(BLOCKED, stopped_by="interrupt"), FAIL, ExitCode.INTERRUPTED),
        (replace(COMPLETED, stopped_by="interrupt"), PASS, ExitCode.INTERRUPTED),
        (replace(COMPLETED, stopped_by=None, exit_code=None, signal=None), PASS, ExitCode.RUN_BLOCKED),
    ],
)
def test_the_exit_code_is_the_first_that_applies(run: RunMeta, gate: GateVerdict, code: ExitCode) -> None:
    assert exit_code(run, gate) is code


@pytest.mark.parametrize(
    ("codes", "code", "not_started"),
    [
        ((0, 0), 0, []),
        ((0, 4, 0), 4, []),
        ((4, 1), 1, []),
        ((1, 5, 4), 5, []),
        ((5, 130, 0), 130, [ExitCode.OK]),
    ],
)
def test_several_runs_have_the_worst_exit_code_and_none_starts_after_an_interrupt(
    codes: tuple[int, ...], code: int, not_started: list[ExitCode]
) -> None:
    runs = iter(map(ExitCode, codes))
    assert worst_exit_code(runs) is ExitCode(code)
    assert list(runs) == not_started


@pytest.mark.parametrize(
    ("run", "sentence"),
    [
        (COMPLETED, "first telemetry after 1 min 30.0 s, then ran 10 min 0.0 s of 10 min 0.0 s; "
                "stopped at the requested time"),
        (replace(COMPLETED, stopped_by="itself", signal="SIGSEGV", stopped_ms=STARTED_MS + 91_000),
         "first telemetry after 1 min 30.0 s, then ran 1.0 s of 10 min 0.0 s; ended by SIGSEGV"),
        (replace(BLOCKED, stopped_by="itself", signal=None, exit_code=101, stopped_ms=STARTED_MS + 5_000),
         "wrote no telemetry in 5.0 s; ended by itself with exit code 101"),
        (replace(BLOCKED, stopped_by="build_limit", killed=True, stopped_ms=STARTED_MS + 3_600_000),
         "wrote no telemetry in 1 h 00 min; stopped at the build limit of 1 h 00 min, "
         "by SIGKILL: it did not stop when asked"),
        (replace(BLOCKED, stopped_by=None, stopped_ms=None), "wrote no telemetry in 0 ms; how it ended is not known"),
    ],
)  # fmt: skip
def test_the_sentence_states_the_durations_and_what_ended_the_run(run: RunMeta, sentence: str) -> None:
    assert outcome_sentence(run) == sentence
