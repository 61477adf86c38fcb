"""The event queue of a connector keeps the order, is bounded, and drops events of replaced sockets."""

from __future__ import annotations

import asyncio

from websockets.asyncio.server import ServerConnection

from connectors.clock import Clock
from connectors.io.event_queue import CAPACITY, EventQueue
from connectors.session.events import (
    Control,
    ControlReceived,
    Fetched,
    Received,
)
from tests.connectors.io.servers import TIMEOUT_S, connected_socket, run, websocket_server


def test_events_are_dequeued_in_order_without_those_of_a_replaced_socket() -> None:
    async def test() -> None:
        queue = EventQueue(Clock())
        queue.select_socket(1)
        queue.enqueue(Received("of the first"), 1)
        queue.enqueue(Fetched(1, b"of none"))
        queue.select_socket(2)
        queue.enqueue(Received("of the second"), 2)
        events = [queued.event for _ in range(2) if (queued := queue.dequeue()) is not None]
        assert events == [Fetched(1, b"of none"), Received("of the second")]
        assert queue.dequeue() is None

    run(test())


def test_duplicate_control_frames_and_those_of_another_socket_are_dropped() -> None:
    async def test() -> None:
        queue = EventQueue(Clock())
        queue.select_socket(1)
        for _ in range(10_000):
            queue.enqueue_control(Control.PING, 1)
        queue.enqueue_control(Control.PONG, 2)
        first = queue.dequeue()
        assert first is not None and first.event == ControlReceived(Control.PING)
        assert queue.dequeue() is None
        queue.enqueue_control(Control.PING, 1)
        assert queue.dequeue() is not None

    run(test())


def test_a_reader_waits_for_space_while_the_queue_is_full() -> None:
    async def test() -> None:
        queue = EventQueue(Clock())
        for number in range(CAPACITY):
            await asyncio.wait_for(queue.wait_for_space(), TIMEOUT_S)
            queue.enqueue(Received(str(number)))
        waiting = asyncio.create_task(queue.wait_for_space())
        await asyncio.sleep(0)
        assert not waiting.done()
        queue.dequeue()
        await waiting

    run(test())


def test_data_waiting_in_a_socket_is_dequeued_before_a_timeout() -> None:
    """After a standstill longer than the timeout, data that arrived meanwhile comes first."""

    async def test() -> None:
        clock = Clock()
        queue = EventQueue(clock)

        async def send_frame(server: ServerConnection) -> None:
            await server.send("there all the time")
            await server.wait_closed()

        async with websocket_server(send_frame) as url:
            socket = await connected_socket(url)

            async def enqueue_frames() -> None:
                while isinstance(event := await socket.read(), Received):
                    queue.enqueue(event)

            reading = asyncio.create_task(enqueue_frames())
            waiting = asyncio.create_task(queue.wait(0.05))
            await asyncio.sleep(0)
            standstill_end_us = clock.now_us() + 100_000
            while clock.now_us() < standstill_end_us:
                pass
            queued = await waiting
            assert queued is not None and queued.event == Received(b"there all the time")
            await socket.close()
            await reading

    run(test())


def test_a_wait_without_events_returns_none_after_the_timeout() -> None:
    async def test() -> None:
        assert await EventQueue(Clock()).wait(0.001) is None

    run(test())
