"""Findings on the files of a run: overlaps, missing parts, logs of which little was understood, learnt prefixes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from toolkit.files.copies import Overlap
from toolkit.files.detection import EVIDENCE_ROLES
from toolkit.files.rotation import missing_parts, rotated_part
from toolkit.model.runs import FileLedger, Finding, LineRef
from toolkit.model.units import thousands
from toolkit.model.vocabulary import FindingCode
from toolkit.runlog.wrapping.common import common_prefix

MAX_QUOTE_CHARS = 160
"""Characters of a log line that a finding quotes."""
MOSTLY_UNKNOWN = 0.9
"""Share of a log's lines; where more are unknown, a finding says so."""


@dataclass(frozen=True, slots=True)
class LogExamples:
    """Prefix that was learnt from a log's lines and taken off, or None, and its unknown lines: the first and examples.

    Each is a line number and its text.
    """

    learnt_prefix: str | None
    first_unknown: tuple[int, str] | None
    unknown: Sequence[tuple[int, str]]


def log_findings(ledgers: Sequence[FileLedger], logs: Mapping[str, LogExamples]) -> Iterator[Finding]:
    """Yield the findings on logs; `logs` are the examples of each log's lines, by file."""
    yield from _not_understood(ledgers, logs)
    yield from _learnt_prefixes(logs)


def _not_understood(ledgers: Sequence[FileLedger], logs: Mapping[str, LogExamples]) -> Iterator[Finding]:
    for ledger in ledgers:
        examples = logs.get(ledger.file)
        if examples is None or examples.first_unknown is None or ledger.other <= MOSTLY_UNKNOWN * ledger.lines:
            continue
        line, text = examples.first_unknown
        if prefix := common_prefix([text for _, text in examples.unknown]):
            why = (
                f'nearly all lines begin like "{prefix[:MAX_QUOTE_CHARS]}", which is no known prefix; save the log '
                "without it and analyse again"
            )
        else:
            why = (
                f'line {line} is "{text[:MAX_QUOTE_CHARS]}"; make sure that this is the log of the program, with '
                "nothing put before or around its lines, and analyse again"
            )
        counts = f"{thousands(ledger.used)} of {thousands(ledger.lines)} lines were understood"
        text = f"{ledger.file}: {counts}, so events in the other lines are not counted; {why}"
        severity = "medium" if ledger.used else "high"
        yield Finding(FindingCode.LOG_NOT_UNDERSTOOD, severity, None, text, (), ((ledger.file, line),), ledger.file)


def _learnt_prefixes(logs: Mapping[str, LogExamples]) -> Iterator[Finding]:
    for file, examples in logs.items():
        if examples.learnt_prefix is not None:
            text = (
                f'{file}: nearly all lines begin like "{examples.learnt_prefix[:MAX_QUOTE_CHARS]}", which is no known '
                "prefix; it was taken off, and its time is used only if it names its time zone"
            )
            yield Finding(FindingCode.LEARNT_PREFIX, "low", None, text, (), ((file, 1),), file)


def file_findings(ledgers: Iterable[FileLedger], overlaps: Iterable[Overlap]) -> Iterator[Finding]:
    """Yield a finding for each missing part of a rotated file, and for each two files that overlap."""
    written = (ledger.file for ledger in ledgers if ledger.role in EVIDENCE_ROLES)
    for before, after in missing_parts(sorted(written, key=rotated_part)):
        text = f"the part between {before} and {after} is missing: its events are not counted"
        yield Finding(FindingCode.PART_MISSING, "high", None, text)
    yield from _overlap_findings(overlaps)


def _overlap_findings(overlaps: Iterable[Overlap]) -> Iterator[Finding]:
    for each in overlaps:
        first, second = each.first.name, each.second.name
        text = (
            f"{first} and {second} have {thousands(each.lines)} equal {'line' if each.lines == 1 else 'lines'}"
            f" ({_range(each.first_range)} of {first}, {_range(each.second_range)} of {second}), but neither is a copy"
            " of the other: an event may be counted twice, so counts from them are upper bounds; leave out the file"
            " that has less of the run"
        )
        lines = ((first, each.first_range[0]), (second, each.second_range[0]))
        yield Finding(FindingCode.FILES_OVERLAP, "high", None, text, (), lines)


def _range(lines: tuple[int, int]) -> str:
    first, last = lines
    return f"line {first}" if first == last else f"lines {thousands(first)} to {thousands(last)}"


def quoted_records(count: int, quoted: Sequence[tuple[LineRef, str]]) -> Iterator[Finding]:
    """Yield the finding on `count` records that may be quoted text; `quoted` are the first of them, with families."""
    if count:
        listed = ", ".join(f"{name} ({n})" for name, n in Counter(family for _, family in quoted).most_common(5))
        text = (
            f"records inside text that another record may quote: {thousands(count)}, {listed}. They are not counted; "
            "if the program printed them as records, the counts marked as lower bounds are higher"
        )
        lines = tuple(dict.fromkeys(ref for ref, _ in quoted))[:20]
        yield Finding(FindingCode.QUOTED_RECORDS, "medium", None, text, (), lines)
