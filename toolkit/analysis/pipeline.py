"""One run from its files to its figures: the composition of the readers, the store and the metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import duckdb
import msgspec

from toolkit.analysis.findings import Look, findings
from toolkit.analysis.metrics import AGES_ONLY, FIGURE_COLUMNS, catalogue, compute, look_at_run, rows
from toolkit.analysis.run_info import Options, describe
from toolkit.analysis.windows import look_through
from toolkit.db.query_pool import QueryPool, memory_limit, query_pool
from toolkit.db.staging import RUN_KEY, CopyTables, committing, staging_database
from toolkit.db.store import MEMORY, connect, execute_script, insert_rows, sql, transaction
from toolkit.files.discovery import discover
from toolkit.files.run_file import RunFile, distinct
from toolkit.ingest import events, log, run_meta, rx_stats, telemetry
from toolkit.ingest.loaded_run import LoadedRun
from toolkit.ingest.session_rows import episodes, write_sessions
from toolkit.ingest.unparsed_files import plain_file_bytes, unparsed_ledger
from toolkit.model.figures import Figure
from toolkit.model.runs import WHOLE_RUN, Episode, FileLedger, Finding, RunAnalysis, RunInfo
from toolkit.model.vocabulary import PLATEAU_LIMITS_MS, Role
from toolkit.telemetry.schema import Scope
from toolkit.timeline.assign import place_lines
from toolkit.upstream.collect import UpstreamReports, compat_rows, start_reports

__all__ = ["AS_IT_IS", "Options", "analyze"]

Progress = Callable[[int], None]


AS_IT_IS = Options()

_MEMORY_MB: dict[Scope, int] = {"all": 400, "ages": 96}
"""What the database may take; beyond it is what the reading takes, which does not grow with the run."""
_WHILE_LINES_COME_MB = 200
"""What it may take of that while the lines of logs are taken apart, which needs the rest: it only writes them down."""


def analyze(
    paths: Sequence[str], db: str = MEMORY, options: Options = AS_IT_IS, progress: Progress = lambda _: None
) -> RunAnalysis:
    """Ingest one run into the store `db` and give all that is said of it.

    A run whose content the store holds already is left there as it is. Raises `InputError` when nothing is recognised
    in `paths` or a file cannot be read, and when `db` is no store or is held by another process.
    """
    sources = distinct(discover(paths))
    if db != MEMORY:
        # What is no store is better refused before the work than after it.
        connect(db).close()
    with staging_database(_MEMORY_MB[options.scope], plain_file_bytes(sources)) as con:
        bench = _Bench(con, sources, options)
        read = bench.read(progress)
        whole = bench.analysis(read, db)
        if options.window == WHOLE_RUN:
            return whole
        return bench.part(read, whole)


@dataclass(frozen=True, slots=True)
class _Bench:
    """One run in the staging database, and how it is looked at."""

    con: duckdb.DuckDBPyConnection
    sources: Sequence[RunFile]
    options: Options

    @property
    def only(self) -> tuple[str, ...] | None:
        """The metric files to compute; None for all."""
        return AGES_ONLY if self.options.scope == "ages" else None

    def read(self, progress: Progress) -> LoadedRun:
        """Read all files into the tables."""
        con, sources = self.con, self.sources
        of = {role: [source for source in sources if source.role is role] for role in Role}
        ledgers = telemetry.load(con, RUN_KEY, of[Role.TELEMETRY], self.options.scope, progress)
        with memory_limit(con, min(_WHILE_LINES_COME_MB, _MEMORY_MB[self.options.scope])):
            loaded = log.load(con, RUN_KEY, of[Role.LOG])
        ledgers += loaded.ledgers
        ledgers += rx_stats.load(con, RUN_KEY, of[Role.RX_STATS])
        ledgers += events.load(con, RUN_KEY, sources)
        read_already = (Role.TELEMETRY, Role.LOG, Role.RX_STATS, Role.EVENTS)
        rest = [source for source in sources if source.role not in read_already]
        ledgers += [unparsed_ledger(source) for source in rest]
        order = {source.name: source.file_no for source in sources}
        ledgers.sort(key=lambda ledger: order[ledger.file])
        return LoadedRun(ledgers, loaded, run_meta.load(of[Role.RUN_META]), [source.name for source in sources])

    def analysis(self, read: LoadedRun, db: str) -> RunAnalysis:
        """All that is said of the run that was read; the store `db` then holds it."""
        con = self.con
        _write_ledgers(con, read.ledgers)
        run = describe(con, RUN_KEY, read, self.options)
        if sum(ledger.lines for ledger in read.ledgers) > _SHORT_LINES:
            self.place(read)
            with committing(con, db, run.id) as put, query_pool(con) as pool:
                return self.told(read, run, pool, self.start_reports(pool, read, run), put)
        with query_pool(con) as pool:
            # What their tools print rests on no time of a line.
            theirs = self.start_reports(pool, read, run)
            self.place(read)
            with committing(con, db, run.id) as put:
                return self.told(read, run, pool, theirs, put)

    def place(self, read: LoadedRun) -> None:
        """Give the log's lines and the sessions their times, and make what metrics read."""
        place_lines(self.con, RUN_KEY, self.sources, read.log.sessions)
        look_at_run(self.con, (*PLATEAU_LIMITS_MS, *self.options.plateau_limits_ms))
        write_sessions(self.con, RUN_KEY, read)

    def start_reports(self, pool: QueryPool, read: LoadedRun, run: RunInfo) -> UpstreamReports | None:
        """What the producer's tools print, on its way; None where only ages are asked for."""
        return start_reports(pool, RUN_KEY, self.sources, read.log.facts, run) if self.only is None else None

    def told(
        self, read: LoadedRun, run: RunInfo, pool: QueryPool, theirs: UpstreamReports | None, put: CopyTables | None
    ) -> RunAnalysis:
        """Figures, episodes, findings and the compat view; where the run is kept, they are put down beside it."""
        stored = pool.submit(lambda _: put(*_LARGE)) if put else None
        self.prepare(pool)
        figures = compute(pool, self.only)
        told = episodes(self.con)
        found = findings(_look(self.con, read, run, figures, told))
        analysis = RunAnalysis(run, tuple(read.ledgers), figures, told, found)
        analysis = replace(analysis, compat=compat_rows(theirs, analysis, catalogue()) if theirs else ())
        if stored:
            _write(self.con, analysis)
            stored()
        return analysis

    def part(self, read: LoadedRun, whole: RunAnalysis) -> RunAnalysis:
        """The same of the options' window, which stays in the staging database in place of the whole."""
        seen = look_through(self.con, self.options.window, self.only, self.prepare, whole, self.options.words)
        return replace(seen, findings=findings(_look(self.con, read, seen.run, seen.figures, seen.episodes)))

    def prepare(self, pool: QueryPool) -> None:
        """Make the tables of stretches and the episodes."""
        list(pool.map(_run_in_turn, _EPISODES if self.only is None else (("plateaus",),)))


_SHORT_LINES = 200_000
"""A run of more is analysed one thing after the other: two at once might find too little memory."""

_EPISODES = (
    ("outages", "local_stall"), ("frozen_mid",), ("masked",), ("plateaus", "plateau_episodes"), ("downtimes",),
)  # fmt: skip
"""What needs the tables of another comes after it; the one that takes longest comes first."""


def _run_in_turn(con: duckdb.DuckDBPyConnection, scripts: Sequence[str]) -> None:
    with transaction(con):
        for name in scripts:
            execute_script(con, sql(f"episodes/{name}"))


_LARGE = ("tick", "venue_tick", "log_event", "counter", "rx_stat")
"""The tables that are whole once the lines have their times; the store takes them while the figures are computed."""


def _look(
    con: duckdb.DuckDBPyConnection,
    read: LoadedRun,
    run: RunInfo,
    figures: Sequence[Figure],
    told: Sequence[Episode],
) -> Look:
    facts = read.log.facts
    (recorded,) = con.execute("select count(distinct life) from tick").fetchall()[0]
    log_lives = facts.lives if facts.is_a_run else 0
    earlier = [(read.file_and_line(each.ref), each.text.strip()) for each in facts.earlier]
    if not any(each.family == "kill_event" for each in facts.earlier):
        kills = con.execute(sql("earlier_kills")).fetchall()
        earlier += [(read.file_and_line((file_no, line)), f"kill switch: {reason}") for file_no, line, reason in kills]
    return Look(run, read.ledgers, figures, told, log_lives, recorded, dict(facts.components), earlier)


_FINDING_COLUMNS = ("run_key", "code", "severity", "venue", "text", "figures", "lines")


def _finding_rows(found: Sequence[Finding]) -> Iterator[tuple[object, ...]]:
    for each in found:
        lines = msgspec.json.encode(each.lines).decode()
        yield RUN_KEY, each.code, each.severity, each.venue, each.text, list(each.figures), lines


def _write(con: duckdb.DuckDBPyConnection, analysis: RunAnalysis) -> None:
    insert_rows(con, "figure", FIGURE_COLUMNS, rows(RUN_KEY, analysis.figures))
    insert_rows(con, "finding", _FINDING_COLUMNS, _finding_rows(analysis.findings))
    insert_rows(con, "analysis", ("run_key", "json"), [(RUN_KEY, msgspec.json.encode(analysis).decode())])


def _write_ledgers(con: duckdb.DuckDBPyConnection, ledgers: Sequence[FileLedger]) -> None:
    for ledger in ledgers:
        if ledger.lines != ledger.used + sum(ledger.set_aside.values()):
            raise AssertionError(f"{ledger.file}: {ledger.lines} lines, but {ledger.used} used and {ledger.set_aside}")
    files = [
        (RUN_KEY, number, each.file, each.role, each.bytes, each.sha256, each.lines, each.used)
        for number, each in enumerate(ledgers)
    ]
    insert_rows(con, "file", ("run_key", "file_no", "file", "role", "bytes", "sha256", "lines", "used"), files)
    aside = [
        (RUN_KEY, number, each.line, each.byte, each.reason)
        for number, ledger in enumerate(ledgers)
        for each in ledger.where
    ]
    insert_rows(con, "set_aside_line", ("run_key", "file_no", "line", "byte", "reason"), aside)
