"""A Markdown page as a reviewer's browser would have it: its tags, its text, its tables."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser

from markdown_it import MarkdownIt


class Page(HTMLParser):
    """`tables` holds rows of cell texts; `prose` is the text outside code, where names and numbers become links."""

    def __init__(self, markdown: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: Counter[str] = Counter()
        self.tables: list[list[list[str]]] = []
        self.headings: list[str] = []
        self.text = self.prose = ""
        self._open: list[str] = []
        self.html = MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown)
        self.feed(self.html)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002  the parser's signature
        self.tags[tag] += 1
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
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.text += data
        if "code" not in self._open:
            self.prose += data
        if "td" in self._open or "th" in self._open:
            self.tables[-1][-1][-1] += data
        elif self.headings and self._open and self._open[-1][0] == "h" and self._open[-1] != "hr":
            self.headings[-1] += data
