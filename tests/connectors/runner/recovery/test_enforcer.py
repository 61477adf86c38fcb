"""The enforcer restarts the connector of a venue that brought no book for a long time, and not too often."""

from __future__ import annotations

import pytest

from connectors.runner.health import NEVER
from connectors.runner.recovery.enforcer import STUCK_MS, Enforcer, EnforcerSettings, restart_line, stuck_lines
from toolkit.runlog.parse import parse

SETTINGS = EnforcerSettings(force_restart_ms=90_000, cooldown_ms=30_000)


def restart_times(ages_ms: dict[int, int]) -> list[int]:
    enforcer = Enforcer(SETTINGS)
    return [now_ms for now_ms, age_ms in ages_ms.items() if enforcer.takes_action(now_ms, "lighter", age_ms)]


@pytest.mark.parametrize(
    ("ages_ms", "restarted_ms"),
    [
        ({1_000_000: 89_999}, []),
        ({1_000_000: 90_000}, [1_000_000]),
        ({now: now for now in range(0, 160_000, 5_000)}, [90_000, 120_000, 150_000]),
        (dict.fromkeys(range(0, 160000, 5000), NEVER), []),
    ],
    ids=["below the limit", "at the limit", "cooldown", "never had a book"],
)
def test_a_connector_is_restarted_at_the_limit_and_then_after_each_cooldown(
    ages_ms: dict[int, int], restarted_ms: list[int]
) -> None:
    assert restart_times(ages_ms) == restarted_ms


def test_the_cooldown_of_one_venue_does_not_hold_back_another() -> None:
    enforcer = Enforcer(SETTINGS)
    acted = [enforcer.takes_action(100_000, venue, 95_000) for venue in ("lighter", "aster", "lighter")]
    assert acted == [True, True, False]
    assert enforcer.restarts == {"lighter": 1, "aster": 1}


def test_the_line_of_a_restart_has_the_form_that_log_readers_know() -> None:
    (record,) = parse(restart_line("lighter", 3, 90_250, 90_000)).records
    assert record.family == "enforcer_restart"
    assert (record.fields["task"], record.fields["venue_index"]) == ("lighter_public_ws", "3")


def test_a_long_standstill_of_the_runner_has_the_line_that_log_readers_know() -> None:
    (line,) = stuck_lines(STUCK_MS)
    (record,) = parse(line).records
    assert (record.family, record.fields["stuck_ms"]) == ("enforcer_runner_stuck", "30000")
    assert stuck_lines(STUCK_MS - 1) == []
