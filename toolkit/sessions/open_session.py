"""State of a venue's current session while its lines are read."""

from __future__ import annotations

import msgspec

from toolkit.model.runs import Session
from toolkit.model.vocabulary import MAX_PLACES, ReconnectReason, Stage
from toolkit.runlog.session_lines import SessionLine
from toolkit.sessions.close_frames import CloseFrame, close_frame

_UNKNOWN, _REFUSED = ReconnectReason.UNKNOWN.value, ReconnectReason.SUBSCRIBE_ERROR.value


class OpenSession(msgspec.Struct, gc=False):
    """The current session of a venue, until the next one begins."""

    number: int
    first_line: SessionLine
    stage: Stage
    stated: str | None = None  # reason stated verbatim
    implied: str | None = None  # reason that a message implies
    inferred: str | None = None  # reason inferred from an error's text
    refs: list[tuple[int, int]] = []
    first_book: tuple[int, int] | None = None
    ended: bool = False
    error_seen: bool = False
    beginning_lost: bool = False
    detail: str | None = None
    close: CloseFrame | None = None
    refusals: list[tuple[int, int]] = []  # lines in which the venue refused the subscription
    further: int = 0  # lines of the end, and refusals, that are only counted

    @property
    def reason(self) -> str | None:
        """Reason of the session's end from the best source; None if no line gives one."""
        return self.stated or self.implied or self.inferred

    def end(self, line: SessionLine) -> None:
        """End the session at a line."""
        self.ended = True
        self.add_ending_line(line)

    def add_ending_line(self, line: SessionLine) -> None:
        """Add a line that reports the session's end; the first error text is the session's detail."""
        if len(self.refs) < MAX_PLACES:
            self.refs.append(line.ref)
        else:
            self.further += 1
        self.detail = self.detail or line.error or None
        if line.error and self.close is None:
            self.close = close_frame(line.error)

    def refuse(self, line: SessionLine) -> None:
        """Add a line in which the venue refused the subscription; the first `MAX_PLACES` and the last one are kept."""
        self.further += len(self.refusals[MAX_PLACES:])
        del self.refusals[MAX_PLACES:]
        self.refusals.append(line.ref)

    def finished(self, life: int, venue: str, silent: str | None, by: SessionLine | None) -> Session:
        """Return the session of a venue in a life.

        `silent` is None if ending lines exist, `ended` if it ended without one at the line `by`, empty if it is open.
        """
        known = self.reason
        reason = known if known or silent == "" else _UNKNOWN
        refusals = self.refusals if self.stage is not Stage.FIRST_BOOK and reason is not None else []
        ended = self.refs[0] if self.refs else (by.ref if by is not None and silent == "ended" else None)
        # By position: keywords take three times as long, and a log may hold a million sessions.
        return Session(
            life,
            venue,
            self.number,
            *self.first_line.ref,
            ended[1] if ended else None,
            None if silent == "" else _REFUSED if refusals else str(reason),
            self.stage,
            # An end without a line of its own stays one: its time is not that of the refusal.
            tuple([(str(file_no), line) for file_no, line in (*refusals, *self.refs)]) if self.refs else (),
            self.detail,
            ended,
            self.first_book,
            self.beginning_lost,
            self.stated is not None,
            self.close.code if self.close else None,
            self.close.reason if self.close else None,
        )
