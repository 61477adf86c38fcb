"""View of an evidence document: each part as the templates print it, in the order of the document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from reports.elements import Rich, Safe, Table
from reports.evidence import answer, blocked, first_screen
from reports.evidence.context import Context
from reports.evidence.sections import before_after, comparable, hypotheses, noise, stalls, worse
from reports.evidence.wording import marked_text
from reports.pictures.block_lines import block_text
from reports.views.explained import Explained, explained
from toolkit.model.evidence import CheckedCitation, Evidence, Hypothesis
from toolkit.model.runs import RunAnalysis

OMITTABLE = {
    "tools": "what the producer's own tools print",
    "detectable": "the smallest changes that these runs show",
    "outages": "the list of outages",
    "same": "rows and findings that read the same on both sides",
    "conditions": "the conditions of both runs",
    "implementation": "implementation and commands of the hypotheses",
    "files": "the list of files",
    "commands": "the command index",
}
"""Parts that may be left out of a document that is too long, the least important first."""


@dataclass(frozen=True)
class EvidenceView:
    """The parts of an evidence document.

    `omitted` holds the keys of `OMITTABLE` that were left out to fit the document into `limit` characters. `pictures`
    are the paths of picture files by name; without them, ages are drawn in block characters.
    """

    evidence: Evidence
    omitted: tuple[str, ...] = ()
    limit: int = 0
    pictures: Mapping[str, str] = field(default_factory=dict)

    @property
    def omitted_text(self) -> tuple[str, ...]:
        """Parts that were left out, in words."""
        return tuple(OMITTABLE[key] for key in self.omitted)

    @cached_property
    def context(self) -> Context:
        """Context that all parts share."""
        return Context(self.evidence)

    @property
    def title(self) -> str:
        """Title of the document: the one that people gave it, or the names of the runs."""
        specification = self.evidence.specification
        return specification.title if specification else " → ".join(self.evidence.names)

    @property
    def subtitle(self) -> tuple[str, ...]:
        """Branch, commits, mode and scope as stated, and the names of the runs."""
        stated = self.evidence.specification
        if stated is None:
            return ()
        commits = f"{stated.base or 'base not stated'} → {stated.head or 'head not stated'}"
        parts = (stated.branch, commits if stated.base or stated.head else None, stated.mode)
        return tuple(part for part in parts if part)

    @cached_property
    def answer(self) -> tuple[Rich, ...]:
        """Sentences of the answer."""
        return answer.answer(self.context)

    @property
    def blocked(self) -> tuple[Rich, ...]:
        """Sentences on each side that never ran: the cause, its line, and what would unblock it."""
        return tuple(blocked.block_report(self.context))

    @property
    def venues(self) -> Table:
        """Table of the venues, most changed first."""
        return first_screen.venue_table(self.context)

    @property
    def books(self) -> Rich:
        """Sentence on books that were wrong while the venue looked fresh."""
        return first_screen.book_sentence(self.context)

    @property
    def blocks(self) -> Safe:
        """Ages over time of the venues that changed, in block characters."""
        before, after = pictured_sides(self.evidence)
        return Safe() if after is None or self.pictures else block_text(before, after)

    @property
    def why(self) -> tuple[Rich, ...]:
        """Findings that came or went at venues with a verdict."""
        return first_screen.why(self.context)

    @property
    def hypotheses(self) -> Table:
        """Table of the hypotheses."""
        return hypotheses.hypothesis_table(self.context)

    def implementation(self, hypothesis: Hypothesis) -> tuple[Rich, ...]:
        """Return the citations of a hypothesis."""
        return hypotheses.implementation(self.context, hypothesis)

    @property
    def citation_problems(self) -> tuple[CheckedCitation, ...]:
        """Citations that do not hold."""
        return hypotheses.problems(self.context)

    @cached_property
    def tables(self) -> dict[str, before_after.MovedAndSame]:
        """The four tables by title; ages are one table for each kind."""
        return {
            "Reconnects by reason": before_after.reconnects(self.context),
            "Ages: time since the last applied book": before_after.ages(self.context, "apply"),
            "Ages: time since the venue's own stamp": before_after.ages(self.context, "event"),
            "Publisher pressure": before_after.publisher(self.context),
            "Cap hits": before_after.cap_hits(self.context),
        }

    @property
    def age_samples(self) -> str:
        """Number of samples behind the ages."""
        return before_after.age_samples(self.context)

    @property
    def regressions(self) -> Table:
        """Rows that regressed."""
        return worse.regressions(self.context)

    @property
    def longer_stalls(self) -> tuple[Rich, ...]:
        """Venues whose oldest book became much older."""
        return tuple(stalls.longer_stalls(self.context))

    @property
    def large_moves(self) -> tuple[Rich, ...]:
        """Untested figures that moved more than identical builds do."""
        return worse.large_moves(self.context)

    @property
    def findings(self) -> tuple[Rich, ...]:
        """Findings that changed or are severe; those that `why` shows in full have a reference to it."""
        reasons = first_screen.reasons(self.context)
        above = dict.fromkeys(worse.shown_above(each) for each in reasons)
        return (*above, *worse.findings(self.context, without=reasons))

    @property
    def worse(self) -> tuple[Rich, ...]:
        """Regressions, longer stalls, large moves, and the findings that changed."""
        return (*worse.regression_sentences(self.context), *self.longer_stalls, *self.large_moves, *self.findings)

    @property
    def same_findings(self) -> tuple[Rich, ...]:
        """Findings that are the same on both sides."""
        return worse.same_findings(self.context)

    @cached_property
    def explained(self) -> Explained:
        """Runbook entries of the diagnoses, findings and reconnect reasons of all runs."""
        return explained(*(run.analysis for run in self.context.all_runs))

    @property
    def outages(self) -> Table:
        """Outages of both runs."""
        return worse.outages(self.context)

    @property
    def outage_counts(self) -> str:
        """Number and length of the outages of each side."""
        return worse.outage_counts(self.context)

    @property
    def noise(self) -> tuple[Rich, ...]:
        """Sentences on design, tests and false alarms."""
        return tuple(noise.sentences(self.context))

    @property
    def detectable(self) -> Table:
        """Smallest changes that these runs show."""
        return noise.detectable(self.context)

    @property
    def conditions(self) -> Table:
        """Conditions of both runs."""
        return comparable.conditions(self.context)

    @property
    def remarks(self) -> tuple[Rich, ...]:
        """Sentences on what makes the runs comparable or not."""
        return tuple(comparable.remarks(self.context))

    @property
    def has_statements(self) -> bool:
        """Return True if people stated a validation, an interpretation or a blocker."""
        stated = self.evidence.specification
        return stated is not None and bool(self.evidence.validations or stated.interpretation or stated.blockers)

    @property
    def interpretation(self) -> tuple[Rich, ...]:
        """Paragraphs of the interpretation that people gave."""
        stated = self.evidence.specification
        text = (stated.interpretation if stated else None) or ""
        return tuple(marked_text(paragraph.strip()) for paragraph in text.split("\n\n") if paragraph.strip())

    @property
    def settings(self) -> Table:
        """Settings that differ, with the lines that state them."""
        return self.context.pair.review.settings_table

    @property
    def commands(self) -> Table:
        """Command index."""
        return hypotheses.command_table(self.context)

    @property
    def commands_recorded(self) -> bool:
        """Return True if any command was recorded, not only stated."""
        return hypotheses.commands_recorded(self.context)

    @property
    def validations(self) -> Table:
        """Checks of the change."""
        return hypotheses.validation_table(self.context)

    @property
    def artifacts(self) -> Table:
        """Files of both runs."""
        return comparable.artifacts(self.context)

    @cached_property
    def tool_differences(self) -> tuple[Table, int]:
        """Numbers of the producer's own tools that differ from ours, and how many more there are."""
        return comparable.tool_differences(self.context)


def pictured_sides(evidence: Evidence) -> tuple[RunAnalysis | None, RunAnalysis | None]:
    """Return both runs as the pictures take them: only those of which there is data; a single one comes second."""
    runs = (evidence.comparison.before, evidence.comparison.after)
    drawn = [run for run in runs if run.pictures is not None and run.pictures.curves]
    if not drawn:
        return None, None
    return (drawn[0], drawn[1]) if len(drawn) == 2 else (None, drawn[0])
