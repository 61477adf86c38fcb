"""How the suite is spread over the cores of a machine, and what its tests have to tell beside their outcome.

A module's tests stay together, so that what they share is made once. Tests that need sockets, processes or the clock run
one after another, whatever runs beside them, and first: they wait more than they work.
"""

from __future__ import annotations

import os
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says how busy the machine is.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

CLOCK = (
    "tests/end_to_end/", "tests/smoke/", "tests/host/", "tests/db/", "tests/analysis/test_follow.py",
    "tests/connectors/io/test_websocket.py", "tests/connectors/simulator/test_server.py",
)  # fmt: skip
APART = ("tests/fuzz/",)
"""Where tests share nothing and are long."""


def together(nodeid: str) -> str:
    """What a test has to run together with, on one worker and in order."""
    if nodeid.startswith(CLOCK):
        return "clock"
    return nodeid if nodeid.startswith(APART) else nodeid.partition("::")[0]


def pytest_configure() -> None:
    """Every worker takes sets in one order, so that all of them find the same tests; another order with each run."""
    os.environ.setdefault("PYTHONHASHSEED", str(random.SystemRandom().randrange(1 << 32)))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(CLOCK))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """The plug-in's own way by groups changes the names of tests, which the runner of today does not let it do."""
    from xdist.scheduler import LoadScopeScheduling

    class Spread(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return together(nodeid)

    config.option.loadscopereorder = False
    return Spread(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what a test recorded as `told`, such as the seed of what it drew."""
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for text in (text for name, text in report.user_properties if name == "told" and report.when == "call"):
                terminalreporter.write_line(str(text))
