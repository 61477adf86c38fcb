"""The form of `evidence.toml`, and where in it a mistake is."""
