"""Run logs into the store: records, counters, sessions, and the facts of the run; every line is accounted for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import duckdb
import numpy as np

from toolkit.ingest.log_rows import LogRows
from toolkit.ingest.rx_stats import all_whole
from toolkit.ingest.source import Source, adjoins, continues
from toolkit.ingest.stream import Block, blocks
from toolkit.ingest.waiting import Place, Whole, Writer
from toolkit.records import FileLedger, Session, SetAsideLine
from toolkit.runlog.cleaning import cleaned
from toolkit.runlog.facts import LogFacts, Ref
from toolkit.runlog.gluing import breaks
from toolkit.runlog.lives import Lives
from toolkit.runlog.parse import OTHER, RX_STATS, UNKNOWN, Found, Line, parse
from toolkit.runlog.parts import is_rest, joined
from toolkit.runlog.repeats import Group, Repeats
from toolkit.sessions import Happening, Incident, Sessions
from toolkit.vocabulary import SetAside


@dataclass
class LogLoad:
    """What loading the logs gave."""

    ledgers: list[FileLedger] = field(default_factory=list)
    facts: LogFacts = field(default_factory=LogFacts)
    sessions: list[Session] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)


def load(con: duckdb.DuckDBPyConnection, run_key: int, sources: Sequence[Source]) -> LogLoad:
    """Read the run's logs, in the order given, into `log_event`, `counter` and `rx_stat`.

    The parts of a rotated log are read as one. Sessions and incidents are given back: they are written when the lines
    have their times.
    Raises `InputError` for an unreadable file.
    """
    with Writer(con, run_key) as writer:
        loader = _Loader(LogRows(writer))
        for before, source in zip([None, *sources], sources, strict=False):
            loader.read(source, continues(source, before), adjoins(source, before))
        loader.settle()
        loader.rows.flush()
        writer.finish()
    loader.load.sessions, loader.load.incidents = loader.sessions.close()
    loader.load.facts.lives = loader.most_lives
    return loader.load


@dataclass(frozen=True, slots=True)
class _Read:
    """A line that was parsed by itself."""

    index: int
    text: str
    line: Line


@dataclass(frozen=True, slots=True)
class _Tail:
    """The last line of a file, which has no newline: its rest may begin the part of the log after it."""

    piece: bytes
    ref: Ref
    byte: int


class _Loader:
    def __init__(self, rows: LogRows) -> None:
        self.rows = rows
        self.sessions = Sessions()
        self.load = LogLoad()
        self.most_lives = 0
        self._lives = Lives()
        self._tail: _Tail | None = None
        self._panicked: Ref | None = None
        self._begun: str | None = None

    def read(self, source: Source, continued: bool = False, adjoining: bool = False) -> None:
        """Read one log file; its lives are counted on their own, or on from those of the part before it.

        What the last lines of an `adjoining` part left open, its first ones may end.
        """
        if not adjoining:
            self.settle()
        self._lives = self._lives if continued else Lives()
        self._repeats = Repeats(_same_whatever_its_numbers, breaks)
        lines, where = 0, list[SetAsideLine]()
        with source.open() as stream:
            for block in blocks(stream):
                taken = block.first_line == 1 and self._turn(block)
                if block.skipped:
                    where.append(SetAsideLine(block.first_line, block.first_byte, SetAside.TOO_LONG))
                    lines += 1
                    continue
                lines += self._block(source.file_no, block, taken)
            if stream.damage:
                where.append(SetAsideLine(lines + 1, stream.size, SetAside.DAMAGED))
                self.settle()
            sha256, size = stream.sha256, stream.size
        aside = {str(SetAside.TOO_LONG): count} if (count := sum(e.reason == SetAside.TOO_LONG for e in where)) else {}
        used = lines - sum(aside.values())
        self.load.ledgers.append(FileLedger(source.name, source.role, size, sha256, lines, used, aside, tuple(where)))
        self.load.facts.lines += lines
        self.most_lives = max(self.most_lives, self._lives.count)

    def settle(self) -> None:
        """Nothing more comes of what the lines so far left open."""
        self._end_tail()
        self._panicked = self._begun = None

    def _turn(self, block: Block) -> bool:
        """Turn to a file with its first block; True where its first line is the rest of the last one before it.

        Each of the two is a line of its own file's ledger, and used; their record stands where it begins.
        """
        taken = self._end_tail(None if block.skipped else block.data.split(b"\n", 1)[0], block.torn)
        self._first_life, self._life_starts = self._lives.life, [0]
        return taken

    def _end_tail(self, rest: bytes | None = None, torn: bool = False) -> bool:
        tail, self._tail = self._tail, None
        if tail is None:
            return False
        awaited = self._panicked is not None or self._begun is not None
        taken = rest is not None and is_rest(tail.piece, rest, awaited)
        if taken and rest is not None:
            tail = replace(tail, piece=joined(tail.piece, rest))
        if taken and torn:
            self._tail = tail
        else:
            (read,) = self._mended([_read(0, tail.piece)])
            self._line(read, tail.ref, tail.byte, torn=not taken)
        return taken

    def _block(self, file_no: int, block: Block, taken: bool) -> int:
        """Read a block, whose first line is passed over if it is `taken` already; give how many lines it has."""
        if block.torn:
            self._tail = self._tail if taken else _Tail(block.data, (file_no, block.first_line), block.first_byte)
            return 1
        pieces = block.data.split(b"\n")[:-1]
        starts = np.concatenate(([0], np.flatnonzero(np.frombuffer(block.data, np.uint8) == _NEWLINE) + 1))
        starts = starts + block.first_byte
        alone = {0, int(taken)} if taken or self._panicked is not None or self._begun is not None else set()
        groups, left = self._repeats.sort(block.data, pieces, alone)
        read = list(self._mended(_read(index, pieces[index]) for index in left if index or not taken))
        groups, first_of_their_kind = _apart(groups, read)
        read += [_read(index, pieces[index]) for index in first_of_their_kind]
        for each in sorted(read, key=lambda each: each.index):
            self._line(each, (file_no, block.first_line + each.index), int(starts[each.index]))
        for group in groups:
            self._group(group, file_no, block.first_line, starts, pieces)
        return len(pieces)

    def _mended(self, read: Iterable[_Read]) -> Iterator[_Read]:
        """The lines, and in place of the rest of a record that another one broke the whole of it."""
        for each in read:
            if self._begun is not None and each.line.found[0].family in UNKNOWN:
                whole = self._begun + cleaned(each.text)[0]
                line = parse(whole)
                if line.found[0].family not in UNKNOWN:
                    each = _Read(each.index, whole, replace(line, stamped_ms=each.line.stamped_ms))
            self._begun = each.line.begun
            yield each

    def _group(self, group: Group, file_no: int, first_line: int, starts: Whole, pieces: Sequence[bytes]) -> None:
        indexes = np.asarray(group.indexes)
        lines = indexes + first_line
        lives = np.searchsorted(np.asarray(self._life_starts), lines, side="right") - 1 + self._first_life
        self.rows.add_group(group, Place(file_no, lines, starts[indexes], lives))
        ends = [
            ((file_no, first_line + index), pieces[index].decode()) for index in (group.indexes[0], group.indexes[-1])
        ]
        self.load.facts.see_many(group.plan.found, len(indexes), *ends)

    def _line(self, read: _Read, ref: Ref, byte: int, torn: bool = False) -> None:
        facts, found = self.load.facts, read.line.found
        if self._panicked is not None and found[0].family == OTHER and read.text.strip():
            facts.panics[-1] = (*facts.panics[-1][:2], read.text.strip())
        self._panicked = None
        for each in found:
            facts.see(each, ref, read.text)
            if each.family == OTHER:
                continue
            if each.family == "panic":
                self._panicked = ref
                facts.panics.append((ref, each.fields["place"].rstrip(":"), "no message"))
                facts.panic_threads[ref] = each.fields["thread"]
            self._keep(each, ref, read.line.stamped_ms, byte, torn)

    def _keep(self, found: Found, ref: Ref, stamped_ms: int | None, byte: int, torn: bool) -> None:
        life = self._lives.life if torn else self._lives.see(found)
        if life - self._first_life == len(self._life_starts):
            self._life_starts.append(ref[1])
        self.rows.add(found, ref, life, byte, stamped_ms, torn)
        if (happening := happened(found, ref)) is not None:
            self.sessions.feed(life, happening)


def _read(index: int, piece: bytes) -> _Read:
    text = piece.decode("utf-8", "replace")
    return _Read(index, text, parse(text))


def _same_whatever_its_numbers(found: Found) -> bool:
    """Whether lines of this kind may be taken together: nothing waits for them in their order but a session's stage."""
    if found.family == RX_STATS:
        return all_whole(found.fields)
    if found.family in ("audit_reconnect", "audit_publisher", "startup", "startup_short", "panic", "build_error"):
        return False
    if found.family in _STAGES:
        return True
    return happened(found, (0, 0)) is None and found.family != "applied_book"


def _apart(groups: Sequence[Group], read: Sequence[_Read]) -> tuple[list[Group], list[int]]:
    """Take from groups of stages the lines that may bring a session further: the first after each turn of its venue."""
    turns: dict[str | None, list[int]] = {}
    for each in sorted(read, key=lambda each: each.index):
        for found in each.line.found:
            if (happening := happened(found, (0, 0))) is not None:
                turns.setdefault(happening.venue, []).append(each.index)
    rest, firsts = [], list[int]()
    for group in groups:
        if group.plan.found.family in _STAGES:
            since = np.searchsorted(np.asarray(turns.get(group.plan.found.venue, ()), np.int64), group.indexes)
            places = np.flatnonzero(np.diff(since, prepend=-1))
            firsts += [group.indexes[int(place)] for place in places]
            group = group.without(set(places.tolist()))
        rest += [group] if group.indexes else []
    return rest, firsts


_STAGES = ("ws_subscribed", "ws_first_message", "ws_first_book", "first_decoded_top")
_NEWLINE = ord("\n")


def happened(found: Found, ref: Ref) -> Happening | None:
    """The record as the session machine takes it; None where it says nothing of a public session."""
    fields, sentence = found.fields, found.sentence
    hedge = fields.get("socket_role") == "hedge"
    error = fields.get("error", "")
    match found.family:
        case "enforcer_restart" | "supervisor_panic" | "supervisor_exit":
            venue, public, _ = fields["task"].partition("_public_ws")
            if not public:
                return None
            reason = {"enforcer_restart": "enforcer_restart", "supervisor_panic": "task_panic"}.get(found.family)
            return Happening(found.family, venue, reason, ref, ends=True, error=error)
        case _ if found.venue is None:
            return None
        case "audit_reconnect" | "audit_reconnect_policy":
            return Happening(found.family, found.venue, fields.get("reconnect_reason") or found.reason, ref)
        case "end_close_frame":
            error = fields["frame"]
    if sentence is None or not (
        found.family.startswith("ws_") or sentence.reason or found.family == "first_decoded_top"
    ):
        return None
    return Happening(found.family, found.venue, sentence.reason, ref, sentence.ends, sentence.resync, error, hedge)
