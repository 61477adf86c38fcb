"""Silence watchdog of a session: tells a quiet market from the six classes of silence (`Silence`).

Limits are on *data of the book*. Pings and acknowledgements never extend them, and they hold before the first message
too. After `stale_ms` without data the watchdog suspects silence: it sends a control ping and, if a book is stored,
compares it with the venue's book by REST. Then, within `book_check_ms` (at most three tenths of `stale_ms`):

    data comes                        the suspicion is dropped
    pong, and REST shows our book     the market is quiet: the limits begin again
    only unreadable frames came       the session ends: parse_error or decode_fail_loop
    otherwise                         the session ends: stale_watchdog, with the class of silence

The class depends on the second half of the silence, so that a stray frame at its beginning decides nothing. A book that
is repeated unchanged for `frozen_ms` is suspected too: it is frozen if REST shows another book and the socket, heard
once more after that, still repeats the old one.

`read_ms` limits the silence of the whole socket. Where both limits are due the watchdog decides by `stale_ms`, because
that gives the class.
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

CHECKED_LEVELS = 5
"""Levels of each side in which our book and the one by REST have to agree."""

NEVER_MS = 1 << 62


class _Cause(StrEnum):
    SILENT = "silent"
    FROZEN = "frozen"


@dataclass(slots=True)
class _Suspicion:
    """A suspected silence or frozen book.

    `ticket` is that of the book check, `equal` its result (None: no usable response), `answered_ms` its time.
    """

    cause: _Cause
    began_ms: int
    ends_ms: int
    ticket: int | None = None
    equal: bool | None = None
    answered_ms: int | None = None


class SilenceWatchdog:
    """Watches one session for silence; `make_request` makes the book check, None where the venue has no REST book.

    `acked` is set by the session once the book's subscription is acknowledged. `proven_quiet_ms` is the last time at
    which the market was proven quiet, None before the first.
    """

    def __init__(
        self,
        now_ms: int,
        limits: VenueLimits,
        book_sync: BookSync,
        topic: str,
        make_request: Callable[[], Fetch] | None,
    ) -> None:
        self.acked = False
        self.proven_quiet_ms: int | None = None
        self._limits = limits
        self._book_sync = book_sync
        self._topic = topic
        self._make_request = make_request
        # The last times at which the market was known to be quiet, the book not frozen, and any frame came.
        self._quiet_ms = self._not_frozen_ms = self._frame_ms = now_ms
        self._other_topic_ms = self._heartbeat_ms = self._pong_ms = -1
        self._unreadable_ms: dict[ReconnectReason, int] = {}
        self._suspicion: _Suspicion | None = None
        self._window_ms = max(1, min(limits.book_check_ms, limits.stale_ms * 3 // 10))

    # --- frames and responses -----------------------------------------------------------------------------------------

    def data_frame(self, now_ms: int) -> None:
        """Take note of a data frame of any kind."""
        self._frame_ms = now_ms

    def other_topic(self, now_ms: int) -> None:
        """Take note of data of another topic, or of a message of a type that is not known."""
        self._other_topic_ms = now_ms

    def heartbeat(self, now_ms: int) -> None:
        """Take note of a heartbeat of the venue's protocol."""
        self._heartbeat_ms = now_ms

    def control_frame(self, now_ms: int, control: Control) -> Iterator[Action]:
        """Take a control frame: a ping counts as a heartbeat, a pong may prove a quiet market."""
        self._frame_ms = now_ms
        if control is Control.PING:
            self._heartbeat_ms = now_ms
        else:
            self._pong_ms = now_ms
            yield from self._end_if_quiet(now_ms)

    def unreadable(self, now_ms: int, reason: ReconnectReason) -> None:
        """Take note of an unreadable frame; `reason` is the one that ends a session of only such frames."""
        self._unreadable_ms[reason] = now_ms

    def book_checked(self, now_ms: int, ticket: int, book: Book | None) -> Iterator[Action]:
        """Take the response to a book check, None if it failed; responses of earlier checks are ignored."""
        suspicion = self._suspicion
        if suspicion is None or suspicion.ticket != ticket:
            return
        suspicion.equal = None if book is None else same_top(self._book_sync.book, book)
        suspicion.answered_ms = now_ms
        yield from self._end_if_quiet(now_ms)

    # --- time ---------------------------------------------------------------------------------------------------------

    @property
    def anchor_ms(self) -> int:
        """The time from which silence counts: the last data of the book, or the last proof of a quiet market."""
        return max(self._quiet_ms, self._book_sync.data_ms or 0)

    @property
    def due_ms(self) -> int:
        """The time of the next call of `timers`."""
        times = [self._suspicion.ends_ms if self._suspicion else self._frozen_due_ms]
        if not self._suspects_silence:
            times += [self.anchor_ms + self._limits.stale_ms, self._frame_ms + self._limits.read_ms]
        return min(times)

    def covers_missing_pong(self, now_ms: int) -> bool:
        """Return True after half of `stale_ms` without data: the watchdog then judges, not the ping timer."""
        return now_ms >= self.covers_pong_ms

    @property
    def covers_pong_ms(self) -> int:
        """The time from which the watchdog judges a missing pong, if no data comes before."""
        return self.anchor_ms + self._limits.stale_ms // 2

    @property
    def suspects(self) -> bool:
        """True while a silence or a frozen book is suspected."""
        return self._suspicion is not None

    def timers(self, now_ms: int, grace_ms: int = 0) -> Iterator[Action]:
        """Begin, drop or decide a suspicion that is due; a decision waits `grace_ms` longer."""
        suspicion = self._suspicion
        if self._suspects_silence and suspicion is not None and (self._book_sync.data_ms or 0) >= suspicion.began_ms:
            suspicion = self._suspicion = None
        if not self._suspects_silence and now_ms >= self.anchor_ms + self._limits.stale_ms:
            yield Ping()
            yield from self._suspect(now_ms, _Cause.SILENT)
        elif suspicion is None and now_ms >= self._frozen_due_ms:
            yield from self._suspect(now_ms, _Cause.FROZEN)
        elif suspicion is not None and now_ms >= suspicion.ends_ms + grace_ms:
            yield from self._decide(now_ms, suspicion)
        if not self._suspects_silence and now_ms >= self._frame_ms + self._limits.read_ms:
            yield Close(ReconnectReason.READ_TIMEOUT, duration(self._limits.read_ms))

    @property
    def _suspects_silence(self) -> bool:
        return self._suspicion is not None and self._suspicion.cause is _Cause.SILENT

    @property
    def _frozen_due_ms(self) -> int:
        if self._make_request is None or not self._book_sync.live:
            return NEVER_MS
        return max(self._not_frozen_ms, self._book_sync.changed_ms or 0) + self._limits.frozen_ms

    # --- suspicion and decision ---------------------------------------------------------------------------------------

    def _suspect(self, now_ms: int, cause: _Cause) -> Iterator[Action]:
        self._suspicion = suspicion = _Suspicion(cause, now_ms, now_ms + self._window_ms)
        if self._make_request is not None and self._book_sync.live:
            fetch = self._make_request()
            suspicion.ticket = fetch.ticket
            yield fetch

    def _end_if_quiet(self, now_ms: int) -> Iterator[Action]:
        """Drop the suspicion if the market is proven quiet."""
        suspicion = self._suspicion
        if suspicion is None or not suspicion.equal:
            return
        silent = suspicion.cause is _Cause.SILENT
        if silent and self._pong_ms < suspicion.began_ms:
            return
        since_ms = self.anchor_ms if silent else self._frozen_due_ms - self._limits.frozen_ms
        yield Note("quiet_look", {"cause": suspicion.cause.value, "for_ms": now_ms - since_ms, "topic": self._topic})
        self.proven_quiet_ms = now_ms
        self.restart_limits(now_ms, suspicion.cause)

    def restart_limits(self, now_ms: int, cause: _Cause = _Cause.SILENT) -> None:
        """Drop the suspicion; the limits on this silence begin again now."""
        self._suspicion = None
        self._not_frozen_ms = now_ms
        if cause is _Cause.SILENT:
            self._quiet_ms = self._frame_ms = now_ms

    def _decide(self, now_ms: int, suspicion: _Suspicion) -> Iterator[Action]:
        if suspicion.cause is _Cause.SILENT:
            yield self._close_for_silence(suspicion)
        elif (self._book_sync.changed_ms or 0) >= suspicion.began_ms:
            self._suspicion = None
        elif suspicion.equal is not False:
            # Without a response nothing is known: the book is checked again after the same time.
            self.restart_limits(now_ms, suspicion.cause)
        elif self.anchor_ms <= (suspicion.answered_ms or now_ms):
            suspicion.ends_ms = now_ms + self._window_ms
        else:
            for_ms = now_ms - (self._book_sync.changed_ms or 0)
            yield Note("frozen_book", {"for_ms": for_ms, "topic": self._topic})
            detail = f"freshness exceeded {self._limits.frozen_ms}ms"
            yield Close(ReconnectReason.STALE_WATCHDOG, detail, Silence.FROZEN_BOOK, self._topic)

    def _close_for_silence(self, suspicion: _Suspicion) -> Close:
        since_ms = self._second_half_ms
        for reason, at_ms in self._unreadable_ms.items():
            if at_ms >= since_ms:
                return Close(reason, "nothing else came", topic=self._topic)
        detail = f"freshness exceeded {self._limits.stale_ms}ms"
        return Close(ReconnectReason.STALE_WATCHDOG, detail, self._silence_class(suspicion), self._topic)

    @property
    def _second_half_ms(self) -> int:
        """The time at which the second half of the silence began."""
        return self.covers_pong_ms

    def _silence_class(self, suspicion: _Suspicion) -> Silence:
        since_ms = self._second_half_ms
        if max(self._frame_ms, self._pong_ms) < suspicion.began_ms:
            return Silence.HALF_OPEN
        if self._other_topic_ms >= since_ms:
            return Silence.TOPIC_MUTE
        if self.acked and self._book_sync.data_ms is None and self._other_topic_ms < 0:
            return Silence.ACKED_MUTE
        return Silence.HEARTBEAT_ONLY if self._heartbeat_ms >= since_ms else Silence.MUTE


def same_top(stored: OrderBook, fetched: Book) -> bool:
    """Return True if two books agree in the best levels that both of them show.

    An empty side agrees only with another empty side.
    """
    other = OrderBook()
    other.replace(fetched)
    for ours, theirs in zip(stored.depth(CHECKED_LEVELS), other.depth(CHECKED_LEVELS), strict=True):
        shown = min(len(ours), len(theirs))
        if ours[:shown] != theirs[:shown] or bool(ours) != bool(theirs):
            return False
    return True
