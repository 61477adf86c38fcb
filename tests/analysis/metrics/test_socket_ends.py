"""Ended sockets, by the kind of line that states the end."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.analysis.metrics.sample_runs import analysed, figure
from toolkit.model.vocabulary import Bound

OPEN = (
    "INFO: {V} public WS connecting url=ws://h/ws",
    "INFO: {V} public WS connected url=ws://h/ws",
    "INFO: {V} public WS first book update",
)
RESET = "INFO: {V} public WS error (consecutive_failures=1): WebSocket protocol error: Connection reset without closing handshake"
REFUSED = (
    "INFO: {V} public WS error (consecutive_failures=2): {V} public WS connect error: IO error: Connection refused"
)
WATCHDOG = "WARN: {V} public WS watchdog: no publishable book update for 10000ms — reconnecting"
AUDIT = "WS_AUDIT venue={v} reconnect_reason=stale_watchdog count=1"
INSTRUMENTED = "WS_AUDIT venue=extended extended_read_timeout_ms=10000"
KINDS = ("socket_ends", "socket_ends.audited", "socket_ends.logged", "socket_ends.silent")


def log(venue: str, *lines: str) -> str:
    return "".join(line.replace("{V}", venue.capitalize()).replace("{v}", venue) + "\n" for line in lines)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (OPEN, [0, 0, 0, 0]),
        ((*OPEN, AUDIT, WATCHDOG, *OPEN), [1, 1, 0, 0]),
        ((*OPEN, RESET, AUDIT, *OPEN, RESET), [2, 1, 1, 0]),
        ((*OPEN, *OPEN, RESET), [2, 0, 1, 1]),
        ((OPEN[0], REFUSED, *OPEN), [0, 0, 0, 0]),
    ],
)
def test_each_ended_socket_is_audited_logged_or_silent(
    tmp_path: Path, lines: tuple[str, ...], expected: list[int]
) -> None:
    run = analysed(tmp_path, log("hyperliquid", *lines))
    for scope in ("hyperliquid", "run"):
        assert [figure(run, f"{scope}.{kind}").value for kind in KINDS] == expected
    assert figure(run, "lighter.socket_ends").value == 0


@pytest.mark.parametrize(("more", "note"), [((), "no such line in the log"), ((INSTRUMENTED,), None)])
def test_a_log_without_audit_lines_states_no_reason_in_one_and_that_is_exact(
    tmp_path: Path, more: tuple[str, ...], note: str | None
) -> None:
    audited = figure(analysed(tmp_path, log("hyperliquid", *OPEN, RESET, *more)), "hyperliquid.socket_ends.audited")
    assert (audited.value, audited.bound, audited.n, audited.note) == (0, Bound.EXACT, 1, note)


def test_without_life_cycle_lines_nothing_is_known_about_socket_ends(tmp_path: Path) -> None:
    run = analysed(tmp_path, log("hyperliquid", AUDIT))
    assert [figure(run, f"hyperliquid.{kind}").value for kind in KINDS] == [None] * 4
