"""The runner: it takes market events from the connectors in ticks and writes telemetry."""
