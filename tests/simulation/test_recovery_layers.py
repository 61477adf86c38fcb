"""In a whole simulated run the recovery layers act on a silence that the watchdog is set too long to see, and only then.

Their audit lines, the telemetry and the figures of the run tell the same.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from connectors.simulator.scenario import Scenario, plan
from connectors.venues import venues
from tests.simulation.whole_run import simulate_run
from toolkit.analysis.pipeline import analyze
from toolkit.smoke.plan import ShadowPlan

RUN_MS = 100_000
MUTE_FROM_S, MUTE_FOR_S = 10, 60
SETTINGS = {
    "PARAPHINA_LIGHTER_STALE_MS": "600000",
    "PARAPHINA_LIGHTER_WS_READ_TIMEOUT_MS": "600000",
    "PARAPHINA_LIGHTER_PING_INTERVAL_MS": "0",
    "PARAPHINA_FORCE_RESTART_MS": "45000",
}
PROBE_ONLY = {"PARAPHINA_REST_MONITOR_MODE": "probe_only"}


@cache
def run_directory(*, mute: bool, probe_only: bool = False) -> Path:
    """Simulate a run, with or without a minute in which Lighter sends nothing; return its directory."""
    out = Path(mkdtemp()) / "run"
    faults = (plan("lighter", "mute", MUTE_FROM_S, for_s=MUTE_FOR_S),) if mute else ()
    scenario = Scenario("mute", faults)
    shadow_plan = ShadowPlan(("rehearse",), out, RUN_MS, venues(), scenario=scenario, record_frames=False)
    simulate_run(shadow_plan, SETTINGS | (PROBE_ONLY if probe_only else {}), check_each=100)
    return out


def lines(out: Path, word: str) -> list[str]:
    return [line for line in (out / "run.log").read_text(encoding="utf-8").splitlines() if word in line]


def lighter_records(out: Path) -> list[dict[str, Any]]:
    """Return of each record Lighter's age, status and own fields."""
    rows = []
    for line in (out / "telemetry.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        (index,) = (i for i, each in enumerate(record["toolkit"]["venues"]) if each["venue_id"] == "lighter")
        ages = {name: record[name][index] for name in ("venue_age_ms", "venue_status", "venue_mid_usd")}
        rows.append(record["toolkit"]["venues"][index] | ages)
    return rows


def test_injected_books_are_marked_in_every_record_and_make_no_age_young() -> None:
    rows = lighter_records(run_directory(mute=True))
    assert rows[-1]["injected"] == 2
    shown = [each for each in rows if each["source"] == "injected"]
    assert len(shown) > 100 and {each["venue_status"] for each in shown} == {"Stale"}
    assert min(each["venue_age_ms"] for each in shown) > 20_000
    assert len({each["venue_mid_usd"] for each in shown}) == 2
    assert max(each["venue_age_ms"] for each in rows) > 45_000


def test_the_enforcer_restarts_the_connector_once_and_its_next_socket_brings_books() -> None:
    out = run_directory(mute=True)
    (restart,) = lines(out, "force-restarting")
    assert "'lighter_public_ws' (venue_index=3, age_ms=4" in restart and restart.endswith("threshold=45000)")
    assert [line.split("venue=")[1] for line in lines(out, "reconnect_reason=")] == [
        "lighter reconnect_reason=enforcer_restart count=1"
    ]
    last = lighter_records(out)[-1]
    assert (last["enforcer_restarts"], last["source"], last["venue_status"]) == (1, "socket", "Healthy")


def test_probe_only_looks_at_each_check_and_injects_nothing() -> None:
    out = run_directory(mute=True, probe_only=True)
    final = lines(out, "subsystem=rest_monitor venue=lighter")[-1]
    assert "mode=probe_only" in final and "rest_inject_count=0" in final and "rest_fail_count=0" in final
    assert "rest_attempt_count=9" in final
    assert {each["source"] for each in lighter_records(out)[10:]} == {"socket"}


def test_the_figures_of_the_run_tell_injected_books_restarts_and_the_whole_silence() -> None:
    run = analyze([str(run_directory(mute=True))])
    expected = {"rest.injections": 2, "rest.failures": 0, "enforcer.restarts": 1, "reconnects": 1, "masked.ms": 0,
                "masked.fresh_ms": 0, "reconnects.enforcer_restart": 1}  # fmt: skip
    for name, value in expected.items():
        figure = run.figure(f"lighter.{name}")
        assert figure is not None and (figure.value, figure.bound) == (value, "exact"), name
    longest = run.figure("lighter.age_apply_ms.max")
    assert longest is not None and longest.value is not None and longest.value > 45_000
    findings = {(each.venue, each.code) for each in run.findings}
    assert {("lighter", "injected_books"), ("lighter", "enforcer_restart")} <= findings
    for venue in set(venues()) - {"lighter"}:
        injections = run.figure(f"{venue}.rest.injections")
        assert injections is not None and (injections.value, injections.bound) == (0, "exact")


@pytest.mark.parametrize("word", ["force-restarting", "REST health monitor", "rest_attempt_count=1"])
def test_a_run_without_faults_has_no_restart_and_no_fetch(word: str) -> None:
    out = run_directory(mute=False)
    assert lines(out, "rest_check_count=20 ") and lines(out, word) == []
