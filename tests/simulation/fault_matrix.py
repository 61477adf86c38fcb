"""The cells of the fault matrix that cannot be: a fault needs something in the feed that it breaks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

from connectors import settings
from connectors.simulator.exchange import Exchange
from connectors.simulator.faults.spec import Fault, Need
from connectors.simulator.messages import Accepted, Content, Request
from connectors.simulator.protocols.base import Stream, VenueProtocol
from connectors.venues.spec import Recovery, Target, Venue


def lacks(fault: Fault, has: frozenset[Need]) -> Need | None:
    """What a fault needs and a feed has not; the need's text is the reason why the cell is n/a."""
    return next((need for need in fault.requires if need not in has), None)


def offers(venue: Venue, protocol: VenueProtocol, environ: Mapping[str, str]) -> frozenset[Need]:
    """What a feed has that a fault could break; `environ` chooses the feed by the venue's settings."""
    streams = _streams(venue, protocol, environ)
    book = next(stream for stream in streams if stream.content is Content.BOOK)
    has = {
        Need.CHAIN: book.incremental,
        Need.ACK: protocol.acks,
        Need.TOPICS: len(streams) > 1,
        Need.BRIDGE: venue.recovery is Recovery.REST,
    }
    return frozenset(need for need, there in has.items() if there)


def _streams(venue: Venue, protocol: VenueProtocol, environ: Mapping[str, str]) -> list[Stream]:
    """The streams that a connector's URL and subscriptions begin; raises KeyError if the venue knows no such URL."""
    exchange = Exchange(protocol)
    resolved = settings.resolve(settings.venue_settings(venue), environ)
    target = looked_up(venue, settings.target(venue, resolved, exchange.market_data.base), exchange)
    url = urlsplit(venue.socket_url(target.ws_urls[0], target))
    met, _ = exchange.connect(0, url.path + (f"?{url.query}" if url.query else ""))
    conn_id = met.conn_id if isinstance(met, Accepted) else ""
    for topic in venue.topics(target):
        if topic.subscribe is not None:
            exchange.receive(0, conn_id, topic.subscribe)
    return list(exchange.connections.by_id[conn_id].streams.values())


def looked_up(venue: Venue, target: Target, exchange: Exchange) -> Target:
    """The target with the instrument that the venue's own look-up finds."""
    if venue.lookup is None or target.instrument:
        return target
    call = venue.lookup.call(target)
    url = urlsplit(target.rest_urls[0] + call.path)
    request = Request(call.method, url.path, dict(parse_qsl(url.query)), (call.body or "").encode())
    answer, _ = exchange.request(0, request)
    return replace(target, instrument=venue.lookup.decode(json.loads(answer.body), target))
