"""The telemetry contract: fields and types of a record, and rules within a record and along a run."""

from toolkit.telemetry.contract.check import RULES, FileCheck, FileReport, RuleTally

__all__ = ["RULES", "FileCheck", "FileReport", "RuleTally"]
