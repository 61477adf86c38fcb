"""Properties that hold for any input files: an analysis or an `InputError`, and a complete line ledger."""

from __future__ import annotations

import random
import re
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

from tests.fuzz.mutate import ARCHIVE_FOLDER, damaged, intact_runs, write, write_compressed, write_zip
from toolkit.analysis.pipeline import DEFAULT_OPTIONS, Options, analyze
from toolkit.model.errors import InputError
from toolkit.model.figures import Figure
from toolkit.model.runs import RunAnalysis


def analysis_or_error(path: Path, options: Options) -> RunAnalysis | str:
    """Return the analysis, or the text of the `InputError`; any other exception is a fault of the toolkit."""
    try:
        return analyze([str(path)], options=options)
    except InputError as error:
        return error.why


def check_ledger(analysis: RunAnalysis, files: dict[str, bytes]) -> None:
    """Assert that the ledger has all lines and bytes of the files."""
    for ledger in analysis.ledger:
        content = files[Path(ledger.file).name.removesuffix(".gz").removesuffix(".zst")]
        assert ledger.lines == ledger.used + ledger.other + sum(ledger.set_aside.values()), ledger
        assert ledger.lines == content.count(b"\n") + (bool(content) and not content.endswith(b"\n")), ledger
        assert ledger.bytes == len(content), ledger


_PACKED = re.compile(rf"{re.escape(ARCHIVE_FOLDER)}|(?<=\w)\.(?:gz|zst)\b")


def as_plain_files(figures: tuple[Figure, ...]) -> tuple[Figure, ...]:
    """Return the figures as they are for plain files: their notes name files, with the folder or the ending of others."""
    return tuple(replace(each, note=each.note and _PACKED.sub("", each.note)) for each in figures)


def check(seed: int, folder: Path, compressed: bool, options: Options) -> str:
    """Damage a run by `seed`, analyse it, and return "analysed" or "refused".

    With `compressed` the same files are also read compressed and as an archive, with the same result.
    """
    rng = random.Random(seed)
    files = damaged(rng, rng.choice(intact_runs()))
    write(folder / "plain", files)
    result = analysis_or_error(folder / "plain", options)
    if isinstance(result, RunAnalysis):
        check_ledger(result, files)
    if compressed:
        write_compressed(rng, folder / "compressed", files)
        write_zip(folder / "archive.zip", files)
        for other in (
            analysis_or_error(folder / "compressed", options),
            analysis_or_error(folder / "archive.zip", options),
        ):
            if isinstance(result, RunAnalysis):
                assert isinstance(other, RunAnalysis), other
                assert (other.run.id, as_plain_files(other.figures)) == (result.run.id, result.figures)
            else:
                assert isinstance(other, str), other
    return "analysed" if isinstance(result, RunAnalysis) else "refused"


AGES = Options(scope="ages")


def run(seed: int, count: int, folder: Path, compressed_every: int = 10, full_every: int = 1) -> Counter[str]:
    """Check `count` damaged runs; return the number of each outcome. A failure names its own seed.

    Every `full_every`th run is analysed fully, the others for ages only. Every `compressed_every`th is also read
    compressed.
    """
    outcomes: Counter[str] = Counter()
    for number in range(seed, seed + count):
        run_folder = folder / str(number)
        run_folder.mkdir()
        try:
            options = DEFAULT_OPTIONS if number % full_every == 0 else AGES
            outcomes[check(number, run_folder, number % compressed_every == 0, options)] += 1
        except BaseException as error:
            error.add_note(f"seed {number}: python -m tests.fuzz --seed {number} --count 1")
            raise
        shutil.rmtree(run_folder)
    return outcomes
