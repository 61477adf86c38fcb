"""The command line and the environment of a producer: placeholders, profile variables, shadow mode only."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from toolkit.model.errors import UsageError

RUN_DIR_VARIABLE = "TOOLKIT_RUN_DIR"
"""Environment variable that holds the run directory; it is set for every producer."""

_TRADE_MODE = re.compile(r"(?:--trade-mode|PARAPHINA_TRADE_MODE)[=\s]+[\"']?([\w-]+)")


def paraphina_environment(out: Path) -> dict[str, str]:
    """Return variables that make `paraphina_live` write telemetry, market statistics and audit lines into `out`."""
    return {
        "PARAPHINA_LIVE_OUT_DIR": str(out),
        "PARAPHINA_MARKET_RX_STATS": "1",
        "PARAPHINA_MARKET_RX_STATS_PATH": str(out / "market_rx_stats.log"),
        "PARAPHINA_TELEMETRY_MODE": "jsonl",
        "PARAPHINA_TELEMETRY_PATH": str(out / "telemetry.jsonl"),
        "PARAPHINA_TRADE_MODE": "shadow",
        "PARAPHINA_WS_AUDIT": "1",
    }


PROFILES: Mapping[str, Callable[[Path], dict[str, str]]] = {"paraphina": paraphina_environment}


def environment(profile: str | None, out: Path, inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the producer's environment: `inherited`, the run directory and the profile's variables.

    A later one of these overrides an earlier one.

    Raises `UsageError` for an unknown profile, or if the inherited trade mode is not shadow.
    """
    refuse_trading((f"PARAPHINA_TRADE_MODE={inherited.get('PARAPHINA_TRADE_MODE', 'shadow')}",))
    if profile is not None and profile not in PROFILES:
        raise UsageError(f"--profile {profile}: no such profile; write {' or '.join(PROFILES)}, or leave it out")
    added = PROFILES[profile](out) if profile else {}
    return {**inherited, RUN_DIR_VARIABLE: str(out), **added}


def refuse_trading(argv: Sequence[str]) -> None:
    """Raise `UsageError` if a command sets a trade mode other than shadow, also within a shell's argument."""
    for mode in _TRADE_MODE.findall(" ".join(argv)):
        if mode != "shadow":
            raise UsageError(f"trade mode {mode}: a smoke run is shadow only; set the trade mode to shadow")


def fill_placeholders(argv: Sequence[str], out: Path) -> list[str]:
    """Return the command with each `{out}` replaced by the run directory."""
    return [argument.replace("{out}", str(out)) for argument in argv]
