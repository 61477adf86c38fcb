"""Binary messages of Paradex: the layouts of its public market data (SBE schema 1, version 3).

Sources: `paradex_1_0.xml` of paradex-py 0.8.2 (version 2 of 2026-09-25); version 3: `parse_sbe_message` of ccxt 4.5.90.
Times are microseconds since 1970. Prices and sizes have 8 decimals; so have funding rates, of which the JSON messages
carry more.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import NamedTuple

from connectors.venues.frames import EXACT_DIGITS, FrameLevel
from connectors.venues.sbe import (
    FIXED8,
    FIXED12,
    GROUP_HEADER,
    HEADER,
    INT16,
    INT64,
    MAX_ENTRIES,
    UINT8,
    FieldBlock,
    MessageLayout,
    Schema,
)

SCHEMA_ID = 1
NEWEST_VERSION = 3
"""Newest version that the venue serves; it serves the earlier ones too."""

TRADE, BBO, BOOK, SUMMARY, FUNDING, HEARTBEAT = (
    "TradeEvent",
    "BboEvent",
    "BookEvent",
    "MarketSummaryEvent",
    "FundingDataEvent",
    "HeartbeatEvent",
)

SNAPSHOT, DELTA = 0, 1
"""Values of `BookEvent.pkgType`."""

_LEVEL = FieldBlock(price=FIXED8, size=FIXED8)

PUBLIC = Schema(
    SCHEMA_ID,
    (
        MessageLayout(
            1,
            TRADE,
            FieldBlock(
                ts=INT64,
                seq=INT64,
                tradeId=INT64,  # the low 64 bits of `tradeIdStr`, which alone is the trade's id
                side=UINT8,
                price=FIXED8,
                size=FIXED8,
                createdAt=INT64,
                tradeType=UINT8,
            ),
            strings=("market", "tradeIdStr"),
            since={"tradeIdStr": 2},
        ),
        MessageLayout(
            2,
            BBO,
            FieldBlock(ts=INT64, seq=INT64, bidPrice=FIXED8, bidSize=FIXED8, askPrice=FIXED8, askSize=FIXED8),
            strings=("market",),
        ),
        MessageLayout(
            3,
            BOOK,
            FieldBlock(
                ts=INT64,
                seq=INT64,
                pkgType=UINT8,
                bestBidPrice=FIXED8,
                bestBidSize=FIXED8,
                bestAskPrice=FIXED8,
                bestAskSize=FIXED8,
                relativeSpread=FIXED8,
                bestBidApiPrice=FIXED8,
                bestBidApiSize=FIXED8,
                bestAskApiPrice=FIXED8,
                bestAskApiSize=FIXED8,
            ),
            groups={"bids": _LEVEL, "asks": _LEVEL},
            strings=("market",),
        ),
        MessageLayout(
            4,
            SUMMARY,
            FieldBlock(
                ts=INT64,
                seq=INT64,
                markPrice=FIXED8,
                indexPrice=FIXED8,
                lastPrice=FIXED8,
                volumeUsd24h=FIXED8,
                openInterest=FIXED8,
                fundingRate=FIXED8,
                bid=FIXED8,
                ask=FIXED8,
                totalVolume=FIXED8,
                priceChangeRate24h=FIXED8,
                markIv=FIXED8,
                bidIv=FIXED8,
                askIv=FIXED8,
                lastIv=FIXED8,
                delta=FIXED8,
                gamma=FIXED8,
                vega=FIXED8,
                theta=FIXED8,
                rho=FIXED8,
                volga=FIXED8,
                vanna=FIXED8,
                futureFundingRate=FIXED8,
                externalFairPrice=FIXED8,
                bidSize=FIXED8,
                askSize=FIXED8,
                forwardRate=FIXED8,
                riskFreeRate=FIXED8,
                fundingRatePrecise=FIXED12,
                settlementTwapEstimate=FIXED8,
            ),
            strings=("market",),
            since={"forwardRate": 1, "riskFreeRate": 1, "fundingRatePrecise": 1, "settlementTwapEstimate": 3},
        ),
        MessageLayout(
            5,
            FUNDING,
            FieldBlock(
                ts=INT64,
                seq=INT64,
                fundingRate=FIXED8,
                fundingIndex=FIXED8,
                createdAt=INT64,
                fundingPremium=FIXED8,
                fundingRate8h=FIXED8,
                fundingPeriodHours=INT16,
                impactPremiumRate=FIXED8,
            ),
            strings=("market",),
            since={"impactPremiumRate": 1},
        ),
        MessageLayout(40, HEARTBEAT, FieldBlock(ts=INT64, seq=INT64)),
    ),
)


# --- the usual book ---------------------------------------------------------------------------------------------------


class UsualBook(NamedTuple):
    """The parts of a `BookEvent` that make a book; `ts` is in µs since 1970."""

    market: str
    kind: int
    seq: int
    ts: int
    bids: list[FrameLevel]
    asks: list[FrameLevel]


_BOOK_HEAD = struct.Struct("<qqB")
_BOOK_KEY = (PUBLIC.layouts[BOOK].template, SCHEMA_ID)
_UNIT = 10**8
_TOO_LONG = 10**EXACT_DIGITS


def read_usual_book(data: bytes) -> UsualBook | None:
    """Read a `BookEvent` with usual numbers: present, not negative, exact as floats. Return None for any other message.

    `PUBLIC.read` reads the same and takes several times as long.
    """
    try:
        length, template, schema, _version = HEADER.unpack_from(data)
        if (template, schema) != _BOOK_KEY or length < _BOOK_HEAD.size:
            return None
        ts, seq, kind = _BOOK_HEAD.unpack_from(data, HEADER.size)
        bids, at = _read_levels(data, HEADER.size + length)
        asks, at = _read_levels(data, at)
        end = at + 1 + data[at]
        market = data[at + 1 : end].decode()
    except (ValueError, IndexError, struct.error):
        return None
    return UsualBook(market, kind, seq, ts, bids, asks) if end <= len(data) and min(ts, seq) >= 0 else None


def _read_levels(data: bytes, at: int) -> tuple[list[FrameLevel], int]:
    """Return the levels of the group at `at`, and where it ends. Raises ValueError for unusual ones."""
    size, count = GROUP_HEADER.unpack_from(data, at)
    if size != _LEVEL.size or count > MAX_ENTRIES:
        raise ValueError("an unusual group")
    begin = at + GROUP_HEADER.size
    numbers = _unsigned(2 * count).unpack_from(data, begin)
    # A negative number is a large one here; every other number is a price.
    if count and (max(numbers) >= _TOO_LONG or not all(numbers[::2])):
        raise ValueError("an unusual number")
    # The quotient of two integers is the float nearest to the decimal.
    decimals = iter([number / _UNIT for number in numbers])
    return list(map(FrameLevel, decimals, decimals)), begin + _LEVEL.size * count


@lru_cache(256)
def _unsigned(count: int) -> struct.Struct:
    return struct.Struct(f"<{count}Q")
