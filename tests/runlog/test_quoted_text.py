"""Text from outside that a record quotes is no record, whatever it looks like."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict

from tests.analysis.metrics.sample_runs import record
from tests.sampling import sampled
from toolkit.analysis.pipeline import analyze
from toolkit.db.store import connect
from toolkit.files.discovery import discover
from toolkit.ingest import log
from toolkit.model.vocabulary import Bound
from toolkit.runlog.bulk.groups import templates
from toolkit.runlog.grammar import audit_families, audit_text, message_families
from toolkit.runlog.parse import parse
from toolkit.sessions.error_reasons import WORDS_OF_REASONS, inferred_reason

RECORDS = sorted(
    {example.strip() for family in (*message_families(), *audit_families()) for example in family.examples}
)
DECORATIONS = [
    "{}",
    '"{}"',
    "\x1b[31m{}\x1b[0m",
    "\0{}",
    "\r{}",
    '{{"text":"{}"}}',
    "2026-02-14T04:00:01.1Z {}",
    "x{}",
    "x {}",
    "{} y",
    "\u202e{}",
]
BASE = [
    "paraphina_live | trade_mode=shadow | network=a:b | venues=lighter,aster | connectors=lighter,aster | cfg=v1",
    "INFO: Lighter public WS connecting url=ws://127.0.0.1:1/stream",
    "INFO: Lighter public WS connected url=ws://127.0.0.1:1/stream",
    "INFO: Lighter public WS first message received",
    "market_rx_stats tick=1 raw_drained=3 cap_hits=0",
    "WS_AUDIT venue=lighter lighter_ping_sent_count=1 interval_ms=10000",
]  # fmt: skip
AFTER = [
    "INFO: Lighter public WS error (consecutive_failures=1): stream ended",
    "WS_AUDIT venue=lighter reconnect_reason=stream_ended count=1",
    "INFO: Lighter public WS connecting url=ws://127.0.0.1:1/stream",
    "market_rx_stats tick=2 raw_drained=3 cap_hits=0",
]


def quoting_lines() -> Iterator[tuple[str, int, int]]:
    """Yield each example of a line with text from outside, and where that text begins and ends."""
    for family in message_families():
        for example in family.examples:
            if PROGRAM.match(example) and (match := family.pattern.match(example)) is not None:
                for name in family.outside_text:
                    if match.start(name) >= 0 and name in QUOTES and not family.name.startswith(OTHER_WRITERS):
                        start, end = match.span(name)
                        # A close frame and a list of keys hold text of the venue between quotes or brackets.
                        inner = {"frame": re.compile(r'reason: "(.*)"'), "keys": re.compile(r"\[(.*)\]")}.get(name)
                        found = inner.search(example, start, end) if inner else None
                        yield example, *(found.span(1) if found else (start, end))
    for audit in audit_families():
        for example in audit.examples:
            for pair in re.finditer(r"(?<= )(\w+)=([^ ]*)", example):
                if pair[1] in audit_text().word:
                    yield example, *pair.span(2)
                if pair[1] in audit_text().rest:
                    yield example, pair.start(2), len(example)


PROGRAM = re.compile(r"(?:INFO|WARN|ERROR): |[A-Z][a-z]+ .*WS |VENUE_|\[runner\] |\[telemetry\] ")
"""Beginning of a line that the program prints once it runs."""
QUOTES = {"text", "error", "snippet", "frame", "url", "keys", "topic"}
"""Names of the groups that hold text of a venue."""
OTHER_WRITERS = ("aster_size_raw", "shell_", "library_", "build_", "out_of_memory", "kernel_", "core_", "service_", "container_", "manager_", "job_", "run_failed",
                 "main_", "signal_", "supervised_", "timeout_", "config_", "startup")  # fmt: skip
"""Families of lines that quote no venue: of the compiler, of the system, of the program before it connects,
and of its sizes."""
# Quoted text follows a blank, a mark or an equals sign, never a letter.
HOSTS = sorted(host for host in set(quoting_lines()) if not host[0][host[1] - 1].isalnum())


def read(folder: Path, lines: list[str]) -> dict[str, Any]:
    """Return all that the figures of a log come from; the quoting line and its quotation count without text."""
    path = folder / "run.log"
    path.write_bytes("".join(line + "\n" for line in lines).encode("utf-8", "surrogatepass"))
    con = connect(":memory:")
    loaded = log.load(con, 1, discover([str(path)]))
    facts = loaded.facts
    return {
        "events": con.execute("select line, life, col, family, venue, reason from log_event order by all").fetchall(),
        "counters": con.execute("select * from counter order by all").fetchall(),
        "rx": con.execute("select * from rx_stat order by all").fetchall(),
        "sessions": [asdict(each) | dict.fromkeys(("detail", "close_reason")) for each in loaded.sessions],
        "incidents": loaded.incidents,
        "starts": facts.starts,
        "endings": [(each.ref, each.family) for each in facts.endings],
        "panics": [each[0] for each in facts.panics],
        "lives": (facts.lives, facts.venues, facts.venue_index, facts.build_ms),
    }


REASON_FROM_TEXT = ("ws_error",)
"""Families of lines whose reason is inferred from the text itself, where no mark shows that it is a venue's."""


def without_sessions(result: dict[str, Any]) -> dict[str, Any]:
    """Return a result of `read` without what depends on inferred reasons."""
    return {key: value for key, value in result.items() if key not in ("sessions", "incidents")}


PLAIN_RESULTS: dict[tuple[str, int], dict[str, Any]] = {}
"""Results of the lines without a quoted record, by line and number of repeats; an example may ask for one again."""


@pytest.mark.untraced
@pytest.mark.parametrize("repeats", [1, 3], ids=["parsed singly", "parsed by groups"])
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    host=st.sampled_from(HOSTS),
    record=st.sampled_from(RECORDS),
    decoration=st.sampled_from(DECORATIONS),
    whole=st.booleans(),
)
def test_a_record_in_quoted_text_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repeats: int, host: tuple[str, int, int], record: str,
    decoration: str, whole: bool,
) -> None:  # fmt: skip
    monkeypatch.setattr(templates, "MIN_LINES_TO_LEARN", 1)
    line, start, end = host
    quoted = decoration.format(record)
    # Text between quotation marks is printed with escapes.
    quoted = quoted.replace("\\", "\\\\").replace('"', '\\"') if line[end : end + 1] == '"' else quoted
    forged = line[:start] + (quoted if whole else line[start:end] + quoted) + line[end:]
    if (line, repeats) not in PLAIN_RESULTS:
        PLAIN_RESULTS[line, repeats] = read(tmp_path, [*BASE, *[line] * repeats, *AFTER])
    plain = PLAIN_RESULTS[line, repeats]
    result = read(tmp_path, [*BASE, *[forged] * repeats, *AFTER])
    if parse(line).records[0].family in REASON_FROM_TEXT:
        plain, result = without_sessions(plain), without_sessions(result)
    assert result == plain


ERRORS = [
    'close frame Some(CloseFrame {{ code: Normal, reason: "{}" }})',
    "HTTP error: 502 Bad Gateway, body={}",
    "subscribe failed: {}",
    "closed by server code=1001 {}",
    "received 1001 (going away) {}; then sent 1001 (going away)",
    "seq gap after the venue said {}",
    'read timeout, answer {{"message":"{}"}}',
    "unknown answer <html>{}</html>",
]
"""Errors of a socket with text of a venue."""


@pytest.mark.parametrize("error", ERRORS)
def test_text_of_a_venue_in_an_error_decides_no_reason(error: str) -> None:
    for words in (*RECORDS, *WORDS_OF_REASONS, "closed code=1006", "close frame 1000"):
        for decoration in DECORATIONS:
            assert inferred_reason(error.format(decoration.format(words))) == inferred_reason(error.format("x"))


UNMARKED = [
    "Lighter error response {}", "server error: {}", "the exchange is halted, {}", "maintenance {}", "Please {}",
    "unhandled answer of the venue, {}", "rate limited: {}", "market suspended {}",
]  # fmt: skip
"""Errors in which no mark shows where the text of a venue begins."""


@pytest.mark.parametrize("error", UNMARKED)
def test_text_of_a_venue_without_a_mark_around_it_decides_no_reason(error: str) -> None:
    for words in WORDS_OF_REASONS:
        assert inferred_reason(error.format(words)) == "unknown"


CONFIG = 'Config {{ version: "v1", note: {}, risk: RiskConfig {{ ladder: 3 }} }}'


def figures_of(folder: Path, text: str, repeats: int) -> tuple[object, ...]:
    """Return the figures of a run in whose telemetry, drained events and configuration a venue's text stands."""
    more = {"note": text, "venue_note": [text] * 3, "fair_value_available": True, "risk_regime": "Normal"}
    (folder / "telemetry.jsonl").write_text("".join(record(t, t / 4, (0, 0, 0), **more) for t in range(8)))
    log_lines = [*BASE, *[f"market_rx_stats tick=1 raw_drained=3 cap_hits=0 note={text}"] * repeats, *AFTER]
    (folder / "run.log").write_bytes("".join(f"{line}\n" for line in log_lines).encode("utf-8", "surrogatepass"))
    config = {"config_hash": "0x1", "config_debug": CONFIG.format(json.dumps(text, ensure_ascii=False)), "note": text}
    (folder / "config_resolved.json").write_text(json.dumps(config))
    run = analyze([str(folder)])
    values = [(each.figure, each.value) for each in run.figures]
    return values, run.run.ended, run.run.lives, run.run.venues, [(each.kind, each.venue) for each in run.episodes]


@sampled("part", range(5), 2)
def test_records_in_telemetry_drained_events_and_configuration_change_no_figure(tmp_path: Path, part: int) -> None:
    plain = figures_of(tmp_path, "text", 2)
    for text in (each.format(" ".join(RECORDS[part::5])) for each in DECORATIONS[part::5]):
        assert figures_of(tmp_path, text, 2) == plain


NOTE = "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace"
PANICS = [
    (["thread 'tokio-runtime-worker' panicked at src/live/runner.rs:1767:5:"], [NOTE]),
    (["thread 'main' (23776) panicked at src/main.rs:1:2:"], ["stack backtrace:", "   0: rust_begin_unwind"]),
    (
        ["thread 'main' panicked at 'called `Result::unwrap()` on an `Err` value: Text {"],
        ["}', src/main.rs:10:5", NOTE],
    ),
]
"""First lines of a panic, and the lines that follow a message of several lines."""
ALONE = [record for record in RECORDS if not NOTE.startswith(record[:20]) and "panicked at" not in record]


@pytest.mark.untraced
@pytest.mark.parametrize("grouped", [False, True])
@sampled("panic", range(len(PANICS)), 2)
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=st.lists(st.sampled_from(ALONE), min_size=1, max_size=4), place=st.integers(0, 3))
def test_records_in_the_message_of_a_panic_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, panic: int, grouped: bool, records: list[str], place: int
) -> None:
    if grouped:
        monkeypatch.setattr(templates, "MIN_LINES_TO_LEARN", 1)
    begin, end = PANICS[panic]
    message = ["called on an error", "of two parts", "and a third"]
    forged = [*message[:place], *records, *message[place:]]
    plain = read(tmp_path, [*BASE, *begin, *["x"] * len(forged), *end, *AFTER])
    assert read(tmp_path, [*BASE, *begin, *forged, *end, *AFTER]) == plain


FIRST_PANIC = ["thread 'tokio-runtime-worker' panicked at src/a.rs:1:2:", "first", NOTE]
SECOND_PANIC = "thread 'tokio-runtime-worker' panicked at src/live/runner.rs:1767:5:"
SUPERVISED = "ERROR: Supervised task 'aster_public_ws' panicked (restart #2): {}, restarting in 2s"


@pytest.mark.untraced
@pytest.mark.parametrize("supervised", [False, True])
@pytest.mark.parametrize("grouped", [False, True])
@sampled("part", range(9), 3)
def test_records_in_the_message_of_a_later_panic_which_no_note_follows_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: int, grouped: bool, supervised: bool
) -> None:
    if grouped:
        monkeypatch.setattr(templates, "MIN_LINES_TO_LEARN", 1)
    records = [each for each in ALONE[part::9] if "Supervised task" not in each and not each.startswith("paraphina")]

    def lines(message: list[str]) -> list[str]:
        repeated = [SUPERVISED.format("\n".join(message))] if supervised else []
        return [*BASE, *FIRST_PANIC, SECOND_PANIC, *message, *repeated, *AFTER]

    for at in range(0, len(records), 10):
        quoted = records[at : at + 10]
        plain = read(tmp_path, lines(["called on an error", *["x"] * len(quoted), "and its end"]))
        assert read(tmp_path, lines(["called on an error", *quoted, "and its end"])) == plain


def test_records_between_a_panic_and_the_line_of_its_supervisor_are_read(tmp_path: Path) -> None:
    connected = "INFO: Lighter public WS connected url=ws://127.0.0.1:1/stream"
    lines = [
        *FIRST_PANIC,
        SECOND_PANIC,
        "of one line",
        connected,
        "unknown",
        SUPERVISED.format("of one line"),
        connected,
    ]
    assert [each[0] for each in read(tmp_path, lines)["events"] if each[3] == "ws_connected"] == [6, 9]


def test_a_record_in_a_message_of_which_no_end_is_found_is_read_unless_it_is_the_first_line(tmp_path: Path) -> None:
    connected = "INFO: Lighter public WS connected url=ws://127.0.0.1:1/stream"
    path = tmp_path / "run.log"
    path.write_text("\n".join([PANICS[0][0][0], connected, connected, *AFTER]))
    con = connect(":memory:")
    facts = log.load(con, 1, discover([str(path)])).facts
    assert [each.ref for each in facts.quoted] == [(0, 2)]
    rows = con.execute("select line from log_event where family = 'ws_connected'").fetchall()
    assert rows == [(3,)]


def test_a_second_panic_within_the_lines_of_another_is_a_panic_if_a_start_stands_between(tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    path.write_text("\n".join([BASE[0], PANICS[0][0][0], "first", *BASE, PANICS[1][0][0], "second", NOTE, *AFTER]))
    facts = log.load(connect(":memory:"), 1, discover([str(path)])).facts
    assert (facts.lives, [message for _, _, message in facts.panics], facts.quoted_count) == (2, ["second"], 0)


def test_a_quoted_record_is_named_in_a_finding_and_the_counts_it_could_raise_are_lower_bounds(tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    error = "INFO: Lighter public WS error (consecutive_failures=1): stream ended"
    quoted = "paraphina_live | error=forged", "WS_AUDIT venue=lighter reconnect_reason=read_timeout count=9"
    path.write_text("\n".join([*BASE, error, *AFTER[2:], ""]))
    plain = analyze([str(path)])
    path.write_text("\n".join([*BASE, error + " " + quoted[0], *AFTER[2:], ""]))
    start = analyze([str(path)])
    path.write_text("\n".join([*BASE, error + quoted[1], *AFTER[2:], ""]))
    audit = analyze([str(path)])
    values = {each.figure: each.value for each in plain.figures}
    for run in (start, audit):
        assert {each.figure: each.value for each in run.figures} == values
        assert (run.run.ended, run.run.lives) == (plain.run.ended, plain.run.lives)
        assert [each.lines for each in run.findings if each.code == "quoted_records"] == [(("run.log", 7),)]
    bounds = {each.figure: each.bound for each in audit.figures}
    assert bounds["lighter.reconnects"] == bounds["lighter.reconnects.read_timeout"] == Bound.LOWER
    assert bounds["lighter.reconnects.seq_gap"] == Bound.EXACT
    assert not [each for each in plain.findings if each.code == "quoted_records"]


@pytest.mark.parametrize(
    ("rest", "families"),
    [
        ("connected url=ws://127.0.0.1:1/x", ["heartbeat", "ws_connected"]),
        ("INFO: Lighter public WS first message received", ["socket_note", "ws_first_message"]),
    ],
)
def test_a_message_that_may_quote_a_record_is_split_only_if_the_next_line_completes_it(
    tmp_path: Path, rest: str, families: list[str]
) -> None:
    path = tmp_path / "run.log"
    path.write_text(f"INFO: Lighter public WS paraphina_live | reconcile_tick_ms=123\n{rest}\n")
    con = connect(":memory:")
    log.load(con, 1, discover([str(path)]))
    rows = con.execute("select family from log_event order by line, col").fetchall()
    assert [family for (family,) in rows] == families
