"""What must hold of any files whatever: an analysis or an error with a name, and every line accounted for."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from pathlib import Path

from tests.fuzz.mutate import damaged, whole_runs, write, write_packed, write_zip
from toolkit.analysis.pipeline import AS_IT_IS, Options, analyze
from toolkit.model.errors import InputError
from toolkit.model.runs import RunAnalysis


def said_of(path: Path, options: Options) -> RunAnalysis | str:
    """The analysis, or why there is none; any other exception is a failure of the toolkit."""
    try:
        return analyze([str(path)], options=options)
    except InputError as error:
        return error.why


def check_ledger(said: RunAnalysis, files: dict[str, bytes]) -> None:
    for ledger in said.ledger:
        content = files[Path(ledger.file).name.removesuffix(".gz").removesuffix(".zst")]
        assert ledger.lines == ledger.used + sum(ledger.set_aside.values()), ledger
        assert ledger.lines == content.count(b"\n") + (bool(content) and not content.endswith(b"\n")), ledger
        assert ledger.bytes == len(content), ledger


def check(seed: int, folder: Path, packings: bool, options: Options) -> str:
    """Damage a run by `seed`, analyse it, and give what came of it; `packings` also reads it packed otherwise."""
    rng = random.Random(seed)
    files = damaged(rng, rng.choice(whole_runs()))
    write(folder / "plain", files)
    said = said_of(folder / "plain", options)
    if isinstance(said, RunAnalysis):
        check_ledger(said, files)
    if packings:
        write_packed(rng, folder / "packed", files)
        write_zip(folder / "archive.zip", files)
        for other in (said_of(folder / "packed", options), said_of(folder / "archive.zip", options)):
            if isinstance(said, RunAnalysis):
                assert isinstance(other, RunAnalysis), other
                assert (other.run.id, other.figures) == (said.run.id, said.figures)
            else:
                assert isinstance(other, str), other
    return "analysed" if isinstance(said, RunAnalysis) else "refused"


AGES = Options(scope="ages")


def run(seed: int, count: int, folder: Path, packings_every: int = 10, whole_every: int = 1) -> Counter[str]:
    """Check `count` damaged runs, all but each `whole_every`th for its ages alone; a failure names its own seed."""
    outcomes: Counter[str] = Counter()
    for number in range(seed, seed + count):
        place = folder / str(number)
        place.mkdir()
        try:
            options = AS_IT_IS if number % whole_every == 0 else AGES
            outcomes[check(number, place, number % packings_every == 0, options)] += 1
        except BaseException as error:
            error.add_note(f"seed {number}: python -m tests.fuzz --seed {number} --count 1")
            raise
        shutil.rmtree(place)
    return outcomes
