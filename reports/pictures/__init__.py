"""Pictures of an evidence document: fragments of a page, lines of text for Markdown, and files of their own."""

from importlib.resources import files

from reports.elements import Safe
from reports.pictures.events import event_table
from reports.pictures.strips import age_strips

__all__ = ["age_strips", "event_table", "picture_styles"]


def picture_styles() -> Safe:
    """Return the style sheet of the pictures, for the `<style>` of a page."""
    return Safe((files("reports") / "templates" / "pictures.css").read_text(encoding="utf-8"))
