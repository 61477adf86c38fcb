"""Recorded runs: the times given to lines against the venues' own record of each connection.

`connections.json` holds, run by run and venue by venue, when each connection was accepted, when its first book was
sent, and when it ended, all by the clock of the venues' side, which was this host's.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
import zstandard

from toolkit.analysis.pipeline import analyze
from toolkit.model.recorded import arrivals

DATA = Path(__file__).parent.parent / "data"
TRUTH = json.loads((DATA / "timeline" / "connections.json").read_text(encoding="utf-8"))
WAY_MS = 60
"""From the venue's word to the program's line, and back."""


@dataclass(frozen=True, slots=True)
class Line:
    at_ms: int | None
    error_ms: int | None
    true_ms: int


def ingested(tmp_path: Path, *paths: str) -> duckdb.DuckDBPyConnection:
    store = str(tmp_path / "runs.duckdb")
    analyze(paths, store)
    return duckdb.connect(store, read_only=True)


def path_of(run: str) -> str:
    return "sample:before" if run == "prb_before" else str(DATA / "runs" / run)


def lines(con: duckdb.DuckDBPyConnection, run: str) -> Iterator[tuple[str, Line]]:
    """The lines that a connection leaves, each with the true time of what it tells."""
    rows = con.execute(
        "select s.venue, c.at_ms, c.at_error_ms, s.first_book_ms, s.first_book_error_ms, s.ended_ms, s.ended_error_ms"
        " from session s left join log_event c on c.family = 'ws_connected' and c.file_no = s.file_no"
        " and c.venue = s.venue and c.line = (select min(line) from log_event where family = 'ws_connected'"
        " and venue = s.venue and line >= s.began_line and file_no = s.file_no)"
        " where s.reached <> 'connecting' order by s.life, s.session"
    ).fetchall()
    for venue, connections in TRUTH[run].items():
        mine = [row[1:] for row in rows if row[0] == venue]
        assert len(mine) == len(connections)
        for row, (accepted, booked, ended) in zip(mine, connections, strict=True):
            yield "connected", Line(*row[0:2], accepted)
            if row[2] is not None and booked is not None:
                yield "first_book", Line(*row[2:4], booked)
            if row[4] is not None:
                yield "ended", Line(*row[4:6], ended)


@pytest.mark.parametrize("run", TRUTH)
def test_the_true_time_of_every_placed_line_lies_within_its_error(run: str, tmp_path: Path) -> None:
    con = ingested(tmp_path, path_of(run))
    told = [(kind, line) for kind, line in lines(con, run) if line.at_ms is not None]
    assert len(told) >= 10
    for kind, line in told:
        assert line.at_ms is not None and line.error_ms is not None
        assert abs(line.at_ms - line.true_ms) <= line.error_ms + WAY_MS, (kind, line)


def test_with_telemetry_most_reconnects_are_placed_to_a_second(tmp_path: Path) -> None:
    told = [
        line for kind, line in lines(ingested(tmp_path, path_of("prb_before")), "prb_before") if kind != "connected"
    ]
    close = [line for line in told if line.error_ms is not None and line.error_ms <= 1_000]
    assert len(close) >= 0.7 * len(told)
    assert sorted(abs((line.at_ms or 0) - line.true_ms) for line in close)[len(close) // 2] < 400


def test_every_line_of_a_stamped_log_has_its_stamp(tmp_path: Path) -> None:
    con = ingested(tmp_path, path_of("ci_prefixed"))
    placed = con.execute("select count(*), count(at_ms), max(at_error_ms), min(at_ms) from log_event").fetchall()[0]
    assert placed == (93, 93, 0, 1795507125642)


def test_a_log_with_a_file_of_arrivals_has_the_times_at_which_its_bytes_arrived(tmp_path: Path) -> None:
    packed = DATA / "runs" / "split_stdio" / "run.stderr.log.zst"
    shutil.copy(packed, tmp_path / "run.log.zst")
    text = zstandard.ZstdDecompressor().decompress(packed.read_bytes(), 1 << 20)
    begins, rows = 0, []
    for number, line in enumerate(text.splitlines(keepends=True)):
        rows.append(arrivals.Arrival(begins, 1_000_000 + 40 * number, 10))
        begins += len(line)
    times = [arrivals.header("run.log"), *map(arrivals.line, rows)]
    (tmp_path / arrivals.FILE_NAME).write_bytes(b"".join(times))
    con = ingested(tmp_path, str(tmp_path / "run.log.zst"), str(tmp_path / arrivals.FILE_NAME))
    assert con.execute(
        "select count(*) > 80, bool_and(at_ms = 1000000 + 40 * (line - 1)), max(at_error_ms) from log_event"
    ).fetchall() == [(True, True, 10)]


def test_ticks_in_the_log_place_the_lines_between_them(tmp_path: Path) -> None:
    record = '{{"t":{},"treasury_guidance":{{"as_of_ms":{}}},"venue_age_ms":[0],"venue_age_event_ms":[0]}}\n'
    (tmp_path / "telemetry.jsonl").write_text("".join(record.format(t, 5_000 + 250 * t) for t in range(9)))
    log = ["paraphina_live | trade_mode=shadow connectors=aster", *["something else"] * 20]
    log += [f"market_rx_stats tick={t} cap_hits=0" for t in range(5)]
    log += ["INFO: Aster public WS connected url=ws://a"]
    log += [f"market_rx_stats tick={t} cap_hits=0" for t in range(5, 9)]
    (tmp_path / "run.log").write_text("\n".join(log) + "\n")
    con = ingested(tmp_path, str(tmp_path))
    assert con.execute("select family, at_ms, at_error_ms from log_event order by line").fetchall() == [
        ("startup_short", None, None),
        ("ws_connected", 6_250, 250),
    ]


def test_a_stamp_stays_where_the_clock_steps_back_and_a_line_at_the_step_lies_between(tmp_path: Path) -> None:
    connected = "INFO: Aster public WS connected url=ws://a"
    lines = [f"2026-11-24T07:58:{second}.0Z {connected}" for second in (45, 46, 40, 41)]
    (tmp_path / "run.log").write_text("\n".join([*lines[:2], connected, *lines[2:]]) + "\n")
    con = ingested(tmp_path, str(tmp_path))
    start = 1795507125000
    assert con.execute("select at_ms, at_error_ms from log_event order by line").fetchall() == [
        (start, 0),
        (start + 1_000, 0),
        (start - 2_000, 3_000),
        (start - 5_000, 0),
        (start - 4_000, 0),
    ]


def test_a_log_of_two_lives_is_not_placed_by_the_ticks_of_one(tmp_path: Path) -> None:
    record = '{{"t":{},"treasury_guidance":{{"as_of_ms":{}}},"venue_age_ms":[0],"venue_age_event_ms":[0]}}\n'
    (tmp_path / "telemetry.jsonl").write_text("".join(record.format(t, 5_000 + 250 * t) for t in range(9)))
    life = ["paraphina_live | trade_mode=shadow connectors=aster", "INFO: Aster public WS connected url=ws://a"]
    rx = [f"market_rx_stats tick={t} cap_hits=0" for t in range(5)]
    (tmp_path / "run.log").write_text("\n".join([*["noise"] * 40, *life, *rx, *life, *rx]) + "\n")
    con = ingested(tmp_path, str(tmp_path))
    assert con.execute("select count(*), count(at_ms) from log_event").fetchall() == [(4, 0)]


def test_a_venue_s_stamp_of_another_day_is_dropped_and_counted(tmp_path: Path) -> None:
    record = '{{"t":{},"treasury_guidance":{{"as_of_ms":{}}},"venue_age_ms":[0],"venue_age_event_ms":[0]}}\n'
    (tmp_path / "telemetry.jsonl").write_text("".join(record.format(t, 10**12 + 250 * t) for t in range(9)))
    snippet = 'INFO: Paradex WS first msg keys=[id] snippet={{"usIn":{}000}}'
    log = [
        "paraphina_live | trade_mode=shadow connectors=paradex",
        snippet.format(10**12 + 500),
        snippet.format(2 * 10**12),
    ]
    (tmp_path / "run.log").write_text("\n".join(log) + "\n")
    con = ingested(tmp_path, str(tmp_path))
    assert con.execute("select line, used from anchor order by line").fetchall() == [(2, True), (3, False)]
    assert con.execute("select value from figures where figure = 'run.log_time.anchors_dropped'").fetchall() == [(1,)]
