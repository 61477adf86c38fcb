"""Warnings about a pair of runs as a whole: what differs beside the change, and what is not known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from toolkit.analysis.settings import KnownSettings, setting_differences
from toolkit.comparison.comparability import (
    BLOCKED,
    DURATION_RATIO,
    RunSide,
    blocked_sides,
    length_difference,
    run_pairs,
    runs_text,
)
from toolkit.comparison.conditions.builds import build_rows
from toolkit.comparison.conditions.overlap import SAME_MARKET_CORRELATION
from toolkit.model.comparisons import MarketMatch, RunOverlap, SettingRow, different_settings
from toolkit.model.runs import RunInfo
from toolkit.model.units import duration
from toolkit.model.vocabulary import BuildState, SettingKind


def side_warnings(
    befores: Sequence[RunSide],
    afters: Sequence[RunSide],
    known_settings: KnownSettings,
    common: RunOverlap | None,
    market: Sequence[MarketMatch],
) -> Iterator[str]:
    """Yield warnings about all runs, each once. The first runs have their overlap and their market, the others none.

    Every run is held against the first of the other side, and so is every other run of its own side: a setting or build
    that varies within a side is no part of the change.
    """
    found = dict[str, None]()
    for number, (before, after) in enumerate(run_pairs(befores, afters)):
        settings = setting_differences(before.run, after.run, known_settings) or ()
        of_pair = (
            _warnings(before, after, settings, (*befores, *afters), common, market)
            if number == 0
            else _warnings(before, after, settings)
        )
        found.update(dict.fromkeys(of_pair))
    yield from found
    for side in (befores, afters):
        for other in side[1:]:
            yield from _within_side(side[0], other, known_settings)


def _within_side(first: RunSide, other: RunSide, known_settings: KnownSettings) -> Iterator[str]:
    settings = setting_differences(first.run, other.run, known_settings) or ()
    differ = [row.name for row in settings if row.kind is SettingKind.DIFFERS]
    differ += [row.name for row in build_rows(first.run, other.run) if row.state is BuildState.DIFFERENT]
    hosts = [run.run.origin.get("host") for run in (first, other)]
    differ += ["host"] if all(hosts) and hosts[0] != hosts[1] else []
    if differ:
        yield f"{first.name} and {other.name} are not alike: {', '.join(differ[:_MOST_NAMED])} differ"


def _warnings(
    before: RunSide,
    after: RunSide,
    settings: Sequence[SettingRow],
    everyone: Sequence[RunSide] = (),
    common: RunOverlap | None = None,
    market: Sequence[MarketMatch] | None = None,
) -> Iterator[str]:
    """Yield warnings about the pair as a whole, one sentence each without its full stop.

    `everyone` are the runs that are named where they do not record their settings.
    `common` is the time in which both ran, `market` the match of their prices in it, None where that is not asked for.
    """
    sides = (before, after)
    if before.run.id == after.run.id:
        yield "both sides are the same run"
    unknown_feed = [side.name for side in sides if side.run.simulated is None and side.run.ended not in BLOCKED]
    if unknown_feed:
        yield f"it is not known whether the feed was simulated or live ({', '.join(unknown_feed)})"
    if blocked_sides(*sides):
        return
    different = ", ".join(sorted(set(before.run.venues) ^ set(after.run.venues)))
    if different:
        yield f"the runs have different venues: {different} on one side only"
    lengths = length_difference(before, after)
    if lengths:
        yield f"{lengths}: counts are compared by their hourly rates"
    if before.run.id != after.run.id:
        yield from _record_warnings([run for run in everyone if run.run.ended not in BLOCKED])
        yield from _setting_warnings(before.run, after.run, settings)
        if market is not None:
            yield from _market_warnings(before.run, after.run, common, market)


def _record_warnings(runs: Sequence[RunSide]) -> Iterator[str]:
    not_recorded = [each.name for each in runs if each.run.settings is None and not each.run.setting_sources]
    if not_recorded:
        verb = "does not record its" if len(not_recorded) == 1 else "do not record their"
        yield f"the {runs_text(not_recorded)} {verb} settings, so it is not known whether they were equal"
    printed_only = [each.name for each in runs if each.run.settings is None and each.run.setting_sources]
    if printed_only:
        verb = "does not record its" if len(printed_only) == 1 else "do not record their"
        yield (
            f"the {runs_text(printed_only)} {verb} environment: settings that are not printed in a file may differ too"
        )


def _setting_warnings(before: RunInfo, after: RunInfo, settings: Sequence[SettingRow]) -> Iterator[str]:
    undocumented = sorted({*before.settings_withheld, *after.settings_withheld})
    if undocumented:
        yield f"settings with undocumented names, not compared: {', '.join(undocumented)}"
    differ = different_settings(settings)
    if differ:
        yield _differences_text(differ)


def _differences_text(rows: Sequence[SettingRow]) -> str:
    """Return a sentence that names the first settings that differ, with both values."""
    named = "; ".join(f"{each.name} {_value(each.before)} → {_value(each.after)}" for each in rows[:_MOST_NAMED])
    more = f" and {len(rows) - _MOST_NAMED} more" if len(rows) > _MOST_NAMED else ""
    if len(rows) == 1:
        return f"1 setting differs: {named}"
    consequence = "no difference of a figure can be attributed to one of them alone"
    return f"{len(rows)} settings differ, so {consequence}: {named}{more}"


_MOST_NAMED = 3


def _value(value: str | None) -> str:
    return "not set" if value is None else value or "empty"


def _market_warnings(
    before: RunInfo, after: RunInfo, common: RunOverlap | None, market: Sequence[MarketMatch]
) -> Iterator[str]:
    # A seed makes simulated prices, whenever the run takes place; seeds that differ are a setting that differs.
    if all(run.settings and "--seed" in run.settings for run in (before, after)):
        return
    if common is not None and not common.overlap_ms:
        yield "the runs do not overlap: prices of different times"
        return
    if common is None or not any(each.matched for each in market):
        yield "at least one run does not record what the market did, so it is not known whether it did the same"
        return
    if common.share < DURATION_RATIO[0]:
        yield f"the runs overlap for {duration(common.overlap_ms)}: prices are compared in that time only"
    matched = {each.venue: each.correlation for each in market if each.matched}
    without = sorted({*before.venues, *after.venues} - matched.keys())
    if without:
        yield f"no prices of the same time in both runs: {', '.join(without)}"
    differ = [f"{venue} (r = {r:.3f})" for venue, r in matched.items() if r is not None and r < SAME_MARKET_CORRELATION]
    if differ:
        yield f"prices of the same time differ: {', '.join(differ)}"
