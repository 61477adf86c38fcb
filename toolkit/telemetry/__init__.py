"""The telemetry record, its readers into Arrow columns, and its contract."""
