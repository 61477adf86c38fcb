"""Write the soak report from the compat rows, in the form in which the tool prints it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from toolkit.model.runs import CompatRow
from toolkit.upstream.soak_report import PLATEAUS_MS

AGES = ["apply_n", "apply_p50", "apply_p95", "apply_p99", "event_n", "event_p50", "event_p95", "event_p99"]
PLATEAU = ["max_duration_s", "ticks", "start_tick", "end_tick"]


def page(rows: Iterable[CompatRow]) -> str:
    values = {row.name: row.upstream for row in rows}
    return "\n".join((
        "# WS Shadow Soak Report",
        "",
        "## Run Inputs",
        "- out_dir: `$OUT`",
        f"- telemetry rows: `{values['telemetry rows']}`",
        f"- tick range: `{values['telemetry tick range']}`",
        f"- treasury as_of range (UTC): `{values['telemetry as_of range']}`",
        "",
        "## Venue Age Percentiles (ms)",
        _table(("venue", *AGES), _ages(values), "_No venue age samples found._"),
        "",
        "## Reconnect Reason Counts",
        _table(
            ("venue", "reason", "ws_audit_count", "signature_count", "combined_count"),
            _reconnects(values),
            "_No reconnect evidence found in run.log._",
        ),
        "",
        "## MarketPublisher Pressure Counters (WS_AUDIT)",
        _table(
            ("counter", "max_count"),
            _publisher(values),
            "_No `component=market_publisher` counters found in run.log._",
        ),
        "",
        "## Runner cap_hits Summary",
        *_caps(values),
        "",
        "## Max Stale Plateau Durations (apply-age `venue_age_ms`)",
        "_Plateau definition: `age_apply_ms > threshold` for at least `3` consecutive ticks._",
        _table(("venue", "threshold_ms", *PLATEAU), _plateaus(values), "_No plateau data found._"),
        "",
        "_report saved to `$OUT/ws_soak_report.md`_",
        f"GATE: {values['gate']}",
        *(f"  - {value}" for name, value in values.items() if _failed(name, value)),
        "",
    ))  # fmt: skip


Values = dict[str, int | float | str | None]


def _table(heads: Sequence[str], rows: Sequence[Sequence[object]], absent: str) -> str:
    lines = (heads, ["---"] * len(heads), *rows)
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines) if rows else absent


def _venues_with_ages(values: Values) -> list[str]:
    """Return the venues with a known age; the compat rows also list the others."""
    venues = {name.split()[1] for name, value in values.items() if name.startswith("ages ") and value is not None}
    return sorted(venues)


def _ages(values: Values) -> list[list[object]]:
    return [
        [venue, *(values.get(f"ages {venue} {column}", "n/a") for column in AGES)]
        for venue in _venues_with_ages(values)
    ]


def _reconnects(values: Values) -> list[list[object]]:
    keys = sorted(
        {tuple(name.split()[1:3]) for name in values if name.startswith("reconnects ") and name.count(" ") == 3}
    )
    return [
        [
            venue,
            reason,
            *(values[f"reconnects {venue} {reason}{column}"] for column in (" ws_audit_count", " signature_count", "")),
        ]
        for venue, reason in keys
    ]


def _publisher(values: Values) -> list[list[object]]:
    return [
        [name.split()[1], value]
        for name, value in values.items()
        if name.startswith("publisher ") and value is not None
    ]


def _caps(values: Values) -> list[str]:
    if "cap_hits parsed lines" not in values:
        return ["_market_rx_stats.log not present in out-dir._"]
    burst = f"`+{values['cap_hits worst interval burst']}` (ticks `{values['cap_hits worst interval burst ticks']}`)"
    return [
        f"- parsed lines: `{values['cap_hits parsed lines']}`",
        f"- tick range: `{values['cap_hits tick range']}`",
        f"- last cap_hits: `{values['cap_hits last']}`",
        f"- max observed cap_hits: `{values['cap_hits max observed']}`",
        f"- estimated total cap_hits: `{values['cap_hits estimated total']}`",
        f"- worst interval burst: {burst}",
        f"- counter resets detected: `{values['cap_hits counter resets']}`",
    ]


def _plateaus(values: Values) -> list[list[object]]:
    return [
        [
            venue,
            limit,
            _seconds(values[f"plateau {venue} {limit} max_duration_s"]),
            *_tick_columns(values, f"plateau {venue} {limit}"),
        ]
        for venue in _venues_with_ages(values)
        for limit in PLATEAUS_MS
    ]


def _tick_columns(values: Values, name: str) -> list[object]:
    return [values.get(f"{name} {column}", "n/a") for column in PLATEAU[1:]]


def _seconds(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _failed(name: str, value: object) -> bool:
    return name.startswith("gate ") and value not in ("passed", "not checked")
