"""Records of an evidence document: what people state about a change, and how the runs answer it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from toolkit.model.comparisons import RunComparison
from toolkit.model.figures import Number
from toolkit.model.gates import GateResult
from toolkit.model.runs import Finding, LineRef


class Direction(StrEnum):
    """Direction that a hypothesis expects of a figure, from the run before to the run after."""

    LOWER = "lower"
    HIGHER = "higher"
    UNCHANGED = "unchanged"
    INSTRUMENTED = "instrumented"


class Answer(StrEnum):
    """Answer of the evidence to a hypothesis or to one of its expectations."""

    SUPPORTED = "supported"
    NOT_SUPPORTED = "not supported"
    UNCHANGED = "unchanged as intended"
    INCONCLUSIVE = "inconclusive"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Expectation:
    """One expectation of a hypothesis: a direction, or limits that the value of the after run must keep.

    `within` is the range of after over before that still counts as unchanged. `setting` names the setting whose equal
    value on both sides shows that nothing was meant to change; `setting_before` and `setting_after` are the values that
    the author states for a run that prints none. `line` is the line in the specification, one-based.
    """

    figure: str
    direction: Direction | None = None
    at_most: Number | None = None
    at_least: Number | None = None
    within: tuple[float, float] | None = None
    setting: str | None = None
    line: int | None = None
    setting_before: str | None = None
    setting_after: str | None = None


@dataclass(frozen=True, slots=True)
class Citation:
    """Lines of source code that implement a hypothesis. Lines are one-based, both included."""

    text: str
    path: str
    first_line: int
    last_line: int


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A finding, what the change was expected to do about it, where it is implemented, and the commands.

    `line` is the line in the specification, one-based; `command_lines` are those of the commands.
    """

    id: str
    finding: str
    expects: tuple[Expectation, ...]
    implementation: tuple[Citation, ...] = ()
    commands: tuple[str, ...] = ()
    line: int | None = None
    command_lines: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Validation:
    """A check of the change, such as the unit tests, and the id of the command whose end decides it.

    `line` is the line in the specification, one-based.
    """

    text: str
    command: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class CommandRow:
    """One command of the evidence: a recorded one (`file` names its index), or one that the specification states.

    Times are epoch milliseconds and milliseconds. `sha256` is the digest of its standard output. A stated command has
    neither times nor a digest; its `exit_code` is None where it is not stated. `note` says why it failed or what it is.
    `blocked` means that it could not be built or started, or did not end by itself, so that its end decides nothing.
    """

    id: str
    text: str
    started_ms: int | None = None
    duration_ms: int | None = None
    exit_code: int | None = None
    signal: str | None = None
    sha256: str | None = None
    file: str | None = None
    note: str | None = None
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class Specification:
    """Content of an `evidence.toml`; `file` is its name. `interpretation` is the text of the file that it names.

    `commands` are the commands that it states, and those of the command index that it names.
    """

    file: str
    title: str
    branch: str | None = None
    base: str | None = None
    head: str | None = None
    mode: str | None = None
    scope: tuple[str, ...] = ()
    hypotheses: tuple[Hypothesis, ...] = ()
    validations: tuple[Validation, ...] = ()
    blockers: tuple[str, ...] = ()
    interpretation: str | None = None
    commands: tuple[CommandRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Observation:
    """One expectation held against the runs.

    `before` and `after` are None where they are not known. `p` is that of the declared one-sided test, `p_corrected`
    within the family of declared hypotheses, `low` and `high` the 95 % interval of the ratio (`high` None: unbounded),
    `mde` the smallest change in the expected direction, as a ratio, that this evidence shows with 80 % power. All are
    None where no test was made; `mde` is that of the test without the correction. `lines` state or contribute to the
    value of the after run, `before_lines` to that of the before run.
    """

    expectation: Expectation
    answer: Answer
    why: str
    unit: str
    before: Number | None
    after: Number | None
    p: float | None = None
    p_corrected: float | None = None
    low: float | None = None
    high: float | None = None
    mde: float | None = None
    lines: tuple[LineRef, ...] = ()
    before_lines: tuple[LineRef, ...] = ()


@dataclass(frozen=True, slots=True)
class HypothesisAnswer:
    """A hypothesis with the observation of each expectation. `answer` is that of all of them together."""

    hypothesis: Hypothesis
    answer: Answer
    observations: tuple[Observation, ...]


@dataclass(frozen=True, slots=True)
class CheckedCitation:
    """A citation held against the repository at a commit; `problem` says what does not hold, None if all does.

    `excerpt` are the cited lines and `sha256` the digest of their bytes.
    """

    citation: Citation
    problem: str | None
    excerpt: tuple[str, ...] = ()
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class ValidationResult:
    """A validation, its command, and what the command's end decides: passed, failed, blocked or not recorded."""

    validation: Validation
    command: CommandRow | None
    result: str


class FindingState(StrEnum):
    """Change of a finding between two runs. `NOW_VISIBLE`: the before run could not print what shows it.

    `NO_LONGER_VISIBLE` is the reverse: the after run could not print it, so that it may still happen.
    """

    NEW = "new"
    GONE = "gone"
    NOW_VISIBLE = "now visible"
    NO_LONGER_VISIBLE = "no longer visible"
    SAME = "same"


def run_name(side: str, number: int) -> str:
    """Return the name of a run of a side by its number from 1: `before`, `before 2`. The first has that of the side."""
    return side if number == 1 else f"{side} {number}"


@dataclass(frozen=True, slots=True)
class FindingChange:
    """A finding of either side, or of both. At least one of the two is set.

    Of several runs a side, `before` and `after` are those of the first run that has the finding: `before_side` and
    `after_side` name it (`before 2`), and `runs` are the numbers of runs that have it, before and after, each with the
    number of runs of the side. `runs` is None for one run a side.
    """

    state: FindingState
    before: Finding | None
    after: Finding | None
    before_side: str = "before"
    after_side: str = "after"
    runs: tuple[tuple[int, int], tuple[int, int]] | None = None

    @property
    def finding(self) -> Finding:
        """The finding of the after run, or of the before run where the after run has none."""
        found = self.after or self.before
        assert found is not None
        return found


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that an evidence document shows. `names` are the reader's names of the runs.

    `argv` is the command that makes the document again. `repository_problems` say which of the stated commits the
    repository does not have. `uncited` are the changed files that no hypothesis cites, None
    where they were not asked for.
    """

    comparison: RunComparison
    names: tuple[str, str]
    gates: tuple[GateResult, GateResult]
    argv: tuple[str, ...]
    specification: Specification | None = None
    answers: tuple[HypothesisAnswer, ...] = ()
    citations: tuple[CheckedCitation, ...] = ()
    validations: tuple[ValidationResult, ...] = ()
    commands: tuple[CommandRow, ...] = ()
    findings: tuple[FindingChange, ...] = ()
    repository_problems: tuple[str, ...] = ()
    uncited: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class QuotedLine:
    """Text of one cited line, its secrets masked, without the `cut` characters at its end."""

    line: int
    text: str
    cut: int = 0


@dataclass(frozen=True, slots=True)
class QuotedFile:
    """Cited lines of one file of the run `side`. `left_out` counts cited lines without text, `problem` says why."""

    side: str
    file: str
    lines: tuple[QuotedLine, ...]
    left_out: int = 0
    problem: str | None = None
