"""A headless Chromium for the tests of the HTML pages, and the pages themselves. Without a browser they are skipped."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

from tests.browser.pages import PAGES
from toolkit.cli import main


def chromium() -> str | None:
    """Return the path of an installed Chromium or Chrome, None if there is none."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    path = chromium()
    if path is None:
        pytest.skip("no Chromium found")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Chromium refuses to run as root with its sandbox, and containers offer little shared memory.
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def page_files(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> dict[str, Path]:
    """Write each page once, and return its file by name."""
    folder = tmp_path_factory.mktemp("pages")
    files = {}
    for name, argv in PAGES.items():
        files[name] = folder / f"{name}.html"
        with pytest.raises(SystemExit):
            main([*argv, "--format", "html", "-o", str(files[name])])
    return files
