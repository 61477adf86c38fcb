"""Python interface of the toolkit: analyse a run, compare sides of runs, write the document. Tables are polars frames.

>>> import toolkit
>>> run = toolkit.analyze("sample:before")
>>> run.figure("lighter.age_apply_ms.p99").value
500.0300000000002
>>> run.figures().columns
['run', 'figure', 'value', 'unit', 'n', 'bound', 'low', 'high', 'note', 'better']
>>> run.table("venue_ticks").height
11995
>>> run.connection().execute("select count(*) from ticks").fetchall()
[(2399,)]
>>> why = run.explain("lighter.reconnects")
>>> why.steps[:3]
('sockets began: 11', 'of them connected: 11', 'of them connected after the first one of a life: 10')
>>> why.lines[0].file, why.lines[0].line, why.lines[0].text
('run.log', 66, 'Lighter public WS closed frame=Some(CloseFrame { code: Normal, reason: "idle" })')
>>> part = toolkit.analyze("sample:before", since_tick=400, every=1000, words=["lighter.connects"])
>>> part.run.window
'from tick 400 on'
>>> part.figure("run.ticks").value
1999
>>> part.windows().select("since_tick", "until_tick", "figure", "value").rows()
[(400, 999, 'lighter.connects', 3.0), (1000, 1999, 'lighter.connects', 4.0), (2000, 2398, 'lighter.connects', 2.0)]
>>> pair = toolkit.compare("sample:before", "sample:after")
>>> pair.rows().filter(figure="lighter.reconnects")["verdict"].item()
'improved'
>>> pair.report().markdown.startswith("# ")
True
>>> pair.report().html.startswith("<!doctype html>")
True
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import duckdb
import msgspec

from toolkit.analysis import pipeline
from toolkit.comparison import rows as comparison_rows
from toolkit.db.interrupts import interrupts_raised
from toolkit.db.scratch import ScratchFolder
from toolkit.db.store import connect
from toolkit.model.comparisons import RunComparison
from toolkit.model.errors import UsageError
from toolkit.model.evidence import Evidence
from toolkit.model.explanations import Explanation
from toolkit.model.figures import Figure
from toolkit.model.runs import RunAnalysis, RunInfo, Window
from toolkit.model.vocabulary import OFF_MARKET_BPS, Segment
from toolkit.smoke.known_settings import known_settings

if TYPE_CHECKING:
    import polars

VIEWS = (
    "runs", "files", "set_aside", "ticks", "venue_ticks", "log_events", "sessions", "counters", "rx_stats", "figures",
    "episodes", "findings",
)  # fmt: skip
"""The public views of the store; columns may be added to them, but are not renamed."""

PathLike = str | os.PathLike[str]


class Analysis:
    """One analysed run, or a window of it.

    `analysis` holds the figures, episodes and findings, of the window if one was given. The tables always hold the
    whole run.
    """

    def __init__(self, analysis: RunAnalysis, db: str, words: Sequence[str] = (), paths: Sequence[str] = ()) -> None:
        self.analysis = analysis
        self._paths = tuple(paths)
        self._words = tuple(words) or ("",)
        self._db = db
        self._con: duckdb.DuckDBPyConnection | None = None

    @property
    def run(self) -> RunInfo:
        """The run as a whole: id, start and end (epoch ms), lives, how it ended, its venues."""
        return self.analysis.run

    def figure(self, name: str) -> Figure:
        """Return the figure with this full name. Raises `UsageError` if the run has none."""
        figure = self.analysis.figure(name)
        if figure is None:
            raise UsageError(f"{name}: this run has no such figure; `run.figures()` lists them")
        return figure

    def figures(self) -> polars.DataFrame:
        """Return all figures, of the window if one was given, with the columns of the view `figures`.

        Each value is in the unit of its row.
        """
        whole_run = self.table("figures")
        if self.run.window is None:
            return whole_run
        return self._frame([self._row(each) for each in self.analysis.figures], whole_run)

    @interrupts_raised()
    def explain(self, figure: str, lines: int | None = 20) -> Explanation:
        """Explain a figure of the whole run: the steps from lines to number, and at most `lines` lines (None: all).

        `figure` may be the beginning of several names. Raises `UsageError` if the run has no such figure.
        """
        from toolkit.evidence.explain.texts import explain

        return explain(self._db, self.run.id, figure, self._paths, lines)

    def windows(self) -> polars.DataFrame:
        """Return the figures of each window of `every` ticks; without `every` there are no rows.

        The columns are `life`, `since_tick` and `until_tick` (both included), `from_ms` and `to_ms` (epoch), then those
        of `figures()`.
        """
        whole_run, edges = self.table("figures"), ("life", "since_tick", "until_tick", "from_ms", "to_ms")
        rows = [
            {**{edge: getattr(part, edge) for edge in edges}, **self._row(figure)}
            for part in self.analysis.parts
            for figure in part.figures
            if any(word in figure.figure for word in self._words)
        ]
        return self._frame(rows, whole_run, *edges)

    def _row(self, figure: Figure) -> dict[str, object]:
        return {"run": self.run.id, **msgspec.to_builtins(figure)}

    def _frame(self, rows: Sequence[dict[str, object]], like: polars.DataFrame, *before: str) -> polars.DataFrame:
        """Return the rows with the integer columns `before`, then the columns of `like`."""
        import polars

        return polars.DataFrame(rows, schema={**dict.fromkeys(before, polars.Int64), **like.schema}, strict=False)

    @interrupts_raised()
    def table(self, view: str) -> polars.DataFrame:
        """Return the rows of a public view (see `VIEWS`) for this run only. Raises `UsageError` for another name."""
        if view not in VIEWS:
            raise UsageError(f"{view}: no such view; write one of {', '.join(VIEWS)}")
        import polars

        result = self.connection().sql(f"select * from {view} where run = ?", params=[self.run.id])
        frame = polars.from_arrow(result.to_arrow_table())
        assert isinstance(frame, polars.DataFrame)
        return frame

    def connection(self) -> duckdb.DuckDBPyConnection:
        """Return the read-only DuckDB connection to the store; it stays open as long as this object exists."""
        if self._con is None:
            self._con = connect(self._db, read_only=True)
        return self._con


class Report:
    """The evidence document of a comparison, as Markdown and as an HTML page. Each is made when first asked for."""

    def __init__(self, evidence: Evidence, paths: tuple[str, str]) -> None:
        self._evidence = evidence
        self._paths = paths

    @cached_property
    def markdown(self) -> str:
        """The document in Markdown."""
        from toolkit.evidence.document import evidence_document

        return evidence_document(self._evidence)

    @cached_property
    def html(self) -> str:
        """The document as one HTML page, with pictures, all figures and the cited lines, which are read again."""
        from toolkit.evidence.page import evidence_page

        before, after = self._paths
        return evidence_page(self._evidence, {"before": before, "after": after})


class Comparison:
    """Two runs compared figure by figure; `comparison` is the content of the command's JSON.

    `paths` are those of the first run of each side.
    """

    def __init__(self, comparison: RunComparison, names: tuple[str, str], paths: tuple[str, str]) -> None:
        self.comparison = comparison
        self._names = names
        self._paths = paths

    def rows(self) -> polars.DataFrame:
        """Return one row per figure, with the columns of the comparison's JSON."""
        import polars

        rows = [msgspec.to_builtins(row) for row in self.comparison.rows]
        lists = dict.fromkeys(("values_before", "values_after", "identical"), polars.List(polars.Float64))
        return polars.DataFrame(rows, infer_schema_length=None, schema_overrides=lists, strict=False)

    def report(self) -> Report:
        """Return the before/after evidence document."""
        from toolkit.evidence.assemble import assemble

        evidence = assemble(self.comparison, self._names, ["toolkit", "report", *self._names])
        return Report(evidence, self._paths)


def analyze(
    paths: PathLike | Sequence[PathLike],
    *,
    db: PathLike | None = None,
    label: str | None = None,
    requested_ms: int | None = None,
    segment: str | None = None,
    last_ms: int | None = None,
    since_tick: int | None = None,
    until_tick: int | None = None,
    every: int | None = None,
    words: Sequence[str] = (),
    plateau_limits_ms: Sequence[int] = (),
    off_market_bps: float = OFF_MARKET_BPS,
) -> Analysis:
    """Analyse one run: a run directory, its files, or a `.zip` of them.

    Without `db`, or with `:memory:`, the run's tables are in a temporary store that is deleted with the returned
    object. `label` names the run in the store. `requested_ms` is the time for which the run was started, if its files
    do not state it.

    `segment` (`startup`, `steady` or `tail`), `last_ms` (counted back from the last record), `since_tick` and
    `until_tick` (both included, in every life) restrict the analysis to a window; they can be combined. `every` adds
    `windows()` of that many ticks, with the figures whose name contains one of `words` (all figures without words).
    `plateau_limits_ms` are age limits for plateau figures in addition to 10 s and 30 s. `off_market_bps` is the
    distance of a venue's mid from the median of the others above which the venue is off the market.

    Raises `InputError` (with `file`, `line`, `why`) if a path cannot be read or holds no run, and `UsageError` for an
    invalid window or one without records.
    """
    names = [os.fspath(path) for path in _paths(paths)]
    window = _window(segment, last_ms, since_tick, until_tick, every)
    options = pipeline.Options(
        label, requested_ms, window=window, words=tuple(words), plateau_limits_ms=tuple(plateau_limits_ms),
        off_market_bps=off_market_bps, known_settings=known_settings,
    )  # fmt: skip
    if db is not None and os.fspath(db) != ":memory:":
        return Analysis(pipeline.analyze(names, os.fspath(db), options), os.fspath(db), words, names)
    folder = ScratchFolder()
    store = str(folder.path / "private.duckdb")
    try:
        run = Analysis(pipeline.analyze(names, store, options), store, words, names)
    except BaseException:
        folder.remove()
        raise
    weakref.finalize(run, folder.remove)
    return run


def _window(
    segment: str | None, last_ms: int | None, since_tick: int | None, until_tick: int | None, every: int | None
) -> Window:
    if segment is not None and segment not in list(Segment):
        raise UsageError(f"segment {segment}: no such segment; write one of {', '.join(Segment)}")
    for name, value, least in (("last_ms", last_ms, 1), ("since_tick", since_tick, 0), ("every", every, 1)):
        if value is not None and value < least:
            raise UsageError(f"{name} {value}: write a number that is at least {least}")
    if until_tick is not None and until_tick < (since_tick or 0):
        raise UsageError(
            f"until_tick {until_tick}: there is no tick from {since_tick or 0} to {until_tick}; write a later tick"
        )
    return Window(None if segment is None else Segment(segment), last_ms, since_tick, until_tick, every)


def compare(
    before: PathLike | Sequence[PathLike], after: PathLike | Sequence[PathLike], *, paired: bool = False
) -> Comparison:
    """Compare two runs, or several runs a side, figure by figure.

    With several runs a side the run is the sample. `paired` declares that one run a side ran at the same time. Raises
    `InputError` if a path cannot be read or holds no run, and `UsageError` for a side without a run or with the same
    run twice, and for runs that are no pair.
    """
    options = pipeline.Options(known_settings=known_settings, age_series=True, mid_series=True, pictures=True)
    sides = [[os.fspath(path) for path in _paths(side)] for side in (before, after)]
    left, right = ([pipeline.analyze([name], options=options) for name in names] for names in sides)
    names = (", ".join(sides[0]), ", ".join(sides[1]))
    return Comparison(
        comparison_rows.compare_runs(left, right, known_settings, paired=paired), names, (sides[0][0], sides[1][0])
    )


def _paths(side: PathLike | Sequence[PathLike]) -> Sequence[PathLike]:
    return [side] if isinstance(side, str | os.PathLike) else side
