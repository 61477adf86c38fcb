"""What silence means: a quiet market, or one of six faults that are told apart.

Limits are on *data of the book*; pings and acknowledgements never put them off, and they hold before the first message
too. After `stale_ms` without data the watch doubts: it sends a control ping and, if a book is held, looks at the book
by REST. Then, within `look_ms` (at most three tenths of the limit):

    data comes                        no doubt is left
    pong, and REST shows our book     the market is quiet: the limit begins anew
    only frames nobody can read       the session ends: parse_error or decode_fail_loop
    otherwise                         the session ends: stale_watchdog, with the class of silence

The class rests on the second half of the silence, so that a stray frame at its begin decides nothing. A book that comes
again and again unchanged for `frozen_ms` is doubted too: it is frozen if REST shows another and the socket, heard once
more after that, still the old one.

`read_ms` is silence of the whole socket. Where both limits are due the watch, which knows more, decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from connectors.session.book import OrderBook
from connectors.session.book_sync import BookSync
from connectors.session.events import Action, Close, Control, Fetch, Note, Ping, Silence
from connectors.text import duration
from connectors.venues.frames import Book
from connectors.venues.spec import VenueLimits
from toolkit.model.vocabulary import ReconnectReason

LOOK_LEVELS = 5
"""Levels a side in which our book and the one by REST have to agree."""

NEVER_MS = 1 << 62


class _Cause(StrEnum):
    SILENT = "silent"
    FROZEN = "frozen"


@dataclass(slots=True)
class _Doubt:
    """Data is missing, or the book does not move; `equal` is what the look by REST said, `answered_ms` when."""

    cause: _Cause
    began_ms: int
    ends_ms: int
    ticket: int | None = None
    equal: bool | None = None
    answered_ms: int | None = None


class SilenceWatchdog:
    """Watches one session for silence; `ask` makes the look by REST, None where the venue has none."""

    def __init__(self, now_ms: int, limits: VenueLimits, keeper: BookSync, topic: str, ask: Callable[[], Fetch] | None):
        self.acked = False
        self._limits = limits
        self._keeper = keeper
        self._topic = topic
        self._ask = ask
        self._calm_ms = self._moving_ms = self._heard_ms = now_ms
        self._other_ms = self._beat_ms = self._pong_ms = -1
        self._unread: dict[ReconnectReason, int] = {}
        self._doubt: _Doubt | None = None
        self._window_ms = max(1, min(limits.book_check_ms, limits.stale_ms * 3 // 10))

    # --- what was heard -----------------------------------------------------------------------------------------------

    def heard(self, now_ms: int) -> None:
        """Anything at all came."""
        self._heard_ms = now_ms

    def other(self, now_ms: int) -> None:
        """Data of another topic came."""
        self._other_ms = now_ms

    def beat(self, now_ms: int) -> None:
        """A life sign came: a heartbeat of the venue's protocol, or a control ping."""
        self._beat_ms = now_ms

    def control(self, now_ms: int, control: Control) -> Iterator[Action]:
        """A control frame came."""
        self._heard_ms = now_ms
        if control is Control.PING:
            self._beat_ms = now_ms
        else:
            self._pong_ms = now_ms
            yield from self._quiet(now_ms)

    def unread(self, now_ms: int, reason: ReconnectReason) -> None:
        """A frame came that could not be read; `reason` is what a session of such frames ends by."""
        self._unread[reason] = now_ms

    def looked(self, now_ms: int, ticket: int, book: Book | None) -> Iterator[Action]:
        """The look by REST is answered, by this book or not at all."""
        doubt = self._doubt
        if doubt is None or doubt.ticket != ticket:
            return
        doubt.equal = None if book is None else same_top(self._keeper.book, book)
        doubt.answered_ms = now_ms
        yield from self._quiet(now_ms)

    # --- time ---------------------------------------------------------------------------------------------------------

    @property
    def anchor_ms(self) -> int:
        """From when silence counts."""
        return max(self._calm_ms, self._keeper.data_ms or 0)

    @property
    def due_ms(self) -> int:
        """When `timers` may have something to say."""
        silent = self._doubt is not None and self._doubt.cause is _Cause.SILENT
        times = [self._doubt.ends_ms if self._doubt else self._frozen_due_ms]
        if not silent:
            times += [self.anchor_ms + self._limits.stale_ms, self._heard_ms + self._limits.read_ms]
        return min(times)

    def doubts(self, now_ms: int) -> bool:
        """Whether data is so late that a missing pong is this watch's business."""
        return now_ms - self.anchor_ms >= self._limits.stale_ms // 2

    def timers(self, now_ms: int) -> Iterator[Action]:
        """Time has passed and nothing is waiting to be read."""
        doubt = self._doubt
        if doubt is not None and (self._keeper.data_ms or 0) >= doubt.began_ms and doubt.cause is _Cause.SILENT:
            doubt = self._doubt = None
        if (doubt is None or doubt.cause is _Cause.FROZEN) and now_ms >= self.anchor_ms + self._limits.stale_ms:
            yield Ping()
            yield from self._begin(now_ms, _Cause.SILENT)
        elif doubt is None and now_ms >= self._frozen_due_ms:
            yield from self._begin(now_ms, _Cause.FROZEN)
        elif doubt is not None and now_ms >= doubt.ends_ms:
            yield from self._judge(now_ms, doubt)
        silent = self._doubt is not None and self._doubt.cause is _Cause.SILENT
        if not silent and now_ms >= self._heard_ms + self._limits.read_ms:
            yield Close(ReconnectReason.READ_TIMEOUT, duration(self._limits.read_ms))

    @property
    def _frozen_due_ms(self) -> int:
        if self._ask is None or not self._keeper.live:
            return NEVER_MS
        return max(self._moving_ms, self._keeper.moved_ms or 0) + self._limits.frozen_ms

    # --- doubt and judgement ------------------------------------------------------------------------------------------

    def _begin(self, now_ms: int, cause: _Cause) -> Iterator[Action]:
        self._doubt = doubt = _Doubt(cause, now_ms, now_ms + self._window_ms)
        if self._ask is not None and self._keeper.live:
            fetch = self._ask()
            doubt.ticket = fetch.ticket
            yield fetch

    def _quiet(self, now_ms: int) -> Iterator[Action]:
        """End the doubt if the market is proven quiet."""
        doubt = self._doubt
        if doubt is None or not doubt.equal:
            return
        if doubt.cause is _Cause.SILENT and self._pong_ms < doubt.began_ms:
            return
        since_ms = self.anchor_ms if doubt.cause is _Cause.SILENT else self._frozen_due_ms - self._limits.frozen_ms
        yield Note("quiet_look", {"cause": doubt.cause.value, "for_ms": now_ms - since_ms, "topic": self._topic})
        self._rest(now_ms, doubt.cause)

    def _rest(self, now_ms: int, cause: _Cause) -> None:
        self._doubt = None
        self._moving_ms = now_ms
        if cause is _Cause.SILENT:
            self._calm_ms = self._heard_ms = now_ms

    def _judge(self, now_ms: int, doubt: _Doubt) -> Iterator[Action]:
        if doubt.cause is _Cause.SILENT:
            yield self._silent(doubt)
        elif (self._keeper.moved_ms or 0) >= doubt.began_ms:
            self._doubt = None
        elif doubt.equal is not False:
            # No answer decides nothing: the book is looked at again after the same time.
            self._rest(now_ms, doubt.cause)
        elif self.anchor_ms <= (doubt.answered_ms or now_ms):
            doubt.ends_ms = now_ms + self._window_ms
        else:
            for_ms = now_ms - (self._keeper.moved_ms or 0)
            yield Note("frozen_book", {"for_ms": for_ms, "topic": self._topic})
            detail = f"freshness exceeded {self._limits.frozen_ms}ms"
            yield Close(ReconnectReason.STALE_WATCHDOG, detail, Silence.FROZEN_BOOK, self._topic)

    def _silent(self, doubt: _Doubt) -> Close:
        since_ms = self._second_half_ms
        for reason, at_ms in self._unread.items():
            if at_ms >= since_ms:
                return Close(reason, "nothing else came", topic=self._topic)
        detail = f"freshness exceeded {self._limits.stale_ms}ms"
        return Close(ReconnectReason.STALE_WATCHDOG, detail, self._class(doubt), self._topic)

    @property
    def _second_half_ms(self) -> int:
        return self.anchor_ms + self._limits.stale_ms // 2

    def _class(self, doubt: _Doubt) -> Silence:
        since_ms = self._second_half_ms
        if max(self._heard_ms, self._pong_ms) < doubt.began_ms:
            return Silence.HALF_OPEN
        if self._other_ms >= since_ms:
            return Silence.TOPIC_MUTE
        if self.acked and self._keeper.data_ms is None and self._other_ms < 0:
            return Silence.ACKED_MUTE
        return Silence.HEARTBEAT_ONLY if self._beat_ms >= since_ms else Silence.MUTE


def same_top(held: OrderBook, look: Book) -> bool:
    """Whether two books agree in the best levels that both of them show; an empty side agrees only with another."""
    other = OrderBook()
    other.replace(look)
    for ours, theirs in zip(held.depth(LOOK_LEVELS), other.depth(LOOK_LEVELS), strict=True):
        shown = min(len(ours), len(theirs))
        if ours[:shown] != theirs[:shown] or bool(ours) != bool(theirs):
            return False
    return True
