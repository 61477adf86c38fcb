"""The numbers that the soak report v1 of `paraphina` prints for a run, by its rules, beside ours."""
