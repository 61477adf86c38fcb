"""All smokes of this folder run side by side, begun when the first of them is asked for.

Each begins when the venues of the one before have been heard, so that none meets its first fault while it still starts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.end_to_end.process import Left, Smoke, wait_until_everyone_speaks

_SHORT = {f"PARAPHINA_{prefix}_STALE_MS": 1_500 for prefix in ("HL", "EXTENDED", "ASTER", "LIGHTER", "PARADEX")}
_FINE = {"PARAPHINA_MAIN_LOOP_INTERVAL_MS": 100}
"""Ticks so close that a short run has the hundred that a p99 needs, also where the machine has no time for half of them."""

PLANS: Mapping[str, tuple[float, str, Mapping[str, object]]] = {
    "dozen": (26, "dozen", _SHORT | _FINE),
    "mute": (24, "mute_lighter", _FINE | {"PARAPHINA_LIGHTER_STALE_MS": 400}),
    "quiet": (24, "", _FINE),
    "before": (24, "idle_lighter", _FINE | {"PARAPHINA_LIGHTER_PING_INTERVAL_MS": 0}),
    "after": (24, "idle_lighter", _FINE | {"PARAPHINA_LIGHTER_PING_INTERVAL_MS": 1_000}),
}


@pytest.fixture(scope="session")
def _smokes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Left]]:
    folder: Path = tmp_path_factory.mktemp("smokes")
    running: dict[str, Smoke] = {}
    for name, (seconds, file, env) in PLANS.items():
        running[name] = Smoke(folder / name, seconds, file, **env)
        wait_until_everyone_speaks(running[name])
    ended: dict[str, Left] = {}

    def left(name: str) -> Left:
        if name not in ended:
            ended[name] = running[name].left()
        return ended[name]

    yield left
    for smoke in running.values():
        smoke.process.kill()
        smoke.process.communicate()


@pytest.fixture(scope="session", params=["dozen", "mute", "quiet", "before", "after"])
def any_smoke(request: pytest.FixtureRequest, _smokes: Callable[[str], Left]) -> Left:
    """Each of the smokes."""
    return _smokes(request.param)


@pytest.fixture(scope="session")
def dozen(_smokes: Callable[[str], Left]) -> Left:
    """A dozen faults at five venues."""
    return _smokes("dozen")


@pytest.fixture(scope="session")
def mute(_smokes: Callable[[str], Left]) -> Left:
    """One venue mute for longer than the gate allows."""
    return _smokes("mute")


@pytest.fixture(scope="session")
def quiet(_smokes: Callable[[str], Left]) -> Left:
    """Nothing wrong at all."""
    return _smokes("quiet")


@pytest.fixture(scope="session")
def before(_smokes: Callable[[str], Left]) -> Left:
    """A venue that drops silent clients, and a client that sends no pings."""
    return _smokes("before")


@pytest.fixture(scope="session")
def after(_smokes: Callable[[str], Left]) -> Left:
    """The same with pings."""
    return _smokes("after")
