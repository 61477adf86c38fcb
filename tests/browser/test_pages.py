"""Each HTML page in Chromium, on a phone and a desktop, light and dark, and on paper."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.pages import PAGES

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
CHECKS = (Path(__file__).parent / "checks.js").read_text(encoding="utf-8")
MAX_PAGE_BYTES = 400_000

Opened = tuple["Page", list[str], Callable[[str], list[str]]]


@pytest.fixture(params=PAGES)
def file(request: pytest.FixtureRequest, page_files: dict[str, Path]) -> Path:
    return page_files[request.param]


@pytest.fixture(params=[(width, scheme) for width in (390, 1012) for scheme in ("light", "dark")], ids=str)
def opened(request: pytest.FixtureRequest, browser: Browser, file: Path) -> Iterator[Opened]:
    """The page, the addresses that it asked for, and a function that runs one check in it, with all folds open."""
    width, scheme = request.param
    # The page's own policy forbids scripts; the checks are evaluated by the debugger, which it does not bind.
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    asked: list[str] = []
    page.on("request", lambda each: asked.append(each.url))
    page.goto(file.as_uri())

    def check(name: str) -> list[str]:
        found: list[str] = page.evaluate(f"() => {{ {CHECKS}\n return checks.{name}(); }}")
        return found

    check("openFolds")
    yield page, asked, check
    page.close()


def test_nothing_is_cut_broken_or_faint_and_no_request_leaves_the_page(opened: Opened, file: Path) -> None:
    _, asked, check = opened
    assert check("cut") == []
    assert check("brokenNames") == []
    assert check("lowContrast") == []
    assert asked == [file.as_uri()]


def test_every_figure_and_every_link_leads_to_a_place_on_the_page(browser: Browser, file: Path) -> None:
    page = browser.new_page()
    page.goto(file.as_uri())
    for name in ("unresolvedFigures", "deadLinks"):
        assert page.evaluate(f"() => {{ {CHECKS}\n return checks.{name}(); }}") == []
    page.close()


def test_a_page_prints_with_its_folds_open_and_is_small(browser: Browser, file: Path) -> None:
    page = browser.new_page(viewport={"width": 794, "height": 1123}, color_scheme="dark")
    page.goto(file.as_uri())
    page.emulate_media(media="print")
    # The browser decides anew what is visible when it draws the next frame.
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert (
        page.evaluate(f"() => {{ {CHECKS}\n return [...checks.foldsClosedInPrint(), ...checks.lowContrast()]; }}") == []
    )
    assert page.pdf(format="A4").startswith(b"%PDF-")
    assert file.stat().st_size <= MAX_PAGE_BYTES
    page.close()


@pytest.mark.parametrize(
    ("check", "faulty"),
    [
        ("lowContrast", '<p style="color: #999; background: #fff">faint</p>'),
        ("cut", '<p style="width: 900px">wide</p>'),
        ("cut", '<p style="width: 40px; overflow: hidden; white-space: nowrap">a long text without a break</p>'),
        ("unresolvedFigures", '<td data-figure="a.b">1</td><p data-figure="a.b"><a href="#f.a.c">1</a></p>'),
        ("deadLinks", '<a href="https://example.org/">away</a>'),
        (
            "brokenNames",
            '<p style="width: 3ch"><code class="name" style="word-break: break-all">a.reconnects</code></p>',
        ),
        ("foldsClosedInPrint", "<details><summary>more</summary><p>hidden</p></details>"),
    ],
)
def test_each_check_finds_a_page_with_its_fault(browser: Browser, check: str, faulty: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 900})
    page.set_content(f"<!doctype html><body>{faulty}")
    assert page.evaluate(f"() => {{ {CHECKS}\n return checks.{check}(); }}")
    page.close()


def test_the_reasons_of_the_reconnects_are_visible_without_scrolling(
    browser: Browser, page_files: dict[str, Path]
) -> None:
    page = browser.new_page(viewport={"width": 1012, "height": 760})
    page.goto(page_files["analyze"].as_uri())
    reasons = page.locator("td", has_text="server_close\u00a09").bounding_box()
    assert reasons is not None
    assert reasons["x"] + reasons["width"] <= 1012 and reasons["y"] + reasons["height"] <= 760
    page.close()
