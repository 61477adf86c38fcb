"""The gate: rules and one run's figures in, PASS, FAIL or INCONCLUSIVE out, with a sentence beside every verdict."""

from toolkit.gate.evaluation import evaluate
from toolkit.gate.rules import Gate, parse_gate, plateau_limits_ms

__all__ = ["Gate", "evaluate", "parse_gate", "plateau_limits_ms"]
