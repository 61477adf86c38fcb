"""Recorded commands and environments contain no secret and no variable unrelated to the run."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.settings import COMMON_SETTINGS, venue_settings
from connectors.venues import venues
from connectors.venues.spec import Setting, SettingType
from toolkit.model.redaction import redact_argv, redact_environment
from toolkit.model.redaction.environment import documented_form

SECRETS = st.text(string.ascii_letters + string.digits, min_size=12, max_size=40).map(lambda text: f"Zq{text}")


@given(SECRETS)
@pytest.mark.parametrize(
    "shape",
    [
        ("--api-key", "{}"),
        ("--api-key={}",),
        ("-e", "LIGHTER_API_TOKEN={}"),
        ("sh", "-c", "HL_PRIVATE='{}' exec program"),
        ("--url", "wss://user:{}@example.invalid/ws"),
        ("curl", "-H", "Authorization: Bearer {}"),
        ("--passphrase", "{}"),
        ("--auth", "{}"),
        ("--pw", "{}"),
        ("-u", "user:{}"),
        ("-uuser:{}",),
        ("--user", "user:{}"),
        ("-p{}",),
        ("sh", "-c", "mysql -p{} -u root"),
        ("sh", "-c", "curl -u user:{} https://example.invalid"),
        ("AUTH={}",),
        ("env", "MY_PW={}", "program"),
        ("--jwt", "{}"),
        ("--cookie", "a=b; sid={}"),
        ("--credentials", "{}"),
        ("--mnemonic", "{}"),
        ("--signature", "{}"),
        ("--bearer", "{}"),
        ("--seed", "{}"),
        ("--session-key={}",),
        ("postgres://user:{}@db.example.invalid/runs",),
        ("redis+tls://:{}@db.example.invalid",),
        ("amqp://user:a/{}@db.example.invalid",),
        ("https://example.invalid/path?auth={}&depth=1",),
        ("https://example.invalid/path?depth=1&sig={}",),
        ("https://hooks.slack.com/services/T01/B02/{}",),
        ("https://discord.com/api/webhooks/123/{}",),
        ("-H", "Cookie: a=b; sid={}"),
        ('{{"password": "{}"}}',),
    ],
    ids=lambda shape: " ".join(shape),
)
def test_a_secret_in_an_argument_is_masked(shape: tuple[str, ...], secret: str) -> None:
    arguments = tuple(part.format(secret) for part in shape)
    masked = redact_argv(arguments)
    assert secret not in " ".join(masked)
    assert len(masked) == len(arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ("cargo", "test", "--release", "--", "--nocapture"),
        ("paraphina_live", "--trade-mode", "shadow", "--connectors", "hyperliquid,lighter", "--out-dir", "{out}"),
        (
            "env",
            "PARAPHINA_LIGHTER_PING_INTERVAL_MS=10000",
            "program",
            "--url",
            "wss://example.invalid/ws?readonly=true",
        ),
        ("--api-key", "--verbose"),
        ("cargo", "run", "-p", "paraphina", "--bin", "paraphina_live"),
        ("toolkit", "smoke", "--seed", "7", "--base", "ETH", "-p8080"),
        ("git", "show", "29c19fd4a1b2c3d4e5f60718293a4b5c6d7e8f90", "--", "toolkit/model/keyed_records.py"),
        ("program", "--url", "wss://api.hyperliquid.xyz/ws", "--digest", "sha256:" + "4f" * 32),
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_command_without_secrets_is_unchanged(arguments: tuple[str, ...]) -> None:
    assert redact_argv(arguments) == arguments


def test_all_words_of_a_seed_phrase_are_masked_up_to_the_next_option() -> None:
    words = ("abandon", "ability", "able", "about")
    assert redact_argv(("wallet", "--seed-phrase", *words, "--out", "x")) == (
        "wallet",
        "--seed-phrase",
        *["***"] * 4,
        "--out",
        "x",
    )


def test_only_variables_that_configure_a_connector_are_recorded() -> None:
    environment = {"HOME": "/home/somebody", "AWS_REGION": "seeded", "ASTER_MARKET": "BTCUSDT"}
    assert redact_environment(environment) == {"ASTER_MARKET": "BTCUSDT"}


RECORDED = {
    "ASTER_MARKET": "BTCUSDT",
    "HL_COIN": "ETH",
    "HL_WS_URL": "wss://api.hyperliquid.xyz/ws",
    "LIGHTER_WS_URL": "wss://a.example/stream?readonly=true, ws://127.0.0.1:23000/ws",
    "PARADEX_WS_ENCODING": "sbe",
    "PARAPHINA_LIGHTER_PING_INTERVAL_MS": "10000",
    "PARAPHINA_LIVE_CONNECTORS": "hyperliquid,lighter",
    "PARAPHINA_LIVE_METRICS_ADDR": "127.0.0.1:9898",
    "PARAPHINA_PARADEX_PUBLIC_FEED": "interactive_50ms",
    "PARAPHINA_TELEMETRY_PATH": "runs/after/telemetry.jsonl",
    "PARAPHINA_TRADE_MODE": "shadow",
    "PARAPHINA_WS_AUDIT": "1",
}


@pytest.mark.parametrize("name", RECORDED)
def test_the_value_of_a_documented_variable_is_recorded(name: str) -> None:
    assert redact_environment({name: RECORDED[name]}) == {name: RECORDED[name]}


@pytest.mark.parametrize(
    "name",
    [
        "PARADEX_JWT", "LIGHTER_AUTH", "HL_COOKIE", "HL_MNEMONIC", "HL_SEED", "ASTER_PWD", "PARAPHINA_CREDENTIALS",
        "PARAPHINA_SIGNATURE", "EXTENDED_BEARER", "PARAPHINA_ALERT_WEBHOOK", "EXTENDED_API_KEY", "PARAPHINA_NEW",
        "PARAPHINA_WS_AUDIT", "PARAPHINA_HL_STALE_MS", "PARAPHINA_TRADE_MODE", "HL_COIN",
    ],
)  # fmt: skip
def test_another_variable_is_recorded_without_its_value(name: str) -> None:
    assert redact_environment({name: "s3cr3tV4lue9876 of no documented form"}) == {name: "***"}


@pytest.mark.parametrize(
    ("value", "recorded"),
    [
        ("wss://user:seeded@example.invalid/ws", "wss://***@example.invalid/ws"),
        ("wss://example.invalid/ws?auth=seeded", "wss://example.invalid/ws?***"),
        ("wss://example.invalid/v2/seeded0123456789abcdefghij", "wss://example.invalid/v2/***"),
        ("user:seeded@example.invalid:8080", "***@example.invalid:8080"),
    ],
)
def test_an_address_is_recorded_without_what_gives_access(value: str, recorded: str) -> None:
    assert redact_environment({"HL_WS_URL": value}) == {"HL_WS_URL": recorded}


def test_a_path_is_recorded_without_the_name_of_the_home_directory() -> None:
    recorded = redact_environment({"PARAPHINA_LIVE_OUT_DIR": "/home/somebody/runs/after"})
    assert recorded == {"PARAPHINA_LIVE_OUT_DIR": "~/runs/after"}


FORMS = {"flag": "flag", "ms": "number", "s": "number", "count": "number", "name": "market", "urls": "address"}


def test_each_setting_of_the_connectors_is_documented_with_its_form() -> None:
    table = [*COMMON_SETTINGS, *(each for venue in venues().values() for each in venue_settings(venue))]
    forms = {name: (each.kind, documented_form(name)) for each in table for name in (each.name, *each.aliases)}
    texts = {name: form for name, (kind, form) in forms.items() if kind is SettingType.TEXT}
    assert {name for name, (kind, form) in forms.items() if kind in FORMS and form != FORMS[kind]} == set()
    assert set(texts.values()) <= {"path", "word", "number"}, texts


@pytest.mark.parametrize(
    "setting", [each for venue in venues().values() for each in venue_settings(venue)], ids=lambda each: each.name
)
def test_the_default_and_the_choices_of_each_setting_are_recorded(setting: Setting) -> None:
    values = [
        str(int(each) if isinstance(each, bool) else each)
        for each in (*setting.choices, setting.default)
        if each is not None
    ]
    assert [redact_environment({setting.name: each})[setting.name] for each in values] == values
