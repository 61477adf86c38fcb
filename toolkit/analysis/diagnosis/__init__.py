"""Diagnosis of a run: how it ended or why it never started, with the line that shows it."""

from toolkit.analysis.diagnosis.causes import Evidence, diagnose
from toolkit.analysis.diagnosis.exits import earlier_crashes, earlier_ends, other_processes

__all__ = ["Evidence", "diagnose", "earlier_crashes", "earlier_ends", "other_processes"]
