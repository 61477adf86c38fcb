"""Ticks after the last record, values that were never set, and files that are no evidence."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.analysis.metrics.sample_runs import START_LINE, analysed, figure, record
from toolkit.analysis.pipeline import analyze
from toolkit.model.runs import Finding, RunAnalysis
from toolkit.model.vocabulary import Role

RX = "market_rx_stats tick={} raw_drained=1 cap_hits=0\n"
STUCK = "ERROR: VenueHealthEnforcer: runner has not updated ages for {}ms (threshold=30000ms) — runner may be stuck\n"


def with_rx(folder: Path, rx_ticks: int, records: int) -> RunAnalysis:
    (folder / "market_rx_stats.log").write_text("".join(RX.format(t) for t in range(rx_ticks)))
    return analysed(folder, telemetry="".join(record(t, t / 4, (0, 0, 0)) for t in range(records)))


def of_code(run: RunAnalysis, code: str) -> list[Finding]:
    return [each for each in run.findings if each.code == code]


@pytest.mark.parametrize(
    ("rx_ticks", "severity", "text"),
    [
        (40, None, None),
        (38, None, None),
        (41, "low", "the market_rx lines end at tick 40, the telemetry at tick 39: the last tick has no record"),
        (45, "medium", "the market_rx lines end at tick 44, the telemetry at tick 39: the last 5 ticks have no record"),
    ],
)
def test_ticks_after_the_last_record_are_a_figure_and_a_finding(
    tmp_path: Path, rx_ticks: int, severity: str | None, text: str | None
) -> None:
    run = with_rx(tmp_path, rx_ticks, 40)
    assert figure(run, "run.ticks_unrecorded").value == max(rx_ticks - 40, 0)
    found = [(each.severity, each.text, each.lines) for each in of_code(run, "ticks_without_record")]
    assert found == ([(severity, text, (("market_rx_stats.log", rx_ticks),))] if severity else [])


def test_without_rx_lines_it_is_not_known_whether_a_tick_has_no_record(tmp_path: Path) -> None:
    run = analysed(tmp_path, telemetry="".join(record(t, t / 4, (0, 0, 0)) for t in range(40)))
    assert figure(run, "run.ticks_unrecorded").value is None


@pytest.mark.parametrize(
    ("age", "count"), [(2**63 - 1, 1), (2**64 - 1, 1), (2**63 - 2, 0), (31_000, 0), (10 * (2**63 - 1), 0)]
)
def test_the_largest_64_bit_number_is_named_as_a_value_that_was_never_set(tmp_path: Path, age: int, count: int) -> None:
    found = of_code(analysed(tmp_path, STUCK.format(age)), "value_never_set")
    assert len(found) == count
    for each in found:
        number = f"{age:,}".replace(",", "\u00a0")
        assert each.text == (
            f"a line prints stuck_ms={number}, the largest 64-bit number: no book yet, so it is no measurement"
        )
        assert (each.severity, each.lines) == ("low", (("run.log", 2),))


def plain(folder: Path) -> str:
    return str(folder)


def zipped(folder: Path) -> str:
    return shutil.make_archive(str(folder.parent / "run"), "zip", folder)


@pytest.mark.parametrize("packed", [plain, zipped])
def test_files_that_are_no_evidence_are_listed_as_not_read_and_do_not_change_the_run(
    tmp_path: Path, packed: Callable[[Path], str]
) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    alone = analysed(folder, "INFO: Lighter public WS connecting url=ws://127.0.0.1:1\n")
    (folder / "run.json").write_text('{"ended": "completed"}\n')
    (folder / "truth.jsonl").write_text(START_LINE + "\n")
    (folder / "notes.txt").write_text("first\nsecond\n")
    run = analyze([packed(folder)])
    assert (run.run, run.figures, run.findings) == (alone.run, alone.figures, alone.findings)
    rows = {each.file: each for each in run.ledger if each.role is Role.ARTIFACT}
    assert {name: (each.lines, each.used, each.set_aside) for name, each in rows.items()} == {
        "notes.txt": (2, 0, {"not_read": 2}),
        "run.json": (1, 0, {"not_read": 1}),
        "truth.jsonl": (1, 0, {"not_read": 1}),
    }
