"""Each finding appears if the evidence shows it, and only then."""

from __future__ import annotations

from dataclasses import replace

import pytest

from toolkit.analysis.findings.finding_input import FindingInput
from toolkit.analysis.findings.run_findings import findings
from toolkit.model.closes import CloseGroup
from toolkit.model.figures import Figure
from toolkit.model.runs import Episode, FileLedger, RunInfo, SetAsideLine
from toolkit.model.vocabulary import Better, Bound, Ended, Role

RUN = RunInfo("id", None, "paraphina_live", True, 0, 1, None, 1, 1, Ended.UNKNOWN, None, ("lighter",), None, {})
CLEAN = FileLedger("run.log", Role.LOG, 0, "", 5, 5, {}, ())


def figure(name: str, value: float) -> Figure:
    return Figure(name, value, "count", 1, Bound.EXACT, value, value, None, Better.LOWER)


def evidence(figures: dict[str, float] = {}, episodes: tuple[Episode, ...] = (), **more: object) -> FindingInput:  # noqa: B006
    fields = {"ledgers": (CLEAN,), "log_lives": 1, "telemetry_lives": 1, "unknown_components": {}, **more}
    return FindingInput(run=RUN, figures=tuple(figure(*each) for each in figures.items()), episodes=episodes, **fields)  # type: ignore[arg-type]


def closes(count: int, regular: int, reason: str | None = "idle") -> CloseGroup:
    lines = tuple(("run.log", n * 62_000) for n in range(1, count + 1))
    code = None if reason is None else 1000
    return CloseGroup("lighter", code, reason, count, lines, 60_200, 60_100, 60_400, 250, regular)


@pytest.mark.parametrize(
    ("finding_input", "codes"),
    [
        (evidence(), []),
        (evidence({"lighter.age_apply_unknown.share": 1}), ["never_spoke"]),
        (evidence({"lighter.age_apply_unknown.share": 0.9}), []),
        (evidence({"lighter.masked.ms": 34_000, "lighter.masked.fresh_ms": 3_200}), ["rest_masking"]),
        (evidence({"lighter.masked.ms": 34_000, "lighter.masked.fresh_ms": 0}), []),
        (evidence({"lighter.rest.injections": 2, "lighter.masked.ms": 0}), ["injected_books"]),
        (evidence({"lighter.rest.injections": 2, "lighter.masked.ms": 40_000}), []),
        (evidence({"lighter.enforcer.restarts": 1, "run.enforcer.restarts": 1}), ["enforcer_restart"]),
        (evidence(closes=(closes(9, 9),)), ["repeated_close"]),
        (evidence(closes=(closes(3, 1), closes(2, 2))), ["repeated_close"]),
        (evidence(closes=(closes(2, 2),)), []),
        (evidence({"lighter.disconnects.unknown": 2}), ["silent_ending"]),
        (evidence(episodes=(Episode("run", "local_stall", 0, 1, None, None),)), ["local_stall"]),
        (evidence(episodes=(Episode("run", "shared_drop", 0, 1, "aster, lighter", None),)), ["shared_drop"]),
        (evidence(episodes=(Episode("lighter", "watchdog_off", None, None, None, None),)), ["watchdog_off"]),
        (evidence({"lighter.book.frozen.ms": 40_000}, (Episode("lighter", "frozen_mid", 0, 40_000, None, None),)), ["frozen_mid"]),
        (evidence({"lighter.core_freezes": 1}), ["runner_freeze"]),
        (evidence(log_lives=2), ["lives_differ"]),
        (evidence(earlier_ends=((("run.log", 2), "Killed"),)), ["earlier_end"]),
        (evidence(log_lives=0), []),
        (evidence({"run.ticks_missing": 3}), ["records_dropped"]),
        (evidence({"run.hole_ms": 3_000}), ["holes"]),
        (evidence({"lighter.age_event_bogus": 7}), ["event_without_time"]),
        (evidence({"lighter.book.one_sided.ms": 4_000}, (Episode("lighter", "one_sided", 0, 4_000, None, None),)), ["one_sided_book"]),
        (evidence({"lighter.book.one_sided.ms": 250}, (Episode("lighter", "one_sided", 0, 250, None, None),)), []),
        (evidence({"lighter.depth_zero.share": 1, "lighter.depth_zero.longest_ms": 4_000, "lighter.age_apply_unknown.share": 1}), ["never_spoke"]),
        (evidence(unknown_components={"novel": 2}), ["unknown_audit_lines"]),
        (evidence(ledgers=(FileLedger("t", Role.TELEMETRY, 0, "", 2, 1, {"malformed": 1}, (SetAsideLine(2, 9, "malformed"),)),)), ["damaged_file"]),
        (evidence(ledgers=(FileLedger("t", Role.TELEMETRY, 0, "", 2, 1, {"torn_tail": 1}, (SetAsideLine(2, 9, "torn_tail"),)),)), []),
        (evidence(ledgers=tuple(replace(CLEAN, file=file) for file in ("run.log.3", "run.log.1", "run.log"))), ["part_missing"]),
        (evidence(ledgers=tuple(replace(CLEAN, file=file, role=Role.ARTIFACT) for file in ("core.3", "core.1"))), []),
        (evidence(ledgers=tuple(replace(CLEAN, file=file) for file in ("run.log.2", "run.log.1", "run.log"))), []),
    ],
)  # fmt: skip
def test_each_finding_needs_its_evidence(finding_input: FindingInput, codes: list[str]) -> None:
    assert [finding.code for finding in findings(finding_input)] == codes


def test_findings_are_ordered_by_severity() -> None:
    finding_input = evidence(
        {"lighter.disconnects.unknown": 2, "run.hole_ms": 1, "lighter.masked.ms": 2, "lighter.masked.fresh_ms": 1}
    )
    assert [finding.severity for finding in findings(finding_input)] == ["high", "medium", "low"]


@pytest.mark.parametrize(
    ("group", "severity", "text"),
    [
        (closes(9, 8), "medium",
         'closed by the venue (code 1000, reason "idle") about 60 s after connecting (60.1 to 60.4 s, times to within '
         "250 ms): 8 of 9 such closes, 9 of 10 ended sockets; closes at so constant an age follow a rule of the venue"),
        (closes(3, 1, ""), "low", "closed by the venue (code 1000, no reason): 3 closes, 3 of 10 ended sockets"),
        (closes(3, 1, None), "low", "closed by the venue (no code printed): 3 closes, 3 of 10 ended sockets"),
    ],
)  # fmt: skip
def test_repeated_closes_name_what_the_venue_stated_their_age_and_their_lines(
    group: CloseGroup, severity: str, text: str
) -> None:
    (found,) = findings(evidence({"lighter.socket_ends": 10}, closes=(group,)))
    assert (found.severity, found.text, found.lines, found.subject) == (severity, text, group.lines, group.label)
