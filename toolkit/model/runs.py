"""The records that pass between rooms: frozen, without behaviour beyond naming themselves.

JSON of a command is these records encoded as they stand (field order is the published order).
All times are epoch milliseconds, all lines one-based, all byte offsets zero-based into the decompressed file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from toolkit.model.figures import Figure, Number
from toolkit.model.vocabulary import Ended, Role, Segment

LineRef = tuple[str, int]
"""A file of the run and a one-based line in it."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What ended or blocked a run: a code to test for, one sentence to read, the line that says so."""

    code: str
    text: str
    file: str | None
    line: int | None


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a run to look at; all that is set must hold.

    `last_ms` counts back from the last record. Ticks are the producer's own numbers, both ends included, in every life.
    `every` cuts what is chosen into windows of so many ticks.
    """

    segment: Segment | None = None
    last_ms: int | None = None
    since_tick: int | None = None
    until_tick: int | None = None
    every: int | None = None

    def __str__(self) -> str:
        """In words, as a page says it; empty for the whole run."""
        since, until = self.since_tick, self.until_tick
        words = [
            self.segment and str(self.segment),
            self.last_ms and f"last {self.last_ms / 1_000:g} s",
            since is not None and (f"ticks {since} to {until}" if until is not None else f"from tick {since} on"),
            since is None and until is not None and f"to tick {until}",
        ]
        return ", ".join(word for word in words if word)


WHOLE_RUN = Window()
"""The whole run."""


@dataclass(frozen=True, slots=True)
class RunInfo:
    """A run as a whole. `id` is the start of the SHA-256 over its files' sorted digests.

    `window` says which part of the run times and figures are of, in words; None for the whole. `settings` holds the
    documented environment names and options it was made with, None where its files do not tell; `settings_withheld`
    names what was set beside them. `origin` says what it was made from and on, in words by name.
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


@dataclass(frozen=True, slots=True)
class SetAsideLine:
    """A line (or the torn part of one) that carries no figure, and why."""

    line: int
    byte: int
    reason: str


@dataclass(frozen=True, slots=True)
class FileLedger:
    """A file of the run, every line accounted for: `lines == used + sum(set_aside.values())`."""

    file: str
    role: Role
    bytes: int
    sha256: str
    lines: int
    used: int
    set_aside: Mapping[str, int]
    where: tuple[SetAsideLine, ...]


@dataclass(frozen=True, slots=True)
class Episode:
    """A stretch of time of one venue that a reader would want to see, with the log lines that belong to it."""

    venue: str
    kind: str
    from_ms: int | None
    to_ms: int | None
    cls: str | None
    reason: str | None
    lines: tuple[LineRef, ...] = ()
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence worth a reader's time, with the figures and lines it rests on."""

    code: str
    severity: str
    venue: str | None
    text: str
    figures: tuple[str, ...] = ()
    lines: tuple[LineRef, ...] = ()


@dataclass(frozen=True, slots=True)
class CompatRow:
    """A number that another tool prints for the same run, ours beside it, and why they differ."""

    tool: str
    name: str
    upstream: Number | str | None
    ours: Number | str | None
    figure: str | None
    why: str


@dataclass(frozen=True, slots=True)
class RunPart:
    """So many ticks of a run (both ends included), and the figures of these alone."""

    life: int
    since_tick: int
    until_tick: int
    from_ms: int | None
    to_ms: int | None
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class RunAnalysis:
    """All that is said of one run, or of a window of it; `parts` are the windows of so many ticks asked for."""

    run: RunInfo
    ledger: tuple[FileLedger, ...]
    figures: tuple[Figure, ...]
    episodes: tuple[Episode, ...] = ()
    findings: tuple[Finding, ...] = ()
    compat: tuple[CompatRow, ...] = ()
    parts: tuple[RunPart, ...] = ()

    def figure(self, name: str) -> Figure | None:
        """The figure of that full name, or None where the run does not have it."""
        return next((each for each in self.figures if each.figure == name), None)


@dataclass(frozen=True, slots=True)
class Session:
    """One public socket session: from its connecting line to whatever ended it.

    `reason` is None while it is open (also at the end of a life); `lines` are all lines of its ending, as one event.
    An ending that left no line has none: `ended` is then the connecting line of the session after. `ended` and
    `first_book` are lines with the number of their file. Times may be off by their `…_error_ms`. A session whose
    `beginning_lost` is not in the log begins with the first line that tells of it.
    """

    life: int
    venue: str
    session: int
    file_no: int
    began_line: int
    ended_line: int | None
    reason: str | None
    reached: str
    began_ms: int | None = None
    ended_ms: int | None = None
    first_book_ms: int | None = None
    lines: tuple[LineRef, ...] = ()
    detail: str | None = None
    ended: tuple[int, int] | None = None
    first_book: tuple[int, int] | None = None
    began_error_ms: int | None = None
    ended_error_ms: int | None = None
    first_book_error_ms: int | None = None
    beginning_lost: bool = False
