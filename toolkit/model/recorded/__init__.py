"""Files that are recorded beside a run: metadata, arrival times of lines, ground truth of venues."""
