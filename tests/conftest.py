"""Seeds, markers and the distribution of tests over processes.

`make test` draws the same examples in every run. `make test-random` sets TOOLKIT_TEST_SEED to a new seed, prints it, and
runs the tests that draw: the property tests and those marked `drawn`.

A recorded run is analysed once in each process, for each set of options (see tests/remembered.py).

Measuring coverage doubles the time of a simulation, and adds a third to that of a program. Long tests whose code shorter ones
run too are marked `untraced`.

Tests of one module stay together, so that shared fixtures are made once. Tests that use sockets, processes or the clock
run one after another and first: they wait more than they compute.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.environments import unmeasured
from toolkit.model.runbooks.address import URL_VARIABLE

SEED = int(os.environ.get("TOOLKIT_TEST_SEED", "1"))

# The time of an example depends on the load of the machine, so there is no deadline.
settings.register_profile(
    "fixed", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True, max_examples=30
)
settings.register_profile("random", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("random" if "TOOLKIT_TEST_SEED" in os.environ else "fixed")

CLOCK = (
    "tests/attacks/", "tests/end_to_end/", "tests/smoke/", "tests/host/", "tests/db/", "tests/analysis/test_follow.py",
    "tests/connectors/io/", "tests/connectors/simulator/test_server.py",
    "tests/connectors/simulator/test_server_limits.py", "tests/streams/test_callers.py", "tests/streams/test_spool.py",
)  # fmt: skip
"""Tests that use processes, sockets or the clock: one after another, in one worker."""
INDEPENDENT = ("tests/fuzz/",)
"""Long tests that share nothing: any worker may take any of them."""
SLOW = (
    *CLOCK, *INDEPENDENT, "tests/action/test_comment_of_a_fork.py", "tests/action/test_on_two_commits.py", "tests/analysis/", "tests/api/", "tests/browser/",
    "tests/cli/", "tests/comparison/", "tests/connectors/session/test_fault_matrix.py",
    "tests/connectors/session/test_properties_book.py", "tests/connectors/session/test_sequence_resets.py",
    "tests/connectors/session/test_endpoint_faults.py", "tests/connectors/simulator/",
    "tests/connectors/venues/test_usual_books.py",
    "tests/evidence/explain/test_explain.py", "tests/evidence/test_confirmation.py", "tests/evidence/test_worked_example.py",
    "tests/files/test_conflicting_names.py", "tests/files/test_rotated_runs.py", "tests/files/test_rotation.py",
    "tests/gate/test_gate_command.py", "tests/ingest/test_copied_files.py", "tests/ingest/test_log_sections.py",
    "tests/ingest/test_split_log_lines.py", "tests/ingest/test_split_records.py", "tests/ingest/test_limits.py", "tests/ingest/test_long_lines.py",
    "tests/ingest/test_small_steps.py", "tests/ingest/test_stepped_records.py", "tests/ingest/test_telemetry_load.py",
    "tests/ingest/test_wrapped_logs.py", "tests/reports/test_compare_and_report.py", "tests/reports/test_evidence.py",
    "tests/reports/test_evidence_page.py", "tests/reports/test_examples.py", "tests/reports/test_page_size.py",
    "tests/reports/test_statements.py", "tests/reports/pictures/test_sample_pictures.py",
    "tests/reports/test_comparison_page.py", "tests/secrets/test_everywhere.py", "tests/packs/",
    "tests/runlog/bulk/test_log_groups.py", "tests/runlog/test_quoted_text.py", "tests/sessions/test_cut_heads.py",
    "tests/simulation/", "tests/streams/test_damaged_packing.py", "tests/test_documents.py",
    "tests/test_runbook_entries.py", "tests/timeline/", "tests/upstream/",
)  # fmt: skip
"""Tests that analyse whole runs, simulate whole runs or start processes: `make check` leaves them out."""


def worker_group(nodeid: str) -> str:
    """The tests that run together with this one, on one worker and in order, as the name of their group."""
    if nodeid.startswith(CLOCK):
        return "clock"
    return nodeid if nodeid.startswith(INDEPENDENT) else nodeid.partition("::")[0]


def pytest_configure() -> None:
    """Give all workers one hash seed, so that they collect parametrised sets in the same order, and one environment."""
    os.environ.setdefault("PYTHONHASHSEED", str(SEED))
    # Pages are compared as they are without an address of the runbooks.
    os.environ.pop(URL_VARIABLE, None)


def pytest_collection() -> None:
    """Remember analyses from before the first test module is imported, and not earlier than coverage is measured."""
    from tests.remembered import remember_analyses

    remember_analyses()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(CLOCK))
    for item in items:
        if item.nodeid.startswith(SLOW):
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Run a test marked `untraced` and its fixtures without the function that measures coverage, and so its programs.

    The marker `no_cover` stops one measurement, and a process of xdist has several.
    """
    if item.get_closest_marker("untraced") is None:
        return (yield)
    trace, environment = sys.gettrace(), dict(os.environ)
    sys.settrace(None)
    for name in set(environment) - set(unmeasured()):
        del os.environ[name]
    try:
        return (yield)
    finally:
        os.environ |= environment
        sys.settrace(trace)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Schedule by `worker_group`; the plug-in's own groups would change the names of tests."""
    from xdist.scheduler import LoadScopeScheduling

    class GroupScheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return worker_group(nodeid)

    config.option.loadscopereorder = False
    return GroupScheduling(config, log)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Say in the last line that the pages were not looked at in a browser, where that is so."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", ()) if reporter else ()
    if any(each.nodeid.startswith("tests/browser/") for each in skipped):
        reporter.write_line("browser tests skipped: no Chromium found; install it (Debian: apt install chromium)")


@pytest.fixture(scope="session")
def seed() -> int:
    """The seed of tests that draw for themselves; a failure is repeated with TOOLKIT_TEST_SEED set to it."""
    return SEED


@pytest.fixture
def analyzed_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let commands and the Python interface analyse recorded runs in this test each time."""
    from tests.remembered import analyze_anew

    monkeypatch.setattr("toolkit.analysis.pipeline.analyze", analyze_anew)
