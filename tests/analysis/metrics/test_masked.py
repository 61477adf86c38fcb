"""REST masking is detected where a silent socket's book is kept fresh over REST, and only there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.analysis.metrics.sample_runs import START_MS, VENUES, analysed, figure, record, stamped
from tests.sampling import sampled
from toolkit.analysis.pipeline import Options, analyze
from toolkit.model.runs import RunAnalysis, Window

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
        last_s = [
            max((at for at in (applied_s if v == venue else STEADY) if at <= now), default=None) for v in range(3)
        ]
        ages = [-1 if at is None else round((now - at) * 1_000) for at in last_s]
        rows.append(record(t, now, ages))
    return "".join(rows)


def applied_until(last: float) -> list[float]:
    return [each / 2 for each in range(int(last * 2) + 1)]


def bounds(run: RunAnalysis, venue: str = "lighter") -> list[tuple[str, float, float]]:
    """Return the bound, low and high of each figure of masking; none may be unknown."""
    found = [figure(run, f"{venue}.masked.{stat}") for stat in ("ms", "fresh_ms", "episodes")]
    return [(each.bound, float(str(each.low)), float(str(each.high))) for each in found]


def masked(run: RunAnalysis, venue: str = "lighter") -> tuple[object, object, object]:
    ms, fresh_ms, episodes = (figure(run, f"{venue}.masked.{stat}").value for stat in ("ms", "fresh_ms", "episodes"))
    return ms, fresh_ms, episodes


SILENT_FROM_10_TO_70 = [*applied_until(10), 32.0, 54.0, *(each + 70 for each in applied_until(49.5))]
"""The socket brings books applied_until 10 s and from 70 s on, the monitor one at 32 s and one at 54 s."""


def test_rising_injections_with_a_saw_tooth_age_are_masking(tmp_path: Path) -> None:
    log = stamped([CONNECTING, monitor(5, 0), monitor(35, 1), monitor(65, 2), monitor(95, 2)])
    run = analysed(tmp_path, log, telemetry(SILENT_FROM_10_TO_70))
    assert masked(run) == (60_000, 2_500, 1)
    assert bounds(run) == [("estimate", 59_750, 60_250), ("estimate", 2_000, 3_000), ("exact", 1, 1)]
    fresh, by_socket = figure(run, "lighter.fresh.share").value, figure(run, "lighter.fresh_by_socket.share")
    assert fresh is not None and by_socket.value == pytest.approx(fresh - 2_500 / (END_S * 1_000))
    assert (by_socket.low, by_socket.high) == pytest.approx((fresh - 3_000 / 120_000, fresh - 2_000 / 120_000))
    (episode,) = (each for each in run.episodes if each.kind == "masked")
    assert (episode.from_ms, episode.to_ms, episode.cls) == (START_MS + 10_000, START_MS + 70_000, "said")
    assert episode.lines == (("run.log", 4), ("run.log", 5))  # the two counts that rose


def marked(telemetry: str, injected_s: Sequence[float]) -> str:
    """Return records of a producer that marks Lighter's books which it injected at these times."""
    rows = []
    for row in map(json.loads, telemetry.splitlines()):
        at_s = (row["treasury_guidance"]["as_of_ms"] - START_MS) / 1_000
        counts = [0, sum(each <= at_s for each in injected_s), 0]
        rows.append(json.dumps(row | {"toolkit": {"venues": [{"injected": each} for each in counts]}}) + "\n")
    return "".join(rows)


@pytest.mark.parametrize("with_log", [True, False])
def test_books_that_the_records_mark_as_injected_mask_nothing(tmp_path: Path, with_log: bool) -> None:
    # The socket is silent from 10 s to 70 s, and its ages show that although two books were injected.
    applied_s = [*applied_until(10), *(each + 70 for each in applied_until(49.5))]
    log = stamped([CONNECTING, monitor(5, 0), monitor(35, 1), monitor(71, 2), monitor(95, 2)]) if with_log else ""
    run = analysed(tmp_path, log, marked(telemetry(applied_s), (32, 54)))
    assert masked(run) == (0, 0, 0)
    assert {figure(run, f"lighter.masked.{stat}").bound for stat in ("ms", "fresh_ms", "episodes")} == {"exact"}
    fresh, by_socket = figure(run, "lighter.fresh.share").value, figure(run, "lighter.fresh_by_socket.share").value
    assert fresh == by_socket and figure(run, "lighter.age_apply_ms.max").value == 59_750
    injections = figure(run, "lighter.rest.injections")
    assert (injections.value, injections.bound) == (2, "exact")
    (injected,) = (each for each in run.findings if each.code == "injected_books")
    assert injected.lines == ((("run.log", 4), ("run.log", 5)) if with_log else ())  # the two counts that rose
    assert "rest_masking" not in {each.code for each in run.findings}


def test_the_finding_of_masking_gives_the_range_of_both_times(tmp_path: Path) -> None:
    log = stamped([CONNECTING, monitor(5, 0), monitor(35, 1), monitor(65, 2), monitor(95, 2)])
    (tmp_path / "without").mkdir()
    told = analysed(tmp_path, log, telemetry(SILENT_FROM_10_TO_70))
    guessed = analysed(tmp_path / "without", telemetry=telemetry(SILENT_FROM_10_TO_70))
    ((said,), (about,)) = ([f.text for f in run.findings if f.code == "rest_masking"] for run in (told, guessed))
    assert "no book for 1 min 0.0 s (59.8 s to 1 min 0.2 s); for 2.5 s (2.0 s to 3.0 s) of that time" in said
    assert "no book for about 1 min 0.0 s; for about 2.5 s of that time" in about


def test_a_stretch_has_the_lines_of_the_monitor_within_it_and_no_others(tmp_path: Path) -> None:
    counts = [monitor(5.0 * n, (n > 6) + (n > 10) + (n > 21)) for n in range(24)]
    again = [each + 70 for each in applied_until(15)]
    log = stamped([CONNECTING, *counts])
    applied = [*SILENT_FROM_10_TO_70[:23], *again, 105.5, *(each + 110 for each in STEADY)]
    run = analysed(tmp_path, log, telemetry(applied))
    first, second = (each for each in run.episodes if each.kind == "masked")
    assert (first.lines, second.lines) == ((("run.log", 10), ("run.log", 14)), (("run.log", 25),))


def test_a_socket_that_never_recovers_is_masked_to_the_end_of_its_life(tmp_path: Path) -> None:
    log = stamped([CONNECTING, monitor(5, 0), monitor(35, 1), monitor(65, 2), monitor(95, 3)])
    run = analysed(tmp_path, log, telemetry([*applied_until(10), 32.0, 54.0, 76.0, 98.0]))
    assert masked(run) == (109_750, 5_000, 1)
    (episode,) = (each for each in run.episodes if each.kind == "masked")
    assert episode.flags == ("open",)


def test_a_venue_whose_only_book_was_fetched_is_masked_from_the_start_of_its_life(tmp_path: Path) -> None:
    log = stamped([CONNECTING, monitor(5, 0), monitor(35, 1), monitor(65, 1)])
    run = analysed(tmp_path, log, telemetry([21.0]))
    assert masked(run) == (119_750, 1_250, 1)


def test_a_long_wait_without_an_injection_is_not_masking(tmp_path: Path) -> None:
    log = stamped([CONNECTING, monitor(5, 0), monitor(35, 0), monitor(65, 0)])
    run = analysed(tmp_path, log, telemetry([*applied_until(10), *(each + 32 for each in applied_until(80))]))
    assert masked(run) == (0, 0, 0)
    assert figure(run, "lighter.masked.ms").bound == "exact"


def test_a_saw_tooth_without_a_log_needs_two_teeth_and_is_an_estimate(tmp_path: Path) -> None:
    run = analysed(tmp_path, telemetry=telemetry(SILENT_FROM_10_TO_70))
    assert masked(run) == (60_000, 2_500, 1)
    assert (figure(run, "lighter.masked.ms").bound, figure(run, "lighter.masked.ms").low) == ("estimate", None)


def test_one_tooth_without_a_log_leaves_the_masked_time_unknown(tmp_path: Path) -> None:
    run = analysed(tmp_path, telemetry=telemetry([*applied_until(10), *(each + 32 for each in applied_until(80))]))
    assert masked(run) == (None, None, None)
    assert figure(run, "lighter.fresh_by_socket.share").value is None
    assert "no log line tells" in (figure(run, "lighter.masked.ms").note or "")


def test_without_a_log_an_absence_of_masking_is_not_exact(tmp_path: Path) -> None:
    run = analysed(tmp_path, telemetry=telemetry(STEADY))
    assert masked(run) == (0, 0, 0)
    assert figure(run, "lighter.masked.ms").bound == "estimate"
    assert masked(run, "aster") == (None, None, None)  # Aster fetches snapshots at any time


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
    fallen_back = figure(run, "hyperliquid.masked.ms")
    assert (fallen_back.bound, fallen_back.low) == ("estimate", None)


HYPERLIQUID = (0.0, "INFO: Hyperliquid public WS connecting url=ws://127.0.0.1:1/ connect_timeout=15s")
ACTIVATED = (24.9, "WARN: Hyperliquid REST book fallback activated (WS stale for >15000ms)")
FIRST_TOP = "FIRST_DECODED_TOP venue=hyperliquid bid_px=1 bid_sz=1 ask_px=2 ask_sz=1"
FETCH_FAILED = "WARN: Hyperliquid REST book fallback error: HTTP status client error (429 Too Many Requests)"
OFF = "INFO: Hyperliquid REST book fallback deactivated (WS recovered)"
FETCHED_TO_33 = [*applied_until(10), 25.0, 27.0, 29.0, 31.0, *(each + 31.5 for each in applied_until(80))]
SLOW = [each * 5.5 for each in range(22)]

ASTER = (0.0, "INFO: Aster public WS connecting url=ws://127.0.0.1:1/ws")
ASTER_AGAIN = "INFO: Aster public WS connecting url=ws://127.0.0.1:1/ws"
SNAPSHOT = "INFO: Aster snapshot applied (snap_id=7), waiting for bridge delta on WS"
BRIDGE = "INFO: Aster bridge delta found after snapshot; snap_id=7 delta_end=9"
BEGUN = [ASTER, (0.1, SNAPSHOT), (0.2, BRIDGE)]
POLLED = [(12.1 + each / 4, SNAPSHOT) for each in range(32)]
SILENT_FROM_10_TO_12 = [*applied_until(10), *(12.25 + each / 4 for each in range(400))]

ACTIVATED_MONITOR = (
    35.0,
    "WARN: REST health monitor: lighter stale (age_ms=21000, threshold=20000), activating REST fallback",
)
MONITOR_FAILED = (35.1, "WARN: REST health monitor: lighter REST fetch error: HTTP status client error (404 Not Found)")

CASES: dict[str, tuple[str, list[tuple[float, str]], Sequence[float], tuple[object, object, object]]] = {
    "a fallback ends with the first book of the socket, not with its own last line":
        ("hyperliquid", [HYPERLIQUID, ACTIVATED, (31.4, FIRST_TOP), (33.0, OFF)], FETCHED_TO_33, (21_500, 6_500, 1)),
    "a fallback whose fetches fail masks nothing":
        ("hyperliquid", [HYPERLIQUID, ACTIVATED, (25.0, FETCH_FAILED), (31.4, FIRST_TOP), (33.0, OFF)],
         [*applied_until(10), *(each + 31.5 for each in applied_until(80))], (0, 0, 0)),
    "a slow but regular cadence is no silence":
        ("hyperliquid", [HYPERLIQUID, (43.0, ACTIVATED[1]), (44.1, FIRST_TOP), (46.0, OFF)], sorted([*SLOW, 43.25]),
         (0, 0, 0)),
    "Aster's snapshots mask from the last book to the next bridge":
        ("aster", [*BEGUN, *POLLED, (20.1, BRIDGE)], SILENT_FROM_10_TO_12, (10_250, 8_000, 1)),
    "a new session between does not end the silence of Aster's socket":
        ("aster", [*BEGUN, *POLLED, (20.1, ASTER_AGAIN), (21.1, SNAPSHOT), (21.3, BRIDGE)], SILENT_FROM_10_TO_12,
         (11_500, 9_250, 1)),
    "the snapshot with which a session begins masks nothing":
        ("aster", [*BEGUN, (10.5, ASTER_AGAIN), (12.1, SNAPSHOT), (12.3, BRIDGE)], SILENT_FROM_10_TO_12, (0, 0, 0)),
    "a session that has snapshots for long and no update is masked":
        ("aster", [*BEGUN, (10.5, ASTER_AGAIN), *POLLED, (20.1, BRIDGE)], SILENT_FROM_10_TO_12, (10_250, 8_000, 1)),
    "a book that is built again at once masks nothing":
        ("aster", [*BEGUN, (30.0, SNAPSHOT), (30.1, SNAPSHOT), (30.2, BRIDGE)], STEADY, (0, 0, 0)),
    "snapshots without an end mask to the end of the life":
        ("aster", [*BEGUN, *POLLED], SILENT_FROM_10_TO_12, (109_750, 101_000, 1)),
    "an activation that fetched nothing masks nothing":
        ("lighter", [CONNECTING, monitor(5, 0), ACTIVATED_MONITOR, MONITOR_FAILED, monitor(65, 0)],
         [*applied_until(10), *(each + 32 for each in applied_until(80))], (0, 0, 0)),
    "an activation alone leaves the masked time unknown":
        ("lighter", [CONNECTING, ACTIVATED_MONITOR], [*applied_until(10), *(each + 32 for each in applied_until(80))],
         (None, None, None)),
    "an activation with the saw-tooth of the monitor is an estimate":
        ("lighter", [CONNECTING, ACTIVATED_MONITOR], SILENT_FROM_10_TO_70, (60_000, 2_500, 1)),
}  # fmt: skip


@sampled("case", CASES, 2)
def test_the_lines_of_the_log_tell_fetched_books_from_books_of_the_socket(case: str, tmp_path: Path) -> None:
    venue, log, applied, expected = CASES[case]
    run = analysed(tmp_path, stamped(log), telemetry(applied, VENUES.index(venue)))
    assert masked(run, venue) == expected
    assert [each.venue for each in run.findings if each.code == "rest_masking"] == [venue] * bool(expected[0])


def test_lines_without_times_leave_the_masked_time_unknown(tmp_path: Path) -> None:
    lines = "".join(f"{text}\n" for _, text in [*BEGUN, *POLLED, (20.1, BRIDGE)])
    run = analysed(tmp_path, lines, telemetry(SILENT_FROM_10_TO_12, VENUES.index("aster")))
    assert masked(run, "aster") == (None, None, None)


def test_the_silences_of_a_run_agree_with_the_record_of_its_venues() -> None:
    # By their own record the venues sent no book for 16.5 s (Hyperliquid), 14.1 s (Aster) and 50.1 s (Extended). Ages looked
    # fresh for 4.8 s, 12.2 s and no time of it. Telemetry is cut to times and ages.
    run = analyze([str(DATA / "masked" / "muted_sockets")])
    for venue, silent_ms, fresh_ms in (("hyperliquid", 16_500, 4_800), ("aster", 14_100, 12_200)):
        (_, low, high), (_, fresh_low, fresh_high), episodes = bounds(run, venue)
        assert low <= silent_ms <= high and high - low == 500
        assert fresh_low <= fresh_ms <= fresh_high and fresh_high - fresh_low == 1_000
        assert episodes == ("exact", 1, 1)
    for venue in ("extended", "lighter", "paradex"):
        assert masked(run, venue) == (0, 0, 0)
    found = [each.venue for each in run.findings if each.code == "rest_masking"]
    assert sorted(found) == ["aster", "hyperliquid"]


def test_a_window_within_a_silence_is_masked_from_edge_to_edge() -> None:
    window = Options(window=Window(since_tick=740, until_tick=755))  # Aster is silent from 178.7 s to 192.7 s
    run = analyze([str(DATA / "masked" / "muted_sockets")], options=window)
    (episode,) = (each for each in run.episodes if each.kind == "masked" and each.venue == "aster")
    assert (episode.from_ms, episode.to_ms) == (run.run.started_ms, run.run.ended_ms)
    ms, fresh_ms, episodes = masked(run, "aster")
    assert (ms, episodes) == (run.run.observed_ms, 1) and isinstance(fresh_ms, int | float) and fresh_ms > 3_000
    assert masked(run, "extended") == (0, 0, 0)


def test_the_recorded_silences_of_a_real_run_are_masked_as_long_as_the_venue_was_silent() -> None:
    # Paradex was mute for 34 s from 180 s on, Hyperliquid for 14 s from 113 s on; telemetry is cut to times and ages.
    run = analyze([str(DATA / "runs" / "faulty_head" / "run.log.zst"), str(DATA / "masked" / "telemetry.jsonl.zst")])
    assert masked(run, "paradex") == (34_000, 3_250, 1)
    assert masked(run, "hyperliquid") == (31_501, 2_001, 2)
    assert [masked(run, venue) for venue in ("extended", "lighter")] == [(0, 0, 0)] * 2
    # Aster was mute for 6 s from 158 s on and brought garbage for 3 s from 496 s on; its lines have times to within 10 s.
    (_, low, high), _, episodes = bounds(run, "aster")
    assert low <= 9_000 <= high and episodes == ("exact", 2, 2)
