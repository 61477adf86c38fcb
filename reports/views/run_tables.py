"""Tables of one run: its venues, episodes, windows, figures and files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace

from reports.elements import Align, Cell, CellKind, Column, Rich, Table
from reports.format import GAP, NOTHING, UNKNOWN, number, shown
from reports.views.run import RunView
from toolkit.model.figures import Figure
from toolkit.model.runbooks.references import Runbook, reference
from toolkit.model.runs import Episode, FileLedger, LineRef
from toolkit.model.units import duration, thousands

_VENUE_METRICS = {
    "connects": "connects",
    "connect_failures": "failed",
    "reconnects": "reconnects",
    "age_apply_ms.p50": "age p50, ms",
    "age_apply_ms.p95": "p95, ms",
    "age_apply_ms.p99": "p99, ms",
    "age_apply_unknown.share": "unknown",
    "plateau_10s.count": f">{GAP}10{GAP}s",
    "plateau_10s.longest_ms": "longest",
}
"""Metrics of the table of venues, with their column titles."""
_ALWAYS_SHOWN = ("connects", "reconnects", "age_apply_ms.p50", "age_apply_ms.p95", "age_apply_ms.p99")
_CITED_LINES = 4


def venue_table(run: RunView, reasons: bool = True) -> Table:
    """Return a table with a row per venue, worst first: connects, reconnects, apply ages, ages above 10 s.

    A column without any number but 0 is left out (see `zero_columns`). `reasons` adds the reconnects by reason.
    """
    metrics = [each for each in _VENUE_METRICS if each not in _zero_metrics(run)]
    columns = (Column("venue"), *(Column(_VENUE_METRICS[each], Align.RIGHT) for each in metrics))
    rows: list[tuple[Cell | Rich, ...]] = [
        (Cell(venue), *(_venue_cell(run, venue, metric) for metric in metrics)) for venue in run.venues
    ]
    if reasons:
        columns = (*columns, Column("reconnects by reason"))
        rows = [(*row, _reasons(run, venue)) for row, venue in zip(rows, run.venues, strict=True)]
    return Table(columns, tuple(rows))


def _reasons(run: RunView, venue: str) -> Rich:
    """Return the reconnects of a venue by reason; each reason has its runbook entry."""
    parts: list[str | Cell] = []
    for reason, count in run.reason_counts(venue):
        parts += [
            ", " if parts else "",
            Cell(reason, entry=reference(Runbook.REASONS, reason)),
            f"{GAP}{number(count)}",
        ]
    return Rich(tuple(parts) or (run.by_reason(venue),))


def reasons_table(run: RunView) -> Table:
    """Return a table of the reconnects by reason, with a row per venue that had a reconnect."""
    rows = ((Cell(venue), Cell(text)) for venue in run.venues if (text := run.by_reason(venue)) != NOTHING)
    return Table((Column("venue"), Column("reconnects by reason")), tuple(rows))


def zero_columns(run: RunView) -> tuple[str, ...]:
    """Return descriptions of the columns that the table of venues leaves out, because they hold only zeros."""
    names = {
        "connect_failures": "failed connects",
        "age_apply_unknown.share": "share of time with an unknown age",
        "plateau_10s.count": "ages above 10 s",
    }
    return tuple(text for metric, text in names.items() if metric in _zero_metrics(run))


def _zero_metrics(run: RunView) -> set[str]:
    return {
        metric
        for metric in _VENUE_METRICS
        if metric not in _ALWAYS_SHOWN
        and all(_venue_text(run, venue, metric) in (NOTHING, "0", f"0.0{GAP}%") for venue in run.venues)
    }


def _venue_text(run: RunView, venue: str, metric: str) -> str:
    if "plateau" in metric and run.value(f"{venue}.plateau_10s.count") == 0:
        return NOTHING
    figure = run.figures.get(f"{venue}.{metric}")
    if metric.startswith("age_apply_ms.") and figure is not None and figure.value and not run.blocked:
        return shown(replace(figure, value=round(figure.value)), run.resolution_ms).removesuffix(f"{GAP}ms")
    return run.text(f"{venue}.{metric}").removesuffix(f"{GAP}ms")


def _venue_cell(run: RunView, venue: str, metric: str) -> Cell:
    return Cell(_venue_text(run, venue, metric), f"{venue}.{metric}")


def samples(run: RunView) -> str:
    """Return the number of ticks behind the apply ages of the venues: `2 398`, `2 397 to 2 398`."""
    counts = sorted({figure.n for venue in run.venues if (figure := run.figures.get(f"{venue}.age_apply_ms.p50"))})
    return " to ".join(number(each) for each in dict.fromkeys((counts[0], counts[-1]))) if counts else "0"


def files_text(run: RunView) -> str:
    """Return the number of files and of their lines: `6 files, 5 142 lines, 1 set aside`."""
    lines, aside = (
        (
            sum(counts)
            for counts in zip(*((each.lines, sum(each.set_aside.values())) for each in run.ledger), strict=True)
        )
        if run.ledger
        else (0, 0)
    )
    files = "1 file" if len(run.ledger) == 1 else f"{number(len(run.ledger))} files"
    return f"{files}, {number(lines)} lines, {number(aside) if aside else 'none'} set aside"


def episodes_table(run: RunView) -> Table:
    """Return a table of the episodes in order of time: start (after the start of the run), length, reason, lines."""
    ordered = sorted(run.analysis.episodes, key=lambda each: (_start(each) or 0, each.venue))
    return Table(_EPISODE_COLUMNS, tuple(_episode_row(run, each) for each in ordered))


def episodes_text(run: RunView) -> str:
    """Return the number of episodes of each kind: `23 reconnect, 17 outage`."""
    counts = Counter(each.kind.replace("_", " ") for each in run.analysis.episodes)
    return ", ".join(f"{kind} {number(count)}" for kind, count in counts.most_common())


_EPISODE_COLUMNS = (
    Column("venue"),
    Column("episode"),
    Column("from", Align.RIGHT),
    Column("length", Align.RIGHT),
    Column("reason"),
    Column("lines"),
)


def _episode_row(run: RunView, episode: Episode) -> tuple[Cell, ...]:
    start, began = _start(episode), run.analysis.run.started_ms
    known = episode.from_ms is not None and episode.to_ms is not None
    reason = ", ".join(filter(None, (episode.reason, *episode.flags)))
    return (
        Cell(episode.venue),
        Cell(episode.kind.replace("_", " ") + (f" ({episode.cls.replace('_', ' ')})" if episode.cls else "")),
        Cell(UNKNOWN if start is None or began is None else _relative(start - began)),
        Cell(duration((episode.to_ms or 0) - (episode.from_ms or 0)).replace(" ", GAP) if known else UNKNOWN),
        Cell(reason, entry=reference(Runbook.REASONS, episode.reason) if episode.reason else None),
        Cell(_lines_text(episode.lines) or _ticks_text(episode)),
    )


def _start(episode: Episode) -> int | None:
    return episode.to_ms if episode.from_ms is None else episode.from_ms


def _relative(ms: int) -> str:
    return duration(max(ms, 0)).replace(" ", GAP)


def _lines_text(lines: Iterable[LineRef]) -> str:
    """Return cited lines by file: `run.log 114, 116 and 5 more`."""
    by_file: dict[str, list[int]] = {}
    for file, line in lines:
        by_file.setdefault(file, []).append(line)
    return "; ".join(f"{file} {_numbers(numbers)}" for file, numbers in by_file.items())


def _numbers(lines: list[int]) -> str:
    more = len(lines) - _CITED_LINES
    return ", ".join(map(str, lines[:_CITED_LINES])) + (f" and {more} more" if more > 0 else "")


def _ticks_text(episode: Episode) -> str:
    return "" if episode.from_tick is None else f"ticks {episode.from_tick} to {episode.to_tick}"


def windows_table(run: RunView, names: Collection[str]) -> Table:
    """Return a table with a row per window of ticks: ticks, life, start after the first window's, figures named."""
    windows = run.analysis.parts
    began_ms = next((window.from_ms for window in windows if window.from_ms is not None), 0)
    columns = (Column("ticks"), Column("life", Align.RIGHT), Column("from", Align.RIGHT))
    rows = []
    for window in windows:
        figures = {each.figure: each for each in window.figures}
        start = UNKNOWN if window.from_ms is None else duration(window.from_ms - began_ms)
        ticks = f"{number(window.since_tick)} to {number(window.until_tick)}"
        cells = (Cell(shown(figures.get(name), run.resolution_ms), name) for name in names)
        rows.append((Cell(ticks), Cell(number(window.life)), Cell(start), *cells))
    return Table((*columns, *(Column(name, Align.RIGHT) for name in names)), tuple(rows))


def figures_table(run: RunView, words: Collection[str]) -> Table:
    """Return a table of the figures whose name contains one of the words: value, number of samples, bound and note."""
    figures = [each for each in run.analysis.figures if any(word in each.figure for word in words)]
    return Table(_FIGURE_COLUMNS, tuple(_figure_row(run, each) for each in figures))


_FIGURE_COLUMNS = (
    Column("figure"),
    Column("value", Align.RIGHT),
    Column("n", Align.RIGHT),
    Column("bound"),
    Column("note"),
)


def _figure_row(run: RunView, figure: Figure) -> tuple[Cell, ...]:
    return (
        Cell(figure.figure, figure.figure, kind=CellKind.NAME),
        Cell(shown(figure, run.resolution_ms), figure.figure),
        Cell(thousands(figure.n)),
        Cell(figure.bound),
        Cell(figure.note or ""),
    )


def files_table(*runs: RunView) -> Table:
    """Return a table of the files of the runs: bytes, digest, and the lines read, used, other and set aside.

    The first column names the run if there are several.
    """
    first = 0 if len(runs) > 1 else 1
    rows = tuple(_file_row(run, file)[first:] for run in runs for file in run.ledger)
    return Table(_FILE_COLUMNS[first:], rows)


_FILE_COLUMNS = (
    Column("run"),
    Column("file"),
    Column("role"),
    Column("bytes", Align.RIGHT),
    Column("lines", Align.RIGHT),
    Column("used", Align.RIGHT),
    Column("other", Align.RIGHT),
    Column("set aside"),
    Column("SHA-256"),
)


def _file_row(run: RunView, file: FileLedger) -> tuple[Cell, ...]:
    counts = (file.bytes, file.lines, file.used, file.other)
    return (
        Cell(run.side or run.name),
        Cell(file.file, kind=CellKind.NAME),
        Cell(file.role.replace("_", " ")),
        *(Cell(thousands(count)) for count in counts),
        Cell(set_aside_text(file)),
        Cell(file.sha256, kind=CellKind.DIGEST),
    )


def set_aside_text(file: FileLedger) -> str:
    """Return the number of lines of a file that were set aside, by reason: `torn_tail 1`, or `0`."""
    if file.copy_of is not None:
        return f"copy of {file.copy_of}"
    return ", ".join(f"{reason} {thousands(count)}" for reason, count in sorted(file.set_aside.items()) if count) or "0"
