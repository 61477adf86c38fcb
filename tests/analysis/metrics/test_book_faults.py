"""Books that are crossed, locked, one-sided, frozen or off the market: figures, episodes, findings and excluded samples."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.analysis.metrics.sample_runs import START_MS, figure
from toolkit.analysis.metrics import catalogue
from toolkit.analysis.pipeline import Options, analyze
from toolkit.gate import evaluate
from toolkit.gate.gate_files import load_gate
from toolkit.model.errors import UsageError
from toolkit.model.runs import Episode, RunAnalysis, Window
from toolkit.model.vocabulary import OFF_MARKET_BPS, GateVerdict

DATA = Path(__file__).parents[2] / "data"
VENUES = ("extended", "hyperliquid", "aster", "lighter", "paradex")
KINDS = ("crossed", "locked", "one_sided", "frozen", "off_market")
TICKS = 40
"""Records of a made run, one per second."""


def made(
    folder: Path, venues: int = 5, limit_bps: float = OFF_MARKET_BPS, without: str = "", **columns: Any
) -> RunAnalysis:
    """Analyse a run of fresh, healthy books around 100 USD that move by 1 bps per second.

    A column gives lighter's value of one field at some ticks. `without` is a field that no record has.
    """
    lines = []
    for t in range(TICKS):
        mid = 100 + 0.01 * t
        fields: dict[str, list[Any]] = {
            "mid": [mid] * venues, "spread": [0.1] * venues, "depth": [500.0] * venues, "age": [0] * venues,
            "status": ["Healthy"] * venues,
        }  # fmt: skip
        at = 3 if venues > 3 else 0
        for name, values in columns.items():
            if t in values:
                fields[name][at] = values[t]
        named = [{"venue_index": i, "venue_id": VENUES[i]} for i in range(venues)]
        record = {
            "t": t, "treasury_guidance": {"as_of_ms": START_MS + 1_000 * t, "venues": named},
            "venue_age_ms": fields["age"], "venue_age_event_ms": fields["age"], "venue_mid_usd": fields["mid"],
            "venue_spread_usd": fields["spread"], "venue_depth_near_mid_usd": fields["depth"],
            "venue_status": fields["status"], "would_send_orders_count": 2,
            "orders": [{"venue_id": venue, "action": "place", "status": "intent"} for venue in ("lighter", "aster")],
        }  # fmt: skip
        record.pop(without, None)
        lines.append(json.dumps(record) + "\n")
    (folder / "telemetry.jsonl").write_text("".join(lines), encoding="utf-8")
    return analyze([str(folder)], options=Options(off_market_bps=limit_bps))


def values(run: RunAnalysis, kind: str, venue: str = "lighter") -> dict[str, float | None]:
    stats = ("ms", "longest_ms", "count", "intents", "longest_intents", "venue_intents")
    return {stat: figure(run, f"{venue}.book.{kind}.{stat}").value for stat in stats}


def stretches(run: RunAnalysis) -> list[tuple[str, str, int | None, int | None]]:
    """Venue, kind, first and last tick of each episode that is a stretch of ticks."""
    return [
        (each.venue, each.kind, each.from_tick, each.to_tick) for each in run.episodes if each.from_tick is not None
    ]


def drift(offset_bps: float, ticks: range) -> dict[int, float]:
    """Mids of lighter that lie so far above the others at these ticks."""
    return {t: (100 + 0.01 * t) * (1 + offset_bps / 10_000) for t in ticks}


FAULTS: Mapping[str, tuple[str, str, Mapping[str, Mapping[int, object]]]] = {
    "crossed": ("crossed", "crossed_book", {"spread": dict.fromkeys((*range(4, 7), 20), -0.1)}),
    "locked": ("locked", "locked_book", {"spread": dict.fromkeys((*range(4, 7), 20), 0.0)}),
    "one-sided": ("one_sided", "one_sided_book", {"depth": dict.fromkeys((*range(4, 7), 20), 0.0)}),
    "above the market": ("off_market", "off_market", {"mid": drift(11, range(4, 7)) | drift(30, range(20, 21))}),
    "below the market": ("off_market", "off_market", {"mid": drift(-11, range(4, 7)) | drift(-30, range(20, 21))}),
}


@pytest.mark.parametrize(("kind", "code", "columns"), FAULTS.values(), ids=FAULTS)
def test_a_wrong_book_is_timed_with_its_stretches_and_order_intents(
    tmp_path: Path, kind: str, code: str, columns: Mapping[str, Any]
) -> None:
    run = made(tmp_path, **columns)
    assert values(run, kind) == {
        "ms": 4_000, "longest_ms": 3_000, "count": 2, "intents": 8, "longest_intents": 6, "venue_intents": 4,
    }  # fmt: skip
    assert stretches(run) == [("lighter", kind, 4, 6), ("lighter", kind, 20, 20)]
    assert figure(run, "lighter.book.untrusted.share").value == pytest.approx(4 / TICKS)
    (found,) = (each for each in run.findings if each.code == code)
    assert found.venue == "lighter"
    assert "for 4.0 s" in found.text
    assert "in 2 stretches, the longest of 3.0 s (ticks 4 to 6)" in found.text
    assert "order intents in that time: 8, in the longest stretch 6, for this venue 4" in found.text
    assert found.lines == (("telemetry.jsonl", 5), ("telemetry.jsonl", 7))


def test_a_good_run_has_no_wrong_book(tmp_path: Path) -> None:
    run = made(tmp_path)
    for venue in VENUES:
        assert all(set(values(run, kind, venue).values()) == {0} for kind in KINDS)
        assert figure(run, f"{venue}.book.untrusted.share").value == 0
    assert not stretches(run)
    assert not run.findings


def coarse(step_usd: float, stuck: range = range(0)) -> dict[int, float]:
    """Mids of lighter on a grid of prices; in the stuck ticks it keeps the first of them."""
    return {t: step_usd * round((100 + 0.01 * (stuck[0] if t in stuck else t)) / step_usd) for t in range(TICKS)}


def test_a_mid_is_not_frozen_while_the_market_moves_by_less_than_the_venue_s_price_step(tmp_path: Path) -> None:
    for folder, mids, frozen_ms in (
        ("step", coarse(0.1), 0),
        ("stuck", coarse(0.1, range(15, 33)), 18_000),
        ("jump", coarse(0.01, range(10, 21)), 11_000),
    ):
        (tmp_path / folder).mkdir()
        run = made(tmp_path / folder, mid=mids, limit_bps=1_000)
        assert (folder, values(run, "frozen")["ms"]) == (folder, frozen_ms)


@pytest.mark.parametrize(
    ("repeated", "step_bps", "frozen_ms"), [(6, 3, 6_000), (5, 3, 0), (6, 0.8, 0), (20, 0.8, 20_000)]
)
def test_a_mid_is_frozen_after_five_seconds_in_which_two_others_move_by_five_bps(
    tmp_path: Path, repeated: int, step_bps: float, frozen_ms: int
) -> None:
    mids: dict[str, list[float]] = {venue: [100 + 0.01 * step_bps * t for t in range(TICKS)] for venue in VENUES}
    mids["lighter"][2 : 2 + repeated] = [mids["lighter"][2]] * repeated
    run = recorded(tmp_path, mids)
    assert values(run, "frozen")["ms"] == frozen_ms
    expected = [("lighter", "frozen_mid", 2, 1 + repeated)] if frozen_ms else []
    assert [each for each in stretches(run) if each[1] == "frozen_mid"] == expected


def recorded(folder: Path, mids: Mapping[str, Sequence[float]]) -> RunAnalysis:
    """Analyse a run of one record per second with these mids."""
    lines = [
        json.dumps({
            "t": t, "venue_mid_usd": list(row), "venue_age_ms": [0] * len(mids), "venue_age_event_ms": [0] * len(mids),
            "venue_status": ["Healthy"] * len(mids),
            "treasury_guidance": {
                "as_of_ms": START_MS + 1_000 * t,
                "venues": [{"venue_index": i, "venue_id": venue} for i, venue in enumerate(mids)],
            },
        }) + "\n"
        for t, row in enumerate(zip(*mids.values(), strict=True))
    ]  # fmt: skip
    (folder / "telemetry.jsonl").write_text("".join(lines), encoding="utf-8")
    return analyze([str(folder)])


@pytest.mark.parametrize(
    ("wrong", "off"),
    [
        ({"a": 60}, ["a"]),
        ({"a": 60, "b": 60}, ["a", "b"]),
        ({"a": 4, "b": -4, "c": 8}, []),
    ],
    ids=["one of five", "two of five", "a few bps of basis"],
)
def test_a_wrong_venue_does_not_put_the_others_off_the_market(
    tmp_path: Path, wrong: Mapping[str, float], off: list[str]
) -> None:
    run = recorded(tmp_path, {venue: [100 + wrong.get(venue, 0) / 100] * 20 for venue in "abcde"})
    assert [venue for venue in "abcde" if values(run, "off_market", venue)["ms"]] == off


def test_of_three_venues_only_the_distant_one_is_off_the_market(tmp_path: Path) -> None:
    run = recorded(tmp_path, {"a": [100.6] * 20, "b": [100.01] * 20, "c": [100.0] * 20})
    assert [values(run, "off_market", venue)["ms"] for venue in "abc"] == [20_000, 0, 0]
    (found,) = run.findings
    assert "median +59.5 bps, at most 59.5 bps" in found.text
    assert "may be a true difference of the markets (basis)" in found.text


@pytest.mark.parametrize(
    ("limit_bps", "off_ms", "note"), [(10, 3_000, None), (11.5, 0, "limit 11.5 bps"), (5, 3_000, "limit 5.0 bps")]
)
def test_the_limit_of_the_market_can_be_set_and_is_stated(
    tmp_path: Path, limit_bps: float, off_ms: int, note: str | None
) -> None:
    found = figure(made(tmp_path, limit_bps=limit_bps, mid=drift(11, range(4, 7))), "lighter.book.off_market.ms")
    assert (found.value, found.note) == (off_ms, note)


@pytest.mark.parametrize("limit_bps", [0, -1, float("nan"), float("inf")])
def test_a_limit_of_the_market_that_is_no_distance_is_refused(limit_bps: float) -> None:
    with pytest.raises(UsageError, match="must be a number of basis points above 0"):
        Options(off_market_bps=limit_bps)


@pytest.mark.parametrize(("field", "values_at"), [("age", 1_001), ("status", "Warning")], ids=["stale", "not healthy"])
def test_only_a_fresh_and_healthy_venue_is_off_the_market(tmp_path: Path, field: str, values_at: object) -> None:
    run = made(tmp_path, mid=drift(30, range(4, 9)), **{field: {5: values_at}})
    assert [each[2:] for each in stretches(run)] == [(4, 4), (6, 8)]


UNKNOWN = {
    "no spread": ("venue_spread_usd", ("crossed", "locked"), "no record carries a spread"),
    "no depth": ("venue_depth_near_mid_usd", ("one_sided",), "no record carries a depth"),
    "no status": ("venue_status", ("off_market",), "never Healthy and fresh together with two other venues"),
    "no mid": ("venue_mid_usd", KINDS, "no record has a book of this venue"),
    "no apply age": ("venue_age_event_ms", ("frozen", "off_market"), "no apply age known"),
}


@pytest.mark.parametrize(("field", "kinds", "note"), UNKNOWN.values(), ids=UNKNOWN)
def test_what_the_telemetry_does_not_carry_is_unknown(
    tmp_path: Path, field: str, kinds: Sequence[str], note: str
) -> None:
    run = made(tmp_path, without=field)
    for kind in KINDS:
        found = [figure(run, f"lighter.book.{kind}.{stat}") for stat in values(run, kind)]
        expected = {(None, note)} if kind in kinds else {(0, None)}
        assert {(each.value, each.note) for each in found} == expected, kind
    share = figure(run, "lighter.book.untrusted.share")
    if field in ("venue_mid_usd", "venue_age_event_ms"):
        assert (share.value, share.note) == (None, note)
    else:
        assert share.value == 0
        assert share.note == f"without the kinds that are not known: {', '.join(sorted(kinds))}"


def test_intents_are_unknown_where_records_carry_none(tmp_path: Path) -> None:
    run = made(tmp_path, without="would_send_orders_count", spread={4: -1.0})
    assert figure(run, "lighter.book.crossed.intents").note == "no record carries the field would_send_orders_count"
    assert (values(run, "crossed")["intents"], values(run, "crossed")["venue_intents"]) == (None, 1)


def test_two_venues_cannot_be_compared(tmp_path: Path) -> None:
    run = recorded(tmp_path, {"a": [100.6] * 20, "b": [100.0] * 20})
    assert {
        (values(run, kind, "a")["ms"], figure(run, f"a.book.{kind}.ms").note) for kind in ("frozen", "off_market")
    } == {(None, "never fresh together with two other venues")}


def test_a_venue_without_a_book_is_not_one_sided(tmp_path: Path) -> None:
    empty = dict.fromkeys(range(10), 0.0)
    run = made(tmp_path, mid=empty, depth=empty, spread=empty)
    assert not stretches(run)
    assert not run.findings


def test_a_window_has_the_wrong_books_of_its_ticks(tmp_path: Path) -> None:
    made(tmp_path, spread=dict.fromkeys(range(4, 12), -0.1))
    run = analyze([str(tmp_path)], options=Options(window=Window(since_tick=10)))
    assert values(run, "crossed")["ms"] == 2_000
    assert stretches(run) == [("lighter", "crossed", 10, 11)]


EXCLUDED = {"mid_usd": 2, "spread_usd": 2 + 3 + 1, "depth_usd": 2 + 4, "mid_step_bps": 2}


def test_excluded_samples_are_counted_beside_the_figures(tmp_path: Path) -> None:
    nothing = dict.fromkeys(range(2), 0.0)
    spread = nothing | dict.fromkeys(range(4, 7), -0.1) | {9: 0.0}
    run = made(tmp_path, mid=nothing, spread=spread, depth=nothing | dict.fromkeys(range(20, 24), 0.0))
    assert {name: figure(run, f"lighter.{name}.n_excluded").value for name in EXCLUDED} == EXCLUDED
    for name in ("mid_usd", "spread_usd", "depth_usd"):
        assert figure(run, f"lighter.{name}.p50").n + EXCLUDED[name] == TICKS
        assert figure(run, f"aster.{name}.n_excluded").value == 0
    absent = figure(made(tmp_path, without="venue_spread_usd"), "lighter.spread_usd.n_excluded")
    assert (absent.value, absent.note) == (None, "no record of this venue carries this field")


def test_records_without_a_dispersion_or_a_deviation_are_counted(tmp_path: Path) -> None:
    run = made(tmp_path, venues=2, status={5: "Stale", 6: "Disabled"}, mid={5: 0.0, 9: 0.0})
    excluded, dispersion = figure(run, "run.dispersion_usd.n_excluded"), figure(run, "run.dispersion_usd.p50")
    assert (excluded.value, excluded.n, dispersion.n) == (3, TICKS, TICKS - 3)
    absent = figure(run, "extended.fair_deviation_usd.n_excluded")
    assert (absent.value, absent.note) == (None, "no record carries the fields")
    path = tmp_path / "telemetry.jsonl"
    records = [json.loads(line) for line in path.read_text().splitlines()]
    with_fair = [each | {"fair_value": 100.0, "fv_available": n >= 4} for n, each in enumerate(records)]
    path.write_text("".join(json.dumps(each) + "\n" for each in with_fair))
    run = analyze([str(tmp_path)])
    for venue, count in (("extended", 4 + 3), ("hyperliquid", 4)):
        excluded = figure(run, f"{venue}.fair_deviation_usd.n_excluded")
        assert (excluded.value, excluded.n) == (count, TICKS)


def test_the_faults_of_a_recorded_run_are_found_as_its_venues_made_them() -> None:
    """Hyperliquid repeated its book for 10 s, lighter sent an empty one for 4 s, paradex a crossed one for 3 s."""
    run = analyze([str(DATA / "books")])
    found = {(each.venue, each.kind): seconds(each) for each in run.episodes if each.from_tick is not None}
    assert found == {
        ("hyperliquid", "frozen_mid"): 10.5, ("hyperliquid", "off_market"): 4.2, ("lighter", "one_sided"): 4.0,
        ("paradex", "crossed"): 3.0,
    }  # fmt: skip


def seconds(episode: Episode) -> float:
    assert episode.from_ms is not None
    assert episode.to_ms is not None
    return round((episode.to_ms - episode.from_ms) / 1_000, 1)


def test_a_run_of_our_own_with_sound_books_has_none_that_is_wrong() -> None:
    run = analyze([str(DATA / "own_run")])
    assert not stretches(run)
    assert {each.value for each in run.figures if each.metric == "book.untrusted.share"} == {0}


def test_the_strict_gate_fails_on_each_kind_of_wrong_book() -> None:
    rules = load_gate("strict", catalogue())
    rows = evaluate(rules.rules, analyze([str(DATA / "books")])).rules
    failed = {row.figure for row in rows if ".book." in row.figure and row.verdict is GateVerdict.FAIL}
    assert failed == {
        "hyperliquid.book.frozen.count", "hyperliquid.book.off_market.longest_ms", "hyperliquid.book.untrusted.share",
        "lighter.book.one_sided.longest_ms", "paradex.book.crossed.longest_ms", "paradex.book.untrusted.share",
    }  # fmt: skip
