"""Input files of a pack: masked copies of the runs, and the records beside them."""
