"""The soak report's page, written from the rows of the compat view: what the tool itself printed for the run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from toolkit.model.runs import CompatRow
from toolkit.upstream.soak_report import PLATEAUS_MS

AGES = ["apply_n", "apply_p50", "apply_p95", "apply_p99", "event_n", "event_p50", "event_p95", "event_p99"]
PLATEAU = ["max_duration_s", "ticks", "start_tick", "end_tick"]


def page(rows: Iterable[CompatRow]) -> str:
    told = {row.name: row.upstream for row in rows}
    return "\n".join((
        "# WS Shadow Soak Report",
        "",
        "## Run Inputs",
        "- out_dir: `$OUT`",
        f"- telemetry rows: `{told['telemetry rows']}`",
        f"- tick range: `{told['telemetry tick range']}`",
        f"- treasury as_of range (UTC): `{told['telemetry as_of range']}`",
        "",
        "## Venue Age Percentiles (ms)",
        _table(("venue", *AGES), _ages(told), "_No venue age samples found._"),
        "",
        "## Reconnect Reason Counts",
        _table(
            ("venue", "reason", "ws_audit_count", "signature_count", "combined_count"),
            _reconnects(told),
            "_No reconnect evidence found in run.log._",
        ),
        "",
        "## MarketPublisher Pressure Counters (WS_AUDIT)",
        _table(
            ("counter", "max_count"),
            _publisher(told),
            "_No `component=market_publisher` counters found in run.log._",
        ),
        "",
        "## Runner cap_hits Summary",
        *_caps(told),
        "",
        "## Max Stale Plateau Durations (apply-age `venue_age_ms`)",
        "_Plateau definition: `age_apply_ms > threshold` for at least `3` consecutive ticks._",
        _table(("venue", "threshold_ms", *PLATEAU), _plateaus(told), "_No plateau data found._"),
        "",
        "_report saved to `$OUT/ws_soak_report.md`_",
        f"GATE: {told['gate']}",
        *(f"  - {value}" for name, value in told.items() if _failed(name, value)),
        "",
    ))  # fmt: skip


Told = dict[str, int | float | str | None]


def _table(heads: Sequence[str], rows: Sequence[Sequence[object]], absent: str) -> str:
    lines = (heads, ["---"] * len(heads), *rows)
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines) if rows else absent


def _shown(told: Told) -> list[str]:
    """The venues with an age; the view also has rows for those without, to say so."""
    named = {name.split()[1] for name, value in told.items() if name.startswith("ages ") and value is not None}
    return sorted(named)


def _ages(told: Told) -> list[list[object]]:
    return [[venue, *(told.get(f"ages {venue} {column}", "n/a") for column in AGES)] for venue in _shown(told)]


def _reconnects(told: Told) -> list[list[object]]:
    keys = sorted(
        {tuple(name.split()[1:3]) for name in told if name.startswith("reconnects ") and name.count(" ") == 3}
    )
    return [
        [
            venue,
            reason,
            *(told[f"reconnects {venue} {reason}{column}"] for column in (" ws_audit_count", " signature_count", "")),
        ]
        for venue, reason in keys
    ]


def _publisher(told: Told) -> list[list[object]]:
    return [
        [name.split()[1], value] for name, value in told.items() if name.startswith("publisher ") and value is not None
    ]


def _caps(told: Told) -> list[str]:
    if "cap_hits parsed lines" not in told:
        return ["_market_rx_stats.log not present in out-dir._"]
    burst = f"`+{told['cap_hits worst interval burst']}` (ticks `{told['cap_hits worst interval burst ticks']}`)"
    return [
        f"- parsed lines: `{told['cap_hits parsed lines']}`",
        f"- tick range: `{told['cap_hits tick range']}`",
        f"- last cap_hits: `{told['cap_hits last']}`",
        f"- max observed cap_hits: `{told['cap_hits max observed']}`",
        f"- estimated total cap_hits: `{told['cap_hits estimated total']}`",
        f"- worst interval burst: {burst}",
        f"- counter resets detected: `{told['cap_hits counter resets']}`",
    ]


def _plateaus(told: Told) -> list[list[object]]:
    return [
        [
            venue,
            limit,
            _seconds(told[f"plateau {venue} {limit} max_duration_s"]),
            *_rest(told, f"plateau {venue} {limit}"),
        ]
        for venue in _shown(told)
        for limit in PLATEAUS_MS
    ]


def _rest(told: Told, name: str) -> list[object]:
    return [told.get(f"{name} {column}", "n/a") for column in PLATEAU[1:]]


def _seconds(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _failed(name: str, value: object) -> bool:
    return name.startswith("gate ") and value not in ("passed", "not checked")
