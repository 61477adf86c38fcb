"""Calls by worker processes: results in order, and few of them in memory."""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt

import pytest

from toolkit.streams import ordered_calls
from toolkit.streams.ordered_calls import OrderedCalls
from toolkit.streams.worker_pool import WorkerPool


@pytest.mark.parametrize("workers", [1, 2])
def test_few_results_wait_however_late_they_are_taken(workers: int) -> None:
    begun = list[float]()

    def numbers() -> Iterator[tuple[float]]:
        for number in range(100):
            begun.append(number)
            yield (number,)

    with WorkerPool(workers) as pool:
        calls = OrderedCalls(pool, lambda: workers, sqrt, numbers())
        for taken, (arguments, result) in enumerate(calls.results()):
            assert (arguments, result) == ((taken,), sqrt(taken))
            assert len(begun) - taken <= ordered_calls._MAX_PENDING
            # A worker answers in turn: all calls before these are done.
            for answer in [pool.submit(sqrt, 1.0) for _ in range(workers)]:
                answer.result()
    assert len(begun) == 100
