"""The product's words: names that mean the same thing in a log, a table, a figure and a document."""

from __future__ import annotations

import re
from enum import StrEnum

VENUE_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")
"""What a venue may be called; text that is not this names no venue, wherever it stands."""

PLATEAU_LIMITS_MS = (10_000, 30_000)
"""The ages above which a venue stands still, as upstream's gate has them."""

PLATEAU_LIMIT_PATTERN = "[0-9]+m?s"
"""How a figure's name writes such an age: `10s`, `1500ms`."""


class ReconnectReason(StrEnum):
    """What ended a connected session; the one taxonomy of all venues (a log's own later words are kept verbatim)."""

    SESSION_TIMEOUT = "session_timeout"
    STALE_WATCHDOG = "stale_watchdog"
    PING_SEND_FAIL = "ping_send_fail"
    PING_TIMEOUT = "ping_timeout"
    READ_TIMEOUT = "read_timeout"
    SUBSCRIBE_ERROR = "subscribe_error"
    PARSE_ERROR = "parse_error"
    DECODE_FAIL_LOOP = "decode_fail_loop"
    SEQ_GAP = "seq_gap"
    SEQ_MISMATCH = "seq_mismatch"
    STREAM_ENDED = "stream_ended"
    SERVER_CLOSE = "server_close"
    CONNECT_TIMEOUT = "connect_timeout"
    CONNECT_ERROR = "connect_error"
    TASK_PANIC = "task_panic"
    ENFORCER_RESTART = "enforcer_restart"
    UNKNOWN = "unknown"


class Stage(StrEnum):
    """How far a socket session came, in order."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    SUBSCRIBED = "subscribed"
    FIRST_MESSAGE = "first_message"
    FIRST_BOOK = "first_book"


class VenueStatus(StrEnum):
    """The status a producer writes for a venue at each tick."""

    HEALTHY = "Healthy"
    WARNING = "Warning"
    STALE = "Stale"
    DISABLED = "Disabled"


class Bound(StrEnum):
    """How a figure's value stands to the truth; why it is not exact stands in its note."""

    EXACT = "exact"
    LOWER = "lower"
    UPPER = "upper"
    ESTIMATE = "estimate"
    UNKNOWN = "unknown"


class Better(StrEnum):
    """The direction in which a figure improves."""

    LOWER = "lower"
    HIGHER = "higher"
    NONE = "none"


class Role(StrEnum):
    """What a file of a run is, recognised by content."""

    LOG = "log"
    TELEMETRY = "telemetry"
    RX_STATS = "rx_stats"
    EVENTS = "events"
    COMMANDS = "commands"
    RUN_META = "run_meta"
    PROVENANCE = "provenance"
    ARTIFACT = "artifact"


class SetAside(StrEnum):
    """Why a line was not used; a ledger row carries one of these."""

    TORN_TAIL = "torn_tail"
    TORN_INSIDE = "torn_inside"
    MALFORMED = "malformed"
    NOT_AN_OBJECT = "not_an_object"
    NO_TICK = "no_tick"
    BLANK = "blank"
    NOT_RX_STATS = "not_rx_stats"
    TOO_LONG = "too_long"
    DAMAGED = "damaged"
    OTHER_LOG = "other_log"


class Ended(StrEnum):
    """How a run ended."""

    COMPLETED = "completed"
    TIMEOUT = "timeout"
    KILLED = "killed"
    CRASHED = "crashed"
    BLOCKED_BUILD = "blocked_build"
    NEVER_STARTED = "never_started"
    STILL_RUNNING = "still_running"
    UNKNOWN = "unknown"


class CounterKind(StrEnum):
    """How a counter's printed readings add up to a total."""

    CUMULATIVE = "cumulative"
    DELTA = "delta"
    GAUGE = "gauge"
    THROTTLED = "throttled"


class Verdict(StrEnum):
    """What a comparison says of one row."""

    IMPROVED = "improved"
    REGRESSED = "regressed"
    NO_DIFFERENCE = "no_difference"
    INCONCLUSIVE = "inconclusive"
    NOT_COMPARABLE = "not_comparable"
    DESCRIPTIVE = "descriptive"


class SettingKind(StrEnum):
    """How a setting of two runs compares."""

    EQUAL = "equal"
    DIFFERS = "differs"
    PLACE = "place"  # it differs by the run's own directory or the port of a simulated venue alone


class Segment(StrEnum):
    """A part of a run by what happens in it."""

    STARTUP = "startup"
    STEADY = "steady"
    TAIL = "tail"


class GateVerdict(StrEnum):
    """What a gate says of one rule, and of the whole."""

    PASS = "PASS"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    NOT_APPLICABLE = "not_applicable"
