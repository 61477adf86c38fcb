"""Rows of the ground truth of simulated venues."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

SIDE_FEED = re.compile(r"/v1/(publicTrades|funding)/")
"""Paths of streams that have sockets of their own beside the book's."""


def without_side_feeds(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows without those of side feeds, whose sockets count as no session of a venue."""
    side = {row["conn_id"] for row in rows if row["event"] == "accept" and SIDE_FEED.search(row["path"])}
    return [
        row
        for row in rows
        if (row["conn_id"] is None or row["conn_id"] not in side) and not SIDE_FEED.search(row.get("path", ""))
    ]
