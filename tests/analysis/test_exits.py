"""An end that another program reports is read from its line in every form, and no such run passes a gate."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.analysis.metrics.sample_runs import START_LINE
from tests.analysis.test_diagnosis import CONNECTED, RECORDS, TARGET, ended, outcome, records
from tests.sampling import sampled
from toolkit.analysis.pipeline import Options, analyze
from toolkit.gate.evaluation import evaluate
from toolkit.model.gates import GateRule
from toolkit.runlog.grammar import message_families

KILLED_PROCESS = "Killed process 4242 (paraphina_live) total-vm:620368kB, anon-rss:115588kB"
OOM = f"Out of memory: {KILLED_PROCESS}"
SYSLOG = "Aug 23 08:08:51 ip-10-0-0-5"
JOURNAL = "2026-08-23T08:08:51+0000 bot1"
SERVICE = "paraphina.service: "
MEMORY, SIGNAL, EXIT_CODE = ("killed", "out_of_memory"), ("killed", "signal"), ("crashed", "exit_code")
OVERFLOW, TIMEOUT = ("crashed", "stack_overflow"), ("timeout", "timeout")
COMPLETED, UNKNOWN = ("completed", "exit_code"), ("unknown", None)

ENDS = [
    ("thread 'main' has overflowed its stack", OVERFLOW),
    ("thread 'tokio-runtime-worker' (9) has overflowed its stack", OVERFLOW),
    ("fatal runtime error: stack overflow, aborting", OVERFLOW),
    ("fatal runtime error: Rust cannot catch foreign exceptions", ("crashed", "aborted")),
    ("thread caused non-unwinding panic. aborting.", ("crashed", "aborted")),
    (OOM, MEMORY),
    (KILLED_PROCESS, MEMORY),
    (f"kernel: [ 1234.567890] {OOM}", MEMORY),
    (f"[6467530.710245] {OOM}", MEMORY),
    (f"[Sun Aug 23 08:08:51 2026] Memory cgroup out of memory: {KILLED_PROCESS}", MEMORY),
    (f"{SYSLOG} kernel: [6467530.710245] {KILLED_PROCESS}", MEMORY),
    (f"{SYSLOG} kernel: {OOM}", MEMORY),
    (f"<6>{SYSLOG} kernel: {OOM}", MEMORY),
    (f"{JOURNAL} kernel: {OOM}", MEMORY),
    (f"[ 1234.567890] bot1 kernel: {OOM}", MEMORY),
    ("[12.5] Out of memory: Kill process 4242 (paraphina_live) score 907 or sacrifice child", MEMORY),
    ("oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),task_memcg=/x,task=paraphina_live,pid=4242,uid=0", MEMORY),
    (f"{SYSLOG} kernel: oom_reaper: reaped process 4242 (tokio-runtime-w), now anon-rss:0kB", MEMORY),
    (f"{SYSLOG} kernel: [1.5] paraphina_live[4242]: segfault at 0 ip 55d0 sp 7ffd error 4 in paraphina_live", SIGNAL),
    ("traps: paraphina_live[4242] trap invalid opcode ip:55d0 sp:7ffd error:0 in paraphina_live", SIGNAL),
    (f"{SERVICE}Main process exited, code=killed, status=9/KILL", SIGNAL),
    (f"{SYSLOG} systemd[1]: {SERVICE}Main process exited, code=dumped, status=11/SEGV", SIGNAL),
    (f"{JOURNAL} systemd[1]: {SERVICE}Main process exited, code=exited, status=101/n/a", EXIT_CODE),
    (f"{SYSLOG} systemd[1]: bot.service: Main process exited, code=exited, status=137/n/a", SIGNAL),
    (f"{SYSLOG} systemd[1]: {SERVICE}Failed with result 'oom-kill'.", MEMORY),
    (f"{SERVICE}Failed with result 'signal'.", SIGNAL),
    (f"{SERVICE}Failed with result 'exit-code'.", EXIT_CODE),
    (f"{SERVICE}A process of this unit has been killed by the OOM killer.", MEMORY),
    ("paraphina-1 exited with code 137", SIGNAL),
    ("bot_1 exited with code 139", SIGNAL),
    ("bot_1 exited with code 101 (restarting)", EXIT_CODE),
    ("bot_1 exited with code 124", TIMEOUT),
    ("bot_1 exited with code 255", EXIT_CODE),
    ("bot_1 exited with code 0", COMPLETED),
    ("PM2 log: App [paraphina:0] exited with code [0] via signal [SIGKILL]", SIGNAL),
    ("2026-08-23 08:08:51,123 INFO exited: paraphina (terminated by SIGSEGV (core dumped); not expected)", SIGNAL),
    ("##[error]Process completed with exit code 137.", SIGNAL),
    ("Error: Process completed with exit code 1.", EXIT_CODE),
    ("Process completed with exit code 124.", TIMEOUT),
    ("ERROR: Job failed: exit code 137", SIGNAL),
    ("user command error: exit status 137", SIGNAL),
    ("make: *** [Makefile:3: run] Error 137", SIGNAL),
    ("Command terminated by signal 9", SIGNAL),
    ("##[error]The operation was canceled.", ("killed", "canceled")),
    ("ERROR: Job failed: execution took longer than 1h0m0s seconds", ("killed", "canceled")),
    ("Killed", SIGNAL),
    ("Segmentation fault (core dumped)", SIGNAL),
    ("Aborted", SIGNAL),
    ("Aborted (core dumped)", SIGNAL),
    (f"./run.sh: line 3: 4242 Killed {TARGET}", SIGNAL),
    (f"[1]+  Killed                  {TARGET}", SIGNAL),
    (f"[1]+  Exit 101                {TARGET}", EXIT_CODE),
    (f"zsh: segmentation fault  {TARGET}", SIGNAL),
    ("[2026-08-23T08:08:51Z] runner_exit pid=4242 rc=137 exit_code=none signal=9", SIGNAL),
    ("[2026-08-23T08:08:51Z] runner_exit pid=4242 rc=101 exit_code=101 signal=none", EXIT_CODE),
    ("[2026-08-23T08:08:51Z] runner_exit pid=4242 rc=0 exit_code=0 signal=none", COMPLETED),
    ("timeout: sending signal TERM to command 'target/release/paraphina_live'", TIMEOUT),
]


@sampled(("line", "end"), ENDS, 2)
def test_a_reported_end_is_the_end_of_the_run_with_its_line(
    tmp_path: Path, line: str, end: tuple[str, str | None]
) -> None:
    run = ended(tmp_path, START_LINE, CONNECTED, line, telemetry=records(RECORDS))
    assert outcome(run) == (*end, 3)


@pytest.mark.parametrize("quote", ["WARN: Lighter public WS error: ", "venue says: ", 'close reason="', "err=", "  | "])
def test_a_quoted_end_is_not_the_end_of_the_run(tmp_path: Path, quote: str) -> None:
    lines = [each for line, _ in ENDS for each in (CONNECTED, quote + line)]
    assert outcome(ended(tmp_path, START_LINE, *lines, telemetry=records(RECORDS)))[0] == "unknown"


OTHERS = [
    (OOM.replace("paraphina_live", "chrome"), "chrome"),
    (f"{SYSLOG} kernel: [6467530.710245] {KILLED_PROCESS.replace('paraphina_live', 'mysqld')}", "mysqld"),
    (f"{SYSLOG} kernel: nginx[77]: segfault at 0 ip 55d0 sp 7ffd error 4 in nginx", "nginx"),
    ("./run.sh: line 3: 4242 Killed sleep 600", "sleep"),
]


@pytest.mark.parametrize(("line", "name"), OTHERS)
def test_the_end_of_another_process_is_said_but_does_not_end_the_run(tmp_path: Path, line: str, name: str) -> None:
    assert outcome(ended(tmp_path, START_LINE, CONNECTED, line, telemetry=records(RECORDS))) == ("unknown", None, None)
    found = [
        each
        for each in analyze([str(tmp_path)], options=Options(scope="ages")).findings
        if each.code == "other_process_ended"
    ]
    assert [(each.lines, name in each.text) for each in found] == [((("run.log", 3),), True)]


COMPOSED = [
    ("bot-1", "redis-1", "redis-1 exited with code 137"),
    ("bot-1", "redis-1", "shop-redis-1 exited with code 1 (restarting)"),
    ("bot_1  ", "sidecar_1", "sidecar_1  | Killed"),
    ("bot-1", "sidecar-1", "sidecar-1  | thread 'main' panicked at src/main.rs:1:2:"),
    ("0|bot", "redis", "PM2        | App [redis:1] exited with code [0] via signal [SIGKILL]"),
]


@pytest.mark.parametrize(("own", "name", "line"), COMPOSED)
def test_the_end_of_another_service_than_that_of_the_programs_lines_ends_no_run(
    tmp_path: Path, own: str, name: str, line: str
) -> None:
    log = (*(f"{own}  | {each}" for each in (START_LINE, CONNECTED)), f"{name}  | ready to accept connections", line)
    assert outcome(ended(tmp_path, *log, telemetry=records(RECORDS))) == ("unknown", None, None)
    found = [
        each
        for each in analyze([str(tmp_path)], options=Options(scope="ages")).findings
        if each.code == "other_process_ended"
    ]
    assert [(each.severity, each.lines, name in each.text) for each in found] == [("low", (("run.log", 4),), True)]


@pytest.mark.parametrize("line", ["bot-1 exited with code 137", "shop-bot-1 exited with code 137", "bot-1  | Killed"])
def test_the_end_of_the_service_that_wrote_the_programs_lines_ends_the_run(tmp_path: Path, line: str) -> None:
    log = (*(f"bot-1  | {each}" for each in (START_LINE, CONNECTED)), line, "redis-1 exited with code 1")
    assert outcome(ended(tmp_path, *log, telemetry=records(RECORDS))) == (*SIGNAL, 3)


KILLED_UNIT = "systemd[1]: {}: Main process exited, code=killed, status=9/KILL"
JOURNALS = [
    ("paraphina_live[42]: ", "", "paraphina.service", ("killed", "signal")),
    ("bot[42]: ", "", "bot.service", ("killed", "signal")),
    ("bot[42]: ", "redis[7]: ready to accept connections", "nginx.service", ("unknown", None)),
    ("bot[42]: ", "systemd[1]: Started Session 5 of User bot.", "nginx.service", ("unknown", "undecided_exit")),
]


@pytest.mark.parametrize(("own", "other", "unit", "end"), JOURNALS)
def test_the_end_of_a_service_in_a_journal_ends_the_run_only_if_it_is_the_programs(
    tmp_path: Path, own: str, other: str, unit: str, end: tuple[str, str | None]
) -> None:
    texts = [*(own + each for each in (START_LINE, CONNECTED, CONNECTED)), *([other] if other else [])]
    log = [f"{SYSLOG} {each}" for each in (*texts, KILLED_UNIT.format(unit))]
    run = ended(tmp_path, *log, telemetry=records(RECORDS))
    assert outcome(run)[:2] == end
    assert verdict(tmp_path, *log)[0] == ("PASS" if end == ("unknown", None) else "INCONCLUSIVE")


@pytest.mark.parametrize(("unit", "end"), [("bot.service", "killed"), ("nginx.service", "unknown")])
def test_the_end_of_a_unit_in_a_json_journal_ends_the_run_only_if_it_wrote_the_programs_lines(
    tmp_path: Path, unit: str, end: str
) -> None:
    lines = [
        {"MESSAGE": each, "_SYSTEMD_UNIT": "bot.service", "SYSLOG_IDENTIFIER": "run.sh"}
        for each in (START_LINE, CONNECTED, CONNECTED)
    ]
    message = f"{unit}: Main process exited, code=killed, status=9/KILL"
    exit_line = {"MESSAGE": message, "_SYSTEMD_UNIT": "init.scope", "UNIT": unit, "SYSLOG_IDENTIFIER": "systemd"}
    run = ended(tmp_path, *map(json.dumps, [*lines, exit_line]), telemetry=records(RECORDS))
    assert run.ended == end


def test_of_several_containers_the_one_named_like_the_program_counts(tmp_path: Path) -> None:
    log = ("paraphina-1 exited with code 0", "redis-1 exited with code 137")
    assert outcome(ended(tmp_path, START_LINE, CONNECTED, *log, telemetry=records(RECORDS))) == (*COMPLETED, 3)


def test_a_report_that_the_program_outlived_is_not_its_end(tmp_path: Path) -> None:
    log = ("redis-1 exited with code 137", "nginx.service: Main process exited, code=killed, status=9/KILL")
    run = ended(tmp_path, START_LINE, *log, CONNECTED, telemetry=records(RECORDS))
    assert outcome(run) == ("unknown", None, None)


@pytest.mark.parametrize("line", ["Terminated", "bot_1 exited with code 143"])
def test_sigterm_at_the_end_of_the_requested_time_is_a_timeout(tmp_path: Path, line: str) -> None:
    telemetry = records(RECORDS)
    whole = ended(tmp_path, START_LINE, CONNECTED, line, telemetry=telemetry, requested_ms=RECORDS * 250)
    early = ended(tmp_path, START_LINE, CONNECTED, line, telemetry=telemetry, requested_ms=RECORDS * 500)
    assert (outcome(whole)[0], outcome(early)[0]) == ("timeout", "killed")


def test_a_step_that_failed_after_the_program_completed_did_not_crash_it(tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_text("{}", encoding="utf-8")
    step = "##[error]Process completed with exit code "
    assert ended(tmp_path, START_LINE, CONNECTED, f"{step}1.", telemetry=records(RECORDS)).ended == "completed"
    assert ended(tmp_path, START_LINE, CONNECTED, f"{step}137.", telemetry=records(RECORDS)).ended == "killed"


def verdict(folder: Path, *log: str) -> tuple[str, str]:
    """Return the verdict and its reason of a gate that the figures of the run pass."""
    ended(folder, *log, telemetry=records(RECORDS))
    result = evaluate([GateRule("run.ticks", min=1)], analyze([str(folder)]))
    return result.verdict, result.why


@sampled(("line", "end"), [each for each in ENDS if each[1][0] in ("killed", "crashed")], 8)
def test_a_run_that_crashed_or_was_killed_passes_no_gate(tmp_path: Path, line: str, end: tuple[str, str]) -> None:
    assert verdict(tmp_path, START_LINE, CONNECTED, line)[0] == "INCONCLUSIVE"


@pytest.mark.parametrize("line", ["Killed", OOM, "fatal runtime error: stack overflow", "bot_1 exited with code 101"])
def test_a_crash_of_an_earlier_life_keeps_a_gate_from_passing(tmp_path: Path, line: str) -> None:
    result, why = verdict(tmp_path, START_LINE, CONNECTED, line, START_LINE, CONNECTED)
    assert (result, "crashed or was killed before its last start" in why) == ("INCONCLUSIVE", True)


@pytest.mark.parametrize(
    "line", ["bot_1 exited with code 0", OOM.replace("paraphina_live", "chrome"), "bot_1 exited with code 124"]
)
def test_an_earlier_life_that_did_not_crash_lets_a_gate_pass(tmp_path: Path, line: str) -> None:
    assert verdict(tmp_path, START_LINE, CONNECTED, line, START_LINE, CONNECTED)[0] == "PASS"


def test_each_family_of_messages_has_a_name_of_its_own() -> None:
    names = [each.name for each in message_families()]
    assert len(names) == len(set(names))
