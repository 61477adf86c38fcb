"""A log parsed by line groups gives the same store as the log parsed line by line."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.sampling import sampled
from toolkit.db.store import connect
from toolkit.files.discovery import discover
from toolkit.ingest import log, rx_stats
from toolkit.runlog.bulk import ordered
from toolkit.runlog.bulk.groups import templates
from toolkit.streams.spans import line_spans

SAMPLES = Path(__file__).parents[3] / "toolkit" / "samples"
LOGS = [SAMPLES / "before" / "run.log", SAMPLES / "after" / "run.log"]
HOSTILE = [
    "market_rx_stats tick=x raw_drained=1",
    "market_rx_stats tick=12345678901234567890 raw_drained=1 cap_hits=0",
    "market_rx_stats tick=12 raw_drained=-1 cap_hits=99999999999999999999",
    "WS_AUDIT venue=lighter lighter_ping_sent_count=99999999999999999999999 interval_ms=1",
    "WS_AUDIT venue=lighter lighter_ping_sent_count=1.5 interval_ms=1",
    "thread 'main' panicked at src/main.rs:1:2:",
    "job 7 failed",
    "thread 'main' panicked at src/main.rs:1:2:",
    "WS_AUDIT venue=lighter lighter_ping_sent_count=3 interval_ms=1",
    "\x1b[31mjob 8\x1b[0m",
    "INFO: Lighter public WS error (consecutive_failures=1): \u202e 5",
    "\ufeffjob 9",
    "INFO: Lighter public WS paraphina_live | reconcile_tick_ms=123",
    "connected url=ws://127.0.0.1:1/stream",
    "INFO: Aster public WS first messparaphina_live | reconcile_tick_ms=124",
    "age received",
]


PANIC = b"thread 'main' panicked at src/main.rs:1:2:"
BEGINS = b"paraphina_live | trade_mode=shadow | connectors=lighter | venues=lighter | build_id=x"


@pytest.fixture(autouse=True)
def learn_every_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "MIN_LINES_TO_LEARN", 1)


def parse_singly(patch: pytest.MonkeyPatch) -> None:
    """Let no line be of a group, and read each one in order."""
    patch.setattr(templates, "MAX_PLANS", 0)
    patch.setattr(ordered, "MAX_SUMMARISED_CHARS", -1)


def shuffled(seed: int) -> bytes:
    """The recorded lines many times over, in runs of lines cut out at random, with hostile lines between."""
    chance = random.Random(seed)
    lines = [line for path in LOGS for line in path.read_bytes().splitlines()]
    pieces: list[bytes] = []
    for _ in range(150):
        start = chance.randrange(len(lines))
        pieces += lines[start : start + chance.randrange(1, 30)]
        pieces += [chance.choice(HOSTILE).encode() for _ in range(chance.randrange(3))]
        pieces += [b"market_rx_stats tick=%d raw_drained=%d cap_hits=0" % (tick, tick * 3) for tick in range(4)]
    return b"\n".join(pieces)


def stored(path: Path, **sizes: int) -> dict[str, object]:
    """Return all rows and results of loading a log, in a fixed order."""
    con = connect(":memory:")
    loaded = log.load(con, 1, discover([str(path)]), **sizes)
    tables = {
        table: con.execute(f"select * from {table} order by all").fetchall()
        for table in ("log_event", "counter", "rx_stat")
    }
    facts = dict(vars(loaded.facts))
    result = {
        "facts": facts,
        "sessions": list(loaded.sessions),
        "incidents": list(loaded.incidents),
        "ledgers": loaded.ledgers,
        "names": loaded.names,
    }
    return {**tables, **result}


def stamped(data: bytes, seed: int) -> bytes:
    """The same as a CI system gives it out: a stamp before most lines."""
    chance = random.Random(seed)
    pieces = []
    for n, line in enumerate(data.split(b"\n")):
        stamp = f"2026-02-{14 + n // 86_400:02}T04:{n // 60 % 60:02}:{n % 60:02}.{chance.randrange(10**7):07}Z "
        pieces.append((stamp.encode() if chance.random() < 0.98 else b"") + line)
    return b"\n".join(pieces)


@pytest.mark.parametrize(("files", "seed"), [(1, 0), (3, 1), (3, 2), (1, 3), (1, 4), (3, 5)])
def test_several_processes_give_the_same_result_as_one(tmp_path: Path, files: int, seed: int) -> None:
    data = shuffled(seed) if seed % 2 else stamped(shuffled(seed), seed)
    for part in range(files):
        # The parts of a rotated log end within a line; the last one ends without a newline.
        own = data[len(data) * part // files : len(data) * (part + 1) // files]
        (tmp_path / f"run.log.{files - part}").write_bytes(own)
    assert stored(tmp_path, parallel_from=1, block_bytes=(300, 9_000, 60_000)[seed % 3]) == stored(tmp_path)


def test_a_line_may_be_longer_than_a_span(tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    path.write_bytes(b"\n".join([PANIC, b"x" * 9_000, BEGINS, b"y" * 200, PANIC, b"the message"]))
    assert stored(path, parallel_from=1, block_bytes=100) == stored(path)


@pytest.mark.parametrize("span_bytes", [1, 44, 45, 100, 4_000])
def test_spans_are_whole_lines_that_follow_one_another(tmp_path: Path, span_bytes: int) -> None:
    path = tmp_path / "run.log"
    path.write_bytes(data := b"\n".join([PANIC, b"x" * 3_000, b"", BEGINS]))
    found = list(line_spans(path, len(data), span_bytes))
    assert b"".join(data[start:end] for start, end in found) == data
    assert all(data[start:end].endswith(b"\n") for start, end in found[:-1])


@pytest.mark.parametrize("seed", range(4))
def test_grouped_parsing_gives_the_same_result_as_single_parsing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    path = tmp_path / "run.log"
    path.write_bytes(shuffled(seed) if seed % 2 else stamped(shuffled(seed), seed))
    together = stored(path)
    parse_singly(monkeypatch)
    assert together == stored(path)
    assert together["rx_stat"]


ENDING = (
    "Error: cause {}", "Error: another cause {}", "error[E{:04}]: cause {}", "   Compiling crate{} v0.{}.0",
    "thread caused non-unwinding panic. aborting.", "timeout: sending signal TERM to command ‘paraphina_live’",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_the_first_and_the_last_of_many_endings_of_a_life_are_the_same_in_groups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance, path, lines = random.Random(seed), tmp_path / "run.log", list[str]()
    for _ in range(6):
        lines += [chance.choice(ENDING).format(n, n) for n in range(chance.choice((3, 150, 700)))]
        lines.append(f"WS_AUDIT venue=lighter reconnect_reason=read_timeout count={chance.randrange(1, 4)}")
        lines += chance.choice(([], [BEGINS.decode()], [PANIC.decode(), "the message", "Error: last"]))
    path.write_text("\n".join(lines))
    together = stored(path)
    parse_singly(monkeypatch)
    assert together == stored(path)


LIFE_CYCLE = (
    "INFO: Lighter public WS connecting url=wss://host{}.example/ws",
    "INFO: Aster public WS connecting url=ws://127.0.0.{}/ws",
    "INFO: Lighter public WS connected url=wss://host{}.example/ws",
    "INFO: Aster public WS connected url=ws://127.0.0.{}/ws",
    "WS_AUDIT venue=lighter reconnect_reason=read_timeout count={}",
    "WS_AUDIT venue=aster reconnect_reason=ping_timeout count={}",
    "INFO: Lighter public WS error (consecutive_failures={}): read timeout after 7 ms",
    "INFO: Lighter public WS error (consecutive_failures=1): http error {}",
    "INFO: Aster public WS close frame code=4000 reason=because{}",
    "WARN: Aster subscribe failed {} times; backing off",
    "Lighter public WS stream ended",
    *(each.decode() for each in (PANIC, BEGINS, b"the message {}")),
)


def stretches(forms: Sequence[str], seed: int, longest: int, most: int) -> str:
    """Return stretches of fewer than `longest` lines, each of a few forms with numbers below `most`."""
    chance, lines = random.Random(seed), list[str]()
    for _ in range(80):
        some = chance.sample(forms, chance.randrange(1, 6))
        for _ in range(chance.randrange(longest)):
            lines.append(chance.choice(some).format(*(chance.randrange(most) for _ in range(3))))
    return "\n".join(lines)


@pytest.mark.parametrize("seed", range(6))
def test_sessions_and_lives_of_grouped_lines_are_those_of_single_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    path = tmp_path / "run.log"
    path.write_text(stretches(LIFE_CYCLE, seed, longest=40, most=1_000))
    together, parallel = stored(path), stored(path, parallel_from=1, block_bytes=9_000)
    assert together["sessions"]
    parse_singly(monkeypatch)
    assert together == parallel == stored(path)


def test_grouped_parsing_of_ticks_gives_the_same_result_as_single_parsing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "market_rx_stats.log"
    ticks = [*range(300), *range(200), 5, 5, 4, *range(100)]
    lines = [f"market_rx_stats tick={t} raw_drained={t % 7} cap_hits={t % 2}" for t in ticks]
    lines[50:50] = ["", "market_rx_stats tick=", "junk", "market_rx_stats tick=51 raw_drained=x cap_hits=0"]
    path.write_text("\n".join(lines))

    def rows() -> tuple[object, object]:
        con = connect(":memory:")
        (source,) = discover([str(path)])
        return rx_stats.load(con, 1, [source])[0], con.execute("select * from rx_stat order by all").fetchall()

    together = rows()
    monkeypatch.setattr(templates, "MAX_PLANS", 0)
    assert together == rows()


def test_a_life_ends_where_the_tick_falls(tmp_path: Path) -> None:
    path = tmp_path / "market_rx_stats.log"
    path.write_text("".join(f"market_rx_stats tick={t} cap_hits=0\n" for t in (0, 1, 2, 0, 1, 1, 0)))
    con = connect(":memory:")
    (ledger,) = rx_stats.load(con, 1, discover([str(path)]))
    lives = [life for (life,) in con.execute("select life from rx_stat order by line").fetchall()]
    assert lives == [0, 0, 0, 1, 1, 1, 2]
    assert (ledger.lines, ledger.used) == (7, 7)


def test_a_record_that_another_interrupted_is_parsed_whole(tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    path.write_text(
        "INFO: Lighter public WS connecting url=ws://127.0.0.1:1/stream\n"
        "INFO: Lighter public WS paraphina_live | reconcile_tick_ms=123\n"
        "connected url=ws://127.0.0.1:1/stream\n"
        "connected url=ws://127.0.0.1:1/stream\n"
    )
    con = connect(":memory:")
    loaded = log.load(con, 1, discover([str(path)]))
    result = con.execute("select line, family, venue from log_event order by line, col").fetchall()
    assert result == [(1, "ws_connecting", "lighter"), (2, "heartbeat", None), (3, "ws_connected", "lighter")]
    assert [session.reached for session in loaded.sessions] == ["connected"]


def test_the_first_book_is_that_after_the_first_message_where_none_says_connected(tmp_path: Path) -> None:
    top = "FIRST_DECODED_TOP venue=lighter bid_px=1.{0} bid_sz=1.{0} ask_px=2.{0} ask_sz=1.{0}\n"
    path = tmp_path / "run.log"
    path.write_text(
        "INFO: Lighter public WS connecting url=ws://127.0.0.1:1/stream\n"
        + "".join(top.format(n) for n in range(3))
        + "INFO: Lighter public WS first message received\n"
        + "".join(top.format(n) for n in range(3))
    )
    (session,) = log.load(connect(":memory:"), 1, discover([str(path)])).sessions
    assert session.first_book == (0, 6)


UNORDERED = (
    "WS_AUDIT venue=lighter counter{}_count={}", "WS_AUDIT venue=v{} component=c{} reason=r{}", "note {} of another program",
    "[config] NAME_{} = {} (overrode default)", "error: linking with cc failed {}", "", "Caused by:", "  {}: permission denied",
    "\x1b[1mCaused by:\x1b[0m", "INFO: Lighter public WS paraphina_live | reconcile_tick_ms={}", "connected url=ws://127.0.0.1:{}/s",
    "thread 'main' panicked\x1b[0m at src/main.rs:{}:1:", "WS_AUDIT venue=aster reconnect_reason=read_timeout count={}",
    "INFO: Lighter public WS connecting url=wss://host{}.example/ws", "Error: cause {}", "WARN: public WS of {}",
    "timeout{}: failed to run command ‘./paraphina_live’: No such file or directory", "memory{} allocation of {} bytes failed",
)  # fmt: skip


IN_ORDER = (
    "WS_AUDIT venue=v{} reconnect_reason=r{} count={}", "WS_AUDIT venue=lighter reconnect_reason=r{} count={}",
    "WS_AUDIT venue=all reconnect_reason=r{} count={}", "WS_AUDIT component=market_publisher mp_counter{}={}", "note {}",
    "WS_AUDIT component=market_publisher venue=v{} mp_try_send_full_count={}", "Lighter public WS stream ended", "Error: cause {}",
    "paraphina_live | trade_mode=shadow | cfg_hash=0x{}", "paraphina_live | trade_mode=shadow connectors=c{}",
    "INFO: Lighter public WS connecting url=ws://127.0.0.1:{}/s", "INFO: Lighter public WS connected url=wss://host{}.example/ws",
    "WARN: Lighter public WS error: refused {}", "WARN: Aster subscribe failed {} times; backing off", "Caused by:",
    "thread 'main{}' panicked at src/main.rs:{}:1:", "ERROR: Supervised task 'v{}_public_ws' panicked (restart #{}): cause {}",
    "[runner] tick={} WAparaphina_live | trade_mode=shadow | cfg_hash=0x{}",
)  # fmt: skip


QUOTING = (
    "INFO: Lighter public WS connecting url=wss://host{}.example/wWS_AUDIT venue=lighter reconnect_reason=read_timeout count={}",
    "WARN: Lighter public WS subscribe error: refused {}WS_AUDIT venue=aster reconnect_reason=stale_watchdog count={}",
    "WARN: Lighter public WS error: refused {}WS_AUDIT venue=lighter reconnect_reason=seq_gap count={}",
    "thread 'main{}' panicked at src/main.rs:{}:1:", "Caused by:",
)  # fmt: skip
"""Forms of lines that quote records, of which a run keeps the first ones."""


@pytest.mark.parametrize(("forms", "most"), [(UNORDERED, 40), (IN_ORDER, 20), (IN_ORDER, 100), (QUOTING, 100)])
@sampled("seed", range(6), 2)
def test_lines_whose_rows_are_made_by_block_give_the_same_result_as_lines_read_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, forms: Sequence[str], most: int
) -> None:
    path = tmp_path / "run.log"
    path.write_text(stretches(forms, seed, longest=20, most=most))
    monkeypatch.setattr(templates, "MAX_PLANS", 0)
    summarised, parallel = stored(path), stored(path, parallel_from=1, block_bytes=900)
    parse_singly(monkeypatch)
    assert summarised == parallel == stored(path)
