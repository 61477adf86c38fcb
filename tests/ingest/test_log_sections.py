"""Logs whose wrapping changes from section to section, and lines that a collector split over two files."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.ingest.test_split_log_lines import read
from tests.ingest.test_wrapped_logs import CUT_LINES, FORMS, _wrapped
from tests.runlog.bulk.test_log_groups import stored
from toolkit.analysis.unknown_lines import unknown_templates
from toolkit.db.store import connect
from toolkit.files.discovery import discover
from toolkit.ingest import log as log_loader
from toolkit.runlog.wrapping.detect import LEARNT, detect
from toolkit.runlog.wrapping.sections import LEAST_UNREAD, MAX_WRAPPINGS, LogWrappings

LIFE = [
    "INFO: Lighter public WS connecting url=ws://h:1/s",
    "INFO: Lighter public WS connected url=ws://h:1/s",
    "INFO: Lighter public WS first message received",
    "WS_AUDIT venue=lighter lighter_ping_sent_count=1 interval_ms=10000",
    "WS_AUDIT venue=lighter reconnect_reason=read_timeout count=1",
    "INFO: Lighter public WS error (consecutive_failures=1): Lighter public WS read timeout",
]
ORDERS = [
    ["plain", "docker json-file", "plain", "journald short", "CRI", "plain"],
    ["docker json-file", "plain", "docker json-file", "ts", "journald short"],
    ["plain", "ts", "docker compose", "GitLab", "pm2", "journald JSON", "syslog", "plain", "CRI"],
    ["docker compose", "docker json-file", "compose in Actions", "plain", "Buildkite"],
]


def _sections(order: list[str], lines: list[str]) -> list[str]:
    """Return the same lines once for each section, in its wrapping."""
    sections = list[str]()
    for hour, name in enumerate(order):
        sections += (
            lines if name == "plain" else _wrapped(FORMS[name], lines, 1_780_000_000 + 3_600 * hour).splitlines()
        )
    return sections


@pytest.mark.parametrize("order", ORDERS, ids=", ".join)
@pytest.mark.parametrize("parallel_from", [1 << 40, 0], ids=["in order", "in parallel"])
def test_a_log_whose_wrapping_changes_any_number_of_times_is_read_as_the_plain_log(
    order: list[str], parallel_from: int, tmp_path: Path
) -> None:
    def loaded(lines: list[str]) -> tuple[object, ...]:
        (tmp_path / "run.log").write_text("\n".join(lines) + "\n")
        con = connect(":memory:")
        load = log_loader.load(con, 1, discover([str(tmp_path)]), parallel_from, 2_000)
        rows = con.execute("select family, venue, reason, fields from log_event order by line, col").fetchall()
        sessions = [(each.venue, each.reason, each.reached) for each in load.sessions]
        return rows, sessions, load.facts.families, sum(each.other for each in load.ledgers), load.ledgers[0].bytes

    plain = loaded(LIFE * 3 * len(order))
    wrapped = loaded(_sections(order, LIFE * 3))
    assert wrapped[:-1] == plain[:-1]
    assert wrapped[-1] == (tmp_path / "run.log").stat().st_size
    assert len(plain[0]) == len(LIFE) * 3 * len(order)


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gz"])
def test_the_parts_of_a_log_in_many_wrappings_are_read_by_several_processes_as_by_one(
    compressed: bool, tmp_path: Path
) -> None:
    order = ["docker json-file", *ORDERS[2], "CRI"]
    data = "\n".join(_sections(order, [*LIFE, *CUT_LINES] * 9)).encode()
    for part, (start, end) in enumerate([(0, len(data) // 2 + 7), (len(data) // 2 + 7, len(data))]):
        name = tmp_path / f"run.log.{2 - part}{'.gz' if compressed else ''}"
        name.write_bytes(gzip.compress(data[start:end]) if compressed else data[start:end])
    alone, together = (stored(tmp_path, parallel_from=at, block_bytes=6_000) for at in (1 << 40, 1))
    assert together == alone
    assert together["sessions"]


def test_ways_of_wrapping_are_limited_and_sought_only_in_enough_lines() -> None:
    """Few lines that quote the program are no section, and lines of another program with a prefix of its own neither."""
    wrappings = LogWrappings()
    lines = [line.encode() for line in _wrapped(FORMS["docker compose"], LIFE).splitlines()]
    assert not wrappings.learn(lines[: LEAST_UNREAD - 1])
    assert not wrappings.learn([b"alert 7 of bot: " + line.encode() for line in LIFE])
    assert wrappings.learn(lines) and not wrappings.learn(lines)
    assert len(ORDERS[2]) < MAX_WRAPPINGS


@pytest.mark.parametrize("names", [("docker compose", "CRI"), ("CRI", "pm2"), ("GitLab", "compose with time")])
def test_wrappings_that_split_every_line_or_stand_around_one_with_a_stamp_are_detected(names: tuple[str, str]) -> None:
    """Of lines that are all split in two, evenly spaced ones may all be the first part of one."""
    lines = [f"WS_AUDIT venue=lighter lighter_ping_sent_count={n}00 interval_ms=10000" for n in range(1, 300)]
    for name in names:
        lines = _wrapped(FORMS[name], lines).splitlines()
    assert {layer.name for layer in detect([line.encode() for line in lines])} >= {names[0].split(" with")[0]}
    assert LEARNT not in [layer.name for layer in detect([line.encode() for line in lines])]


def _gitlab(line: str, at: datetime) -> str:
    """Return a long line as GitLab splits it: the second part is marked with a plus sign."""
    stamp = at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return f"{stamp} 01O {line[:40]}\n{stamp} 01O+{line[40:]}" if len(line) > 60 else f"{stamp} 01O {line}"


SPLITTING = {"docker json-file": FORMS["docker json-file"], "CRI": FORMS["CRI"], "GitLab": _gitlab}
PANIC = [
    "thread 'main' panicked at src/main.rs:1:2:",
    "a message that a collector splits because it is long enough for it",
]


@pytest.mark.parametrize("name", SPLITTING)
def test_a_line_that_a_collector_split_is_joined_across_the_parts_of_a_rotated_log(name: str, tmp_path: Path) -> None:
    lines = [*CUT_LINES, "WS_AUDIT venue=lighter lighter_ping_sent_count=100 interval_ms=10000", *LIFE, *PANIC]
    wrapped = _wrapped(SPLITTING[name], lines, datetime(2026, 5, 28, tzinfo=UTC).timestamp()).encode().splitlines(True)
    load, whole = read(tmp_path / "whole", {"run.log": b"".join(wrapped)})
    refs = [each.ref for each in load.facts.endings]
    for at in range(3, len(wrapped) - 2):
        parts = {"run.log.1": b"".join(wrapped[:at]), "run.log": b"".join(wrapped[at:])}
        load, contents = read(tmp_path / "parts", parts)
        assert contents == whole, (at, wrapped[at - 1], wrapped[at])
        assert [each.lines for each in load.ledgers] == [at, len(wrapped) - at]
        assert not any(each.other for each in load.ledgers)
        assert [(0, line) if line <= at else (1, line - at) for _, line in refs] == [e.ref for e in load.facts.endings]


def test_the_halves_of_a_split_line_in_parts_between_which_one_is_missing_are_not_joined(tmp_path: Path) -> None:
    wrapped = _wrapped(FORMS["CRI"], [*LIFE, *LIFE]).encode().splitlines(True)
    at = next(index for index, line in enumerate(wrapped) if b" P " in line) + 1
    _, contents = read(tmp_path, {"run.log.2": b"".join(wrapped[:at]), "run.log": b"".join(wrapped[at:])})
    _, whole = read(tmp_path / "whole", {"run.log": b"".join(wrapped)})
    assert contents["log_event"] != whole["log_event"]


def test_unknown_lines_are_listed_without_the_wrapping_of_their_section(tmp_path: Path) -> None:
    unknown = "queue at 17 of another program"
    (tmp_path / "run.log").write_text("\n".join(_sections(ORDERS[0], [*LIFE, unknown])) + "\n")
    assert unknown_templates([str(tmp_path)]) == {unknown.replace("17", "N"): len(ORDERS[0])}
