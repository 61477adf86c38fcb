"""The recovery layers leave alone what is no silence, and what a restart or a fetch would not help."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connectors.clock import VirtualClock
from connectors.recording.run_files import Journal
from connectors.runner.event_channel import EventChannel
from connectors.runner.queue import Publisher
from connectors.runner.recovery.enforcer import EnforcerSettings
from connectors.runner.recovery.layers import RecoveryLayers
from connectors.runner.recovery.rest_monitor import MonitorSettings
from connectors.session.events import ConnectFailed, Fetch, Fetched, FetchFailed, FetchPurpose, Started
from tests.connectors.harness import LOOKUP, Harness, body, venue
from toolkit.model.vocabulary import ReconnectReason

SILENT_MS = 200_000


class Handle:
    """A connector driven by hand that keeps what the layers ask of it; requests stay without a response."""

    def __init__(self, harness: Harness) -> None:
        self.venue, self.machine = harness.machine.venue.name, harness.machine
        self.fetches: list[Fetch] = []
        self.unanswered: list[Callable[[Fetched | FetchFailed], None]] = []
        self.restarts: list[ReconnectReason] = []

    def request(self, fetch: Fetch, answered: Callable[[Fetched | FetchFailed], None]) -> None:
        """Keep the request."""
        self.fetches.append(fetch)
        self.unanswered.append(answered)

    def restart(self, reason: ReconnectReason) -> None:
        """Keep the reason."""
        self.restarts.append(reason)


@pytest.fixture
def act(tmp_path: Path) -> Iterator[Callable[[Harness], Handle]]:
    """A function that shows the layers a book of 200 s at the harness's time, and returns what they asked for."""
    journals = []

    def show(harness: Harness) -> Handle:
        clock, fjord = VirtualClock(1_790_000_000_000), harness.machine.venue
        out = tmp_path / str(len(journals))
        out.mkdir()
        journals.append(Journal(out, clock, {"fjord": fjord}, audit=True))
        handle = Handle(harness)
        channel = EventChannel(clock, Publisher(["fjord"]), journals[-1])
        layers = RecoveryLayers([handle], MonitorSettings(), EnforcerSettings(), channel, journals[-1])
        layers.tick(harness.now_ms, {"fjord": SILENT_MS})
        return handle

    yield show
    for journal in journals:
        journal.close()


def test_a_silent_open_session_is_fetched_and_restarted(act: Callable[[Harness], Handle]) -> None:
    handle = act(Harness(venue()).go_live())
    assert [each.purpose for each in handle.fetches] == [FetchPurpose.MONITOR]
    assert handle.restarts == [ReconnectReason.ENFORCER_RESTART]


def test_a_market_that_the_connector_proved_quiet_is_left_alone(act: Callable[[Harness], Handle]) -> None:
    harness = Harness(venue()).go_live().wait(10_000).pong().answer(body())
    assert harness.machine.proven_quiet_ms == harness.now_ms
    handle = act(harness)
    assert (handle.fetches, handle.restarts) == ([], [])


def test_a_connector_in_the_wait_of_its_backoff_is_not_restarted_until_the_wait_is_long_over(
    act: Callable[[Harness], Handle],
) -> None:
    harness = Harness(venue()).step(Started(), ConnectFailed("refused", status=429, retry_after_ms=120_000))
    assert act(harness).restarts == []
    harness.now_ms += 120_000 + 29_999
    assert act(harness).restarts == []
    harness.now_ms += 1
    assert act(harness).restarts == [ReconnectReason.ENFORCER_RESTART]


def test_a_venue_without_a_rest_book_or_with_an_unknown_market_is_not_fetched(act: Callable[[Harness], Handle]) -> None:
    without_book = Harness(venue(snapshot=None)).go_live()
    unknown = Harness(venue(lookup=LOOKUP), instrument="").step(Started())
    assert [act(each).fetches for each in (without_book, unknown)] == [[], []]
