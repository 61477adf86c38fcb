"""Render Jinja templates to Markdown, HTML or terminal text; values are escaped for the format unless they are `Safe`.

Templates are passed in as text. A page is named `<page>.<format>.j2`; a section is a template of its own that the page
includes.
"""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined, pass_context
from jinja2.runtime import Context

from reports.elements import Cell, CellKind, FoldedFigures, Links, Rich, Safe, Table
from reports.escape import code, html, markdown, plain, terminal
from reports.format import number, setting
from reports.markup.html import (
    html_breakable,
    html_code,
    html_fold,
    html_fold_section,
    html_heading,
    html_name,
    html_prose,
    html_rich,
    html_table,
)
from reports.markup.markdown import markdown_rich, markdown_table
from reports.markup.terminal import text_rich, text_table
from reports.views.run_tables import set_aside_text
from toolkit.model.runbooks.address import current_address
from toolkit.model.runbooks.references import Runbook, reference
from toolkit.model.runs import FileLedger, Finding
from toolkit.model.units import thousands
from toolkit.model.vocabulary import Role

TERMINAL_WIDTH = 100
"""Width of a page for a terminal, in characters."""
MAX_QUOTE = 240
"""Characters of a line of a run that a page for a terminal shows."""
MAX_CITED_LINES = 10
"""Number of lines of a finding that are listed; the rest is counted."""


def render(templates: Callable[[], Mapping[str, str]], name: str, **data: Any) -> str:
    """Return the text of template `name`; the format in its name (`evidence.md.j2`) decides how values are escaped.

    `templates` returns the texts by name; they are read once for each format.
    Raises `KeyError` for an unknown format, jinja2's errors for a faulty template, and `UsageError` for a wrong address
    of the runbooks in the environment.
    """
    environment = _environment(name.split(".")[-2], templates)
    return environment.get_template(name).render(runbooks=current_address(), **data)


@cache
def _environment(format: str, templates: Callable[[], Mapping[str, str]]) -> Environment:
    markup = _MARKUP_BY_FORMAT[format]
    environment = Environment(
        loader=DictLoader(templates()),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=lambda value: markup.escape(value if isinstance(value, str) else str(value)),
    )
    environment.globals |= {"fold": markup.fold, "unfold": markup.unfold, "fold_section": markup.fold_section} | dict(
        markup.blocks
    )
    environment.filters |= {
        "table": _linking(markup.table),
        "rich": _linking(markup.rich),
        "entry": _linking(lambda entry, links: markup.rich(Cell(entry.code, kind=CellKind.NAME, entry=entry), links)),
        "finding_entry": _linking(lambda each, links: markup.rich(_code(Runbook.FINDINGS, each.code), links)),
        "diagnosis_entry": _linking(lambda each, links: markup.rich(_code(Runbook.DIAGNOSES, each.code), links)),
        "address": pass_context(lambda context, entry: Safe(f"{context['runbooks']}/{entry}")),
        "code": markup.code,
        "name": markup.name,
        "breakable": html_breakable,
        "strong": markup.strong,
        "heading": markup.heading,
        "folded": lambda lines: Safe("; ".join(_folded_text(line, markup) for line in lines)),
        "citation": lambda finding: Safe(_citation_text(finding, markup)),
        "line_counts": _line_counts_text,
        "wrapped": _wrapped,
        "truncated": _truncated,
        "prose": html_prose,
        "conjunction": _conjunction,
        "number": number,
        "setting": lambda row, side: setting(row, getattr(row, side)),
        "scope": lambda figure: figure.split(".", 1)[0],
        "shell": _shell_command,
    }
    return environment


def _code(runbook: Runbook, code: str) -> Cell:
    return Cell(code, kind=CellKind.NAME, entry=reference(runbook, code))


def _linking(render: Callable[[Any, Links], Safe]) -> Callable[[Context, Any], Safe]:
    """Return a filter that links to places on the page: a template's `defined` figures, `quoted` lines, `explained`."""

    @pass_context
    def rendered(context: Context, value: Any) -> Safe:
        explained = context.get("explained")
        entries = explained.references if explained else ()
        return render(
            value, Links(context.get("defined", {}), context.get("quoted", {}), entries, context.get("runbooks"))
        )

    return rendered


def _folded_text(line: FoldedFigures, markup: Markup) -> str:
    names = ", ".join(map(markup.code, line.metrics))
    scopes = f"{_conjunction(map(markup.escape, line.scopes))}: " if line.scopes else ""
    return scopes + names + (f" ({markup.escape(line.note)})" if line.note else "")


def _citation_text(finding: Finding, markup: Markup) -> str:
    by_file: dict[str, list[int]] = {}
    for file, line in finding.lines[:MAX_CITED_LINES]:
        by_file.setdefault(file, []).append(line)
    cited = [
        f"{markup.code(file)} line{'s' if len(lines) > 1 else ''} {', '.join(map(str, lines))}"
        for file, lines in by_file.items()
    ]
    more = len(finding.lines) - MAX_CITED_LINES
    return "; ".join(cited) + (f" and {more} more" if more > 0 else "")


def _line_counts_text(file: FileLedger) -> str:
    """Return the lines used of all lines, `2 399 of 2 400 (torn_tail 1)`, with the reasons for those set aside.

    Those of a log: `292 lines: 280 understood, 12 not`.
    """
    if file.copy_of is not None:
        return f"copy of {file.copy_of} ({thousands(file.lines)} lines)"
    if file.role is Role.ARTIFACT:
        return f"not read ({thousands(file.lines)} lines)"
    not_used = f" ({set_aside_text(file)})" if any(file.set_aside.values()) else ""
    if file.role is Role.LOG:
        counts = f"{thousands(file.used)} understood, {thousands(file.other)} not"
        return f"{thousands(file.lines)} {'line' if file.lines == 1 else 'lines'}: {counts}{not_used}"
    return f"{thousands(file.used)} of {thousands(file.lines)}{not_used}"


def _wrapped(text: str, indent: int) -> Safe:
    """Return text in lines for a terminal of `TERMINAL_WIDTH`; all but the first line are indented."""
    indented = textwrap.fill(
        text.strip("\n"),
        TERMINAL_WIDTH,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return Safe(indented)


def _truncated(text: str) -> str:
    """Return text in a line of a terminal: its beginning, where it is longer than `MAX_QUOTE`."""
    return text if len(text) <= MAX_QUOTE else text[:MAX_QUOTE] + "…"


def _shell_command(argv: Iterable[str]) -> str:
    return shlex.join(plain(each) for each in argv)


def _conjunction(words: Iterable[str]) -> str:
    """Return the words joined with commas and a final `and`: `a`, `a and b`, `a, b and c`."""
    *most, last = list(words) or [""]
    return f"{', '.join(most)} and {last}" if most else last


@dataclass(frozen=True, slots=True)
class Markup:
    """Markup of one format: how text is escaped, and how names, tables, emphasis, headings and folds are written.

    `table` and `rich` also take the names of the figures that have a definition on the page.
    """

    escape: Callable[[str], str]
    code: Callable[[str], str]
    name: Callable[[str], str]
    table: Callable[[Table, Links], Safe]
    rich: Callable[[Cell | Rich, Links], Safe]
    strong: Callable[[str], str]
    heading: Callable[..., str]
    fold: Callable[..., str]
    unfold: str
    fold_section: Callable[..., str]
    blocks: Mapping[str, Safe]


def _blocks(
    p: str = "",
    open_note: str = "",
    end_p: str = "",
    ul: str = "",
    end_ul: str = "",
    li: str = "",
    end_li: str = "",
    columns: str = "",
    column: str = "",
    end_column: str = "",
) -> dict[str, Safe]:
    """Return the markup of paragraphs, notes and lists by the names that templates give it."""
    return {name: Safe(text) for name, text in locals().items()}


_MARKUP_BY_FORMAT = {
    "md": Markup(
        escape=markdown,
        code=code,
        name=code,
        table=lambda table, _: markdown_table(table),
        rich=lambda text, links: markdown_rich(text, links.runbooks),
        strong=lambda text: Safe(f"**{markdown(text)}**"),
        heading=lambda text, level, _="": Safe(f"{'#' * level} {markdown(text)}"),
        fold=lambda title, _=False: Safe(f"<details><summary>{markdown(title)}</summary>"),
        unfold=Safe("</details>"),
        fold_section=lambda title, _, text: Safe(
            f"## {markdown(title)}\n\n<details><summary>{markdown(text)}</summary>"
        ),
        blocks=_blocks(li="- "),
    ),
    "txt": Markup(
        escape=terminal,
        code=terminal,
        name=terminal,
        table=lambda table, _: text_table(table),
        rich=lambda text, _: text_rich(text),
        strong=terminal,
        heading=lambda text, *_: terminal(text),
        fold=lambda title, _=False: terminal(title),
        unfold=Safe(),
        fold_section=lambda title, *_: terminal(title),
        blocks=_blocks(li="- "),
    ),
    "html": Markup(
        escape=html,
        code=html_code,
        name=html_name,
        table=html_table,
        rich=html_rich,
        strong=lambda text: Safe(f"<strong>{html(text)}</strong>"),
        heading=html_heading,
        fold=html_fold,
        unfold=Safe("</details>"),
        fold_section=html_fold_section,
        blocks=_blocks(
            "<p>",
            '<p class="note">',
            "</p>",
            "<ul>",
            "</ul>",
            "<li>",
            "</li>",
            '<div class="columns">',
            "<div>",
            "</div>",
        ),
    ),
}
