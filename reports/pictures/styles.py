"""Style sheet of the pictures."""

from __future__ import annotations

from importlib.resources import files

from reports.elements import Safe


def picture_styles() -> Safe:
    """Return the style sheet of the pictures, for the `<style>` of a page that shows them."""
    return Safe((files("reports") / "templates" / "pictures.css").read_text(encoding="utf-8"))
