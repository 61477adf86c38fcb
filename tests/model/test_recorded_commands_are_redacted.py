"""Recorded commands and environments contain no secret and no variable unrelated to the run."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.model.redaction import redact_argv, redact_environment

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
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_command_without_secrets_is_unchanged(arguments: tuple[str, ...]) -> None:
    assert redact_argv(arguments) == arguments


def test_only_variables_that_configure_a_connector_are_recorded() -> None:
    environment = {
        "ASTER_MARKET": "BTCUSDT",
        "EXTENDED_API_KEY": "seeded",
        "HL_WS_URL": "wss://user:seeded@example.invalid/ws",
        "HOME": "/home/somebody",
        "LIGHTER_Passphrase": "seeded",
        "PARADEX_PRIVATE_WS": "seeded",
        "PARAPHINA_LIVE_OUT_DIR": "/home/somebody/runs/after",
        "AWS_REGION": "seeded",
    }
    assert redact_environment(environment) == {
        "ASTER_MARKET": "BTCUSDT",
        "EXTENDED_API_KEY": "***",
        "HL_WS_URL": "wss://***@example.invalid/ws",
        "LIGHTER_Passphrase": "***",
        "PARADEX_PRIVATE_WS": "***",
        "PARAPHINA_LIVE_OUT_DIR": "~/runs/after",
    }
