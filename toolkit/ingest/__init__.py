"""Readers of a run's files into database tables, one per kind of file; unused lines are set aside with a reason."""
