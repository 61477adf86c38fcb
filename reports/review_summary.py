"""What a reviewer asks of two runs first: what differs in how they were made, did the gates pass, what was lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath

from reports.elements import Align, Cell, CellKind, Column, Table
from reports.format import NOTHING, number, setting
from reports.run_view import RunView
from toolkit.model.comparisons import RunComparison, SettingRow
from toolkit.model.gates import GateResult, GateRow
from toolkit.model.runs import FileLedger
from toolkit.model.units import duration, thousands
from toolkit.model.vocabulary import GateVerdict, Role, SetAside, SettingKind, Verdict

_Ruled = tuple[GateRow | None, GateRow | None]
"""One rule on both sides; None where it says nothing of a side."""


@dataclass(frozen=True)
class ReviewSummary:
    """Two runs beside what was decided of them; `gates` are the verdicts on both sides."""

    comparison: RunComparison
    sides: tuple[RunView, RunView]
    gates: tuple[GateResult, GateResult] | None

    def settings(self, kind: SettingKind) -> tuple[SettingRow, ...]:
        """The settings of both runs that are equal, differ, or differ by their place alone."""
        return tuple(row for row in self.comparison.settings or () if row.kind == kind)

    @property
    def settings_table(self) -> Table:
        """The settings that differ, with what holds where one is not set."""
        rows = self.settings(SettingKind.DIFFERS)
        return Table(_SETTING_COLUMNS, tuple(_setting_row(row) for row in rows))

    @property
    def unsettled(self) -> tuple[RunView, ...]:
        """The sides whose files do not hold their settings."""
        return tuple(run for run in self.sides if run.analysis.run.settings is None)

    @property
    def provenance(self) -> Mapping[str, list[str]]:
        """The files that both producers wrote of themselves, by whether their content is the same."""
        before, after = (
            {_plain_name(each): each.sha256 for each in run.ledger if each.role is Role.PROVENANCE}
            for run in self.sides
        )
        words = {True: "The same file on both sides", False: "Not the same file on both sides"}
        both = [(words[digest == after[name]], name) for name, digest in before.items() if name in after]
        return {said: [name for same, name in both if same == said] for said in words.values() if said in dict(both)}

    @property
    def origins(self) -> tuple[str, ...]:
        """What is told of where the runs come from, in order."""
        return tuple(dict.fromkeys(name for run in self.sides for name in run.analysis.run.origin))

    @property
    def withheld(self) -> Mapping[str, int]:
        """How many rows may not be compared, by whether a side, both or none lack the value."""
        rows = [row for row in self.comparison.rows if row.verdict is Verdict.NOT_COMPARABLE]
        lacking = Counter((row.before is None) + (row.after is None) for row in rows)
        words = {
            2: "known on neither side",
            1: "known on one side only",
            0: "known on both sides and yet withheld",
        }
        return {words[sides]: lacking[sides] for sides in words if lacking[sides]}

    @property
    def gate_table(self) -> Table:
        """The rules that did not pass on a side that ran, both values and verdicts beside their limit."""
        return Table(_GATE_COLUMNS, tuple(self._gate_row(rows) for rows in self._ruled if not self._passed(rows)))

    @property
    def gate_passed(self) -> int:
        """How many rules passed on every side that ran."""
        return sum(self._passed(rows) for rows in self._ruled)

    def _passed(self, rows: _Ruled) -> bool:
        ran = [row for run, row in zip(self.sides, rows, strict=True) if row is not None and not run.blocked]
        return all(row.verdict is GateVerdict.PASS for row in ran)

    @property
    def gated(self) -> tuple[tuple[RunView, GateResult], ...]:
        """Each side with the verdict on it."""
        return tuple(zip(self.sides, self.gates or (), strict=False))

    def judged(self, run: RunView, gate: GateResult) -> str:
        """The reason of a verdict in a few words, with the figures that failed."""
        failed = [row.figure for row in gate.rules if row.verdict is GateVerdict.FAIL]
        if failed:
            first = ", ".join(f"{name} {run.words(name)}" for name in failed[:3])
            more = f" and {len(failed) - 3} more" if len(failed) > 3 else ""
            return f"{len(failed)} of {len(gate.rules)} rules failed: {first}{more}"
        if gate.verdict is GateVerdict.PASS:
            return f"all {sum(row.verdict is GateVerdict.PASS for row in gate.rules)} rules that apply"
        told = f": {run.diagnosis.text}" if run.diagnosis else ""
        return "it never ran" if run.blocked else gate.why.replace(told, "").rstrip(".")

    @property
    def rules(self) -> int:
        """How many rules there are for a side that ran."""
        return len(self._ruled)

    @property
    def _ruled(self) -> list[_Ruled]:
        before, after = ({(row.rule, row.figure): row for row in gate.rules} for gate in self.gates or ())
        ran = [rows for run, rows in zip(self.sides, (before, after), strict=True) if not run.blocked]
        return [(before.get(key), after.get(key)) for key in dict.fromkeys(key for rows in ran for key in rows)]

    def _gate_row(self, rows: _Ruled) -> tuple[Cell, ...]:
        (ruled, *_) = (row for row in rows if row is not None)
        cells = (cell for run, row in zip(self.sides, rows, strict=True) for cell in _judged(run, row))
        return (Cell(ruled.figure, ruled.figure, kind=CellKind.NAME), *cells, Cell(ruled.rule, kind=CellKind.NAME))

    @property
    def lost(self) -> Mapping[str, tuple[str, ...]]:
        """What is missing of each side's evidence, a phrase each; empty where neither side lacks anything."""
        phrases = {run.side: tuple(_lost(run)) for run in self.sides}
        return phrases if any(phrases.values()) else {}


def _lost(run: RunView) -> Iterator[str]:
    """The lines that could not be read, the ticks that are not there, and the end of a run that was cut short."""
    if run.blocked:
        yield "the whole run: it never began"
        return
    for file in run.ledger:
        torn = {reason: count for reason, count in file.set_aside.items() if count and reason != SetAside.BLANK}
        yield from (f"{thousands(count)} of {_lines(file)} ({reason})" for reason, count in sorted(torn.items()))
    if run.died:
        yield "the rest of the run, which was cut short"
    missing, hole_ms = run.value("run.ticks_missing"), run.value("run.hole_ms")
    if missing is None:
        yield "whether ticks are missing is not known"
    elif missing:
        yield f"{number(missing)} ticks that were not recorded"
    if hole_ms:
        yield f"{duration(hole_ms)} between records that are too far apart"
    if errors := run.value("run.telemetry.write_errors"):
        yield f"{number(errors)} records that could not be written"


def _lines(file: FileLedger) -> str:
    return f"{thousands(file.lines)} lines of {file.file}"


def _plain_name(file: FileLedger) -> str:
    return PurePath(file.file).name.removesuffix(".gz").removesuffix(".zst")


def _judged(run: RunView, row: GateRow | None) -> tuple[Cell, Cell]:
    if row is None:
        return Cell(NOTHING), Cell(NOTHING)
    value = run.words(row.figure) if row.figure in run.figures else NOTHING
    return Cell(value, row.figure), Cell(row.verdict.replace("_", " "), strong=row.verdict is GateVerdict.FAIL)


def _setting_row(row: SettingRow) -> tuple[Cell, ...]:
    return Cell(row.name, kind=CellKind.NAME), Cell(setting(row, row.before)), Cell(setting(row, row.after))


_SETTING_COLUMNS = (Column("setting"), Column("before"), Column("after"))
_GATE_COLUMNS = (
    Column("figure"),
    Column("before", Align.RIGHT),
    Column("verdict"),
    Column("after", Align.RIGHT),
    Column("verdict"),
    Column("rule"),
)
