"""What a supervised command is given: its placeholders filled, its environment set, and shadow mode insisted on."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from toolkit.model.errors import UsageError

RUN_DIR_VARIABLE = "TOOLKIT_RUN_DIR"
"""Tells any program where its run directory is."""

_TRADE_MODE = re.compile(r"(?:--trade-mode|PARAPHINA_TRADE_MODE)[=\s]+[\"']?([\w-]+)")


def paraphina_environment(out: Path) -> dict[str, str]:
    """Makes `paraphina_live` write its telemetry, market statistics and audit lines into the run directory `out`."""
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
    """The environment of the command: what is inherited, the run directory, and the profile's variables above both.

    Raises `UsageError` for a profile that there is not, and where the inherited trade mode is not shadow.
    """
    refuse_trading((f"PARAPHINA_TRADE_MODE={inherited.get('PARAPHINA_TRADE_MODE', 'shadow')}",))
    if profile is not None and profile not in PROFILES:
        raise UsageError(f"--profile {profile}: no such profile; there is {', '.join(PROFILES)}")
    added = PROFILES[profile](out) if profile else {}
    return {**inherited, RUN_DIR_VARIABLE: str(out), **added}


def refuse_trading(argv: Sequence[str]) -> None:
    """Raise `UsageError` when a command sets a trade mode other than shadow, be it deep in a shell's argument."""
    for mode in _TRADE_MODE.findall(" ".join(argv)):
        if mode != "shadow":
            raise UsageError(f"trade mode {mode}: a smoke run is shadow only; set the trade mode to shadow")


def fill_placeholders(argv: Sequence[str], out: Path) -> list[str]:
    """The command with each `{out}` replaced by the run directory."""
    return [argument.replace("{out}", str(out)) for argument in argv]
