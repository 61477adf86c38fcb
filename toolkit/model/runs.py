"""Records of one run: what it was, its files, sessions, episodes and findings, and the whole analysis.

The JSON of `toolkit analyze` is these records; the order of the fields is the published order. Times are epoch
milliseconds, line numbers one-based, byte offsets zero-based into the decompressed file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from toolkit.model.closes import CloseGroup
from toolkit.model.figures import Figure, Number
from toolkit.model.pictures import RunPictures
from toolkit.model.recorded.run_meta import PairSide
from toolkit.model.series import AgeSeries, MidSeries
from toolkit.model.vocabulary import DiagnosisCode, Ended, FindingCode, Role, Segment

LineRef = tuple[str, int]
"""Name of a file of the run, and a one-based line in it."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Cause that ended or blocked a run: a code for programs, a sentence for readers, and the line it was read from."""

    code: DiagnosisCode
    text: str
    file: str | None
    line: int | None


@dataclass(frozen=True, slots=True)
class Window:
    """Part of a run to analyse: the ticks that meet all conditions that are set.

    `last_ms` is the time before the last record, in milliseconds. `since_tick` and `until_tick` are tick numbers of the
    producer, both included, in every life (process) of the run. `every` splits the chosen part into windows of that
    many ticks.
    """

    segment: Segment | None = None
    last_ms: int | None = None
    since_tick: int | None = None
    until_tick: int | None = None
    every: int | None = None

    def __str__(self) -> str:
        """Describe the window for a report; empty for the whole run."""
        since, until = self.since_tick, self.until_tick
        conditions = [
            self.segment and str(self.segment),
            self.last_ms and f"last {self.last_ms / 1_000:g} s",
            since is not None and (f"ticks {since} to {until}" if until is not None else f"from tick {since} on"),
            since is None and until is not None and f"to tick {until}",
        ]
        return ", ".join(each for each in conditions if each)


WHOLE_RUN = Window()


@dataclass(frozen=True, slots=True)
class SettingSource:
    """One setting of a run, and the file and line that state it; `line` is None for a file without lines.

    `variable` is the environment variable that sets it, where the file gives it another name. A `value` that the run
    changed lists every value. `note` says that a value was refused.
    """

    name: str
    value: str
    file: str
    line: int | None
    variable: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class BuildFact:
    """One fact that identifies the build of a run: a build id, a commit or a digest, and the file and line of it.

    `dirty` tells whether the commit's checkout had changes, None where that is not known.
    """

    name: str
    value: str
    file: str
    line: int | None = None
    dirty: bool | None = None


@dataclass(frozen=True, slots=True)
class RunInfo:
    """Identity, times, end and origin of a run. `id` is the start of the SHA-256 over its files' sorted digests.

    `requested_ms` and `observed_ms` are durations in milliseconds; `lives` counts the processes of the run. `window`
    describes the part of the run that times and figures cover, None for the whole run. `settings` are the documented
    environment names and options of the run, None where its files do not contain them; `settings_withheld` names other
    variables that were set. `setting_sources` are those settings and the ones that the program itself printed (in its
    log or its resolved configuration), each with its source. `origin` describes source, binaries and host by name.
    `starts` are the start-up lines in the logs, one a process where the log has them all. `build` tells its build.
    `pair` is its place in a pair of runs made side by side, None for any other run.
    """

    id: str
    label: str | None
    kind: str
    simulated: bool | None
    started_ms: int | None
    ended_ms: int | None
    requested_ms: int | None
    observed_ms: int | None
    lives: int
    ended: Ended
    diagnosis: Diagnosis | None
    venues: tuple[str, ...]
    build_id: str | None
    semantics: Mapping[str, str]
    trade_mode: str | None = None
    vintage: str | None = None
    window: str | None = None
    settings: Mapping[str, str] | None = None
    settings_withheld: tuple[str, ...] = ()
    origin: Mapping[str, str] = field(default_factory=dict)
    setting_sources: tuple[SettingSource, ...] = ()
    starts: tuple[LineRef, ...] = ()
    build: tuple[BuildFact, ...] = ()
    pair: PairSide | None = None


def pair_of(before: RunInfo, after: RunInfo) -> PairSide | None:
    """Return the pair that two runs are, as the run before has it; None if they were not made side by side."""
    first, second = before.pair, after.pair
    is_pair = first is not None and second is not None and first.id == second.id and first.side != second.side
    return first if is_pair else None


@dataclass(frozen=True, slots=True)
class SetAsideLine:
    """A line, or the torn part of a line, that contributes to no figure, and the reason."""

    line: int
    byte: int
    reason: str


@dataclass(frozen=True, slots=True)
class FileLedger:
    """Line ledger of one file: `lines == used + other + sum(set_aside.values())`.

    `used` are the lines that were understood, `other` the lines of a log that no grammar knows. `set_aside` counts
    lines by reason, `where` lists the first of each reason, `unlisted` counts the others. `bytes` and `sha256` are of
    the decompressed content.
    `cut_arrays` counts the records with more values in an array than a run may have venues.
    `copy_of` names the file that has all lines of this one, which is then not read.
    """

    file: str
    role: Role
    bytes: int
    sha256: str
    lines: int
    used: int
    set_aside: Mapping[str, int]
    where: tuple[SetAsideLine, ...]
    other: int = 0
    copy_of: str | None = None
    unlisted: Mapping[str, int] = field(default_factory=dict)
    cut_arrays: int = 0


@dataclass(frozen=True, slots=True)
class Episode:
    """Notable stretch of time of one venue, such as an outage, with its lines. `cls` is its class.

    `from_tick` and `to_tick` are the first and last tick of a stretch of ticks, such as one with a crossed book.
    """

    venue: str
    kind: str
    from_ms: int | None
    to_ms: int | None
    cls: str | None
    reason: str | None
    lines: tuple[LineRef, ...] = ()
    flags: tuple[str, ...] = ()
    from_tick: int | None = None
    to_tick: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence of the report, with the figures and lines that support it.

    `subject` tells findings of one code and venue apart, such as closes with different reasons.
    """

    code: FindingCode
    severity: str
    venue: str | None
    text: str
    figures: tuple[str, ...] = ()
    lines: tuple[LineRef, ...] = ()
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class CompatRow:
    """A number that an upstream tool prints for the run, the toolkit's number, and why they differ."""

    tool: str
    name: str
    upstream: Number | str | None
    ours: Number | str | None
    figure: str | None
    why: str


@dataclass(frozen=True, slots=True)
class RunPart:
    """Ticks `since_tick` to `until_tick` of one life (both included), and the figures of those ticks."""

    life: int
    since_tick: int
    until_tick: int
    from_ms: int | None
    to_ms: int | None
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class RunAnalysis:
    """Result of the analysis of a run or of a window of it; `parts` are windows of a fixed number of ticks.

    `age_series`, `mid_series`, `pictures` and `figure_lines` (lines of some figures, by name) are there where the
    options ask for them; they are no part of the published JSON.
    """

    run: RunInfo
    ledger: tuple[FileLedger, ...]
    figures: tuple[Figure, ...]
    episodes: tuple[Episode, ...] = ()
    findings: tuple[Finding, ...] = ()
    compat: tuple[CompatRow, ...] = ()
    parts: tuple[RunPart, ...] = ()
    closes: tuple[CloseGroup, ...] = ()
    age_series: tuple[AgeSeries, ...] = ()
    mid_series: tuple[MidSeries, ...] = ()
    pictures: RunPictures | None = None
    figure_lines: Mapping[str, tuple[LineRef, ...]] = field(default_factory=dict)

    def figure(self, name: str) -> Figure | None:
        """Return the figure with that full name; None where the run does not have it."""
        return next((each for each in self.figures if each.figure == name), None)


class Session(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One public socket session, from its connecting line to the line that ended it.

    `reason` is None while the session is open, also at the end of a life. `lines` are the lines of its ending, which
    are one event, the first `MAX_PLACES`; an ending that left no line has none, and `ended` is then the connecting line
    of the next session. `ended` and `first_book` are a file number and a line. A session with `beginning_lost` started
    before the log did: `began_line` is the first line that mentions it. `audited` is true if an audit line states the
    reason. `close_code` and `close_reason` are those of the close frame that the venue sent, None where the log prints
    none.
    """

    life: int
    venue: str
    session: int
    file_no: int
    began_line: int
    ended_line: int | None
    reason: str | None
    reached: str
    lines: tuple[LineRef, ...] = ()
    detail: str | None = None
    ended: tuple[int, int] | None = None
    first_book: tuple[int, int] | None = None
    beginning_lost: bool = False
    audited: bool = False
    close_code: int | None = None
    close_reason: str | None = None
