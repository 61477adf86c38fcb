"""Events of a client script, printed as JSON lines: the harness reads nothing else of its output.

A script reads SERVER (host:port of the venue), VENUE, BASE (the asset, such as ETH) and SECONDS from its environment. It
runs for SECONDS and reports what the client shows its user. It knows nothing of the program that runs it.
"""

import json
import os
import sys
import time

SERVER = os.environ["SERVER"]
VENUE = os.environ["VENUE"]
BASE = os.environ["BASE"]
SECONDS = float(os.environ["SECONDS"])

_started = time.monotonic()
_out = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)


def time_left():
    """Return the seconds until the script must end."""
    return SECONDS - (time.monotonic() - _started)


def connected():
    """Report a connection."""
    _print("connected")


def wants(*channels):
    """Report the channels that the script asks for; each must be reported as subscribed later."""
    _print("wants", channels=channels)


def subscribed(channel):
    """Report a confirmed subscription, or the first data of a channel without confirmations."""
    _print("subscribed", channel=channel)


def parsed(kind):
    """Report a message that the client's own models or parsers read, other than a book."""
    _print("parsed", kind=kind)


def book(bids, asks, of="socket"):
    """Report the book after a message; `of` is `rest` for a book fetched by a request."""
    _print("book", bids=_levels(bids), asks=_levels(asks), of=of)


def pong():
    """Report the answer to a ping that the client sent."""
    _print("pong")


def reconnected(by="client"):
    """Report data after a lost connection; `by` is `script` if the client itself never connects again."""
    _print("reconnected", by=by)


def failed(what, why):
    """Report what did not work (`connect`, `subscribe` or `parse`), and the client's own words."""
    _print("failed", what=what, why=str(why)[:300])


def _levels(side):
    return [[str(price), str(size)] for price, size in side]


def _print(event, **fields):
    _out.write(json.dumps({"at": time.time(), "event": event, **fields}) + "\n")
