"""The connectors' runbooks are true: every reason has its row, every cited line exists, every example runs."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import connectors.venues
from connectors.recording import tape
from connectors.session.book import OrderBook
from connectors.session.connector import Connector
from connectors.session.events import Close, Opened, Publish, Received, Silence, Started
from connectors.settings import resolve, target, venue_settings
from connectors.venues import venues
from connectors.venues.frames import Book, BookDelta, exact_levels
from tests.connectors.recording import test_tapes
from toolkit.analysis.metrics import catalogue
from toolkit.cli.env import settings

RUNBOOKS = Path(__file__).parents[1] / "runbooks"
REASONS = (RUNBOOKS / "reconnect-reasons.md").read_text(encoding="utf-8")
ADDING = (RUNBOOKS / "add-a-venue.md").read_text(encoding="utf-8")


def rows(text: str) -> list[str]:
    """Return the first cells of table rows that are one code word."""
    return re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)


def block(language: str) -> str:
    return re.search(rf"^```{language}\n(.*?)^```", ADDING, re.MULTILINE | re.DOTALL)[1]  # type: ignore[index]


def test_every_class_of_silence_has_one_row() -> None:
    assert sorted(rows(REASONS)) == sorted(Silence)


def test_every_variable_in_a_runbook_is_a_setting_of_the_connectors() -> None:
    known = {row["name"] for row in settings({})}
    for name in re.findall(r"\bPARAPHINA_[\w<>]+", REASONS):
        assert {name.replace("<venue>", venue.prefix) for venue in venues().values()} <= known


def test_every_figure_in_a_runbook_is_in_the_catalogue() -> None:
    named = set(re.findall(r"`((?:run|<venue>)\.[\w.<>]+)`", REASONS)) - {"run.log"}
    assert len(named) == 5
    assert named <= {spec.name for spec in catalogue()}


def test_every_tape_line_in_the_evidence_table_is_a_frame() -> None:
    cited = re.findall(r"`([a-z]+\.[a-z]+):(\d+)`", ADDING)
    assert len(cited) > 10
    for name, number in cited:
        lines = (test_tapes.TAPES[0].parent / f"{name}.tape.jsonl").read_text(encoding="utf-8").splitlines()
        assert "at_ms" in json.loads(lines[int(number) - 1])


@pytest.fixture
def fjord(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Install the runbook's venue as one more file of the package; return the path of its tape."""
    (tmp_path / "fjord.py").write_text(block("python"), encoding="utf-8")
    (tmp_path / "fjord.session.tape.jsonl").write_text(block("json"), encoding="utf-8")
    monkeypatch.setattr(connectors.venues, "__path__", [*connectors.venues.__path__, str(tmp_path)])
    yield tmp_path / "fjord.session.tape.jsonl"
    sys.modules.pop("connectors.venues.fjord", None)


def test_the_runbooks_venue_needs_one_more_file_and_nothing_else(fjord: Path) -> None:
    assert list(venues())[-1] == "fjord"
    assert {"FJORD_MARKET", "PARAPHINA_FJORD_STALE_MS"} <= {row["name"] for row in settings({})}


def test_the_runbooks_tape_is_decoded_by_its_venue(fjord: Path) -> None:
    test_tapes.test_every_received_frame_is_decoded_as_its_tape_states(fjord)
    test_tapes.test_every_sent_frame_is_a_subscription_or_keep_alive_of_the_venue(fjord)
    test_tapes.test_every_rest_body_is_decoded_as_its_tape_states(fjord)
    _, entries = tape.read_tape(fjord.read_text(encoding="utf-8").splitlines())
    assert {"Ack", "Book", "BookDelta", "Heartbeat", "Refusal"} == {
        frame["is"] for entry in entries for frame in entry.decoded or ()
    }


def test_a_connector_follows_the_runbooks_venue(fjord: Path) -> None:
    venue = venues()["fjord"]
    market = target(venue, resolve(venue_settings(venue), {}), base="ETH")
    machine, book = Connector(venue, market, venue.limits, lambda: 0.5), OrderBook()
    _, entries = tape.read_tape(fjord.read_text(encoding="utf-8").splitlines())
    received = [(entry.at_ms, Received(entry.data)) for entry in entries if entry.kind is tape.FrameKind.RECEIVED]
    for at_ms, event in [(0, Started()), (0, Opened()), *received]:
        for action in machine.step(at_ms, event):
            assert not isinstance(action, Close)
            match action:
                case Publish(event=Book() as book_event):
                    book.replace(book_event)
                case Publish(event=BookDelta() as delta):
                    book.apply(delta)
    rest = venue.snapshot.decode(json.loads(entries[-1].data), market)
    assert machine.live
    assert book.depth() == (exact_levels(rest.bids), exact_levels(rest.asks))
