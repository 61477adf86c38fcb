"""Calls of one function by worker processes and this one, with their results in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar

from toolkit.streams.worker_pool import WorkerPool

_QUEUED_PER_WORKER, _MAX_PENDING = 4, 8
"""Calls queued per worker, and calls whose results may wait to be taken: memory must not grow with the file."""

A = TypeVar("A", bound=tuple[object, ...])
T = TypeVar("T")


@dataclass
class OrderedCalls(Generic[A, T]):
    """Schedule calls of `call` with each of the `arguments` over worker processes and this process.

    `free_workers` returns how many workers there are for them. While the arguments of the pending calls have `most`
    units by `size_of`, no further call is made.
    """

    pool: WorkerPool
    free_workers: Callable[[], int]
    call: Callable[..., T]
    arguments: Iterator[A]
    size_of: Callable[[A], int] = lambda _: 0
    most: int = 1

    def __post_init__(self) -> None:
        self._pending: deque[tuple[A, Future[T]]] = deque()

    def results(self) -> Iterator[tuple[A, T]]:
        """Yield the arguments and the result of each call, in order."""
        while True:
            self._submit()
            if not self._pending and not self._call_here():
                return
            arguments, first = self._pending[0]
            if not first.done() and self._call_here():
                continue
            self._pending.popleft()
            yield arguments, first.result()

    def restart(self, arguments: Iterator[A]) -> None:
        """Drop the pending calls, and go on with other arguments."""
        for _, result in self._pending:
            result.cancel()
        self._pending.clear()
        self.arguments = arguments

    @property
    def pending(self) -> list[A]:
        """Arguments of the calls whose results were not given yet."""
        return [arguments for arguments, _ in self._pending]

    def _submit(self) -> None:
        queued = sum(not result.done() for _, result in self._pending)
        for _ in range(_QUEUED_PER_WORKER * self.free_workers() - queued):
            if (arguments := self._next()) is None:
                return
            self._pending.append((arguments, self.pool.submit(self.call, *arguments)))

    def _call_here(self) -> bool:
        """Make the next call in this process; return false if there is none."""
        if (arguments := self._next()) is None:
            return False
        result: Future[T] = Future()
        result.set_result(self.call(*arguments))
        self._pending.append((arguments, result))
        return True

    def _next(self) -> A | None:
        if len(self._pending) >= _MAX_PENDING or sum(map(self.size_of, self.pending)) >= self.most:
            return None
        return next(self.arguments, None)
