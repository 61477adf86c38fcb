"""Record environment variables: the values of documented names only, and only where they have the documented form.

The names are those that `toolkit env` lists and those that the documentation of the observed program lists. A number, a
flag, a duration, a word of a fixed choice, the name of a market, a path or an address without user info is recorded.
Another name is recorded without its value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from toolkit.model.redaction.arguments import redact_value
from toolkit.model.redaction.secret_names import is_secret_name
from toolkit.model.redaction.shapes import MASK

KEPT_PREFIXES = ("PARAPHINA_", "HL_", "LIGHTER_", "EXTENDED_", "ASTER_", "PARADEX_")
"""Prefixes of the environment names that configure a connector. Other variables are never recorded."""

_VENUE = "(?:HL|LIGHTER|EXTENDED|ASTER|PARADEX)"

_NAMES = {
    "number": rf"""
        PARAPHINA_(?:[A-Z0-9]+_)*(?:MS|SECS|TICKS|LIMIT|LEVELS|TOL|ORDERS|CAP|MAX|OVERRIDE)
        {_VENUE}_(?:FUNDING_POLL_MS|DEPTH_LIMIT|L2_SIGFIGS|L2_LEVELS|MARKET_ID)
    """,
    "flag": rf"""
        PARAPHINA_(?:WS_AUDIT|TELEMETRY_APPEND|MARKET_RX_STATS|L2_DELTA_COALESCE|L2_SNAPSHOT_COALESCE|LIVE_MODE)
        PARAPHINA_(?:LIVE_PREFLIGHT_OK|CONDITIONAL_QUOTING|LIGHTER_WS_READONLY|EXTENDED_APPLY_AGE_ON_ANY_L2|CANARY_MODE)
        PARAPHINA_(?:PAPER_USE_WALLCLOCK_TS|(?:PARADEX|LIGHTER)_[A-Z_]+_ENABLED)
        HL_L2_FAST {_VENUE}_FIXTURE_MODE {_VENUE}_RECORD_FIXTURES
    """,
    "word": rf"""
        PARAPHINA_(?:TRADE_MODE|RISK_PROFILE|TELEMETRY_MODE|PARADEX_PUBLIC_FEED|LIVE_CONNECTORS?|REST_MONITOR_MODE)
        {_VENUE}_(?:NETWORK|WS_ENCODING)
    """,
    "market": rf"HL_COIN {_VENUE}_MARKET",
    "path": rf"""
        PARAPHINA_(?:LIVE_OUT_DIR|LIVE_AUDIT_DIR|TELEMETRY_PATH|MARKET_RX_STATS_PATH)
        {_VENUE}_FIXTURE_DIR {_VENUE}_RECORD_DIR
    """,
    "address": rf"PARAPHINA_LIVE_METRICS_ADDR {_VENUE}_(?:WS|REST|INFO|HTTP_BASE)_URLS?",
}
"""Patterns of the documented names by the form of their value."""
_WORDS = (
    "shadow|paper|testnet|mainnet|live|off|on|jsonl|bbo|orderbook|deltas|interactive|interactive_50ms|balanced"
    "|sbe|json|conservative|aggressive|loud|all|none|hyperliquid|hl|lighter|extended|aster|paradex"
)
_FORMS = {
    "number": r"[+-]?\d{1,15}(?:\.\d{1,15})?(?:e[+-]?\d{1,3})?(?:ns|us|µs|ms|s|m|h)?",
    "flag": "[01]|true|false|yes|no|on|off",
    "word": rf"(?:{_WORDS})(?:\s*,\s*(?:{_WORDS})){{0,15}}",
    "market": r"[\w@][\w:@/-]{0,23}",
    "path": r"[^\s]{1,4096}(?:\s[^\s]{1,4096}){0,9}",
    "address": r"[^\s,]{1,300}(?:\s*,\s*[^\s,]{1,300}){0,9}",
}
_PATTERNS = {
    form: (re.compile("|".join(names.split())), re.compile(_FORMS[form], re.IGNORECASE))
    for form, names in _NAMES.items()
}
_PLAIN = re.compile("|".join(f"(?:{_FORMS[form]})" for form in ("number", "flag", "word")), re.IGNORECASE)
_KEY_IN_PATH = re.compile(r"(?<=/)(?=[^/?#,\s]*\d)(?=[^/?#,\s]*[A-Za-z])[A-Za-z0-9_=-]{20,}(?=[/?#,\s]|$)")
_SECRET_LIKE = re.compile(r"(?<![^\s/:,])(?=[^\s/:,]*\d)(?=[^\s/:,]*[A-Za-z])[^\s/:,]{12,}")
_USER_INFO = re.compile(r"[^/\s,]*@")
_QUERY = re.compile(r"(\?)(?!(?:readonly=(?:true|false|1|0)|depth=\d{1,4})(?:[,\s]|$))[^,\s]*")


def redact_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that configure a connector, sorted by name.

    A value is masked completely where the name is not documented, or where the value has not the documented form.
    """
    kept = sorted(name for name in variables if name.startswith(KEPT_PREFIXES))
    return {name: _documented(name, variables[name]) for name in kept}


def _documented(name: str, value: str) -> str:
    form = documented_form(name)
    if not value or form is None or _PATTERNS[form][1].fullmatch(value.strip()) is None:
        return value and MASK
    if form == "address":
        value = _QUERY.sub(rf"\1{MASK}", _KEY_IN_PATH.sub(MASK, _USER_INFO.sub(f"{MASK}@", value)))
    return redact_value(value) if form in ("path", "address", "market") else value


def documented_form(name: str) -> str | None:
    """Return the form of a documented variable's value: `number`, `flag`, `word`, `market`, `path` or `address`."""
    if not name.startswith(KEPT_PREFIXES):
        return None
    return next((form for form, (names, _) in _PATTERNS.items() if names.fullmatch(name)), None)


def redact_named(name: str, value: str) -> str:
    """Mask secrets in the value of a variable or setting; it is masked completely if its name is that of a secret."""
    return MASK if is_secret_name(name) else redact_value(value)


def redact_invalid(value: str) -> str:
    """Mask a value that its variable cannot have: in it, each long word of letters and digits may be a secret."""
    return redact_value(_SECRET_LIKE.sub(MASK, value))


def redact_setting(name: str, value: str) -> str:
    """Mask a variable that a log states: of one that is not documented, only numbers, flags and words are kept."""
    if documented_form(name) is not None:
        return _documented(name, value)
    return value if _PLAIN.fullmatch(value) and not is_secret_name(name) else MASK
