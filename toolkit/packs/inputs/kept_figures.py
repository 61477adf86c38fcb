"""Check that masking changed no figure of a run: the masked copy is analysed, and held against the original."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from pathlib import PurePath

from toolkit.model.errors import InputError
from toolkit.model.figures import Figure
from toolkit.model.runs import FileLedger, RunAnalysis


def check_figures_kept(name: str, original: RunAnalysis, masked: RunAnalysis) -> None:
    """Raise `InputError` with the first figure, count of lines, episode or fact of the run that masking changed."""
    for place, before, after in _changes(original, masked):
        raise InputError(
            name, None,
            f"cannot be packed: with its secrets masked, {place} would be {after}, not {before};"
            " remove the secret from the run by hand, or leave out the file that has it",
        )  # fmt: skip


def _changes(original: RunAnalysis, masked: RunAnalysis) -> Iterator[tuple[str, object, object]]:
    for before, after in zip_longest(original.figures, masked.figures):
        if _value(before) != _value(after):
            yield (before or after).figure, _value(before)[1:2], _value(after)[1:2]
    for old, new in _same_files(original, masked):
        counts = (
            (old.lines, old.used, old.other, dict(old.set_aside)),
            (new.lines, new.used, new.other, dict(new.set_aside)),
        )
        if counts[0] != counts[1]:
            yield f"lines, understood, other and set aside of {old.file}", *counts
    episodes = [[(e.venue, e.kind, e.from_ms, e.to_ms, e.cls) for e in each.episodes] for each in (original, masked)]
    if episodes[0] != episodes[1]:
        yield "the number of episodes", len(episodes[0]), len(episodes[1])
    for fact in ("simulated", "ended", "lives", "venues", "started_ms", "ended_ms", "observed_ms", "requested_ms"):
        if getattr(original.run, fact) != getattr(masked.run, fact):
            yield fact, getattr(original.run, fact), getattr(masked.run, fact)


def _value(figure: Figure | None) -> tuple[object, ...]:
    if figure is None:
        return (None, "absent")
    return figure.figure, figure.value, figure.unit, figure.n, figure.bound, figure.low, figure.high


def _same_files(original: RunAnalysis, masked: RunAnalysis) -> Iterator[tuple[FileLedger, FileLedger]]:
    packed = {each.file: each for each in masked.ledger}
    for ledger in original.ledger:
        if found := packed.get(PurePath(ledger.file).name):
            yield ledger, found
