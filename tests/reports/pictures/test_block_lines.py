"""Ages as lines of block characters: height, columns, and which venues have one."""

from __future__ import annotations

import pytest

from reports.pictures import block_lines, block_text, changed_venues
from tests.reports.pictures.made_pictures import curve, mark, outage, run
from toolkit.model.runs import RunAnalysis

FRESH: list[int | None] = [0] * 101


def ages(*peaks: tuple[int, int | None]) -> list[int | None]:
    """Return the fresh ages of 100 s with these ages at these seconds."""
    return [dict(peaks).get(second, 0) for second in range(101)]


def line(analysis: RunAnalysis) -> str:
    (block,) = block_lines(None, analysis, ["lighter"])
    return block.lines[0][1]


def test_a_column_has_the_largest_age_of_its_part_and_the_full_height_is_named() -> None:
    before = run(curve("lighter", ages((0, 250), (50, 1_999), (51, 1_000), (100, 1_000))))
    assert block_text(before, run(curve("lighter", FRESH))).splitlines() == [
        "```text",
        "lighter, oldest book in each 2.5\u00a0s, full height 2\u00a0s",
        "before ▂▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁█▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▅",
        "after  ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁",
        "```",
    ]


def test_every_step_is_in_a_column() -> None:
    found = [line(run(curve("lighter", ages((second, 5_000))))) for second in range(101)]
    assert all(each.count("█") in (1, 2) and len(each) == 40 for each in found)


def test_a_column_without_an_age_is_a_dot() -> None:
    assert line(run(curve("lighter", [None] * 10 + FRESH[10:]))).startswith("····▁")


def test_a_shorter_run_ends_in_dots_and_a_blocked_one_has_only_dots() -> None:
    (block,) = block_lines(run(curve("lighter", FRESH[:51]), seconds=50), run(curve("lighter", FRESH)), ["lighter"])
    assert dict(block.lines) == {"before": "▁" * 21 + "·" * 19, "after": "▁" * 40}  # its last record is in the 21st
    (block,) = block_lines(run(), run(curve("lighter", FRESH)), ["lighter"])
    assert dict(block.lines)["before"] == "·" * 40


@pytest.mark.parametrize(
    ("after", "changed"),
    [
        (run(curve("lighter", FRESH)), ()),
        (run(curve("lighter", ages((5, 250)))), ()),  # one tick
        (run(curve("lighter", ages((5, 500)))), ("lighter",)),
        (run(curve("lighter", FRESH), marks=(mark("lighter", "unknown", 5),)), ("lighter",)),
        (run(curve("lighter", FRESH), stretches=(outage("lighter", 5, 9),)), ("lighter",)),
    ],
    ids=["same", "a tick", "older", "a reconnect", "an outage"],
)
def test_venues_that_changed_have_lines(after: RunAnalysis, changed: tuple[str, ...]) -> None:
    assert changed_venues(run(curve("lighter", FRESH)), after) == changed
    assert bool(block_text(run(curve("lighter", FRESH)), after)) is bool(changed)
