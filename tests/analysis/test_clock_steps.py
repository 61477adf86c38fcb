"""Steps of the wall clock while the ticks go on: spans, coverage, weights and ends are those of a run without a step."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from tests.analysis.metrics.sample_runs import START_LINE, figure, record
from tests.ingest.test_stepped_records import made_ticks, written
from tests.sampling import sampled
from toolkit.analysis.metrics import catalogue
from toolkit.analysis.pipeline import Options, analyze
from toolkit.gate import evaluate
from toolkit.gate.gate_files import load_gate
from toolkit.model.runs import RunAnalysis
from toolkit.model.vocabulary import Ended, GateVerdict

TICKS = 400
MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400


@dataclass(frozen=True, slots=True)
class Tick:
    """One record: time and event times by the venues' clocks (s), apply ages (ms); `life` counts the processes."""

    t: int
    at_s: float
    ages_ms: tuple[int, ...]
    events_s: tuple[float, ...]
    life: int = 0


def made_run(ticks: int = TICKS, seed: int = 1, jitter_s: float = 0.0) -> list[Tick]:
    """Return a run whose third venue is silent for 20 s from the middle on and again near the end."""
    random, made, applied = Random(seed), list[Tick](), [0.0, 0.0, 0.0]
    at_s, events = 0.0, [-0.06, -0.2, -0.1]
    for t in range(ticks):
        silent = ticks // 2 - 10 <= t < ticks // 2 + 70 or t > ticks - 60
        for venue in range(3):
            if random.random() < 0.6 and not (venue == 2 and silent):
                applied[venue], events[venue] = at_s, at_s - random.uniform(0.02, 0.3)
        made.append(Tick(t, at_s, tuple(round(1_000 * (at_s - each)) for each in applied), tuple(events)))
        at_s = round(at_s + 0.25 + random.uniform(-jitter_s, jitter_s), 3)
    return made


def telemetry(ticks: Iterable[Tick], steps: Mapping[int, float], by_index: bool = False, **more: object) -> str:
    """Return the records, with the wall clock stepping by some seconds at some ticks and not going back by itself."""
    lines, offset_s = list[str](), 0.0
    for index, each in enumerate(ticks):
        offset_s += steps.get(index if by_index else each.t, 0.0)
        clock_s = each.at_s + offset_s
        ages = [max(0, round(1_000 * (clock_s - event_s))) for event_s in each.events_s]
        lines.append(record(each.t, clock_s, each.ages_ms, **{"venue_age_event_ms": ages, **more}))
    return "".join(lines)


def analysed(folder: Path, text: str, requested_ms: int | None = None) -> RunAnalysis:
    (folder / "telemetry.jsonl").write_text(text)
    return analyze([str(folder)], options=Options(requested_ms=requested_ms))


def stepped(run: RunAnalysis) -> list[tuple[str, str | int]]:
    """Return line and text of each finding of a step."""
    return [(each.text, each.lines[0][1]) for each in run.findings if each.code == "clock_step"]


def assert_same_but_for_the_step(run: RunAnalysis, plain: RunAnalysis, slack_ms: float = 2.5) -> None:
    """Compare all figures of time and of apply ages; a step costs the deviation of one gap from the median."""
    compared = 0
    for each in plain.figures:
        if "event" in each.metric or "log_time" in each.metric:
            continue
        value, compared = figure(run, each.figure).value, compared + 1
        if each.value is None or value is None:
            assert value == each.value, each.figure
        else:
            assert value == pytest.approx(each.value, abs=slack_ms, rel=1e-3), each.figure
    assert compared > 100
    kinds = [(e.venue, e.kind, e.cls, e.flags) for e in plain.episodes]
    assert [(e.venue, e.kind, e.cls, e.flags) for e in run.episodes] == kinds
    assert run.run.observed_ms == pytest.approx(plain.run.observed_ms, abs=slack_ms)
    assert (run.run.ended, run.run.lives) == (plain.run.ended, plain.run.lives)


STRICT = load_gate("strict", catalogue())


def verdict(run: RunAnalysis) -> list[tuple[str, str]]:
    """Return the outcome of each rule, and of all, without those of event ages: these rest on the clock that stepped."""
    rules = [rule for rule in STRICT.rules if "event" not in rule.figure]
    result = evaluate(rules, run, None, STRICT.name, STRICT.never_seen)
    return [("verdict", str(result.verdict)), *((row.figure, str(row.verdict)) for row in result.rules)]


@sampled(
    ("tick", "size_s", "size"),
    [
        (200, -60, "back by 1 min 0.0 s"),
        (1, -60, "back by 1 min 0.0 s"),
        (3, -DAY_S, "back by 24 h 00 min"),
        (399, -HOUR_S, "back by 1 h 00 min"),
        (395, -0.5, "back by 500 ms"),
        (195, HOUR_S, "forward by 1 h 00 min"),
        (10, DAY_S, "forward by 24 h 00 min"),
        (30, 5, "forward by 5.0 s"),
        (260, 1.5, "forward by 1.5 s"),
    ],
    2,
)
def test_a_step_of_the_clock_changes_no_figure_but_event_ages(
    tmp_path: Path, tick: int, size_s: float, size: str
) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "stepped").mkdir()
    ticks = made_run()
    plain = analysed(tmp_path / "plain", telemetry(ticks, {}), 100_000)
    run = analysed(tmp_path / "stepped", telemetry(ticks, {tick: size_s}), 100_000)
    assert stepped(plain) == []
    ((text, line),) = stepped(run)
    assert f"at tick {tick} " in text
    assert size in text
    assert line == tick + 1
    assert_same_but_for_the_step(run, plain)
    assert verdict(run) == verdict(plain)
    assert run.run.ended is Ended.TIMEOUT


@pytest.mark.parametrize("size_s", [-HOUR_S, HOUR_S])
def test_event_ages_over_a_step_have_bounds_and_decide_no_rule(tmp_path: Path, size_s: float) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "stepped").mkdir()
    ticks = made_run()
    plain = analysed(tmp_path / "plain", telemetry(ticks, {}))
    run = analysed(tmp_path / "stepped", telemetry(ticks, {195: size_s}))
    for stat in ("p50", "p95", "max", "mean"):
        true, stepping = figure(plain, f"lighter.age_event_ms.{stat}"), figure(run, f"lighter.age_event_ms.{stat}")
        assert (str(true.bound), str(stepping.bound)) == ("exact", "estimate")
        assert stepping.low is not None
        assert stepping.high is not None
        assert stepping.low <= (true.value or 0) <= stepping.high
    for name in ("lighter.plateau_event_10s.count", "lighter.plateau_event_10s.longest_ms"):
        assert (figure(run, name).low, figure(run, name).high) == (None, None)
        assert "the wall clock stepped" in (figure(run, name).note or "")
    rules = [rule for rule in STRICT.rules if "age_event_ms" in rule.figure]
    assert rules
    outcomes = evaluate(rules, run, None, STRICT.name, ()).rules
    assert {row.verdict for row in outcomes if row.figure.startswith("lighter.age_event")} == {GateVerdict.INCONCLUSIVE}


def test_the_numbers_of_the_producer_s_tools_hold_the_step(tmp_path: Path) -> None:
    ticks = made_ticks(400)
    runs = []
    for name, steps in (("plain", {}), ("stepped", {150: 1_000 * HOUR_S})):
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.log").write_text(START_LINE + "\n")
        runs.append(analysed(tmp_path / name, written(ticks, steps, by_wall_clock=True)))
    plain, run = runs
    for name in ("age_apply_ms.max", "age_apply_ms.p99", "plateau_30s.count", "fresh.share"):
        assert figure(run, f"paradex.{name}") == figure(plain, f"paradex.{name}")
    rows = {(row.tool, row.name): row for row in run.compat}
    tool = rows["ws_soak_report v1", "ages paradex apply_p99"]
    assert isinstance(tool.upstream, int | float)
    assert tool.upstream > 1_000 * HOUR_S
    assert tool.ours == figure(plain, "paradex.age_apply_ms.p99").value


def test_a_standstill_that_our_own_record_states_is_no_step_of_the_clock(tmp_path: Path) -> None:
    lines = telemetry(made_run(), {TICKS // 2: 3.0}).splitlines(keepends=True)
    late = json.loads(lines[TICKS // 2]) | {"toolkit": {"stood_still_ms": 2_750}}
    for name, stated in (("unstated", lines[TICKS // 2]), ("stated", json.dumps(late) + "\n")):
        (tmp_path / name).mkdir()
        text = "".join([*lines[: TICKS // 2], stated, *lines[TICKS // 2 + 1 :]])
        steps = stepped(analysed(tmp_path / name, text))
        assert len(steps) == (0 if name == "stated" else 1)
