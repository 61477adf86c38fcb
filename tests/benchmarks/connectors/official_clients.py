"""Time of a venue's official client for the same frames, in its own environment of `tests.conformance`."""

from __future__ import annotations

import json
import pickle
import subprocess
import tempfile
from pathlib import Path

from connectors.session.events import Received
from tests.benchmarks.connectors.frames import Recording
from tests.conformance.environments import CACHE, installed
from tests.conformance.registry import clients

CLIENTS = {"hyperliquid": "hyperliquid-sdk", "lighter": "lighter-sdk", "extended": "x10", "paradex": "paradex-py"}
SCRIPT = Path(__file__).with_name("client_script.py")


def client_result(recording: Recording) -> str:
    """Return frames a second of the official client, with its version; or why there is no figure."""
    name = CLIENTS.get(recording.venue)
    if name is None:
        return "no official client"
    client = clients()[name]
    environment = installed(client, CACHE)
    if environment is None:
        return f"{client.version}: not installed"
    measured = [_as_client_gets_it(each) for each in recording.frames(recording.measured)]
    first = [_as_client_gets_it(each) for each in recording.frames()][: -len(measured)]
    with tempfile.NamedTemporaryFile() as file:
        file.write(pickle.dumps((first, measured)))
        file.flush()
        command = [str(environment.python), str(SCRIPT), recording.venue, file.name]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        return f"{client.version}: {done.stderr.strip().splitlines()[-1]}"
    return f"{1 / json.loads(done.stdout.splitlines()[-1]):,.0f} ({client.version})"


def _as_client_gets_it(received: Received) -> str | bytes:
    return received.data if received.binary or isinstance(received.data, str) else received.data.decode()
