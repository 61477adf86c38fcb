"""Doors through which the files of a run come in: every line is used or set aside with a reason."""
