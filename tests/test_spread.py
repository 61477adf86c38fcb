"""How the suite is spread over cores: what needs the clock runs one after another."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import APART, CLOCK, together

ROOT = Path(__file__).parent.parent


def test_every_place_that_is_named_is_there() -> None:
    assert [place for place in (*CLOCK, *APART) if not (ROOT / place).exists()] == []


def test_tests_that_start_processes_and_go_on_run_one_after_another() -> None:
    modules = [path for path in (ROOT / "tests").rglob("test_*.py") if path != Path(__file__)]
    starting = [path.relative_to(ROOT).as_posix() for path in modules if "Popen(" in path.read_text(encoding="utf-8")]
    assert len(starting) > 3
    assert {together(f"{module}::test") for module in starting} == {"clock"}


def test_the_tests_of_a_module_stay_together_but_for_those_that_share_nothing() -> None:
    assert together("tests/analysis/metrics/test_windows.py::test_a[1]") == together(
        "tests/analysis/metrics/test_windows.py::test_b"
    )
    assert together("tests/fuzz/test_fuzz.py::test_a[1]") != together("tests/fuzz/test_fuzz.py::test_a[2]")
