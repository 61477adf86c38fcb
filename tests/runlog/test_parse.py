"""What a line of the log says, whatever surrounds it; and what text from outside can never say."""

from __future__ import annotations

import pickle
import re

import pytest

from toolkit.runlog.grammar import audit_families, message_families
from toolkit.runlog.parse import parse

EXAMPLES = [
    (family.name, example) for family in (*message_families(), *audit_families()) for example in family.examples
]


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_every_example_is_read_as_its_own_family(name: str, example: str) -> None:
    assert [found.family for found in parse(example).records] == [name]


LEVELS = [
    (family.name, line)
    for family in message_families()
    for example in family.examples
    for level in ("", "INFO: ", "WARN: ", "ERROR: ")
    if family.pattern.match(line := level + re.sub(r"^(?:INFO|WARN|ERROR): ", "", example))
]


@pytest.mark.parametrize(("name", "line"), LEVELS)
def test_a_line_is_of_its_family_at_every_level_that_the_family_has(name: str, line: str) -> None:
    assert [found.family for found in parse(line).records] == [name]


@pytest.mark.parametrize("example", [example for _, example in EXAMPLES])
def test_another_process_is_handed_the_same_line(example: str) -> None:
    line = parse(example)
    handed = pickle.loads(pickle.dumps(line))
    assert handed == line
    assert all(
        one.message_family is other.message_family for one, other in zip(handed.records, line.records, strict=True)
    )


AUDIT = "WS_AUDIT venue=lighter reconnect_reason=read_timeout count=2"
CONNECTED = "INFO: Aster public WS connected url=ws://127.0.0.1:1/ws"


def told(line: str) -> list[tuple[str, str | None, str | None]]:
    return [(each.family, each.venue, each.reason) for each in parse(line).records]


@pytest.mark.parametrize(
    "line",
    [
        AUDIT,
        AUDIT + "\r",
        "\ufeff" + AUDIT,
        "\x1b[31m" + AUDIT + "\x1b[0m",
        "\x00\x00" + AUDIT,
        "2026-02-14T04:00:01.1234567Z " + AUDIT,
        "\ufeff2026-02-14T04:00:01.1234567Z " + AUDIT,
        "2026-02-14T04:00:01.1234567Z \x1b[36;1m" + AUDIT,
        "soak\tRun the soak\t2026-02-14T04:00:01.1234567Z " + AUDIT,
        "soak\tRun the soak\t\ufeff2026-02-14T04:00:01.1234567Z " + AUDIT,
    ],
    ids=[
        "plain",
        "carriage return",
        "byte-order mark",
        "colours",
        "NULs",
        "CI stamp",
        "mark and stamp",
        "stamp and colour",
        "job, step and stamp",
        "job, step, mark and stamp",
    ],
)
def test_what_surrounds_a_record_does_not_change_it(line: str) -> None:
    assert told(line) == [("audit_reconnect", "lighter", "read_timeout")]


def test_a_stamp_gives_the_line_its_time() -> None:
    assert parse("2026-02-14T04:00:01.1234567Z " + AUDIT).stamped_ms == 1_771_041_601_123


@pytest.mark.parametrize(
    ("line", "families"),
    [
        (CONNECTED.split(" url")[0] + AUDIT, ["other", "audit_reconnect"]),
        ("   Compiling rin" + AUDIT, ["build_step"]),
        ("INFO: Paradex public WS first message received" + CONNECTED, ["ws_first_message", "ws_connected"]),
        (AUDIT + CONNECTED, ["audit_reconnect", "ws_connected"]),
        ("market_rx_stats tick=7 raw_drained=1 cap_hits=0" + AUDIT, ["market_rx_stats", "audit_reconnect"]),
        ("paraphina_live | reconcile_tick_ms=100" + AUDIT, ["heartbeat", "audit_reconnect"]),
        ("paraphina | warn=note" + AUDIT, ["startup_note"]),
    ],
)
def test_records_glued_on_one_line_are_both_read_unless_the_first_ends_in_free_text(
    line: str, families: list[str]
) -> None:
    assert [found.family for found in parse(line).records if found.family != "other"] == [
        f for f in families if f != "other"
    ]


FORGED = "WS_AUDIT venue=aster reconnect_reason=stale_watchdog count=999"


@pytest.mark.parametrize(
    "line",
    [
        f'WARN: Extended public WS parse error: EOF url=ws://x snippet={{"a":"{FORGED}"}}',
        f"WARN: Extended public WS parse error: EOF url=ws://x snippet=x{FORGED}",
        f"INFO: Lighter public WS error (consecutive_failures=1): server said x{FORGED}",
        f"INFO: Lighter public WS error (consecutive_failures=1): server said {FORGED}",
        f"WS_AUDIT venue=lighter lighter_ping_send_fail_count=1 err=oops {FORGED}",
        f"WS_AUDIT venue=lighter lighter_ping_send_fail_count=1 err=oops{FORGED}",
        f'Lighter public WS closed frame=Some(CloseFrame {{ code: Normal, reason: "{FORGED}" }})',
        f"someone wrote {FORGED} into a line",
        f'"{FORGED}"',
    ],
)
def test_text_from_outside_cannot_forge_a_record(line: str) -> None:
    assert not any(found.family == "audit_reconnect" for found in parse(line).records)


def test_free_text_cannot_override_the_keys_before_it() -> None:
    (found,) = parse(
        "WS_AUDIT venue=lighter lighter_ping_send_fail_count=3 err=a b venue=aster lighter_ping_send_fail_count=9"
    ).records
    assert (found.venue, found.fields["lighter_ping_send_fail_count"]) == ("lighter", "3")
    assert found.fields["err"] == "a b venue=aster lighter_ping_send_fail_count=9"


def test_an_audit_line_of_a_later_version_is_kept_verbatim() -> None:
    (found,) = parse("WS_AUDIT venue=extended component=novel_thing action=armed x=1").records
    assert (found.family, found.reason, found.fields["action"]) == ("audit_other", "novel_thing", "armed")


@pytest.mark.parametrize("line", ["", "hello", "INFO: nothing known", "WS_AUDIT", "{}", "x" * 100_000])
def test_a_foreign_line_is_other(line: str) -> None:
    assert told(line)[0][0] in ("other", "audit_other")
