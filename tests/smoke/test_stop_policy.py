"""The stopping policy: what happened and when, and what it makes of that."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.smoke.stop_policy import OUTPUT_GRACE_MS, Action, StoppedBy, StoppingPolicy, TimeLimits

LIMITS = TimeLimits(run_ms=600_000, build_ms=3_600_000, grace_ms=10_000)
W, T, K, D = Action.WAIT, Action.TERMINATE, Action.KILL, Action.DONE


@dataclass(frozen=True)
class Story:
    name: str
    events: tuple[tuple[float, str | Action], ...]
    stopped_by: StoppedBy | None
    killed: bool = False


STORIES = (
    Story(
        "the minutes begin with the first telemetry, not with the build",
        ((0, W), (590_000, "telemetry"), (600_000, W), (1_189_999, W), (1_190_000, T), (1_190_001, W),
         (1_190_100, "exited"), (1_190_100, "closed"), (1_190_100, D)),
        StoppedBy.TIME,
    ),
    Story(
        "a program that does not stop when asked is killed after its grace, once",
        ((0, "telemetry"), (600_000, T), (609_999, W), (610_000, K), (610_001, W), (610_050, "exited"),
         (610_050, "closed"), (610_050, D)),
        StoppedBy.TIME,
        killed=True,
    ),
    Story(
        "a program that never writes telemetry is stopped at the build's limit",
        ((3_599_999, W), (3_600_000, T), (3_600_010, "exited"), (3_600_010, "closed"), (3_600_010, D)),
        StoppedBy.BUILD_LIMIT,
    ),
    Story(
        "a program that ends by itself is done when its output is closed",
        ((0, "telemetry"), (5_000, "exited"), (5_000, W), (5_001, "closed"), (5_001, D)),
        StoppedBy.ITSELF,
    ),
    Story(
        "what a program leaves behind itself may close the output, is then stopped, then killed",
        ((5_000, "exited"), (5_999, W), (5_000 + OUTPUT_GRACE_MS, T), (15_999, W), (16_000, K), (16_999, W), (17_000, D)),
        StoppedBy.ITSELF,
        killed=True,
    ),
    Story(
        "an interrupt stops at once and politely",
        ((0, "telemetry"), (1_000, "interrupted"), (1_000, T), (1_100, "exited"), (1_100, "closed"), (1_100, D)),
        StoppedBy.INTERRUPT,
    ),
    Story(
        "a second interrupt is not polite",
        ((1_000, "interrupted"), (1_000, T), (1_200, "interrupted"), (1_200, K), (1_210, "exited"), (1_210, "closed"),
         (1_210, D)),
        StoppedBy.INTERRUPT,
        killed=True,
    ),
    Story(
        "an interrupt while it stops after its time hurries it and takes nothing from the run",
        ((0, "telemetry"), (600_000, T), (600_500, "interrupted"), (600_500, K), (600_600, "exited"),
         (600_600, "closed"), (600_600, D)),
        StoppedBy.TIME,
        killed=True,
    ),
    Story(
        "a program that closes its output runs on",
        ((0, "telemetry"), (10, "closed"), (10, W), (600_000, T), (600_001, "exited"), (600_001, D)),
        StoppedBy.TIME,
    ),
    Story(
        "a program that not even SIGKILL ends is given up",
        ((0, "telemetry"), (600_000, T), (610_000, K), (610_000 + OUTPUT_GRACE_MS, D)),
        StoppedBy.TIME,
        killed=True,
    ),
)  # fmt: skip


def told(policy: StoppingPolicy, event: str, at_ms: float) -> None:
    match event:
        case "telemetry":
            policy.telemetry(at_ms)
        case "exited":
            policy.exited(at_ms)
        case "closed":
            policy.output_closed()
        case _:
            policy.interrupted()


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_the_policy_stops_a_program_as_its_story_says(story: Story) -> None:
    policy = StoppingPolicy(LIMITS, 0)
    for at_ms, event in story.events:
        if isinstance(event, Action):
            assert policy.decide(at_ms) is event, at_ms
        else:
            told(policy, event, at_ms)
    assert (policy.stopped_by, policy.killed) == (story.stopped_by, story.killed)


@given(
    st.lists(
        st.tuples(st.floats(0, 5_000_000), st.sampled_from(["telemetry", "exited", "closed", "interrupted", "look"])),
        max_size=30,
    )
)
def test_whatever_happens_a_program_is_told_each_thing_once_and_the_supervision_ends(
    events: list[tuple[float, str]],
) -> None:
    policy, actions, now_ms = StoppingPolicy(LIMITS, 0), [], 0.0
    for at_ms, event in sorted(events):
        now_ms = at_ms
        if event != "look":
            told(policy, event, now_ms)
        actions.append(policy.decide(now_ms))
    while actions[-1:] != [D]:
        now_ms += policy.patience_ms(now_ms)
        actions.append(policy.decide(now_ms))
        assert len(actions) < 50
    acted = [action for action in actions if action in (T, K)]
    assert acted in ([], [T], [T, K])
    assert policy.stopped_by is not None
