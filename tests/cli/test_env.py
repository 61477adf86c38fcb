"""Tests of `toolkit env`: the value and source of every variable, and the errors for invalid values."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from typing import NamedTuple
from unittest.mock import patch

import pytest

from tests.connectors import test_settings
from toolkit.cli import main
from toolkit.cli.env import settings, unknown_names


class Done(NamedTuple):
    returncode: object
    stdout: str
    stderr: str


def toolkit_env(*arguments: str, environ: Mapping[str, str] | None = None) -> Done:
    """Run the command in this process, with these variables and no others of the connectors."""
    clean = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    with (
        patch.dict(os.environ, clean | dict(environ or {}), clear=True),
        redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err, pytest.raises(SystemExit) as ended,
    ):  # fmt: skip
        main(["env", *arguments])
    return Done(ended.value.code, out.getvalue(), err.getvalue())


UPSTREAM = {
    "PARAPHINA_WS_AUDIT": False,
    "PARAPHINA_WS_MAX_SESSION_SECS": 86_400,
    "PARAPHINA_WS_HEALTHY_THRESHOLD_MS": 60_000,
    "PARAPHINA_MAIN_LOOP_INTERVAL_MS": 250,
    "PARAPHINA_MIN_INTER_TICK_MS": 100,
    "PARAPHINA_L2_DELTA_COALESCE": True,
    "PARAPHINA_L2_SNAPSHOT_COALESCE": True,
    "PARAPHINA_L2_TICK_DELTA_BUFFER_MAX": None,
    "PARAPHINA_TELEMETRY_CHANNEL_CAP": 4_096,
    "PARAPHINA_FORCE_RESTART_MS": 90_000,
    "PARAPHINA_ENFORCER_COOLDOWN_SECS": 30,
    "PARAPHINA_REST_MONITOR_THRESHOLD_MS": 20_000,
    "PARAPHINA_CATASTROPHIC_STALE_MS": 120_000,
    "PARAPHINA_HL_STATE_STALE_MS_OVERRIDE": 2_000,
    "PARAPHINA_EXTENDED_STATE_STALE_MS_OVERRIDE": 1_000,
    "PARAPHINA_PARADEX_STATE_STALE_MS_OVERRIDE": 3_000,
    "PARAPHINA_EXTENDED_WS_READ_TIMEOUT_MS": 10_000,
    "PARAPHINA_EXTENDED_WS_DEPTH_LEVELS": 2,
    "PARAPHINA_LIGHTER_WS_READONLY": False,
    "PARAPHINA_PARADEX_PUBLIC_FEED": "bbo",
    "HL_COIN": "TAO",
    "HL_L2_SIGFIGS": 5,
    "HL_L2_LEVELS": 20,
    "LIGHTER_MARKET": "BTC-USD",
    "LIGHTER_MARKET_ID": None,
    "EXTENDED_MARKET": "BTC-USD",
    "ASTER_MARKET": "BTCUSDT",
    "ASTER_DEPTH_LIMIT": "100",
    "PARADEX_MARKET": "BTC-USD-PERP",
    **{f"PARAPHINA_{venue}_STALE_MS": 10_000 for venue in ("HL", "LIGHTER", "EXTENDED", "ASTER", "PARADEX")},
    **{f"PARAPHINA_{venue}_PING_INTERVAL_MS": 30_000 for venue in ("HL", "LIGHTER", "EXTENDED", "ASTER", "PARADEX")},
    **{f"PARAPHINA_{venue}_WS_CONNECT_TIMEOUT_MS": 15_000 for venue in ("HL", "LIGHTER")},
    **{f"PARAPHINA_{venue}_WS_READ_TIMEOUT_MS": 30_000 for venue in ("HL", "LIGHTER")},
}


@pytest.mark.parametrize(("name", "default"), UPSTREAM.items())
def test_a_variable_of_the_producer_has_the_producers_default(name: str, default: object) -> None:
    assert {row["name"]: row["value"] for row in settings({})}[name] == default


def test_every_name_is_listed_once_with_its_meaning() -> None:
    rows = list(settings({}))
    names = [name for row in rows for name in (row["name"], *row["aliases"])]
    assert len(names) == len(set(names))
    assert all(row["meaning"] for row in rows)


@pytest.mark.parametrize(
    ("environ", "name", "expected"),
    [
        ({}, "PARAPHINA_LIGHTER_STALE_MS", (10_000, "default", None)),
        ({}, "PARAPHINA_EXTENDED_WS_READ_TIMEOUT_MS", (10_000, "venue", None)),
        ({}, "PARAPHINA_PARADEX_STATE_STALE_MS_OVERRIDE", (3_000, "venue", None)),
        ({}, "PARAPHINA_LIGHTER_STATE_STALE_MS_OVERRIDE", (1_000, "default", None)),
        (
            {"PARAPHINA_LIGHTER_PING_INTERVAL_MS": "0"},
            "PARAPHINA_LIGHTER_PING_INTERVAL_MS",
            (0, "environment", "PARAPHINA_LIGHTER_PING_INTERVAL_MS"),
        ),
        (
            {"LIGHTER_REST_URL": "http://127.0.0.1:1"},
            "LIGHTER_HTTP_BASE_URL",
            ("http://127.0.0.1:1", "environment", "LIGHTER_REST_URL"),
        ),
    ],
)
def test_a_value_is_listed_with_its_source(environ: dict[str, str], name: str, expected: tuple[object, ...]) -> None:
    row = {row["name"]: row for row in settings(environ)}[name]
    assert (row["value"], row["source"], row["read_from"]) == expected


def test_text_and_json_list_the_same_settings() -> None:
    environ = {"PARAPHINA_LIGHTER_PING_INTERVAL_MS": "10000", "LIGHTER_REST_URL": "http://127.0.0.1:1"}
    rows = json.loads(toolkit_env("--format", "json", environ=environ).stdout)["settings"]
    lines = toolkit_env(environ=environ).stdout.splitlines()[1:]
    assert [line.split()[0] for line in lines] == [row["name"] for row in rows]
    assert "environment, as LIGHTER_REST_URL" in next(line for line in lines if line.startswith("LIGHTER_HTTP"))


def test_a_word_selects_the_names_that_contain_it() -> None:
    names = [line.split()[0] for line in toolkit_env("ping").stdout.splitlines()[1:]]
    assert len(names) == 5
    assert all("PING" in name for name in names)


@pytest.mark.parametrize(("name", "text"), test_settings.BAD[:: len(test_settings.BAD) // 12])
def test_an_invalid_value_exits_with_2_and_names_its_variable(name: str, text: str) -> None:
    done = toolkit_env(environ={name: text})
    assert (done.returncode, done.stdout) == (2, "")
    assert name in done.stderr
    assert done.stderr.replace("\n", "").isprintable()


def test_the_password_of_a_refused_url_is_not_repeated() -> None:
    done = toolkit_env(environ={"EXTENDED_WS_URL": "wss://someone:hunter2@example.com"})
    assert done.returncode == 2
    assert "EXTENDED_WS_URL" in done.stderr
    assert "hunter2" not in done.stderr


def test_control_characters_and_tokens_are_not_printed() -> None:
    environ = {"PARAPHINA_TELEMETRY_PATH": "a\x1b[2J", "ASTER_WS_URL": "wss://example.com/ws?token=hunter2"}
    for format in ("text", "json"):
        printed = toolkit_env("--format", format, environ=environ).stdout
        assert "\x1b" not in printed
        assert "hunter2" not in printed


def test_an_unknown_name_is_noted_without_its_value() -> None:
    environ = {"PARAPHINA_LIGHTER_PING_MS": "10000", "LIGHTER_NETWORK": "testnet", "PARAPHINA_WS_AUDIT": "1"}
    assert unknown_names(environ | {"HOME": "/"}, list(settings(environ))) == [
        "LIGHTER_NETWORK",
        "PARAPHINA_LIGHTER_PING_MS",
    ]
    done = toolkit_env(environ=environ)
    assert "PARAPHINA_LIGHTER_PING_MS" in done.stderr
    assert "testnet" not in done.stderr
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("environ", "value", "read_from"),
    [
        ({}, None, None),
        ({"HTTPS_PROXY": "http://proxy.test:3128"}, "http://proxy.test:3128", "HTTPS_PROXY"),
        ({"HTTPS_PROXY": "http://a.test:1", "https_proxy": "http://b.test:1"}, "http://b.test:1", "https_proxy"),
    ],
)
def test_the_variables_of_proxies_are_listed_as_they_are_read(
    environ: dict[str, str], value: str | None, read_from: str | None
) -> None:
    rows = {row["name"]: row for row in settings(environ)}
    assert (rows["HTTPS_PROXY"]["value"], rows["HTTPS_PROXY"]["read_from"]) == (value, read_from)
    assert {"SSL_CERT_FILE", "SSL_CERT_DIR", "ALL_PROXY", "NO_PROXY"} <= rows.keys()


def test_a_password_of_a_proxy_is_masked() -> None:
    done = toolkit_env("HTTPS_PROXY", environ={"HTTPS_PROXY": "http://me:hunter2@proxy.test:3128"})
    assert done.returncode == 0 and "proxy.test" in done.stdout and "hunter2" not in done.stdout
