"""HTML pages are well-formed, use only known elements, load nothing, and show the numbers of the Markdown pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reports.pages import simple_page
from reports.run_pages import figure_lines, summary
from tests.reports.made_pair import after, before, blocked
from tests.reports.rendered import Page
from tests.reports.test_comparison_page import hostile
from tests.reports.test_escape import HOSTILE
from toolkit.model.runs import RunAnalysis

KNOWN_ELEMENTS = {
    "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "p", "strong", "code", "div", "table", "thead",
    "tbody", "tr", "th", "td", "ul", "li",
}  # fmt: skip
RUNS: dict[str, Callable[[], RunAnalysis]] = {"before": before, "after": after, "blocked": blocked}


def html_page(run: RunAnalysis) -> Page:
    return Page(summary(run, "a run", "html"))


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_run_adds_an_element(text: str) -> None:
    page = Page(summary(hostile(text), text, "html"))
    assert set(page.tags) <= KNOWN_ELEMENTS
    assert (page.tags["h1"], page.tags["h2"], page.tags["li"], page.unclosed) == (1, 1, 1, [])
    assert [len(table[0]) for table in page.tables] == [12, 9]


@pytest.mark.parametrize("name", RUNS)
def test_a_page_is_well_formed_and_loads_nothing(name: str) -> None:
    page = html_page(RUNS[name]())
    assert page.html.startswith("<!doctype html>") and page.html.endswith("</html>\n")
    assert page.unclosed == []
    assert "default-src 'none'" in page.html
    assert not any(word in page.html for word in ("<script", "src=", "href=", "url(", "@import"))


@pytest.mark.parametrize("name", RUNS)
def test_a_page_has_the_tables_and_headings_of_its_markdown(name: str) -> None:
    run = RUNS[name]()
    markdown = Page(summary(run, "a run", "markdown"))
    assert html_page(run).tables == markdown.tables
    assert html_page(run).headings == markdown.headings


def test_every_value_names_its_figure() -> None:
    run = before()
    named = set(Page(figure_lines(run, [".age_apply_ms"], "html")).figures)
    assert named == {each.figure for each in run.figures if ".age_apply_ms" in each.figure}
    assert set(html_page(run).figures) <= {each.figure for each in run.figures}


def test_a_simple_page_has_its_title_as_heading_and_its_blocks_in_order() -> None:
    page = Page(simple_page("<b>", ["first", "second & last"], "html"))
    assert page.headings == ["<b>"]
    assert page.text.index("first") < page.text.index("second & last")
