"""Each figure of the catalogue has a definition of its own, and every definition in a header is one of some figure."""

from __future__ import annotations

import re
from collections import defaultdict
from fnmatch import fnmatchcase

import pytest

from toolkit.analysis.metrics import Metric, catalogue, metrics


def test_figures_with_different_meanings_have_different_definitions() -> None:
    shared = defaultdict[str, set[str]](set)
    for spec in catalogue():
        assert spec.definition.endswith("."), spec.name
        shared[spec.definition].add(spec.name.partition(".")[2])
    assert {text: names for text, names in shared.items() if len(names) > 1} == {}


@pytest.mark.parametrize("metric", metrics(), ids=lambda metric: metric.name)
def test_every_definition_of_a_header_belongs_to_a_figure_of_the_file(metric: Metric) -> None:
    names = [spec.name.partition(".")[2] for spec in metric.specs]
    for pattern in re.findall(r"^-- definition\[([^\]]+)\]", metric.query, re.MULTILINE):
        assert any(fnmatchcase(name, pattern) for name in names), pattern


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("<venue>.age_apply_ms.p95", "This figure is the 95th percentile."),
        ("<venue>.spread_usd.max", "This figure is the largest value."),
        ("run.pnl_total.max", "Highest total profit of any record; it counts from the start of each process."),
        ("<venue>.book.crossed.longest_ms", "Longest stretch of successive records in which the bid is above the ask"),
    ],
)
def test_a_definition_says_which_statistic_the_figure_is(name: str, text: str) -> None:
    (definition,) = (spec.definition for spec in catalogue() if spec.name == name)
    assert text in definition
