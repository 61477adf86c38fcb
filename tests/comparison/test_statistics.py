"""The tests of differences against results that are known, and their laws."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.comparison.statistics import (
    Alternative,
    batch_test,
    count_test,
    holm,
    least_p,
    memory_limit,
    paired_batch_test,
)

COUNTS = st.integers(0, 60)
LENGTHS = st.sampled_from([0.5, 1.0, 3.0])


def test_ten_events_against_one_are_a_fall() -> None:
    assert count_test(10, 1, alternative=Alternative.LOWER).p == 12 / 2**11
    result = count_test(10, 1)
    assert result.p == 24 / 2**11
    assert (result.low, result.high) == (pytest.approx(0.0023, abs=1e-4), pytest.approx(0.7029, abs=1e-4))


@given(COUNTS, COUNTS, LENGTHS)
def test_the_probability_of_a_fall_is_that_of_a_binomial_tail(before: int, after: int, length: float) -> None:
    share = length / (1 + length)
    total = before + after
    tail = sum(comb(total, k) * share**k * (1 - share) ** (total - k) for k in range(after + 1))
    assert count_test(before, after, length, Alternative.LOWER).p == pytest.approx(tail)


@settings(max_examples=25)
@given(COUNTS, COUNTS, LENGTHS)
def test_no_two_counts_have_a_smaller_probability_than_their_sum_allows(before: int, after: int, length: float) -> None:
    total = before + after
    found = [count_test(total - k, k, length).p for k in range(total + 1)]
    assert min(found) == pytest.approx(least_p(total, length))
    assert count_test(before, after, length).p in found


@given(COUNTS, COUNTS)
def test_a_rise_is_the_reverse_of_a_fall(before: int, after: int) -> None:
    there, back = count_test(before, after), count_test(after, before)
    assert there.p == pytest.approx(back.p)
    if there.low > 0:
        assert there.low == pytest.approx(1 / (back.high or np.inf))


@pytest.mark.parametrize("before", [6, 10, 40])
def test_the_smallest_detectable_rise_is_seen_four_times_in_five(before: int) -> None:
    rise = count_test(before, before).smallest_rise
    assert rise is not None
    after = np.random.default_rng(1).poisson(before * rise, 4_000)
    values, times = np.unique(after, return_counts=True)
    seen = sum(n for k, n in zip(values, times, strict=True) if k > before and count_test(before, int(k)).p <= 0.05)
    assert seen / len(after) == pytest.approx(0.8, abs=0.03)


def test_three_events_can_show_a_rise_and_no_fall() -> None:
    result = count_test(3, 3)
    assert result.smallest_fall is None
    assert result.smallest_rise is not None


def test_batches_are_tested_as_students_test_does() -> None:
    before, after = np.array([1.0, 2.0, 3.0, 4.0]), np.array([2.0, 3.0, 5.0, 6.0])
    found = batch_test(before, after)
    # t = 1.5 / sqrt(5/12 + 10/12), three degrees of freedom
    assert float(found.log_ratio / found.error) == pytest.approx(1.3416, abs=1e-4)
    assert float(found.p()) == pytest.approx(0.2722, abs=1e-4)
    assert float(found.p(Alternative.HIGHER)) == pytest.approx(0.1361, abs=1e-4)
    paired = paired_batch_test(before, after)
    assert float(paired.log_ratio / paired.error) == pytest.approx(5.1962, abs=1e-4)


def test_the_interval_holds_the_ratio_and_excludes_one_where_the_test_is_significant() -> None:
    before = np.array([0.0, 0.1, -0.1, 0.05])
    result = batch_test(before, before + 1).ratio_test()
    assert result.low < np.e < (result.high or 0)
    assert result.low > 1 and result.p < 0.05
    assert result.smallest_rise is not None and 1 < result.smallest_rise < np.e


def test_batches_that_do_not_vary_differ_surely_or_not_at_all() -> None:
    same = np.zeros(8)
    assert float(batch_test(same, same).p()) == 1
    assert float(batch_test(same, same + 1).p()) == 0


@pytest.mark.parametrize("steps_remembered", [1, 5, 20])
def test_the_memory_of_a_series_is_found_and_its_limit_lies_above(steps_remembered: int) -> None:
    kept = np.exp(-1 / steps_remembered)
    shocks = np.random.default_rng(1).standard_normal((200, 2_000))
    series = np.zeros_like(shocks)
    for step in range(1, shocks.shape[1]):
        series[:, step] = kept * series[:, step - 1] + shocks[:, step]
    true_memory = (1 + kept) / (1 - kept)
    limits = memory_limit(series[:, 500:])
    assert true_memory < np.median(limits) < 2 * true_memory


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_corrected_probabilities_keep_the_order_and_lie_between_the_alone_and_bonferronis(alone: list[float]) -> None:
    corrected = holm(alone)
    for one, p in zip(alone, corrected, strict=True):
        assert one <= p <= min(1.0, len(alone) * one)
    by_alone = [p for _, p in sorted(zip(alone, corrected, strict=True))]
    assert by_alone == sorted(by_alone)


def test_four_probabilities_are_corrected_after_holm() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


@pytest.mark.parametrize("alternative", [Alternative.LOWER, Alternative.HIGHER])
def test_a_declared_direction_shows_a_smaller_change_and_no_other(alternative: Alternative) -> None:
    before = np.array([0.0, 0.1, -0.1, 0.05])
    for either, sided in (
        (count_test(10, 10), count_test(10, 10, alternative=alternative)),
        (batch_test(before, before).ratio_test(), batch_test(before, before).ratio_test(alternative)),
    ):
        assert either.smallest_fall is not None and either.smallest_rise is not None
        if alternative is Alternative.LOWER:
            assert sided.smallest_rise is None
            assert sided.smallest_fall is not None and either.smallest_fall < sided.smallest_fall < 1
        else:
            assert sided.smallest_fall is None
            assert sided.smallest_rise is not None and either.smallest_rise > sided.smallest_rise > 1
        assert (either.low, either.high) == (sided.low, sided.high)


@pytest.mark.parametrize("alternative", [Alternative.LOWER, Alternative.HIGHER])
def test_the_least_probability_of_a_declared_direction_is_that_of_all_events_on_one_side(
    alternative: Alternative,
) -> None:
    counts = (5, 0) if alternative is Alternative.LOWER else (0, 5)
    assert least_p(5, 1.2, alternative) == pytest.approx(count_test(*counts, 1.2, alternative).p)
