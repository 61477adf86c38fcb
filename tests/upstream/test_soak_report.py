"""Recorded runs of the real program: the compat rows equal what the soak report v1 printed, digit for digit.

The logs are complete; the large telemetry files are reduced to the clock, the venues and the ages.
"""

from __future__ import annotations

import re

import pytest

from tests.sampling import sampled
from tests.upstream.recorded import DATA, RUNS, analysed
from tests.upstream.soak_page import page
from toolkit.analysis.metrics import catalogue
from toolkit.gate import evaluate
from toolkit.gate.gate_files import load_gate
from toolkit.model.runs import CompatRow
from toolkit.upstream.soak_report import NO_REPORT, TOOL

NO_REPORTS = [run for run in RUNS if (DATA / "upstream" / run / "ws_soak_report.txt").read_text().startswith("error: ")]
REPORTED = [run for run in RUNS if run not in NO_REPORTS]


def printed(run: str) -> str:
    return (DATA / "upstream" / run / "ws_soak_report.txt").read_text(encoding="utf-8")


def soak(run: str) -> list[CompatRow]:
    return [row for row in analysed(run).compat if row.tool == TOOL]


@sampled("run", REPORTED, 2)
def test_every_number_and_every_line_of_the_gate_equals_the_printed_report(run: str) -> None:
    assert page(soak(run)) == printed(run)


@pytest.mark.parametrize("run", NO_REPORTS)
def test_without_a_report_every_row_says_so_and_gives_the_reason(run: str) -> None:
    rows = soak(run)
    assert rows
    assert {row.upstream for row in rows} == {NO_REPORT}
    error = re.search(r"missing required file: \$OUT/(\S+)|Invalid JSON in \$OUT/\S+:(\d+)", printed(run))
    assert error is not None
    reason = f"requires one {error[1]}" if error[1] else f"line {error[2]} of telemetry.jsonl"
    assert all(reason in row.why for row in rows)


@pytest.mark.parametrize("run", RUNS)
def test_every_row_has_a_unique_name_and_a_reason_of_one_sentence(run: str) -> None:
    rows = analysed(run).compat
    assert len({(row.tool, row.name) for row in rows}) == len(rows)
    for row in rows:
        assert row.why[0].isupper(), row
        assert re.fullmatch(r"[^!?]*[^.]\.", row.why), row
        assert ". " not in row.why, row


@pytest.mark.parametrize("run", RUNS)
def test_our_number_of_each_row_is_the_figure_that_the_row_names(run: str) -> None:
    analysis = analysed(run)
    for row in analysis.compat:
        if row.figure is None:
            continue
        figure = analysis.figure(row.figure)
        assert figure is not None, row
        known = figure.value or 0
        assert row.ours in (figure.value, known / 1_000, known * 100, figure.n), row


KNOWN_DIFFERENCES = {
    ("prb_before", "reconnects lighter ws_closed"): (0, 9),
    ("prb_after", "reconnects extended read_timeout"): (6, 2),
    ("aa1_a", "reconnects hyperliquid stale_watchdog"): (2, 1),
    ("faulty_head", "reconnects aster stale_watchdog"): (4, 0),
    ("faulty_head", "reconnects lighter subscribe_error"): (4, 2),
    ("capped_head", "cap_hits estimated total"): (8, 50),
    ("no_venue_head", "reconnects aster connect_error"): (6, 6),
    ("fsize_killed_head", "telemetry rows"): (NO_REPORT, 338),
}


@pytest.mark.parametrize(("run", "name"), KNOWN_DIFFERENCES)
def test_the_known_differences_are_in_the_rows(run: str, name: str) -> None:
    row = next(row for row in soak(run) if row.name == name)
    assert (row.upstream, row.ours) == KNOWN_DIFFERENCES[run, name]


VERDICTS = {
    "aa1_a": ("PASS", "PASS"),
    "faulty_head": ("FAIL", "PASS"),
    "no_venue_head": ("FAIL", "INCONCLUSIVE"),
    "prb_after": ("FAIL", "FAIL"),
    "fsize_killed_head": (NO_REPORT, "INCONCLUSIVE"),
    "restart_head": (NO_REPORT, "PASS"),
}


@pytest.mark.parametrize("run", VERDICTS)
def test_the_verdict_row_has_the_verdict_of_our_gate_with_the_same_limits(run: str) -> None:
    gate = soak(run)[-1]
    gates = load_gate("frontier", catalogue())
    result = evaluate(gates.rules, analysed(run), never_seen=gates.never_seen)
    assert (gate.name, gate.upstream, gate.ours) == ("gate", *VERDICTS[run])
    assert gate.ours == result.verdict
