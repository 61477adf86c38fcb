"""Sets of cases of which `make test` takes some, and `make test-matrix` all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import pytest

IS_WHOLE = os.environ.get("TOOLKIT_TEST_MATRIX") == "whole"
"""True where all cases are taken."""
Case = TypeVar("Case")
Test = TypeVar("Test", bound=Callable[..., None])


def some(cases: Iterable[Case], every: int) -> list[Case]:
    """Return one of `every` cases, the first one among them; all where the whole matrix is tested."""
    return list(cases)[:: 1 if IS_WHOLE else every]


def sampled(
    names: str | tuple[str, ...], cases: Iterable[object], every: int, **options: Any
) -> Callable[[Test], Test]:
    """Parametrise a test with one of `every` cases; `options` are those of `pytest.mark.parametrize`."""
    chosen = pytest.mark.parametrize(names, some(cases, every), **options)
    return lambda test: pytest.mark.sampled(chosen(test))
