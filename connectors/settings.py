"""Settings of the connectors: the environment variables, their defaults, values and sources.

Names and defaults are those of the program whose runs the toolkit reads, so that one environment serves both. A value
that cannot be parsed is an error that names the variable; it never falls back to the default.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from connectors.venues.spec import Setting, SettingType, Target, Value, Venue, VenueLimits
from toolkit.model.errors import UsageError
from toolkit.model.redaction import redact_invalid

SHOWN = 60
"""Characters of a bad value that an error message shows."""
_DIGITS = re.compile(r"[0-9]{1,15}")
_NAME = re.compile(r"[\w@][\w.:@/-]*", re.ASCII)
_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}

COMMON_SETTINGS = (
    Setting("PARAPHINA_WS_AUDIT", False, SettingType.FLAG, "write WS_AUDIT lines"),
    Setting(
        "PARAPHINA_WS_MAX_SESSION_SECS", 86_400, SettingType.SECONDS, "a socket is replaced after this time", least=1
    ),
    Setting("PARAPHINA_WS_HEALTHY_THRESHOLD_MS", 60_000, SettingType.MS, "a session this long resets the backoff"),
    Setting("PARAPHINA_MAIN_LOOP_INTERVAL_MS", 250, SettingType.MS, "tick timer", least=1),
    Setting(
        "PARAPHINA_MIN_INTER_TICK_MS",
        100,
        SettingType.MS,
        "time after a tick before an event may wake the next",
        least=1,
    ),
    Setting(
        "PARAPHINA_L2_SNAPSHOT_COALESCE",
        True,
        SettingType.FLAG,
        "apply only the newest of a venue's snapshots in a tick",
    ),
    Setting("PARAPHINA_L2_DELTA_COALESCE", True, SettingType.FLAG, "merge a venue's deltas of a tick into one"),
    Setting(
        "PARAPHINA_L2_TICK_DELTA_BUFFER_MAX", None, SettingType.COUNT, "deltas kept per venue and tick; unset: no limit"
    ),
    Setting(
        "PARAPHINA_MARKET_RX_STATS",
        False,
        SettingType.FLAG,
        "count the events each tick takes, in telemetry and the log",
    ),
    Setting(
        "PARAPHINA_MARKET_RX_STATS_EVERY_TICKS", 1, SettingType.COUNT, "write the counts of every n-th tick", least=1
    ),
    Setting("PARAPHINA_MARKET_RX_STATS_PATH", None, SettingType.TEXT, "file of the counts; unset: the log"),
    Setting(
        "PARAPHINA_TELEMETRY_PATH",
        None,
        SettingType.TEXT,
        "telemetry file; unset: telemetry.jsonl in the run directory",
    ),
    Setting("PARAPHINA_TELEMETRY_APPEND", False, SettingType.FLAG, "append to a telemetry file that exists"),
    Setting(
        "PARAPHINA_TELEMETRY_CHANNEL_CAP",
        4_096,
        SettingType.COUNT,
        "telemetry records that may wait to be written",
        least=1,
    ),
    Setting(
        "PARAPHINA_FORCE_RESTART_MS", 90_000, SettingType.MS, "age at which the enforcer restarts a connector", least=1
    ),
    Setting(
        "PARAPHINA_ENFORCER_COOLDOWN_SECS", 30, SettingType.SECONDS, "least time between two restarts of one connector"
    ),
    Setting(
        "PARAPHINA_REST_MONITOR_THRESHOLD_MS",
        20_000,
        SettingType.MS,
        "age at which the REST monitor fetches the book",
        least=1,
    ),
    Setting(
        "PARAPHINA_REST_MONITOR_MODE",
        "inject_snapshot",
        SettingType.TEXT,
        "what the REST monitor does with a fetched book: inject it, marked, or only look",
        choices=("inject_snapshot", "probe_only"),
    ),
    Setting(
        "PARAPHINA_CATASTROPHIC_STALE_MS", 120_000, SettingType.MS, "event age at which a venue is Disabled", least=1
    ),
)

NETWORK_SETTINGS = (
    Setting(
        "SSL_CERT_FILE", None, SettingType.TEXT, "file of the certificate authorities to trust; unset: the system's"
    ),
    Setting("SSL_CERT_DIR", None, SettingType.TEXT, "directory of the certificate authorities to trust"),
    *(
        Setting(f"{name}_PROXY", None, SettingType.TEXT, meaning, aliases=(f"{name}_proxy".lower(),))
        for name, meaning in (
            ("WSS", "proxy of sockets with TLS; unset: HTTPS_PROXY"),
            ("HTTPS", "proxy of sockets and requests with TLS; without user and password"),
            ("WS", "proxy of sockets without TLS; unset: HTTP_PROXY"),
            ("HTTP", "proxy of sockets and requests without TLS"),
            ("ALL", "proxy of all that has no proxy of its own; this machine is never proxied"),
            ("NO", "hosts and domains that are not proxied, with commas between; *: all"),
        )
    ),
)
"""Variables that `connectors.io` reads for every connection beyond this machine."""

_LIMITS = {
    "PARAPHINA_{}_STALE_MS": ("stale_ms", "silence of data that ends a session", 1),
    "PARAPHINA_{}_PING_INTERVAL_MS": ("ping_interval_ms", "time between our pings; 0 turns them off", 0),
    "PARAPHINA_{}_WS_CONNECT_TIMEOUT_MS": ("connect_ms", "TCP, TLS and upgrade together", 1),
    "PARAPHINA_{}_WS_READ_TIMEOUT_MS": ("read_ms", "silence of the whole socket that ends a session", 1),
    "{}_FUNDING_POLL_MS": ("funding_ms", "time between polls of the funding rate by REST; 0 turns them off", 0),
}


@dataclass(frozen=True, slots=True)
class ResolvedSetting:
    """A setting with its value; `source` is `default` or the name of the variable it was read from."""

    setting: Setting
    value: Value
    source: str


def venue_settings(venue: Venue) -> tuple[Setting, ...]:
    """Return every setting of one venue."""
    limits = tuple(
        Setting(name.format(venue.prefix), getattr(venue.limits, field), SettingType.MS, meaning, least=least)
        for name, (field, meaning, least) in _LIMITS.items()
    )
    fresh = Setting(
        _fresh_setting(venue), venue.fresh_ms, SettingType.MS, "apply age up to which the venue is Healthy", least=1
    )
    named = () if venue.instrument is None else (venue.instrument,)
    return (venue.market, *named, venue.ws, venue.rest, *limits, fresh, *venue.settings)


def resolve(settings: Iterable[Setting], environ: Mapping[str, str]) -> dict[str, ResolvedSetting]:
    """Resolve every setting, by name; raises UsageError with the variable, its text and what is allowed."""
    return {setting.name: _resolve(setting, environ) for setting in settings}


def limits(venue: Venue, resolved: Mapping[str, ResolvedSetting]) -> VenueLimits:
    """Return the venue's limits, changed by the resolved settings of the venue and the common ones."""
    chosen = {
        field: resolved[name.format(venue.prefix)].value
        for name, (field, _, _) in _LIMITS.items()
        if name.format(venue.prefix) in resolved
    }
    if (seconds := resolved.get("PARAPHINA_WS_MAX_SESSION_SECS")) is not None:
        chosen["session_ms"] = _number(seconds) * 1_000
    if (healthy := resolved.get("PARAPHINA_WS_HEALTHY_THRESHOLD_MS")) is not None:
        chosen["healthy_ms"] = _number(healthy)
    return replace(venue.limits, **chosen)  # type: ignore[arg-type]


def fresh_ms(venue: Venue, resolved: Mapping[str, ResolvedSetting]) -> int:
    """Return the apply age in ms up to which the venue is Healthy."""
    return _number(resolved[_fresh_setting(venue)])


def target(venue: Venue, resolved: Mapping[str, ResolvedSetting], base: str | None = None) -> Target:
    """Return the market to follow and where; `base` (ETH) names the asset if the venue's market is not set itself."""
    chosen = resolved[venue.market.name]
    market = venue.symbol.format(base=base) if base and chosen.source == "default" else str(chosen.value)
    options = {setting.name: resolved[setting.name].value for setting in venue.settings}
    ws, rest = (_urls(str(resolved[setting.name].value)) for setting in (venue.ws, venue.rest))
    return Target(ws, rest, market, _instrument(venue, resolved, market), options)


def _instrument(venue: Venue, resolved: Mapping[str, ResolvedSetting], market: str) -> str:
    if venue.instrument is not None and (value := resolved[venue.instrument.name].value) is not None:
        return str(value)
    return market if venue.lookup is None else ""


def _fresh_setting(venue: Venue) -> str:
    return f"PARAPHINA_{venue.prefix}_STATE_STALE_MS_OVERRIDE"


def _number(resolved: ResolvedSetting) -> int:
    return resolved.value if isinstance(resolved.value, int) else 0


def _urls(text: str) -> tuple[str, ...]:
    return tuple(url.strip() for url in text.split(",") if url.strip())


def _resolve(setting: Setting, environ: Mapping[str, str]) -> ResolvedSetting:
    for name in (setting.name, *setting.aliases):
        if text := environ.get(name, "").strip():
            return ResolvedSetting(setting, _parse(name, text, setting), name)
    return ResolvedSetting(setting, setting.default, "default")


def _parse(name: str, text: str, setting: Setting) -> Value:
    match setting.kind:
        case SettingType.FLAG:
            if text.lower() in _TRUE | _FALSE:
                return text.lower() in _TRUE
            raise UsageError(f"{name}={_shown(text)}: write 1 or 0")
        case SettingType.MS | SettingType.SECONDS | SettingType.COUNT:
            if _DIGITS.fullmatch(text) and _within(int(text), setting):
                return int(text)
            raise UsageError(f"{name}={_shown(text)}: write a whole number ({setting.kind}) {_bounds(setting)}")
        case SettingType.NAME:
            if _NAME.fullmatch(text):
                return text
            raise UsageError(f"{name}={_shown(text)}: write a name of letters, digits and - . : / @ _")
        case SettingType.URLS:
            return _check_urls(name, text)
        case SettingType.TEXT:
            if setting.choices and text not in setting.choices:
                raise UsageError(f"{name}={_shown(text)}: write one of {', '.join(setting.choices)}")
            return text


def _shown(text: str) -> str:
    # Masked before it is cut: a part of a secret has not its form.
    return repr(redact_invalid(text)[:SHOWN])


def _within(number: int, setting: Setting) -> bool:
    return setting.least <= number and (setting.most is None or number <= setting.most)


def _bounds(setting: Setting) -> str:
    return f"of at least {setting.least}" if setting.most is None else f"from {setting.least} to {setting.most}"


def _check_urls(name: str, text: str) -> str:
    """Check a list of URLs; one with a user or password is refused and not repeated in the message."""
    if not _urls(text):
        raise UsageError(f"{name}={_shown(text)}: write at least one URL")
    for url in _urls(text):
        try:
            parts = urlsplit(url)
            well_formed = parts.port is None or parts.port > 0
        except ValueError:  # an unmatched bracket, or a port that is no number
            if "@" in url:
                raise UsageError(f"{name}: a URL that cannot be read; write a ws, wss, http or https URL") from None
            raise UsageError(f"{name}={_shown(url)}: write a ws, wss, http or https URL") from None
        if parts.username is not None or parts.password is not None:
            raise UsageError(f"{name}: a URL with a user or password in it is refused; public data needs none")
        if parts.scheme not in {"ws", "wss", "http", "https"} or not parts.hostname or not well_formed:
            raise UsageError(f"{name}={_shown(url)}: write a ws, wss, http or https URL")
    return text
