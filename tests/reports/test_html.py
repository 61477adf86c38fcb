"""HTML pages are well-formed, use only known elements, load nothing, and show the numbers of the Markdown pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import pytest

from reports.elements import Cell, CellKind, Column, Table
from reports.markup.html import html_name, html_table
from reports.pages import simple_page
from reports.run_pages import figure_lines, summary
from reports.views.catalogue import catalogue_page, entries_by_subject
from tests.reports.made_pair import after, before, blocked
from tests.reports.rendered import Page
from tests.reports.test_comparison_page import hostile
from tests.reports.test_escape import HOSTILE
from toolkit.analysis.metrics import catalogue, definitions_of
from toolkit.model.figures import FigureSpec
from toolkit.model.runs import RunAnalysis
from toolkit.model.vocabulary import Better

KNOWN_ELEMENTS = {
    "html", "head", "meta", "title", "style", "body", "main", "nav", "h1", "h2", "h3", "p", "strong", "code", "wbr", "div",
    "span", "a", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "details", "summary",
}  # fmt: skip
RUNS: dict[str, Callable[[], RunAnalysis]] = {"before": before, "after": after, "blocked": blocked}


def html_page(run: RunAnalysis) -> Page:
    return Page(summary(run, "a run", "html", definitions_of(each.figure for each in run.figures)))


def hostile_page(text: str) -> Page:
    run = hostile(text)
    return Page(summary(run, text, "html", definitions_by(text, run)))


def definitions_by(text: str, run: RunAnalysis) -> Mapping[str, FigureSpec]:
    """Return a definition for each figure of the run in which everything that can be text is `text`."""
    return {each.figure: FigureSpec(each.figure, text, "ms", Better.LOWER, *[text] * 4) for each in run.figures}


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_run_adds_an_element(text: str) -> None:
    page, harmless = hostile_page(text), hostile_page("x")
    varying = {"wbr", "p", "code"}  # breaks after dots; an empty text is no remark and no file
    assert {tag: count for tag, count in page.tags.items() if tag not in varying} == {
        tag: count for tag, count in harmless.tags.items() if tag not in varying
    }
    assert set(page.tags) <= KNOWN_ELEMENTS
    assert page.unclosed == []


@pytest.mark.parametrize("name", RUNS)
def test_a_page_is_well_formed_and_loads_nothing(name: str) -> None:
    page = html_page(RUNS[name]())
    assert page.html.startswith("<!doctype html>") and page.html.endswith("</html>\n")
    assert page.unclosed == []
    assert "default-src 'none'" in page.html
    assert not any(word in page.html for word in ("<script", "src=", "url(", "@import"))
    assert all(link.startswith("#") for link in re.findall(r'href="([^"]*)"', page.html))


@pytest.mark.parametrize("name", RUNS)
def test_a_page_has_every_cell_and_heading_of_its_markdown(name: str) -> None:
    run = RUNS[name]()
    markdown, page = Page(summary(run, "a run", "markdown")), html_page(run)
    rows = [[cell.split("…")[-1] for cell in row] for table in page.tables for row in table]
    assert all(row in rows for table in markdown.tables for row in table)
    assert set(markdown.headings) <= set(page.headings)


def test_every_number_with_a_figure_leads_to_the_definition() -> None:
    page = html_page(before())
    anchors, links = (set(re.findall(pattern, page.html)) for pattern in (r'id="(f\.[^"]*)"', r'href="#(f\.[^"]*)"'))
    assert anchors == {f"f.{each.figure}" for each in before().figures}
    assert anchors > links > {"f.lighter.reconnects", "f.extended.age_apply_ms.p95"}


def test_every_value_names_its_figure() -> None:
    run = before()
    named = set(Page(figure_lines(run, [".age_apply_ms"], "html")).figures)
    assert named == {each.figure for each in run.figures if ".age_apply_ms" in each.figure}
    assert set(html_page(run).figures) == {each.figure for each in run.figures}


def test_the_catalogue_has_each_definition_once_and_each_name_under_it() -> None:
    page = Page(catalogue_page(catalogue(), "html"))
    assert page.html.count('<code class="name">') == len(catalogue())
    assert page.tags["h3"] == len({(spec.title, spec.source) for spec in catalogue()})
    assert page.unclosed == [] and set(page.tags) <= KNOWN_ELEMENTS


def test_every_figure_of_the_catalogue_has_a_subject() -> None:
    assert "Other figures" not in entries_by_subject(catalogue())


def test_a_name_may_break_after_its_dots_only_and_a_digest_is_folded() -> None:
    assert html_name("lighter.reconnects.a<b") == ('<code class="name">lighter.<wbr>reconnects.<wbr>a&lt;b</code>')
    digest = html_table(Table((Column("SHA-256"),), ((Cell("ab" * 32, kind=CellKind.DIGEST),),)))
    assert (
        f'<details class="long"><summary><code>{"ab" * 6}…</code></summary><code>{"ab" * 32}</code></details>' in digest
    )


def test_a_simple_page_has_its_title_as_heading_and_its_blocks_in_order() -> None:
    page = Page(simple_page("<b>", ["first", "second & last"], "html"))
    assert page.headings == ["<b>"]
    assert page.text.index("first") < page.text.index("second & last")
