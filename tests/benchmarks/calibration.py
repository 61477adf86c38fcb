"""Calibration of the verdicts on ages: how often two runs of one build alarm, and how often a slower build is seen.

`python -m tests.benchmarks.calibration [--pairs 4000] [--seed 1]`

A pair is two runs of ten minutes of five venues; p50, p95 and p99 of each are tested by the product's own functions. An
alarm is a significant difference of more than a tick. The first table counts, over pairs of identical builds, the tests
with an alarm before the correction for their number and the pairs with any alarm after it, among those whose runs were
long enough for a verdict. The second shows how often a p50 that is 20 % higher is seen, among all pairs: one after the
other, at the same time with a slow part of its own in each build, and with a slow part common to both. The third counts,
over pairs of identical builds, the declared falls that a one-sided test shows, and the pairs with any after the correction.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import stats

from tests.benchmarks.age_profiles import PROFILES, TICK_MS, TICKS, Bools, Profile, whole_ticks
from toolkit.comparison.age_test import AgePercentiles, age_test
from toolkit.comparison.statistics import CONFIDENCE, Alternative, Floats, holm
from toolkit.model.series import AGE_BATCHES, AGE_STEPS

VENUES = 5
PERCENTILES = (50, 95, 99)
CHUNK = 100
"""Pairs in memory at a time."""
WIDEST_INTERVAL = 0.016
"""Width of the 95 % interval of a rate, above which further pairs are drawn."""
MOST_PAIRS = 3
"""Largest number of pairs that are drawn for a narrow interval, as a multiple of the least number."""


@dataclass(slots=True)
class Alarms:
    """Tests that were long enough for a verdict, and those with an alarm; pairs with such a test, and with an alarm."""

    tests: int = 0
    tested: int = 0
    alarms: int = 0
    pairs_tested: int = 0
    pairs_alarmed: int = 0

    def add(self, long_enough: Bools, beyond_a_tick: Bools, p: Floats) -> None:
        """Add pairs: arrays with one row per pair and one column per test."""
        level = 1 - CONFIDENCE
        self.tests += p.size
        self.tested += int(long_enough.sum())
        self.alarms += int((long_enough & beyond_a_tick & (p < level)).sum())
        for tested, beyond, row in zip(long_enough, beyond_a_tick, p, strict=True):
            corrected = np.array(holm(row[tested].tolist()))
            self.pairs_tested += bool(tested.any())
            self.pairs_alarmed += bool((beyond[tested] & (corrected < level)).any())


def percentiles(ages: Floats, parts: int) -> Floats:
    """Return `PERCENTILES` of each of `parts` equal parts of each run: axes percentile, run, part."""
    cut = ages.reshape(len(ages), parts, TICKS // parts)
    found: Floats = np.percentile(cut, PERCENTILES, axis=-1)
    return found


def tested(
    before: Floats, after: Floats, *, paired: bool = False, alternative: Alternative = Alternative.EITHER
) -> tuple[Bools, Bools, Floats]:
    """Test runs of one row per pair and venue; return what `Alarms.add` takes."""
    sides = [AgePercentiles(percentiles(ages, AGE_BATCHES), percentiles(ages, AGE_STEPS)) for ages in (before, after)]
    result = age_test(*sides, TICK_MS, paired=paired)
    whole = [percentiles(ages, 1)[..., 0] for ages in (before, after)]
    beyond_a_tick, p = abs(whole[1] - whole[0]) > TICK_MS, result.test.p(alternative)
    return tuple(by_pair(each) for each in (result.long_enough, beyond_a_tick, p))


def by_pair(values: Floats) -> Floats:
    """Turn axes percentile, run into pair, test."""
    return values.reshape(len(PERCENTILES), -1, VENUES).transpose(1, 0, 2).reshape(-1, len(PERCENTILES) * VENUES)


def chunks(pairs: int) -> Iterator[int]:
    """Return numbers of pairs that sum up to `pairs`."""
    yield from [CHUNK] * (pairs // CHUNK)
    if pairs % CHUNK:
        yield pairs % CHUNK


def false_alarms(
    profile: Profile,
    pairs: int,
    rng: np.random.Generator,
    *,
    paired: bool,
    alternative: Alternative = Alternative.EITHER,
) -> Alarms:
    """Test pairs of identical builds: `pairs`, and more where few of them get a verdict and the rate is inexact."""
    found = Alarms()
    for number, count in enumerate(chunks(MOST_PAIRS * pairs)):
        if number * CHUNK >= pairs and not (found.tested and width(found.alarms, found.tested) > WIDEST_INTERVAL):
            break
        before, after = (profile(rng, count * VENUES, 1.0) for _ in range(2))
        found.add(*tested(before, after, paired=paired, alternative=alternative))
    return found


def power(profile: Profile, pairs: int, rng: np.random.Generator, *, paired: bool, common: bool = False) -> float:
    """Return the share of pairs in which a p50 of +20 % is seen, uncorrected, in one direction of two."""
    seen = total = 0
    for count in chunks(-(-pairs // VENUES)):
        before = profile(rng, count * VENUES, 1.0)
        after = 1.2 * before if common else profile(rng, count * VENUES, 1.2)
        if common:
            before, after = (
                whole_ticks(ages * np.exp(0.2 * rng.standard_normal(ages.shape))) for ages in (before, after)
            )
        long_enough, beyond, p = (each[:, :VENUES] for each in tested(before, after, paired=paired))
        seen += int((long_enough & beyond & (p < 1 - CONFIDENCE)).sum())
        total += p.size
    return seen / total


def width(alarms: int, total: int) -> float:
    """Return the width of the 95 % interval of a rate."""
    low, high = stats.binomtest(alarms, total).proportion_ci(method="wilson")
    return float(high - low)


def rate(alarms: int, total: int) -> str:
    """Return a rate in per cent with its 95 % interval."""
    if not total:
        return "no verdict"
    low, high = stats.binomtest(alarms, total).proportion_ci(method="wilson")
    return f"{100 * alarms / total:.1f} ({100 * low:.1f}–{100 * high:.1f})"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=4_000, help="least pairs of identical builds per profile")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print("| design | profile | verdict possible, % of tests | alarms, % of tests | alarms after Holm, % of pairs |")
    print("|---|---|--:|--:|--:|")
    for paired in (False, True):
        for name, profile in PROFILES.items():
            found = false_alarms(profile, options.pairs, np.random.default_rng(options.seed), paired=paired)
            print(
                f"| {'paired' if paired else 'one after the other'} | {name} | {100 * found.tested / found.tests:.1f} "
                f"| {rate(found.alarms, found.tested)} | {rate(found.pairs_alarmed, found.pairs_tested)} |",
                flush=True,
            )
    print(
        "\n| profile | +20 % seen, one after the other, % | paired, slow parts of their own | paired, slow part common |"
    )
    print("|---|--:|--:|--:|")
    for name, profile in PROFILES.items():
        rng = np.random.default_rng(options.seed)
        shares = [
            power(profile, options.pairs, rng, paired=paired, common=common)
            for paired, common in ((False, False), (True, False), (True, True))
        ]
        print(f"| {name} | " + " | ".join(f"{100 * share:.1f}" for share in shares) + " |", flush=True)
    print("\n| profile | declared falls shown, % of hypotheses | after Holm, % of pairs |\n|---|--:|--:|")
    for name, profile in PROFILES.items():
        rng = np.random.default_rng(options.seed)
        found = false_alarms(profile, options.pairs, rng, paired=False, alternative=Alternative.LOWER)
        shares_shown = rate(found.alarms, found.tested), rate(found.pairs_alarmed, found.pairs_tested)
        print(f"| {name} | {' | '.join(shares_shown)} |", flush=True)


if __name__ == "__main__":
    main()
