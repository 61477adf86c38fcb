"""Applicability of faults to feeds: a fault requires something in the feed that it breaks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

from connectors import settings
from connectors.simulator.exchange import Exchange
from connectors.simulator.faults.spec import Fault, Need
from connectors.simulator.messages import Accepted, Content, HttpResponse, Rejection, Request
from connectors.simulator.protocols.base import Stream, VenueProtocol
from connectors.simulator.protocols.client_profile import ClientProfile
from connectors.venues.spec import Recovery, Target, Venue

HEADERS = {"user-agent": "test"}
"""Headers of a client in virtual time, where no library adds its own."""


def profile_of(environ: Mapping[str, str]) -> ClientProfile:
    """Return the profile of a simulated venue that serves a connector with these settings."""
    return ClientProfile.PARAPHINA if environ.get("PARADEX_WS_ENCODING") == "json" else ClientProfile.CURRENT


def missing_need(fault: Fault, has: frozenset[Need]) -> Need | None:
    """Return the first requirement that the feed does not meet; its text is the reason why the fault is not applicable."""
    return next((need for need in fault.requires if need not in has), None)


def available_needs(venue: Venue, protocol: VenueProtocol, environ: Mapping[str, str]) -> frozenset[Need]:
    """Return the requirements that a feed meets; `environ` selects the feed by the venue's settings."""
    streams = _streams(venue, protocol, environ)
    book = next(stream for stream in streams if stream.content is Content.BOOK)
    resolved = settings.resolve(settings.venue_settings(venue), environ)
    monotone = venue.topics(settings.target(venue, resolved, "ETH"))[0].monotone
    has = {
        Need.CHAIN: book.incremental,
        Need.NUMBERS: book.incremental or monotone,
        Need.ACK: protocol.acks,
        Need.TOPICS: len(streams) > 1,
        Need.BRIDGE: venue.recovery is Recovery.REST,
        Need.TEXT: book.binary_version is None,
        Need.MARKET_ERROR: protocol.rejection(Rejection.MARKET, book.channel) is not None,
        Need.RATE_ERROR: protocol.rejection(Rejection.RATE, book.channel) is not None,
    }
    return frozenset(need for need, present in has.items() if present)


def _streams(venue: Venue, protocol: VenueProtocol, environ: Mapping[str, str]) -> list[Stream]:
    """Return the streams that a connector's URL and subscriptions start; raises KeyError for an unknown URL."""
    exchange = Exchange(protocol)
    resolved = settings.resolve(settings.venue_settings(venue), environ)
    target = with_instrument(venue, settings.target(venue, resolved, exchange.market_data.base), exchange)
    url = urlsplit(venue.socket_url(target.ws_urls[0], target))
    result, _ = exchange.connect(0, url.path + (f"?{url.query}" if url.query else ""), HEADERS)
    conn_id = result.conn_id if isinstance(result, Accepted) else ""
    for topic in venue.topics(target):
        if topic.subscribe is not None:
            exchange.receive(0, conn_id, topic.subscribe)
    return list(exchange.connections.by_id[conn_id].streams.values())


def with_instrument(venue: Venue, target: Target, exchange: Exchange) -> Target:
    """Return the target with the instrument from the venue's own look-up."""
    if venue.lookup is None or target.instrument:
        return target
    call = venue.lookup.call(target)
    url = urlsplit(target.rest_urls[0] + call.path)
    request = Request(call.method, url.path, dict(parse_qsl(url.query)), (call.body or "").encode(), HEADERS)
    response, _ = exchange.request(0, request)
    body = response.body if isinstance(response, HttpResponse) else b""
    return replace(target, instrument=venue.lookup.decode(json.loads(body), target))
