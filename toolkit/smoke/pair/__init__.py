"""Two runs side by side: each in a process of its own, at the same time, on the same simulated venues."""
