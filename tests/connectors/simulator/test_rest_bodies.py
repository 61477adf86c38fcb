"""REST responses of the simulated venues are those that were read and kept."""

from __future__ import annotations

import pytest

from tests.connectors.simulator.rest_bodies import GOLDEN, PATHS, row

CASES = [(venue, path) for venue, paths in PATHS.items() for path in paths]


@pytest.mark.parametrize(("venue", "path"), CASES, ids=[f"{venue} {path}" for venue, path in CASES])
def test_a_response_is_the_one_that_was_read(venue: str, path: str) -> None:
    golden = (GOLDEN / f"{venue}.jsonl").read_text().splitlines()
    assert row(venue, path) == golden[PATHS[venue].index(path)]
