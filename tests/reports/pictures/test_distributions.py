"""The picture of the distribution of ages: which age is drawn, where its percentiles stand, and what is said beside."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest

from reports.pictures import age_distributions
from reports.pictures.distributions import HEIGHT, DistributionPicture, distribution_picture
from tests.reports.made_pair import figure
from tests.reports.pictures.made_pictures import curve, of_class, parsed, run, texts
from toolkit.model.figures import Figure
from toolkit.model.runs import RunAnalysis

FRESH: list[int | None] = [0] * 100
STALE: list[int | None] = [0] * 80 + [4_000] * 20
VENUES = ("lighter", "extended", "aster")


def with_figures(analysis: RunAnalysis, *figures: Figure) -> RunAnalysis:
    return replace(analysis, figures=(*analysis.figures, *figures))


def picture(before: RunAnalysis | None, after: RunAnalysis) -> DistributionPicture:
    found = distribution_picture(before, after)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("before", "after", "kind", "has_limit"),
    [
        (FRESH, FRESH, "event age", False),
        (STALE, FRESH, "apply age", True),
        (FRESH, STALE, "apply age", True),
        ([0] * 96 + [4_000] * 4, FRESH, "event age", False),  # below one tick 95 % of the time
    ],
)
def test_the_event_age_is_drawn_where_the_apply_age_shows_nothing(
    before: list[int | None], after: list[int | None], kind: str, has_limit: bool
) -> None:
    (panel,) = picture(run(curve("lighter", before)), run(curve("lighter", after))).panels
    assert (panel.kind, panel.limit is not None) == (kind, has_limit)


def test_without_event_ages_the_apply_age_is_drawn() -> None:
    no_events = replace(curve("lighter", FRESH), event_quantiles_ms=())
    assert picture(None, run(no_events)).panels[0].kind == "apply age"


def test_percentiles_are_marked_at_the_values_of_the_figures() -> None:
    values = {"p50": 0, "p95": 4_000, "p99": 4_000}
    figures = [figure(f"lighter.age_apply_ms.{name}", value, "ms") for name, value in values.items()]
    found = picture(None, with_figures(run(curve("lighter", STALE)), *figures))
    (panel,) = found.panels
    assert [(name, tuple(cell.text for cell in cells)) for name, cells in panel.values] == [
        ("p50", ("<\u00a0250\u00a0ms",)), ("p95", ("4\u00a0000\u00a0ms",)), ("p99", ("4\u00a0000\u00a0ms",)),
    ]  # fmt: skip
    xs, ys = zip(*[(float(x), float(y)) for x, y, _ in panel.curves[0].points], strict=True)
    assert xs[0] == 0 and xs[1] == xs[2] > 80
    assert ys == (round(HEIGHT * 0.89966, 1), round(HEIGHT * 0.56632, 1), round(HEIGHT / 3, 1))


def test_a_curve_rises_from_the_lowest_age_to_the_top() -> None:
    (panel,) = picture(None, run(curve("lighter", STALE))).panels
    path = panel.curves[0].path
    heights = [float(each) for each in re.findall(r"V([0-9.]+)", path)]
    assert path.startswith(f"M0 {HEIGHT}V") and heights == sorted(heights, reverse=True) and heights[-1] == 0
    assert len(heights) == 2  # two distinct ages


@pytest.mark.parametrize(("after", "coincide"), [(STALE, True), (FRESH, False), ([0] * 70 + [4_000] * 30, False)])
def test_curves_that_coincide_are_called_so(after: list[int | None], coincide: bool) -> None:
    (panel,) = picture(run(curve("lighter", STALE)), run(curve("lighter", after))).panels
    assert panel.coincide is coincide


@pytest.mark.parametrize(
    ("shifts", "said"),
    [
        ((-17, -18, -19), "The median event age is 17 to 19\u00a0ms lower at all 3 venues: a shift"),
        ((20, 20, 20), "The median event age is 20\u00a0ms higher at all 3 venues: a shift"),
        ((-17, -18, -90), ""),
        ((-17, 18, -19), ""),
        ((0, 0, 0), ""),
    ],
)
def test_a_shift_common_to_all_venues_is_stated(shifts: tuple[int, ...], said: str) -> None:
    sides = []
    for moved in ((0, 0, 0), shifts):
        figures = [figure(f"{name}.age_event_ms.p50", 50 + by, "ms") for name, by in zip(VENUES, moved, strict=True)]
        sides.append(with_figures(run(*(curve(name, FRESH) for name in VENUES)), *figures))
    note = picture(*sides).note
    assert said in note if said else "The median event age" not in note


def test_a_blocked_side_leaves_the_curves_of_the_other() -> None:
    root = parsed(age_distributions(run(), run(curve("lighter", STALE))))
    assert [each.get("class") for each in of_class(root, "share") if "M0 6H28" not in each.get("d", "")] == [
        "share after"
    ]
    assert len(of_class(root, "panel")) == 1
    assert age_distributions(None, run()) == ""


def test_labels_of_the_axis_do_not_cover_each_other() -> None:
    for ages in (STALE, [0] * 50 + [3_600_000] * 50, [5_000] * 100):
        for panel in picture(None, run(curve("lighter", ages))).panels:
            places = [float(x) for x, _ in panel.labels]
            assert len(places) >= 2 and all(b - a >= 12 for a, b in pairwise(places))


def test_a_run_alone_has_no_names_of_sides() -> None:
    root = parsed(age_distributions(None, run(curve("lighter", STALE))))
    assert texts(root, "li") == ["stale limit of the apply age"]
