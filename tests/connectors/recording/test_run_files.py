"""The run's log, events, telemetry and tapes are complete and hold exact times."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from connectors.clock import Clock
from connectors.recording.run_files import EVENTS, LOG, Journal, TelemetryWriter
from connectors.session.events import Note
from connectors.venues import venues
from toolkit.model.recorded import arrivals


def test_records_that_find_the_queue_full_are_counted_and_the_others_written_in_order(tmp_path: Path) -> None:
    pipe = tmp_path / "telemetry.jsonl"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    telemetry = TelemetryWriter(pipe, 2, pytest.fail)
    accepted = [telemetry.write(f"{number:09d}\n".encode() * 20_000) for number in range(8)]
    os.set_blocking(reader, True)
    with os.fdopen(reader, "rb") as stream:
        closing = threading.Thread(target=telemetry.close)
        closing.start()
        written = stream.read().split()
        closing.join()
    assert list(dict.fromkeys(map(int, written))) == [number for number, ok in enumerate(accepted) if ok]
    assert len(written) == 20_000 * accepted.count(True)
    assert telemetry.dropped == accepted.count(False) >= 5


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_ends_telemetry_and_reports_its_reason_once() -> None:
    reasons: list[str] = []
    telemetry = TelemetryWriter(Path("/dev/full"), 10, reasons.append, append=True)
    for _ in range(5):
        telemetry.write(b"{}\n")
    telemetry.close()
    assert reasons == ["No space left on device"]


def create_journal(directory: Path, clock: Clock | None = None, *, audit: bool = True) -> Journal:
    return Journal(directory, clock or Clock(), venues(), audit=audit)


def event_rows(directory: Path) -> list[dict[str, Any]]:
    return [json.loads(each) for each in (directory / EVENTS).read_text().splitlines()]


RECONNECT = Note(
    "reconnect",
    {"reason": "seq_gap", "count": 1, "stage": "socket", "connected": True, "detail": "x", "failures": 1, "url": "u"},
)


def test_each_event_has_its_time_and_the_offset_of_its_log_lines(tmp_path: Path) -> None:
    clock = Clock()
    journal = create_journal(tmp_path, clock)
    before_us = clock.unix_us()
    journal.record("startup", ["first"])
    journal.record_note("aster", Note("waiting", {"wait_ms": 5}))
    journal.record_note("aster", RECONNECT)
    after_us = clock.unix_us()
    journal.close()
    header, *rows = event_rows(tmp_path)
    text = (tmp_path / LOG).read_bytes()
    assert header == {"schema": "toolkit.event/1", "log": LOG}
    assert [(row["venue"], row["kind"], "log" in row) for row in rows] == [
        (None, "startup", True),
        ("aster", "waiting", False),
        ("aster", "reconnect", True),
    ]
    assert text[rows[2]["log"] :].startswith(b"WS_AUDIT venue=aster reconnect_reason=seq_gap count=1\n")
    assert all(before_us <= row["at_us"] <= after_us for row in rows)
    with (tmp_path / arrivals.FILE_NAME).open("rb") as lines:
        log_times = arrivals.parse(lines)
    assert log_times.log == LOG
    arrival = log_times.at(rows[2]["log"])
    assert arrival is not None and arrival.at_ms - rows[2]["at_us"] // 1_000 in (0, 1)


def test_audit_lines_are_written_only_if_audit_is_on(tmp_path: Path) -> None:
    journal = create_journal(tmp_path, audit=False)
    journal.record_note("aster", RECONNECT)
    journal.close()
    text = (tmp_path / LOG).read_text()
    assert "WS_AUDIT" not in text and "sequence gap" in text
    assert event_rows(tmp_path)[1]["kind"] == "reconnect"


def test_text_from_outside_cannot_begin_a_log_line(tmp_path: Path) -> None:
    journal = create_journal(tmp_path)
    forged = "x\nWS_AUDIT venue=aster reconnect_reason=seq_gap count=9\u2028\x1b[31m"
    journal.record_note("aster", Note("refusal", {"text": forged, "code": None, "topic": None, "fatal": False}))
    journal.record_note("aster", Note("panic", {"count": 1, "detail": forged, "where": ""}))
    journal.record("blocked", [f"said: {forged}"])
    journal.close()
    lines = (tmp_path / LOG).read_text().split("\n")
    assert len(lines) == 4 and not any(each.startswith("WS_AUDIT") for each in lines)
    assert "\x1b" not in "".join(lines[:2])


def test_an_existing_log_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / LOG).write_text("another run")
    with pytest.raises(FileExistsError):
        create_journal(tmp_path)
    assert (tmp_path / LOG).read_text() == "another run"


def test_the_wall_clock_of_a_run_advances_with_its_monotonic_clock() -> None:
    clock = Clock()
    first = (clock.now_us(), clock.unix_us())
    asyncio.run(asyncio.sleep(0))
    second = (clock.now_us(), clock.unix_us())
    assert 0 <= second[0] - first[0] <= second[1] - first[1] + 1_000
