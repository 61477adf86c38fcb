"""Write tables, cells and texts of several parts in each format: Markdown, HTML, plain text for a terminal."""
