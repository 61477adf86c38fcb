"""The distribution of tests over workers: tests that need the clock run one after another."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import SLOW, worker_group

ROOT = Path(__file__).parent.parent


def test_every_path_of_a_group_exists() -> None:
    assert [place for place in SLOW if not (ROOT / place).exists()] == []


def test_modules_that_start_processes_are_in_the_clock_group() -> None:
    modules = [path for path in (ROOT / "tests").rglob("test_*.py") if path != Path(__file__)]
    starting = [path.relative_to(ROOT).as_posix() for path in modules if "Popen(" in path.read_text(encoding="utf-8")]
    assert len(starting) > 3
    assert {worker_group(f"{module}::test") for module in starting} == {"clock"}


def test_tests_of_a_module_stay_together_except_independent_ones() -> None:
    assert worker_group("tests/analysis/metrics/test_windows.py::test_a[1]") == worker_group(
        "tests/analysis/metrics/test_windows.py::test_b"
    )
    assert worker_group("tests/fuzz/test_fuzz.py::test_a[1]") != worker_group("tests/fuzz/test_fuzz.py::test_a[2]")
