"""Make runs: drive our own connectors, or supervise another producer, and leave a complete run directory."""
