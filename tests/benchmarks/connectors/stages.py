"""Time of each stage after the socket: CPU seconds of one process for the measured frames of a recording.

    json.loads, msgspec   the text of the frames alone; not of binary frames
    decode                bytes to a frame of exact numbers: `connectors.session.decoding`
    session               the connector's step: decode, sequence, order book, watchdog, timers
    all                   event queue, session, the queue to the runner, and the runner's draining of it

Each stage runs in a process of its own that has read no frame before, because numbers that were read once are known.
That process is forked, and copies the frames before it begins: the first touch of a page that is still its parent's
makes the kernel copy it, which would count as 2 to 5 µs a frame.
"""

from __future__ import annotations

import gc
import json
import multiprocessing
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import TypeAlias

import msgspec

from connectors.clock import Clock
from connectors.io.event_queue import EventQueue
from connectors.runner.event_channel import EventChannel
from connectors.runner.queue import Delivery, Publisher
from connectors.session.decoding import decode, parse, read_book
from connectors.session.events import Note, Publish, Received, SessionEvent
from connectors.venues import venues
from tests.benchmarks.connectors.frames import Recording, new_connector

Stage: TypeAlias = Callable[[Recording], float]
DRAINED_EVERY = 200
"""Frames between two drains of the queue to the runner."""


class NullJournal:
    """A journal that keeps nothing."""

    def record_note(self, venue: str, note: Note) -> None:
        """Drop the note."""


def _loads(recording: Recording) -> float:
    return _time_each(json.loads, [each.data for each in recording.frames(recording.measured)])


def _msgspec(recording: Recording) -> float:
    return _time_each(msgspec.json.decode, [each.data for each in recording.frames(recording.measured)])


def _time_each(read: Callable[[str | bytes], object], frames: list[str | bytes]) -> float:
    began = time.process_time()
    for frame in frames:
        read(frame)
    return time.process_time() - began


def _decode(recording: Recording) -> float:
    venue = venues()[recording.venue]
    target = new_connector(venue).target
    frames = recording.frames(recording.measured)
    for received in recording.frames()[: -len(frames)]:
        decode(venue, target, received, parse(venue, received))
    began = time.process_time()
    for received in frames:
        if read_book(venue, target, received) is None:
            decode(venue, target, received, parse(venue, received))
    return time.process_time() - began


def _session(recording: Recording) -> float:
    machine = new_connector(venues()[recording.venue])
    began = 0.0
    for at, (now_ms, event) in enumerate(recording.events):
        if at == recording.measured:
            began = time.process_time()
        machine.step(now_ms, event)
    return time.process_time() - began


def _all(recording: Recording) -> float:
    venue = recording.venue
    machine = new_connector(venues()[venue])
    clock = Clock()
    queue, channel = EventQueue(clock), EventChannel(clock, Publisher([venue]), NullJournal())
    began = 0.0
    for at, (now_ms, event) in enumerate(recording.events):
        if at == recording.measured:
            began = time.process_time()
        queue.enqueue(event)
        queued = queue.dequeue()
        assert queued is not None
        for action in machine.step(now_ms, queued.event):
            if isinstance(action, Publish):
                times = queued.at_ms, queued.at_unix_ms
                channel.offer(Delivery(venue, action.event, action.flaws, action.source, *times))
        if at % DRAINED_EVERY == 0:
            channel.publisher.drain()
    return time.process_time() - began


STAGES: Mapping[str, Stage] = {
    "json.loads": _loads,
    "msgspec": _msgspec,
    "decode": _decode,
    "session": _session,
    "all": _all,
}
TEXT_STAGES = {"json.loads", "msgspec"}


def measure_stages(recording: Recording, passes: int) -> dict[str, float]:
    """Return the CPU seconds of each stage for one frame; the smallest of `passes`."""
    frames = recording.frames(recording.measured)
    names = [name for name in STAGES if name not in TEXT_STAGES or not frames[0].binary]
    best = dict.fromkeys(names, float("inf"))
    for _ in range(passes):
        for name in names:
            best[name] = min(best[name], _in_child(name, recording) / len(frames))
    return best


def _in_child(name: str, recording: Recording) -> float:
    """Run one stage in a forked process, which inherits the frames and shares no cache of numbers."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_send_result, args=(name, recording, sender))
    child.start()
    seconds: float = receiver.recv()
    child.join()
    return seconds


def _send_result(name: str, recording: Recording, sender: Connection) -> None:
    own = replace(recording, events=tuple((now_ms, _copied(event)) for now_ms, event in recording.events))
    gc.freeze()
    sender.send(STAGES[name](own))


def _copied(event: SessionEvent) -> SessionEvent:
    """Return an event with data of its own; `bytes` of bytes, and a slice of all of them, are no copy."""
    if isinstance(event, Received) and isinstance(event.data, bytes):
        return Received(bytes(bytearray(event.data)), event.binary)
    return event
