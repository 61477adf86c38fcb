"""Evidence for a reviewer: what was run, what it gave, and a pack that another machine can check."""
