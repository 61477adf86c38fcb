"""Parse a rendered Markdown or HTML page into its tags, text and tables."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser

from markdown_it import MarkdownIt


class Page(HTMLParser):
    """Parsed page. `tables` holds rows of cell texts; `prose` is the text outside code, where GitHub makes links.

    `figures` are the names in `data-figure`; `unclosed` are the start tags without an end and the end tags without a start.
    """

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: Counter[str] = Counter()
        self.tables: list[list[list[str]]] = []
        self.headings: list[str] = []
        self.text = self.prose = ""
        self.figures: list[str] = []
        self.unclosed: list[str] = []
        self._open: list[str] = []
        is_html = page.startswith("<!doctype html>")
        self.html = page if is_html else MarkdownIt("commonmark", {"html": True}).enable("table").render(page)
        self.feed(self.html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.figures += [value for name, value in attrs if name == "data-figure" and value]
        if tag not in ("meta", "hr", "br", "wbr"):
            self._open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
        elif tag[0] == "h" and tag[1:].isdigit():
            self.headings.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag not in self._open:
            self.unclosed.append(tag)
            return
        while (last := self._open.pop()) != tag:
            self.unclosed.append(last)

    def handle_data(self, data: str) -> None:
        self.text += data
        if "code" not in self._open:
            self.prose += data
        if "td" in self._open or "th" in self._open:
            self.tables[-1][-1][-1] += data
        elif self.headings and self._open and self._open[-1][1:].isdigit():
            self.headings[-1] += data
