"""Recorded runs of the producer agree with the ground truth of the simulated venues.

A connection is a handshake that the simulated venue accepted, so it equals `connects`; reconnects are the connections
after the first of each life. The files are the program's own, some without their telemetry to keep them small.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
import zstandard

from toolkit.analysis.pipeline import analyze
from toolkit.model.errors import InputError
from toolkit.model.runs import RunAnalysis

RUNS = Path(__file__).parent.parent / "data" / "runs"
VENUES = ("extended", "hyperliquid", "aster", "lighter", "paradex")

CONNECTIONS = {  # per venue in the order of VENUES, and the number of lives
    "aa1_a": ((2, 3, 2, 3, 1), 1),
    "aa1_b": ((2, 3, 2, 3, 1), 1),
    "capped_head": ((1, 1, 1, 1, 1), 1),
    "ci_prefixed": ((2, 1, 1, 1, 2), 1),
    "clean_head": ((1, 1, 1, 1, 1), 1),
    "faulty_head": ((3, 4, 3, 6, 7), 1),
    "fsize_killed_head": ((2, 1, 1, 1, 1), 1),
    "killed_head": ((2, 1, 1, 1, 1), 1),
    "no_venue_head": ((0, 0, 0, 0, 0), 1),
    "panic_task_run": ((1, 1, 6, 1, 1), 1),
    "prb_after": ((6, 4, 3, 2, 4), 1),
    "prb_before": ((6, 4, 3, 11, 4), 1),
    "restart_head": ((2, 3, 2, 2, 4), 2),
    "split_stdio": ((1, 2, 1, 2, 1), 1),
}


@cache
def analysed(run: str) -> RunAnalysis:
    return analyze([str(RUNS / run)])


def value(run: str, figure: str) -> object:
    found = analysed(run).figure(figure)
    assert found is not None, figure
    return found.value


@pytest.mark.parametrize("run", CONNECTIONS)
def test_connects_equal_the_connections_that_the_venues_accepted(run: str) -> None:
    connections, _ = CONNECTIONS[run]
    assert tuple(value(run, f"{venue}.connects") for venue in VENUES) == connections


@pytest.mark.parametrize("run", CONNECTIONS)
def test_reconnects_are_the_connections_after_the_first_of_each_life(run: str) -> None:
    connections, lives = CONNECTIONS[run]
    assert analysed(run).run.lives == lives
    expected = tuple(max(count - lives, 0) for count in connections)
    assert tuple(value(run, f"{venue}.reconnects") for venue in VENUES) == expected


@pytest.mark.parametrize("run", CONNECTIONS)
def test_reconnects_by_reason_add_up_to_the_reconnects(run: str) -> None:
    for venue in VENUES:
        prefix = f"{venue}.reconnects."
        parts = [figure.value for figure in analysed(run).figures if figure.figure.startswith(prefix)]
        assert sum(part for part in parts if part is not None) == value(run, f"{venue}.reconnects")


@pytest.mark.parametrize(
    ("run", "figure", "expected"),
    [
        ("prb_before", "lighter.reconnects.server_close", 9),
        ("prb_before", "lighter.reconnects.stream_ended", 1),
        ("prb_before", "extended.reconnects.read_timeout", 2),
        ("prb_after", "extended.read_timeouts_kept", 4),
        ("faulty_head", "aster.resyncs.stale_watchdog", 4),
        ("faulty_head", "aster.resyncs.seq_gap", 1),
        ("faulty_head", "lighter.reconnects.subscribe_error", 2),
        ("faulty_head", "hyperliquid.connect_failures.connect_error", 3),
        ("panic_task_run", "aster.reconnects.task_panic", 5),
        ("panic_task_run", "aster.supervisor.panics", 6),
        ("no_venue_head", "lighter.connect_failures.discovery", 6),
        ("no_venue_head", "paradex.connect_failures.connect_error", 6),
        ("capped_head", "run.cap_hits", 50),
        ("prb_before", "run.publisher.try_send_full", None),
        ("prb_after", "run.publisher.try_send_full", 0),
    ],
)
def test_a_figure_has_the_value_that_the_injected_faults_imply(run: str, figure: str, expected: int | None) -> None:
    assert value(run, figure) == expected


@pytest.mark.parametrize(
    ("run", "figure", "note"),
    [
        ("prb_before", "run.publisher.try_send_full", "not instrumented"),
        ("prb_before", "extended.read_timeouts_kept", "not instrumented"),
        ("prb_before", "lighter.rest.injections", "not instrumented"),
        ("exdev_build", "run.cap_hits", "no market_rx line and no copy in telemetry"),
    ],
)
def test_a_count_without_evidence_is_null_with_a_note(run: str, figure: str, note: str) -> None:
    found = analysed(run).figure(figure)
    assert found is not None
    assert (found.value, found.low, found.high, found.note) == (None, None, None, note)


@pytest.mark.parametrize(
    ("run", "ended", "code", "line"),
    [
        ("exdev_build", "blocked_build", "exdev", 10),
        ("compile_error_build", "blocked_build", "compile_error", 12),
        ("panic_run", "crashed", "panic", 6),
        ("error_exit_run", "never_started", "configuration", 3),
        ("panic_task_run", "unknown", "task_panic", None),
        ("killed_head", "unknown", None, None),
        ("clean_head", "unknown", None, None),
    ],
)
def test_the_end_of_a_run_has_its_cause_and_line(run: str, ended: str, code: str | None, line: int | None) -> None:
    result = analysed(run).run
    assert (result.ended, result.diagnosis.code if result.diagnosis else None) == (ended, code)
    if line is not None:
        assert result.diagnosis is not None
        assert result.diagnosis.line == line


def test_an_unexplained_end_well_before_the_requested_time_is_a_kill() -> None:
    from toolkit.analysis.pipeline import Options

    early = analyze([str(RUNS / "killed_head")], options=Options(requested_ms=120_000)).run
    assert (early.ended, early.diagnosis.code if early.diagnosis else None) == ("killed", "died_early")
    full = analyze([str(RUNS / "restart_head")], options=Options(requested_ms=120_000)).run
    assert full.ended == "timeout"


@pytest.mark.parametrize("run", [*CONNECTIONS, "exdev_build", "compile_error_build", "panic_run", "error_exit_run"])
def test_every_line_of_every_file_is_accounted_for(run: str) -> None:
    for ledger in analysed(run).ledger:
        packed = (RUNS / run / ledger.file).read_bytes()
        content = zstandard.ZstdDecompressor().decompressobj().decompress(packed)
        assert ledger.lines == ledger.used + ledger.other + sum(ledger.set_aside.values())
        assert ledger.lines == content.count(b"\n") + (not content.endswith(b"\n") and bool(content))


def test_a_run_killed_in_the_middle_of_a_write_loses_its_torn_line_and_nothing_else() -> None:
    (telemetry,) = [each for each in analysed("fsize_killed_head").ledger if each.role == "telemetry"]
    assert (telemetry.lines, telemetry.used, telemetry.set_aside) == (339, 338, {"torn_tail": 1})


def test_every_recorded_run_is_marked_as_simulated() -> None:
    assert {run: analysed(run).run.simulated for run in CONNECTIONS} == dict.fromkeys(CONNECTIONS, True)


def test_age_figures_agree_with_a_direct_computation() -> None:
    content = zstandard.ZstdDecompressor().decompressobj().decompress(
        (RUNS / "killed_head" / "telemetry.jsonl.zst").read_bytes()
    )  # fmt: skip
    records = [json.loads(line) for line in content.splitlines()]
    for index, venue in enumerate(VENUES):
        ages = sorted(record["venue_age_ms"][index] for record in records if record["venue_age_ms"][index] >= 0)
        position = (len(ages) - 1) * 95 / 100
        below = int(position)
        above = min(below + 1, len(ages) - 1)
        p95 = ages[below] * (above - position) + ages[above] * (position - below) if position != below else ages[below]
        assert value("killed_head", f"{venue}.age_apply_ms.p95") == p95
        assert value("killed_head", f"{venue}.age_apply_ms.max") == ages[-1]


@pytest.mark.parametrize("name", ["empty directory", "a binary file", "no such path", "a document"])
def test_a_path_that_is_not_a_run_raises_an_input_error_with_its_name(tmp_path: Path, name: str) -> None:
    place = tmp_path / "run"
    if name == "empty directory":
        place.mkdir()
    elif name == "a binary file":
        place.write_bytes(bytes(range(256)) * 100)
    elif name == "a document":
        place.write_text("# A document\n\nwith words in it.\n")
    with pytest.raises(InputError) as caught:
        analyze([str(place)])
    assert caught.value.file == str(place)


def test_an_empty_file_of_a_run_is_recognised_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "telemetry.jsonl").touch()
    (tmp_path / "run.log").touch()
    result = analyze([str(tmp_path)])
    assert [(each.file, each.role, each.lines) for each in result.ledger] == [
        ("run.log", "log", 0),
        ("telemetry.jsonl", "telemetry", 0),
    ]
    assert result.figure("run.ticks").value == 0


RX = "market_rx_stats tick={} raw_drained=1 raw_l2_delta=0 raw_l2_snapshot=1 raw_trade=0 cap_hits=0\n"
CONNECTED = "INFO: Lighter public WS connecting url=wss://h/ws\nINFO: Lighter public WS connected url=wss://h/ws\n"


@pytest.mark.parametrize(("name", "before", "role"), [("run.log", CONNECTED, "log"), ("a.txt", "", "rx_stats")])
def test_a_file_is_rx_stats_only_if_it_has_no_other_log_line(tmp_path: Path, name: str, before: str, role: str) -> None:
    (tmp_path / name).write_text(before + "".join(RX.format(tick) for tick in range(300)))
    result = analyze([str(tmp_path)])
    assert [(each.role, each.set_aside) for each in result.ledger] == [(role, {})]
    figure = result.figure("lighter.connects")
    assert (figure and figure.value) == (1 if before else None)
