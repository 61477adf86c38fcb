"""Tests of a before/after pair that differs in one setting: pings, against a venue that drops silent clients."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from connectors.simulator.scenario import read
from tests.end_to_end.process import SCENARIOS, VENUES, SmokeResult
from tests.reports.rendered import Page
from toolkit.model.vocabulary import ReconnectReason as Reason

RUNBOOK = Path(__file__).parent.parent.parent / "runbooks" / "before-after.md"
SETTING = "PARAPHINA_LIGHTER_PING_INTERVAL_MS"
OTHERS = tuple(venue for venue in VENUES if venue != "lighter")


@pytest.fixture(scope="module")
def document(before: SmokeResult, after: SmokeResult, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The evidence document of the two runs."""
    out: Path = tmp_path_factory.mktemp("document") / "evidence.md"
    argv = [
        sys.executable,
        "-m",
        "toolkit",
        "report",
        str(before.out),
        str(after.out),
        "-o",
        str(out),
        "--db",
        ":memory:",
    ]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return out.read_text(encoding="utf-8")


def dropped(result: SmokeResult) -> int:
    """Return how often the venue dropped the client because it was silent."""
    return sum(row["how"] == "tcp_fin" for row in result.truth_rows("server_close", "lighter"))


def test_without_pings_every_session_is_dropped_and_with_pings_none(before: SmokeResult, after: SmokeResult) -> None:
    assert (dropped(before) >= 3, dropped(after)) == (True, 0)
    assert before.reconnects("lighter") == {Reason.STREAM_ENDED: before.value("lighter.connects") - 1}
    assert after.reconnects("lighter") == {}


def test_the_venue_receives_pings_at_the_configured_interval(before: SmokeResult, after: SmokeResult) -> None:
    def pings(result: SmokeResult) -> int:
        return sum(row["client_pings"] for row in result.truth_rows("conn_end", "lighter"))

    assert pings(before) == 0
    assert pings(after) >= after.value("run.span_ms") / 1_000 - 3


def test_the_two_runs_differ_in_one_setting_only(before: SmokeResult, after: SmokeResult) -> None:
    def settings(result: SmokeResult) -> dict[str, str]:
        environment = json.loads((result.out / "run_meta.json").read_text())["environment"]
        return {
            name: text for name, text in environment.items() if name.startswith("PARAPHINA_") and "PATH" not in name
        }

    one, other = settings(before), settings(after)
    differing = {name for name in one | other if one.get(name) != other.get(name)}
    assert differing - {"PARAPHINA_LIVE_OUT_DIR"} == {SETTING}


def test_the_first_screen_shows_the_changed_venue_first_and_no_effect_on_the_others(
    before: SmokeResult, document: str
) -> None:
    rows = [[cell.replace("\u00a0", " ") for cell in row[:2]] for row in Page(document).tables[0][1:]]
    assert rows[0] == ["lighter", f"{before.value('lighter.reconnects')} → 0"]
    assert sorted(rows[1:]) == sorted([venue, "0"] for venue in OTHERS)
    results = {row[0]: row[-1] for row in Page(document).tables[0][1:]}
    assert {results[venue] for venue in OTHERS} == {"~"}
    assert "SIMULATED venues." in document and f"A setting differs:** {SETTING} 0 → " in document


@pytest.mark.parametrize("venue", OTHERS)
def test_the_other_venues_do_not_reconnect_in_either_run(before: SmokeResult, after: SmokeResult, venue: str) -> None:
    assert before.value(f"{venue}.reconnects") == after.value(f"{venue}.reconnects") == 0


def test_the_runbook_shows_the_scenario_of_this_test() -> None:
    shown = re.findall(r"```toml\n(.*?)```", RUNBOOK.read_text(encoding="utf-8"), re.DOTALL)
    here = (SCENARIOS / "idle_lighter.toml").read_text(encoding="utf-8")
    assert [read(text, "runbook", VENUES) for text in shown] == [read(here, "here", VENUES)]


def test_the_backoff_after_each_drop_is_within_its_bounds(before: SmokeResult) -> None:
    assert before.value("lighter.backoff.count") == dropped(before)
    assert before.value("lighter.backoff.violations") == 0
