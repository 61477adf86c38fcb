"""Fixtures: the smoke runs of this folder, which run at the same time.

They start when the first of them is requested. Each starts once all venues of the previous one have sent data, so that
none is still starting when its first fault begins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.end_to_end.process import Smoke, SmokeResult, wait_for_all_venues

_SHORT_STALE_LIMITS = {
    f"PARAPHINA_{prefix}_STALE_MS": 1_500 for prefix in ("HL", "EXTENDED", "ASTER", "LIGHTER", "PARADEX")
}
_FAST_TICKS = {"PARAPHINA_MAIN_LOOP_INTERVAL_MS": 100}
"""A tick interval at which a short run has the 100 ticks that a p99 needs, even if the machine skips half of them."""

PLANS: Mapping[str, tuple[float, str, Mapping[str, object]]] = {
    "dozen": (26, "dozen", _SHORT_STALE_LIMITS | _FAST_TICKS),
    "mute": (24, "mute_lighter", _FAST_TICKS | {"PARAPHINA_LIGHTER_STALE_MS": 400}),
    "transport": (40, "transport", _SHORT_STALE_LIMITS | _FAST_TICKS | {"PARAPHINA_WS_HEALTHY_THRESHOLD_MS": 1_000}),
    "quiet": (24, "", _FAST_TICKS),
    "before": (24, "idle_lighter", _FAST_TICKS | {"PARAPHINA_LIGHTER_PING_INTERVAL_MS": 0}),
    "after": (24, "idle_lighter", _FAST_TICKS | {"PARAPHINA_LIGHTER_PING_INTERVAL_MS": 1_000}),
}


@pytest.fixture(scope="session")
def _smokes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], SmokeResult]]:
    folder: Path = tmp_path_factory.mktemp("smokes")
    running: dict[str, Smoke] = {}
    for name, (seconds, file, env) in PLANS.items():
        running[name] = Smoke(folder / name, seconds, file, **env)
        wait_for_all_venues(running[name])
    ended: dict[str, SmokeResult] = {}

    def result(name: str) -> SmokeResult:
        if name not in ended:
            ended[name] = running[name].wait()
        return ended[name]

    yield result
    for smoke in running.values():
        smoke.process.kill()
        smoke.process.communicate()


@pytest.fixture(scope="session", params=["dozen", "mute", "transport", "quiet", "before", "after"])
def any_smoke(request: pytest.FixtureRequest, _smokes: Callable[[str], SmokeResult]) -> SmokeResult:
    """Every smoke run in turn."""
    return _smokes(request.param)


@pytest.fixture(scope="session")
def dozen(_smokes: Callable[[str], SmokeResult]) -> SmokeResult:
    """A run with at least twelve kinds of faults at five venues."""
    return _smokes("dozen")


@pytest.fixture(scope="session")
def mute(_smokes: Callable[[str], SmokeResult]) -> SmokeResult:
    """A run in which one venue sends nothing for longer than the gate allows."""
    return _smokes("mute")


@pytest.fixture(scope="session")
def transport(_smokes: Callable[[str], SmokeResult]) -> SmokeResult:
    """A run with the faults that exist only between real sockets, each at every venue."""
    return _smokes("transport")


@pytest.fixture(scope="session")
def quiet(_smokes: Callable[[str], SmokeResult]) -> SmokeResult:
    """A run without faults."""
    return _smokes("quiet")


@pytest.fixture(scope="session")
def before(_smokes: Callable[[str], SmokeResult]) -> SmokeResult:
    """A run without pings, against a venue that drops silent clients."""
    return _smokes("before")


@pytest.fixture(scope="session")
def after(_smokes: Callable[[str], SmokeResult]) -> SmokeResult:
    """The same run with pings."""
    return _smokes("after")
