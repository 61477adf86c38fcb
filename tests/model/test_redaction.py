"""Secrets in text are masked, and text without secrets is unchanged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.model.redaction import MASK, redact, redact_log_line

SECRET = "s3cr3tV4lue9876"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLW9mLWl0"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"wss://ada:{SECRET}@venue.example/ws", "wss://***@venue.example/ws"),
        (f"connecting url=https://{SECRET}@venue.example:443/a", "connecting url=https://***@venue.example:443/a"),
        (f"wss://venue.example/ws?token={SECRET}&depth=1", "wss://venue.example/ws?token=***&depth=1"),
        (f"Authorization: Bearer {SECRET}", "Authorization: Bearer ***"),
        (f'{{"authorization":"Basic {SECRET}"}}', '{"authorization":"***"}'),
        (f"sent Bearer {SECRET}", "sent Bearer ***"),
        (f"HL_PRIVATE_KEY={SECRET} HL_COIN=ETH", "HL_PRIVATE_KEY=*** HL_COIN=ETH"),
        (f"api_key: {SECRET}, depth: 1", "api_key: ***, depth: 1"),
        (f'"apiKey": "{SECRET} and more", "x": 1', '"apiKey": "***", "x": 1'),
        (f"X-MBX-APIKEY: {SECRET}", "X-MBX-APIKEY: ***"),
        (f"paraphina --api-secret {SECRET} --out-dir x", "paraphina --api-secret *** --out-dir x"),
        (f"password='{SECRET}' user=ada", "password='***' user=ada"),
        (f"listenKey={SECRET}", "listenKey=***"),
        (f"jwt {JWT} expired", f"jwt {MASK} expired"),
        ("got ghp_0123456789abcdefghijABCDEFGHIJ012345", "got ***"),
        ("key AKIAIOSFODNN7EXAMPLE", "key ***"),
        ("wallet 0x52908400098527886E0F7030069857D2E4169EE7 funded", "wallet 0x*** funded"),
        ("key " + "4f" * 32, "key ***"),
        ("peer 203.0.113.7:443 refused", "peer ***:443 refused"),
        ("peer [2001:db8:85a3::8a2e:370:7334]:443 refused", "peer [***]:443 refused"),
        ("bound fe80::1ff:fe23:4567:890a%eth0", "bound ***%eth0"),
        ("from 2a00:1450:4009:81f:0:0:0:200e", "from ***"),
        ("mail ada.lovelace@example.org", "mail ***@***"),
        ("/home/ada/soak/run.log", "~/soak/run.log"),
        ("out_dir=/Users/ada/soak", "out_dir=~/soak"),
        ("C:\\Users\\ada\\soak", "~\\soak"),
        ("cwd=/root/soak", "cwd=~/soak"),
        (f"GET /ws?auth={SECRET}&depth=1", "GET /ws?auth=***&depth=1"),
        (f"wss://v.example/ws?sig={SECRET}", "wss://v.example/ws?sig=***"),
        (f"Cookie: a=b; sid={SECRET}", "Cookie: ***"),
        (f"echo Cookie: sid={SECRET}; sleep 1", "echo Cookie: ***; sleep 1"),
        (f"private key: {SECRET}", "private key: ***"),
        ("seed phrase: abandon ability able about", "seed phrase: ***"),
        (f"panicked: Signer {{ key: Some(\"{SECRET}\"), id: 1 }}", 'panicked: Signer { key: Some("***"), id: 1 }'),
        (f'headers [("authorization", "Bearer {SECRET}")]', 'headers [("authorization", "***")]'),
        (f'{{\\"token\\":\\"{SECRET}\\"}}', '{\\"token\\":\\"***\\"}'),
        (f"url%3Ftoken%3D{SECRET}", "url%3Ftoken%3D***"),
        (f"postgres://u:p/{SECRET}@db.example/x", "postgres://***@db.example/x"),
        (f"https://hooks.slack.com/services/T0/B0/{SECRET}", "https://hooks.slack.com/***"),
        (f"https://discord.com/api/webhooks/12/{SECRET} sent", "https://discord.com/api/webhooks/*** sent"),
        (f"https://alerts.example/webhook/{SECRET}", "https://alerts.example/webhook/***"),
        ("signer 0x" + "4f" * 16 + " loaded", "signer 0x*** loaded"),
        ("signature=" + "4f" * 20, "signature=***"),
        (f"-u user:{SECRET} https://v.example", "-u user:*** https://v.example"),
    ],
)  # fmt: skip
def test_a_secret_is_masked_and_the_rest_of_the_text_is_unchanged(text: str, masked: str) -> None:
    assert redact(text) == masked
    assert SECRET not in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "INFO: Hyperliquid public WS connecting url=ws://127.0.0.1:23000/ws connect_timeout=15s",
        "paraphina_live | cfg_hash=0x5175cca07d758d00 | build_id=29c19fd4a1 | metrics_addr=127.0.0.1:23009",
        "WS_AUDIT venue=extended reconnect_reason=read_timeout count=1",
        "lighter.reconnects.server_close",
        "error: failed to write $SRC/target/release/deps/libfeedcore-d829004eedf143d9.rmeta: os error 18",
        "2026-11-24T08:15:35.417000+00:00 tick 2 399 of 2 399",
        "/rootfs/x and target/root/x",
        "wss://mainnet.zklighter.elliot.ai/stream?readonly=true",
        "https://api.starknet.extended.exchange:443/stream.extended.exchange/v1/orderbooks/BTC-USD?depth=1",
        "head 29c19fd4a1b2c3d4e5f60718293a4b5c6d7e8f90, base cf68d86",
        "https://github.com/paraphina/paraphina/commit/29c19fd4a1b2c3d4e5f60718293a4b5c6d7e8f90",
        "run.log sha256 " + "4f" * 32 + ", run 0123456789abcdef",
        "config_hash 0x5175cca07d758d00 sha256:0x" + "4f" * 32,
        "toolkit/model/redaction/secret_names.py:12 and paraphina/src/live/connectors/HyperliquidFeedRunner2.rs",
        "runs/2026-11-24T08-15-35Z-after-PrB/telemetry.jsonl",
        "rustc 1.93.0 (254b59607 2026-01-19), version 1.2.3.4, Chrome/120.0.6099.109",
        "core::panicking::panic_fmt at /rustc/254b59607/library/core/src/panicking.rs:75:14",
        "key: btc, keys=3, auth: failed, 12 tests pass: 12, token: missing, author=ada, unexpected token at 3",
        "ws://[::1]:9000/ws std::fs::read fade::feed::beef at 2026-11-24 08:15:35:417, feed:12:8",
        "_ZN9paraphina4live6runner17RunnerSessionLoop17h0123456789abcdefE",
    ],
)
def test_a_line_without_secrets_is_unchanged(text: str) -> None:
    assert redact(text) == text


@given(st.text())
def test_masking_twice_gives_the_same_text(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize("piece", ["a_", "a.", "a-", "x@", "key", "1.", "eyJa", "://", "0x0", "/home/", "secret "])
def test_no_repeated_input_makes_the_patterns_slow(piece: str) -> None:
    line = piece * (60_000 // len(piece))
    assert set(redact(line)) <= {*line, *MASK, "~"}


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        (f"[config] PARAPHINA_KNOB = {SECRET} (overrode default)", "[config] PARAPHINA_KNOB = *** (overrode default)"),
        (
            f'[config] WARN: could not parse PARAPHINA_KNOB = "{SECRET}" as u64; using default 5',
            '[config] WARN: could not parse PARAPHINA_KNOB = "***" as u64; using default 5',
        ),
        (
            "[config] PARAPHINA_VOL_REF = 0.03 (overrode default)",
            "[config] PARAPHINA_VOL_REF = 0.03 (overrode default)",
        ),
        ("[config] PARAPHINA_HL_STALE_MS = 4000 (overrode default)",) * 2,
    ],
)
def test_a_log_line_keeps_of_an_unknown_setting_numbers_flags_and_words(line: str, masked: str) -> None:
    assert redact_log_line(line) == masked
    assert redact_log_line(masked) == masked
