"""Enumerations and constants with the same meaning in logs, tables, figures and documents."""

from __future__ import annotations

import re
from enum import StrEnum

VENUE_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")
"""Form of a venue's name. Text of another form is never taken for a venue."""
ALL_VENUES = "all"
"""Venue that lines about the whole process name."""

MAX_PLACES = 1_000
"""Places of one reason that the ledger of a file lists; the others are counted."""
MAX_VENUES = 64
"""Venues of a run, and so values of a telemetry array. What names further ones is counted, not read."""
MAX_REASONS = 64
"""Reasons of a venue. What names further ones is counted as `OTHER_NAME`."""
MAX_OVERLAPS = 100
"""Overlaps of two files of one role that are listed; after these no more are looked for."""
MAX_EPISODES = 10_000
"""Episodes of a run that are listed; the store has all of them."""
MAX_SETTINGS = 1_000
"""Settings that the log of a run states; lines that name further ones are counted."""
MAX_SETTING_VALUES = 20
"""Values of one setting that are listed where the log states several; lines that state further ones are counted."""
MAX_ERRORS = 200
"""Lines about errors and ends, and quoted records, that are listed of a run; further ones are counted."""
MAX_LABELS = 1_000
"""Values of a label that a run may have otherwise."""
OTHER_NAME = "other"
"""Name under which lines are counted that name more venues, reasons or labels than a run may have."""

OFF_MARKET_BPS = 10.0
"""A venue is off the market if its mid differs by more from the median of the other fresh venues, basis points."""
PLATEAU_LIMITS_MS = (10_000, 30_000)
"""Ages in milliseconds above which a venue is on a plateau, from upstream's gate."""

PLATEAU_LIMIT_PATTERN = "[0-9]+m?s"
"""Regular expression for such an age in the name of a figure: `10s`, `1500ms`."""


class ReconnectReason(StrEnum):
    """Reason that ended a connected session, for all venues. Other reasons that a log states are kept verbatim."""

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
    """Last stage that a socket session reached, in order."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    SUBSCRIBED = "subscribed"
    FIRST_MESSAGE = "first_message"
    FIRST_BOOK = "first_book"


class VenueStatus(StrEnum):
    """Status that a producer writes for a venue at each tick."""

    HEALTHY = "Healthy"
    WARNING = "Warning"
    STALE = "Stale"
    DISABLED = "Disabled"


class Bound(StrEnum):
    """Relation of a figure's value to the true value; the note of the figure gives the reason."""

    EXACT = "exact"
    LOWER = "lower"
    UPPER = "upper"
    ESTIMATE = "estimate"
    UNKNOWN = "unknown"


class Better(StrEnum):
    """Direction in which a figure improves."""

    LOWER = "lower"
    HIGHER = "higher"
    NONE = "none"


class Role(StrEnum):
    """Role of a file in a run, detected from its content."""

    LOG = "log"
    TELEMETRY = "telemetry"
    RX_STATS = "rx_stats"
    EVENTS = "events"
    COMMANDS = "commands"
    RUN_META = "run_meta"
    PROVENANCE = "provenance"
    ARTIFACT = "artifact"


class SetAside(StrEnum):
    """Reason that a line was not used, as the ledger counts it."""

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
    COPY = "copy"
    NOT_READ = "not_read"


class FindingCode(StrEnum):
    """Code of a finding; its entry in `runbooks/findings.md` says what to do."""

    NEVER_SPOKE = "never_spoke"
    REST_MASKING = "rest_masking"
    INJECTED_BOOKS = "injected_books"
    ENFORCER_RESTART = "enforcer_restart"
    LOCAL_STALL = "local_stall"
    SHARED_DROP = "shared_drop"
    WATCHDOG_OFF = "watchdog_off"
    CLOCK_STEP = "clock_step"
    FROZEN_MID = "frozen_mid"
    OFF_MARKET = "off_market"
    CROSSED_BOOK = "crossed_book"
    LOCKED_BOOK = "locked_book"
    ONE_SIDED_BOOK = "one_sided_book"
    LIVES_DIFFER = "lives_differ"
    EARLIER_END = "earlier_end"
    EARLIER_CRASH = "earlier_crash"
    REPEATED_CLOSE = "repeated_close"
    RUNNER_FREEZE = "runner_freeze"
    RECORDS_DROPPED = "records_dropped"
    HOLES = "holes"
    TICKS_WITHOUT_RECORD = "ticks_without_record"
    DAMAGED_FILE = "damaged_file"
    TIMES_WITHOUT_LOG = "times_without_log"
    SILENT_ENDING = "silent_ending"
    EVENT_WITHOUT_TIME = "event_without_time"
    UNKNOWN_AUDIT_LINES = "unknown_audit_lines"
    VALUE_NEVER_SET = "value_never_set"
    OTHER_PROCESS_ENDED = "other_process_ended"
    QUOTED_RECORDS = "quoted_records"
    LOG_NOT_UNDERSTOOD = "log_not_understood"
    LEARNT_PREFIX = "learnt_prefix"
    PART_MISSING = "part_missing"
    FILES_OVERLAP = "files_overlap"
    LIMIT_REACHED = "limit_reached"


class DiagnosisCode(StrEnum):
    """Code of what blocked or ended a run; its entry in `runbooks/blocked-build.md` says what to do."""

    EXDEV = "exdev"
    NO_SPACE = "no_space"
    OUT_OF_MEMORY = "out_of_memory"
    COMPILER_KILLED = "compiler_killed"
    COMPILER_DIED = "compiler_died"
    LOCK_FILE_VERSION = "lock_file_version"
    LOCK_FILE = "lock_file"
    TOOLCHAIN = "toolchain"
    GLIBC = "glibc"
    MISSING_PROGRAM = "missing_program"
    MISSING_LIBRARY = "missing_library"
    NO_ACCESS = "no_access"
    NO_NETWORK = "no_network"
    NO_PERMISSION = "no_permission"
    DEPENDENCY = "dependency"
    LINK_ERROR = "link_error"
    COMPILE_ERROR = "compile_error"
    BUILD_FAILED = "build_failed"
    BUILD_LOCK = "build_lock"
    BUILD_STOPPED = "build_stopped"
    WRONG_PROGRAM = "wrong_program"
    NO_PROGRAM_LINE = "no_program_line"
    CONFIGURATION = "configuration"
    PROGRAM_ERROR = "program_error"
    ZERO_TICKS = "zero_ticks"
    BUILD_LIMIT = "build_limit"
    TIMEOUT = "timeout"
    PANIC = "panic"
    TASK_PANIC = "task_panic"
    STACK_OVERFLOW = "stack_overflow"
    ABORTED = "aborted"
    SIGNAL = "signal"
    EXIT_CODE = "exit_code"
    UNDECIDED_EXIT = "undecided_exit"
    KILL_SWITCH = "kill_switch"
    CANCELED = "canceled"
    INTERRUPTED = "interrupted"
    DIED_EARLY = "died_early"
    TELEMETRY_DISABLED = "telemetry_disabled"


class Ended(StrEnum):
    """Way in which a run ended."""

    COMPLETED = "completed"
    TIMEOUT = "timeout"
    KILLED = "killed"
    CRASHED = "crashed"
    BLOCKED_BUILD = "blocked_build"
    NEVER_STARTED = "never_started"
    STILL_RUNNING = "still_running"
    UNKNOWN = "unknown"


class CounterKind(StrEnum):
    """Rule by which a counter's printed readings add up to a total."""

    CUMULATIVE = "cumulative"
    DELTA = "delta"
    GAUGE = "gauge"
    THROTTLED = "throttled"


class Verdict(StrEnum):
    """Verdict of a comparison on one figure."""

    IMPROVED = "improved"
    REGRESSED = "regressed"
    NO_DIFFERENCE = "no_difference"
    INCONCLUSIVE = "inconclusive"
    DESCRIPTIVE = "descriptive"
    NOT_COMPARABLE = "not_comparable"


class Design(StrEnum):
    """Design of a comparison: which runs stand on each side."""

    ONE_RUN = "one run a side"
    SEVERAL_RUNS = "several runs a side"
    PAIRED = "paired"


class SettingKind(StrEnum):
    """Result of comparing a setting of two runs."""

    EQUAL = "equal"
    DIFFERS = "differs"
    UNDER_TEST = "under_test"  # differs on purpose: the pair of runs was made to compare it
    PLACE = "place"  # differs only in the run's directory or the port of a simulated venue
    ONE_SIDE = "one_side"  # the files of one run state it, those of the other do not tell


class BuildState(StrEnum):
    """Result of comparing a fact about the builds of two runs."""

    EQUAL = "equal"
    DIFFERENT = "different"
    NOT_KNOWN = "not known"


class Segment(StrEnum):
    """Phase of a run."""

    STARTUP = "startup"
    STEADY = "steady"
    TAIL = "tail"


class GateVerdict(StrEnum):
    """Verdict of a gate on one rule, and on the run."""

    PASS = "PASS"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    NOT_APPLICABLE = "not_applicable"
