"""The runs of each side on the command line."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from toolkit.cli.compare import paired_paths
from toolkit.model.errors import UsageError


@pytest.mark.parametrize(
    ("before", "after", "befores", "afters", "sides"),
    [
        ("a", "b", None, None, (["a"], ["b"])),
        (None, None, ["a"], ["b"], (["a"], ["b"])),
        (None, None, ["a", "b"], ["c", "d", "e"], (["a", "b"], ["c", "d", "e"])),
    ],
)
def test_two_arguments_or_repeated_options_name_the_runs(
    before: str | None,
    after: str | None,
    befores: Sequence[str] | None,
    afters: Sequence[str] | None,
    sides: tuple[list[str], list[str]],
) -> None:
    assert paired_paths(before, after, befores, afters) == sides


@pytest.mark.parametrize(
    ("before", "after", "befores", "afters", "why"),
    [
        (None, None, None, None, "write two runs"),
        ("a", None, None, None, "write two runs"),
        ("a", "b", ["c"], ["d"], "not both"),
        ("a", None, None, ["d"], "not both"),
        (None, None, ["a"], None, "no run after the change: name at least one with --after RUN"),
        (None, None, None, ["b"], "no run before the change: name at least one with --before RUN"),
    ],
)
def test_a_mixture_or_a_side_without_a_run_is_refused(
    before: str | None, after: str | None, befores: Sequence[str] | None, afters: Sequence[str] | None, why: str
) -> None:
    with pytest.raises(UsageError, match=why):
        paired_paths(before, after, befores, afters)
