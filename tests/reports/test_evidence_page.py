"""The evidence page: its structure, links, quoted lines and sizes, for compared, stated, blocked and hostile runs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest

from reports.elements import CitedLine
from reports.views.evidence_page import EvidencePage, quoted_ids
from tests.reports.made_pair import after, before, blocked
from tests.reports.pictures.made_pictures import curve, mark, outage
from tests.reports.pictures.made_pictures import run as pictured
from tests.reports.rendered import Page
from tests.reports.test_comparison_page import hostile
from tests.reports.test_escape import HOSTILE
from tests.reports.test_evidence import evidence, stated
from toolkit.analysis.metrics import definitions_of
from toolkit.comparison.rows import compare
from toolkit.evidence.assemble import assemble
from toolkit.evidence.page import evidence_page
from toolkit.model.evidence import Evidence, QuotedFile, QuotedLine
from toolkit.model.runs import RunAnalysis

ELEMENTS = {
    "html", "head", "meta", "title", "style", "body", "main", "nav", "h1", "h2", "h3", "p", "strong", "code", "wbr", "div",
    "span", "a", "b", "i", "table", "thead", "tbody", "tr", "th", "td", "ul", "ol", "li", "dl", "dt", "dd",
    "details", "summary",
}  # fmt: skip
PICTURES = {"figure", "figcaption", "svg", "pattern", "defs", "path", "rect", "line", "text", "g", "circle"}


def with_pictures(run: RunAnalysis, venue: str = "lighter", text: str = "idle") -> RunAnalysis:
    ended = mark(venue, "server_close", 30, stated=text, lines=((text, 4),))
    data = pictured(
        curve(venue, [300, 900, 5_000, 250] * 25), marks=(ended,), stretches=(outage(venue, 20, 30),)
    ).pictures
    return replace(run, pictures=data)


def other(run: RunAnalysis) -> RunAnalysis:
    return replace(run, run=replace(run.run, id="other"))


PAIRS: dict[str, Callable[[], Evidence]] = {
    "compared": lambda: evidence(before(), after()),
    "stated": lambda: evidence(before(), after(), **stated()),
    "pictured": lambda: evidence(with_pictures(before()), with_pictures(after()), **stated()),
    "before blocked": lambda: evidence(blocked(), with_pictures(after())),
    "after blocked": lambda: evidence(before(), blocked()),
    "both blocked": lambda: evidence(blocked(), other(blocked())),
}


def names(page: str) -> list[str]:
    return [unescape(name) for name in re.findall(r'\bid="([^"]*)"', page)]


def targets(page: str) -> set[str]:
    return {unquote(unescape(target)) for target in re.findall(r'href="#([^"]*)"', page)}


@pytest.mark.parametrize("name", PAIRS)
def test_a_page_is_well_formed_loads_nothing_and_every_link_has_one_target(name: str) -> None:
    page = Page(evidence_page(PAIRS[name]()))
    assert page.unclosed == [] and set(page.tags) <= ELEMENTS | PICTURES
    assert "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\"" in page.html
    assert not re.search(r"<script|\bsrc=|@import|url\((?!#)|\bon\w+=|javascript:", page.html)
    assert all(link.startswith("#") for link in re.findall(r'href="([^"]*)"', page.html))
    assert [each for each, count in Counter(names(page.html)).items() if count > 1] == []
    assert targets(page.html) <= set(names(page.html))


@pytest.mark.parametrize("name", PAIRS)
def test_the_line_of_contents_leads_to_every_section(name: str) -> None:
    page = evidence_page(PAIRS[name]())
    contents = re.findall(r'href="#([^"]*)"', page.split("<nav")[1].split("</nav>")[0])
    headings = re.findall(r'<h2 id="([^"]*)"|</h2>[^<]*</summary><span id="([^"]*)"', page)
    assert contents == [heading or folded for heading, folded in headings]
    assert page.count("<h2") == len(headings)


@pytest.mark.parametrize("name", PAIRS)
def test_every_figure_of_the_runs_has_its_place_in_the_table(name: str) -> None:
    pair = PAIRS[name]()
    figures = {each.figure for run in (pair.comparison.before, pair.comparison.after) for each in run.figures}
    page = evidence_page(pair)
    view = EvidencePage(pair, specs=definitions_of(figures))
    assert view.places.keys() == figures
    assert {each for each in names(page) if each.startswith("f.")} == set(view.places.values())
    assert all(place.partition(".")[2].endswith(name.partition(".")[2]) for name, place in view.places.items())
    valued = {each.figure for run in view.context.sides for each in run.analysis.figures if each.value}
    assert valued <= set(Page(page).figures) <= figures or view.context.blocked


def test_the_page_has_every_sentence_heading_and_cell_of_the_markdown() -> None:
    from toolkit.evidence.document import evidence_document

    pair = PAIRS["stated"]()
    markdown, page = Page(evidence_document(pair, 10**9)), Page(evidence_page(pair))
    assert set(markdown.headings) <= set(page.headings)
    rows = {tuple(cell.split("…")[-1][:12] for cell in row) for table in page.tables for row in table}
    assert {tuple(cell[:12] for cell in row) for table in markdown.tables for row in table} <= rows


@pytest.mark.parametrize("name", PAIRS)
def test_every_cited_line_leads_to_its_text(name: str, tmp_path: Path) -> None:
    for file in ("run.log", "telemetry.jsonl", "idle"):
        (tmp_path / file).write_text("INFO: Lighter public WS connecting url=wss://x\n" * 3_000, encoding="utf-8")
    page = evidence_page(PAIRS[name](), {"before": str(tmp_path), "after": str(tmp_path)})
    assert '<a class="line" href="#l.' in page
    assert '<span class="line">' not in page and "not quoted" not in page


@pytest.mark.parametrize("name", PAIRS)
def test_no_markdown_is_left_in_a_page(name: str) -> None:
    assert not re.search(r"(^|\s)(##|\*\*|- \*\*)|`", Page(evidence_page(PAIRS[name]())).text.split("</style>")[-1])


def test_a_blocked_side_leaves_the_pictures_to_the_run_that_ran() -> None:
    page = evidence_page(PAIRS["before blocked"]())
    assert 'class="picture one-run"' in page and "1 after" in page
    assert "no data of this run" not in page


def test_a_number_names_its_figure_and_side_and_leads_to_the_definition() -> None:
    page = evidence_page(PAIRS["compared"]())
    assert 'data-figure="lighter.reconnects" data-side="before"><strong>10</strong></a>' in page
    link, value = re.findall(r'<a href="#([^"]*)" data-figure="extended.reconnects">([^<]*)</a>', page)[0]
    assert value == "5"
    row = page.split(f'id="{link}"')[1].split("</tr>")[0]
    assert "<td>reconnects</td>" in row and '<p>extended <b data-figure="extended.reconnects">5</b></p>' in row


def test_the_answer_comes_before_the_picture_and_the_picture_before_the_sections() -> None:
    page = evidence_page(PAIRS["pictured"]())
    order = ['class="answer"', 'class="results', 'id="age-over-time"', "Every event of the picture", "<nav",
             'id="hypotheses"', 'id="reconnects-by-reason"', 'id="age-distribution"', 'id="worse"', 'id="noise"',
             'id="comparable"', 'id="validation"', 'id="commands"', 'id="files"', 'id="figures"', "Made by"]  # fmt: skip
    places = [page.index(each) for each in order]
    assert places == sorted(places)


def test_the_same_evidence_gives_the_same_bytes() -> None:
    assert evidence_page(PAIRS["pictured"]()) == evidence_page(PAIRS["pictured"]())


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_run_or_of_its_lines_adds_an_element(text: str, tmp_path: Path) -> None:
    # Only a name of letters, digits, _ and - is that of a venue, whose figures have a definition.
    plain = "x" if re.fullmatch("[A-Za-z0-9_-]*", text.replace(".", "")) else "x y"
    found, harmless = (hostile_page(each, tmp_path / str(number)) for number, each in enumerate((text, plain)))
    # An empty name is no file, and people may emphasise words.
    varying = {"wbr", "p", "code", "a", "li", "ol", "details", "summary", "h2", "strong"}
    assert {tag: n for tag, n in found.tags.items() if tag not in varying} == {
        tag: n for tag, n in harmless.tags.items() if tag not in varying
    }
    assert set(found.tags) <= ELEMENTS | PICTURES
    assert found.unclosed == []
    assert targets(found.html) <= set(names(found.html))


def hostile_page(text: str, folder: Path) -> Page:
    """Return the page about runs in which every text is `text`, as is every line of their log."""
    folder.mkdir()
    (folder / "run.log").write_text(f"{text}\n" * 3, encoding="utf-8", errors="surrogateescape")
    venue = text.replace(".", "") or "x"
    left = with_pictures(replace(hostile(text)), venue, text)
    right = with_pictures(other(hostile(text)), venue, text)
    lines = replace(left.findings[0], lines=(("run.log", 2), (text, 4)))
    pair = assemble(compare(replace(left, findings=(lines,)), right), (text, text), ("toolkit", text))
    return Page(evidence_page(replace(pair, **stated_with(text)), {"before": str(folder), "after": str(folder)}))


def stated_with(text: str) -> dict[str, object]:
    found = stated()
    specification = found["specification"]
    changed = replace(specification, title=text, mode=text, blockers=(text,), interpretation=text or None)
    return {**found, "specification": changed, "uncited": (text,)}


@pytest.mark.parametrize("text", ["wss://ada:s3cr3tV4lue@venue.example", "api_key=s3cr3tV4lue"])
def test_no_secret_of_a_run_or_of_its_lines_reaches_the_page(text: str, tmp_path: Path) -> None:
    assert "s3cr3tV4lue" not in hostile_page(text, tmp_path / "run").html
    cited = CitedLine(text, 1, "before")
    assert "s3cr3tV4lue" not in quoted_ids([QuotedFile("before", text, (QuotedLine(1, ""),))], "")[cited]
