"""Recorded runs: the compat view says what the telemetry analyzer v1 printed of venue health and ages."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.upstream.made_run import lines, made, record, started
from tests.upstream.recorded import DATA, analysed
from toolkit.model.runs import CompatRow, RunAnalysis
from toolkit.upstream.analyzer import NO_REPORT, TOOL, VENUES

PRINTED = sorted(DATA.glob("compat/*/telemetry_analyzer.txt"))
HEALTH = ("Healthy%", "Stale%", "Disabled%", "Flips", "MaxStaleRun", "StaleRuns")
STATS = ("mean", "p50", "p95", "p99", "max")


def rows(analysis: RunAnalysis) -> dict[str, CompatRow]:
    return {row.name: row for row in analysis.compat if row.tool == TOOL}


def page(analysis: RunAnalysis) -> list[str]:
    told = {name: row.upstream for name, row in rows(analysis).items()}
    page = [f"Ticks analyzed: {told['ticks analyzed']} (tick {told['tick range']})"]
    for venue in VENUES:
        cells = [told[f"venue_health {venue} {column}"] for column in HEALTH]
        page.append(" | ".join([venue, *(f"{cell:.2f}%" for cell in cells[:3]), *map(str, cells[3:])]))
    for name in ("age", "event_age"):
        for venue in VENUES:
            stats = " ".join(f"{stat}={told[f'{name} {venue} {stat}']} ms" for stat in STATS)
            page.append(f"{venue}: {stats} (n={told[f'{name} {venue} n']})")
    stalls = told["correlated staleness ticks"]
    page.append(f"Correlated staleness (2+ venues stale simultaneously): {stalls} ticks")
    return page


@pytest.mark.parametrize("path", PRINTED, ids=lambda path: path.parent.name)
def test_every_number_of_venue_health_is_what_the_tool_printed(path: Path) -> None:
    analysis = analysed(path.parent.name)
    printed = [" ".join(line.split()) for line in path.read_text(encoding="utf-8").splitlines()]
    if printed[0] == "Traceback (most recent call last):":
        assert {row.upstream for row in rows(analysis).values()} == {NO_REPORT}
        return
    for line in page(analysis):
        assert any(" ".join(line.split()) in each for each in printed), line


def test_a_venue_in_another_place_is_called_by_the_places_name(tmp_path: Path) -> None:
    ill = {"venue_status": ["Stale", "Healthy", "Healthy"], "venue_mid_usd": [1.0, 1.0, 1.0]}
    aged = {"venue_age_ms": [5_000, 0, 0], "venue_age_event_ms": [5_000, 0, 0]}
    venues = ("paradex", "hyperliquid", "lighter")
    analysis = made(tmp_path, lines([record(t, venues=venues, **ill, **aged) for t in (0, 1)]), [started(*venues)])
    told = rows(analysis)
    assert told["age extended p95"].figure == "paradex.age_apply_ms.p95"
    assert told["age extended p95"].ours == told["age extended p95"].upstream == 5_000
    assert told["venue_health extended Stale%"].upstream == 100.0
    assert "the record calls it paradex" in told["venue_health extended Stale%"].why


def test_a_run_that_is_never_healthy_leaves_no_report(tmp_path: Path) -> None:
    silent = record(0, venue_status=["Stale"], venue_mid_usd=[None])
    told = rows(made(tmp_path, lines([silent]), [started("lighter")]))
    assert [row.upstream for row in told.values()] == [NO_REPORT]
    assert told["ticks analyzed"].ours == 1
