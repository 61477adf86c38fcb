"""Files that a run writes: log, events, telemetry, and tapes of frames."""
