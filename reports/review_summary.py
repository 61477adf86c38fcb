"""Answers to a reviewer's first questions about two runs: settings, builds, gate verdicts, missing data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath

from reports.elements import Align, Cell, CellKind, Column, Table
from reports.format import NOTHING, number, setting
from reports.views.run import RunView
from toolkit.model.comparisons import RunComparison, SettingRow
from toolkit.model.gates import GateResult, GateRow
from toolkit.model.runs import FileLedger
from toolkit.model.units import duration, thousands
from toolkit.model.vocabulary import GateVerdict, Role, SetAside, SettingKind, Verdict

_RulePair = tuple[GateRow | None, GateRow | None]
"""One gate rule on both sides; None on a side to which it does not apply."""


@dataclass(frozen=True)
class ReviewSummary:
    """Two runs, their comparison, and the gate results of both sides."""

    comparison: RunComparison
    sides: tuple[RunView, RunView]
    gates: tuple[GateResult, GateResult] | None

    def settings(self, kind: SettingKind) -> tuple[SettingRow, ...]:
        """Return the settings of one kind: equal, different, or different only in run directory or simulator port."""
        return tuple(row for row in self.comparison.settings or () if row.kind == kind)

    @property
    def settings_table(self) -> Table:
        """Table of the settings that differ, with the default where one is not set, and the lines that state them."""
        rows = (*self.settings(SettingKind.UNDER_TEST), *self.settings(SettingKind.DIFFERS))
        return Table(_SETTING_COLUMNS, tuple(_setting_row(row) for row in rows))

    @property
    def without_settings(self) -> tuple[RunView, ...]:
        """Sides of which no file states a setting."""
        runs = ((run, run.analysis.run) for run in self.sides)
        return tuple(view for view, run in runs if run.settings is None and not run.setting_sources)

    @property
    def without_environment(self) -> tuple[RunView, ...]:
        """Sides whose environment is not recorded, so that only the settings that they print are known."""
        stating = (run for run in self.sides if run not in self.without_settings)
        return tuple(run for run in stating if run.analysis.run.settings is None)

    def listed_settings(self, kind: SettingKind) -> tuple[tuple[SettingRow, ...], int]:
        """Return the settings of one kind that a page lists, and the number in the resolved configuration."""
        rows = self.settings(kind)
        listed = tuple(row for row in rows if not row.name.startswith(_CONFIGURATION))
        return listed, len(rows) - len(listed)

    @property
    def provenance_files(self) -> Mapping[str, list[str]]:
        """Names of the provenance files that both runs have, by whether their content is equal."""
        before, after = (
            {_plain_name(each): each.sha256 for each in run.ledger if each.role is Role.PROVENANCE}
            for run in self.sides
        )
        labels = {True: "Identical files on both sides", False: "Files that differ between the sides"}
        common = [(labels[digest == after[name]], name) for name, digest in before.items() if name in after]
        return {
            label: [name for each, name in common if each == label]
            for label in labels.values()
            if label in dict(common)
        }

    @property
    def origin_names(self) -> tuple[str, ...]:
        """Names of the origin entries (host, command, checkout) that either run records, in their order."""
        return tuple(dict.fromkeys(name for run in self.sides for name in run.analysis.run.origin))

    @property
    def not_comparable_counts(self) -> Mapping[str, int]:
        """Number of rows that may not be compared, by how many sides have a value."""
        rows = [row for row in self.comparison.rows if row.verdict is Verdict.NOT_COMPARABLE]
        missing = Counter((row.before is None) + (row.after is None) for row in rows)
        labels = {2: "known on neither side", 1: "known on one side only", 0: "known on both sides"}
        return {labels[sides]: missing[sides] for sides in labels if missing[sides]}

    @property
    def gate_table(self) -> Table:
        """Table of the rules that did not pass on every side that ran: values, verdicts and limits."""
        return Table(_GATE_COLUMNS, tuple(self._gate_row(rows) for rows in self._rule_pairs if not self._passed(rows)))

    @property
    def passed_rules(self) -> int:
        """Number of rules that passed on every side that ran."""
        return sum(self._passed(rows) for rows in self._rule_pairs)

    def _passed(self, rows: _RulePair) -> bool:
        ran = [row for run, row in zip(self.sides, rows, strict=True) if row is not None and not run.blocked]
        return all(row.verdict is GateVerdict.PASS for row in ran)

    @property
    def gate_results(self) -> tuple[tuple[RunView, GateResult], ...]:
        """Each side with its gate result."""
        return tuple(zip(self.sides, self.gates or (), strict=False))

    def gate_reason(self, run: RunView, gate: GateResult) -> str:
        """Return the reason of a gate verdict as a short phrase, with the first figures that failed."""
        failed = [row.figure for row in gate.rules if row.verdict is GateVerdict.FAIL]
        if failed:
            first = ", ".join(f"{name} {run.text(name)}" for name in failed[:3])
            more = f" and {len(failed) - 3} more" if len(failed) > 3 else ""
            return f"{len(failed)} of {len(gate.rules)} rules failed: {first}{more}"
        if gate.verdict is GateVerdict.PASS:
            return f"all {sum(row.verdict is GateVerdict.PASS for row in gate.rules)} applicable rules passed"
        diagnosis = f": {run.diagnosis.text}" if run.diagnosis else ""
        return "the run never ran" if run.blocked else gate.why.replace(diagnosis, "").rstrip(".")

    @property
    def rule_count(self) -> int:
        """Number of rules that apply to a side that ran."""
        return len(self._rule_pairs)

    @property
    def _rule_pairs(self) -> list[_RulePair]:
        before, after = ({(row.rule, row.figure): row for row in gate.rules} for gate in self.gates or ())
        ran = [rows for run, rows in zip(self.sides, (before, after), strict=True) if not run.blocked]
        return [(before.get(key), after.get(key)) for key in dict.fromkeys(key for rows in ran for key in rows)]

    def _gate_row(self, rows: _RulePair) -> tuple[Cell, ...]:
        (first, *_) = (row for row in rows if row is not None)
        cells = (cell for run, row in zip(self.sides, rows, strict=True) for cell in _rule_cells(run, row))
        return (Cell(first.figure, first.figure, kind=CellKind.NAME), *cells, Cell(first.rule, kind=CellKind.NAME))

    @property
    def missing_data(self) -> Mapping[str, tuple[str, ...]]:
        """Phrases for the missing data of each side; empty if no data of either side is missing."""
        phrases = {run.side: tuple(missing_data(run)) for run in self.sides}
        return phrases if any(phrases.values()) else {}


def missing_data(run: RunView) -> Iterator[str]:
    """Yield phrases for lines that could not be read, missing ticks and gaps, and the end of a run cut short."""
    if run.blocked:
        yield "the whole run, which never started"
        return
    for file in run.ledger:
        if file.copy_of is not None or file.role is Role.ARTIFACT:
            continue
        unread = {reason: count for reason, count in file.set_aside.items() if count and reason != SetAside.BLANK}
        yield from (f"{thousands(count)} of {_lines(file)} ({reason})" for reason, count in sorted(unread.items()))
    if run.died:
        yield "the rest of the run, which was cut short"
    missing, hole_ms = run.value("run.ticks_missing"), run.value("run.hole_ms")
    if missing is None:
        yield "the number of missing ticks is not known"
    elif missing:
        yield f"{number(missing)} ticks that were not recorded"
    if unrecorded := run.value("run.ticks_unrecorded"):
        ticks = "1 tick" if unrecorded == 1 else f"{number(unrecorded)} ticks"
        yield f"{ticks} after the last record"
    if hole_ms:
        yield f"{duration(hole_ms)} in gaps between records"
    if errors := run.value("run.telemetry.write_errors"):
        yield f"{number(errors)} records that could not be written"


def _lines(file: FileLedger) -> str:
    return f"{thousands(file.lines)} lines of {file.file}"


def _plain_name(file: FileLedger) -> str:
    return PurePath(file.file).name.removesuffix(".gz").removesuffix(".zst")


def _rule_cells(run: RunView, row: GateRow | None) -> tuple[Cell, Cell]:
    if row is None:
        return Cell(NOTHING), Cell(NOTHING)
    value = run.text(row.figure) if row.figure in run.figures else NOTHING
    return Cell(value, row.figure), Cell(row.verdict.replace("_", " "), strong=row.verdict is GateVerdict.FAIL)


def _setting_row(row: SettingRow) -> tuple[Cell, ...]:
    sources = dict.fromkeys(_source_text(each) for each in (row.before_source, row.after_source) if each)
    return (
        Cell(row.name, kind=CellKind.NAME),
        Cell(setting(row, row.before)),
        Cell(setting(row, row.after)),
        Cell(", ".join(sources) or NOTHING),
    )


def _source_text(source: tuple[str, int | None]) -> str:
    file, line = source
    return file if line is None else f"{file} line {line}"


_CONFIGURATION = "config."
"""Beginning of the names of settings of the resolved configuration, of which there are hundreds."""
_SETTING_COLUMNS = (Column("setting"), Column("before"), Column("after"), Column("stated in"))
_GATE_COLUMNS = (
    Column("figure"),
    Column("before", Align.RIGHT),
    Column("verdict"),
    Column("after", Align.RIGHT),
    Column("verdict"),
    Column("rule"),
)
