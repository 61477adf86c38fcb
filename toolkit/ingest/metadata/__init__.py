"""Files beside a run that describe it: the metadata of our own runs, and configurations that programs write."""
