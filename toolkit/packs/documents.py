"""Compute everything in a pack that follows from its input files: analyses, gates, comparison, documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reports.run_pages import summary
from toolkit.analysis import pipeline
from toolkit.analysis.metrics import catalogue, definitions_of
from toolkit.comparison.rows import compare_runs
from toolkit.evidence.assemble import Sources, assemble
from toolkit.evidence.document import evidence_document
from toolkit.evidence.page import evidence_page, paths_by_run
from toolkit.evidence.specification import read_specification
from toolkit.gate import Gate, evaluate
from toolkit.gate.gate_files import load_gate
from toolkit.model.evidence import Evidence
from toolkit.model.gates import GateResult
from toolkit.model.runbooks.address import without_address
from toolkit.model.runs import RunAnalysis
from toolkit.model.serialize import analysis_json, comparison_json, gate_json
from toolkit.packs.index import PackedRun, PackIndex, Settings, name_of
from toolkit.smoke.known_settings import known_settings

DOCUMENT, PAGE = "data/evidence.md", "data/evidence.html"
LONG_AGO_MS = 0
"""Time at which a packed run is looked at, so that it is never taken for one that still runs."""

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Documents:
    """Computed files by path, with the analyses and gate results that they state, by the name of the run."""

    files: Mapping[str, bytes]
    analyses: Mapping[str, RunAnalysis]
    gates: Mapping[str, GateResult]

    @property
    def figures(self) -> int:
        """Number of figures of all runs."""
        return sum(len(each.figures) for each in self.analyses.values())


def options_of(settings: Settings, *, pictures: bool = True) -> pipeline.Options:
    """Return the options of an analysis. It depends on the files only, not on the time at which it is made."""
    return pipeline.Options(
        requested_ms=settings.requested_ms, window=settings.window, known_settings=known_settings, now_ms=LONG_AGO_MS,
        plateau_limits_ms=settings.plateau_limits_ms, off_market_bps=settings.off_market_bps,
        age_series=pictures, mid_series=pictures, pictures=pictures,
    )  # fmt: skip


def analyze_runs(root: Path, index: PackIndex, progress: Progress = lambda _: None) -> dict[str, RunAnalysis]:
    """Analyse the runs of the pack below `root`, by name. Raises `InputError` for one that cannot be read."""
    options = options_of(index.settings)
    return {
        run.name: pipeline.analyze([str(root / run.folder)], options=options, progress=progress) for run in index.runs
    }


def documents(root: Path, index: PackIndex, analyses: Mapping[str, RunAnalysis]) -> Documents:
    """Return all documents of the pack below `root`. The same input files and settings give the same bytes anywhere.

    Raises `UsageError` for a specification or a gate file that is invalid.
    """
    gate = load_gate(str(root / index.gate), catalogue())
    gate = replace(gate, name=name_of(index.gate).removesuffix(".toml"))
    baseline = next((analyses[run.name] for run in index.side("before")), None)
    gates = {
        run.name: _gate_result(gate, analyses[run.name], baseline if run.side == "after" else None)
        for run in index.runs
    }
    files = {f"data/analysis/{name}.json": analysis_json(each) for name, each in analyses.items()}
    files |= {f"data/gate/{name}.json": gate_json(each) for name, each in gates.items()}
    with without_address():
        one = bool(index.side("run"))
        files |= _documents_of_run(analyses) if one else _documents_of_pair(root, index, analyses)
    return Documents({path: encoded(text) for path, text in files.items()}, analyses, gates)


def _documents_of_run(analyses: Mapping[str, RunAnalysis]) -> dict[str, str]:
    (name, analysis), *_ = analyses.items()
    definitions = definitions_of(each.figure for each in analysis.figures)
    return {DOCUMENT: summary(analysis, name, "markdown"), PAGE: summary(analysis, name, "html", definitions)}


def encoded(text: str) -> bytes:
    """Return a text as commands write it to a file: with one newline at its end."""
    return (text.rstrip("\n") + "\n").encode(errors="backslashreplace")


def _gate_result(gate: Gate, run: RunAnalysis, baseline: RunAnalysis | None) -> GateResult:
    return evaluate(gate.rules, run, baseline, gate.name, gate.never_seen)


def _documents_of_pair(root: Path, index: PackIndex, analyses: Mapping[str, RunAnalysis]) -> dict[str, str]:
    befores, afters = index.side("before"), index.side("after")
    comparison = compare_runs(
        [analyses[run.name] for run in befores],
        [analyses[run.name] for run in afters],
        known_settings,
        paired=index.settings.paired,
    )
    stated = read_specification(root / index.specification) if index.specification else None
    paths = tuple(str(root / run.folder) for run in (*befores, *afters))
    evidence = assemble(
        comparison, (_side_name(befores), _side_name(afters)), report_arguments(index), Sources(paths, stated)
    )
    evidence = _with_repository(evidence, index)
    page = evidence_page(
        evidence,
        paths_by_run(paths[: len(befores)], paths[len(befores) :]),
        paths_by_run([run.folder for run in befores], [run.folder for run in afters]),
    )
    return {"data/comparison.json": comparison_json(comparison), DOCUMENT: evidence_document(evidence), PAGE: page}


def _with_repository(evidence: Evidence, index: PackIndex) -> Evidence:
    """Return the evidence with the check of the repository as it is packed: it cannot be repeated without it."""
    checked = index.repository
    if checked is None:
        return evidence
    return replace(
        evidence,
        repository_problems=checked.problems,
        citations=checked.citations,
        uncited=checked.uncited,
    )


def _side_name(runs: Sequence[PackedRun]) -> str:
    more = f" and {len(runs) - 1} more" if len(runs) > 1 else ""
    return f"{runs[0].name}{more}"


def report_arguments(index: PackIndex) -> list[str]:
    """Return the command that makes the document of a pair again, in the directory of the pack."""
    runs = [(run.side, run.folder) for side in ("before", "after") for run in index.side(side)]
    named = [folder for _, folder in runs]
    if len(runs) != 2:
        named = [word for side, folder in runs for word in (f"--{side}", folder)]
    settings, window = index.settings, index.settings.window
    paired = ["--paired"] if settings.paired else []
    options = {
        "spec": index.specification, "repo": "REPOSITORY" if index.repository else None,
        "requested": _duration(settings.requested_ms), "segment": window.segment, "last": _duration(window.last_ms),
        "since-tick": window.since_tick, "until-tick": window.until_tick,
    }  # fmt: skip
    words = [word for name, value in options.items() if value is not None for word in (f"--{name}", str(value))]
    words += [word for limit in settings.plateau_limits_ms for word in ("--plateau", _duration(limit) or "")]
    if settings.off_market_bps != Settings().off_market_bps:
        words += ["--off-market", str(settings.off_market_bps)]
    return ["toolkit", "report", *named, "-o", DOCUMENT, *paired, "--html", PAGE, *words]


def _duration(ms: int | None) -> str | None:
    return None if ms is None else f"{ms / 1_000:.10g}s"
