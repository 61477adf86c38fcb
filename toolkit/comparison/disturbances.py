"""Disturbances of a run: a restart, a crash, a kill, an early end. Its figures show no improvement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from toolkit.comparison.comparability import BLOCKED, DIED, DURATION_RATIO, RunSide
from toolkit.model.runs import Diagnosis, LineRef
from toolkit.model.units import duration
from toolkit.model.vocabulary import DiagnosisCode, Ended


class Disturbance(NamedTuple):
    """One disturbance of the run `side`: as a short phrase after the name of the side, and as a sentence."""

    side: str
    short: str
    sentence: str


def disturbances(before: RunSide, after: RunSide) -> list[Disturbance]:
    """Return the disturbances of both runs. A run that never ran has none."""
    return disturbances_of_all((before,), (after,))


def disturbances_of_all(befores: Sequence[RunSide], afters: Sequence[RunSide]) -> list[Disturbance]:
    """Return the disturbances of all runs of both sides, each held against the first run of the other side."""
    sides = [*((side, afters[0]) for side in befores), *((side, befores[0]) for side in afters)]
    return [each for side, other in sides if side.run.ended not in BLOCKED for each in _of_side(side, other)]


def sentences(disturbed: Sequence[Disturbance]) -> tuple[str, ...]:
    """Return the sentence of each disturbance, without its full stop."""
    return tuple(f"{each.side}: {each.sentence}" for each in disturbed)


def _of_side(side: RunSide, other: RunSide) -> Iterator[Disturbance]:
    run = side.run
    if run.lives > 1:
        times = "once" if run.lives == 2 else f"{run.lives - 1} times"
        lines = f", {_lines(run.starts[1:])}" if len(run.starts) == run.lives else ""
        sentence = f"the process restarted {times} ({run.lives} lives){lines}"
        yield Disturbance(side.name, f"restarted {times}", sentence)
    lasted = f" after {duration(side.observed_ms)}" if side.observed_ms else ""
    if run.ended in DIED:
        stated = run.diagnosis is not None and duration(side.observed_ms or 0) in run.diagnosis.text
        sentence = f"{run.ended}{'' if stated else lasted}{_cause(run.diagnosis)}"
        yield Disturbance(side.name, f"ended early ({run.ended})", sentence)
    elif run.diagnosis and run.diagnosis.code == DiagnosisCode.KILL_SWITCH:
        yield Disturbance(side.name, "was stopped by its kill switch", f"stopped{lasted}{_cause(run.diagnosis)}")
    elif why := _early_end(side, other):
        yield Disturbance(side.name, "ended early", f"ended early{lasted}: {why}")


def _early_end(side: RunSide, other: RunSide) -> str | None:
    """Return why the end of a run is early, for one whose end nothing explains; None for a part of a run."""
    run, observed = side.run, side.observed_ms
    if run.window is not None or run.ended is Ended.STILL_RUNNING or not observed:
        return None
    if run.requested_ms:
        requested = duration(run.requested_ms)
        return f"{requested} were requested" if observed < DURATION_RATIO[0] * run.requested_ms else None
    if run.ended is not Ended.COMPLETED and other.observed_ms and other.observed_ms > DURATION_RATIO[1] * observed:
        return f"the other run lasted {duration(other.observed_ms)}"
    return None


def _cause(diagnosis: Diagnosis | None) -> str:
    if diagnosis is None:
        return ""
    at = f" ({_lines([(diagnosis.file, diagnosis.line)])})" if diagnosis.file and diagnosis.line else ""
    return f": {diagnosis.text}{at}"


def _lines(lines: tuple[LineRef, ...] | list[LineRef]) -> str:
    """Return the lines as text: `run.log line 98`, `run.log lines 98 and 150`, or each with its file."""
    files = {file for file, _ in lines}
    if len(files) > 1:
        return ", ".join(f"{file} line {line}" for file, line in lines)
    numbers = [str(line) for _, line in lines]
    named = numbers[0] if len(numbers) == 1 else f"{', '.join(numbers[:-1])} and {numbers[-1]}"
    return f"{files.pop()} line{'s' if len(numbers) > 1 else ''} {named}"
