from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.reports.made_pair import after, before, run_info
from toolkit.analysis import settings
from toolkit.analysis.pipeline import Options, analyze
from toolkit.model.comparisons import SettingRow
from toolkit.model.vocabulary import SettingKind
from toolkit.smoke import producer_env
from toolkit.smoke.known_settings import known_settings

PING = "PARAPHINA_LIGHTER_PING_INTERVAL_MS"
RUN_A = {"PARAPHINA_LIVE_OUT_DIR": "/x/a", "PARAPHINA_TELEMETRY_PATH": "/x/a/telemetry.jsonl"}
RUN_B = {"PARAPHINA_LIVE_OUT_DIR": "/x/b", "PARAPHINA_TELEMETRY_PATH": "/x/b/telemetry.jsonl"}


def test_every_setting_of_a_profile_is_a_known_setting() -> None:
    assert {name for make in producer_env.PROFILES.values() for name in make(Path("x"))} <= known_settings().keys()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({PING: "1000"}, {PING: "1000"}),
        ({"LIGHTER_API_KEY": "s3cr3t", "HL_PRIVATE_KEY": "s3cr3t", "PATH": "/bin", "X": "s3cr3t"}, {}),
        ({"LIGHTER_WS_URL": "wss://ada:s3cr3t@venue.example/ws"}, {"LIGHTER_WS_URL": "wss://***@venue.example/ws"}),
        ({"ASTER_MARKET": "E" * 400}, {"ASTER_MARKET": "E" * 300 + "…"}),
    ],
)  # fmt: skip
def test_only_documented_settings_are_shown_and_secrets_are_redacted(
    environment: dict[str, str], expected: dict[str, str]
) -> None:
    assert settings.visible_settings(environment, known_settings()) == expected
    assert {
        *settings.visible_settings(environment, known_settings()),
        *settings.withheld_names(environment, known_settings()),
    } == environment.keys()


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ({PING: "0"}, {PING: "1000"}, [(PING, "0", "1000", "30000", SettingKind.DIFFERS)]),
        ({}, {PING: "1000"}, [(PING, None, "1000", "30000", SettingKind.DIFFERS)]),
        ({PING: "0"}, {PING: "0"}, [(PING, "0", "0", "30000", SettingKind.EQUAL)]),
        (
            {"HL_WS_URLS": "ws://127.0.0.1:1/ws"},
            {"HL_WS_URLS": "ws://127.0.0.1:2/ws"},
            [("HL_WS_URLS", "ws://127.0.0.1:1/ws", "ws://127.0.0.1:2/ws", "wss://api.hyperliquid.xyz/ws", "place")],
        ),
        (
            {"HL_WS_URLS": "wss://one.example:1/ws"},
            {"HL_WS_URLS": "wss://one.example:2/ws"},
            [("HL_WS_URLS", "wss://one.example:1/ws", "wss://one.example:2/ws", "wss://api.hyperliquid.xyz/ws", "differs")],
        ),
    ],
)  # fmt: skip
def test_a_setting_of_two_runs_is_equal_or_differs_or_differs_only_in_its_place(
    left: dict[str, str], right: dict[str, str], expected: list[tuple[object, ...]]
) -> None:
    sides = (run_info(kind="toolkit", settings=each) for each in (left, right))
    rows = settings.setting_differences(*sides, known_settings)
    assert rows == tuple(SettingRow(*each) for each in expected)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kinds", "left", "right", "default"),
    [
        (("toolkit", "toolkit"), {}, {PING: "1"}, "30000"),
        (("toolkit", "paraphina_live"), {}, {PING: "1"}, "30000"),
        (("paraphina_live", "toolkit"), {}, {PING: "1"}, None),
        (("paraphina_live", "paraphina_live"), {}, {PING: "1"}, None),
        (("unknown", "unknown"), {PING: "1"}, {}, None),
        (("paraphina_live", "toolkit"), {PING: "1"}, {PING: "1"}, None),
    ],
)
def test_our_default_is_named_only_for_runs_of_our_own_connectors(
    kinds: tuple[str, str], left: dict[str, str], right: dict[str, str], default: str | None
) -> None:
    sides = (run_info(kind=kind, settings=each) for kind, each in zip(kinds, (left, right), strict=True))
    rows = settings.setting_differences(*sides, known_settings)
    assert [row.default for row in rows or ()] == [default]


def test_settings_that_name_the_run_directory_differ_only_in_their_place() -> None:
    rows = settings.setting_differences(run_info(settings=RUN_A), run_info(settings={**RUN_B, PING: "1"}), dict)
    assert [(row.name, row.kind) for row in rows or ()] == [
        (PING, SettingKind.DIFFERS),
        ("PARAPHINA_LIVE_OUT_DIR", SettingKind.PLACE),
        ("PARAPHINA_TELEMETRY_PATH", SettingKind.PLACE),
    ]


def test_settings_that_a_run_does_not_record_are_not_equal() -> None:
    assert settings.setting_differences(before().run, after().run, dict) is None
    assert settings.setting_differences(run_info(settings={}), run_info(settings={}), dict) == ()


def test_the_settings_of_a_run_come_from_its_metadata(tmp_path: Path) -> None:
    meta = {
        "schema": "toolkit.run_meta/1", "producer": "bash", "argv": ["bash", "-c", "producer --api-key=s3cr3tV4lue"],
        "environment": {PING: "1000", "LIGHTER_TOKEN": "s3cr3t", "PARAPHINA_NEW": "s3cr3t"},
        "options": {"--profile": "paraphina"},
        "source": {"commit": "a" * 40, "dirty": True, "diff_sha256": "b" * 64, "untracked": 2},
        "binaries": [{"path": "/opt/p/paraphina_live", "bytes": 17, "sha256": "c" * 64}],
        "host": {"cpu_count": 2, "memory_bytes": 8_000_000_000, "system": "Linux", "kernel": "6.1", "machine": "x86_64"},
        "load": [{"at_ms": 0, "load_1m": 0.5}, {"at_ms": 1, "load_1m": 1.25}],
        "clock": {"at_ms": 0, "offset_ms": -0.25, "error_ms": 1.5, "why": None}, "wall_drift_ms": 12,
    }  # fmt: skip
    (tmp_path / "run_meta.json").write_text(json.dumps(meta), encoding="utf-8")
    (tmp_path / "run.log").write_text("paraphina_live | trade_mode=shadow\n", encoding="utf-8")
    run = analyze([str(tmp_path)], options=Options(known_settings=known_settings)).run
    assert run.settings == {"--profile": "paraphina", PING: "1000"}
    assert run.settings_withheld == ("LIGHTER_TOKEN", "PARAPHINA_NEW")
    assert run.origin == {
        "command": "bash -c 'producer --api-key=***'",
        "started in the checkout": "aaaaaaaaaaaa (diff bbbbbbbbbbbb, 2 untracked files)",
        "executables": "paraphina_live (17 bytes, cccccccccccc)",
        "host": "2 processors, 8.0 GB, Linux 6.1 x86_64",
        "load of the host": "0.50 to 1.25 (1-minute averages)",
        "clock of the host": "-0.250 ms to be corrected, error 1.500 ms; the wall clock moved +12 ms against the "
        "monotonic one during the run",
    }
