"""State of a venue's current session while its lines are read."""

from __future__ import annotations

from dataclasses import dataclass, field

from toolkit.model.vocabulary import MAX_PLACES, Stage
from toolkit.runlog.session_lines import SessionLine
from toolkit.sessions.close_frames import CloseFrame, close_frame


@dataclass
class OpenSession:
    """The current session of a venue, until the next one begins."""

    number: int
    first_line: SessionLine
    stage: Stage
    stated: str | None = None  # reason stated verbatim
    implied: str | None = None  # reason that a message implies
    inferred: str | None = None  # reason inferred from an error's text
    refs: list[tuple[int, int]] = field(default_factory=list)
    first_book: tuple[int, int] | None = None
    ended: bool = False
    error_seen: bool = False
    beginning_lost: bool = False
    detail: str | None = None
    close: CloseFrame | None = None
    refusals: list[tuple[int, int]] = field(default_factory=list)  # lines in which the venue refused the subscription

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
        self.detail = self.detail or line.error or None
        if line.error and self.close is None:
            self.close = close_frame(line.error)
