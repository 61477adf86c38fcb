"""Socket sessions and incidents, built from life-cycle lines of the run log."""
