"""Find the files of a run, detect what each is by its content, and account for every line."""
