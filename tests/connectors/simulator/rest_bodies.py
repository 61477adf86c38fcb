"""Golden REST responses of the simulated venues, at a fixed seed and time: one JSON object a line in `golden/`.

After a change of a venue, write them again with `python -m tests.connectors.simulator.rest_bodies` and read the difference.
"""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from connectors.simulator.exchange import Exchange
from connectors.simulator.messages import Request
from connectors.simulator.protocols import protocols
from tests.simulation.fault_matrix import HEADERS

GOLDEN = Path(__file__).parent / "golden"
START_UNIX_MS, ASKED_MS = 1_790_000_000_000, 90_000

PATHS = {
    "lighter": (
        "/api/v1/assetDetails",
        "/api/v1/orderBooks",
        "/api/v1/orderBookDetails",
        "/api/v1/orderBookOrders?market_id=0&limit=2",
        "/api/v1/orderBookOrders?market_id=9",
        "/api/v1/orderBookOrders?market_id=0&limit=x",
        "/api/v1/recentTrades?market_id=0&limit=1",
        "/api/v1/candles?market_id=0&resolution=1m&start_timestamp=0&end_timestamp=1&count_back=2",
        "/api/v1/candles?market_id=0&resolution=7m",
        "/api/v1/funding-rates",
        "/api/v1/exchangeStats",
        "/api/v1/currentHeight",
        "/api/v1/gossip",
    ),
    "extended": (
        "/api/v1/info/assets",
        "/api/v1/info/assets?type=SPOT",
        "/api/v1/info/assets/ETH/price",
        "/api/v1/info/assets/DOGE/price",
        "/api/v1/info/markets",
        "/api/v1/info/markets?market=X-USD",
        "/api/v1/info/markets/ETH-USD/stats",
        "/api/v1/info/markets/X-USD/orderbook",
        "/api/v1/info/markets/ETH-USD/trades",
        "/api/v1/info/candles/ETH-USD/trades?interval=PT1M&limit=2",
        "/api/v1/info/candles/ETH-USD/mark-prices?interval=PT1M&limit=1",
        "/api/v1/info/candles/ETH-USD/trades?interval=PT7M",
        "/api/v1/info/candles/ETH-USD/trades?interval=PT1M&limit=x",
        "/api/v1/info/ETH-USD/funding",
        "/api/v1/info/gossip",
        "/fapi/v1/depth",
    ),
}


def row(venue: str, path: str) -> str:
    """Return the golden line of a GET request."""
    exchange = Exchange(protocols()[venue], start_unix_ms=START_UNIX_MS)
    exchange.advance(ASKED_MS)
    url = urlsplit(path)
    response, _ = exchange.request(ASKED_MS, Request("GET", url.path, dict(parse_qsl(url.query)), headers=HEADERS))
    return json.dumps({"path": path, "status": response.status, "body": json.loads(response.body)}, ensure_ascii=False)


def main() -> None:
    for venue, paths in PATHS.items():
        (GOLDEN / f"{venue}.jsonl").write_text("".join(f"{row(venue, path)}\n" for path in paths))


if __name__ == "__main__":
    main()
