"""Tests of the stopping policy: sequences of events and times, and the actions it returns."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.smoke.stop_policy import OUTPUT_GRACE_MS, Action, StoppedBy, StoppingPolicy, TimeLimits

LIMITS = TimeLimits(run_ms=600_000, build_ms=3_600_000, grace_ms=10_000)
W, T, K, D = Action.WAIT, Action.TERMINATE, Action.KILL, Action.DONE


@dataclass(frozen=True)
class EventSequence:
    name: str
    events: tuple[tuple[float, str | Action], ...]
    stopped_by: StoppedBy | None
    killed: bool = False


SEQUENCES = (
    EventSequence(
        "the run time counts from the first telemetry, not from the build",
        ((0, W), (590_000, "telemetry"), (600_000, W), (1_189_999, W), (1_190_000, T), (1_190_001, W),
         (1_190_100, "exited"), (1_190_100, "closed"), (1_190_100, D)),
        StoppedBy.TIME,
    ),
    EventSequence(
        "a program that does not stop when asked is killed once, after its grace period",
        ((0, "telemetry"), (600_000, T), (609_999, W), (610_000, K), (610_001, W), (610_050, "exited"),
         (610_050, "closed"), (610_050, D)),
        StoppedBy.TIME,
        killed=True,
    ),
    EventSequence(
        "a program that never writes telemetry is stopped at the build's limit",
        ((3_599_999, W), (3_600_000, T), (3_600_010, "exited"), (3_600_010, "closed"), (3_600_010, D)),
        StoppedBy.BUILD_LIMIT,
    ),
    EventSequence(
        "a program that ends by itself is done when its output is closed",
        ((0, "telemetry"), (5_000, "exited"), (5_000, W), (5_001, "closed"), (5_001, D)),
        StoppedBy.ITSELF,
    ),
    EventSequence(
        "child processes have time to close the output, then are terminated, then killed",
        ((5_000, "exited"), (5_999, W), (5_000 + OUTPUT_GRACE_MS, T), (15_999, W), (16_000, K), (16_999, W), (17_000, D)),
        StoppedBy.ITSELF,
        killed=True,
    ),
    EventSequence(
        "an interrupt terminates at once",
        ((0, "telemetry"), (1_000, "interrupted"), (1_000, T), (1_100, "exited"), (1_100, "closed"), (1_100, D)),
        StoppedBy.INTERRUPT,
    ),
    EventSequence(
        "a second interrupt kills",
        ((1_000, "interrupted"), (1_000, T), (1_200, "interrupted"), (1_200, K), (1_210, "exited"), (1_210, "closed"),
         (1_210, D)),
        StoppedBy.INTERRUPT,
        killed=True,
    ),
    EventSequence(
        "an interrupt while it stops after its time kills it, and the run still counts as stopped by time",
        ((0, "telemetry"), (600_000, T), (600_500, "interrupted"), (600_500, K), (600_600, "exited"),
         (600_600, "closed"), (600_600, D)),
        StoppedBy.TIME,
        killed=True,
    ),
    EventSequence(
        "a program that closes its output keeps running",
        ((0, "telemetry"), (10, "closed"), (10, W), (600_000, T), (600_001, "exited"), (600_001, D)),
        StoppedBy.TIME,
    ),
    EventSequence(
        "a program that survives SIGKILL is given up",
        ((0, "telemetry"), (600_000, T), (610_000, K), (610_000 + OUTPUT_GRACE_MS, D)),
        StoppedBy.TIME,
        killed=True,
    ),
)  # fmt: skip


def report(policy: StoppingPolicy, event: str, at_ms: float) -> None:
    match event:
        case "telemetry":
            policy.on_telemetry(at_ms)
        case "exited":
            policy.on_exit(at_ms)
        case "closed":
            policy.on_output_closed()
        case _:
            policy.on_interrupt()


@pytest.mark.parametrize("sequence", SEQUENCES, ids=lambda sequence: sequence.name)
def test_the_policy_returns_the_expected_actions(sequence: EventSequence) -> None:
    policy = StoppingPolicy(LIMITS, 0)
    for at_ms, event in sequence.events:
        if isinstance(event, Action):
            assert policy.decide(at_ms) is event, at_ms
        else:
            report(policy, event, at_ms)
    assert (policy.stopped_by, policy.killed) == (sequence.stopped_by, sequence.killed)


@given(
    st.lists(
        st.tuples(st.floats(0, 5_000_000), st.sampled_from(["telemetry", "exited", "closed", "interrupted", "poll"])),
        max_size=30,
    )
)
def test_any_events_lead_to_each_action_at_most_once_and_to_an_end(
    events: list[tuple[float, str]],
) -> None:
    policy, actions, now_ms = StoppingPolicy(LIMITS, 0), [], 0.0
    for at_ms, event in sorted(events):
        now_ms = at_ms
        if event != "poll":
            report(policy, event, now_ms)
        actions.append(policy.decide(now_ms))
    while actions[-1:] != [D]:
        now_ms += policy.wait_ms(now_ms)
        actions.append(policy.decide(now_ms))
        assert len(actions) < 50
    acted = [action for action in actions if action in (T, K)]
    assert acted in ([], [T], [T, K])
    assert policy.stopped_by is not None
