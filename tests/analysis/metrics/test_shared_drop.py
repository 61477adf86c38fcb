"""A drop of all venues at once is one event of this host or its network; the venues' own counts hold it too."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.analysis.metrics.sample_runs import START_MS, analysed, figure, stamped

VENUES = ("hyperliquid", "lighter", "aster")
STEPS = ("connecting url=ws://h/ws", "connected url=ws://h/ws", "first message received", "first book update")
RESET = "INFO: {} public WS error (consecutive_failures=1): IO error: Connection reset by peer (os error 104)"

Lines = list[tuple[float, str]]


def opened(at_s: float, *venues: str) -> Lines:
    return [(at_s, f"INFO: {venue.title()} public WS {step}") for venue in venues for step in STEPS]


def dropped(*ends: tuple[float, str]) -> Lines:
    return [(at_s, RESET.format(venue.title())) for at_s, venue in ends]


ALL = dropped((60, "aster"), (60.2, "hyperliquid"), (60.9, "lighter"))
CASES: dict[str, tuple[Lines, list[str]]] = {
    "all within a second": (opened(0, *VENUES) + ALL + opened(62, *VENUES), ["aster, hyperliquid, lighter"]),
    "never back": (opened(0, *VENUES) + ALL, ["aster, hyperliquid, lighter"]),
    "one is back before another falls": (
        opened(0, *VENUES) + ALL[:1] + opened(60.1, "aster") + ALL[1:] + opened(62, *VENUES[:2]),
        ["aster, hyperliquid, lighter"],
    ),
    "twice": (
        opened(0, *VENUES) + ALL + opened(62, *VENUES) + [(at_s + 60, text) for at_s, text in ALL],
        ["aster, hyperliquid, lighter"] * 2,
    ),
    "one of them later": (
        opened(0, *VENUES) + ALL[:2] + dropped((63, "lighter")) + opened(65, *VENUES),
        [],
    ),
    "one of them stays": (opened(0, *VENUES) + ALL[:2] + opened(62, *VENUES[::2]), []),
    "one was away": (
        opened(0, *VENUES) + dropped((50, "lighter")) + ALL[:2] + opened(62, *VENUES),
        ["aster, hyperliquid"],
    ),
    "one that was alone": (opened(0, "aster", "lighter") + dropped((50, "lighter"), (60, "aster")), []),
}


@pytest.mark.parametrize("case", CASES)
def test_all_connected_venues_that_drop_within_a_second_are_one_event(tmp_path: Path, case: str) -> None:
    lines, expected = CASES[case]
    run = analysed(tmp_path, log=stamped(lines))
    drops = [each for each in run.episodes if each.kind == "shared_drop"]
    assert [each.cls for each in drops] == expected
    for each in drops:
        # The log's first line is the one that starts the program.
        texts = [lines[line - 2][1] for _, line in each.lines]
        assert sorted(text.split()[1].lower() for text in texts) == str(each.cls).split(", ")
        assert all("Connection reset" in text for text in texts)
    findings = [each for each in run.findings if each.code == "shared_drop"]
    assert [each.lines for each in findings] == [each.lines for each in drops]
    ends = sum("Connection reset" in text for _, text in lines)
    assert sum(figure(run, f"{venue}.disconnects.stream_ended").value or 0 for venue in VENUES) == ends


def test_a_shared_drop_has_its_time(tmp_path: Path) -> None:
    run = analysed(tmp_path, log=stamped(CASES["all within a second"][0]))
    [drop] = [each for each in run.episodes if each.kind == "shared_drop"]
    assert (drop.venue, drop.from_ms, drop.to_ms) == ("run", START_MS + 60_000, START_MS + 60_900)
    [finding] = [each for each in run.findings if each.code == "shared_drop"]
    assert "(aster, hyperliquid, lighter)" in finding.text
    assert "at 2023-11-14 22:14:20 UTC" in finding.text


@pytest.mark.parametrize(("between", "drops"), [([], 1), (opened(0, "aster"), 0)])
def test_without_times_the_ends_of_all_stand_together_in_the_log(tmp_path: Path, between: Lines, drops: int) -> None:
    lines = opened(0, *VENUES) + ALL[:1] + between + ALL[1:] + opened(0, *VENUES[:2])
    run = analysed(tmp_path, log="".join(text + "\n" for _, text in lines))
    found = [each for each in run.episodes if each.kind == "shared_drop"]
    assert [(each.cls, each.from_ms) for each in found] == [("aster, hyperliquid, lighter", None)] * drops


def test_a_client_on_recorded_frames_has_a_finding_for_each_venue_without_watchdog(tmp_path: Path) -> None:
    off = "INFO: {} fixture mode detected; freshness watchdog disabled"
    lines = [
        *opened(0, *VENUES),
        (1, off.format("Hyperliquid")),
        (1, off.format("Paradex")),
        (9, off.format("Paradex")),
    ]
    run = analysed(tmp_path, log=stamped(lines))
    first = len(opened(0, *VENUES)) + 2
    expected = {"hyperliquid": [first], "paradex": [first + 1, first + 2]}
    found = {each.venue: [line for _, line in each.lines] for each in run.findings if each.code == "watchdog_off"}
    assert found == expected
