"""Evidence packs: a directory or archive with redacted runs and everything that is computed from them."""
