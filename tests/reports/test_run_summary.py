"""The summary of a run for a terminal fits 100 columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from reports.run_pages import summary
from reports.views.run import RunView
from reports.views.run_tables import venue_table, zero_columns
from tests.reports.made_pair import VENUES, after, before, blocked, figure
from toolkit.model.runs import Finding, RunAnalysis

WIDTH = 100
REASONS = ("subscribe_error", "decode_fail_loop", "session_timeout")


def many_reasons() -> RunAnalysis:
    """Return a run whose venues each had failed connects, long ages, and three reasons with long names."""
    run = before()
    figures = {each.figure: each for each in run.figures}
    for venue in VENUES:
        made = [figure(f"{venue}.reconnects.{reason}", 111) for reason in REASONS]
        made += [figure(f"{venue}.{name}", 1234) for name in ("connects", "connect_failures", "reconnects")]
        made += [figure(f"{venue}.age_apply_ms.{name}", 99_999.5, "ms") for name in ("p50", "p95", "p99")]
        figures |= {each.figure: each for each in made}
    long_text = "a sentence about a venue with many words " * 8
    finding = Finding("x", "high", VENUES[0], long_text, (), (("run.log", 1),))
    return replace(run, figures=tuple(figures.values()), findings=(finding,))


@pytest.mark.parametrize("run", [before, after, blocked, many_reasons])
def test_no_line_is_wider_than_the_terminal(run: Callable[[], RunAnalysis]) -> None:
    lines = summary(run(), "a run", "text").splitlines()
    assert [line for line in lines if len(line) > WIDTH] == []


def test_every_reason_of_every_venue_is_shown() -> None:
    text = summary(many_reasons(), "a run", "text").replace("\u00a0", " ")
    for venue in VENUES:
        line = next(line for line in text.partition("reconnects by reason")[2].splitlines() if line.startswith(venue))
        assert all(f"{reason} 111" in line for reason in REASONS)


def test_a_column_of_zeros_is_left_out_and_named() -> None:
    run = RunView(after(), "")
    titles = [column.title for column in venue_table(run).columns]
    assert "failed" not in titles and "failed connects" in zero_columns(run)
    busy = RunView(many_reasons(), "")
    assert "failed" in [column.title for column in venue_table(busy).columns]
    assert "failed connects" not in zero_columns(busy)
