"""Comparison of a run with the ground truth of its simulated venues."""
