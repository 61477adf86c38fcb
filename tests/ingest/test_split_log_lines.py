"""Tests of logs rotated within a line: the facts of the whole log, and one used line in each file's ledger."""

from __future__ import annotations

import gzip
import random
from collections.abc import Mapping
from pathlib import Path

import pytest
import zstandard

from toolkit.db.store import connect
from toolkit.files.discovery import discover
from toolkit.ingest import log, rx_stats
from toolkit.ingest.log_lines.reader import LogLoad

RUNS = Path(__file__).parents[1] / "data" / "runs"
RECORDED = ["faulty_head", "restart_head", "ci_prefixed", "panic_run", "prb_before", "exdev_build"]
CONNECTING = b"INFO: Lighter public WS connecting url=ws://127.0.0.1:1/stream\n"
CONNECTED = b"INFO: Lighter public WS connected url=ws://127.0.0.1:1/stream\n"
START = b"paraphina_live | trade_mode=shadow | connectors=lighter | venues=lighter | build_id=x\n"
PANIC = b"thread 'main' panicked at src/main.rs:1:2:\n"


def read(folder: Path, parts: Mapping[str, bytes]) -> tuple[LogLoad, dict[str, object]]:
    """Load the parts of a log; return the result, and the stored rows and facts without their positions."""
    folder.mkdir(exist_ok=True)
    for name, data in parts.items():
        (folder / name).write_bytes(data)
    con = connect(":memory:")
    # The order does not matter: parts are sorted by age.
    load = log.load(con, 1, discover(sorted(str(folder / name) for name in parts)))
    facts = load.facts
    stored = {
        "log_event": "family, venue, reason, life, col, at_ms, fields",
        "counter": "life, venue, name, value, kind",
        "rx_stat": "* exclude (file_no, line)",
    }
    contents: dict[str, object] = {
        table: sorted(map(str, con.execute(f"select {columns} from {table}").fetchall()))
        for table, columns in stored.items()
    }
    contents["families"] = {family: n for family, n in facts.families.items() if family != "other"}
    contents["facts"] = ([each.facts for each in facts.starts], [each[1:] for each in facts.panics], facts.lives)
    contents["incidents"] = [(each.kind, each.life, each.venue, each.reason, len(each.refs)) for each in load.incidents]
    contents["sessions"] = [
        (each.life, each.venue, each.session, each.reason, each.reached, each.detail) for each in load.sessions
    ]
    for ledger in load.ledgers:
        assert ledger.lines == ledger.used + ledger.other + sum(ledger.set_aside.values())
    return load, contents


def first_lines(run: str) -> bytes:
    with zstandard.ZstdDecompressor().stream_reader((RUNS / run / "run.log.zst").read_bytes()) as stream:
        lines = stream.read(16_000).splitlines(keepends=True)
    return b"".join(lines[:-1])


@pytest.mark.parametrize("run", RECORDED)
def test_a_log_split_at_any_byte_has_the_contents_of_the_whole_log(tmp_path: Path, run: str) -> None:
    data, rng = first_lines(run), random.Random(run)
    _, whole = read(tmp_path / "whole", {"run.log": data})
    for _ in range(6):
        first, second = sorted(rng.sample(range(1, len(data)), 2))
        parts = {"run.log.2": data[:first], "run.log.1.gz": gzip.compress(data[first:second]), "run.log": data[second:]}
        load, contents = read(tmp_path / "cut", parts)
        assert contents == whole, (first, second)
        halves = sum(not part.endswith(b"\n") for part in (data[:first], data[first:second]))
        assert sum(ledger.used + ledger.other for ledger in load.ledgers) == data.count(b"\n") + halves, (first, second)


def test_each_half_is_a_used_line_and_the_record_has_the_position_of_its_beginning(tmp_path: Path) -> None:
    load, contents = read(
        tmp_path / "run", {"run.log.1": CONNECTING + CONNECTED[:30], "run.log": CONNECTED[30:] + PANIC}
    )
    assert [(each.lines, each.used) for each in load.ledgers] == [(2, 2), (2, 2)]
    assert load.facts.first["ws_connected"][0] == (0, 2)
    assert load.facts.first["panic"][0] == (1, 2)
    assert load.facts.families["other"] == 0
    assert contents["sessions"] == [(0, "lighter", 0, None, "connected", None)]


ONE_LINE = {
    "three parts": {"run.log.2": CONNECTED[:20], "run.log.1": CONNECTED[20:40], "run.log": CONNECTED[40:]},
    "an empty part": {"run.log.2": CONNECTED[:30], "run.log.1": b"", "run.log": CONNECTED[30:]},
    "compressed": {"run.log.1.gz": gzip.compress(CONNECTING + CONNECTED[:30]), "run.log": CONNECTED[30:]},
    "a byte order mark": {"run.log.1": b"\xef\xbb\xbf" + CONNECTED[:30], "run.log": b"\xef\xbb\xbf" + CONNECTED[30:]},
    "carriage returns": {"run.log.1": CONNECTED[:-1] + b"\r", "run.log": b"\n" + PANIC},
    "a newline alone": {"run.log.1": CONNECTED[:-1], "run.log": b"\n"},
    "dates": {"run.log.2026-11-22": CONNECTED[:30], "run.log": CONNECTED[30:]},
    "NUL bytes before the rest": {
        "run.log.1": CONNECTING + CONNECTED[:30],
        "run.log": bytes(4_096) + CONNECTED[30:] + CONNECTING,
    },
    "a short rest": {"run.log.1": CONNECTING + CONNECTED[:-2], "run.log": CONNECTED[-2:]},
}


@pytest.mark.parametrize("parts", ONE_LINE.values(), ids=ONE_LINE)
def test_the_rest_of_a_split_line_is_found(tmp_path: Path, parts: Mapping[str, bytes]) -> None:
    load, _ = read(tmp_path / "run", parts)
    assert load.facts.families["ws_connected"] == 1
    assert load.facts.families["other"] == 0
    assert load.facts.last["ws_connected"][1].rstrip("\r").endswith("/stream")
    assert len(load.ledgers) == len(parts)


COMPRESSED = gzip.compress(CONNECTING * 999 + CONNECTED[:30], mtime=0)
TWO_LINES = {
    "a part is missing": {"run.log.2": CONNECTING + CONNECTED[:30], "run.log": CONNECTED[30:] + CONNECTING},
    "another log": {"stderr.log": CONNECTING + CONNECTED[:30], "stdout.log": CONNECTED[30:] + CONNECTING},
    "damaged": {"run.log.1.gz": COMPRESSED[:-9], "run.log": CONNECTED[30:] + CONNECTING},
    "a record of its own": {"run.log.1": CONNECTING[:-1], "run.log": CONNECTING},
}


@pytest.mark.parametrize("parts", TWO_LINES.values(), ids=TWO_LINES)
def test_lines_that_do_not_continue_each_other_stay_two(tmp_path: Path, parts: Mapping[str, bytes]) -> None:
    load, _ = read(tmp_path / "run", parts)
    assert load.facts.families["ws_connected"] == 0
    assert load.facts.families["ws_connecting"] >= 2


@pytest.mark.parametrize("at", [0, 10, len(PANIC) - 1, len(PANIC), len(PANIC) + 3, len(PANIC) + 6])
def test_a_panic_keeps_its_message_wherever_the_log_is_split(tmp_path: Path, at: int) -> None:
    text = PANIC + b"job 7 failed\n" + b"job 8\n" * 40
    at += len(CONNECTING)
    load, _ = read(tmp_path / "run", {"run.log.1": (CONNECTING + text)[:at], "run.log": (CONNECTING + text)[at:]})
    assert [message for _, _, message in load.facts.panics] == ["job 7 failed"]


def test_a_panic_gets_no_message_from_beyond_a_missing_part(tmp_path: Path) -> None:
    load, _ = read(tmp_path / "run", {"run.log.3": CONNECTING + PANIC, "run.log.1": b"job 7\n", "run.log": CONNECTING})
    assert [message for _, _, message in load.facts.panics] == ["no message"]


@pytest.mark.parametrize("cut", range(-12, 13, 3))
def test_a_restart_at_the_split_counts_once(tmp_path: Path, cut: int) -> None:
    life = START + CONNECTING + CONNECTED
    at = len(life) + cut
    load, contents = read(tmp_path / "run", {"run.log.1": (2 * life)[:at], "run.log": (2 * life)[at:]})
    assert load.facts.lives == 2
    assert contents["sessions"] == [
        (0, "lighter", 0, None, "connected", None),
        (1, "lighter", 0, None, "connected", None),
    ]


def test_after_a_kill_while_writing_the_next_part_begins_with_a_start_up_line(tmp_path: Path) -> None:
    torn = b'INFO: Paradex WS first msg keys=[id] snippet={"jsonrpc":"2.'
    load, _ = read(tmp_path / "run", {"run.log.1": START + CONNECTING + torn, "run.log": START + CONNECTING})
    assert load.facts.lives == 2
    assert load.facts.families["startup"] == 2


def test_text_quoted_in_a_payload_is_no_record_where_the_log_is_split_before_it(tmp_path: Path) -> None:
    opened = b'INFO: Paradex WS first msg keys=[id] snippet={"text":"'
    forged = b'WS_AUDIT venue=lighter reconnect_reason=read_timeout count=999"}\n'
    load, contents = read(tmp_path / "run", {"run.log.1": CONNECTING + opened, "run.log": forged + CONNECTING})
    assert load.facts.families["audit_reconnect"] == 0
    assert contents["counter"] == []


RX = b"".join(b"market_rx_stats tick=%d raw_drained=%d cap_hits=%d\n" % (t, 3 * t, t % 2) for t in range(40))


@pytest.mark.parametrize("at", [1, 25, 48, 400, 447, 448, 449, 460, len(RX) - 1])
def test_market_rx_stats_split_at_any_byte_are_those_of_the_whole_file(tmp_path: Path, at: int) -> None:
    (tmp_path / "market_rx_stats.log.1").write_bytes(RX[:at])
    (tmp_path / "market_rx_stats.log").write_bytes(RX[at:])
    con = connect(":memory:")
    ledgers = rx_stats.load(con, 1, discover([str(tmp_path)]))
    rows = con.execute("select life, tick, raw_drained, cap_hits from rx_stat order by tick").fetchall()
    assert rows == [(0, t, 3 * t, t % 2) for t in range(40)]
    assert sum(each.used for each in ledgers) == 40 + (RX[at - 1 : at] != b"\n")
    assert not any(each.set_aside for each in ledgers)


def test_lines_that_no_grammar_knows_are_counted_apart_from_the_lines_understood(tmp_path: Path) -> None:
    lines = CONNECTING + b"\nqueue at 17\n" + PANIC + b"its message\n" + b"queue at 4\n" * 40
    load, _ = read(tmp_path / "run", {"run.log": lines})
    assert [(each.lines, each.used, each.other) for each in load.ledgers] == [(45, 3, 42)]


def test_both_halves_of_an_unknown_line_are_other_lines_in_their_own_files(tmp_path: Path) -> None:
    load, _ = read(tmp_path / "run", {"run.log.1": CONNECTING + b"queue at", "run.log": b" 17\n" + CONNECTED})
    assert [(each.used, each.other) for each in load.ledgers] == [(1, 1), (1, 1)]
