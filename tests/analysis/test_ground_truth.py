"""Comparison of a run with the record that its simulated venues kept."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import pytest

from toolkit.analysis.pipeline import analyze
from toolkit.analysis.truth.ground_truth import compare_with_truth
from toolkit.analysis.truth.run_truth import run_truth
from toolkit.cli import main
from toolkit.ingest import ground_truth
from toolkit.model.errors import InputError
from toolkit.model.recorded.ground_truth import SeenTick, VenueComparison, VenueRecord, VenueSeen

DATA = Path(__file__).parent.parent / "data" / "truth"
RUN = [str(DATA / "telemetry.jsonl.gz"), str(DATA / "run.log.gz")]
TRUTH = DATA / "truth.jsonl.gz"
BOOK = (99.0, 1.0, 101.0, 2.0)
BOOK_VALUE = 99.0 + 202.0


def compared(record: VenueRecord, seen: VenueSeen) -> VenueComparison:
    (row,) = compare_with_truth({"aster": record}, {"aster": seen}, (0, 100_000), "truth.jsonl").venues
    return row


def seen(
    *ticks: SeenTick,
    connects: float | None = 1,
    failed: float = 0,
    silence_ms: float | None = None,
    endings: Mapping[str, float] | None = None,
) -> VenueSeen:
    return VenueSeen(connects, failed, endings or {}, silence_ms, ticks)


def record(*frames: int, endings: tuple[tuple[int, str], ...] = (), refused: tuple[int, ...] = ()) -> VenueRecord:
    gaps = list(pairwise(frames))
    return VenueRecord([1_000], list(refused), list(endings), gaps, gaps, [(at, BOOK) for at in frames], len(frames))


@pytest.mark.parametrize(
    ("tick", "foreign"),
    [
        (SeenTick(2_000, 0, 100.0, 2.0, BOOK_VALUE), 0),
        (SeenTick(2_000, 0, 100.0, 2.0, BOOK_VALUE * 5), 0),
        (SeenTick(2_000, 0, 100.0, 2.0, None), 0),
        (SeenTick(2_000, 0, 100.0, 2.0, BOOK_VALUE - 1), 1),
        (SeenTick(2_000, 0, 100.5, 2.0, BOOK_VALUE), 1),
        (SeenTick(2_000, 0, 100.0, 1.0, BOOK_VALUE), 1),
        (SeenTick(60_000, 0, 100.0, 2.0, BOOK_VALUE), 1),
        (SeenTick(60_000, 58_500, 100.0, 2.0, BOOK_VALUE), 0),
        (SeenTick(60_000, None, 100.0, 2.0, BOOK_VALUE), 1),
        (SeenTick(100, 0, 100.0, 2.0, BOOK_VALUE), 1),
    ],
)
def test_a_book_is_the_venues_if_it_sent_it_at_the_time_that_its_age_gives(tick: SeenTick, foreign: int) -> None:
    row = compared(record(1_500), seen(tick))
    assert (row.books, row.foreign_books) == (1, foreign)
    assert any("sent no such book" in text for text in row.differences) == bool(foreign)


def test_a_tick_without_a_book_is_not_compared_and_no_frames_leave_it_unknown() -> None:
    assert compared(record(1_500), seen(SeenTick(2_000, None, None, None, None))).foreign_books is None
    assert compared(record(), seen(SeenTick(2_000, 0, 100.0, 2.0, 1.0))).foreign_books is None


@pytest.mark.parametrize(
    ("truth", "run", "sentence"),
    [
        (record(1_500), seen(connects=2), "aster accepted 1 connections, the run has 2"),
        (record(1_500, refused=(5, 6)), seen(failed=1), "aster refused 2 connections, the run has 1 failed attempts"),
        (record(1_500, 31_500), seen(silence_ms=4_000),
         "aster was silent for at most 30.0 s, and the run applied no book of its socket for 4.0 s"),
        (record(1_500, endings=((9_000, "server_drop"),)), seen(), "aster has 1 ended connections, the run has 0"),
        (record(1_500, endings=((9_000, "server_close"),)), seen(endings={"unknown": 1}),
         "aster closed 1 connections with a close frame, the run has 0 server_close"),
        (record(1_500, endings=((9_000, "server_drop"),)), seen(endings={"unknown": 1}),
         "aster: the run states no reason for 1 of its 1 endings"),
    ],
)  # fmt: skip
def test_what_the_run_tells_differently_is_a_sentence(truth: VenueRecord, run: VenueSeen, sentence: str) -> None:
    assert sentence in compared(truth, run).differences


def test_what_the_run_does_not_tell_is_no_difference() -> None:
    truth = record(1_500, 31_500, endings=((9_000, "server_drop"),))
    assert compared(truth, VenueSeen(None, None, {}, None)).differences == ()


def test_what_happened_after_the_run_is_not_compared() -> None:
    truth = record(1_500, endings=((100_500, "client_gone"),))
    truth.accepted.append(200_000)
    comparison = compare_with_truth({"aster": truth}, {"aster": seen()}, (0, 100_000), "truth.jsonl")
    assert (comparison.outside, comparison.venues[0].differences) == (1, ())


AT_ASTER = "aster was silent for at most 0.1 s, and the run applied no book of its socket for 10.0 s"
"""The program fetched snapshots all the time and waited for a delta that follows one."""


def test_a_recorded_run_agrees_with_its_venues_until_a_frame_is_changed(tmp_path: Path) -> None:
    analysis = analyze(RUN)
    rows = {row.venue: row for row in run_truth(RUN, analysis, TRUTH).venues}
    assert {(row.connects_want, row.connects_got) for row in rows.values()} == {(1, 1)}
    assert {venue: row.differences for venue, row in rows.items() if row.differences} == {"aster": (AT_ASTER,)}
    assert {row.books for row in rows.values()} == {40}
    changed = tmp_path / "truth.jsonl"
    changed.write_bytes(gzip.decompress(TRUTH.read_bytes()).replace(b'"bid":["', b'"bid":["1'))
    foreign = [row.foreign_books for row in run_truth(RUN, analysis, changed).venues]
    assert foreign == [40] * 5


def test_the_silence_of_a_venue_spans_its_connections(tmp_path: Path) -> None:
    events = [
        (0, "a1", "accept"), (1, "a1", "frame"), (4_000, "a1", "conn_end"), (9_000, "a2", "accept"), (9_500, "a2", "frame"),
    ]  # fmt: skip
    lines = [{"t_unix_ms": at, "venue": "aster", "conn_id": conn, "event": event} for at, conn, event in events]
    path = tmp_path / "truth.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)) + "\n{torn")
    truth = ground_truth.load(path)
    venue = truth.venues["aster"]
    assert (max(end - begun for begun, end in venue.silences), venue.gaps[-1]) == (3_999, (1, 9_500))
    assert (truth.unread_lines, venue.accepted, venue.frames) == (1, [0, 9_000], [])


@pytest.mark.parametrize("content", [None, "", "WS_AUDIT venue=aster\n"])
def test_a_file_that_is_no_record_is_an_error_that_names_it(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "record.jsonl"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InputError, match=r"record\.jsonl"):
        ground_truth.load(path)


def test_the_command_prints_the_comparison_as_text_and_adds_it_to_the_json(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["analyze", *RUN, "--truth", str(TRUTH), "--db", ":memory:", "-q"]
    with pytest.raises(SystemExit):
        main([*arguments])
    text = capsys.readouterr().out
    assert "connects want/got" in text and AT_ASTER in text
    with pytest.raises(SystemExit):
        main([*arguments, "--format", "json"])
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "toolkit.analysis/1"
    assert [each["foreign_books"] for each in document["ground_truth"]["venues"]] == [0] * 5
