"""End-to-end tests of `toolkit smoke`: its files and analysis, compared with the ground truth of the simulated venues."""
