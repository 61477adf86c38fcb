"""The telemetry contract: what every record must hold, and what must agree within a record and along a run."""

from toolkit.telemetry.contract.check import RULES, FileCheck, FileReport, RuleTally

__all__ = ["RULES", "FileCheck", "FileReport", "RuleTally"]
