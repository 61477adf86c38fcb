"""Replay of recorded tapes: the frames, ends and answers of a venue again, with their own timing."""
