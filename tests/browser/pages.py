"""HTML pages that the browser tests open: name, and the command that writes the page."""

PAGES: dict[str, tuple[str, ...]] = {
    "analyze": ("analyze", "sample:before", "--db", ":memory:", "--quiet"),
    "gate": ("gate", "sample:after", "--db", ":memory:", "--quiet"),
    "figures": ("figures",),
}
