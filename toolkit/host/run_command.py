"""A command of the evidence, run as it is: its output passed through and counted, its end written down."""

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
from typing import IO, BinaryIO

from toolkit.host import machine, provenance
from toolkit.host.commands import EMPTY_OUTPUT, SCHEMA, Command, Output, signal_name
from toolkit.model.redaction import redact_argv, redact_environment, redact_value

NOT_FOUND, NOT_EXECUTABLE = 127, 126
"""The exit codes that a shell gives for a command that is not there, or cannot be run."""

DRAIN_S = 2.0
"""How long silence is waited out when the command has ended but something it started still holds its output."""


class _Tally:
    """Passes a stream on and counts what went through."""

    def __init__(self, source: IO[bytes], sink: BinaryIO) -> None:
        self.source, self._sink = source, sink
        self._digest, self._bytes, self._lines = hashlib.sha256(), 0, 0

    def take(self) -> bool:
        """Pass on what there is; false at the end of the stream, or when nobody reads the sink any more."""
        piece = os.read(self.source.fileno(), 1 << 16)
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


def run(
    argv: Sequence[str], stdout: BinaryIO, stderr: BinaryIO, environment: Mapping[str, str], id: str = ""
) -> Command:
    """Run a command in this directory, passing its output on byte for byte, and give its row.

    SIGINT is the command's to answer (the terminal sends it to both), SIGTERM and SIGHUP are handed on to it.
    """
    cwd = Path.cwd()
    row = Command(
        SCHEMA, id, redact_argv(argv), redact_value(str(cwd)), 0, 0, None, None,
        EMPTY_OUTPUT, EMPTY_OUTPUT, redact_environment(environment), provenance.checkout(cwd),
    )  # fmt: skip
    row, began_ns = replace(row, started_ms=machine.now_ms()), time.monotonic_ns()
    try:
        process = subprocess.Popen(list(argv), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(environment))
    except OSError as error:
        code = NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_EXECUTABLE
        return replace(row, exit_code=code, problem=error.strerror or str(error))
    with _signals_to(process):
        out, err = _passed_on(process, stdout, stderr)
        code = process.wait()
    took_ms = (time.monotonic_ns() - began_ns) // 1_000_000
    ended = {"exit_code": code} if code >= 0 else {"signal": signal_name(-code)}
    return replace(row, duration_ms=took_ms, stdout=out, stderr=err, **ended)


def _passed_on(process: subprocess.Popen[bytes], stdout: BinaryIO, stderr: BinaryIO) -> tuple[Output, Output]:
    assert process.stdout and process.stderr
    tallies = (_Tally(process.stdout, stdout), _Tally(process.stderr, stderr))
    with selectors.DefaultSelector() as selector, process.stdout, process.stderr:
        for tally in tallies:
            selector.register(tally.source, selectors.EVENT_READ, tally)
        heard_s = time.monotonic()
        while selector.get_map() and (process.poll() is None or time.monotonic() < heard_s + DRAIN_S):
            for key, _ in selector.select(timeout=0.1):
                heard_s = time.monotonic()
                if not key.data.take():
                    selector.unregister(key.fileobj)
                    key.data.source.close()
    return tallies[0].output(), tallies[1].output()


@contextmanager
def _signals_to(process: subprocess.Popen[bytes]) -> Iterator[None]:
    def hand_on(number: int, _frame: FrameType | None) -> None:
        process.send_signal(number)

    handlers = {signal.SIGINT: lambda *_: None, signal.SIGTERM: hand_on, signal.SIGHUP: hand_on}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
