"""A log whose beginning is lost: endings of sockets that were connected before it are no failed attempts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.metrics.made_up import figure
from toolkit.analysis import analyze
from toolkit.records import Analysis

SOCKET = (
    "INFO: Paradex public WS connecting url=ws://h/ws",
    "INFO: Paradex public WS connected url=ws://h/ws",
    "INFO: Paradex public WS first message received",
    "INFO: Paradex public WS error (consecutive_failures=1): WebSocket protocol error: Connection reset without closing handshake",
)
QUIET = ("INFO: Aster public WS connecting url=ws://h/ws", "INFO: Aster public WS connected url=ws://h/ws")


def analysed(folder: Path, *lines: str) -> Analysis:
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
        told = figure(run, f"paradex.{name}")
        whole = lost == 1
        expected = (value, "exact", value) if whole else (value, "lower", None)
        assert (told.value, told.bound, told.high) == expected, name
    assert figure(run, "paradex.connect_failures").value == 0
    assert figure(run, "aster.connects").bound == "exact"


def test_the_note_of_a_lower_bound_says_what_the_log_lacks(tmp_path: Path) -> None:
    run = analysed(tmp_path, *SOCKET[3:], *QUIET)
    for name in ("connects", "reconnects.stream_ended", "disconnects.stream_ended"):
        assert figure(run, f"paradex.{name}").note == "the log begins after the venue had connected"
