"""Diagnosis of a run: how it ended or why it never started, with the line that shows it."""

from toolkit.analysis.diagnosis.causes import EndEvidence, diagnose
from toolkit.analysis.diagnosis.exits import earlier_crashes, earlier_ends, other_processes

__all__ = ["EndEvidence", "diagnose", "earlier_crashes", "earlier_ends", "other_processes"]
