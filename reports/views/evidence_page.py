"""View of the evidence document as a page: the document's parts, and all figures, pictures and quoted lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from reports.elements import Cell, CitedLine, Rich, Safe, Table
from reports.escape import plain
from reports.evidence.sections import comparable
from reports.evidence.view import EvidenceView
from reports.format import number
from reports.pictures import age_distributions, age_strips, event_table, reason_bars
from reports.views.all_figures import FigureSection, anchors, figure_sections, sides_with_values
from toolkit.model.evidence import QuotedFile, QuotedLine
from toolkit.model.figures import FigureSpec
from toolkit.model.runs import RunAnalysis

_Part = Rich | Cell | Table
_FEEDS = {"SIMULATED": "SIMULATED venues", "live": "live venues", "feed unknown": "feed not known"}


@dataclass(frozen=True)
class EvidencePage(EvidenceView):
    """The parts of an evidence page. `specs` has the definition of each figure by its full name.

    `further` is the number of `further_strips` that fit on the page.
    """

    specs: Mapping[str, FigureSpec] = field(default_factory=dict)
    further: int = 0

    @property
    def feeds(self) -> tuple[str, ...]:
        """Kind of feed of the runs, for the tags beside the title."""
        return tuple(_FEEDS.get(feed, feed) for feed in self.context.pair.feeds) or ("no run ran",)

    @property
    def size(self) -> str:
        """Number of venues and length of the runs, `5 venues, 9 min 59.5 s a side`; empty without venues."""
        venues = len(self.context.venues)
        if not venues:
            return ""
        lengths = dict.fromkeys(run.observed for run in self.context.sides if not run.blocked)
        each = " a side" if len(lengths) == 1 and not self.context.blocked else ""
        return f"{venues} venue{'s' if venues != 1 else ''}, {' → '.join(lengths) or 'no run'}{each}"

    @property
    def explained_figure(self) -> str:
        """Name of a figure of both runs, as an example of a command."""
        venues = self.context.venues
        return f"{venues[0]}.reconnects" if venues else "run.lives"

    @property
    def artifacts(self) -> Table:
        """Files of both runs, with full digests."""
        return comparable.artifacts(self.context, digits=64)

    @cached_property
    def tool_differences(self) -> tuple[Table, int]:
        """Numbers of the producer's own tools that differ from ours, one for each reason."""
        return comparable.tool_differences(self.context, most=1_000)

    @property
    def drawn(self) -> tuple[RunAnalysis | None, RunAnalysis]:
        """Runs that the pictures draw: the first of both sides, or the one that ran where the other was blocked."""
        before, after = (runs[0] for runs in self.context.runs)
        if before.blocked != after.blocked:
            return None, (after if before.blocked else before).analysis
        return before.analysis, after.analysis

    @cached_property
    def strips(self) -> Safe:
        """Picture of the ages over time; empty without data for it."""
        return age_strips(*self.drawn, self.context.venues, self.places)

    @cached_property
    def further_strips(self) -> tuple[tuple[str, Safe], ...]:
        """Pictures of the ages over time of the second and each further run of both sides, each with its title."""
        befores, afters = self.context.runs
        found = []
        for position in range(1, max(len(befores), len(afters))):
            runs = [side[position] for side in (befores, afters) if position < len(side)]
            before = runs[0].analysis if len(runs) == 2 else None
            title = f"Run {position + 1} of each side" if len(runs) == 2 else f"Run {runs[0].side}"
            found.append((title, age_strips(before, runs[-1].analysis, self.context.venues, self.places, position + 1)))
        return tuple(each for each in found if each[1])

    @cached_property
    def events(self) -> Table:
        """Events of the picture."""
        return event_table(*self.drawn, self.context.venues)

    @property
    def event_counts(self) -> str:
        """Number of events of each run: `23 before, 14 after`."""
        if self.drawn[0] is None:
            return f"{len(self.events.rows)} {self.value_sides[0]}"
        counts = Counter(row[1].text for row in self.events.rows if isinstance(row[1], Cell))
        return ", ".join(f"{counts[run.side]} {run.side}" for run in self.context.sides if not run.blocked)

    @cached_property
    def table_pictures(self) -> dict[str, Safe]:
        """Pictures of the section before and after, by the title of the table that each stands above."""
        found = {
            "Reconnects by reason": reason_bars(*self.drawn, self.context.venues),
            "Ages: time since the last applied book": age_distributions(*self.drawn, self.context.venues, self.places),
        }
        return {title: picture for title, picture in found.items() if picture}

    @cached_property
    def figures(self) -> tuple[FigureSection, ...]:
        """Every figure of either run."""
        return figure_sections(self.context.pair, self.specs)

    @cached_property
    def places(self) -> dict[str, str]:
        """The `id` of the place of each figure in the table of all figures."""
        return anchors(self.figures)

    @property
    def figure_counts(self) -> str:
        """Number of figures, and how many of them differ: `1 556 figures, 327 differ`."""
        total, differ = (sum(getattr(each, name) for each in self.figures) for name in ("figures", "differ"))
        return f"{number(total)} figures" + (f", {number(differ)} differ" if len(self.value_sides) > 1 else "")

    @property
    def value_sides(self) -> tuple[str, ...]:
        """Sides whose values the table of all figures shows."""
        return tuple(run.side for run in sides_with_values(self.context.pair))

    @property
    def contents(self) -> dict[str, str]:
        """Title of each section in the line of contents, by the name of its heading."""
        shown = {
            "hypotheses": ("Hypotheses", self.evidence.answers),
            "blocked": ("Blocked", self.context.blocked),
            "before-and-after": ("Before and after", len(self.context.blocked) < 2),
            "worse": ("Worse, outages, findings", True),
            "noise": ("Could it be noise?", not self.context.blocked),
            "comparable": ("Comparable?", True),
            "validation": ("Validation", self.has_statements),
            "commands": ("Commands", self.commands.rows),
            "files": ("Files", True),
            "tools": ("Producer's tools", self.tool_differences[0].rows),
            "words": ("Words", self.explained),
            "figures": ("All figures", self.figures),
            "lines": ("Quoted lines", self.cited_lines),
        }
        return {name: title for name, (title, is_shown) in shown.items() if is_shown}

    @cached_property
    def cited_lines(self) -> tuple[CitedLine, ...]:
        """Lines that the page cites, in its order, each once."""
        tables = (
            part for moved_and_same in self.tables.values() for part in (moved_and_same.moved, moved_and_same.same)
        )
        parts: tuple[_Part, ...] = (
            *self.answer, *self.why, self.events, self.hypotheses, *self.blocked, *tables, self.regressions,
            *self.longer_stalls, *self.large_moves, *self.findings, *self.same_findings, self.outages, *self.noise,
            *self.remarks, self.conditions,
        )  # fmt: skip
        # A picture of one run alone does not name its side.
        lines = (replace(line, side=line.side or self.value_sides[0]) for part in parts for line in _lines(part))
        return tuple(dict.fromkeys(lines))

    def reference(self, file: QuotedFile, line: QuotedLine) -> CitedLine:
        """Return the reference to a quoted line."""
        return CitedLine(file.file, line.line, file.side)


def _lines(part: _Part) -> Iterator[CitedLine]:
    if isinstance(part, Table):
        for row in part.rows:
            for cell in row:
                yield from _lines(cell)
    elif isinstance(part, Rich):
        yield from (each for each in part.parts if isinstance(each, CitedLine))


def quoted_ids(files: Iterable[QuotedFile], alone: str) -> dict[CitedLine, str]:
    """Return the `id` of each quoted line, `l.before.run.log.66`; other characters of a file's name become `_`.

    A line that is cited without its side is one of the run `alone`: a picture of one run does not name its side.
    """
    ids: dict[CitedLine, str] = {}
    names: set[str] = set()
    for position, file in enumerate(files, 1):
        name = f"{file.side.replace(' ', '-')}.{re.sub('[^A-Za-z0-9._-]', '_', plain(file.file))}"
        name = f"{name}.{position}" if name in names else name
        names.add(name)
        for line in file.lines:
            ids[CitedLine(file.file, line.line, file.side)] = f"l.{name}.{line.line}"
            if file.side == alone:
                ids[CitedLine(file.file, line.line)] = f"l.{name}.{line.line}"
    return ids
