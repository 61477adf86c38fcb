"""Make pairs of runs for `toolkit ab`, and the evidence about each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from toolkit.analysis.metrics import catalogue
from toolkit.cli.compare import analysis_options, compare_runs
from toolkit.cli.output import note
from toolkit.cli.pair_sides import PairRequest, names_under_test, pair_sides
from toolkit.cli.progress import progress_line
from toolkit.cli.report import report_argv
from toolkit.evidence.assemble import Sources, assemble
from toolkit.gate.gate_files import load_gate
from toolkit.host.system import check_supervision
from toolkit.model.comparisons import RunComparison
from toolkit.model.errors import ExitCode
from toolkit.model.evidence import Evidence, Specification
from toolkit.model.recorded.run_meta import RunMeta
from toolkit.model.runs import WHOLE_RUN
from toolkit.model.units import duration
from toolkit.model.vocabulary import OFF_MARKET_BPS
from toolkit.smoke.outcome import died, outcome_sentence
from toolkit.smoke.pair.pair_run import run_pair
from toolkit.smoke.pair.plan import SIDES, PairPlan
from toolkit.smoke.stop_policy import StoppedBy


@dataclass(frozen=True, slots=True)
class PairMaker:
    """Makes pairs of runs as a request says, and the evidence about each.

    `document` is the file of the document, `chosen` the options that make it again. `gate` is the gate of both sides,
    `repository` the checkout for citations. Raises `UsageError` or `InputError` for a gate that cannot be used.
    """

    request: PairRequest
    document: Path
    db: str
    quiet: bool
    gate: str
    specification: Specification | None
    repository: Path | None
    chosen: Mapping[str, object]

    def __post_init__(self) -> None:
        """Read the gate, so that a mistake in it is named before anything runs."""
        load_gate(self.gate, catalogue())

    def sides(self, out: Path) -> tuple[list[str], list[str]]:
        """Return the paths of the runs of side a and of side b of the pair in `out`, one each."""
        before, after = ([str(out / side)] for side in SIDES)
        return before, after

    def run(self, out: Path, seed_step: int = 0) -> list[RunMeta]:
        """Make a pair of runs in `out`, with notes and a progress line on stderr; `seed_step` changes its seed."""
        request = replace(self.request, seed=self.request.seed + seed_step)
        sides = pair_sides(request, out)
        plan = PairPlan.of(sides, request.seed, names_under_test(sides))
        first, second = plan.order
        check_supervision()
        self._note(
            f"{plan.description}, recording into {out}; start order by seed {plan.seed}: {first}, {second}; "
            "Ctrl-C stops both runs and keeps them"
        )
        with progress_line(self.quiet) as line:
            metas = run_pair(
                plan,
                lambda ms: line(f"{duration(ms)} of {duration(request.run_ms)}"),
                lambda side, text: self._note(f"{side}: {text}"),
            )
        for side, meta in metas.items():
            self._note(f"{side}: {outcome_sentence(meta)}")
        return list(metas.values())

    def _note(self, text: str) -> None:
        if not self.quiet:
            note(text)

    def evidence(self, out: Path) -> Evidence:
        """Analyse and compare both runs of the pair in `out`."""
        before, after = self.sides(out)
        comparison = self._compare(before, after)
        argv = report_argv((before, after), self.document, self.chosen)
        sources = Sources((*before, *after), self.specification, self.repository, gate=self.gate)
        return assemble(comparison, SIDES, argv, sources)

    def _compare(self, before: list[str], after: list[str]) -> RunComparison:
        options = analysis_options(None, WHOLE_RUN, None, OFF_MARKET_BPS, pictures=True)
        comparison = compare_runs(before, after, self.db, options, self.quiet)
        if "not_paired" in comparison.method:
            self._note(f"not compared as a pair: {comparison.method['not_paired']}")
        return comparison


def exit_code_of_runs(metas: Iterable[RunMeta]) -> ExitCode:
    """Return 130 if a run was interrupted, 5 if one was blocked or died, 0 otherwise."""
    metas = list(metas)
    if any(meta.stopped_by == StoppedBy.INTERRUPT for meta in metas):
        return ExitCode.INTERRUPTED
    return ExitCode.RUN_BLOCKED if any(map(died, metas)) else ExitCode.OK
