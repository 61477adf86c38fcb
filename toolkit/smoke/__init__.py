"""Supervise any producer of a run: start it, record it, stop it after the time it truly ran, keep what it was."""
