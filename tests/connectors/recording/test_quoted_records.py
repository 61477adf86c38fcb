"""Whatever text a venue brings, the lines of the log are the same records to every reader, those of upstream included."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.recording.log_lines import OWN_FIELDS, RECONNECT_TEMPLATES, TEMPLATES, panic_line, render
from connectors.runner import runner_lines
from connectors.session.events import Note
from connectors.text import MAX_TEXT_CHARS, quoted
from connectors.venues import venues
from tests.connectors.recording.test_log_lines import analysed_sessions
from toolkit.runlog.grammar import audit_families, message_families
from toolkit.runlog.parse import parse
from toolkit.sessions.error_reasons import WORDS_OF_REASONS
from toolkit.upstream.log_counts import SIGNATURES, VENUE_HINTS, CapTally, LogTally
from toolkit.upstream.soak_report import CapHitSection, LogSection

RECORDS = sorted({example for family in (*message_families(), *audit_families()) for example in family.examples})
PHRASES = [words for phrases, _ in SIGNATURES for words in phrases]
COUNTED = ["APPLIED_BOOK venue=lighter", "FIRST_BOOK_UPDATE venue=aster", "market_rx_stats tick=1 cap_hits=9"]
COUNTED += ["WS_AUDIT venue=aster reconnect_reason=seq_gap count=7", "WS_AUDIT component=market_publisher mp_x_count=5"]
FRAGMENTS = [*RECORDS, *PHRASES, *COUNTED, *WORDS_OF_REASONS, *VENUE_HINTS]
FRAGMENTS += [
    '{"timebase_id":1}',
    "effective_trade_mode=live source=env",
    "[runner] tick=1 OVERRUN: 9us",
    "\x1b[2J",
    "\x1b[1;31m",
]
TEXTS = st.one_of(
    st.sampled_from(FRAGMENTS),
    st.lists(
        st.sampled_from([*FRAGMENTS, " ", "\n", "\r", "x", '"', "'", "; ", ": ", "(", "\0", "\u202e", "\u2028"])
    ).map("".join),
    st.sampled_from(FRAGMENTS).map(str.upper),
    st.text(),
)
# Half of the fields with text are the program's own; in them a value is expected that cannot come from a venue.
OUTSIDE = ("detail", "snippet", "text", "keys", "why", "instrument")
NUMBERS = {"seq", "snapshot_seq", "held", "count", "last", "prev", "start", "end", "failures", "index", "total", "code"}
NUMBERS |= {"lasted_ms", "for_ms", "in_ms", "interval_ms", "connect_timeout_ms", "read_ms", "after_ms", "wait_ms"}
PRICES = ("bid_px", "bid_sz", "ask_px", "ask_sz")
OWN: dict[str, Any] = dict.fromkeys(OWN_FIELDS, "own") | {
    "stage": "socket",
    "url": "ws://127.0.0.1:1/ws",
    "connected": True,
}
KINDS = [(kind, None) for kind in sorted({*TEMPLATES, "bridged", "lookup_failed"})] + [
    ("reconnect", reason) for reason in sorted(RECONNECT_TEMPLATES)
]


def lines_with(text: str) -> Iterator[list[str]]:
    """Yield the lines of each kind of note of each venue, and of the run, with this text wherever a venue's may stand."""
    for venue in venues().values():
        options = {setting.name: setting.default for setting in venue.settings}
        for kind, reason in KINDS:
            stage = "lookup" if kind == "lookup_failed" else "socket"
            fields = (
                OWN | options | dict.fromkeys(NUMBERS, 1) | dict.fromkeys(PRICES, "1") | dict.fromkeys(OUTSIDE, text)
            )
            fields |= {"reason": reason or ("seq_gap" if kind == "resync" else "connect_error"), "stage": stage}
            for fatal in (True, False) if kind == "refusal" else (False,):
                note = Note("reconnect" if kind == "lookup_failed" else kind, fields | {"fatal": fatal})
                yield [line for line, _ in render(venue, note)]
        yield [panic_line(venue.name, 1, text)]
    yield [runner_lines.blocked("check the network", {"lighter": text, "aster": text})]
    yield [runner_lines.telemetry_failed(text)]


def as_read(line: str) -> tuple[object, ...]:
    """Return what our reader finds in a line, without the text itself."""
    found = parse(line)
    records = [(each.family, each.venue, each.reason, each.column, sorted(each.fields)) for each in found.records]
    return records, found.partial, found.quoted, found.alone


def as_counted(lines: list[str]) -> tuple[LogSection, CapHitSection, int]:
    """Return what the tools of upstream count in these lines."""
    data = "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")
    log, caps = LogTally(), CapTally()
    log.feed(data)
    caps.feed(data)
    return log.result(), caps.result(), data.count(b"APPLIED_BOOK venue=") + data.count(b"FIRST_BOOK_UPDATE venue=")


PLAIN = list(lines_with("x"))
PLAIN_READ = [[as_read(line) for line in lines] for lines in PLAIN]
PLAIN_COUNTED = [as_counted(lines) for lines in PLAIN]


@pytest.mark.untraced
@given(TEXTS)
def test_text_of_a_venue_changes_no_record_for_any_reader(text: str) -> None:
    for lines, plain, read, counted in zip_longest(lines_with(text), PLAIN, PLAIN_READ, PLAIN_COUNTED):
        assert all(line.isprintable() for line in lines)
        if lines != plain:
            assert [as_read(line) for line in lines] == read
            assert as_counted(lines) == counted


@pytest.mark.parametrize("reason", ["server_close", "subscribe_error", "connect_error"])
def test_text_of_a_venue_changes_no_reason_of_a_session(reason: str) -> None:
    """These are the reasons whose detail a venue words."""
    venue = venues()["lighter"]

    def sessions(text: str) -> list[tuple[str, str | None]]:
        fields = OWN | dict.fromkeys(NUMBERS, 1) | {"reason": reason, "detail": text}
        begin = ["INFO: Lighter public WS connecting url=ws://a", "INFO: Lighter public WS connected url=ws://a"]
        lines = [line for line, audit in render(venue, Note("reconnect", fields)) if not audit]
        ended, _ = analysed_sessions([*begin, *lines, begin[0]])
        return [(session.venue, session.reason) for session in ended]

    plain = sessions("x")
    assert all(sessions(fragment) == plain for fragment in FRAGMENTS)


@given(TEXTS)
def test_quoted_text_is_one_short_printable_line_without_the_marks_of_records(text: str) -> None:
    shown = quoted(text)
    assert len(shown) <= MAX_TEXT_CHARS and shown.isprintable() and not set(shown) & set("_=|`\x1b\n")
    assert not [phrases for phrases, _ in SIGNATURES if all(words in shown.lower() for words in phrases)]
    assert not [name for name in VENUE_HINTS if name in shown.lower()]


def test_plain_text_of_a_venue_stays_readable() -> None:
    assert quoted('{"channel":"l2Book","levels":[["1"]]}') == '{"channel":"l2Book","levels":[["1"]]}'
    assert quoted("invalid market: ETH2") == "invalid market: ETH2"
    assert quoted("Connection reset by peer") == "Connection reset by peer"
