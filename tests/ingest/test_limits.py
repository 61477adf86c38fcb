"""Tests of the limits on what a file may bring: the rest is counted, and said."""

from __future__ import annotations

from collections import Counter
from itertools import zip_longest
from pathlib import Path

import pytest

import toolkit
from tests.benchmarks.hostile import EVENTS, LOG, RX, SESSION, TELEMETRY
from toolkit.db.store import connect
from toolkit.files.discovery import discover
from toolkit.ingest import log
from toolkit.model.runs import RunAnalysis, SetAsideLine
from toolkit.model.set_aside import SetAsideLines
from toolkit.model.vocabulary import (
    MAX_ERRORS,
    MAX_PLACES,
    MAX_REASONS,
    MAX_SETTING_VALUES,
    MAX_SETTINGS,
    MAX_VENUES,
    FindingCode,
)

BYTES = 150_000
"""Size of each file: enough names, places and values to pass the limits."""
WRITERS = {"telemetry.jsonl": TELEMETRY, "run.log": LOG, "events.jsonl": EVENTS, "market_rx_stats.log": RX}
RUNS = [
    {file_name: kind for file_name, kind in zip(WRITERS, kinds, strict=True) if kind}
    for kinds in zip_longest(*WRITERS.values())
]
"""All kinds of files of the benchmark: each run has one kind of each file while there are more."""


def analysis(folder: Path, **kinds: str) -> RunAnalysis:
    """Return the analysis of files of kinds of the benchmark."""
    for file_name, kind in kinds.items():
        WRITERS[file_name][kind](folder / file_name, BYTES)
    return toolkit.analyze(folder, db=":memory:").analysis


@pytest.mark.untraced
@pytest.mark.parametrize("kinds", RUNS, ids=lambda kinds: ", ".join(kinds.values()))
def test_no_field_of_a_file_brings_more_than_the_limits(kinds: dict[str, str], tmp_path: Path) -> None:
    run = analysis(tmp_path, **kinds)
    assert {each.file for each in run.ledger} == set(kinds)
    for each in run.ledger:
        assert each.lines == each.used + each.other + sum(each.set_aside.values())
        assert not any(count > MAX_PLACES + 1 for count in Counter(place.reason for place in each.where).values())
    venues = {figure.scope for figure in run.figures}
    assert len(venues) <= MAX_VENUES + 2
    labels = Counter(each.figure.rsplit(".", 1)[0] for each in run.figures if each.metric == "reconnects")
    assert all(count <= MAX_REASONS + 20 for count in labels.values())
    assert all(len(each.text) < 2_000 for each in run.findings)
    assert len(run.run.setting_sources) <= MAX_SETTINGS
    assert all(each.value.count(" and ") <= MAX_SETTING_VALUES for each in run.run.setting_sources)
    assert len(run.run.starts) <= MAX_PLACES
    assert all(len(each.lines) <= 2 * MAX_PLACES + 2 for each in run.episodes)


@pytest.mark.parametrize(
    ("name", "file_name", "subjects"),
    [
        ("a new venue a line", "run.log", ["venues"]),
        ("a new reason a line", "run.log", ["reasons", "ends of sessions"]),
        ("100 000 ages a record", "telemetry.jsonl", ["arrays of telemetry.jsonl"]),
        ("close reasons", "run.log", ["ends of sessions"]),
        ("panics", "run.log", ["panics", "ends"]),
        ("a new publisher counter a line", "run.log", ["counters"]),
        ("a new program a line", "run.log", ["senders"]),
        ("a new unit a line of a journal", "run.log", ["senders"]),
        ("new fields a line of RFC 5424", "run.log", ["senders"]),
    ],
)
def test_what_is_beyond_a_limit_is_counted_in_a_finding(
    name: str, file_name: str, subjects: list[str], tmp_path: Path
) -> None:
    assert list(limits_reached(analysis(tmp_path, **{file_name: name}))) == subjects


@pytest.mark.parametrize(
    ("name", "lines_each", "kept"),
    [
        ("a start a line", 1, {"values of settings": MAX_SETTING_VALUES, "starts": MAX_PLACES}),
        ("settings", 1, {"settings": MAX_SETTINGS + len(SESSION.splitlines())}),
        ("errors", 1, {"ends": MAX_ERRORS + 1}),
        ("builds", 2, {"build errors": MAX_ERRORS}),
    ],
)
def test_every_line_beyond_a_limit_is_counted(name: str, lines_each: int, kept: dict[str, int], tmp_path: Path) -> None:
    run = analysis(tmp_path, **{"run.log": name})
    (ledger,) = run.ledger
    found = {subject: int(text.split(" ")[0].replace("\u00a0", "")) for subject, text in limits_reached(run).items()}
    assert found == {subject: ledger.lines // lines_each - count for subject, count in kept.items()}


REST = "WS_AUDIT subsystem=rest_monitor venue=venue{} rest_check_count=3 rest_attempt_count=2"
RECONNECT = "WS_AUDIT venue=venue{} reconnect_reason=read_timeout count=1"


@pytest.mark.parametrize("forms", [(REST,), (REST, RECONNECT), (RECONNECT, REST)])
def test_the_venues_that_are_kept_are_the_first_of_the_log(forms: tuple[str, ...], tmp_path: Path) -> None:
    path, number = tmp_path / "run.log", MAX_VENUES + 40
    path.write_text("".join(forms[each % len(forms)].format(each) + "\n" for each in range(number)))
    con = connect(":memory:")
    names = log.load(con, 1, discover([str(path)])).names
    kept = {f"venue{each}" for each in range(MAX_VENUES)}
    events = dict(con.execute("select venue, count(*) from log_event group by 1").fetchall())
    assert events == {**dict.fromkeys(kept, 1), "other": number - MAX_VENUES}
    # Counters of several venues do not add up to those of one.
    assert {venue for (venue,) in con.execute("select venue from counter").fetchall()} == kept
    assert names.further_venues == number - MAX_VENUES


def limits_reached(run: RunAnalysis) -> dict[str, str]:
    """Return the text of each finding about a limit by its subject."""
    return {str(each.subject): each.text for each in run.findings if each.code == FindingCode.LIMIT_REACHED}


def test_the_store_counts_the_lines_whose_places_are_not_listed(tmp_path: Path) -> None:
    path = tmp_path / "telemetry.jsonl"
    TELEMETRY["blank lines"](path, 60_000)
    run = toolkit.analyze(path, db=":memory:")
    rows = run.table("set_aside")
    (ledger,) = run.analysis.ledger
    assert rows["lines"].sum() == ledger.set_aside["blank"] > MAX_PLACES
    assert rows["line"].is_null().sum() == 1


def place(line: int) -> SetAsideLine:
    return SetAsideLine(line, line * 10, "blank")


def test_parts_of_a_file_add_up_to_the_whole() -> None:
    whole, parts = SetAsideLines(), [SetAsideLines(), SetAsideLines()]
    for line in range(1, 2 * MAX_PLACES + 1):
        whole.add(place(line))
        parts[line > MAX_PLACES].add(place(line))
    parts[0].extend(parts[1])
    assert list(parts[0]) == list(whole) == [place(line) for line in range(1, MAX_PLACES + 1)]
    assert parts[0].counts == whole.counts == {"blank": 2 * MAX_PLACES}


@pytest.mark.parametrize("line", [1, MAX_PLACES + 5])
def test_the_first_and_the_last_line_can_be_taken_out(line: int) -> None:
    places = SetAsideLines()
    for each in range(1, MAX_PLACES + 6):
        places.add(place(each))
    assert places.at(line) == ["blank"]
    left = places.without(line)
    assert left.counts["blank"] == MAX_PLACES + 4
    assert left.at(line) == []


def test_events_of_venues_beyond_the_limit_are_set_aside(tmp_path: Path) -> None:
    (ledger,) = analysis(tmp_path, **{"events.jsonl": "a new venue an event"}).ledger
    assert (ledger.used, ledger.set_aside) == (1 + MAX_VENUES, {"malformed": ledger.lines - 1 - MAX_VENUES})


def test_the_venues_of_a_run_are_limited_whatever_its_files_are(tmp_path: Path) -> None:
    of_telemetry = {figure.scope for figure in analysis(tmp_path, **{"telemetry.jsonl": "blank lines"}).figures}
    run = analysis(tmp_path, **{"run.log": "a new venue a line", "events.jsonl": "a new venue an event"})
    named = {figure.scope for figure in run.figures} - {"other"}
    assert len(named - {"run"}) == MAX_VENUES
    assert named > of_telemetry > {"lighter", "aster"}
