"""Evidence documents for a reviewer: what was run and what came of it."""
