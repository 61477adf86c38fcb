"""Search for what a line may be before patterns are tried: most lines match few of them."""
