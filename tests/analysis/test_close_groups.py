"""Closes by a venue are grouped by the code and reason that the log prints, with their ages and lines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.analysis.metrics.sample_runs import START_LINE, analysed, record, stamped
from toolkit.analysis.pipeline import analyze
from toolkit.analysis.run_info import Options
from toolkit.model.closes import CloseGroup
from toolkit.model.runs import Window

DATA = Path(__file__).parents[1] / "data" / "runs"
IDLE_LINES = (66, 94, 122, 142, 169, 207, 237, 250, 280)
"""Lines of the recorded run in which the program prints that Lighter closed an idle socket."""
FRAME = 'Lighter public WS closed frame=Some(CloseFrame {{ code: {}, reason: "{}" }})'
NO_FRAME = "Lighter public WS closed frame=None"
RESET = "Lighter public WS read error: WebSocket protocol error: Connection reset without closing handshake"


def log(ends: Sequence[tuple[float, str]]) -> str:
    """Return a log of one session after the other; each lasts the given time, in s, and ends with the line."""
    lines, at_s = list[tuple[float, str]](), 0.0
    for lasted_s, end in ends:
        lines.append((at_s, "INFO: Lighter public WS connecting url=ws://127.0.0.1:1"))
        lines.append((at_s, "INFO: Lighter public WS connected url=ws://127.0.0.1:1"))
        lines.append((at_s + 0.5, "INFO: Lighter public WS first book update"))
        lines.append((at_s + lasted_s, end))
        at_s += lasted_s + 1
    return stamped(lines)


def groups(folder: Path, *ends: tuple[float, str]) -> dict[str, CloseGroup]:
    return {each.label: each for each in analysed(folder, log(ends)).closes}


def test_closes_are_grouped_by_code_and_reason_whatever_lies_between(tmp_path: Path) -> None:
    idle, away = FRAME.format("Normal", "idle"), FRAME.format("Away", "")
    found = groups(tmp_path, (60, idle), (20, away), (61, idle), (5, RESET), (60.5, idle), (300, idle), (9, NO_FRAME))
    assert {label: (each.count, each.regular) for label, each in found.items()} == {
        'code 1000, reason "idle"': (4, 3),
        "code 1001, no reason": (1, 1),
        "no code printed": (1, 1),
    }
    group = found['code 1000, reason "idle"']
    assert group.lines == tuple(("run.log", 1 + 4 * n) for n in (1, 3, 5, 6))
    assert (group.least_age_ms, group.most_age_ms) == (60_000, 300_000)
    assert group.age_ms == 60_750


def test_a_reason_that_quotes_text_is_kept_as_the_venue_sent_it(tmp_path: Path) -> None:
    assert [*groups(tmp_path, (1, FRAME.format("Library(4001)", '<b>|\\"x\\"|`')))] == ['code 4001, reason "<b>|"x"|`"']


def test_an_audited_end_with_a_close_frame_is_a_close_too_and_a_lost_connection_is_none(tmp_path: Path) -> None:
    audit = "WS_AUDIT venue=lighter reconnect_reason=stale_watchdog count=1"
    found = groups(tmp_path, (1, audit + "\n" + FRAME.format("Normal", "slow")), (1, FRAME.format("Abnormal", "")))
    assert [*found] == ['code 1000, reason "slow"']


def test_closes_in_a_log_without_any_time_are_counted_and_none_is_of_a_constant_age(tmp_path: Path) -> None:
    stamped_log = log([(60, FRAME.format("Normal", "idle"))] * 3)
    run = analysed(tmp_path, "".join(line.partition(" ")[2] for line in stamped_log.splitlines(keepends=True)))
    assert [(each.count, each.regular, each.age_ms) for each in run.closes] == [(3, 0, None)]
    assert [each.severity for each in run.findings if each.code == "repeated_close"] == ["low"]


def test_a_window_has_the_closes_of_its_own_time(tmp_path: Path) -> None:
    idle = FRAME.format("Normal", "idle")
    (tmp_path / "run.log").write_text(START_LINE + "\n" + log([(60, idle), (60, idle), (60, idle)]))
    (tmp_path / "telemetry.jsonl").write_text("".join(record(t, t, (0, 0, 0)) for t in range(200)))
    window = analyze([str(tmp_path)], options=Options(window=Window(until_tick=150)))
    assert [(each.label, each.count) for each in window.closes] == [('code 1000, reason "idle"', 2)]


def test_the_idle_closes_of_the_recorded_run_have_their_lines() -> None:
    run = analyze([str(DATA / "prb_before")])
    (group,) = (each for each in run.closes if each.reason == "idle")
    assert group.lines == tuple(("run.log.zst", line) for line in IDLE_LINES)
    (finding,) = (each for each in run.findings if each.code == "repeated_close")
    assert finding.lines == group.lines
    classes = [each.cls for each in run.episodes if each.kind == "reconnect" and each.venue == "lighter"]
    assert classes.count("venue closed: idle") == 9
