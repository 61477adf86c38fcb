"""Options of `toolkit venues serve`: what is served, how long, and the limits of the server."""

from __future__ import annotations

from typing import Annotated

import typer

PortOption = Annotated[
    int,
    typer.Option(
        "--port",
        min=0,
        max=65_000,
        metavar="N",
        help="Port of the first venue; the others use the next ports. 0: any free ports.",
    ),
]
VenueOption = Annotated[
    list[str] | None, typer.Option("--venue", metavar="NAME", help="Serve only this venue; may be repeated.")
]
StopOption = Annotated[
    float | None, typer.Option("--minutes", metavar="N", help="Stop after this time; default: run until Ctrl-C.")
]
MaxConnectionsOption = Annotated[
    int,
    typer.Option(
        "--max-connections",
        min=1,
        metavar="N",
        help="Connections that a venue has open at a time, HTTP included; further ones get HTTP 503.",
    ),
]
MaxSubscriptionsOption = Annotated[
    int,
    typer.Option(
        "--max-subscriptions", min=1, metavar="N", help="Subscriptions of one socket; the venue refuses further ones."
    ),
]
MaxNameOption = Annotated[
    int,
    typer.Option(
        "--max-name", min=1, metavar="N", help="Length of a channel's name in characters; longer ones are refused."
    ),
]
RequestSecondsOption = Annotated[
    float,
    typer.Option(
        "--request-seconds",
        metavar="N",
        help="Time within which a handshake or a request must be whole; then HTTP 408 and the connection is closed.",
    ),
]
OwnHostsOption = Annotated[
    bool,
    typer.Option(
        "--own-hosts/--any-host",
        help="Refuse a request with the Host or Origin of another machine, so that no page of a browser can use the "
        "venues (HTTP 403).",
    ),
]
