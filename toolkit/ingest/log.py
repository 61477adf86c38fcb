"""Run logs into the store: records, counters, sessions, and the facts of the run; every line is accounted for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import duckdb
import msgspec

from toolkit.ingest.rx_stats import RxRows
from toolkit.ingest.source import Source
from toolkit.ingest.stream import blocks
from toolkit.records import FileLedger, Session, SetAsideLine
from toolkit.runlog.facts import LogFacts, Ref
from toolkit.runlog.lives import Lives
from toolkit.runlog.parse import OTHER, RX_STATS, Found, parse
from toolkit.sessions import Happening, Incident, Sessions
from toolkit.store import insert_rows
from toolkit.vocabulary import CounterKind, SetAside

_ROWS_AT_ONCE = 50_000
_EVENT_COLUMNS = (
    "run_key", "file_no", "line", "col", "life", "family", "venue", "reason", "at_ms", "at_error_ms", "fields", "byte",
)  # fmt: skip
_COUNTER_COLUMNS = ("run_key", "file_no", "line", "life", "venue", "name", "value", "kind")


@dataclass
class LogLoad:
    """What loading the logs gave."""

    ledgers: list[FileLedger] = field(default_factory=list)
    facts: LogFacts = field(default_factory=LogFacts)
    sessions: list[Session] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)


def load(con: duckdb.DuckDBPyConnection, run_key: int, sources: Sequence[Source]) -> LogLoad:
    """Read the run's logs, in the order given, into `log_event`, `counter` and `rx_stat`.

    Sessions and incidents are given back: they are written when the lines have their times.
    Raises `InputError` for an unreadable file.
    """
    loader = _Loader(con, run_key)
    for source in sources:
        loader.read(source)
    loader.flush()
    loader.load.sessions, loader.load.incidents = loader.sessions.close()
    loader.load.facts.lives = loader.most_lives
    return loader.load


class _Loader:
    def __init__(self, con: duckdb.DuckDBPyConnection, run_key: int) -> None:
        self._con = con
        self._run_key = run_key
        self._events: list[tuple[object, ...]] = []
        self._counters: list[tuple[object, ...]] = []
        self._rx = RxRows(con, run_key)
        self.sessions = Sessions()
        self.load = LogLoad()
        self.most_lives = 0

    def read(self, source: Source) -> None:
        """Read one log file; its lives are counted on their own."""
        self._lives = Lives()
        self._panicked: Ref | None = None
        lines, where = 0, list[SetAsideLine]()
        with source.open() as stream:
            for block in blocks(stream):
                if block.skipped:
                    where.append(SetAsideLine(block.first_line, block.first_byte, SetAside.TOO_LONG))
                    lines += 1
                    continue
                pieces = block.data.split(b"\n")
                if not block.torn:
                    pieces.pop()
                byte = block.first_byte
                for number, piece in enumerate(pieces, block.first_line):
                    self._line(source.file_no, number, byte, piece)
                    byte += len(piece) + 1
                lines += len(pieces)
                if len(self._events) >= _ROWS_AT_ONCE:
                    self.flush()
            if stream.damage:
                where.append(SetAsideLine(lines + 1, stream.size, SetAside.DAMAGED))
            sha256, size = stream.sha256, stream.size
        aside = {str(SetAside.TOO_LONG): count} if (count := sum(e.reason == SetAside.TOO_LONG for e in where)) else {}
        used = lines - sum(aside.values())
        self.load.ledgers.append(FileLedger(source.name, source.role, size, sha256, lines, used, aside, tuple(where)))
        self.load.facts.lines += lines
        self.most_lives = max(self.most_lives, self._lives.count)

    def _line(self, file_no: int, number: int, byte: int, piece: bytes) -> None:
        text = piece.decode("utf-8", "replace")
        line = parse(text)
        facts, ref = self.load.facts, (file_no, number)
        if self._panicked is not None and line.found[0].family == OTHER and text.strip():
            facts.panics[-1] = (*facts.panics[-1][:2], text.strip())
        self._panicked = None
        for found in line.found:
            facts.see(found, ref, text)
            if found.family == OTHER:
                continue
            if found.family == "panic":
                self._panicked = ref
                facts.panics.append((ref, found.fields["place"].rstrip(":"), "no message"))
                facts.panic_threads[ref] = found.fields["thread"]
            life = self._lives.see(found)
            self._keep(found, ref, life, line.stamped_ms, byte)

    def _keep(self, found: Found, ref: Ref, life: int, stamped_ms: int | None, byte: int) -> None:
        file_no, line = ref
        if found.family == RX_STATS:
            self._rx.add(file_no, line, life, found.fields)
            return
        at_ms, error_ms = own_time(found)
        if stamped_ms is not None:
            at_ms, error_ms = stamped_ms, 0
        fields = msgspec.json.encode(found.fields).decode()
        self._events.append(
            (self._run_key, file_no, line, found.column, life, found.family, found.venue, found.reason, at_ms,
             error_ms, fields, byte)
        )  # fmt: skip
        self._count(found, ref, life)
        if (happening := happened(found, ref, at_ms)) is not None:
            self.sessions.feed(life, happening)

    def _count(self, found: Found, ref: Ref, life: int) -> None:
        if found.family == "audit_reconnect":
            self._counter(found, ref, life, f"reconnect.{found.reason}", found.fields["count"], CounterKind.CUMULATIVE)
        if found.audit is None:
            return
        for declared, kind in found.audit.counters.items():
            name = declared.replace("<venue>", found.venue or "")
            if name in found.fields:
                self._counter(found, ref, life, name, found.fields[name], kind)

    def _counter(self, found: Found, ref: Ref, life: int, name: str, value: str, kind: CounterKind) -> None:
        try:
            number = float(int(value))
        except ValueError:
            return
        venue = None if found.venue == "all" else found.venue
        self._counters.append((self._run_key, *ref, life, venue, name, number, str(kind)))

    def flush(self) -> None:
        """Write what is waiting."""
        insert_rows(self._con, "log_event", _EVENT_COLUMNS, self._events)
        insert_rows(self._con, "counter", _COUNTER_COLUMNS, self._counters)
        self._events, self._counters = [], []
        self._rx.flush()


def own_time(found: Found) -> tuple[int | None, int | None]:
    """The time that a record itself carries, and how far it may be off (ms)."""
    for family, key, error_ms in _OWN_TIMES:
        if found.family == family and found.fields.get(key, "").isdigit():
            return int(found.fields[key]), error_ms
    return None, None


_OWN_TIMES = (
    ("audit_runner_apply", "now_ms", 0),
    ("audit_ts_fallback", "fallback_ts_ms", 50),
    ("first_book_update", "ts", 1_000),
)
"""Records with a clock of their own. A first book's `ts` is the exchange's and may be skewed."""


def happened(found: Found, ref: Ref, at_ms: int | None) -> Happening | None:
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
            return Happening(found.family, venue, reason, ref, ends=True, error=error, at_ms=at_ms)
        case _ if found.venue is None:
            return None
        case "audit_reconnect" | "audit_reconnect_policy":
            return Happening(
                found.family, found.venue, fields.get("reconnect_reason") or found.reason, ref, at_ms=at_ms
            )
        case "end_close_frame":
            error = fields["frame"]
    if sentence is None or not (
        found.family.startswith("ws_") or sentence.reason or found.family == "first_decoded_top"
    ):
        return None
    return Happening(
        found.family, found.venue, sentence.reason, ref, sentence.ends, sentence.resync, error, hedge, at_ms
    )
