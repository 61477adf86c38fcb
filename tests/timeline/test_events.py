"""A run of our own connectors: its events give log lines their exact time and counts that the log prints in part.

The venues' side counted 15 pings of Lighter (4, 3 and 8 on its three sockets) and 7 of Paradex (3 and 4).
"""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
import zstandard

from toolkit.analysis.pipeline import analyze
from toolkit.model.figures import Figure
from toolkit.model.runs import RunAnalysis

DATA = Path(__file__).parent.parent / "data"
OWN = DATA / "own_run"
SIDES = ("events.jsonl", "run.log", "run.log.times.jsonl", "market_rx_stats.log", "telemetry.jsonl")


def text(name: str) -> bytes:
    with zstandard.ZstdDecompressor().stream_reader((OWN / f"{name}.zst").read_bytes()) as stream:
        return stream.read()


def run(folder: Path, *without: str, **changed: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    for name in SIDES:
        if name not in without:
            (folder / name).write_bytes(changed.get(name.split(".")[0], text(name)))
    return folder


def figure(analysis: RunAnalysis, name: str) -> Figure:
    found = analysis.figure(name)
    assert found is not None
    return found


def said(each: Figure) -> tuple[object, ...]:
    return each.value, each.bound, each.low, each.high


def test_every_log_line_that_an_event_tells_of_has_the_event_s_time(tmp_path: Path) -> None:
    analyze([str(OWN)], str(tmp_path / "store.duckdb"))
    with duckdb.connect(str(tmp_path / "store.duckdb"), read_only=True) as con:
        placed = dict(
            con.execute("select byte, min(at_ms) from log_event where at_error_ms = 0 group by byte").fetchall()
        )
        unsure = con.execute("select count(*) from log_event where at_ms is null or at_error_ms > 0").fetchall()
    rows = [json.loads(line) for line in text("events.jsonl").splitlines()[1:]]
    exact = {row["log"]: row["at_us"] // 1_000 for row in rows if "log" in row}
    recognised = {byte: at_ms for byte, at_ms in exact.items() if byte in placed}
    assert len(recognised) > 60
    assert {byte: placed[byte] for byte in recognised} == recognised
    assert unsure == [(0,)]


def test_time_without_a_book_is_exact_where_the_events_tell_both_its_ends() -> None:
    rows = [json.loads(line) for line in text("events.jsonl").splitlines()[1:]]
    lighter = [row for row in rows if row["venue"] == "lighter" and row["kind"] in ("reconnect", "first_book")]
    times = [row["at_us"] // 1_000 for row in lighter]
    assert [row["kind"] for row in lighter] == ["first_book", *["reconnect", "first_book"] * 2]
    waits = [times[2] - times[1], times[4] - times[3]]
    analysis = analyze([str(OWN)])
    assert said(figure(analysis, "lighter.downtime_ms.total")) == (sum(waits), "exact", sum(waits), sum(waits))
    assert said(figure(analysis, "lighter.downtime_ms.max")) == (max(waits), "exact", max(waits), max(waits))
    for venue in analysis.run.venues:
        for metric in ("downtime_ms.total", "downtime_ms.max", "time_to_first_book_ms.max", "backoff.violations"):
            assert figure(analysis, f"{venue}.{metric}").bound == "exact"


PINGS = {"lighter": 15, "paradex": 7, "aster": 0, "extended": 0, "hyperliquid": 0}


def test_pings_are_those_that_the_venues_counted() -> None:
    analysis = analyze([str(OWN)])
    told = {venue: said(figure(analysis, f"{venue}.pings.sent")) for venue in PINGS}
    assert told == {venue: (n, "exact", n, n) for venue, n in PINGS.items()}
    assert {said(figure(analysis, f"{venue}.pings.failed")) for venue in PINGS} == {(0, "exact", 0, 0)}


def test_pressure_is_the_last_total_that_the_events_tell() -> None:
    rows = [json.loads(line) for line in text("events.jsonl").splitlines()[1:]]
    totals = {row["fields"]["name"]: row["fields"]["total"] for row in rows if row["kind"] == "pressure"}
    analysis = analyze([str(OWN)])
    assert totals["mp_lossless_wait_count"] > 3
    n = totals["mp_lossless_wait_count"]
    assert said(figure(analysis, "run.publisher.lossless_wait")) == (n, "exact", n, n)
    assert said(figure(analysis, "run.publisher.pending_latest_replaced")) == (0, "exact", 0, 0)


def test_without_its_events_a_run_says_what_its_log_prints_and_no_more(tmp_path: Path) -> None:
    analysis = analyze([str(run(tmp_path / "run", "events.jsonl"))])
    assert said(figure(analysis, "lighter.pings.sent")) == (3, "lower", 3, 99)
    assert said(figure(analysis, "hyperliquid.pings.sent")) == (0, "exact", 0, 0)
    downtime, exact = (
        figure(analysis, "lighter.downtime_ms.total"),
        figure(analyze([str(OWN)]), "lighter.downtime_ms.total"),
    )
    assert downtime.bound == "estimate"
    assert downtime.low is not None and downtime.high is not None and exact.value is not None
    assert downtime.low <= exact.value <= downtime.high
    assert downtime.high - downtime.low <= 8


def test_events_place_the_lines_they_name_without_a_file_of_arrivals(tmp_path: Path) -> None:
    analysis = analyze([str(run(tmp_path / "run", "run.log.times.jsonl"))])
    assert figure(analysis, "lighter.downtime_ms.total") == figure(analyze([str(OWN)]), "lighter.downtime_ms.total")


@pytest.mark.parametrize(
    ("damage", "reason"),
    [(b"\xff\x00{", "malformed"), (b'{"at_us":-1,"kind":"x"}', "malformed"), (b"[" * 100_000, "malformed")],
)
def test_a_damaged_event_is_set_aside_and_counts_are_the_log_s_again(
    tmp_path: Path, damage: bytes, reason: str
) -> None:
    lines = text("events.jsonl").split(b"\n")
    lines[20] = damage
    analysis = analyze([str(run(tmp_path / "run", events=b"\n".join(lines)))])
    ledger = next(each for each in analysis.ledger if each.file == "events.jsonl")
    assert (ledger.set_aside, ledger.where[0].line) == ({reason: 1}, 21)
    assert ledger.lines == ledger.used + 1
    assert figure(analysis, "lighter.pings.sent").bound == "lower"
    assert figure(analysis, "lighter.downtime_ms.total").value is not None


def test_events_that_do_not_tell_the_end_give_least_counts(tmp_path: Path) -> None:
    lines = text("events.jsonl").splitlines(keepends=True)
    last = max(number for number, line in enumerate(lines) if b'"ping_sent"' in line and b'"lighter"' in line)
    whole = analyze([str(run(tmp_path / "killed", events=b"".join(lines[: last + 1])))])
    assert said(figure(whole, "lighter.pings.sent")) == (15, "lower", 15, 99)
    fewer = analyze([str(run(tmp_path / "cut", events=b"".join(lines[:6])))])
    assert said(figure(fewer, "lighter.pings.sent")) == (3, "lower", 3, 99)
    assert said(figure(fewer, "run.publisher.lossless_wait")) == (3, "lower", 3, 999)


@pytest.mark.parametrize("count", [b"-15", b"99999999999999999999"])
def test_what_is_no_count_is_set_aside(tmp_path: Path, count: bytes) -> None:
    events = text("events.jsonl").replace(b'"count":15,"interval', b'"count":' + count + b',"interval')
    analysis = analyze([str(run(tmp_path / "run", events=events))])
    ledger = next(each for each in analysis.ledger if each.file == "events.jsonl")
    assert ledger.set_aside == {"malformed": 1}
    assert said(figure(analysis, "lighter.pings.sent")) == (14, "lower", 14, 99)


def test_a_torn_event_is_named_as_such(tmp_path: Path) -> None:
    analysis = analyze([str(run(tmp_path / "run", events=text("events.jsonl")[:-20]))])
    ledger = next(each for each in analysis.ledger if each.file == "events.jsonl")
    assert ledger.set_aside == {"torn_tail": 1}


def test_events_of_another_log_move_no_line(tmp_path: Path) -> None:
    folder = run(
        tmp_path / "run", "run.log.times.jsonl", events=text("events.jsonl").replace(b'"run.log"', b'"other.log"', 1)
    )
    exact = figure(analyze([str(OWN)]), "lighter.downtime_ms.total")
    assert figure(analyze([str(folder)]), "lighter.downtime_ms.total").bound != exact.bound


SILENT = "no line seen; this build prints them, as line {} of run.log.zst shows"
ZERO = {
    "a venue whose pings the build counts": (
        "ci_prefixed",
        "paradex.pings.sent",
        (0, "exact", 0, 0),
        SILENT.format(12),
    ),
    "no venue was up": ("no_venue_head", "lighter.pings.sent", (0, "exact", 0, 0), SILENT.format(26)),
    "none could fail": ("ci_prefixed", "paradex.pings.failed", (0, "exact", 0, 0), SILENT.format(12)),
    "the build counts none of it": (
        "ci_prefixed",
        "aster.pings.sent",
        (None, "unknown", None, None),
        "not instrumented",
    ),
    "a build before": ("prb_before", "lighter.pings.sent", (None, "unknown", None, None), "not instrumented"),
    "no event was stamped locally": ("no_venue_head", "lighter.ts_fallbacks", (0, "exact", 0, 0), SILENT.format(26)),
}


@pytest.mark.parametrize("case", ZERO)
def test_a_ping_that_was_not_printed_is_a_zero_only_where_it_would_have_been(case: str) -> None:
    name, figure_name, expected, note = ZERO[case]
    path = "sample:before" if name == "prb_before" else str(DATA / "runs" / name)
    found = figure(analyze([path]), figure_name)
    assert (said(found), found.note) == (expected, note)


def test_a_run_of_ours_is_known_by_its_log_alone(tmp_path: Path) -> None:
    folder = run(tmp_path / "run", "events.jsonl", "run.log.times.jsonl")
    assert analyze([str(folder)]).run.kind == "toolkit"
