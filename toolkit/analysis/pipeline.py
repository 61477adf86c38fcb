"""Analyse one run: read its files, compute figures and findings, and commit the result to the store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import duckdb
import msgspec

from toolkit.analysis.close_groups import close_groups
from toolkit.analysis.doubted_ages import with_age_bounds
from toolkit.analysis.figure_lines import figure_lines
from toolkit.analysis.findings.finding_input import finding_input
from toolkit.analysis.findings.run_findings import findings
from toolkit.analysis.metrics import (
    AGES_ONLY,
    FIGURE_COLUMNS,
    catalogue,
    compute,
    create_run_views,
    rows,
    with_bounds,
    with_quoted_bounds,
)
from toolkit.analysis.pictures import pictures
from toolkit.analysis.run_info import Options, describe, requested_ms
from toolkit.analysis.series import age_series, mid_series
from toolkit.analysis.settings import delta_cap
from toolkit.analysis.windows import analyze_window
from toolkit.db.interrupts import interrupts_raised
from toolkit.db.memory import WHILE_INSERTING_MB, memory_limit
from toolkit.db.query_pool import QueryPool, query_pool
from toolkit.db.staging import RUN_KEY, CopyTables, committing, staging_database
from toolkit.db.store import MEMORY, connect, execute_script, insert_rows, sql, transaction
from toolkit.db.store_file import damage_explained, is_write_protected
from toolkit.files.copies import DistinctFiles, distinct
from toolkit.files.discovery import discover
from toolkit.files.local_clock import with_local_clocks
from toolkit.files.run_file import RunFile
from toolkit.ingest import events, log, rx_stats, telemetry
from toolkit.ingest.loaded_run import LoadedRun
from toolkit.ingest.metadata import build_info, resolved_config, run_meta
from toolkit.ingest.session_rows import episodes, write_sessions
from toolkit.ingest.unparsed_files import copy_ledger, plain_file_bytes, unparsed_ledger
from toolkit.model.figures import Figure
from toolkit.model.redaction import redact_all
from toolkit.model.runs import WHOLE_RUN, FileLedger, Finding, RunAnalysis, RunInfo
from toolkit.model.vocabulary import PLATEAU_LIMITS_MS, Role
from toolkit.telemetry.schema import Scope
from toolkit.timeline.assign import assign_times
from toolkit.upstream.collect import UpstreamReports, compat_rows, start_reports

__all__ = ["DEFAULT_OPTIONS", "Options", "analyze"]

Progress = Callable[[int], None]


DEFAULT_OPTIONS = Options()

_MEMORY_MB: dict[Scope, int] = {"all": 400, "ages": 96}
"""Memory limit of the database, 10⁶ bytes. Reading needs memory beside it, which does not grow with the run."""


@interrupts_raised()
def analyze(
    paths: Sequence[str], db: str = MEMORY, options: Options = DEFAULT_OPTIONS, progress: Progress = lambda _: None
) -> RunAnalysis:
    """Ingest one run into the store `db` and return its analysis.

    A run whose content is already in the store is left unchanged there. `progress` receives the number of bytes read
    since its last call. Raises `InputError` when nothing is recognised in `paths`, when a file cannot be read, and when
    `db` is not a store or is held by another process.
    """
    files = distinct(discover(paths))
    if db != MEMORY:
        # A file that is not a store is refused before the work, not after it.
        with damage_explained(db):
            connect(db, read_only=is_write_protected(db)).close()
    with staging_database(_MEMORY_MB[options.scope], plain_file_bytes(files.files)) as con:
        staged = _StagedRun(con, files, options)
        loaded = staged.load(progress)
        analysis = staged.analyze(loaded, db)
        if options.window != WHOLE_RUN:
            analysis = staged.cut(loaded, analysis)
        part = analysis.run.pair.common_ms if analysis.run.pair else None
        ages = age_series(con, part) if options.age_series else ()
        mids = mid_series(con, analysis.run.venues) if options.mid_series else ()
        shown = pictures(con) if options.pictures else None
        # Only a document about two runs, which compares their mids, cites these lines.
        lines = figure_lines(con) if options.mid_series else {}
        return replace(analysis, age_series=ages, mid_series=mids, pictures=shown, figure_lines=lines)


@dataclass(slots=True)
class _StagedRun:
    """One run in the staging database, and the options of its analysis."""

    con: duckdb.DuckDBPyConnection
    distinct_files: DistinctFiles
    options: Options
    logs: Sequence[RunFile] = ()
    """The logs with the clocks of their stamps, once the telemetry is read."""

    @property
    def files(self) -> Sequence[RunFile]:
        """The files that are read."""
        return self.distinct_files.files

    @property
    def metric_names(self) -> tuple[str, ...] | None:
        """Names of the metric files to compute; None for all."""
        return AGES_ONLY if self.options.scope == "ages" else None

    def load(self, progress: Progress) -> LoadedRun:
        """Read all files into the tables."""
        con, files = self.con, self.files
        by_role = {role: [file for file in files if file.role is role] for role in Role}
        ledgers = telemetry.load(con, RUN_KEY, by_role[Role.TELEMETRY], self.options.scope, progress)
        ((first_ms, last_ms),) = con.execute("select min(at_ms), max(at_ms) from tick").fetchall()
        self.logs = with_local_clocks(by_role[Role.LOG], first_ms, last_ms)
        with memory_limit(con, WHILE_INSERTING_MB):
            loaded = log.load(con, RUN_KEY, self.logs)
        ledgers += loaded.ledgers
        ledgers += rx_stats.load(con, RUN_KEY, by_role[Role.RX_STATS])
        ledgers += events.load(con, RUN_KEY, files, loaded.names.venues)
        parsed = (Role.TELEMETRY, Role.LOG, Role.RX_STATS, Role.EVENTS)
        ledgers += [unparsed_ledger(file) for file in files if file.role not in parsed]
        order = {file.name: file.file_no for file in files}
        ledgers.sort(key=lambda ledger: order[ledger.file])
        ledgers += [copy_ledger(copy) for copy in self.distinct_files.copies]
        meta = run_meta.load(by_role[Role.RUN_META])
        lines = run_meta.setting_lines(by_role[Role.RUN_META], meta)
        names = [file.name for file in files]
        telemetry.bound_tick_times(con, RUN_KEY, requested_ms(self.options, meta, loaded.facts))
        resolved, build, distinct_files = resolved_config.load(files), build_info.load(files), self.distinct_files
        overlaps, more_overlap = distinct_files.overlaps, distinct_files.more_overlap
        return LoadedRun(ledgers, loaded, meta, names, lines, resolved, overlaps, more_overlap, build)

    def analyze(self, loaded: LoadedRun, db: str) -> RunAnalysis:
        """Analyse the loaded run and commit it to the store `db`."""
        con = self.con
        _write_ledgers(con, loaded.ledgers)
        run = describe(con, RUN_KEY, loaded, self.options)
        if sum(ledger.lines for ledger in loaded.ledgers) > _MAX_CONCURRENT_LINES:
            self.assign_times(loaded)
            with committing(con, db, run.id) as copy_tables, query_pool(con) as pool:
                return self.summarize(loaded, run, pool, self.start_reports(pool, loaded, run), copy_tables)
        with query_pool(con) as pool:
            # Upstream's tools read no time of a log line, so their numbers can be computed meanwhile.
            upstream = self.start_reports(pool, loaded, run)
            self.assign_times(loaded)
            with committing(con, db, run.id) as copy_tables:
                return self.summarize(loaded, run, pool, upstream, copy_tables)

    def assign_times(self, loaded: LoadedRun) -> None:
        """Assign times to log lines and sessions, and create the views that metrics read."""
        with_clocks = {each.file_no: each for each in self.logs}
        files = [with_clocks.get(each.file_no, each) for each in self.files]
        assign_times(self.con, RUN_KEY, files, loaded.log.sessions)
        limits_ms = (*PLATEAU_LIMITS_MS, *self.options.plateau_limits_ms)
        create_run_views(self.con, limits_ms, delta_cap(loaded.meta), self.options.off_market_bps)
        write_sessions(self.con, RUN_KEY, loaded)

    def start_reports(self, pool: QueryPool, loaded: LoadedRun, run: RunInfo) -> UpstreamReports | None:
        """Start to compute what the producer's tools print; None where only ages are asked for."""
        return start_reports(pool, RUN_KEY, self.files, loaded.log.facts, run) if self.metric_names is None else None

    def summarize(
        self,
        loaded: LoadedRun,
        run: RunInfo,
        pool: QueryPool,
        upstream: UpstreamReports | None,
        copy_tables: CopyTables | None,
    ) -> RunAnalysis:
        """Compute figures, episodes, findings and the compat view, and write them where the run is stored."""
        wait_for_copy = pool.submit(lambda _: copy_tables(*_LARGE_TABLES)) if copy_tables else None
        figures = self.bounded(loaded, with_age_bounds(self.con, lambda: self.figures(pool)))
        run_episodes = episodes(self.con)
        analysis = RunAnalysis(run, tuple(loaded.ledgers), figures, run_episodes, closes=close_groups(self.con))
        analysis = replace(analysis, findings=findings(finding_input(self.con, loaded, analysis)))
        analysis = replace(analysis, compat=compat_rows(upstream, analysis, catalogue()) if upstream else ())
        if wait_for_copy:
            _write_analysis(self.con, analysis)
            wait_for_copy()
        return analysis

    def cut(self, loaded: LoadedRun, whole: RunAnalysis) -> RunAnalysis:
        """Analyse the window of the options; it replaces the whole run in the staging database."""
        part = analyze_window(
            self.con, self.options.window, self.metric_names, self.create_episodes_of_window, whole, self.options.words
        )
        parts = tuple(replace(each, figures=self.bounded(loaded, each.figures)) for each in part.parts)
        part = replace(part, figures=self.bounded(loaded, part.figures), parts=parts)
        return replace(part, findings=findings(finding_input(self.con, loaded, part)))

    def figures(self, pool: QueryPool) -> tuple[Figure, ...]:
        """Create the episodes and compute the figures."""
        self.create_episodes(pool)
        return compute(pool, self.metric_names)

    def bounded(self, loaded: LoadedRun, figures: Iterable[Figure]) -> tuple[Figure, ...]:
        """Return the figures with the bounds that overlapping files and quoted records give them."""
        return with_quoted_bounds(with_bounds(figures, loaded.overlaps), loaded.log.facts.quoted)

    def create_episodes(self, pool: QueryPool) -> None:
        """Create the episodes and the tables of stretches that metrics read."""
        list(pool.map(_run_scripts, _EPISODES if self.metric_names is None else (("plateaus",),)))

    def create_episodes_of_window(self, pool: QueryPool) -> None:
        """Create the same for a window; masked stretches are those of the whole run, cut."""
        groups = (("masked_in_window",) if "masked" in group else group for group in _EPISODES)
        list(pool.map(_run_scripts, tuple(groups) if self.metric_names is None else (("plateaus",),)))


_MAX_CONCURRENT_LINES = 200_000
"""Above this many lines the steps run one after another: two at once could need too much memory."""

_EPISODES = (
    ("outages", "local_stall"), ("book_faults",), ("rest_books", "masked"), ("plateaus", "plateau_episodes"),
    ("downtimes", "shared_drop", "watchdog_off"),
)  # fmt: skip
"""Scripts of one group run in order, because a later one reads the tables of an earlier one; the slowest is first."""


def _run_scripts(con: duckdb.DuckDBPyConnection, scripts: Sequence[str]) -> None:
    with transaction(con):
        for name in scripts:
            execute_script(con, sql(f"episodes/{name}"))


_LARGE_TABLES = ("tick", "venue_tick", "log_event", "counter", "rx_stat")
"""Tables that are complete once lines have times: they are copied to the store while the figures are computed."""


_FINDING_COLUMNS = ("run_key", "code", "severity", "venue", "text", "figures", "lines", "subject")


def _finding_rows(run_findings: Sequence[Finding]) -> Iterator[tuple[object, ...]]:
    for each in run_findings:
        lines = msgspec.json.encode(each.lines).decode()
        yield RUN_KEY, each.code, each.severity, each.venue, each.text, list(each.figures), lines, each.subject


def _write_analysis(con: duckdb.DuckDBPyConnection, analysis: RunAnalysis) -> None:
    insert_rows(con, "figure", FIGURE_COLUMNS, rows(RUN_KEY, analysis.figures))
    insert_rows(con, "finding", _FINDING_COLUMNS, _finding_rows(analysis.findings))
    document = msgspec.json.encode(redact_all(msgspec.to_builtins(analysis))).decode()
    insert_rows(con, "analysis", ("run_key", "json"), [(RUN_KEY, document)])


def _write_ledgers(con: duckdb.DuckDBPyConnection, ledgers: Sequence[FileLedger]) -> None:
    for ledger in ledgers:
        if ledger.lines != ledger.used + ledger.other + sum(ledger.set_aside.values()):
            counts = f"{ledger.used} used, {ledger.other} other and {ledger.set_aside}"
            raise AssertionError(f"{ledger.file}: {ledger.lines} lines, but {counts}")
    columns = ("file", "role", "bytes", "sha256", "lines", "used", "other", "copy_of")
    files = [(RUN_KEY, number, *(getattr(each, name) for name in columns)) for number, each in enumerate(ledgers)]
    insert_rows(con, "file", ("run_key", "file_no", *columns), files)
    aside = [
        (RUN_KEY, number, each.line, each.byte, each.reason)
        for number, ledger in enumerate(ledgers)
        for each in ledger.where
    ]
    insert_rows(con, "set_aside_line", ("run_key", "file_no", "line", "byte", "reason"), aside)
    rest = [
        (RUN_KEY, number, reason, lines)
        for number, ledger in enumerate(ledgers)
        for reason, lines in ledger.unlisted.items()
    ]
    insert_rows(con, "set_aside_rest", ("run_key", "file_no", "reason", "lines"), rest)
