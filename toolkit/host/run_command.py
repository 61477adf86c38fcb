"""Run a command of the evidence, pass its output through, and return its row of the command index."""

from __future__ import annotations

import hashlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import IO, Protocol

from toolkit.host import machine, provenance, system
from toolkit.host.commands import EMPTY_OUTPUT, SCHEMA, Command, Output, signal_name
from toolkit.model.redaction import redact_argv, redact_environment, redact_value

NOT_FOUND, NOT_EXECUTABLE = 127, 126
"""Exit codes of a shell for a command that does not exist, or cannot be executed."""

DRAIN_S = 2.0
"""Seconds without output after which reading ends, once the command has ended but its child has the output open."""


class Sink(Protocol):
    """A stream that takes a command's output."""

    def write(self, data: bytes, /) -> object:
        """Write bytes. Raises `BrokenPipeError` where the reader is gone."""

    def flush(self) -> object:
        """Pass on what is buffered."""


class _CountedStream:
    """Copy a stream to another one, and count its bytes and lines."""

    def __init__(self, pipe: IO[bytes], sink: Sink) -> None:
        self.pipe, self._sink = pipe, sink
        self._digest, self._bytes, self._lines = hashlib.sha256(), 0, 0

    def copy_available(self) -> bool:
        """Copy the available bytes; return false at the end of the stream, or when the sink is closed."""
        piece = os.read(self.pipe.fileno(), 1 << 16)
        self._digest.update(piece)
        self._bytes += len(piece)
        self._lines += piece.count(b"\n")
        try:
            self._sink.write(piece)
            self._sink.flush()
        except BrokenPipeError:
            return False
        return bool(piece)

    def output(self) -> Output:
        return Output(self._bytes, self._lines, self._digest.hexdigest())


def run(argv: Sequence[str], stdout: Sink, stderr: Sink, environment: Mapping[str, str], id: str = "") -> Command:
    """Run a command in the working directory, copy its output byte for byte, and return its row.

    SIGINT is ignored here, because the terminal sends it to the command too. SIGTERM and SIGHUP are forwarded to the
    command. A command that cannot be started is no error: its row has an exit code and a `problem`.

    Raises `InputError` on Windows.
    """
    system.check_supervision()
    cwd = Path.cwd()
    row = Command(
        SCHEMA, id, redact_argv(argv), redact_value(str(cwd)), 0, 0, None, None,
        EMPTY_OUTPUT, EMPTY_OUTPUT, redact_environment(environment), provenance.checkout(cwd),
    )  # fmt: skip
    row, started_ns = replace(row, started_ms=machine.now_ms()), time.monotonic_ns()
    try:
        process = subprocess.Popen(list(argv), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(environment))
    except OSError as error:
        code = NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE
        return replace(row, exit_code=code, problem=error.strerror or str(error))
    with _forwarded_signals(process):
        out, err = _copied_output(process, stdout, stderr)
        code = process.wait()
    duration_ms = (time.monotonic_ns() - started_ns) // 1_000_000
    ending = {"exit_code": code} if code >= 0 else {"signal": signal_name(-code)}
    return replace(row, duration_ms=duration_ms, stdout=out, stderr=err, **ending)


def _copied_output(process: subprocess.Popen[bytes], stdout: Sink, stderr: Sink) -> tuple[Output, Output]:
    assert process.stdout and process.stderr
    streams = (_CountedStream(process.stdout, stdout), _CountedStream(process.stderr, stderr))
    with selectors.DefaultSelector() as selector, process.stdout, process.stderr:
        for stream in streams:
            selector.register(stream.pipe, selectors.EVENT_READ, stream)
        last_output_s = time.monotonic()
        while selector.get_map() and (process.poll() is None or time.monotonic() < last_output_s + DRAIN_S):
            for key, _ in selector.select(timeout=0.1):
                last_output_s = time.monotonic()
                if not key.data.copy_available():
                    selector.unregister(key.fileobj)
                    key.data.pipe.close()
    return streams[0].output(), streams[1].output()


@contextmanager
def _forwarded_signals(process: subprocess.Popen[bytes]) -> Iterator[None]:
    def forward(number: int, _frame: FrameType | None) -> None:
        process.send_signal(number)

    handlers = dict.fromkeys(system.stop_signals(), forward) | {signal.SIGINT: lambda *_: None}
    previous = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
