"""Lines of a block in groups of one family: lines that differ in their numbers, and those that differ in more."""
