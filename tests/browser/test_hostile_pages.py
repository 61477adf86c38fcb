"""Pages of a run with hostile text in every field that its files control, opened in Chromium."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.test_pages import CHECKS
from toolkit.cli import main

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser
TEXTS = (
    "<script>document.title='attacked'</script>",
    "\"><img src=https://attacker.example/x onerror=document.title='attacked'>",
    "</td></table><style>*{display:none}</style><svg onload=document.title='attacked'>",
    "[here](javascript:document.title='attacked') https://attacker.example/ GH-123 @someone",
    "\u202egnp.exe \u2066 \u200b \x1b]0;attacked\x07 \x9b31m {{ 7*7 }} {% include 'x' %}",
    "w" * 9_000,
)
"""A script, a picture, the end of the table, a link, characters that act, and a word of any length."""
COMMANDS = {
    "analyze": ("analyze", "{run}", "--label", TEXTS[0] + TEXTS[4]),
    "gate": ("gate", "{run}"),
    "evidence": ("compare", "sample:before", "{run}"),
}


def hostile_run(folder: Path) -> Path:
    """A run whose log has each text as a line, in errors, addresses, settings, names and panics."""
    sample = Path(__file__).parents[2] / "toolkit" / "samples" / "after" / "run.log"
    lines = sample.read_text().splitlines()[:40]
    for number, text in enumerate(TEXTS):
        lines += [
            text,
            f"INFO: Extended public WS connecting url=wss://{text}",
            f"INFO: Extended public WS error (consecutive_failures=1): {text}",
            f"WS_AUDIT venue={text} reconnect_reason={text} count=1",
            f"WS_AUDIT venue=lighter lighter_ping_send_fail_count={number + 1} err={text}",
            f"[config] PARAPHINA_{number} = {text} (overrode default)",
            "thread 'main' panicked at src/main.rs:3:1:",
            text,
        ]
    folder.mkdir()
    (folder / "run.log").write_text("\n".join([*lines, f"Error: {' '.join(TEXTS)}", ""]))
    return folder


@pytest.mark.parametrize("width", [414, 1012])
@pytest.mark.parametrize("name", COMMANDS)
def test_hostile_text_of_a_run_does_nothing_on_its_page(
    name: str, width: int, browser: Browser, tmp_path: Path
) -> None:
    file, run = tmp_path / "page.html", hostile_run(tmp_path / "run")
    arguments = [each.format(run=run) if each == "{run}" else each for each in COMMANDS[name]]
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--db", ":memory:", "--quiet", "--format", "html", "-o", str(file)])
    assert ended.value.code in (0, 1, 4)
    # Without the page's policy, only the escaping of texts keeps a script from running.
    page = browser.new_page(viewport={"width": width, "height": 900}, bypass_csp=True)
    asked: list[str] = []
    page.on("request", lambda each: asked.append(each.url))
    page.goto(file.as_uri())
    assert "attacked" in page.content()
    assert page.title() != "attacked"
    assert asked == [file.as_uri()]
    assert page.locator("script, img, iframe, object, embed, a[href^='javascript'], a[href*='attacker']").count() == 0
    for check in ("openFolds", "cut"):
        assert not page.evaluate(f"() => {{ {CHECKS}\n return checks.{check}(); }}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
