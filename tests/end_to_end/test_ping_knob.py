"""One knob, two runs: against a venue that drops silent clients, pings are turned on. The document says just that."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from connectors.simulator.scenario import read
from tests.end_to_end.process import SCENARIOS, VENUES, Left
from toolkit.model.vocabulary import ReconnectReason as Reason

RUNBOOK = Path(__file__).parent.parent.parent / "runbooks" / "before-after.md"
KNOB = "PARAPHINA_LIGHTER_PING_INTERVAL_MS"
OTHERS = tuple(venue for venue in VENUES if venue != "lighter")


@pytest.fixture(scope="module")
def document(before: Left, after: Left, tmp_path_factory: pytest.TempPathFactory) -> str:
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


def dropped(left: Left) -> int:
    """How often the venue dropped the client for its silence."""
    return sum(row["how"] == "tcp_fin" for row in left.told("server_close", "lighter"))


def test_without_pings_every_session_is_dropped_and_with_them_none(before: Left, after: Left) -> None:
    assert (dropped(before) >= 3, dropped(after)) == (True, 0)
    assert before.reconnects("lighter") == {Reason.STREAM_ENDED: before.value("lighter.connects") - 1}
    assert after.reconnects("lighter") == {}


def test_the_venue_received_the_pings_that_the_knob_asks_for(before: Left, after: Left) -> None:
    def pings(left: Left) -> int:
        return sum(row["client_pings"] for row in left.told("conn_end", "lighter"))

    assert pings(before) == 0
    assert pings(after) >= after.value("run.span_ms") / 1_000 - 3


def test_the_two_runs_differ_in_the_knob_alone(before: Left, after: Left) -> None:
    def asked(left: Left) -> dict[str, str]:
        environment = json.loads((left.out / "run_meta.json").read_text())["environment"]
        return {
            name: text for name, text in environment.items() if name.startswith("PARAPHINA_") and "PATH" not in name
        }

    one, other = asked(before), asked(after)
    differing = {name for name in one | other if one.get(name) != other.get(name)}
    assert differing - {"PARAPHINA_LIVE_OUT_DIR"} == {KNOB}


def test_the_document_opens_with_what_changed_and_that_the_rest_did_not(before: Left, document: str) -> None:
    head = " ".join(document.split("## ")[0].splitlines())
    count = before.value("lighter.reconnects")
    assert f"lighter {count} → 0" in head
    equal = head.split("equal at ")[1].split(".")[0]
    assert sorted(equal.split(", ")) == sorted(f"{venue} (0)" for venue in OTHERS)
    assert "SIMULATED" in head


def test_the_document_makes_no_claim_that_one_run_a_side_cannot_carry(document: str) -> None:
    assert "No test was made" in document
    assert "improved" not in document.lower()
    assert "regress" not in document.lower()


@pytest.mark.parametrize("venue", OTHERS)
def test_the_other_venues_are_as_they_were(before: Left, after: Left, venue: str) -> None:
    assert before.value(f"{venue}.reconnects") == after.value(f"{venue}.reconnects") == 0


def test_the_runbook_shows_the_scenario_that_is_run_here() -> None:
    shown = re.findall(r"```toml\n(.*?)```", RUNBOOK.read_text(encoding="utf-8"), re.DOTALL)
    here = (SCENARIOS / "idle_lighter.toml").read_text(encoding="utf-8")
    assert [read(text, "runbook", VENUES) for text in shown] == [read(here, "here", VENUES)]


def test_the_backoff_of_a_venue_that_drops_the_silent_stays_within_its_bounds(before: Left) -> None:
    assert before.value("lighter.backoff.count") == dropped(before)
    assert before.value("lighter.backoff.violations") == 0
