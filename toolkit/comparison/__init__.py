"""Comparison of two runs: comparability, differences and verdicts, figure by figure."""
