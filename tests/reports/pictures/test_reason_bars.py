"""The picture of reconnects by reason: a box for each, its letters, its count, and bars where there are many."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reports.pictures import reason_bars
from reports.pictures.reason_bars import ReasonPicture, reason_picture
from tests.reports.made_pair import figure
from tests.reports.pictures.made_pictures import curve, mark, of_class, parsed, run, run_with_texts
from tests.reports.test_escape import HOSTILE
from toolkit.model.runs import RunAnalysis

FRESH: list[int | None] = [0] * 100


def reconnects(**counts: int) -> RunAnalysis:
    """Return a run in which each venue's connection was reset so often."""
    marks = tuple(
        mark(venue, "stream_ended", number / 10) for venue, count in counts.items() for number in range(count)
    )
    return run(*(curve(venue, FRESH) for venue in counts), marks=marks)


def picture(before: RunAnalysis | None, after: RunAnalysis) -> ReasonPicture:
    found = reason_picture(before, after)
    assert found is not None
    return found


def test_each_reconnect_is_a_box_with_the_letters_of_its_venue_and_the_count_is_written() -> None:
    found = picture(reconnects(lighter=2, extended=1), reconnects(lighter=0, extended=1))
    (row,) = found.rows
    assert [[box.letters for box in bar.boxes] for bar in row.bars] == [["Li", "Li", "Ex"], ["Ex"]]
    assert [bar.count for bar in row.bars] == ["3", "1"]
    assert found.lead == "3 before, 1 after. One box is one reconnect; its letters name the venue."


def test_a_count_of_0_is_written() -> None:
    root = parsed(reason_bars(reconnects(lighter=3), reconnects(lighter=0)))
    assert [each.text for each in of_class(root, "count")] == ["3", "0"]


def test_reasons_whose_counts_differ_come_first() -> None:
    same = [mark("lighter", "read_timeout", at) for at in range(5)]
    before = run(curve("lighter", FRESH), marks=(*same, mark("lighter", "server_close", 50, stated="idle")))
    found = picture(before, run(curve("lighter", FRESH), marks=tuple(same)))
    assert [row.reason.words for row in found.rows] == ["venue closed: “idle”", "read timeout"]


@pytest.mark.parametrize(
    ("count", "lines", "boxes"), [(1, 1, 1), (14, 1, 14), (15, 2, 15), (60, 5, 60), (61, 1, 1), (500, 1, 1)]
)
def test_boxes_go_on_in_lines_of_14_and_become_one_bar_above_60(count: int, lines: int, boxes: int) -> None:
    (bar,) = picture(None, reconnects(lighter=count)).rows[0].bars
    assert (bar.lines, len(bar.boxes), bar.count) == (lines, boxes, str(count))
    assert max(float(box.x) + float(box.width) for box in bar.boxes) < 93


def test_bars_are_in_proportion_and_have_a_part_for_each_venue() -> None:
    before, after = picture(reconnects(lighter=60, aster=40), reconnects(lighter=50, aster=0)).rows[0].bars
    assert [(box.letters, box.width) for box in before.boxes] == [("Li", "55.44"), ("As", "36.96")]
    assert [box.width for box in after.boxes] == ["46.2"]


def test_letters_of_venues_that_begin_alike_are_longer() -> None:
    found = picture(None, reconnects(lighter=1, lido=1, aster=1))
    assert [entry.name for entry in found.legend] == ["Lig", "Lid", "As"]


def test_resyncs_and_kept_timeouts_are_no_reconnects() -> None:
    kept = (mark("lighter", "read_timeout", 5, kind="kept"), mark("lighter", "seq_gap", 6, kind="resync"))
    assert reason_bars(None, run(curve("lighter", FRESH), marks=kept)) == ""


def test_reconnects_that_no_line_places_are_said() -> None:
    analysis = reconnects(lighter=2)
    more = replace(analysis, figures=(figure("lighter.reconnects", 5),))
    assert "The run has 5 reconnects, of which lines place 2." in reason_bars(None, more)
    unknown = replace(analysis, figures=(figure("lighter.reconnects", None),))
    assert "The run before does not tell the reconnects of every venue." in reason_bars(unknown, analysis)


def test_a_blocked_side_has_no_number() -> None:
    assert [bar.count for bar in picture(run(), reconnects(lighter=2)).rows[0].bars] == ["unknown", "2"]


def test_no_text_of_a_run_is_more_than_text() -> None:
    hostile = [text for text in HOSTILE if text]
    plain = [f"reason {number}" for number in range(len(hostile))]
    tags = [[each.tag for each in parsed(reason_bars(None, run_with_texts(each))).iter()] for each in (hostile, plain)]
    assert tags[0] == tags[1]
