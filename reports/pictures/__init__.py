"""Pictures of an evidence document: fragments of a page, lines of text for Markdown, and files of their own."""

from reports.pictures.block_lines import block_lines, block_text, changed_venues
from reports.pictures.distributions import age_distributions
from reports.pictures.events import event_table
from reports.pictures.files import picture_files
from reports.pictures.reason_bars import reason_bars
from reports.pictures.strips import age_strips
from reports.pictures.styles import picture_styles

__all__ = [
    "age_distributions",
    "age_strips",
    "block_lines",
    "block_text",
    "changed_venues",
    "event_table",
    "picture_files",
    "picture_styles",
    "reason_bars",
]
