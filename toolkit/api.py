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

from toolkit import analysis as one
from toolkit import comparison as two
from toolkit.errors import UsageError
from toolkit.records import Analysis as Said
from toolkit.records import Comparison as Compared
from toolkit.records import Figure, RunInfo
from toolkit.store import connect

if TYPE_CHECKING:
    import polars

VIEWS = (
    "runs", "files", "set_aside", "ticks", "venue_ticks", "log_events", "sessions", "counters", "rx_stats", "figures",
    "episodes", "findings",
)  # fmt: skip
"""The public views of the store."""

PathLike = str | os.PathLike[str]


class Analysis:
    """One analysed run: what is said of it, and its tables."""

    def __init__(self, said: Said, db: str) -> None:
        self.said = said
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
        """All figures, with the columns of the view `figures`; values are in the row's unit."""
        return self.table("figures")

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

    def __init__(self, compared: Compared, names: tuple[str, str]) -> None:
        self.compared = compared
        self._names = names

    def rows(self) -> polars.DataFrame:
        """One row per figure, with the columns of the comparison's JSON."""
        import polars

        return polars.DataFrame([msgspec.to_builtins(row) for row in self.compared.rows], infer_schema_length=None)

    def report(self) -> Report:
        """The before/after document."""
        from toolkit.evidence.report import evidence

        return Report(evidence(self.compared, self._names, ["toolkit", "report", *self._names]))


def analyze(
    paths: PathLike | Sequence[PathLike],
    *,
    db: PathLike | None = None,
    label: str | None = None,
    requested_ms: int | None = None,
) -> Analysis:
    """Ingest one run (a directory, its files, or an archive of them) and give all that is said of it.

    Without `db` the run's tables live in a private store that goes with the returned object.
    `requested_ms` is how long the run was asked to last, where its files do not say it.
    Raises `InputError` (with `file`, `line`, `why`) for what cannot be read or is no run.
    """
    listed = [os.fspath(paths)] if isinstance(paths, str | os.PathLike) else [os.fspath(path) for path in paths]
    if db is not None:
        return Analysis(one.analyze(listed, os.fspath(db), one.Options(label, requested_ms)), os.fspath(db))
    folder = tempfile.mkdtemp(prefix="toolkit-")
    store = os.path.join(folder, "private.duckdb")  # noqa: PTH118
    run = Analysis(one.analyze(listed, store, one.Options(label, requested_ms)), store)
    weakref.finalize(run, shutil.rmtree, folder, ignore_errors=True)
    return run


def compare(before: PathLike, after: PathLike) -> Comparison:
    """Two runs side by side, figure by figure. Raises `InputError` for a side that cannot be read or is no run."""
    names = (os.fspath(before), os.fspath(after))
    return Comparison(two.compare(one.analyze([names[0]]), one.analyze([names[1]])), names)
