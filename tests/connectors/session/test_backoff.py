"""The backoff grows up to its caps, and only a healthy session resets it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from connectors.session.backoff import LEAST_MS, Backoff


def after(ends: int) -> Backoff:
    state = Backoff()
    for _ in range(ends):
        state = state.ended(0, 60_000)
    return state


def test_the_ceiling_doubles_to_its_caps() -> None:
    assert [after(n).ceiling_ms for n in (1, 2, 3, 4, 5, 6, 10, 11, 20, 21, 90)] == [
        1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 60_000, 60_000, 120_000, 120_000,
    ]  # fmt: skip


@given(st.integers(1, 60), st.floats(0, 1, exclude_max=True))
def test_a_wait_is_at_least_the_minimum_and_at_most_the_ceiling(ends: int, uniform: float) -> None:
    assert LEAST_MS <= after(ends).wait_ms(uniform) <= after(ends).ceiling_ms


def test_only_a_healthy_session_resets_the_backoff() -> None:
    state = after(8)
    assert state.ended(59_999, 60_000).ceiling_ms == 30_000
    assert state.ended(60_000, 60_000).ceiling_ms == 1_000


def test_a_wait_is_never_shorter_than_retry_after() -> None:
    assert after(1).wait_ms(0.0, retry_after_ms=45_000) == 45_000
