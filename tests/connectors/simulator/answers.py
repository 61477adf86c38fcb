"""Golden answers of the simulated venues: requests and conversations, each with what the venue answers.

`python -m tests.connectors.simulator.answers` writes the answers of the current code into the files of `answers/`. Read the
difference before you commit it: the answers stand for the venues' own.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from connectors.simulator.exchange import Exchange
from connectors.simulator.messages import Accepted, CloseConnection, HttpResponse, Request, SendData
from connectors.simulator.protocols import protocols
from tests.connectors.simulator.listener import START_UNIX_MS
from tests.simulation.fault_matrix import HEADERS

FOLDER = Path(__file__).parent / "answers"
FILES = sorted(FOLDER.glob("*.json"))
MARKET_MS = 90_000
"""Time for which the market has moved before a case begins, in ms: two candles of a minute."""

Case = dict[str, Any]


def cases(file: Path) -> dict[str, Case]:
    """Return the cases of a file by name."""
    found: dict[str, Case] = json.loads(file.read_text())
    return found


def answered(file: Path, case: Case) -> Case:
    """Return a case with the answer of the venue that its file is named after.

    A case with `get` or `post` is a request (`body`: its body, as text or JSON); one with `connect` is a conversation on
    that path, in which `say` are the client's messages and `for_ms` is the time to listen.
    """
    exchange = Exchange(protocols()[file.name.partition(".")[0]], start_unix_ms=START_UNIX_MS)
    for at_ms in range(0, MARKET_MS + 1, exchange.protocol.update_ms):
        exchange.advance(at_ms)
    return {**case, **(_conversation(exchange, case) if "connect" in case else _request(exchange, case))}


def _request(exchange: Exchange, case: Case) -> Case:
    method = "GET" if "get" in case else "POST"
    path, _, query = case[method.lower()].partition("?")
    sent = case.get("body", "")
    body = sent if isinstance(sent, str) else json.dumps(sent)
    pairs = dict(parse_qsl(query))
    response = exchange.request(MARKET_MS, Request(method, path, pairs, body.encode(), HEADERS))[0]
    return {"status": response.status, "answer": _read(response.body.decode())}


def _conversation(exchange: Exchange, case: Case) -> Case:
    result, actions = exchange.connect(MARKET_MS, case["connect"], HEADERS)
    if isinstance(result, HttpResponse):
        return {"status": result.status, "answer": _read(result.body.decode())}
    assert isinstance(result, Accepted)
    for message in case.get("say", []):
        text = message if isinstance(message, str) else json.dumps(message)
        actions += exchange.receive(MARKET_MS, result.conn_id, text)
    actions += exchange.advance(MARKET_MS + case.get("for_ms", 0))
    return {"answer": [_shown(action) for action in actions]}


def _shown(action: object) -> object:
    match action:
        case SendData(data=str(text)):
            return _read(text)
        case CloseConnection(code=code):
            return f"closed with {code}" if code else "closed without a close frame"
        case _:
            return type(action).__name__


def _read(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


def main() -> None:
    for file in FILES:
        rows = {name: answered(file, case) for name, case in cases(file).items()}
        lines = [f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in rows.items()]
        file.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
