"""Recorded runs: the compat rows of venue health and ages equal what `telemetry_analyzer` v1 printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.upstream.made_run import analyzed_run, lines, record, startup_line
from tests.upstream.recorded import DATA, analysed
from toolkit.model.runs import CompatRow, RunAnalysis
from toolkit.upstream.analyzer import NO_REPORT, TOOL, VENUES

OUTPUTS = sorted(DATA.glob("upstream/*/telemetry_analyzer.txt"))
FAILED = [path for path in OUTPUTS if path.read_text(encoding="utf-8").startswith("Traceback (most recent call last):")]
PRINTED = [path for path in OUTPUTS if path not in FAILED]
HEALTH = ("Healthy%", "Stale%", "Disabled%", "Flips", "MaxStaleRun", "StaleRuns")
STATS = ("mean", "p50", "p95", "p99", "max")


def rows(analysis: RunAnalysis) -> dict[str, CompatRow]:
    return {row.name: row for row in analysis.compat if row.tool == TOOL}


def page(analysis: RunAnalysis) -> list[str]:
    upstream = {name: row.upstream for name, row in rows(analysis).items()}
    page = [f"Ticks analyzed: {upstream['ticks analyzed']} (tick {upstream['tick range']})"]
    for venue in VENUES:
        cells = [upstream[f"venue_health {venue} {column}"] for column in HEALTH]
        page.append(" | ".join([venue, *(f"{cell:.2f}%" for cell in cells[:3]), *map(str, cells[3:])]))
    for name in ("age", "event_age"):
        for venue in VENUES:
            stats = " ".join(f"{stat}={upstream[f'{name} {venue} {stat}']} ms" for stat in STATS)
            page.append(f"{venue}: {stats} (n={upstream[f'{name} {venue} n']})")
    stalls = upstream["correlated staleness ticks"]
    page.append(f"Correlated staleness (2+ venues stale simultaneously): {stalls} ticks")
    return page


@pytest.mark.parametrize("path", PRINTED, ids=lambda path: path.parent.name)
def test_every_number_of_venue_health_equals_the_printed_one(path: Path) -> None:
    printed = [" ".join(line.split()) for line in path.read_text(encoding="utf-8").splitlines()]
    lines = [" ".join(line.split()) for line in page(analysed(path.parent.name))]
    assert len(lines) > 1
    assert [line for line in lines if not any(line in each for each in printed)] == []


@pytest.mark.parametrize("path", FAILED, ids=lambda path: path.parent.name)
def test_a_run_on_which_the_tool_fails_has_no_number_of_it(path: Path) -> None:
    assert {row.upstream for row in rows(analysed(path.parent.name)).values()} == {NO_REPORT}


def test_a_venue_in_another_position_has_the_name_that_the_tool_gives_to_the_position(tmp_path: Path) -> None:
    not_healthy = {"venue_status": ["Stale", "Healthy", "Healthy"], "venue_mid_usd": [1.0, 1.0, 1.0]}
    ages = {"venue_age_ms": [5_000, 0, 0], "venue_age_event_ms": [5_000, 0, 0]}
    venues = ("paradex", "hyperliquid", "lighter")
    analysis = analyzed_run(
        tmp_path, lines([record(t, venues=venues, **not_healthy, **ages) for t in (0, 1)]), [startup_line(*venues)]
    )
    by_name = rows(analysis)
    assert by_name["age extended p95"].figure == "paradex.age_apply_ms.p95"
    assert by_name["age extended p95"].ours == by_name["age extended p95"].upstream == 5_000
    assert by_name["venue_health extended Stale%"].upstream == 100.0
    assert "the record calls it paradex" in by_name["venue_health extended Stale%"].why


def test_a_run_without_a_healthy_venue_has_no_report(tmp_path: Path) -> None:
    stale = record(0, venue_status=["Stale"], venue_mid_usd=[None])
    by_name = rows(analyzed_run(tmp_path, lines([stale]), [startup_line("lighter")]))
    assert [row.upstream for row in by_name.values()] == [NO_REPORT]
    assert by_name["ticks analyzed"].ours == 1
