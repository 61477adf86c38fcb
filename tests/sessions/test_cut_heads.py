"""A log whose beginning is lost: endings of sockets that were connected before it are no failed attempts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.analysis.metrics.sample_runs import START_LINE, figure
from toolkit.analysis.pipeline import analyze
from toolkit.model.runs import RunAnalysis

SOCKET = (
    "INFO: Paradex public WS connecting url=ws://h/ws",
    "INFO: Paradex public WS connected url=ws://h/ws",
    "INFO: Paradex public WS first message received",
    "INFO: Paradex public WS error (consecutive_failures=1): WebSocket protocol error: Connection reset without closing handshake",
)
QUIET = ("INFO: Aster public WS connecting url=ws://h/ws", "INFO: Aster public WS connected url=ws://h/ws")


def analysed(folder: Path, *lines: str) -> RunAnalysis:
    (folder / "run.log").write_text("".join(line + "\n" for line in lines))
    return analyze([str(folder)])


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_what_ended_a_socket_from_before_the_log_is_a_disconnect_and_all_counts_are_lower_bounds(
    tmp_path: Path, lost: int
) -> None:
    run = analysed(tmp_path, *SOCKET[lost:], *QUIET, *SOCKET)
    for name, value in {
        "connects": 2, "reconnects": 1, "reconnects.stream_ended": 1, "disconnects.stream_ended": 2,
        "reconnects.read_timeout": 0,
    }.items():  # fmt: skip
        result = figure(run, f"paradex.{name}")
        assert (result.value, result.bound, result.high) == (value, "lower", None), name
    failures = figure(run, "paradex.connect_failures")
    assert (failures.value, failures.bound, failures.high) == (0, "lower", None)
    assert figure(run, "paradex.resyncs.seq_gap").bound == "lower"
    assert figure(run, "aster.connects").bound == "exact"


def test_the_note_of_a_lower_bound_says_what_the_log_lacks(tmp_path: Path) -> None:
    run = analysed(tmp_path, *SOCKET[3:], *QUIET)
    for name in ("connects", "reconnects.stream_ended", "disconnects.stream_ended"):
        assert figure(run, f"paradex.{name}").note == "the log begins after the venue had connected"


@pytest.mark.parametrize(
    ("lines", "lives", "connects", "reconnects"),
    [
        ((START_LINE, *SOCKET, *SOCKET), 1, 2, 1),
        ((*SOCKET[2:], *SOCKET, START_LINE, *SOCKET), 2, 3, 1),
        ((*SOCKET[:3], START_LINE, *SOCKET[:3]), 2, 2, 0),
        ((START_LINE, SOCKET[3], *SOCKET[:3]), 1, 1, 0),
    ],
    ids=["whole", "a start after a cut head", "a start after what ran before", "an ending after a start"],
)
def test_a_start_line_begins_a_life_wherever_it_stands(
    tmp_path: Path, lines: tuple[str, ...], lives: int, connects: int, reconnects: int
) -> None:
    run = analysed(tmp_path, *lines)
    assert figure(run, "run.lives").value == lives
    assert [figure(run, f"paradex.{name}").value for name in ("connects", "reconnects")] == [connects, reconnects]


AUDIT = "WS_AUDIT venue=paradex reconnect_reason=read_timeout count="


def test_a_life_known_by_a_counter_has_the_session_that_was_under_way_when_it_fell(tmp_path: Path) -> None:
    open_ = SOCKET[:3]
    run = analysed(tmp_path, *open_, AUDIT + "1", *open_, AUDIT + "2", *open_, AUDIT + "1", *open_)
    result = {
        name: figure(run, f"paradex.{name}") for name in ("sessions", "connects", "reconnects", "connect_failures")
    }
    assert {name: (each.value, each.bound) for name, each in result.items()} == {
        "sessions": (4, "exact"), "connects": (4, "exact"), "reconnects": (2, "exact"), "connect_failures": (0, "exact"),
    }  # fmt: skip
    assert figure(run, "run.lives").value == 2
