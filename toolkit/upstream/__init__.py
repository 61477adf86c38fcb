"""Numbers that the producer's own tools print for a run, computed by their rules and compared with our figures."""
