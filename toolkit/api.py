"""The toolkit from Python: the three verbs for notebooks and for tools built on this one. Frames leave as polars.

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
>>> part = toolkit.analyze("sample:before", since_tick=400, every=1000, words=["lighter.connects"])
>>> part.run.window
'from tick 400 on'
>>> part.figure("run.ticks").value
1999
>>> part.windows().select("since_tick", "until_tick", "figure", "value").rows()
[(400, 999, 'lighter.connects', 3.0), (1000, 1999, 'lighter.connects', 4.0), (2000, 2398, 'lighter.connects', 2.0)]
>>> pair = toolkit.compare("sample:before", "sample:after")
>>> pair.rows().filter(figure="lighter.age_apply_ms.p50")["verdict"].item()
'descriptive'
>>> pair.report().markdown.startswith("# ")
True
"""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import duckdb
import msgspec

from toolkit.analysis import pipeline as one
from toolkit.comparison import rows as two
from toolkit.db.store import connect
from toolkit.model.comparisons import RunComparison
from toolkit.model.errors import UsageError
from toolkit.model.figures import Figure
from toolkit.model.runs import RunAnalysis, RunInfo, Window
from toolkit.model.vocabulary import Segment
from toolkit.smoke.known_settings import known_settings

if TYPE_CHECKING:
    import polars

VIEWS = (
    "runs", "files", "set_aside", "ticks", "venue_ticks", "log_events", "sessions", "counters", "rx_stats", "figures",
    "episodes", "findings",
)  # fmt: skip
"""The public views of the store."""

PathLike = str | os.PathLike[str]


class Analysis:
    """One analysed run, or a window of it: what is said of it, and its tables. The tables hold the whole run always."""

    def __init__(self, said: RunAnalysis, db: str, words: Sequence[str] = ()) -> None:
        self.said = said
        self._words = tuple(words) or ("",)
        self._db = db
        self._con: duckdb.DuckDBPyConnection | None = None

    @property
    def run(self) -> RunInfo:
        """The run as a whole: id, span, lives, how it ended, its venues."""
        return self.said.run

    def figure(self, name: str) -> Figure:
        """One figure by its full name. Raises `UsageError` when the run has none of that name."""
        found = self.said.figure(name)
        if found is None:
            raise UsageError(f"{name}: this run has no such figure; `run.figures()` lists them")
        return found

    def figures(self) -> polars.DataFrame:
        """All figures (of the window, where one was asked for), with the columns of the view `figures`.

        Values are in the row's unit.
        """
        whole = self.table("figures")
        return whole if self.run.window is None else self._frame([self._row(each) for each in self.said.figures], whole)

    def windows(self) -> polars.DataFrame:
        """The figures of each window of `every` ticks: their columns after the window's own.

        These are `life`, `since_tick` and `until_tick` (both included), `from_ms` and `to_ms` (epoch). Without `every`
        there are no rows.
        """
        whole, edges = self.table("figures"), ("life", "since_tick", "until_tick", "from_ms", "to_ms")
        rows = [
            {**{edge: getattr(part, edge) for edge in edges}, **self._row(figure)}
            for part in self.said.parts
            for figure in part.figures
            if any(word in figure.figure for word in self._words)
        ]
        return self._frame(rows, whole, *edges)

    def _row(self, figure: Figure) -> dict[str, object]:
        return {"run": self.run.id, **msgspec.to_builtins(figure)}

    def _frame(self, rows: Sequence[dict[str, object]], like: polars.DataFrame, *before: str) -> polars.DataFrame:
        """The rows with the columns of `like`, after whole numbers in the columns `before`."""
        import polars

        return polars.DataFrame(rows, schema={**dict.fromkeys(before, polars.Int64), **like.schema}, strict=False)

    def table(self, view: str) -> polars.DataFrame:
        """A public view (see `VIEWS`), this run only. Raises `UsageError` for another name."""
        if view not in VIEWS:
            raise UsageError(f"{view}: no such view; there are {', '.join(VIEWS)}")
        import polars

        found = self.connection().sql(f"select * from {view} where run = ?", params=[self.run.id])
        frame = polars.from_arrow(found.to_arrow_table())
        assert isinstance(frame, polars.DataFrame)
        return frame

    def connection(self) -> duckdb.DuckDBPyConnection:
        """The store's DuckDB connection, read-only; it stays open as long as this object."""
        if self._con is None:
            self._con = connect(self._db, read_only=True)
        return self._con


@dataclass(frozen=True, slots=True)
class Report:
    """The evidence document of a pair."""

    markdown: str


class Comparison:
    """Two runs, figure by figure."""

    def __init__(self, compared: RunComparison, names: tuple[str, str]) -> None:
        self.compared = compared
        self._names = names

    def rows(self) -> polars.DataFrame:
        """One row per figure, with the columns of the comparison's JSON."""
        import polars

        return polars.DataFrame([msgspec.to_builtins(row) for row in self.compared.rows], infer_schema_length=None)

    def report(self) -> Report:
        """The before/after document."""
        from toolkit.evidence.document import evidence_document

        return Report(evidence_document(self.compared, self._names, ["toolkit", "report", *self._names]))


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
) -> Analysis:
    """Ingest one run (a directory, its files, or an archive of them) and give all that is said of it.

    Without `db` the run's tables live in a private store that goes with the returned object.
    `requested_ms` is how long the run was asked to last, where its files do not say it.

    A window of the run is looked at where `segment` (`startup`, `steady` or `tail`), `last_ms` (before the last
    record), `since_tick` or `until_tick` (both included, in every life) is given; what is given must all hold. `every`
    gives, beside that, `windows()` of so many ticks, each with the figures whose name holds one of the `words`: all of
    them without words. `plateau_limits_ms` are ages above which there are plateau figures, beside those above 10 s and
    30 s.

    Raises `InputError` (with `file`, `line`, `why`) for what cannot be read or is no run, and `UsageError` for a window
    that no run has or that holds no record.
    """
    listed = [os.fspath(paths)] if isinstance(paths, str | os.PathLike) else [os.fspath(path) for path in paths]
    window = _window(segment, last_ms, since_tick, until_tick, every)
    options = one.Options(
        label,
        requested_ms,
        window=window,
        words=tuple(words),
        plateau_limits_ms=tuple(plateau_limits_ms),
        known_settings=known_settings,
    )
    if db is not None:
        return Analysis(one.analyze(listed, os.fspath(db), options), os.fspath(db), words)
    folder = tempfile.mkdtemp(prefix="toolkit-")
    store = os.path.join(folder, "private.duckdb")  # noqa: PTH118
    try:
        run = Analysis(one.analyze(listed, store, options), store, words)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    weakref.finalize(run, shutil.rmtree, folder, ignore_errors=True)
    return run


def _window(
    segment: str | None, last_ms: int | None, since_tick: int | None, until_tick: int | None, every: int | None
) -> Window:
    if segment is not None and segment not in list(Segment):
        raise UsageError(f"segment {segment}: there are {', '.join(Segment)}")
    for name, value, least in (("last_ms", last_ms, 1), ("since_tick", since_tick, 0), ("every", every, 1)):
        if value is not None and value < least:
            raise UsageError(f"{name} {value}: it must be at least {least}")
    if until_tick is not None and until_tick < (since_tick or 0):
        raise UsageError(f"until_tick {until_tick}: there is no tick from {since_tick or 0} to it")
    return Window(None if segment is None else Segment(segment), last_ms, since_tick, until_tick, every)


def compare(before: PathLike, after: PathLike) -> Comparison:
    """Two runs side by side, figure by figure. Raises `InputError` for a side that cannot be read or is no run."""
    names = (os.fspath(before), os.fspath(after))
    options = one.Options(known_settings=known_settings)
    left, right = (one.analyze([name], options=options) for name in names)
    return Comparison(two.compare(left, right, known_settings), names)
