"""Faults of the simulated venues: the fault table, its mechanisms and their injection."""
