"""Comparison of two runs, or of several a side: comparability, differences and verdicts, figure by figure."""
