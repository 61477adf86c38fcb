"""Views of one run, a pair of runs and a gate result: what the templates show."""
