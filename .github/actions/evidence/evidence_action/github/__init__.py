"""Access to GitHub: the REST API, the comment of a workflow, the artifact of a run, the number of its pull request."""
