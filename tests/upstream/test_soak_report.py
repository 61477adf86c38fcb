"""Recorded runs of the real program: the compat view says what the soak report v1 printed for them, digit for digit.

Logs are the program's own; of the large telemetry files only the clock, the venues and the ages are kept.
"""

from __future__ import annotations

import re

import pytest

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


@pytest.mark.parametrize("run", REPORTED)
def test_every_number_and_every_line_of_the_gate_is_what_the_tool_printed(run: str) -> None:
    assert page(soak(run)) == printed(run)


@pytest.mark.parametrize("run", NO_REPORTS)
def test_where_the_tool_printed_no_report_its_number_is_that_word_and_its_reason_is_named(run: str) -> None:
    rows = soak(run)
    assert rows
    assert {row.upstream for row in rows} == {NO_REPORT}
    asked = re.search(r"missing required file: \$OUT/(\S+)|Invalid JSON in \$OUT/\S+:(\d+)", printed(run))
    assert asked is not None
    reason = f"asks for one {asked[1]}" if asked[1] else f"line {asked[2]} of telemetry.jsonl"
    assert all(reason in row.why for row in rows)


@pytest.mark.parametrize("run", RUNS)
def test_every_row_names_itself_once_and_says_why_in_one_sentence(run: str) -> None:
    rows = analysed(run).compat
    assert len({(row.tool, row.name) for row in rows}) == len(rows)
    for row in rows:
        assert row.why[0].isupper(), row
        assert re.fullmatch(r"[^!?]*[^.]\.", row.why), row
        assert ". " not in row.why, row


@pytest.mark.parametrize("run", RUNS)
def test_ours_beside_each_number_is_the_figure_that_the_row_names(run: str) -> None:
    analysis = analysed(run)
    for row in analysis.compat:
        if row.figure is None:
            continue
        figure = analysis.figure(row.figure)
        assert figure is not None, row
        known = figure.value or 0
        assert row.ours in (figure.value, known / 1_000, known * 100, figure.n), row


LOUD = {
    ("prb_before", "reconnects lighter ws_closed"): (0, 9),
    ("prb_after", "reconnects extended read_timeout"): (6, 2),
    ("aa1_a", "reconnects hyperliquid stale_watchdog"): (2, 1),
    ("faulty_head", "reconnects aster stale_watchdog"): (4, 0),
    ("faulty_head", "reconnects lighter subscribe_error"): (4, 2),
    ("capped_head", "cap_hits estimated total"): (8, 50),
    ("no_venue_head", "reconnects aster connect_error"): (6, 6),
    ("fsize_killed_head", "telemetry rows"): (NO_REPORT, 338),
}


@pytest.mark.parametrize(("run", "name"), LOUD)
def test_the_differences_that_people_should_know_of_are_there(run: str, name: str) -> None:
    row = next(row for row in soak(run) if row.name == name)
    assert (row.upstream, row.ours) == LOUD[run, name]


VERDICTS = {
    "aa1_a": ("PASS", "PASS"),
    "faulty_head": ("FAIL", "PASS"),
    "no_venue_head": ("FAIL", "INCONCLUSIVE"),
    "prb_after": ("FAIL", "FAIL"),
    "fsize_killed_head": (NO_REPORT, "INCONCLUSIVE"),
    "restart_head": (NO_REPORT, "PASS"),
}


@pytest.mark.parametrize("run", VERDICTS)
def test_beside_its_verdict_stands_that_of_our_gate_of_the_same_limits(run: str) -> None:
    gate = soak(run)[-1]
    gates = load_gate("frontier", catalogue())
    judged = evaluate(gates.rules, analysed(run), never_seen=gates.never_seen)
    assert (gate.name, gate.upstream, gate.ours) == ("gate", *VERDICTS[run])
    assert gate.ours == judged.verdict
