"""The picture of ages over time: what is drawn where, and that no text of a run is more than text."""

from __future__ import annotations

import pytest

from reports.elements import Cell
from reports.pictures import age_strips, event_table, picture_styles
from reports.pictures.reasons import Shape
from reports.pictures.strips import strip_picture
from tests.reports.pictures.made_pictures import curve, mark, of_class, outage, parsed, run, run_with_texts, texts
from tests.reports.test_escape import HOSTILE

FRESH = [0] * 100
ONE_VENUE = ("lighter",)


def drawn(*marks: tuple[str, float], **other: object) -> list[tuple[str, int, int, str]]:
    """Return position, height, count and shape of the marks that a run with these events has."""
    events = tuple(mark("lighter", reason, at_s) for reason, at_s in marks)
    picture = strip_picture(None, run(curve("lighter", FRESH), marks=events))
    assert picture is not None
    return [(each.x, each.y, each.count, each.reason.shape.name) for each in picture.venues[0].strips[0].marks]


def test_a_peak_that_only_touches_the_limit_is_no_outage() -> None:
    stretches = (outage("lighter", 10, 11, peak_ms=1_020), outage("lighter", 20, 22, peak_ms=1_021))
    picture = strip_picture(None, run(curve("lighter", FRESH), stretches=stretches))
    assert picture is not None
    assert [each.x for each in picture.venues[0].strips[0].bands] == ["20"]
    assert [cell.text for cell in picture.venues[0].counts[1][1]] == ["1"]


def test_the_time_before_the_first_book_is_no_outage() -> None:
    stretches = (outage("lighter", 0, 5, cls="startup"),)
    picture = strip_picture(None, run(curve("lighter", [None] * 5 + FRESH), stretches=stretches))
    assert picture is not None and picture.venues[0].strips[0].bands == ()
    assert picture.venues[0].strips[0].path.startswith("M5 38")


@pytest.mark.parametrize(
    ("low_s", "high_s", "when", "drawn_range"),
    [
        (50.0, 53.9, "52.0\u00a0s ±\u00a01.9\u00a0s", (None, None)),
        (20.0, 60.0, "between 39\u00a0s and 45\u00a0s", ("39", "45")),  # the book was last applied at 39 s
        (50.0, 60.0, "between 50\u00a0s and 60\u00a0s", ("50", "60")),  # overlaps none
        (20.0, 90.0, "between 20\u00a0s and 90\u00a0s", ("20", "90")),  # overlaps both
    ],
)  # fmt: skip
def test_an_event_of_unsure_time_stands_in_the_one_stretch_without_a_book_that_it_overlaps(
    low_s: float, high_s: float, when: str, drawn_range: tuple[str | None, str | None]
) -> None:
    stretches = (outage("lighter", 40, 45), outage("lighter", 80, 85))
    events = (mark("lighter", "read_timeout", low_s, high_s),)
    picture = strip_picture(None, run(curve("lighter", FRESH), marks=events, stretches=stretches))
    assert picture is not None
    (found,) = picture.venues[0].strips[0].marks
    assert (found.low, found.high) == drawn_range
    assert f"lighter, {when}: reconnect, read timeout" in found.title


def test_an_event_without_a_time_is_counted_and_stands_only_in_the_table() -> None:
    analysis = run(curve("lighter", FRESH), marks=(mark("lighter", "unknown", None),))
    picture = age_strips(None, analysis)
    assert "only in the table: 1." in picture and not list(parsed(picture).iter("a"))
    assert [str(getattr(cell, "text", cell)) for cell in event_table(None, analysis).rows[0]] == [
        "lighter", "time not known", "reconnect, no line says why", "",
    ]  # fmt: skip


def test_marks_that_would_cover_each_other_are_counted_or_drawn_one_below_the_other() -> None:
    assert drawn(("stream_ended", 10), ("stream_ended", 20)) == [("10", 7, 1, "CROSS"), ("20", 7, 1, "CROSS")]
    assert drawn(("stream_ended", 10), ("stream_ended", 11)) == [("10", 7, 2, "CROSS")]
    assert drawn(("stream_ended", 10), ("unknown", 11)) == [("10", 7, 1, "CROSS"), ("11", 19, 1, "RING")]
    crowd = [("stream_ended", 10), ("unknown", 11), ("read_timeout", 11), ("seq_gap", 12)]
    assert [each[1:3] for each in drawn(*crowd)] == [(7, 1), (19, 1), (31, 2)]
    assert sum(each[2] for each in drawn(*[("stream_ended", at / 10) for at in range(1_000)])) == 1_000
    assert len(drawn(*[("stream_ended", at / 10) for at in range(1_000)])) < 25


@pytest.mark.parametrize(
    ("event", "shape", "words"),
    [
        ({"reason": "server_close", "stated": "idle"}, Shape.TRIANGLE, "venue closed: “idle”"),
        ({"reason": "server_close"}, Shape.DIAMOND, "venue closed, no reason printed"),
        ({"reason": "stream_ended"}, Shape.CROSS, "connection reset or ended"),
        ({"reason": "read_timeout"}, Shape.SQUARE, "read timeout"),
        ({"reason": "read_timeout", "kind": "kept"}, Shape.HOLLOW_SQUARE, "read timeout, socket kept"),
        ({"reason": "stale_watchdog"}, Shape.BARS, "book watchdog"),
        ({"reason": "seq_gap", "kind": "resync"}, Shape.PLUS, "resync: seq gap"),
        ({"reason": "unknown"}, Shape.RING, "no line says why"),
        ({"reason": "task_panic"}, Shape.WEDGE, "task panic"),
        ({"reason": "a reason of its own"}, Shape.WEDGE, "a reason of its own"),
    ],
    ids=lambda value: value if isinstance(value, str) and not isinstance(value, Shape) else "",
)
def test_each_reason_has_its_shape_and_words(event: dict[str, str], shape: Shape, words: str) -> None:
    analysis = run(curve("lighter", FRESH), marks=(mark("lighter", event.pop("reason"), 50, **event),))
    root = parsed(age_strips(None, analysis))
    assert [each.get("d") for each in of_class(root, "glyph")] == [shape, shape]  # in the legend and in the strip
    assert words in texts(root, "li")


def test_the_legend_has_one_entry_for_each_shape() -> None:
    marks = tuple(
        mark("lighter", reason, at) for at, reason in enumerate(("task_panic", "parse_error", "x", "y", "z", "unknown"))
    )
    root = parsed(age_strips(None, run(curve("lighter", FRESH), marks=marks)))
    assert texts(root, "li") == ["stale limit", "parse error, task panic, x, y and 1 more", "no line says why"]


def test_labels_of_the_age_axis_stand_only_beside_a_strip_and_apart() -> None:
    picture = strip_picture(run(), run(curve("lighter", FRESH), curve("paradex", FRESH, limit_ms=250)))
    assert picture is not None
    assert [[text for _, text in strip.labels] for row in picture.venues for strip in row.strips] == [
        [], ["1\u00a0s"], [], ["1\u00a0s", "250\u00a0ms"],
    ]  # fmt: skip


def test_sides_of_different_length_share_one_time_axis() -> None:
    short, long = run(curve("lighter", FRESH)), run(curve("lighter", FRESH * 3), seconds=300)
    picture = strip_picture(short, long)
    assert picture is not None
    assert [(each.width, each.steps) for each in picture.venues[0].strips] == [("33.33", "100"), ("100", "300")]
    assert picture.axis[-1] == ("100", "300") and picture.axis_unit == "s"


def test_a_side_without_data_is_said_and_the_other_stands() -> None:
    blocked, after = run(), run(curve("lighter", FRESH), marks=(mark("lighter", "unknown", 50),))
    root = parsed(age_strips(blocked, after))
    assert [each.text for each in of_class(root, "missing")] == ["no data of this run"]
    assert len(of_class(root, "ages")) == 1
    assert age_strips(blocked, blocked) == ""


def test_many_outages_and_events_keep_the_picture_and_the_table_small() -> None:
    many = tuple(mark("lighter", "stream_ended", at / 20) for at in range(2_000))
    stretches = tuple(outage("lighter", at, at + 0.5) for at in range(100))
    analysis = run(curve("lighter", FRESH), marks=many, stretches=stretches)
    picture = age_strips(None, analysis)
    assert len(picture.encode()) < 30_000
    (band,) = [each for each in of_class(parsed(picture), "band") if each.tag == "path"]
    assert band.get("d", "").count("M") == 100
    rows = event_table(None, analysis).rows
    assert len(rows) == 1_001 and rows[-1][2] == Cell("and 1000 more: the JSON of the run lists all episodes")


def test_a_number_names_its_figure_and_side_and_links_to_its_definition() -> None:
    before = run(curve("lighter", FRESH), marks=(mark("lighter", "unknown", 50),))
    picture = age_strips(before, run(curve("lighter", FRESH)), defined={"lighter.reconnects": "f.aster.reconnects"})
    numbers = [each for each in parsed(picture).iter() if each.get("data-figure")]
    assert [(each.get("data-figure"), each.get("data-side")) for each in numbers] == [
        ("lighter.reconnects", "before"), ("lighter.reconnects", "after"),
    ]  # fmt: skip
    assert [each.get("href") for each in numbers] == ["#f.aster.reconnects"] * 2


def test_a_run_alone_has_one_strip_a_venue_and_no_name_of_a_side() -> None:
    picture = age_strips(None, run(curve("lighter", FRESH), marks=(mark("lighter", "unknown", 50),)))
    assert [each.get("height") for each in of_class(parsed(picture), "strip")] == ["38", "16"]
    assert ">before<" not in picture and ">after<" not in picture and "lighter, 50.0" in picture


def test_no_text_of_a_run_is_more_than_text() -> None:
    hostile = [text for text in HOSTILE if text]
    plain = [f"reason {number}" for number in range(len(hostile))]
    tags = [[each.tag for each in parsed(age_strips(None, run_with_texts(each))).iter()] for each in (hostile, plain)]
    assert tags[0] == tags[1]


def test_no_text_is_smaller_than_11_px() -> None:
    sizes = [
        line.split("font-size:")[1].split(";")[0].strip()
        for line in picture_styles().splitlines()
        if "font-size:" in line
    ]
    pixels = [float(each[:-2]) if each.endswith("px") else 16 * float(each[:-3]) for each in sizes]
    assert len(pixels) > 5 and min(pixels) >= 11


@pytest.mark.parametrize(
    ("start", "step", "seconds"), [(0, 1, 100), (250, 1, 100), (0, 60, 72_000)], ids=["fresh", "a tick old", "long"]
)
def test_a_path_reaches_from_the_first_step_to_the_last(start: int, step: int, seconds: int) -> None:
    ages = [start] * 50 + [9_000] * 10 + [None] * 5 + [start] * 35
    picture = strip_picture(None, run(curve("lighter", ages), seconds=seconds))
    assert picture is not None
    path = picture.venues[0].strips[0].path
    assert path.count("M") == 2 and "M65 38" in path
    assert sum(int(each.split("V")[0].split("M")[0]) for each in path.split("h")[1:]) == 95
