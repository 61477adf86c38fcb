"""HTML pages that the browser tests open: name, and the command that writes the page."""

PAGES: dict[str, tuple[str, ...]] = {
    "analyze": ("analyze", "sample:before", "--db", ":memory:", "--quiet"),
    "one_figure": ("analyze", "sample:before", "--db", ":memory:", "--quiet", "--figures", "age_apply"),
    "windows": ("analyze", "sample:before", "--db", ":memory:", "--quiet", "--every", "600"),
    "environment": ("env", "--db", ":memory:"),
    "gate": ("gate", "sample:after", "--db", ":memory:", "--quiet"),
    "figures": ("figures",),
    "evidence": ("compare", "sample:before", "sample:after", "--db", ":memory:", "--quiet"),
    "blocked": ("compare", "sample:before", "reports/examples/blocked/after", "--db", ":memory:", "--quiet"),
}
