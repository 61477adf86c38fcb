"""Lines of a run log as they are read: what they state, their rows, and the lines that decide how others read."""
