"""REST masking is detected where a silent socket's book is kept fresh over REST, and only there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.analysis.metrics.sample_runs import START_MS, analysed, figure, record, stamped
from toolkit.analysis.pipeline import analyze
from toolkit.model.runs import RunAnalysis

DATA = Path(__file__).parents[2] / "data"
CONNECTING = (0.0, "INFO: Lighter public WS connecting url=ws://127.0.0.1:1/")
STEADY = tuple(each / 2 for each in range(2_000))
END_S = 120.0


def monitor(at_s: float, injections: int) -> tuple[float, str]:
    counts = {"check": int(at_s // 5), "attempt": injections, "success": injections, "fail": 0, "inject": injections}
    fields = " ".join(f"rest_{name}_count={count}" for name, count in counts.items())
    return at_s, f"WS_AUDIT subsystem=rest_monitor venue=lighter {fields} age_ms=0 threshold_ms=20000"


def telemetry(applied_s: Sequence[float], venue: int = 1) -> str:
    """Records each 250 ms; the venue's book was applied at those times, the others' each half second."""
    rows = []
    for t in range(int(END_S * 4)):
        now = t / 4
        ages = [
            round((now - max(at for at in (applied_s if v == venue else STEADY) if at <= now)) * 1_000)
            for v in range(3)
        ]
        rows.append(record(t, now, ages))
    return "".join(rows)


def applied_until(last: float) -> list[float]:
    return [each / 2 for each in range(int(last * 2) + 1)]


def masked(run: RunAnalysis, venue: str = "lighter") -> tuple[object, object, object]:
    ms, fresh_ms, episodes = (figure(run, f"{venue}.masked.{stat}").value for stat in ("ms", "fresh_ms", "episodes"))
    return ms, fresh_ms, episodes


SILENT_FROM_10_TO_70 = [*applied_until(10), 32.0, 54.0, *(each + 70 for each in applied_until(49.5))]
"""The socket brings books applied_until 10 s and from 70 s on, the monitor one at 32 s and one at 54 s."""


def test_rising_injections_with_a_saw_tooth_age_are_masking(tmp_path: Path) -> None:
    log = stamped([CONNECTING, monitor(5, 0), monitor(35, 1), monitor(65, 2), monitor(95, 2)])
    run = analysed(tmp_path, log, telemetry(SILENT_FROM_10_TO_70))
    assert masked(run) == (60_000, 2_500, 1)
    assert figure(run, "lighter.masked.ms").bound == "exact"
    fresh, by_socket = figure(run, "lighter.fresh.share").value, figure(run, "lighter.fresh_by_socket.share").value
    assert fresh is not None and by_socket == pytest.approx(fresh - 2_500 / (END_S * 1_000))
    (episode,) = (each for each in run.episodes if each.kind == "masked")
    assert (episode.from_ms, episode.to_ms, episode.cls) == (START_MS + 10_000, START_MS + 70_000, "said")


def test_a_socket_that_never_recovers_is_masked_to_the_end_of_its_life(tmp_path: Path) -> None:
    log = stamped([CONNECTING, monitor(5, 0), monitor(35, 1), monitor(65, 2), monitor(95, 4)])
    run = analysed(tmp_path, log, telemetry([*applied_until(10), 32.0, 54.0, 76.0, 98.0]))
    assert masked(run) == (109_750, 5_000, 1)
    (episode,) = (each for each in run.episodes if each.kind == "masked")
    assert episode.flags == ("open",)


def test_a_long_wait_without_an_injection_is_not_masking(tmp_path: Path) -> None:
    log = stamped([CONNECTING, monitor(5, 0), monitor(35, 0), monitor(65, 0)])
    run = analysed(tmp_path, log, telemetry([*applied_until(10), *(each + 32 for each in applied_until(80))]))
    assert masked(run) == (0, 0, 0)
    assert figure(run, "lighter.masked.ms").bound == "exact"


def test_a_saw_tooth_without_a_log_needs_two_teeth_and_is_an_estimate(tmp_path: Path) -> None:
    run = analysed(tmp_path, telemetry=telemetry(SILENT_FROM_10_TO_70))
    assert masked(run) == (60_000, 2_500, 1)
    assert (figure(run, "lighter.masked.ms").bound, figure(run, "lighter.masked.ms").low) == ("estimate", None)


def test_one_tooth_without_a_log_gives_a_zero_that_is_not_exact(tmp_path: Path) -> None:
    run = analysed(tmp_path, telemetry=telemetry([*applied_until(10), *(each + 32 for each in applied_until(80))]))
    assert masked(run) == (0, 0, 0)
    assert figure(run, "lighter.masked.ms").bound == "estimate"
    assert figure(run, "aster.masked.ms").bound == "exact"  # never waited long enough for REST to step in


FALLEN_BACK = [*applied_until(10), 25.0, 27.0, 29.0, 31.0, 33.0, *(each + 34.25 for each in applied_until(80))]
"""The connector's own fallback fetches each 2 s from 25 s on; the socket is back at 34.25 s."""


def test_a_connector_s_own_fallback_masks_until_its_socket_delivers(tmp_path: Path) -> None:
    log = stamped(
        [
            (0.0, "INFO: Hyperliquid public WS connecting url=ws://127.0.0.1:1/ connect_timeout=15s"),
            (24.9, "WARN: Hyperliquid REST book fallback activated (WS stale for >15000ms)"),
            (34.2, "INFO: Hyperliquid REST book fallback deactivated (WS recovered)"),
        ]
    )
    run = analysed(tmp_path, log, telemetry(FALLEN_BACK, venue=0))
    assert masked(run, "hyperliquid") == (24_250, 9_250, 1)


def test_a_fallback_without_a_log_is_detected_by_its_period(tmp_path: Path) -> None:
    run = analysed(tmp_path, telemetry=telemetry(FALLEN_BACK, venue=0))
    assert masked(run, "hyperliquid") == (24_250, 9_250, 1)
    assert figure(run, "hyperliquid.masked.ms").bound == "estimate"


def test_the_recorded_silences_of_a_real_run_are_masked_as_long_as_the_venue_was_silent() -> None:
    # Paradex was mute for 34 s from 180 s on, Hyperliquid for 14 s from 113 s on; telemetry is cut to times and ages.
    run = analyze([str(DATA / "runs" / "faulty_head" / "run.log.zst"), str(DATA / "masked" / "telemetry.jsonl.zst")])
    assert masked(run, "paradex") == (34_000, 3_250, 1)
    assert masked(run, "hyperliquid") == (31_501, 2_001, 2)
    assert [masked(run, venue) for venue in ("extended", "aster", "lighter")] == [(0, 0, 0)] * 3
