"""Facts of a run gathered from its log lines: builds, starts, addresses, endings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from toolkit.model.vocabulary import ALL_VENUES, MAX_ERRORS, MAX_LABELS, MAX_PLACES, OTHER_NAME, VENUE_ID
from toolkit.runlog.build_causes import BuildCause, build_cause, build_duration_ms
from toolkit.runlog.bulk.numbers import is_count
from toolkit.runlog.bulk.summaries import Named, QuotedInBlock
from toolkit.runlog.cause_chains import CAUSED_BY, CauseChain
from toolkit.runlog.ending_lines import EndingLine, Ref, is_of_program
from toolkit.runlog.family_groups import BUILD, CAUSE_FAMILIES, ENDINGS, KEPT, NOT_FROM_PROGRAM, NOT_RUNNING
from toolkit.runlog.lives import StartupLine, startup_facts
from toolkit.runlog.parse import OTHER, UNKNOWN, LogRecord
from toolkit.runlog.search.program_phrases import has_program_words
from toolkit.runlog.session_lines import QuotedRecord, is_loopback, quoted_record

_BUILD_ERRORS = ("build_error", "build_cause")
_NOT_OWN = NOT_RUNNING | set(UNKNOWN)


@dataclass
class LogFacts:
    """Facts of a run's logs, with the lines that state them."""

    families: Counter[str] = field(default_factory=Counter)
    starts: list[StartupLine] = field(default_factory=list)
    """The first `MAX_PLACES` start-up lines."""
    further: Counter[str] = field(default_factory=Counter)
    """Lines that are only counted, as many are kept already: `starts`, `endings`, `build_errors`, `senders`."""
    first: dict[str, tuple[Ref, str]] = field(default_factory=dict)
    """First line of each family and its text."""
    last: dict[str, tuple[Ref, str]] = field(default_factory=dict)
    """Last line of each family and its text."""
    has_loopback_socket: bool = False
    has_other_socket: bool = False
    components: Counter[str] = field(default_factory=Counter)
    """Counts of audit lines of no known family, by their component or reason."""
    build_errors: list[tuple[Ref, str]] = field(default_factory=list)
    build_causes: dict[BuildCause, Ref] = field(default_factory=dict)
    """First line that shows each known cause of failed builds."""
    causes: CauseChain = field(default_factory=CauseChain)
    last_words: tuple[Ref, str] | None = None
    """The last line of no known family."""
    endings: list[EndingLine] = field(default_factory=list)
    """Lines that may state why the last life of each log ended: the first `MAX_ERRORS` and the last one."""
    earlier: list[EndingLine] = field(default_factory=list)
    """The same lines of earlier lives, the last `MAX_ERRORS`."""
    foreign: list[EndingLine] = field(default_factory=list)
    """Lines about the end of another container or service than the program's."""
    undecided: list[EndingLine] = field(default_factory=list)
    """Lines about the end of a service that may be the program's or another."""
    senders: set[str] = field(default_factory=set)
    """Containers, services or programs, at most `MAX_LABELS`, that wrote lines of the program; empty if unknown."""
    neighbours: set[str] = field(default_factory=set)
    """The same of lines of no known family."""
    panics: list[tuple[Ref, str, str]] = field(default_factory=list)
    """Panics in the last life of each log: log line, source position, and the message (from the next line).

    They are the first `MAX_ERRORS` and the last one.
    """
    panic_threads: dict[Ref, str] = field(default_factory=dict)
    venue_index: dict[str, int] = field(default_factory=dict)
    venue_lines: dict[str, Ref] = field(default_factory=dict)
    """First socket or audit line that names each venue."""
    quoted: list[QuotedRecord] = field(default_factory=list)
    """The first `MAX_ERRORS` records that may be text that another record quotes; they are not counted."""
    quoted_count: int = 0
    lines: int = 0
    lives: int = 0
    build_ms: int = 0
    """Total duration in ms of the finished builds, as they state it."""
    has_unread_program: bool = False
    """True if a line of no known family holds a phrase of the program, as when the lines have an unknown prefix."""
    _panic_counts: Counter[int] = field(default_factory=Counter)
    """All panics in the last life of each log."""
    _logs: dict[int, int] = field(default_factory=dict)
    """File number of the first part, for each file that is a later part of a rotated log."""

    def continue_log(self, file_no: int, before: int) -> None:
        """Record that the file is the next part of the rotated log to which file `before` belongs."""
        self._logs[file_no] = self._log(before)

    def begin_life(self, ref: Ref) -> None:
        """Begin a life at a line: its log's earlier ending lines belong to earlier lives."""
        log = self._log(ref[0])
        if self._panic_counts.pop(log, 0):
            self.panics = [each for each in self.panics if self._log(each[0][0]) != log]
        if not self.endings:
            return
        previous = [each for each in self.endings if self._log(each.ref[0]) == log]
        earlier = [*self.earlier, *previous]
        self.earlier = earlier[-MAX_ERRORS:]
        self._only_count("endings", len(earlier) - len(self.earlier))
        self.endings = [each for each in self.endings if each not in previous]

    def add_panic(self, record: LogRecord, ref: Ref) -> None:
        """Add a panic by the record of its first line."""
        for further, _, _ in self.panics[MAX_ERRORS:]:
            del self.panic_threads[further]
        del self.panics[MAX_ERRORS:]
        place = record.fields.get("place", "").rstrip(":")
        self.panics.append((ref, place, record.fields.get("error", "no message")))
        self.panic_threads[ref] = record.fields["thread"]
        self._panic_counts[self._log(ref[0])] += 1

    def count_panics(self, file_no: int, count: int) -> None:
        """Count panics in the current life of a log of which no more is kept."""
        if count:
            self._panic_counts[self._log(file_no)] += count

    def add_panic_message(self, ref: Ref, text: str) -> None:
        """Set the message of the panic whose first line is at `ref`."""
        if self.panics and self.panics[-1][0] == ref:
            self.panics[-1] = ref, self.panics[-1][1], text

    def continues_after(self, ref: Ref) -> bool:
        """Return true if the program wrote to the same log after that line, apart from lines about its end."""
        return any(
            last > ref and self._log(last[0]) == self._log(ref[0])
            for family, (last, _) in self.last.items()
            if family not in NOT_RUNNING
        )

    def _log(self, file_no: int) -> int:
        return self._logs.get(file_no, file_no)

    def set_foreign_apart(self) -> None:
        """Set the ending lines of other containers and services apart, once all lines are added."""
        lines = (*self.earlier, *self.endings)
        owned = {each.ref: is_of_program(each, self.senders, self.neighbours) for each in lines}
        self.foreign += [each for each in lines if owned[each.ref] is False]
        self.undecided += [each for each in self.endings if owned[each.ref] is None]
        self.endings = [each for each in self.endings if owned[each.ref]]
        self.earlier = [each for each in self.earlier if owned[each.ref]]
        self._panic_counts.subtract(self._log(ref[0]) for ref, _, _ in self.panics if not owned.get(ref, True))
        self.panics = [each for each in self.panics if owned.get(each[0], True)]

    def add_sender(self, family: str, sender: str, lines: int = 1) -> None:
        """Add the sender of lines, if the family shows that the program wrote them, or that another one may have."""
        group, is_told = (self.neighbours, True) if family == OTHER else (self.senders, family not in _NOT_OWN)
        if sender and is_told and sender not in group:
            if len(group) < MAX_LABELS:
                group.add(sender)
            else:
                self.further["senders"] += lines

    def add(self, record: LogRecord, ref: Ref, text: str, sender: str = "") -> None:
        """Add one record of a line; `sender` is the container or service that wrote it."""
        family = record.family
        self.families[family] += 1
        if self.causes.may_follow or family == CAUSED_BY:
            self.causes.add(family, ref, text)
        if family in CAUSE_FAMILIES:
            self.note_cause(family, ref, text)
        if sender:
            self.add_sender(family, sender)
        if family == OTHER:
            return
        self._note_venue(family, record.venue, ref)
        self.last[family] = place = (ref, text)
        self.first.setdefault(family, place)
        if family not in KEPT:
            return
        if family in ENDINGS:
            self._only_count("endings", len(self.endings[MAX_ERRORS:]))
            del self.endings[MAX_ERRORS:]
            self.endings.append(EndingLine(ref, family, text, record.fields, sender))
        elif family == "ws_connecting" and record.venue:
            self.add_sockets((is_loopback(record.fields["url"]),))
        elif family == "startup":
            self._add_start(record, ref)
        elif family == "build_finished":
            self.build_ms += build_duration_ms(record.fields)
        elif family in _BUILD_ERRORS:
            if self._is_kept("build_errors", len(self.build_errors) < MAX_ERRORS):
                self.build_errors.append((ref, text))
        elif family == "applied_book" and record.venue and is_count(record.fields["venue_index"]):
            self.venue_index[record.venue] = int(record.fields["venue_index"])
        elif family == "audit_other":
            self._count_component(record.reason)

    def add_life_cycle(self, record: LogRecord, ref: Ref) -> None:
        """Add what the summary of a block does not tell of a life-cycle line in it."""
        self._note_venue(record.family, record.venue, ref)
        if record.family == "startup":
            self._add_start(record, ref)

    def _add_start(self, record: LogRecord, ref: Ref) -> None:
        if self._is_kept("starts", len(self.starts) < MAX_PLACES):
            self.starts.append(StartupLine(ref, startup_facts(record)))

    def add_sockets(self, loopback: Collection[bool]) -> None:
        """Add sockets by whether their addresses are on this machine."""
        self.has_loopback_socket |= True in loopback
        self.has_other_socket |= False in loopback

    def _is_kept(self, what: str, has_room: bool) -> bool:
        self._only_count(what, not has_room)
        return has_room

    def _only_count(self, what: str, lines: int) -> None:
        if lines:
            self.further[what] += lines

    def _count_component(self, reason: str | None, count: int = 1) -> None:
        name = reason or "?"
        is_listed = name in self.components or len(self.components) < MAX_LABELS
        self.components[name if is_listed else OTHER_NAME] += count

    def note_cause(self, family: str, ref: Ref, text: str) -> None:
        """Keep what a line may show about the cause of a failed build."""
        if family == OTHER and (words := text.strip()):
            if self.last_words is None or self.last_words < (ref, words):
                self.last_words = ref, words
            self.has_unread_program = self.has_unread_program or has_program_words(text)
        if family in CAUSE_FAMILIES and (cause := build_cause(text)) is not None:
            self.build_causes[cause] = min(self.build_causes.get(cause, ref), ref)

    def add_quoted(self, record: LogRecord, ref: Ref) -> None:
        """Add a record that may be text that another record quotes."""
        self.quoted_count += 1
        if len(self.quoted) < MAX_ERRORS:
            self.quoted.append(quoted_record(record, ref))

    def add_quoted_in_block(self, found: QuotedInBlock, file_no: int, first_line: int) -> None:
        """Add the quoted records of lines of a block, which begins at line `first_line`, that are not read in order."""
        if found.count:
            self.quoted_count += found.count
            placed = [quoted_record(record, (file_no, first_line + index)) for index, record in found.first]
            self.quoted = sorted([*self.quoted, *placed], key=lambda each: each.ref)[:MAX_ERRORS]

    def add_many(self, family: str, count: int, first: tuple[Ref, str], last: tuple[Ref, str]) -> None:
        """Add `count` lines of a family of which the facts keep no more than these two and what they name."""
        self.families[family] += count
        if family == OTHER:
            return
        self.first[family] = min(self.first.get(family, first), first)
        self.last[family] = max(self.last.get(family, last), last)
        self._only_count("endings", count * (family in ENDINGS))
        self._only_count("build_errors", count * (family in _BUILD_ERRORS))

    def add_names(self, family: str, names: Iterable[Named], file_no: int, first_line: int) -> None:
        """Add what the lines of a family name in a block of a file that begins at line `first_line`."""
        for venue, reason, count, index in names:
            self._note_venue(family, venue, (file_no, first_line + index))
            if family == "audit_other":
                self._count_component(reason, count)

    def _note_venue(self, family: str, venue: str | None, ref: Ref) -> None:
        known = self.venue_lines.get(venue or "")
        if not venue or venue == ALL_VENUES or (known is not None and known <= ref):
            return
        # The venue key of an audit line of no known family may hold anything.
        if family.startswith(("ws_", "audit_")) and family != "audit_other":
            self.venue_lines[venue] = ref

    @property
    def running(self) -> Ref | None:
        """The line that runs the program just built; None if there is none or the last build did not finish."""
        absent = (-1, -1), ""
        step, finished, running = (
            self.last.get(name, absent)[0] for name in ("build_step", "build_finished", "build_running")
        )
        return running if step < finished < running else None

    @property
    def panic_count(self) -> int:
        """Number of panics in the last life of each log."""
        return self._panic_counts.total()

    @property
    def is_a_run(self) -> bool:
        """True if any line is from the program itself, not only from its build."""
        return any(name not in NOT_FROM_PROGRAM for name in self.families)

    @property
    def has_started(self) -> bool:
        """True if the program wrote a start-up line."""
        return bool(self.starts) or "startup_short" in self.first

    @property
    def has_build(self) -> bool:
        """True if the log has lines of a build."""
        return any(name in self.families for name in BUILD - {"caused_by"})

    @property
    def loopback_only(self) -> bool | None:
        """True if every socket connected to a loopback address; None without a connecting line."""
        return not self.has_other_socket if self.has_loopback_socket or self.has_other_socket else None

    @property
    def venues(self) -> tuple[str, ...]:
        """The venues that the program was started with, in the order of its telemetry, then others named in lines."""
        venues = dict.fromkeys([*self._startup_venues(), *sorted(self.venue_lines, key=self.venue_lines.__getitem__)])
        return tuple(venue for venue in venues if VENUE_ID.fullmatch(venue))

    def _startup_venues(self) -> list[str]:
        for start in self.starts:
            if listed := start.facts.get("venues"):
                return listed.split(",")
        return sorted(self.venue_index, key=lambda venue: self.venue_index[venue])
