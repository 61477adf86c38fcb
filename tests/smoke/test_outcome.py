"""One exit code and one sentence for what befell a supervised run and what its gate said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from toolkit.model.errors import ExitCode
from toolkit.model.run_meta import SCHEMA, Host, HostClock, RunMeta
from toolkit.model.vocabulary import GateVerdict
from toolkit.smoke.outcome import exit_code, sentence, worst_exit_code

BEGUN_MS = 1_700_000_000_000
WHOLE = RunMeta(
    schema=SCHEMA, producer="command", label=None, profile=None, simulated=None, argv=("program",), cwd="~",
    requested_ms=600_000, build_limit_ms=3_600_000, grace_ms=10_000, started_ms=BEGUN_MS,
    host=Host(2, None, "Linux", "6", "x86_64", "3.11"), clock=HostClock(BEGUN_MS, None, None, "not told"), load=(),
    environment={}, environment_set=(), source=None, binaries=(), first_telemetry_ms=BEGUN_MS + 90_000,
    build_ms=90_000, stopped_ms=BEGUN_MS + 690_000, ended_ms=BEGUN_MS + 690_200, stopped_by="time", signal="SIGTERM",
)  # fmt: skip
PASS, FAIL, INCONCLUSIVE = GateVerdict.PASS, GateVerdict.FAIL, GateVerdict.INCONCLUSIVE
BLOCKED = replace(WHOLE, first_telemetry_ms=None, build_ms=None)


@pytest.mark.parametrize(
    ("run", "gate", "code"),
    [
        (WHOLE, PASS, ExitCode.OK),
        (WHOLE, FAIL, ExitCode.FAILED),
        (WHOLE, INCONCLUSIVE, ExitCode.INCONCLUSIVE),
        (replace(WHOLE, killed=True, signal="SIGKILL"), PASS, ExitCode.OK),
        (replace(WHOLE, stopped_by="itself", signal=None, exit_code=0), FAIL, ExitCode.FAILED),
        (replace(WHOLE, stopped_by="itself", signal=None, exit_code=1), FAIL, ExitCode.RUN_BLOCKED),
        (replace(WHOLE, stopped_by="itself", signal="SIGSEGV"), PASS, ExitCode.RUN_BLOCKED),
        (replace(BLOCKED, stopped_by="itself", signal=None, exit_code=0), FAIL, ExitCode.RUN_BLOCKED),
        (replace(BLOCKED, stopped_by="build_limit"), FAIL, ExitCode.RUN_BLOCKED),
        (replace(BLOCKED, stopped_by="interrupt"), FAIL, ExitCode.INTERRUPTED),
        (replace(WHOLE, stopped_by="interrupt"), PASS, ExitCode.INTERRUPTED),
    ],
)
def test_the_first_that_applies_is_the_exit_code(run: RunMeta, gate: GateVerdict, code: ExitCode) -> None:
    assert exit_code(run, gate) is code


@pytest.mark.parametrize(
    ("codes", "code", "left"),
    [
        ((0, 0), 0, []),
        ((0, 4, 0), 4, []),
        ((4, 1), 1, []),
        ((1, 5, 4), 5, []),
        ((5, 130, 0), 130, [ExitCode.OK]),
    ],
)
def test_of_several_runs_the_worst_counts_and_none_begins_after_an_interrupt(
    codes: tuple[int, ...], code: int, left: list[ExitCode]
) -> None:
    runs = iter(map(ExitCode, codes))
    assert worst_exit_code(runs) is ExitCode(code)
    assert list(runs) == left


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (WHOLE, "first telemetry after 1 min 30.0 s, then ran 10 min 0.0 s of 10 min 0.0 s; "
                "stopped when the time was over"),
        (replace(WHOLE, stopped_by="itself", signal="SIGSEGV", stopped_ms=BEGUN_MS + 91_000),
         "first telemetry after 1 min 30.0 s, then ran 1.0 s of 10 min 0.0 s; ended by SIGSEGV"),
        (replace(BLOCKED, stopped_by="itself", signal=None, exit_code=101, stopped_ms=BEGUN_MS + 5_000),
         "wrote no telemetry in 5.0 s; ended by itself with exit code 101"),
        (replace(BLOCKED, stopped_by="build_limit", killed=True, stopped_ms=BEGUN_MS + 3_600_000),
         "wrote no telemetry in 1 h 00 min; stopped at the limit of 1 h 00 min for the build, "
         "firmly: it did not stop when asked"),
        (replace(BLOCKED, stopped_by=None, stopped_ms=None), "wrote no telemetry in 0 ms; its end is not known"),
    ],
)  # fmt: skip
def test_the_sentence_tells_the_beginning_and_the_end(run: RunMeta, said: str) -> None:
    assert sentence(run) == said
