"""Defect classes of stale exits, and the stages that sessions reached, from the log alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.analysis.metrics.sample_runs import record
from toolkit.analysis.pipeline import analyze
from toolkit.model.runs import RunAnalysis

START = "paraphina_live | trade_mode=shadow | venues=extended,lighter | connectors=extended,lighter | build_id=x"
EXIT = (
    "WS_AUDIT venue={} component={} reason={} stale_ms={} age_ws_rx_ms={} age_data_rx_ms={} age_book_event_ms={}"
    " age_published_ms={}"
)
TRUTH = (
    "WS_AUDIT venue=extended component=runner_apply_truth ext_apply_frozen_total={} ext_future_total={} age_apply_ms={}"
    " age_event_ms={} venue_state_stale_ms=1000"
)
CLASSES = (
    "no_data_transport_gap", "data_seen_no_publish", "runner_freeze_apply_gap", "future_timestamp_deferral",
    "unclassified",
)  # fmt: skip


def analysed(folder: Path, *lines: str) -> RunAnalysis:
    (folder / "run.log").write_text("\n".join([START, *lines, ""]))
    return analyze([str(folder)])


def values(analysis: RunAnalysis, venue: str, metric: str, names: tuple[str, ...]) -> list[float | None]:
    found = [analysis.figure(f"{venue}.{metric}.{name}") for name in names]
    return [figure.value for figure in found if figure]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            [EXIT.format("extended", "ws_msg", "stale_watchdog", 10000, 20, 12000, 12000, 12000)],
            "no_data_transport_gap",
        ),
        ([EXIT.format("extended", "ws_msg", "read_timeout", 10000, 20, 30, 12000, 12000)], "data_seen_no_publish"),
        (
            [TRUTH.format(1, 0, 1500, 10), EXIT.format("extended", "ws_msg", "stale_watchdog", 10000, 1, 1, 1, 1)],
            "runner_freeze_apply_gap",
        ),
        (
            [TRUTH.format(0, 3, 1500, 10), EXIT.format("extended", "ws_msg", "stale_watchdog", 10000, 1, 1, 1, 1)],
            "future_timestamp_deferral",
        ),
        (
            [EXIT.format("extended", "ws_msg", "stale_watchdog", 10000, 1, 1, 1, 1), TRUTH.format(1, 0, 1500, 10)],
            "unclassified",
        ),
        ([EXIT.format("extended", "ws_msg", "stale_watchdog", 0, 20, 12000, 12000, 12000)], "unclassified"),
    ],
)
def test_a_stale_exit_is_classified_by_its_ages_and_the_runner_line_before(
    tmp_path: Path, lines: list[str], expected: str
) -> None:
    analysis = analysed(tmp_path, *lines)
    assert values(analysis, "extended", "defects", CLASSES) == [float(name == expected) for name in CLASSES]


def test_a_periodic_line_is_not_an_exit_and_no_audit_line_means_not_instrumented(tmp_path: Path) -> None:
    analysis = analysed(tmp_path, EXIT.format("lighter", "freshness", "periodic", 10000, 20, 12000, 12000, 12000))
    assert values(analysis, "lighter", "defects", CLASSES) == [0] * 5
    assert values(analysis, "extended", "defects", CLASSES) == [None] * 5


def test_sessions_are_counted_at_each_stage_they_reached(tmp_path: Path) -> None:
    begin = "INFO: Lighter public WS connecting url=ws://127.0.0.1:1"
    connected = "INFO: Lighter public WS connected url=ws://127.0.0.1:1"
    message = "INFO: Lighter public WS first message received"
    book, closed = "INFO: Lighter public WS first book update", "Lighter public WS closed frame=None"
    analysis = analysed(
        tmp_path,
        *(begin, "INFO: Lighter public WS error (consecutive_failures=1): connect timed out after 15s"),
        *(begin, connected, closed),
        *(begin, connected, message, closed),
        *(begin, connected, message, book, closed),
        *(begin, connected),
    )
    stages = ("connecting", "connected", "subscribed", "first_message", "first_book")
    assert values(analysis, "lighter", "funnel", stages) == [5, 4, 2, 2, 1]
    assert values(analysis, "lighter", "bootstrap", ("no_first_frame", "frame_no_book")) == [1, 1]


def test_a_runner_warning_about_a_frozen_book_counts_as_a_freeze(tmp_path: Path) -> None:
    lines = [
        "WARN: Extended core book update frozen: mid jump",
        TRUTH.format(0, 0, 1500, 10),
        EXIT.format("extended", "ws_msg", "stale_watchdog", 10000, 1, 1, 1, 1),
    ]
    assert values(analysed(tmp_path, *lines), "extended", "defects", CLASSES) == [0, 0, 1, 0, 0]


def test_a_logged_cause_of_a_failed_start_replaces_the_stage(tmp_path: Path) -> None:
    begin = [
        "INFO: Extended public WS connecting url=ws://127.0.0.1:1",
        "INFO: Extended public WS connected url=ws://127.0.0.1:1",
    ]
    stated = "WS_AUDIT venue=extended component=bootstrap_timeout reason=bootstrap_{} reason_family=bootstrap_no_data"
    failed = "INFO: Extended public WS error (consecutive_failures=1): bootstrap failed"
    analysis = analysed(
        tmp_path, *begin, stated.format("control_frame_only_backend_attach"), failed, *begin, failed, *begin,
    )  # fmt: skip
    names = ("no_first_frame", "frame_no_book", "control_frame_only_backend_attach")
    assert values(analysis, "extended", "bootstrap", names) == [1, 0, 1]
    assert values(analysis, "lighter", "bootstrap", names) == [0, 0]


@pytest.mark.parametrize(
    ("log", "why"),
    [(None, "no run log"), ("building\n", "no line of a connector in the log")],
)
def test_log_figures_are_null_with_a_note_without_a_usable_log(tmp_path: Path, log: str | None, why: str) -> None:
    (tmp_path / "telemetry.jsonl").write_text(record(0, 0, [5, 5, 5]) + record(1, 0.25, [5, 5, 5]))
    if log is not None:
        (tmp_path / "run.log").write_text(log)
    analysis = analyze([str(tmp_path)])
    names = (
        "connects",
        "disconnects.ping_timeout",
        "funnel.connected",
        "enforcer.restarts",
        "rest.checks",
        "pings.sent",
    )
    figures = [analysis.figure(f"lighter.{name}") for name in names]
    assert {figure and figure.note for figure in figures} == {why}
