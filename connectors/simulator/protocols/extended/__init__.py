"""Extended protocol: v1 streams, named by their URL, and v2, one socket with JSON-RPC requests.

Messages of a client on a v1 stream are ignored. A client that names no `User-Agent` is refused.

Sources: api.docs.extended.exchange; x10-python-trading-starknet 2.6.0; ccxt 4.5.90; published captures of both
generations, 2026-08 and 2026-09.
"""

from __future__ import annotations

from collections.abc import Iterator

from connectors.simulator.market import Precision
from connectors.simulator.messages import HttpResponse, Request
from connectors.simulator.protocols.base import (
    ClientInfo,
    ClientResponse,
    MarketState,
    Stream,
    VenueProtocol,
    compact_json,
)
from connectors.simulator.protocols.extended import rest, rpc, streams
from connectors.simulator.protocols.limits import UsageLimits
from connectors.venues.frames import Json

FORBIDDEN = HttpResponse(
    403,
    b"<html>\r\n<head><title>403 Forbidden</title></head>\r\n"
    b"<body>\r\n<center><h1>403 Forbidden</h1></center>\r\n</body>\r\n</html>\r\n",
    (("Content-Type", "text/html"), ("Server", "awselb/2.0")),
)
"""Response of the load balancer before the venue to a client that names no `User-Agent`."""


class _Extended(VenueProtocol):
    def streams_for_path(self, path: str, symbol: str) -> tuple[Stream, ...] | None:
        if path.partition("?")[0].endswith(rpc.PATH):
            return ()
        stream = streams.stream_for_url(path, symbol)
        return None if stream is None else (stream,)

    def handle_message(self, message: Json, client: ClientInfo, state: MarketState) -> Iterator[ClientResponse]:
        if client.path.partition("?")[0].endswith(rpc.PATH):
            yield from rpc.responses(message, client, state.symbol)

    def encode(self, stream: Stream, state: MarketState) -> str:
        return streams.encode(stream, state)

    def handle_request(self, request: Request, state: MarketState) -> Json | HttpResponse | None:
        _, found, path = request.path.partition("/api/v1/info/")
        return rest.response(path, request, state) if found and request.method == "GET" else None

    def refuse_handshake(self, request: Request) -> HttpResponse | None:
        return self.refuse_request(request)

    def refuse_request(self, request: Request) -> HttpResponse | None:
        return None if request.headers.get("user-agent") else FORBIDDEN

    def unknown_path(self, request: Request) -> HttpResponse:
        if not streams.names_stream(request.path):
            return rest.rest_error(404, *rest.NOT_FOUND)
        if request.query.get("interval", "PT1M") not in streams.INTERVALS_MIN:
            return rest.rest_error(400, *rest.INTERVAL_NOT_SUPPORTED)
        return rest.rest_error(404, *rest.MARKET_NOT_FOUND)

    def invalid_request(self, _request: Request, _why: str) -> HttpResponse:
        return rest.rest_error(400, *rest.BAD_REQUEST)

    def too_many_requests(self, _wait_s: int, _banned_until_ms: int | None) -> HttpResponse:
        return rest.rest_error(429, *rest.RATE_LIMIT)

    def subscription_error(self, _channel: str) -> str:
        return compact_json({"type": "SNAPSHOT", "error": "Market not found", "ts": 0, "seq": 0})


PROTOCOL = _Extended(
    venue="extended",
    update_ms=100,
    precision=Precision(price_decimals=1, size_decimals=5),
    symbol="{base}-USD",
    acks=False,
    ping_ms=15_000,
    pong_ms=10_000,
    usage_limits=UsageLimits(weight=1_000),
)
