"""Read-only market-data connectors."""
